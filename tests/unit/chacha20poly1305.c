/* SPDX-License-Identifier: MIT */
/* The AEAD: the vectors of RFC 8439, each path against a plain one, and everything open refuses. */
#include "chacha20poly1305.h"

#include "chacha20.h"
#include "poly1305.h"
#include "unit.h"
#include "vectors.h"

#define TAG_LEN	     CHACHA20POLY1305_TAG_LEN
#define TEXT_LEN_MAX 20480

static uint8_t text[TEXT_LEN_MAX + 32], want[TEXT_LEN_MAX + TAG_LEN], aad[64], key[32];
static uint8_t sealed[TEXT_LEN_MAX + 256], opened[TEXT_LEN_MAX + 256];

/* Section 2.8 word by word, with any 96-bit nonce. */
static void reference_seal(uint8_t *dst, const uint8_t nonce[12], size_t aad_len, size_t len)
{
	static uint8_t mac_data[TEXT_LEN_MAX + 128];
	uint8_t one_time_key[32] = {0};
	struct chacha20 c;
	struct poly1305 p;
	size_t at = 0;

	chacha20_init(&c, key, 0, nonce);
	chacha20_xor_portable(one_time_key, one_time_key, 32, &c);
	chacha20_xor_portable(dst, text, len, &c);
	memset(mac_data, 0, sizeof(mac_data));
	memcpy(mac_data, aad, aad_len);
	at += (aad_len + 15) / 16 * 16;
	memcpy(mac_data + at, dst, len);
	at += (len + 15) / 16 * 16;
	for (size_t i = 0; i < 4; i++) { /* both lengths are below 2^32 here */
		mac_data[at + i] = (uint8_t)(aad_len >> 8 * i);
		mac_data[at + 8 + i] = (uint8_t)(len >> 8 * i);
	}
	poly1305_init(&p, one_time_key);
	poly1305_blocks_portable(&p, mac_data, at / 16 + 1);
	poly1305_finish(&p, dst + len, NULL, 0);
}

TEST(aead_rfc8439_section_2_8_2_holds_for_the_reference)
{
	static const char plain[] = "Ladies and Gentlemen of the class of '99: If I could offer "
				    "you only one tip for the future, sunscreen would be it.";
	uint8_t nonce[12];

	memcpy(text, plain, 114);
	hex_bytes(nonce, 12, "070000004041424344454647");
	hex_bytes(key, 32, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
	hex_bytes(aad, 12, "50515253c0c1c2c3c4c5c6c7");
	reference_seal(want, nonce, 12, 114);
	CHECK(hex_equal(want, 130,
			"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
			"3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
			"92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
			"3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"));
}

/* All paths there are, one after the other; the fastest stays selected. */
static int select_path(int path)
{
	return chacha20poly1305_select((enum chacha20poly1305_path)path);
}

TEST(aead_rfc8439_appendix_a_5)
{
	static const char plain[] =
		"Internet-Drafts are draft documents valid for a maximum of six months and may be "
		"updated, replaced, or obsoleted by other documents at any time. It is "
		"inappropriate to use Internet-Drafts as reference material or to cite them other "
		"than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
	static const char ciphertext_and_tag[] =
		"64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
		"4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
		"332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
		"9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
		"b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
		"af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
		"0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
		"49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
		"a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38";
	const uint64_t counter = 0x0807060504030201; /* the nonce is 00000000 0102030405060708 */

	hex_bytes(key, 32, "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0");
	hex_bytes(aad, 12, "f33388860000000000004e91");
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++) {
		if (!select_path(path))
			continue;
		CHECK(sizeof(plain) - 1 == 265);
		chacha20poly1305_seal(sealed, key, counter, aad, 12, (const uint8_t *)plain, 265);
		CHECK(hex_equal(sealed, 281, ciphertext_and_tag));
		CHECK(chacha20poly1305_open(opened, key, counter, aad, 12, sealed, 281));
		CHECK(memcmp(opened, plain, 265) == 0);
	}
}

/* Seal and open on the selected path, apart and in place; the bytes around stay as they are. */
static void check_length(size_t len, size_t aad_len, size_t align)
{
	uint64_t counter = 0x0102030405060708u * (len + 1);
	uint8_t nonce[12] = {0}, *s = sealed + 64 + align, *o = opened + 64 + (align * 5) % 16;
	size_t sealed_len = len + TAG_LEN;

	for (size_t i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(counter >> 8 * i);
	reference_seal(want, nonce, aad_len, len);

	memset(sealed, 0x5a, len + 256);
	chacha20poly1305_seal(s, key, counter, aad, aad_len, text, len);
	CHECK(memcmp(s, want, sealed_len) == 0);
	memset(opened, 0x5a, len + 256);
	CHECK(chacha20poly1305_open(o, key, counter, aad, aad_len, s, sealed_len));
	CHECK(memcmp(o, text, len) == 0);
	CHECK(memcmp(s, want, sealed_len) == 0);
	for (size_t i = 0; i < 64; i++) {
		CHECK(sealed[i] == 0x5a && s[sealed_len + i] == 0x5a);
		CHECK(opened[i] == 0x5a && o[len + i] == 0x5a);
	}

	chacha20poly1305_seal(o, key, counter, aad, aad_len, o, len);
	CHECK(memcmp(o, want, sealed_len) == 0);
	CHECK(chacha20poly1305_open(o, key, counter, aad, aad_len, o, sealed_len));
	CHECK(memcmp(o, text, len) == 0);
	CHECK(memcmp(o + len, want + len, TAG_LEN) == 0);
}

TEST(aead_each_path_at_all_lengths_and_alignments_in_place_and_apart)
{
	static const size_t lens[] = {0, 1, 16, 191, 192, 447, 959, 960, 961, 1420, 1984, 2001};
	uint64_t seed = 1;

	random_bytes(&seed, key, sizeof(key));
	random_bytes(&seed, aad, sizeof(aad));
	random_bytes(&seed, text, sizeof(text));
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++) {
		if (!select_path(path))
			continue;
		for (size_t len = 0; len <= 1100; len++)
			check_length(len, len % 7 ? 0 : len % sizeof(aad), 0);
		for (size_t len = 1101; len <= TEXT_LEN_MAX; len += 1009)
			check_length(len, len % sizeof(aad), len % 16);
		check_length(TEXT_LEN_MAX, 0, 0);
		for (size_t aad_len = 0; aad_len <= sizeof(aad); aad_len++)
			check_length(50, aad_len, 0);
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			for (size_t align = 0; align < 16; align++)
				check_length(lens[i], 3, align);
	}
}

