/* SPDX-License-Identifier: MIT */
/*
 * Poly1305, RFC 8439 section 2.5: for each block, h = (h + block + 2^128) * r modulo 2^130 - 5.
 *
 * What makes it fast is that 2^130 is 5 modulo the prime: whatever a product has above bit 130 is
 * multiplied by 5 and added at the bottom. h is kept only about that small; finish() reduces it
 * fully. Section 2.5 clears 22 bits of r ("clamping"), so that r < 2^124 and, with 64-bit limbs,
 * both limbs are below 2^60 and the upper one is a multiple of 4. The bounds below rest on that.
 *
 * Three ways: 64-bit limbs with 128-bit products; 26-bit limbs with 64-bit products; and with AVX2 or
 * AVX-512 (poly1305.inc) four or eight blocks side by side, a lane each, in 26-bit limbs. No branch
 * or index depends on the data or the key.
 */
#include "poly1305.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

#ifdef POLY1305_X86
#include <immintrin.h>
#endif

#define LIMB26 0x3ffffffu

/* The block of fewer than 16 bytes: a one behind the last, then zeros. */
static void pad_last(uint8_t block[static POLY1305_BLOCK_LEN], const uint8_t *rest, size_t len)
{
	memset(block, 0, POLY1305_BLOCK_LEN);
	if (len > 0)
		memcpy(block, rest, len);
	block[len] = 1;
}

/* tag = h + s modulo 2^128, h being four words of 32 bits. */
static void store_tag(uint8_t tag[static POLY1305_TAG_LEN], const uint32_t h[static 4],
		      const uint32_t s[static 4])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < 4; i++) {
		sum += (uint64_t)h[i] + s[i];
		le32_store(tag + 4 * i, (uint32_t)sum);
		sum >>= 32;
	}
}

#ifndef POLY1305_LIMBS32

typedef unsigned __int128 u128;
typedef uint64_t u64x4 __attribute__((vector_size(32)));
typedef uint64_t u64x8 __attribute__((vector_size(64)));

void poly1305_init(struct poly1305 *p, const uint8_t key[static POLY1305_KEY_LEN])
{
	memset(p->h, 0, sizeof(p->h));
	p->r[0] = le64_load(key) & 0x0ffffffc0fffffff;
	p->r[1] = le64_load(key + 8) & 0x0ffffffc0ffffffc;
	for (size_t i = 0; i < 4; i++)
		p->s[i] = le32_load(key + 16 + 4 * i);
}

/* h += block + high * 2^128; h[2] grows by at most 1 + high */
static void add_block(uint64_t h[static 3], const uint8_t *block, uint64_t high)
{
	u128 sum = (u128)h[0] + le64_load(block);

	h[0] = (uint64_t)sum;
	sum = (u128)h[1] + le64_load(block + 8) + (uint64_t)(sum >> 64);
	h[1] = (uint64_t)sum;
	h[2] += high + (uint64_t)(sum >> 64);
}

/*
 * h *= r, modulo the prime, with h[2] <= 6 before and <= 4 after.
 *
 * r[1] = 4q makes r[1] * 2^128 = q * 2^130 = 5q = r[1] + r[1] / 4, called r1_5: below 2^60.4. The
 * terms of d0 and d1 are then below 2^124.4 and their sums below 2^126; d2 is below 2^62.6 and with
 * the carry from d1 below 2^63. What h has above bit 130 is a multiple of 4 in units of 2^128:
 * 4t * 2^128 = 5t, and 5t = t + 4t.
 */
static void multiply(uint64_t h[static 3], const uint64_t r[static 2])
{
	const uint64_t r1_5 = r[1] + (r[1] >> 2);
	u128 d0 = (u128)h[0] * r[0] + (u128)h[1] * r1_5;
	u128 d1 =
		(u128)h[0] * r[1] + (u128)h[1] * r[0] + (u128)(h[2] * r1_5) + (uint64_t)(d0 >> 64);
	uint64_t d2 = h[2] * r[0] + (uint64_t)(d1 >> 64);
	u128 sum = (u128)(uint64_t)d0 + (d2 >> 2) + (d2 & ~(uint64_t)3);

	h[0] = (uint64_t)sum;
	sum = (u128)(uint64_t)d1 + (uint64_t)(sum >> 64);
	h[1] = (uint64_t)sum;
	h[2] = (d2 & 3) + (uint64_t)(sum >> 64);
}

