/* SPDX-License-Identifier: MIT */
/* Watching a tunnel. */
#include "watch.h"

#include <string.h>

#include "log.h"

#define INTERVAL_MS 1000

void watch_init(struct watch *w, struct stats *stats, int has_meter, int64_t now_ms)
{
	memset(w, 0, sizeof(*w));
	w->stats = stats;
	w->has_meter = has_meter;
	w->is_changed = 1;
	w->meter_ms = now_ms;
}

void watch_touch(struct watch *w)
{
	w->is_changed = 1;
}

static int64_t stats_due_ms(const struct watch *w, const struct counters *c)
{
	if (w->stats->dir_fd < 0)
		return WATCH_NEVER;
	if (w->is_changed)
		return 0;
	return memcmp(c, &w->written, sizeof(*c)) ? w->stats_ms + INTERVAL_MS : WATCH_NEVER;
}

int64_t watch_deadline_ms(const struct watch *w, const struct counters *c)
{
	int64_t stats_ms = stats_due_ms(w, c);
	int64_t meter_ms = w->has_meter ? w->meter_ms + INTERVAL_MS : WATCH_NEVER;

	return stats_ms < meter_ms ? stats_ms : meter_ms;
}

static void write_stats(struct watch *w, const struct status *s)
{
	char text[STATUS_TEXT_LEN];

	stats_write(w->stats, status_text(s, '\n', text));
	if (w->stats->err && !w->said_err)
		log_error("--stats: %s", strerror(-w->stats->err));
	w->said_err = w->stats->err != 0;
	w->written = *s->counters;
	w->is_changed = 0;
}

static void draw_meter(struct watch *w, const struct status *s, int64_t ms)
{
	char text[STATUS_METER_LEN];

	log_meter(status_meter(s, &w->drawn, ms, text));
	w->drawn = *s->counters;
}

void watch_update(struct watch *w, const struct status *s, int64_t now_ms)
{
	if (now_ms >= stats_due_ms(w, s->counters)) {
		write_stats(w, s);
		w->stats_ms = now_ms;
	}
	if (w->has_meter && now_ms >= w->meter_ms + INTERVAL_MS) {
		draw_meter(w, s, now_ms - w->meter_ms);
		w->meter_ms = now_ms;
	}
}

void watch_end(struct watch *w, const struct status *s)
{
	if (w->stats->dir_fd >= 0)
		write_stats(w, s);
	if (w->has_meter)
		log_meter("");
}
