/* SPDX-License-Identifier: MIT */
/* The status file. */
#include "stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"

int stats_open(struct stats *s, const char *path, char error[STATS_ERROR_LEN])
{
	int len;

	s->dir_fd = -1;
	s->err = 0;
	if (!path)
		return 0;
	s->dir_fd = daemon_open_directory(path, &s->name);
	len = snprintf(s->new_name, sizeof(s->new_name), "%s.%d.new", s->name, (int)getpid());
	if (s->dir_fd < 0)
		s->err = -errno;
	else if (!*s->name)
		s->err = -EISDIR;
	else if (len >= STATS_NAME_LEN)
		s->err = -ENAMETOOLONG;
	else
		stats_write(s, "state='starting'\n");
	if (!s->err)
		return 0;
	snprintf(error, STATS_ERROR_LEN, "--stats %s: %s", path, strerror(-s->err));
	stats_close(s);
	return -1;
}

static int write_new(const struct stats *s, const char *text)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(s->dir_fd, s->new_name, flags, 0644);
	size_t len = strlen(text);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n != (ssize_t)len)
		err = n < 0 ? -errno : -ENOSPC;
	close(fd);
	return err;
}

void stats_write(struct stats *s, const char *text)
{
	if (s->dir_fd < 0)
		return;
	s->err = write_new(s, text);
	if (!s->err && renameat(s->dir_fd, s->new_name, s->dir_fd, s->name) < 0)
		s->err = -errno;
	if (s->err)
		unlinkat(s->dir_fd, s->new_name, 0);
}

void stats_close(struct stats *s)
{
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	s->dir_fd = -1;
}
