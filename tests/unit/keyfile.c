/* SPDX-License-Identifier: MIT */
/* The text of key files. */
#include "keyfile.h"

#include "unit.h"
#include "vectors.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 00 01 02 .. 1f, written by another program (base64 of coreutils) */
static const char counting[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

static enum keyfile_fault parse(const char *text)
{
	uint8_t key[32];

	return keyfile_parse(key, text, strlen(text));
}

TEST(keyfile_reads_what_another_program_wrote_and_writes_the_same)
{
	uint8_t key[32];
	char line[KEYFILE_LINE_LEN];

	CHECK(keyfile_parse(key, counting, 44) == KEYFILE_OK);
	for (size_t i = 0; i < sizeof(key); i++)
		CHECK(key[i] == i);
	keyfile_format(line, key);
	CHECK(!memcmp(line, counting, sizeof(line)));
}

/* Base64 as one writes it when nobody listens. */
static void encode_plainly(char *line, const uint8_t *key)
{
	for (size_t i = 0; i < 43; i++) {
		unsigned v = 0;

		for (size_t bit = 6 * i; bit < 6 * i + 6; bit++)
			v = v << 1 |
			    (bit < 256 ? (unsigned)key[bit / 8] >> (7 - bit % 8) & 1u : 0u);
		line[i] = digits[v];
	}
	line[43] = '=';
}

TEST(keyfile_random_keys_survive_the_round_trip)
{
	uint8_t key[32], back[32];
	char line[KEYFILE_LINE_LEN], want[KEYFILE_LINE_LEN];
	uint64_t seed = 1;

	for (int i = 0; i < 2000; i++) {
		if (i % 2)
			extreme_bytes(&seed, key, sizeof(key));
		else
			random_bytes(&seed, key, sizeof(key));
		key[i % 32] |= 1;
		keyfile_format(line, key);
		encode_plainly(want, key);
		CHECK(!memcmp(line, want, sizeof(line)));
		CHECK(keyfile_parse(back, line, sizeof(line)) == KEYFILE_OK);
		CHECK(!memcmp(back, key, sizeof(key)));
	}
}

TEST(keyfile_line_may_end_in_lf_or_cr_lf_or_not_at_all)
{
	static const char *const good[] = {"", "\n", "\r\n"};
	static const char *const bad[] = {"\r", " ", "\n\n", " \n", "\n\r", "\r\r\n", "\nx"};
	char text[64];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", counting, good[i]);
		CHECK(parse(text) == KEYFILE_OK);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", counting, bad[i]);
		CHECK(parse(text) == KEYFILE_TOO_LONG);
	}
}

TEST(keyfile_length_is_44_and_no_other)
{
	char text[101];
	uint8_t key[32];

	memset(text, 'B', sizeof(text));
	for (size_t len = 0; len <= 100; len++) {
		enum keyfile_fault fault = keyfile_parse(key, text, len);

		CHECK(fault == (len == 0   ? KEYFILE_EMPTY
				: len < 44 ? KEYFILE_TOO_SHORT
				: len > 44 ? KEYFILE_TOO_LONG
					   : KEYFILE_NOT_BASE64));
	}
	CHECK(parse("\n") == KEYFILE_EMPTY && parse("\r\n") == KEYFILE_EMPTY);
}

TEST(keyfile_each_byte_at_each_place_is_a_digit_or_refused)
{
	char text[KEYFILE_LINE_LEN];
	uint8_t key[32];

	for (size_t at = 0; at < 43; at++) {
		for (int c = 0; c < 256; c++) {
			const char *digit = c ? strchr(digits, c) : NULL;
			enum keyfile_fault fault, want = KEYFILE_NOT_BASE64;

			memcpy(text, counting, sizeof(text));
			text[at] = (char)c;
			if (digit)
				want = at == 42 && (digit - digits) % 4 ? KEYFILE_NOT_CANONICAL
									: KEYFILE_OK;
			fault = keyfile_parse(key, text, sizeof(text));
			CHECK(fault == want);
			CHECK(fault == KEYFILE_OK || !memcmp(key, (const uint8_t[32]){0}, 32));
		}
	}
	for (int c = 0; c < 256; c++) {
		memcpy(text, counting, sizeof(text));
		text[43] = (char)c;
		CHECK((keyfile_parse(key, text, 44) == KEYFILE_OK) == (c == '='));
	}
}

TEST(keyfile_key_of_zeros_is_refused)
{
	CHECK(parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=") == KEYFILE_ALL_ZERO);
	CHECK(parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=") == KEYFILE_NOT_CANONICAL);
	CHECK(parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=") == KEYFILE_OK);
}

TEST(keyfile_every_fault_says_what_to_do)
{
	for (int fault = KEYFILE_OK + 1; fault < KEYFILE_NFAULTS; fault++) {
		const char *text = keyfile_fault_text((enum keyfile_fault)fault);

		CHECK(strstr(text, "--genkey") || strstr(text, "copy"));
	}
}
