/* SPDX-License-Identifier: MIT */
/*
 * Lines that strangers can cause at will: rationed, so that nobody can fill the log, and not said
 * again when a host does again what it has done lately. What is left out is for -d.
 */
#ifndef NOTES_H
#define NOTES_H

#include <stdint.h>

#include "transport.h"

#define NOTES_WHAT_LEN 320
#define NOTES_TROUBLES 8 /* are remembered */

struct notes {
	unsigned left; /* so many lines may be said now */
	int64_t since_ms;
	unsigned long hidden;
	/* The last newcomers that came to nothing. */
	unsigned next_trouble;
	struct notes_trouble {
		struct endpoint peer;
		char what[NOTES_WHAT_LEN]; /* empty: forgotten */
	} troubles[NOTES_TROUBLES];
};

void notes_init(struct notes *n, int64_t now_ms);

/** notes_may_say() - take one line from the ration. Return: whether there was one */
int notes_may_say(struct notes *n, int64_t now_ms);

/** notes_say() - say @text as a notice, within the ration */
void notes_say(struct notes *n, int64_t now_ms, const char *text);

/**
 * notes_trouble() - a newcomer came to nothing: the same, unless its host did the same lately
 * @what:	it did, without what differs from time to time, such as the port
 */
void notes_trouble(struct notes *n, int64_t now_ms, const struct endpoint *peer, const char *what,
		   const char *text);

/** notes_is_troublesome() - has a newcomer from there come to nothing lately? */
int notes_is_troublesome(struct notes *n, const struct endpoint *peer);

/** notes_forget() - a newcomer has come to something: its host's next trouble is news */
void notes_forget(struct notes *n, const struct endpoint *peer);

#endif