TEST(aead_takes_null_for_what_is_empty)
{
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++) {
		if (!select_path(path))
			continue;
		chacha20poly1305_seal(sealed, key, 1, NULL, 0, NULL, 0);
		CHECK(chacha20poly1305_open(NULL, key, 1, NULL, 0, sealed, TAG_LEN));
		sealed[3] ^= 1;
		CHECK(!chacha20poly1305_open(NULL, key, 1, NULL, 0, sealed, TAG_LEN));
	}
}

/* Refused, and not a byte written, neither to a place apart nor in place. */
static void check_refused(uint64_t counter, size_t aad_len, size_t sealed_len)
{
	static uint8_t before[sizeof(sealed)];

	memset(opened, 0x5a, sealed_len + 64);
	CHECK(!chacha20poly1305_open(opened + 32, key, counter, aad, aad_len, sealed, sealed_len));
	for (size_t i = 0; i < sealed_len + 64; i++)
		CHECK(opened[i] == 0x5a);
	memcpy(before, sealed, sealed_len + 32);
	CHECK(!chacha20poly1305_open(sealed, key, counter, aad, aad_len, sealed, sealed_len));
	CHECK(memcmp(before, sealed, sealed_len + 32) == 0);
}

static void check_all_flips(size_t len, size_t aad_len, size_t step)
{
	const uint64_t counter = 0x8000000100000001;
	const size_t sealed_len = len + TAG_LEN;

	memset(sealed, 0, sealed_len + 32);
	chacha20poly1305_seal(sealed, key, counter, aad, aad_len, text, len);
	for (size_t bit = 0; bit < 8 * sealed_len; bit += step) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_refused(counter, aad_len, sealed_len);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * aad_len; bit++) {
		aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_refused(counter, aad_len, sealed_len);
		aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 256; bit++) {
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_refused(counter, aad_len, sealed_len);
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (int bit = 0; bit < 64; bit++)
		check_refused(counter ^ (uint64_t)1 << bit, aad_len, sealed_len);
	for (size_t other = 0; other < sealed_len; other++)
		check_refused(counter, aad_len, other);
	check_refused(counter, aad_len, sealed_len + 1);
	for (size_t other = 0; other < sizeof(aad); other++)
		if (other != aad_len)
			check_refused(counter, other, sealed_len);
	CHECK(chacha20poly1305_open(opened, key, counter, aad, aad_len, sealed, sealed_len));
}

TEST(aead_open_refuses_each_flipped_bit_and_other_length_and_writes_nothing)
{
	uint64_t seed = 2;

	random_bytes(&seed, key, sizeof(key));
	random_bytes(&seed, text, sizeof(text));
	memset(aad, 0, sizeof(aad)); /* so that padding could be taken for data */
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++) {
		if (!select_path(path))
			continue;
		check_all_flips(37, 11, 1);
		check_all_flips(0, 0, 1);
		check_all_flips(64, 16, 1);
		check_all_flips(300, 0, 7);
	}
}

/* A tag that is wrong in nothing but one byte, for each byte and each wrong value. */
TEST(aead_open_refuses_each_wrong_byte_in_the_tag)
{
	chacha20poly1305_seal(sealed, key, 5, NULL, 0, text, 20);
	for (size_t at = 20; at < 20 + TAG_LEN; at++) {
		for (unsigned x = 1; x < 256; x++) {
			sealed[at] ^= (uint8_t)x;
			CHECK(!chacha20poly1305_open(opened, key, 5, NULL, 0, sealed, 36));
			sealed[at] ^= (uint8_t)x;
		}
	}
	CHECK(chacha20poly1305_open(opened, key, 5, NULL, 0, sealed, 36));
}

TEST(aead_the_fastest_path_is_the_last_that_can_be_selected)
{
	int last = CHACHA20POLY1305_PORTABLE;

	CHECK(select_path(CHACHA20POLY1305_PORTABLE));
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++)
		if (select_path(path))
			last = path;
	CHECK(chacha20poly1305_select_fastest() == (enum chacha20poly1305_path)last);
	CHECK_TEXT(chacha20poly1305_path_name(CHACHA20POLY1305_PORTABLE), "portable");
	CHECK_TEXT(chacha20poly1305_path_name(CHACHA20POLY1305_AVX2), "avx2");
	CHECK_TEXT(chacha20poly1305_path_name(CHACHA20POLY1305_AVX512), "avx512");
}
