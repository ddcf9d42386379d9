/* SPDX-License-Identifier: MIT */
/* What the tests of the cryptography share: hexadecimal text, random and extreme bytes. */
#ifndef VECTORS_H
#define VECTORS_H

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static inline unsigned hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Bytes of @text, blanks between them allowed, up to a character that is neither; their number. */
static inline size_t hex_bytes(uint8_t *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; n < room; text += 2) {
		while (*text == ' ')
			text++;
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			break;
		out[n++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	}
	return n;
}

/* Are these bytes what the hexadecimal text says, to the last? */
static inline int hex_equal(const uint8_t *bytes, size_t len, const char *text)
{
	uint8_t want[1024];

	return hex_bytes(want, sizeof(want), text) == len && memcmp(bytes, want, len) == 0;
}

/* Knuth's 64-bit generator: the same bytes on each machine. */
static inline uint32_t random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 32);
}

static inline void random_bytes(uint64_t *seed, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(random_next(seed) >> 7);
}

/* Long runs of zeros and of ones with something between them: what makes carries go far. */
static inline void extreme_bytes(uint64_t *seed, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t run = 1 + random_next(seed) % 12;
		unsigned kind = random_next(seed) % 5;

		for (; run > 0 && i < len; run--, i++)
			out[i] = kind < 2 ? 0xff : kind == 2 ? 0 : (uint8_t)random_next(seed);
	}
}

#endif
