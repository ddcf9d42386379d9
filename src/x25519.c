/* SPDX-License-Identifier: MIT */
/*
 * X25519, RFC 7748 section 5: a Montgomery ladder over the field of 2^255 - 19.
 *
 * A field element is a sum of limbs, five of 51 bits or, without 128-bit integers, ten of 26 and 25
 * bits in turn. Limbs may be a little too large, and an element need not be below the prime; only
 * to_bytes() reduces fully. Three degrees of "too large" make it work without overflow:
 *
 *	tidy	below 2^51 + 2^11; or 2^26 + 2^12 (even limbs), 2^25 + 2^12 (odd limbs)
 *	sum	tidy + tidy, below twice that
 *	diff	tidy - tidy + 2p, below three times that and never negative
 *
 * multiply(), square() and times_a24() take any of the three and make tidy ones; add() and subtract()
 * take tidy ones only. The ladder and the inversion keep to that.
 *
 * No branch or index depends on a secret; what is chosen by a secret bit is chosen by a mask.
 */
#include "x25519.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

/* X25519_LIMBS32 can be defined to test the code for machines without 128-bit integers. */
#if !defined(__SIZEOF_INT128__) && !defined(X25519_LIMBS32)
#define X25519_LIMBS32 1
#endif

#define A24 121665 /* (486662 - 2) / 4 */

#ifndef X25519_LIMBS32

typedef unsigned __int128 u128;
typedef uint64_t limb_t;

#define NLIMBS 5
#define LIMB51 (((uint64_t)1 << 51) - 1)

struct element {
	limb_t limb[NLIMBS];
};

/* 2p, limb by limb: each larger than any tidy limb. */
static const limb_t two_p[NLIMBS] = {2 * (LIMB51 - 18), 2 * LIMB51, 2 * LIMB51, 2 * LIMB51,
				     2 * LIMB51};

/* Bit 255 falls off, as section 5 has it. */
static void from_bytes(struct element *e, const uint8_t bytes[static X25519_LEN])
{
	e->limb[0] = le64_load(bytes) & LIMB51;
	e->limb[1] = le64_load(bytes + 6) >> 3 & LIMB51;
	e->limb[2] = le64_load(bytes + 12) >> 6 & LIMB51;
	e->limb[3] = le64_load(bytes + 19) >> 1 & LIMB51;
	e->limb[4] = le64_load(bytes + 24) >> 12 & LIMB51;
}

/*
 * Tidy element to the one number below p. It is below 2p, so p fits once or not at all, and it does
 * exactly when adding 19 reaches 2^255; subtracting p is adding 19 and dropping bit 255.
 */
static void to_bytes(uint8_t bytes[static X25519_LEN], const struct element *e)
{
	limb_t l[NLIMBS], carry = 19;

	for (size_t i = 0; i < NLIMBS; i++)
		carry = (e->limb[i] + carry) >> 51;
	carry *= 19;
	for (size_t i = 0; i < NLIMBS; i++) {
		l[i] = e->limb[i] + carry;
		carry = l[i] >> 51;
		l[i] &= LIMB51;
	}
	le64_store(bytes, l[0] | l[1] << 51);
	le64_store(bytes + 8, l[1] >> 13 | l[2] << 38);
	le64_store(bytes + 16, l[2] >> 26 | l[3] << 25);
	le64_store(bytes + 24, l[3] >> 39 | l[4] << 12);
	crypto_wipe(l, sizeof(l));
}

/*
 * Carry sums of products to tidy limbs. Limbs of factors are below 2^52.6 ("diff"), the sums below
 * 5 * 19 * 2^105.2 < 2^111.8, so each carry fits 64 bits. The last sum has no factor of 19: it and its
 * carry are below 2^107.6 and 2^56.6, 19 times that is below 2^60.9, and limb 1 gets less than 2^10.
 */
static inline void carry_products(struct element *e, u128 d0, u128 d1, u128 d2, u128 d3, u128 d4)
{
	uint64_t l0;

	d1 += (uint64_t)(d0 >> 51);
	d2 += (uint64_t)(d1 >> 51);
	d3 += (uint64_t)(d2 >> 51);
	d4 += (uint64_t)(d3 >> 51);
	l0 = ((uint64_t)d0 & LIMB51) + 19 * (uint64_t)(d4 >> 51);
	e->limb[0] = l0 & LIMB51;
	e->limb[1] = ((uint64_t)d1 & LIMB51) + (l0 >> 51);
	e->limb[2] = (uint64_t)d2 & LIMB51;
	e->limb[3] = (uint64_t)d3 & LIMB51;
	e->limb[4] = (uint64_t)d4 & LIMB51;
}

