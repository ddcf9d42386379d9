/* SPDX-License-Identifier: MIT */
/*
 * Unit tests: TEST(name) { ... CHECK(claim) ... } in any file of this folder, and it runs.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdio.h>
#include <string.h>

struct unit_test {
	const char *name;
	const char *file;
	void (*run)(void);
	struct unit_test *next;
};

void unit_register(struct unit_test *test);

/* Note a failed claim; the test goes on. */
void unit_fail(const char *file, int line, const char *claim);

/* Leave a test out, which is counted and shown with the reason. Return from the test afterwards. */
void unit_skip(const char *reason);

#define TEST(id)                                                                  \
	static void test_##id(void);                                              \
	__attribute__((constructor)) static void register_##id(void)              \
	{                                                                         \
		static struct unit_test test = {                                  \
			.name = "test_" #id, .file = __FILE__, .run = test_##id}; \
		unit_register(&test);                                             \
	}                                                                         \
	static void test_##id(void)

#define CHECK(claim)                                           \
	do {                                                   \
		if (!(claim))                                  \
			unit_fail(__FILE__, __LINE__, #claim); \
	} while (0)

#define CHECK_TEXT(a, b)                                                        \
	do {                                                                    \
		const char *left_ = (a), *right_ = (b);                         \
		if (strcmp(left_, right_) != 0) {                               \
			fprintf(stderr, "\t\"%s\"\n\t\"%s\"\n", left_, right_); \
			unit_fail(__FILE__, __LINE__, #a " equals " #b);        \
		}                                                               \
	} while (0)

#endif
