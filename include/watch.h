/* SPDX-License-Identifier: MIT */
/*
 * Watching a tunnel: when its status file and its live line are made anew.
 *
 * The file follows each change of state at once, and the counters once a second while they change, so
 * that an idle tunnel sleeps. The line is drawn every second.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

#include "stats.h"
#include "status.h"

#define WATCH_NEVER INT64_MAX

struct watch {
	struct stats *stats;
	int has_meter;
	int is_changed; /* the state is another one than the file's */
	int said_err;
	int64_t stats_ms;	 /* when the file was written */
	int64_t meter_ms;	 /* when the line was drawn */
	struct counters written; /* in the file */
	struct counters drawn;	 /* in the line */
};

/** watch_init() - @stats is borrowed */
void watch_init(struct watch *w, struct stats *stats, int has_meter, int64_t now_ms);

/** watch_touch() - the state has changed */
void watch_touch(struct watch *w);

/** watch_deadline_ms() - when to call watch_update(); may have passed */
int64_t watch_deadline_ms(const struct watch *w, const struct counters *c);

/** watch_update() - the deadline has passed: make anew what is due */
void watch_update(struct watch *w, const struct status *s, int64_t now_ms);

/** watch_end() - the last state, and no line any more */
void watch_end(struct watch *w, const struct status *s);

#endif
