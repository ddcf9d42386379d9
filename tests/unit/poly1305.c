/* SPDX-License-Identifier: MIT */
/* Poly1305: the vectors of RFC 8439, and each width against school arithmetic where carries go far. */
#include "poly1305.h"

#include "big.h"
#include "chacha20poly1305.h"
#include "unit.h"
#include "vectors.h"

#define NBLOCKS_MAX 80

static const struct {
	const char *name;
	enum chacha20poly1305_path path; /* available when that is */
	void (*blocks)(struct poly1305 *p, const uint8_t *data, size_t nblocks);
} widths[] = {
	{"portable", CHACHA20POLY1305_PORTABLE, poly1305_blocks_portable},
#ifdef POLY1305_X86
	{"avx2", CHACHA20POLY1305_AVX2, poly1305_blocks_avx2},
	{"avx512", CHACHA20POLY1305_AVX512, poly1305_blocks_avx512},
#endif
};

#define NWIDTHS (sizeof(widths) / sizeof(widths[0]))

static int has_width(size_t w)
{
	int has = chacha20poly1305_select(widths[w].path);

	chacha20poly1305_select_fastest();
	return has;
}

static void mac(size_t w, uint8_t tag[16], const uint8_t key[32], const uint8_t *data, size_t len)
{
	struct poly1305 p;

	poly1305_init(&p, key);
	widths[w].blocks(&p, data, len / 16);
	poly1305_finish(&p, tag, data + len / 16 * 16, len % 16);
}

static const char any_submission[] =
	"Any submission to the IETF intended by the Contributor for publication as all or part of "
	"an IETF Internet-Draft or RFC and any statement made within the context of an IETF "
	"activity is considered an \"IETF Contribution\". Such statements include oral statements "
	"in IETF sessions, as well as written and electronic communications made at any time or "
	"place, which are addressed to";

static const char twas_brillig[] =
	"'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\nAll mimsy were the "
	"borogoves,\nAnd the mome raths outgrabe.";

#define ZERO16 "00000000000000000000000000000000"
#define ONES16 "ffffffffffffffffffffffffffffffff"
#define R36E5  "36e5f6b5c5e06070f0efca96227a863e"

/* Section 2.5.2 and appendix A.3, 1 to 11: r, s, text or hexadecimal data, tag. */
static const struct {
	const char *r, *s, *text, *data, *tag;
} vectors[] = {
	{"85d6be7857556d337f4452fe42d506a8", "0103808afb0db2fd4abff6af4149f51b",
	 "Cryptographic Forum Research Group", NULL, "a8061dc1305136c6c22b8baf0c0127a9"},
	{ZERO16, ZERO16, NULL, ZERO16 ZERO16 ZERO16 ZERO16, ZERO16},
	{ZERO16, R36E5, any_submission, NULL, R36E5},
	{R36E5, ZERO16, any_submission, NULL, "f3477e7cd95417af89a6b8794c310cf0"},
	{"1c9240a5eb55d38af333888604f6b5f0", "473917c1402b80099dca5cbc207075c0", twas_brillig, NULL,
	 "4541669a7eaaee61e708dc7cbcc5eb62"},
	{"02000000000000000000000000000000", ZERO16, NULL, ONES16,
	 "03000000000000000000000000000000"},
	{"02000000000000000000000000000000", ONES16, NULL, "02000000000000000000000000000000",
	 "03000000000000000000000000000000"},
	{"01000000000000000000000000000000", ZERO16, NULL,
	 ONES16 "f0ffffffffffffffffffffffffffffff11000000000000000000000000000000",
	 "05000000000000000000000000000000"},
	{"01000000000000000000000000000000", ZERO16, NULL,
	 ONES16 "fbfefefefefefefefefefefefefefefe01010101010101010101010101010101", ZERO16},
	{"02000000000000000000000000000000", ZERO16, NULL, "fdffffffffffffffffffffffffffffff",
	 "faffffffffffffffffffffffffffffff"},
	{"01000000000000000400000000000000", ZERO16, NULL,
	 "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000" ZERO16
	 "01000000000000000000000000000000",
	 "14000000000000005500000000000000"},
	{"01000000000000000400000000000000", ZERO16, NULL,
	 "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000" ZERO16,
	 "13000000000000000000000000000000"},
};

TEST(poly1305_rfc8439_vectors)
{
	uint8_t key[32], data[512], tag[16];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len;

		CHECK(hex_bytes(key, 16, vectors[i].r) == 16);
		CHECK(hex_bytes(key + 16, 16, vectors[i].s) == 16);
		if (vectors[i].text)
			memcpy(data, vectors[i].text, len = strlen(vectors[i].text));
		else
			len = hex_bytes(data, sizeof(data), vectors[i].data);
		for (size_t w = 0; w < NWIDTHS; w++) {
			if (!has_width(w))
				continue;
			mac(w, tag, key, data, len);
			CHECK(hex_equal(tag, 16, vectors[i].tag));
		}
	}
}

/* ---- school arithmetic ---- */

static struct big clamped_r(const uint8_t key[32])
{
	uint8_t r[16];

	memcpy(r, key, 16);
	for (size_t i = 3; i < 16; i += 4)
		r[i] &= 15;
	for (size_t i = 4; i < 16; i += 4)
		r[i] &= 252;
	return big_load(r, 16);
}

/* The accumulator after @len bytes, fully reduced. */
static struct big reference_h(const uint8_t key[32], const uint8_t *data, size_t len)
{
	struct big r = clamped_r(key), h = big_small(0);

