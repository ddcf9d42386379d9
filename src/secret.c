/* SPDX-License-Identifier: MIT */
/* The key on its way from a file into memory. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wipe.h"

#define OTHERS (S_IRWXG | S_IRWXO)

void secret_protect(void)
{
	static const struct rlimit none;

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0); /* a pipe in core_pattern does not look at the limit */
}

bool secret_random(uint8_t *out, size_t len)
{
	while (len) {
		ssize_t n = getrandom(out, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		out += n;
		len -= (size_t)n;
	}
	return true;
}

__attribute__((format(printf, 3, 4))) static int fail(char error[SECRET_ERROR_LEN],
						      const char *path, const char *fmt, ...)
{
	int len = snprintf(error, SECRET_ERROR_LEN, "-k %s: ", path);
	va_list ap;

	if (len > 0 && len < SECRET_ERROR_LEN) {
		va_start(ap, fmt);
		vsnprintf(error + len, (size_t)(SECRET_ERROR_LEN - len), fmt, ap);
		va_end(ap);
	}
	return -1;
}

/* Is it a file that nobody else can read or change? */
static int check_file(int fd, const char *path, char error[SECRET_ERROR_LEN])
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(error, path, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(error, path, "is not a regular file; a pipe goes to \"-k -\"");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fail(error, path,
			    "belongs to user %u, who can change it; \"chown root %s\", or run "
			    "the tunnel as that user",
			    (unsigned)st.st_uid, path);
	if (st.st_mode & OTHERS)
		return fail(error, path, "is open to others, mode %04o; \"chmod 600 %s\"",
			    (unsigned)st.st_mode & 07777, path);
	return 0;
}

/* Up to @max bytes; of standard input only its first line. Return: how many, or -errno. */
static ssize_t read_text(int fd, char *text, size_t max)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN}; /* whoever made it may not block */
	size_t len = 0;

	while (len < max && !(fd == STDIN_FILENO && len && text[len - 1] == '\n')) {
		ssize_t n = read(fd, text + len, fd == STDIN_FILENO ? 1 : max - len);

		if (n < 0 && errno == EAGAIN)
			poll(&readable, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

static int read_key(int fd, const char *path, uint8_t key[static KEYFILE_KEY_LEN],
		    char error[SECRET_ERROR_LEN])
{
	char text[KEYFILE_READ_MAX];
	ssize_t len = read_text(fd, text, sizeof(text));
	enum keyfile_fault fault = KEYFILE_OK;

	if (len >= 0)
		fault = keyfile_parse(key, text, (size_t)len);
	crypto_wipe(text, sizeof(text));
	if (len < 0)
		return fail(error, path, "%s", strerror((int)-len));
	if (fault != KEYFILE_OK)
		return fail(error, path, "%s", keyfile_fault_text(fault));
	return 0;
}

int secret_read(const char *path, uint8_t key[static KEYFILE_KEY_LEN], char error[SECRET_ERROR_LEN])
{
	int fd, err;

	if (!strcmp(path, "-"))
		return read_key(STDIN_FILENO, path, key, error);
	fd = open(path,
		  O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a fifo would make it wait */
	if (fd < 0)
		return fail(
			error, path, "%s%s", strerror(errno),
			errno == ENOENT
				? "; \"umask 077; tunnel --genkey >FILE\" makes one, which both "
				  "ends need"
				: "");
	err = check_file(fd, path, error);
	if (!err)
		err = read_key(fd, path, key, error);
	close(fd);
	return err;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

int secret_print_new(char error[SECRET_ERROR_LEN])
{
	char line[KEYFILE_LINE_LEN + 1];
	uint8_t key[KEYFILE_KEY_LEN];
	struct stat st;
	bool ok = secret_random(key, sizeof(key));

	error[0] = 0;
	if (ok) {
		keyfile_format(line, key);
		line[KEYFILE_LINE_LEN] = '\n';
		ok = write_all(STDOUT_FILENO, line, sizeof(line));
	}
	crypto_wipe(key, sizeof(key));
	crypto_wipe(line, sizeof(line));
	if (!ok) {
		snprintf(error, SECRET_ERROR_LEN, "--genkey: %s", strerror(errno));
		return -1;
	}
	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & OTHERS)
		snprintf(error, SECRET_ERROR_LEN,
			 "--genkey: the file is open to others, mode %04o; "
			 "\"chmod 600\" it before it is used",
			 (unsigned)st.st_mode & 07777);
	return 0;
}
