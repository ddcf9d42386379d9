/* SPDX-License-Identifier: MIT */
/*
 * The pause between two attempts to connect: it doubles from 0.1 s to 5 s and is jittered, so that
 * many clients of one server do not come back in step.
 */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000

struct backoff {
	unsigned step_ms; /* upper bound of the last pause, 0 before the first */
};

/** backoff_reset() - the next pause is the shortest again */
static inline void backoff_reset(struct backoff *b)
{
	b->step_ms = 0;
}

/** backoff_to_max() - the next pause is the longest */
static inline void backoff_to_max(struct backoff *b)
{
	b->step_ms = BACKOFF_MAX_MS;
}

/**
 * backoff_next_ms() - how long to wait before the next attempt
 * @random:	any 32 random bits
 *
 * Return: BACKOFF_MIN_MS..BACKOFF_MAX_MS, between half and the whole of the step, which doubles.
 */
static inline unsigned backoff_next_ms(struct backoff *b, uint32_t random)
{
	unsigned half;

	b->step_ms = b->step_ms ? b->step_ms * 2 : BACKOFF_MIN_MS * 2;
	if (b->step_ms > BACKOFF_MAX_MS)
		b->step_ms = BACKOFF_MAX_MS;
	half = b->step_ms / 2;
	return half + random % (half + 1);
}

#endif