	for (size_t n; len > 0; len -= n, data += n) {
		struct big block;

		n = len < 16 ? len : 16;
		block = big_add(big_load(data, n), big_power_of_2((unsigned)(8 * n)));
		h = big_mod(big_multiply(big_add(h, block), r), 130, 5);
	}
	return h;
}

static void reference(uint8_t tag[16], const uint8_t key[32], const uint8_t *data, size_t len)
{
	big_store(tag, 16, big_add(reference_h(key, data, len), big_load(key + 16, 16)));
}

static uint8_t data[NBLOCKS_MAX * 16 + 32];

static void check_all_widths(const uint8_t key[32], const uint8_t *bytes, size_t len)
{
	uint8_t want[16], tag[16];

	reference(want, key, bytes, len);
	for (size_t w = 0; w < NWIDTHS; w++) {
		if (!has_width(w))
			continue;
		mac(w, tag, key, bytes, len);
		CHECK(memcmp(tag, want, 16) == 0);
	}
}

TEST(poly1305_agrees_with_school_arithmetic_at_all_lengths)
{
	uint8_t key[32];
	uint64_t seed = 1;

	for (size_t len = 0; len <= 1100; len++) {
		random_bytes(&seed, key, 32);
		random_bytes(&seed, data, len);
		check_all_widths(key, data, len);
	}
}

/* Ones and zeros in long runs, in the key as well: the largest limbs there can be. */
TEST(poly1305_agrees_with_school_arithmetic_where_carries_go_far)
{
	uint8_t key[32];
	uint64_t seed = 2;

	for (int round = 0; round < 600; round++) {
		size_t len = random_next(&seed) % (NBLOCKS_MAX * 16);

		extreme_bytes(&seed, key, 32);
		extreme_bytes(&seed, data, len);
		check_all_widths(key, data, len);
	}
	memset(key, 0xff, 32);
	memset(data, 0xff, sizeof(data));
	for (size_t len = 0; len < NBLOCKS_MAX * 16; len += 8)
		check_all_widths(key, data, len);
}

/*
 * Choose the last block so that the accumulator ends at @target, if there is such a block: with
 * r = 1 each adds itself and 2^128.
 */
static int aim_last_block(const uint8_t key[32], size_t nblocks, struct big target)
{
	const struct big p = big_subtract(big_power_of_2(130), big_small(5));
	struct big before = reference_h(key, data, (nblocks - 1) * 16);
	struct big have = big_mod(big_add(before, big_power_of_2(128)), 130, 5);
	struct big block = big_mod(big_subtract(big_add(target, p), have), 130, 5);

	if (!big_less(block, big_power_of_2(128)))
		return 0;
	big_store(data + (nblocks - 1) * 16, 16, block);
	return 1;
}

TEST(poly1305_residues_around_the_prime_and_the_limbs)
{
	static const unsigned powers[] = {26, 52, 64, 78, 104, 128, 129, 130};
	uint8_t key[32] = {1};
	uint64_t seed = 3;
	int naimed = 0, ntargets = 0;

	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
		for (uint32_t off = 0; off < 13; off++) {
			struct big target = big_subtract(
				big_add(big_power_of_2(powers[i]), big_small(6)), big_small(off));

			target = big_mod(target, 130, 5);
			for (size_t nblocks = 1; nblocks < 60; nblocks += 1 + nblocks / 4) {
				ntargets++;
				for (int tries = 0; tries < 64; tries++) {
					random_bytes(&seed, data, nblocks * 16);
					memset(key + 16, off % 2 ? 0xff : 0, 16);
					if (!aim_last_block(key, nblocks, target))
						continue;
					check_all_widths(key, data, nblocks * 16);
					naimed++;
					break;
				}
			}
		}
	}
	CHECK(naimed > ntargets * 8 / 10); /* one block alone does not reach everything */
}

TEST(poly1305_in_pieces_and_mixed_widths_is_as_in_one)
{
	uint8_t key[32], want[16], tag[16];
	uint64_t seed = 4;

	for (int round = 0; round < 200; round++) {
		size_t nblocks = random_next(&seed) % NBLOCKS_MAX, at = 0, n;
		struct poly1305 p;

		extreme_bytes(&seed, key, 32);
		random_bytes(&seed, data, nblocks * 16 + 5);
		reference(want, key, data, nblocks * 16 + 5);
		poly1305_init(&p, key);
		for (; at < nblocks; at += n) {
			size_t w = random_next(&seed) % NWIDTHS;

			n = random_next(&seed) % 50;
			n = n < nblocks - at ? n : nblocks - at;
			widths[has_width(w) ? w : 0].blocks(&p, data + at * 16, n);
		}
		poly1305_finish(&p, tag, data + at * 16, 5);
		CHECK(memcmp(tag, want, 16) == 0);
	}
}

TEST(poly1305_at_every_alignment_and_wiped_at_the_end)
{
	static const struct poly1305 zeros;
	uint8_t key[32], tag[16], want[16];
	struct poly1305 p;
	uint64_t seed = 5;

	random_bytes(&seed, key, 32);
	for (size_t align = 0; align < 16; align++) {
		for (size_t w = 0; w < NWIDTHS; w++) {
			if (!has_width(w))
				continue;
			random_bytes(&seed, data, sizeof(data));
			reference(want, key, data + align, 1000);
			poly1305_init(&p, key);
			widths[w].blocks(&p, data + align, 62);
			poly1305_finish(&p, tag, data + align + 992, 8);
			CHECK(memcmp(tag, want, 16) == 0);
			CHECK(memcmp(p.h, zeros.h, sizeof(p.h)) == 0);
			CHECK(memcmp(p.r, zeros.r, sizeof(p.r)) == 0);
			CHECK(memcmp(p.s, zeros.s, sizeof(p.s)) == 0);
		}
	}
}