static void absorb(struct poly1305 *p, const uint8_t *data, size_t nblocks, uint64_t high)
{
	uint64_t h[3] = {p->h[0], p->h[1], p->h[2]};

	for (; nblocks > 0; nblocks--, data += POLY1305_BLOCK_LEN) {
		add_block(h, data, high);
		multiply(h, p->r);
	}
	memcpy(p->h, h, sizeof(h));
}

/* h + 5 reaches 2^130 exactly when h >= 2^130 - 5: then its lower 130 bits are what h reduces to. */
static void reduce(const uint64_t h[static 3], uint32_t out[static 4])
{
	u128 sum = (u128)h[0] + 5;
	uint64_t low = (uint64_t)sum, high, mask;

	sum = (u128)h[1] + (uint64_t)(sum >> 64);
	high = (uint64_t)sum;
	mask = 0 - ((h[2] + (uint64_t)(sum >> 64)) >> 2); /* h < 2 * (2^130 - 5): 0 or all ones */
	CRYPTO_OPAQUE(mask);
	low = (low & mask) | (h[0] & ~mask);
	high = (high & mask) | (h[1] & ~mask);
	out[0] = (uint32_t)low;
	out[1] = (uint32_t)(low >> 32);
	out[2] = (uint32_t)high;
	out[3] = (uint32_t)(high >> 32);
}

#else

/* 130 bits at @block, the last two being @high, to limbs. */
static void load_limbs(uint32_t limb[static 5], const uint8_t *block, uint32_t high)
{
	limb[0] = le32_load(block) & LIMB26;
	limb[1] = le32_load(block + 3) >> 2 & LIMB26;
	limb[2] = le32_load(block + 6) >> 4 & LIMB26;
	limb[3] = le32_load(block + 9) >> 6;
	limb[4] = le32_load(block + 12) >> 8 | high << 24;
}

void poly1305_init(struct poly1305 *p, const uint8_t key[static POLY1305_KEY_LEN])
{
	static const uint8_t clamp[16] = {0xff, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f,
					  0xfc, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f};
	uint8_t clamped[16];

	for (size_t i = 0; i < 16; i++)
		clamped[i] = key[i] & clamp[i];
	memset(p->h, 0, sizeof(p->h));
	load_limbs(p->r, clamped, 0);
	for (size_t i = 0; i < 4; i++)
		p->s[i] = le32_load(key + 16 + 4 * i);
	crypto_wipe(clamped, sizeof(clamped));
}

/*
 * h *= r, modulo the prime, with limbs of h below 2^27.1 before and below 2^26 + 2^9 after.
 *
 * Limb i of h times limb j of r belongs to limb i + j, or with a factor of 5 to i + j - 5. A sum of
 * five products is below 5 * 2^27.1 * 5 * 2^26 < 2^58; a carry out of it is below 2^32, and five times
 * the last one 2^34.4: so the second time round h[1] gets less than 2^9.
 */
static void multiply(uint32_t h[static 5], const uint32_t r[static 5])
{
	uint32_t r5[5];
	uint64_t d[5] = {0}, carry = 0;

	for (size_t i = 0; i < 5; i++)
		r5[i] = r[i] * 5;
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 5; j++)
			d[(i + j) % 5] += (uint64_t)h[i] * (i + j < 5 ? r[j] : r5[j]);
	for (size_t i = 0; i < 5; i++) {
		d[i] += carry;
		carry = d[i] >> 26;
		h[i] = (uint32_t)d[i] & LIMB26;
	}
	carry = h[0] + carry * 5;
	h[0] = (uint32_t)carry & LIMB26;
	h[1] += (uint32_t)(carry >> 26);
}