/* e = a * b; what belongs above bit 255 comes back 19 times at the bottom */
static void multiply(struct element *e, const struct element *a, const struct element *b)
{
	const uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3];
	const uint64_t a4 = a->limb[4];
	const uint64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3];
	const uint64_t b4 = b->limb[4];
	const uint64_t b1_19 = 19 * b1, b2_19 = 19 * b2, b3_19 = 19 * b3, b4_19 = 19 * b4;
	u128 d0 = (u128)a0 * b0 + (u128)a1 * b4_19 + (u128)a2 * b3_19 + (u128)a3 * b2_19 +
		  (u128)a4 * b1_19;
	u128 d1 = (u128)a0 * b1 + (u128)a1 * b0 + (u128)a2 * b4_19 + (u128)a3 * b3_19 +
		  (u128)a4 * b2_19;
	u128 d2 =
		(u128)a0 * b2 + (u128)a1 * b1 + (u128)a2 * b0 + (u128)a3 * b4_19 + (u128)a4 * b3_19;
	u128 d3 = (u128)a0 * b3 + (u128)a1 * b2 + (u128)a2 * b1 + (u128)a3 * b0 + (u128)a4 * b4_19;
	u128 d4 = (u128)a0 * b4 + (u128)a1 * b3 + (u128)a2 * b2 + (u128)a3 * b1 + (u128)a4 * b0;

	carry_products(e, d0, d1, d2, d3, d4);
}

/* e = a^2; the doubled limbs are below 2^53.6, what they are multiplied with below 2^56.9 */
static void square(struct element *e, const struct element *a)
{
	const uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3];
	const uint64_t a4 = a->limb[4];
	const uint64_t a0_2 = 2 * a0, a1_2 = 2 * a1, a2_2 = 2 * a2;
	const uint64_t a3_19 = 19 * a3, a4_19 = 19 * a4;
	u128 d0 = (u128)a0 * a0 + (u128)a1_2 * a4_19 + (u128)a2_2 * a3_19;
	u128 d1 = (u128)a0_2 * a1 + (u128)a2_2 * a4_19 + (u128)a3 * a3_19;
	u128 d2 = (u128)a0_2 * a2 + (u128)a1 * a1 + (u128)(2 * a3) * a4_19;
	u128 d3 = (u128)a0_2 * a3 + (u128)a1_2 * a2 + (u128)a4 * a4_19;
	u128 d4 = (u128)a0_2 * a4 + (u128)a1_2 * a3 + (u128)a2 * a2;

	carry_products(e, d0, d1, d2, d3, d4);
}

static void times_a24(struct element *e, const struct element *a)
{
	carry_products(e, (u128)a->limb[0] * A24, (u128)a->limb[1] * A24, (u128)a->limb[2] * A24,
		       (u128)a->limb[3] * A24, (u128)a->limb[4] * A24);
}

#else

typedef uint32_t limb_t;

#define NLIMBS	 10
#define BITS(i)	 ((i) % 2 ? 25 : 26)
#define LIMB(i)	 (((uint32_t)1 << BITS(i)) - 1)
#define LIMB26_2 (2 * LIMB(0))
#define LIMB25_2 (2 * LIMB(1))

/* Limb i stands for limb * 2^ceil(25.5 i): bits 0, 26, 51, 77, 102, 128, 153, 179, 204, 230. */
struct element {
	limb_t limb[NLIMBS];
};

/* 2p, limb by limb: each larger than any tidy limb. */
static const limb_t two_p[NLIMBS] = {LIMB26_2 - 36, LIMB25_2, LIMB26_2, LIMB25_2, LIMB26_2,
				     LIMB25_2,	    LIMB26_2, LIMB25_2, LIMB26_2, LIMB25_2};

/* Bit 255 falls off, as section 5 has it. */
static void from_bytes(struct element *e, const uint8_t bytes[static X25519_LEN])
{
	/* the byte in which a limb begins, and the bit in that byte */
	static const uint8_t at[NLIMBS] = {0, 3, 6, 9, 12, 16, 19, 22, 25, 28};
	static const uint8_t shift[NLIMBS] = {0, 2, 3, 5, 6, 0, 1, 3, 4, 6};

	for (size_t i = 0; i < NLIMBS; i++)
		e->limb[i] = le32_load(bytes + at[i]) >> shift[i] & LIMB(i);
}

/*
 * Tidy element to the one number below p. It is below 2p, so p fits once or not at all, and it does
 * exactly when adding 19 reaches 2^255; subtracting p is adding 19 and dropping bit 255.
 */
