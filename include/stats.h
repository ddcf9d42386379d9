/* SPDX-License-Identifier: MIT */
/*
 * The status file: whoever reads it sees one whole state, the old one or the new one.
 */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>

#define STATS_ERROR_LEN 512
#define STATS_NAME_LEN	256

struct stats {
	int dir_fd; /* -1: there is none. Kept, so that the working directory does not matter */
	int err;    /* -errno of the last write that failed */
	const char *name;
	char new_name[STATS_NAME_LEN]; /* written first, then renamed */
};

/**
 * stats_open() - where it is to be
 * @path:	borrowed for as long as @s is used; NULL: none
 * @error:	filled on failure
 *
 * Return: 0 or -1.
 */
int stats_open(struct stats *s, const char *path, char error[STATS_ERROR_LEN]);

/** stats_write() - replace the file by @text; on failure the old one stays, and err tells why */
void stats_write(struct stats *s, const char *text);

/** stats_close() - the file stays */
void stats_close(struct stats *s);

#endif
