/* SPDX-License-Identifier: MIT */
/* Messages to standard error or syslog, never blocking. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The only globals of the program: whoever has something to say can say it. */
static enum log_level max_level = LEVEL_NOTICE;
static char prefix[64] = "tunnel: ";
static int stderr_fd = STDERR_FILENO;
static int syslog_fd = -1;
static int is_journal; /* standard error leads to systemd's journal, which understands "<5>" */
static unsigned long lost;
static char meter[192]; /* the live line, with what clears the one before */

#define CLEAR_LINE "\r\033[K"

static const int severity[] = {[LEVEL_ANSWER] = 5,
			       [LEVEL_ERROR] = 3,
			       [LEVEL_NOTICE] = 5,
			       [LEVEL_DEBUG] = 7,
			       [LEVEL_PACKET] = 7};

void log_set_level(enum log_level level)
{
	max_level = level;
}

int log_enabled(enum log_level level)
{
	return level <= max_level;
}

void log_set_name(const char *name)
{
	snprintf(prefix, sizeof(prefix), "tunnel: %s: ", name);
}

/*
 * systemd.exec(5): JOURNAL_STREAM is "DEVICE:INODE", since who inherits the variable may have another
 * standard error.
 */
static int is_journal_stream(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char text[64];

	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
	return stream && !strcmp(stream, text);
}

void log_open(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) < 0)
		return;
	is_journal = is_journal_stream(&st);
	if (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		stderr_fd = fd;
}

void log_to_syslog(void)
{
	if (stderr_fd != STDERR_FILENO)
		close(stderr_fd);
	stderr_fd = STDERR_FILENO;
	syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Addressed anew each time, since syslog may be restarted. RFC 3164: <facility * 8 + severity>tag[pid]: text. Facility 3 is "daemon". */
static void write_syslog(enum log_level level, const char *text)
{
	static const struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	char line[1200];
	int len;

	len = snprintf(line, sizeof(line), "<%d>tunnel[%d]: %s", 3 * 8 + severity[level],
		       (int)getpid(), text + strlen("tunnel: "));
	if (len > 0)
		(void)sendto(syslog_fd, line, (size_t)len, MSG_NOSIGNAL,
			     (const struct sockaddr *)&addr, sizeof(addr));
}

/*
 * Nonblocking for terminals and pipes, see log_open(); where that could not be had, a pipe that polls
 * writable takes PIPE_BUF (4096) bytes without blocking. A file never blocks for long.
 */
static int stderr_write(const char *line, size_t len)
{
	struct pollfd p = {.fd = stderr_fd, .events = POLLOUT};
	ssize_t n;

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return 0;
	n = send(stderr_fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno == ENOTSOCK)
		n = write(stderr_fd, line, len);
	return n == (ssize_t)len;
}

void log_meter(const char *text)
{
	snprintf(meter, sizeof(meter), CLEAR_LINE "%s", text);
	(void)stderr_write(meter, strlen(meter));
	if (!*text)
		meter[0] = 0;
}

/* What a line begins with. Return: its length. */
static size_t start_line(enum log_level level, char *line, size_t size)
{
	line[0] = 0;
	if (is_journal && syslog_fd < 0)
		snprintf(line, size, "<%d>", severity[level]);
	snprintf(line + strlen(line), size - strlen(line), "%s", prefix);
	return strlen(line);
}

void log_print(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	size_t len, start;
	va_list ap;
	int n;

	if (!log_enabled(level))
		return;
	start = start_line(level, line, sizeof(line));
	va_start(ap, fmt);
	n = vsnprintf(line + start, sizeof(line) - start - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	len = strlen(line);
	if (syslog_fd >= 0) {
		write_syslog(level, line);
		return;
	}
	line[len++] = '\n';
	if (lost) {
		char note[128];

		start = start_line(LEVEL_NOTICE, note, sizeof(note));
		n = snprintf(note + start, sizeof(note) - start,
			     "%lu messages lost, nobody read them\n", lost);
		if (!stderr_write(note, start + (size_t)n)) {
			lost++;
			return;
		}
		lost = 0;
	}
	if (meter[0])
		(void)stderr_write(CLEAR_LINE, strlen(CLEAR_LINE));
	if (!stderr_write(line, len))
		lost++;
	if (meter[0])
		(void)stderr_write(meter, strlen(meter));
}