static void to_bytes(uint8_t bytes[static X25519_LEN], const struct element *e)
{
	limb_t l[NLIMBS], carry = 19;

	for (size_t i = 0; i < NLIMBS; i++)
		carry = (e->limb[i] + carry) >> BITS(i);
	carry *= 19;
	for (size_t i = 0; i < NLIMBS; i++) {
		l[i] = e->limb[i] + carry;
		carry = l[i] >> BITS(i);
		l[i] &= LIMB(i);
	}
	le32_store(bytes, l[0] | l[1] << 26);
	le32_store(bytes + 4, l[1] >> 6 | l[2] << 19);
	le32_store(bytes + 8, l[2] >> 13 | l[3] << 13);
	le32_store(bytes + 12, l[3] >> 19 | l[4] << 6);
	le32_store(bytes + 16, l[5] | l[6] << 25);
	le32_store(bytes + 20, l[6] >> 7 | l[7] << 19);
	le32_store(bytes + 24, l[7] >> 13 | l[8] << 12);
	le32_store(bytes + 28, l[8] >> 20 | l[9] << 6);
	crypto_wipe(l, sizeof(l));
}

/*
 * Carry sums of products to tidy limbs. The sums are below 2^62.9: no overflow from a carry. The last
 * one is below 2^58, its carry below 2^33, 19 times that below 2^37.3: limb 1 gets less than 2^12.
 */
static void carry_products(struct element *e, uint64_t d[static NLIMBS])
{
	uint64_t carry = 0;

	for (size_t i = 0; i < NLIMBS; i++) {
		d[i] += carry;
		carry = d[i] >> BITS(i);
		e->limb[i] = (limb_t)d[i] & LIMB(i);
	}
	carry = e->limb[0] + 19 * carry;
	e->limb[0] = (limb_t)carry & LIMB(0);
	e->limb[1] += (limb_t)(carry >> BITS(0));
}

/*
 * e = a * b. Limb i times limb j belongs to limb i + j, twice when both are odd, since each of them
 * is half a bit above its place; from 10 on it comes back 19 times at the bottom. Limbs are below
 * 2^27.6, or odd ones 2^26.6: 19 times is below 2^31.9, and ten products below 10 * 19 * 2^55.2 < 2^62.8.
 */
static void multiply(struct element *e, const struct element *a, const struct element *b)
{
	uint32_t b_19[NLIMBS];
	uint64_t d[NLIMBS] = {0};

	for (size_t i = 0; i < NLIMBS; i++)
		b_19[i] = 19 * b->limb[i];
	for (size_t i = 0; i < NLIMBS; i++) {
		const uint32_t x = a->limb[i], x_odd = x << i % 2;

		for (size_t j = 0; j < NLIMBS; j++) {
			uint64_t product = (uint64_t)(j % 2 ? x_odd : x) *
					   (i + j < NLIMBS ? b->limb[j] : b_19[j]);

			d[(i + j) % NLIMBS] += product;
		}
	}
	carry_products(e, d);
	crypto_wipe(b_19, sizeof(b_19));
	crypto_wipe(d, sizeof(d));
}

static void square(struct element *e, const struct element *a)
{
	multiply(e, a, a);
}

static void times_a24(struct element *e, const struct element *a)
{
	uint64_t d[NLIMBS];

	for (size_t i = 0; i < NLIMBS; i++)
		d[i] = (uint64_t)a->limb[i] * A24;
	carry_products(e, d);
	crypto_wipe(d, sizeof(d));
}

#endif

static inline void add(struct element *e, const struct element *a, const struct element *b)
{
	for (size_t i = 0; i < NLIMBS; i++)
		e->limb[i] = a->limb[i] + b->limb[i];
}

static inline void subtract(struct element *e, const struct element *a, const struct element *b)
{
	for (size_t i = 0; i < NLIMBS; i++)
		e->limb[i] = a->limb[i] + two_p[i] - b->limb[i];
}

/* Exchange @a and @b when @bit is 1, not when it is 0. */
static inline void swap_if(uint32_t bit, struct element *a, struct element *b)
{
	limb_t mask = (limb_t)0 - bit;

	CRYPTO_OPAQUE(mask);
	for (size_t i = 0; i < NLIMBS; i++) {
		limb_t difference = (a->limb[i] ^ b->limb[i]) & mask;

		a->limb[i] ^= difference;
		b->limb[i] ^= difference;
	}
}

/* e = a^(2^n) * b */
static void power_and_multiply(struct element *e, const struct element *a, int n,
			       const struct element *b)
{
	struct element t = *a;

	while (n-- > 0)
		square(&t, &t);
	multiply(e, &t, b);
	crypto_wipe(&t, sizeof(t));
}

/*
 * e = 1/z = z^(p-2), and 0 for 0. p - 2 = 2^255 - 21 = (2^250 - 1) * 2^5 + 11. Called x[n] here is
 * z^(2^n - 1), and x[a+b] = x[a]^(2^b) * x[b].
 */