static void absorb(struct poly1305 *p, const uint8_t *data, size_t nblocks, uint32_t high)
{
	uint32_t limb[5];

	for (; nblocks > 0; nblocks--, data += POLY1305_BLOCK_LEN) {
		load_limbs(limb, data, high);
		for (size_t i = 0; i < 5; i++)
			p->h[i] += limb[i];
		multiply(p->h, p->r);
	}
	crypto_wipe(limb, sizeof(limb));
}

/* Bring all limbs below 2^26. Twice round: after the first only limb 0 can be too large, by 5 * 1. */
static void carry_limbs(uint32_t h[static 5])
{
	uint32_t carry = 0;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 5; i++) {
			h[i] += carry;
			carry = h[i] >> 26;
			h[i] &= LIMB26;
		}
		carry *= 5;
	}
	h[0] += carry;
}

/* h + 5 reaches 2^130 exactly when h >= 2^130 - 5: then its lower 130 bits are what h reduces to. */
static void reduce(const uint32_t limbs[static 5], uint32_t out[static 4])
{
	uint32_t h[5], g[5], carry = 5, mask;

	memcpy(h, limbs, sizeof(h));
	carry_limbs(h);
	for (size_t i = 0; i < 5; i++) {
		g[i] = h[i] + carry;
		carry = g[i] >> 26;
		g[i] &= LIMB26;
	}
	mask = 0 - carry;
	CRYPTO_OPAQUE(mask);
	for (size_t i = 0; i < 5; i++)
		h[i] = (g[i] & mask) | (h[i] & ~mask);
	out[0] = h[0] | h[1] << 26;
	out[1] = h[1] >> 6 | h[2] << 20;
	out[2] = h[2] >> 12 | h[3] << 14;
	out[3] = h[3] >> 18 | h[4] << 8;
	crypto_wipe(h, sizeof(h));
	crypto_wipe(g, sizeof(g));
}

#endif

void poly1305_blocks_portable(struct poly1305 *p, const uint8_t *data, size_t nblocks)
{
	absorb(p, data, nblocks, 1);
}

void poly1305_finish(struct poly1305 *p, uint8_t tag[static POLY1305_TAG_LEN], const uint8_t *rest,
		     size_t len)
{
	uint8_t last[POLY1305_BLOCK_LEN];
	uint32_t h[4];

	if (len > 0) {
		pad_last(last, rest, len);
		absorb(p, last, 1, 0);
		crypto_wipe(last, sizeof(last));
	}
	reduce(p->h, h);
	store_tag(tag, h, p->s);
	crypto_wipe(h, sizeof(h));
	crypto_wipe(p, sizeof(*p));
}

#ifdef POLY1305_X86

/* Below so many blocks for each lane the powers of r cost more than the lanes save. */
#define MIN_BLOCKS_PER_LANE 3

/* From base 2^64 to limbs of 26 bits; the last takes all that is left. */
static void to_limbs(uint64_t limb[static 5], const uint64_t h[static 3])
{
	limb[0] = h[0] & LIMB26;
	limb[1] = h[0] >> 26 & LIMB26;
	limb[2] = (h[0] >> 52 | h[1] << 12) & LIMB26;
	limb[3] = h[1] >> 14 & LIMB26;
	limb[4] = h[1] >> 40 | h[2] << 24;
}

#define TARGET		  __attribute__((target("avx2")))
#define LANES		  4
#define NAME(name)	  name##_avx2
#define MULTIPLY32(a, b)  ((vector)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#define UNPACK_LOW(a, b)  ((vector)_mm256_unpacklo_epi64((__m256i)(a), (__m256i)(b)))
#define UNPACK_HIGH(a, b) ((vector)_mm256_unpackhi_epi64((__m256i)(a), (__m256i)(b)))
#define vector		  u64x4
#include "poly1305.inc"

#define TARGET		  __attribute__((target("avx512f")))
#define LANES		  8
#define NAME(name)	  name##_avx512
#define MULTIPLY32(a, b)  ((vector)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#define UNPACK_LOW(a, b)  ((vector)_mm512_unpacklo_epi64((__m512i)(a), (__m512i)(b)))
#define UNPACK_HIGH(a, b) ((vector)_mm512_unpackhi_epi64((__m512i)(a), (__m512i)(b)))
#define vector		  u64x8
#include "poly1305.inc"

#endif
