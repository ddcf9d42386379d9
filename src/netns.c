/* SPDX-License-Identifier: MIT */
/* Step into another network namespace and back. */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void netns_path(const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s%s", strchr(name, '/') ? "" : "/run/netns/", name);
}

int netns_enter(const char *path)
{
	int home_fd, fd, err = 0;

	home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home_fd < 0)
		return -errno;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	if (!err)
		return home_fd;
	close(home_fd);
	return -err;
}

int netns_leave(int home_fd)
{
	int err = setns(home_fd, CLONE_NEWNET) < 0 ? -errno : 0;

	close(home_fd);
	return err;
}
