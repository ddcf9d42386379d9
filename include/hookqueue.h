/* SPDX-License-Identifier: MIT */
/*
 * Which of --up and --down runs next. One runs at a time, each up that has run is followed by exactly
 * one down, and what waits is bounded however often the peer comes and goes meanwhile: at most one
 * down and one up behind it. An up that has not begun when its down comes is dropped together with that.
 */
#ifndef HOOKQUEUE_H
#define HOOKQUEUE_H

enum hook { HOOK_NONE, HOOK_UP, HOOK_DOWN, NHOOKS };

/* All zero at the start: no peer, nothing runs. */
struct hookqueue {
	enum hook running;
	int is_up;		  /* the last that was told is HOOK_UP */
	int down_waits, up_waits; /* with both, the down goes first */
};

/**
 * hookqueue_tell() - the peer has come or gone
 *
 * What repeats the last that was told is passed over.
 *
 * Return: 1 when @hook waits now, so what it is to be given must be kept; 0 when it will not run. One
 * of the same kind does not wait then.
 */
int hookqueue_tell(struct hookqueue *q, enum hook hook);

/**
 * hookqueue_next() - what is to be started now, if anything
 *
 * Return: the hook, which runs from now on; HOOK_NONE while another one runs or when none waits.
 */
enum hook hookqueue_next(struct hookqueue *q);

/** hookqueue_ended() - what was running has ended */
void hookqueue_ended(struct hookqueue *q);

/** hookqueue_is_idle() - nothing runs and nothing waits */
int hookqueue_is_idle(const struct hookqueue *q);

#endif
