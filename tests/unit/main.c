/* SPDX-License-Identifier: MIT */
/*
 * Runs all unit tests, or those whose name contains the first argument. A line for each that failed
 * or was skipped, at the end "N passed, N failed, N skipped"; status 1 when one failed.
 */
#include "unit.h"

static struct unit_test *tests, **tests_end = &tests;
static int failures;
static const char *skip_reason;

void unit_register(struct unit_test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

void unit_fail(const char *file, int line, const char *claim)
{
	if (failures++ < 10)
		fprintf(stderr, "%s:%d: is not so: %s\n", file, line, claim);
}

void unit_skip(const char *reason)
{
	skip_reason = reason;
}

int main(int argc, char *argv[])
{
	int npassed = 0, nfailed = 0, nskipped = 0;

	for (struct unit_test *t = tests; t; t = t->next) {
		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		failures = 0;
		skip_reason = NULL;
		t->run();
		if (failures) {
			printf("FAIL %s (%s)\n", t->name, t->file);
			nfailed++;
		} else if (skip_reason) {
			printf("SKIP %s: %s\n", t->name, skip_reason);
			nskipped++;
		} else {
			npassed++;
		}
	}
	printf("%d passed, %d failed, %d skipped\n", npassed, nfailed, nskipped);
	return nfailed != 0;
}
