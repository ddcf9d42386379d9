/* SPDX-License-Identifier: MIT */
/* Which of --up and --down runs next. */
#include "hookqueue.h"

int hookqueue_tell(struct hookqueue *q, enum hook hook)
{
	if (q->is_up == (hook == HOOK_UP))
		return 0;
	q->is_up = hook == HOOK_UP;
	if (hook == HOOK_UP) {
		q->up_waits = 1;
		return 1;
	}
	if (q->up_waits) {
		q->up_waits = 0;
		return 0;
	}
	q->down_waits = 1;
	return 1;
}

enum hook hookqueue_next(struct hookqueue *q)
{
	if (q->running != HOOK_NONE)
		return HOOK_NONE;
	if (q->down_waits) {
		q->down_waits = 0;
		q->running = HOOK_DOWN;
	} else if (q->up_waits) {
		q->up_waits = 0;
		q->running = HOOK_UP;
	}
	return q->running;
}

void hookqueue_ended(struct hookqueue *q)
{
	q->running = HOOK_NONE;
}

int hookqueue_is_idle(const struct hookqueue *q)
{
	return q->running == HOOK_NONE && !q->down_waits && !q->up_waits;
}
