/* SPDX-License-Identifier: MIT */
/*
 * Being a process that scripts can live with: the background, the line that says "ready", the pid
 * file.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stddef.h>

#define DAEMON_ERROR_LEN 512

struct daemon {
	int parent_fd; /* until ready, with -D: our parent waits at its other end; else -1 */
};

/**
 * daemon_start() - with -D: go on in a child, while the parent waits
 *
 * Returns in the child only. The parent exits with 0 when the child calls daemon_release(), or with
 * the child's status, or 1 instead of 0, when that ends before. Standard error stays open until
 * daemon_release(), so that the reason of a failure is seen. When the parent is killed meanwhile,
 * parent_fd polls POLLERR.
 *
 * The child closes all descriptors but the standard ones and @keep1 and @keep2, so that it does not
 * hold open what others wait for. -1 for none.
 *
 * Return: 0 or -errno.
 */
int daemon_start(struct daemon *d, int keep1, int keep2);

/**
 * daemon_close_all_but() - close all descriptors but the standard ones and those, -1 for none
 * @even_cloexec: else those that are closed on exec stay
 *
 * A descriptor of the script that started us, held open, could keep others waiting for ever.
 */
void daemon_close_all_but(int keep1, int keep2, int keep3, int even_cloexec);

/**
 * daemon_leave_stderr() - let messages go to syslog and make standard error what standard input is,
 * /dev/null, unless it is a file, which keeps them
 */
void daemon_leave_stderr(void);

/**
 * daemon_release() - ready: let the parent return and leave the terminal
 *
 * Standard input and output become /dev/null. So does standard error, and messages go to syslog,
 * unless it is a file, which keeps them.
 */
void daemon_release(struct daemon *d);

/**
 * daemon_write_line() - write @line to @fd and close that; never blocks
 *
 * Standard input and output become /dev/null instead, and standard error stays.
 *
 * Return: 0 or -errno.
 */
int daemon_write_line(int fd, const char *line);

/**
 * daemon_open_directory() - the directory of a file that is to be found after a chdir(), too
 * @name:	set to the file's name inside @path
 *
 * Return: a descriptor, or -1 and errno.
 */
int daemon_open_directory(const char *path, const char **name);

struct pidfile {
	int fd;	    /* locked while we run; -1: none */
	int dir_fd; /* so that it can be removed whatever the working directory is then */
	const char *name;
};

/**
 * pidfile_create() - write our process id into @path
 * @path:	borrowed for as long as @pf is used
 * @error:	filled on failure
 *
 * The file is locked; a locked one belongs to a running process and is refused, a stale one is taken
 * over.
 *
 * Return: 0 or -1.
 */
int pidfile_create(struct pidfile *pf, const char *path, char error[DAEMON_ERROR_LEN]);

/** pidfile_remove() - remove it, if there is one and nobody has replaced it */
void pidfile_remove(struct pidfile *pf);

#endif
