/* SPDX-License-Identifier: MIT */
/* The background, readiness and the pid file. */
#include "daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
	_exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1);
}

void daemon_close_all_but(int keep1, int keep2, int keep3, int even_cloexec)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != keep1 && fd != keep2 && fd != keep3 &&
		    fd != dirfd(dir) && (even_cloexec || !(fcntl(fd, F_GETFD) & FD_CLOEXEC)))
			close(fd);
	}
	if (dir)
		closedir(dir);
}

int daemon_start(struct daemon *d, int keep1, int keep2)
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
	daemon_close_all_but(keep1, keep2, fds[1], 0);
	d->parent_fd = fds[1];
	setsid();
	return 0;
}

void daemon_leave_stderr(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return;
	log_to_syslog();
	dup2(STDIN_FILENO, STDERR_FILENO);
}

void daemon_release(struct daemon *d)
{
	int null_fd;

	if (d->parent_fd < 0)
		return;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
		daemon_leave_stderr();
		if (null_fd > STDERR_FILENO)
			close(null_fd);
	}
	if (chdir("/") < 0)
		log_debug("cannot change to /: %s", strerror(errno));
	(void)!write(d->parent_fd, "", 1);
	close(d->parent_fd);
	d->parent_fd = -1;
}

/* The next thing to be opened must not become a standard descriptor, to which others write. */
static void close_nonstandard(int fd)
{
	int null_fd;

	if (fd == STDERR_FILENO)
		return;
	null_fd = fd < STDERR_FILENO ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
	if (null_fd >= 0) {
		dup2(null_fd, fd);
		close(null_fd);
	} else {
		close(fd);
	}
}

int daemon_write_line(int fd, const char *line)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	size_t len = strlen(line);
	ssize_t n;
	int err = 0;

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT)) {
		err = p.revents & (POLLERR | POLLHUP) ? -EPIPE : -EAGAIN;
	} else {
		n = write(fd, line, len);
		if (n != (ssize_t)len)
			err = n < 0 ? -errno : -EIO;
	}
	close_nonstandard(fd);
	return err;
}

__attribute__((format(printf, 4, 5))) static int pidfile_fail(struct pidfile *pf, const char *path,
							      char error[DAEMON_ERROR_LEN],
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

int daemon_open_directory(const char *path, const char **name)
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

/* Is the file that we have open still the one of that name? */
static int pidfile_is_current(const struct pidfile *pf)
{
	struct stat mine, named;

	return fstat(pf->fd, &mine) == 0 &&
	       fstatat(pf->dir_fd, pf->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

/* Open and lock, again while another one removes it under our hands. Return: 0 or -errno. */
static int pidfile_lock(struct pidfile *pf)
{
	for (;;) {
		pf->fd = openat(pf->dir_fd, pf->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
				0644);
		if (pf->fd < 0 || flock(pf->fd, LOCK_EX | LOCK_NB) < 0)
			return -errno;
		if (pidfile_is_current(pf))
			return 0;
		close(pf->fd);
	}
}

int pidfile_create(struct pidfile *pf, const char *path, char error[DAEMON_ERROR_LEN])
{
	char text[32];
	ssize_t len;
	int err;

	pf->fd = -1;
	pf->dir_fd = daemon_open_directory(path, &pf->name);
	if (pf->dir_fd < 0)
		return pidfile_fail(pf, path, error, "%s", strerror(errno));
	err = pidfile_lock(pf);
	if (err == -EWOULDBLOCK) {
		len = read(pf->fd, text, sizeof(text) - 1);
		text[len > 0 ? len : 0] = 0;
		text[strcspn(text, "\n")] = 0;
		return pidfile_fail(pf, path, error,
				    "a tunnel with this pid file is running, process "
				    "%s; end that first or name another file",
				    text);
	}
	if (err < 0)
		return pidfile_fail(pf, path, error, "%s", strerror(-err));
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(pf->fd, 0) < 0 || write(pf->fd, text, (size_t)len) != len)
		return pidfile_fail(pf, path, error, "cannot write: %s", strerror(errno));
	return 0;
}

void pidfile_remove(struct pidfile *pf)
{
	if (pf->fd < 0)
		return;
	if (pidfile_is_current(pf))
		unlinkat(pf->dir_fd, pf->name, 0);
	close(pf->fd);
	close(pf->dir_fd);
	pf->fd = pf->dir_fd = -1;
}
