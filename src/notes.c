/* SPDX-License-Identifier: MIT */
/* Lines that strangers can cause. */
#include "notes.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

/* So many at once, then one every so often. */
#define BURST	    50
#define INTERVAL_MS 5000

void notes_init(struct notes *n, int64_t now_ms)
{
	memset(n, 0, sizeof(*n));
	n->left = BURST;
	n->since_ms = now_ms;
}

int notes_may_say(struct notes *n, int64_t now_ms)
{
	int64_t refill = (now_ms - n->since_ms) / INTERVAL_MS;

	if (refill > 0) {
		n->since_ms = now_ms;
		n->left = refill >= BURST - (int64_t)n->left ? BURST : n->left + (unsigned)refill;
		if (n->hidden)
			log_notice("%lu more lines about newcomers were left out", n->hidden);
		n->hidden = 0;
	}
	if (!n->left) {
		n->hidden++;
		return 0;
	}
	n->left--;
	return 1;
}

void notes_say(struct notes *n, int64_t now_ms, const char *text)
{
	log_print(notes_may_say(n, now_ms) ? LEVEL_NOTICE : LEVEL_DEBUG, "%s", text);
}

/* Has that host done this, or with NULL anything, lately? */
static struct notes_trouble *find_trouble(struct notes *n, const struct endpoint *peer,
					  const char *what)
{
	for (unsigned i = 0; i < NOTES_TROUBLES; i++) {
		struct notes_trouble *t = &n->troubles[i];

		if (t->what[0] && endpoint_same_host(&t->peer, peer) &&
		    (!what || !strncmp(t->what, what, NOTES_WHAT_LEN - 1)))
			return t;
	}
	return NULL;
}

int notes_is_troublesome(struct notes *n, const struct endpoint *peer)
{
	return find_trouble(n, peer, NULL) != NULL;
}

void notes_trouble(struct notes *n, int64_t now_ms, const struct endpoint *peer, const char *what,
		   const char *text)
{
	struct notes_trouble *t;

	if (find_trouble(n, peer, what)) {
		log_debug("%s", text);
		return;
	}
	notes_say(n, now_ms, text);
	t = &n->troubles[n->next_trouble++ % NOTES_TROUBLES];
	t->peer = *peer;
	snprintf(t->what, sizeof(t->what), "%s", what);
}

void notes_forget(struct notes *n, const struct endpoint *peer)
{
	struct notes_trouble *t;

	while ((t = find_trouble(n, peer, NULL)))
		t->what[0] = 0;
}
