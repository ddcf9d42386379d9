/* SPDX-License-Identifier: MIT */
/*
 * Large integers as one learns them at school, digit by digit, to hold the fast code against: slow,
 * with branches, and plain enough to be believed. Moduli are 2^bits - c.
 */
#ifndef BIG_H
#define BIG_H

#include <stdint.h>
#include <string.h>

#define BIG_DIGITS 36

/* Digits of 16 bits, the lowest first. */
struct big {
	uint32_t digit[BIG_DIGITS];
};

static inline struct big big_small(uint32_t v)
{
	return (struct big){{v & 0xffff, v >> 16}};
}

static inline struct big big_load(const uint8_t *bytes, size_t len)
{
	struct big x = {{0}};

	for (size_t i = 0; i < len; i++)
		x.digit[i / 2] |= (uint32_t)bytes[i] << i % 2 * 8;
	return x;
}

static inline void big_store(uint8_t *bytes, size_t len, struct big x)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(x.digit[i / 2] >> i % 2 * 8);
}

static inline struct big big_add(struct big a, struct big b)
{
	uint32_t carry = 0;

	for (size_t i = 0; i < BIG_DIGITS; i++) {
		carry += a.digit[i] + b.digit[i];
		a.digit[i] = carry & 0xffff;
		carry >>= 16;
	}
	return a;
}

/* a - b, for a >= b */
static inline struct big big_subtract(struct big a, struct big b)
{
	uint32_t borrow = 0;

	for (size_t i = 0; i < BIG_DIGITS; i++) {
		uint32_t d = a.digit[i] + 0x10000 - b.digit[i] - borrow;

		a.digit[i] = d & 0xffff;
		borrow = !(d >> 16);
	}
	return a;
}

static inline int big_less(struct big a, struct big b)
{
	for (size_t i = BIG_DIGITS; i-- > 0;)
		if (a.digit[i] != b.digit[i])
			return a.digit[i] < b.digit[i];
	return 0;
}

/* The product, cut off at BIG_DIGITS. */
static inline struct big big_multiply(struct big a, struct big b)
{
	struct big x = {{0}};

	for (size_t i = 0; i < BIG_DIGITS; i++) {
		uint32_t carry = 0;

		if (a.digit[i] == 0)
			continue;
		for (size_t j = 0; i + j < BIG_DIGITS; j++) {
			carry += a.digit[i] * b.digit[j] + x.digit[i + j];
			x.digit[i + j] = carry & 0xffff;
			carry >>= 16;
		}
	}
	return x;
}

/* 2^bits */
static inline struct big big_power_of_2(unsigned bits)
{
	struct big x = {{0}};

	x.digit[bits / 16] = 1u << bits % 16;
	return x;
}

/* Split at @bits: the upper part is returned, the lower one stays. */
static inline struct big big_split(struct big *x, unsigned bits)
{
	struct big high = {{0}};

	for (size_t i = bits / 16; i < BIG_DIGITS; i++) {
		uint32_t next = i + 1 < BIG_DIGITS ? x->digit[i + 1] : 0;

		high.digit[i - bits / 16] = (x->digit[i] | next << 16) >> bits % 16 & 0xffff;
	}
	x->digit[bits / 16] &= (1u << bits % 16) - 1;
	for (size_t i = bits / 16 + 1; i < BIG_DIGITS; i++)
		x->digit[i] = 0;
	return high;
}

/* x modulo 2^bits - c */
static inline struct big big_mod(struct big x, unsigned bits, uint32_t c)
{
	const struct big p = big_subtract(big_power_of_2(bits), big_small(c));

	while (!big_less(x, big_power_of_2(bits))) {
		struct big high = big_split(&x, bits);

		x = big_add(x, big_multiply(big_small(c), high));
	}
	return big_less(x, p) ? x : big_subtract(x, p);
}

#endif
