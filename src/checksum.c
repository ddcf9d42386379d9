/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum.
 *
 * One's complement sums do not mind in which byte order the 16-bit words are added (RFC 1071, 2B),
 * nor whether two of them are added as one 32-bit number: 2^16 is 1 modulo 0xffff. So the data is
 * added as 32-bit halves of native 64-bit words, where the carries gather in the upper half of each
 * accumulator. The vectors are written out, in the extension that gcc and clang share, since whether
 * a plain loop becomes vectors depends on the compiler and on -O3; where the processor has none they
 * become the plain loop.
 */
#include "checksum.h"

#include <string.h>

#define IPV4_ADDRESSES_AT 12
#define IPV6_ADDRESSES_AT 8

typedef uint64_t vector __attribute__((vector_size(16)));

#define LOW_HALVES 0xffffffff

/* What is left of a run of vectors: fewer than 32 bytes. */
static inline uint64_t add_tail(uint64_t sum, const uint8_t *data, size_t len)
{
	uint32_t word;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum += word;
	}
	word = 0;
	switch (len) { /* constant sizes: these become loads */
	case 3:
		memcpy(&word, data, 3);
		break;
	case 2:
		memcpy(&word, data, 2);
		break;
	case 1:
		memcpy(&word, data, 1);
		break;
	default:
		break;
	}
	return sum + word;
}

/* @dst is a constant NULL, or where the data goes as well. */
static inline __attribute__((always_inline)) uint64_t add(uint64_t sum, uint8_t *dst,
							  const uint8_t *data, size_t len)
{
	vector a = {0}, b = {0}, c = {0}, d = {0}, x, y;

	for (; len >= 2 * sizeof(vector); len -= 2 * sizeof(vector)) {
		memcpy(&x, data, sizeof(x));
		memcpy(&y, data + sizeof(x), sizeof(y));
		data += 2 * sizeof(vector);
		if (dst) {
			memcpy(dst, &x, sizeof(x));
			memcpy(dst + sizeof(x), &y, sizeof(y));
			dst += 2 * sizeof(vector);
		}
		a += x & LOW_HALVES;
		b += x >> 32;
		c += y & LOW_HALVES;
		d += y >> 32;
	}
	if (dst)
		memcpy(dst, data, len);
	a += b + c + d;
	return add_tail(sum + a[0] + a[1], data, len);
}

uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t len)
{
	return add(sum, NULL, data, len);
}

uint64_t checksum_copy(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t len)
{
	return add(sum, dst, src, len);
}

uint64_t checksum_pseudo(const uint8_t *ip, uint8_t proto, uint32_t len)
{
	uint64_t sum = checksum_add32(checksum_add16(0, proto), len);

	if (ip[0] >> 4 == 6)
		return checksum_add(sum, ip + IPV6_ADDRESSES_AT, 32);
	return checksum_add(sum, ip + IPV4_ADDRESSES_AT, 8);
}