static void invert(struct element *e, const struct element *z)
{
	struct element z11, x5, x10, x50, x100, t;

	square(&t, z);			       /* z^2 */
	power_and_multiply(&x5, &t, 2, z);     /* z^9 */
	multiply(&z11, &x5, &t);	       /* z^11 */
	power_and_multiply(&x5, &z11, 1, &x5); /* z^31 */
	power_and_multiply(&x10, &x5, 5, &x5);
	power_and_multiply(&t, &x10, 10, &x10); /* x20 */
	power_and_multiply(&t, &t, 20, &t);	/* x40 */
	power_and_multiply(&x50, &t, 10, &x10);
	power_and_multiply(&x100, &x50, 50, &x50);
	power_and_multiply(&t, &x100, 100, &x100); /* x200 */
	power_and_multiply(&t, &t, 50, &x50);	   /* x250 */
	power_and_multiply(e, &t, 5, &z11);
	crypto_wipe(&z11, sizeof(z11));
	crypto_wipe(&x5, sizeof(x5));
	crypto_wipe(&x10, sizeof(x10));
	crypto_wipe(&x50, sizeof(x50));
	crypto_wipe(&x100, sizeof(x100));
	crypto_wipe(&t, sizeof(t));
}

/* What the ladder works on: two points, and the temporaries of section 5. All of it is secret. */
struct ladder {
	struct element x1, x2, z2, x3, z3;
	struct element a, aa, b, bb, e, c, d, da, cb;
};

/* One step: (x2 : z2) is doubled, (x3 : z3) becomes the sum of both. The names are the RFC's. */
static void ladder_step(struct ladder *l)
{
	add(&l->a, &l->x2, &l->z2);
	square(&l->aa, &l->a);
	subtract(&l->b, &l->x2, &l->z2);
	square(&l->bb, &l->b);
	subtract(&l->e, &l->aa, &l->bb);
	add(&l->c, &l->x3, &l->z3);
	subtract(&l->d, &l->x3, &l->z3);
	multiply(&l->da, &l->d, &l->a);
	multiply(&l->cb, &l->c, &l->b);

	add(&l->x3, &l->da, &l->cb);
	square(&l->x3, &l->x3);
	subtract(&l->z3, &l->da, &l->cb);
	square(&l->z3, &l->z3);
	multiply(&l->z3, &l->x1, &l->z3);
	multiply(&l->x2, &l->aa, &l->bb);
	times_a24(&l->z2, &l->e);
	add(&l->z2, &l->aa, &l->z2);
	multiply(&l->z2, &l->e, &l->z2);
}

/* The u-coordinate of scalar * point, zero when that has none. */
CRYPTO_NOINLINE static void scalar_multiply(uint8_t out[static X25519_LEN],
					    const uint8_t scalar[static X25519_LEN],
					    const uint8_t point[static X25519_LEN])
{
	struct ladder l = {.x2 = {{1}}, .z3 = {{1}}};
	uint8_t k[X25519_LEN];
	uint32_t swap = 0;

	memcpy(k, scalar, sizeof(k));
	k[0] &= 248;
	k[31] &= 127;
	k[31] |= 64;
	from_bytes(&l.x1, point);
	l.x3 = l.x1;
	for (int t = 254; t >= 0; t--) {
		uint32_t bit = k[t / 8] >> t % 8 & 1;

		swap ^= bit;
		swap_if(swap, &l.x2, &l.x3);
		swap_if(swap, &l.z2, &l.z3);
		swap = bit;
		ladder_step(&l);
	}
	swap_if(swap, &l.x2, &l.x3);
	swap_if(swap, &l.z2, &l.z3);
	invert(&l.z2, &l.z2);
	multiply(&l.x2, &l.x2, &l.z2);
	to_bytes(out, &l.x2);
	crypto_wipe(&l, sizeof(l));
	crypto_wipe(k, sizeof(k));
	crypto_wipe(&swap, sizeof(swap));
}

void x25519_public(uint8_t public[static X25519_LEN], const uint8_t secret[static X25519_LEN])
{
	static const uint8_t base_point[X25519_LEN] = {9};

	scalar_multiply(public, secret, base_point);
	crypto_wipe_stack();
}

bool x25519_shared(uint8_t shared[static X25519_LEN], const uint8_t secret[static X25519_LEN],
		   const uint8_t peer[static X25519_LEN])
{
	static const uint8_t zeros[X25519_LEN];

	scalar_multiply(shared, secret, peer);
	crypto_wipe_stack();
	return !crypto_equal(shared, zeros, sizeof(zeros));
}
