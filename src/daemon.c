/* SPDX-License-Identifier: MIT */
/* The background, readiness and the pid file. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

/* The parent: wait for the word of the child, or for its end. */
static void wait_and_exit(int fd, pid_t child)
{
	ssize_t n;
	char byte;
	int status;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int daemon_start(struct daemon *d)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close(fds[1]);
		wait_and_exit(fds[0], child);
	}
	close(fds[0]);
	d->parent_fd = fds[1];
	setsid();
	return 0;
}

void daemon_release(struct daemon *d)
{
	struct stat st;
	int null_fd;

	if (d->parent_fd < 0)
		return;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
		if (fstat(STDERR_FILENO, &st) < 0 || !S_ISREG(st.st_mode)) {
			log_to_syslog();
			dup2(null_fd, STDERR_FILENO);
		}
		if (null_fd > STDERR_FILENO)
			close(null_fd);
	}
	if (chdir("/") < 0)
		log_debug("cannot change to /: %s", strerror(errno));
	(void)!write(d->parent_fd, "", 1);
	close(d->parent_fd);
	d->parent_fd = -1;
}

int daemon_write_line(int fd, const char *line)
{
	size_t len = strlen(line);
	ssize_t n = write(fd, line, len);
	int err = n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;

	close(fd);
	return err;
}

__attribute__((format(printf, 4, 5))) static int pidfile_fail(struct pidfile *pf, const char *path, char error[DAEMON_ERROR_LEN],
			const char *fmt, ...)
{
	va_list ap;
	int len;

	len = snprintf(error, DAEMON_ERROR_LEN, "--pidfile %s: ", path);
	if (len > 0 && len < DAEMON_ERROR_LEN) {
		va_start(ap, fmt);
		vsnprintf(error + len, (size_t)(DAEMON_ERROR_LEN - len), fmt, ap);
		va_end(ap);
	}
	if (pf->fd >= 0)
		close(pf->fd);
	if (pf->dir_fd >= 0)
		close(pf->dir_fd);
	pf->fd = pf->dir_fd = -1;
	return -1;
}

static int open_directory(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char dir[4096] = ".";

	*name = slash ? slash + 1 : path;
	if (slash) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);

		if (len >= sizeof(dir)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(dir, path, len);
		dir[len] = 0;
	}
	return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int pidfile_create(struct pidfile *pf, const char *path, char error[DAEMON_ERROR_LEN])
{
	char text[32];
	ssize_t len;

	pf->fd = -1;
	pf->dir_fd = open_directory(path, &pf->name);
	if (pf->dir_fd < 0)
		return pidfile_fail(pf, path, error, "%s", strerror(errno));
	pf->fd = openat(pf->dir_fd, pf->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (pf->fd < 0)
		return pidfile_fail(pf, path, error, "%s", strerror(errno));
	if (flock(pf->fd, LOCK_EX | LOCK_NB) < 0) {
		len = read(pf->fd, text, sizeof(text) - 1);
		text[len > 0 ? len : 0] = 0;
		text[strcspn(text, "\n")] = 0;
		return pidfile_fail(pf, path, error, "a tunnel with this pid file is running, process "
						     "%s; end that first or name another file", text);
	}
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(pf->fd, 0) < 0 || write(pf->fd, text, (size_t)len) != len)
		return pidfile_fail(pf, path, error, "cannot write: %s", strerror(errno));
	return 0;
}

void pidfile_remove(struct pidfile *pf)
{
	if (pf->fd < 0)
		return;
	unlinkat(pf->dir_fd, pf->name, 0);
	close(pf->fd);
	close(pf->dir_fd);
	pf->fd = pf->dir_fd = -1;
}
