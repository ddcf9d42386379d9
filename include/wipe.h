/* SPDX-License-Identifier: MIT */
/*
 * Secrets in memory: wiping them so that the compiler cannot leave it out, comparing them so that
 * the time tells nothing.
 *
 * An empty asm with a value as its operand is a wall to both gcc and clang: they must produce the
 * value before it and may assume nothing about it behind it. So no loop ends early, and no mask
 * becomes a branch, because the compiler worked out what a secret can be.
 */
#ifndef WIPE_H
#define WIPE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * CRYPTO_PUBLIC() - from here on the @len bytes at @p are no secret although they come from one
 *
 * Does nothing but in the build of tests/ctgrind.c, where branching on a secret is an error.
 */
#ifdef CRYPTO_CTGRIND
#include <valgrind/memcheck.h>
#define CRYPTO_PUBLIC(p, len) VALGRIND_MAKE_MEM_DEFINED(p, len)
#else
#define CRYPTO_PUBLIC(p, len) ((void)0)
#endif

/* CRYPTO_OPAQUE() - make the integer variable @v a value the compiler knows nothing about */
#define CRYPTO_OPAQUE(v) __asm__("" : "+r"(v))

/**
 * crypto_wipe() - overwrite @len bytes with zeros, even where nothing reads them again
 *
 * Reaches what has a name. For copies that the compiler makes on the stack, see below.
 */
static inline void crypto_wipe(void *p, size_t len)
{
	memset(p, 0, len);
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* More than the primitives use, gcc and clang at -O1 to -O3; tests/unit/wipe.c looks for the rest. */
#define CRYPTO_STACK_LEN 6144

/**
 * crypto_wipe_stack() - overwrite the CRYPTO_STACK_LEN bytes of stack below the caller
 *
 * A compiler that is short of registers keeps keys and key stream in places without a name. To be
 * called when the function that worked with them has returned; that one must be CRYPTO_NOINLINE, or
 * the places would be the caller's own. Registers themselves are beyond C.
 */
__attribute__((noinline, unused)) static void crypto_wipe_stack(void)
{
	uint8_t below[CRYPTO_STACK_LEN];

	crypto_wipe(below, sizeof(below));
}

#define CRYPTO_NOINLINE __attribute__((noinline))

/**
 * crypto_equal() - do two runs of @len bytes agree?
 *
 * Return: 1 when they do, also when @len is 0; else 0. The time depends on @len only.
 */
static inline int crypto_equal(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;
	uint32_t diff = 0; /* 0..255 */

	for (size_t i = 0; i < len; i++) {
		diff |= (uint32_t)(x[i] ^ y[i]);
		CRYPTO_OPAQUE(diff);
	}
	return (int)((diff - 1) >> 31);
}

#endif
