/* SPDX-License-Identifier: MIT */
/* Which of --up and --down runs next. */
#include "hookqueue.h"

#include "unit.h"

TEST(hookqueue_runs_up_then_down)
{
	struct hookqueue q = {0};

	CHECK(hookqueue_next(&q) == HOOK_NONE);
	CHECK(hookqueue_is_idle(&q));
	CHECK(hookqueue_tell(&q, HOOK_UP));
	CHECK(!hookqueue_is_idle(&q));
	CHECK(hookqueue_next(&q) == HOOK_UP);
	CHECK(hookqueue_next(&q) == HOOK_NONE);
	CHECK(hookqueue_tell(&q, HOOK_DOWN));
	CHECK(hookqueue_next(&q) == HOOK_NONE);
	hookqueue_ended(&q);
	CHECK(hookqueue_next(&q) == HOOK_DOWN);
	CHECK(!hookqueue_is_idle(&q));
	hookqueue_ended(&q);
	CHECK(hookqueue_next(&q) == HOOK_NONE);
	CHECK(hookqueue_is_idle(&q));
}

TEST(hookqueue_passes_over_what_it_has_been_told)
{
	struct hookqueue q = {0};

	CHECK(!hookqueue_tell(&q, HOOK_DOWN));
	CHECK(hookqueue_is_idle(&q));
	CHECK(hookqueue_tell(&q, HOOK_UP));
	CHECK(!hookqueue_tell(&q, HOOK_UP));
	CHECK(hookqueue_next(&q) == HOOK_UP);
	CHECK(hookqueue_tell(&q, HOOK_DOWN));
	CHECK(!hookqueue_tell(&q, HOOK_DOWN));
}

TEST(hookqueue_drops_an_up_that_has_not_begun_with_its_down)
{
	struct hookqueue q = {0};

	hookqueue_tell(&q, HOOK_UP);
	CHECK(!hookqueue_tell(&q, HOOK_DOWN));
	CHECK(hookqueue_is_idle(&q));

	hookqueue_tell(&q, HOOK_UP);
	hookqueue_next(&q);
	CHECK(hookqueue_tell(&q, HOOK_DOWN));
	for (int i = 0; i < 1000; i++) {
		CHECK(hookqueue_tell(&q, HOOK_UP));
		CHECK(!hookqueue_tell(&q, HOOK_DOWN));
	}
	hookqueue_ended(&q);
	CHECK(hookqueue_next(&q) == HOOK_DOWN);
	hookqueue_ended(&q);
	CHECK(hookqueue_is_idle(&q));
}

/* What whoever runs the hooks does, and what must hold whatever happens. */
struct run {
	struct hookqueue q;
	int told;	  /* the number of the last visit of a peer */
	int kept[NHOOKS]; /* of which visit what waits is */
	enum hook last;	  /* that was started */
	int last_visit;
};

static void start_next(struct run *r)
{
	enum hook hook = hookqueue_next(&r->q);

	if (hook == HOOK_NONE)
		return;
	CHECK(hook == (r->last == HOOK_UP ? HOOK_DOWN : HOOK_UP));
	if (hook == HOOK_UP)
		CHECK(r->kept[hook] > r->last_visit);
	else
		CHECK(r->kept[hook] == r->last_visit);
	r->last = hook;
	r->last_visit = r->kept[hook];
}

static void tell(struct run *r, enum hook hook)
{
	if (hook == HOOK_UP)
		r->told++;
	if (hookqueue_tell(&r->q, hook))
		r->kept[hook] = r->told;
	start_next(r);
}

/* Each bit of @steps: the peer comes or goes, or what runs ends. */
static void go_through(unsigned steps, unsigned nsteps)
{
	struct run r = {.last = HOOK_NONE};

	for (unsigned i = 0; i < nsteps; i++) {
		if (steps >> i & 1) {
			tell(&r, r.q.is_up ? HOOK_DOWN : HOOK_UP);
		} else {
			hookqueue_ended(&r.q);
			start_next(&r);
		}
		CHECK(!hookqueue_is_idle(&r.q) || r.q.is_up == (r.last == HOOK_UP));
	}
	tell(&r, HOOK_DOWN); /* the end */
	while (!hookqueue_is_idle(&r.q)) {
		hookqueue_ended(&r.q);
		start_next(&r);
	}
	CHECK(r.last != HOOK_UP);
}

TEST(hookqueue_each_up_has_its_own_down_in_any_course_of_events)
{
	for (unsigned steps = 0; steps < 1u << 16; steps++)
		go_through(steps, 16);
}
