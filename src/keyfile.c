/* SPDX-License-Identifier: MIT */
/*
 * The text of a key file. Digits are worked out with masks: a table's cache lines, or a branch, would
 * tell of the key to who shares the CPU.
 */
#include "keyfile.h"

#include "wipe.h"

#define NDIGITS (KEYFILE_LINE_LEN - 1) /* and then one "=" */

/* 32 bytes are 256 bits, 43 digits have 258. */
#define SPARE_BITS (6 * NDIGITS - 8 * KEYFILE_KEY_LEN)
_Static_assert(SPARE_BITS == 2, "one \"=\" at the end");

/* All ones when a <= b, else zero; both below 2^31. */
static uint32_t mask_le(uint32_t a, uint32_t b)
{
	uint32_t is_greater = (b - a) >> 31;

	CRYPTO_OPAQUE(is_greater);
	return is_greater - 1;
}

static uint32_t mask_between(uint32_t low, uint32_t v, uint32_t high)
{
	return mask_le(low, v) & mask_le(v, high);
}

/* What a digit stands for, 0..63; @bad gets bits when it is none. */
static uint32_t digit_value(char digit, uint32_t *bad)
{
	const uint32_t c = (uint8_t)digit;
	const uint32_t upper = mask_between('A', c, 'Z'), lower = mask_between('a', c, 'z');
	const uint32_t number = mask_between('0', c, '9');
	const uint32_t plus = mask_between('+', c, '+'), slash = mask_between('/', c, '/');

	*bad |= ~(upper | lower | number | plus | slash);
	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (number & (c - '0' + 52)) |
	       (plus & 62) | (slash & 63);
}

static char digit_of(uint32_t v)
{
	/* each range begins so much further on, or back, than the one before would go on */
	return (char)('A' + v + (mask_le(26, v) & ('a' - 'A' - 26)) -
		      (mask_le(52, v) & ('a' + 26 - '0')) - (mask_le(62, v) & ('0' + 10 - '+')) +
		      (mask_le(63, v) & ('/' - '+' - 1)));
}

static size_t line_len(const char *text, size_t len)
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	else
		return len;
	return len > 0 && text[len - 1] == '\r' ? len - 1 : len;
}

static enum keyfile_fault decode(uint8_t key[static KEYFILE_KEY_LEN], const char *line)
{
	uint32_t bits = 0, bad = 0, any = 0;
	unsigned nbits = 0; /* so many of the last bits are not yet written */
	size_t n = 0;

	for (size_t i = 0; i < NDIGITS; i++) {
		bits = bits << 6 | digit_value(line[i], &bad);
		nbits += 6;
		if (nbits < 8)
			continue;
		nbits -= 8;
		key[n] = (uint8_t)(bits >> nbits);
		any |= key[n++];
	}
	bits &= (1 << SPARE_BITS) - 1;
	/* Only whether they are zero is used, and that is the verdict. */
	CRYPTO_PUBLIC(&bad, sizeof(bad));
	CRYPTO_PUBLIC(&bits, sizeof(bits));
	CRYPTO_PUBLIC(&any, sizeof(any));
	if (bad || line[NDIGITS] != '=')
		return KEYFILE_NOT_BASE64;
	if (bits)
		return KEYFILE_NOT_CANONICAL;
	return any ? KEYFILE_OK : KEYFILE_ALL_ZERO;
}

enum keyfile_fault keyfile_parse(uint8_t key[static KEYFILE_KEY_LEN], const char *text, size_t len)
{
	enum keyfile_fault fault;

	len = line_len(text, len);
	if (len == 0)
		fault = KEYFILE_EMPTY;
	else if (len < KEYFILE_LINE_LEN)
		fault = KEYFILE_TOO_SHORT;
	else if (len > KEYFILE_LINE_LEN)
		fault = KEYFILE_TOO_LONG;
	else
		fault = decode(key, text);
	if (fault != KEYFILE_OK)
		crypto_wipe(key, KEYFILE_KEY_LEN);
	return fault;
}

void keyfile_format(char line[static KEYFILE_LINE_LEN], const uint8_t key[static KEYFILE_KEY_LEN])
{
	uint32_t bits = 0;
	unsigned nbits = 0;
	size_t n = 0;

	for (size_t i = 0; i < KEYFILE_KEY_LEN; i++) {
		bits = bits << 8 | key[i];
		for (nbits += 8; nbits >= 6; nbits -= 6)
			line[n++] = digit_of(bits >> (nbits - 6) & 63);
	}
	line[n++] = digit_of(bits << SPARE_BITS & 63);
	line[n] = '=';
}

const char *keyfile_fault_text(enum keyfile_fault fault)
{
	static const char *const text[] = {
		[KEYFILE_OK] = "nothing is wrong",
		[KEYFILE_EMPTY] = "is empty; fill it with the output of tunnel --genkey",
		[KEYFILE_TOO_SHORT] =
			"is too short for a key of 44 characters; copy the whole line, or "
			"make a new key with tunnel --genkey",
		[KEYFILE_TOO_LONG] =
			"has more than the 44 characters of a key; leave nothing in it but "
			"the one line that tunnel --genkey prints",
		[KEYFILE_NOT_BASE64] =
			"has characters that are not base64, or no \"=\" at the end; copy "
			"it again, or make a new key with tunnel --genkey",
		[KEYFILE_NOT_CANONICAL] =
			"has a last digit that no program writes, so it was changed on "
			"the way; copy it again",
		[KEYFILE_ALL_ZERO] =
			"is a key of zeros, which anyone can guess; make one with tunnel "
			"--genkey",
	};
	_Static_assert(sizeof(text) / sizeof(text[0]) == KEYFILE_NFAULTS, "a text for each fault");

	return text[fault];
}
