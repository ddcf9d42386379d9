/* SPDX-License-Identifier: MIT */
/*
 * Slow and simple: what the tests of the fast modules compare them with. Nothing here comes from the
 * modules under test but constants.
 */
#ifndef SLOW_H
#define SLOW_H

#include <stddef.h>
#include <stdint.h>

/* RFC 1071 word by word: the one's complement sum of @start and the data, folded. */
static inline uint16_t slow_sum(uint16_t start, const uint8_t *data, size_t len)
{
	uint32_t sum = start;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* A reproducible stream of numbers (xorshift32); the seed is not 0. */
static inline uint32_t slow_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed >> 3;
}

#endif
