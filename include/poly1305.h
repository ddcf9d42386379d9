/* SPDX-License-Identifier: MIT */
/*
 * The one-time authenticator Poly1305, RFC 8439 section 2.5, in three widths. chacha20poly1305.h is
 * what protocols use: a key that authenticates two messages gives itself away.
 */
#ifndef POLY1305_H
#define POLY1305_H

#include <stddef.h>
#include <stdint.h>

#define POLY1305_KEY_LEN   32
#define POLY1305_BLOCK_LEN 16
#define POLY1305_TAG_LEN   16

/* POLY1305_LIMBS32 can be defined to test the code for machines without 128-bit integers. */
#if !defined(__SIZEOF_INT128__) && !defined(POLY1305_LIMBS32)
#define POLY1305_LIMBS32 1
#endif

/*
 * Between two calls h is below 2^130 + 2^128 (64-bit limbs), or each of its limbs below 2^26 + 2^9.
 */
struct poly1305 {
#ifdef POLY1305_LIMBS32
	uint32_t h[5]; /* the accumulator, 26 bits a limb */
	uint32_t r[5]; /* the clamped factor, likewise */
#else
	uint64_t h[3]; /* the accumulator, base 2^64 */
	uint64_t r[2]; /* the clamped factor, likewise */
#endif
	uint32_t s[4]; /* what is added at the end, base 2^32 */
};

void poly1305_init(struct poly1305 *p, const uint8_t key[static POLY1305_KEY_LEN]);

/**
 * poly1305_blocks_portable() - take @nblocks whole blocks of 16 bytes in
 * @data:	any alignment
 * @nblocks:	0 is allowed
 *
 * The time depends on @nblocks only. The others do the same faster; they exist where POLY1305_X86 is
 * defined and must be called only on a CPU that has AVX2, or AVX-512F. Calls can be mixed.
 */
void poly1305_blocks_portable(struct poly1305 *p, const uint8_t *data, size_t nblocks);

#if defined(__x86_64__) && !defined(POLY1305_LIMBS32)
#define POLY1305_X86 1
void poly1305_blocks_avx2(struct poly1305 *p, const uint8_t *data, size_t nblocks);
void poly1305_blocks_avx512(struct poly1305 *p, const uint8_t *data, size_t nblocks);
#endif

/**
 * poly1305_finish() - take the last bytes in, make the tag, wipe @p
 * @rest:	what is left behind the last whole block
 * @len:	0..15
 */
void poly1305_finish(struct poly1305 *p, uint8_t tag[static POLY1305_TAG_LEN], const uint8_t *rest,
		     size_t len);

#endif
