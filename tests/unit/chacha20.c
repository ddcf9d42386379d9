/* SPDX-License-Identifier: MIT */
/* ChaCha20: the vectors of RFC 8439, and each width against the portable one. */
#include "chacha20.h"

#include "chacha20poly1305.h"
#include "unit.h"
#include "vectors.h"

#define TEXT_LEN_MAX 20480

static const struct {
	const char *name;
	enum chacha20poly1305_path path; /* available when that is */
	void (*xor)(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c);
} widths[] = {
	{"portable", CHACHA20POLY1305_PORTABLE, chacha20_xor_portable},
#ifdef CHACHA20_X86
	{"avx2", CHACHA20POLY1305_AVX2, chacha20_xor_avx2},
	{"avx512", CHACHA20POLY1305_AVX512, chacha20_xor_avx512},
#endif
};

#define NWIDTHS (sizeof(widths) / sizeof(widths[0]))

static int has_width(size_t w)
{
	int has = chacha20poly1305_select(widths[w].path);

	chacha20poly1305_select_fastest();
	return has;
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

static const char sunscreen[] =
	"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
	"future, sunscreen would be it.";

#define KEY_COUNTING "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_ZERO     "0000000000000000000000000000000000000000000000000000000000000000"
#define KEY_ONE	     "0000000000000000000000000000000000000000000000000000000000000001"
#define KEY_1C92     "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"

/* Sections 2.3.2 and 2.4.2, appendices A.1 and A.2; no text means the stream itself. */
static const struct {
	const char *key, *nonce, *text, *ciphertext;
	uint32_t counter;
} vectors[] = {
	{KEY_COUNTING, "000000090000004a00000000", NULL,
	 "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
	 "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
	 1},
	{KEY_COUNTING, "000000000000004a00000000", sunscreen,
	 "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b"
	 "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8"
	 "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736"
	 "5af90bbf74a35be6b40b8eedf2785e42874d",
	 1},
	{KEY_ZERO, "000000000000000000000000", NULL,
	 "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
	 "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
	 0},
	{KEY_ZERO, "000000000000000000000000", NULL,
	 "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
	 "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
	 1},
	{KEY_ONE, "000000000000000000000000", NULL,
	 "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
	 "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
	 1},
	{"00ff000000000000000000000000000000000000000000000000000000000000",
	 "000000000000000000000000", NULL,
	 "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
	 "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
	 2},
	{KEY_ZERO, "000000000000000000000002", NULL,
	 "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
	 "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d",
	 0},
	{KEY_ONE, "000000000000000000000002", any_submission,
	 "a3fbf07df3fa2fde4f376ca23e82737041605d9f4f4f57bd8cff2c1d4b7955ec"
	 "2a97948bd3722915c8f3d337f7d370050e9e96d647b7c39f56e031ca5eb6250d"
	 "4042e02785ececfa4b4bb5e8ead0440e20b6e8db09d881a7c6132f420e527950"
	 "42bdfa7773d8a9051447b3291ce1411c680465552aa6c405b7764d5e87bea85a"
	 "d00f8449ed8f72d0d662ab052691ca66424bc86d2df80ea41f43abf937d3259d"
	 "c4b2d0dfb48a6c9139ddd7f76966e928e635553ba76c5c879d7b35d49eb2e62b"
	 "0871cdac638939e25e8a1e0ef9d5280fa8ca328b351c3c765989cbcf3daa8b6c"
	 "cc3aaf9f3979c92b3720fc88dc95ed84a1be059c6499b9fda236e7e818b04b0b"
	 "c39c1e876b193bfe5569753f88128cc08aaa9b63d1a16f80ef2554d7189c411f"
	 "5869ca52c5b83fa36ff216b9c1d30062bebcfd2dc5bce0911934fda79a86f6e6"
	 "98ced759c3ff9b6477338f3da4f9cd8514ea9982ccafb341b2384dd902f3d1ab"
	 "7ac61dd29c6f21ba5b862f3730e37cfdc4fd806c22f221",
	 1},
	{KEY_1C92, "000000000000000000000002", twas_brillig,
	 "62e6347f95ed87a45ffae7426f27a1df5fb69110044c0d73118effa95b01e5cf"
	 "166d3df2d721caf9b21e5fb14c616871fd84c54f9d65b283196c7fe4f60553eb"
	 "f39c6402c42234e32a356b3e764312a61a5532055716ead6962568f87d3f3f77"
	 "04c6a8d1bcd1bf4d50d6154b6da731b187b58dfd728afa36757a797ac188d1",
	 42},
};

TEST(chacha20_rfc8439_vectors)
{
	uint8_t key[32], nonce[12], text[512];
	struct chacha20 c;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		for (size_t w = 0; w < NWIDTHS; w++) {
			size_t len = vectors[i].text ? strlen(vectors[i].text) : 64;

			if (!has_width(w))
				continue;
			memset(text, 0, sizeof(text));
			if (vectors[i].text)
				memcpy(text, vectors[i].text, len);
			CHECK(hex_bytes(key, 32, vectors[i].key) == 32);
			CHECK(hex_bytes(nonce, 12, vectors[i].nonce) == 12);
			chacha20_init(&c, key, vectors[i].counter, nonce);
			widths[w].xor (text, text, len, &c);
			CHECK(hex_equal(text, len, vectors[i].ciphertext));
		}
	}
}

static uint8_t text[TEXT_LEN_MAX + 64], stream[TEXT_LEN_MAX + 64], out[TEXT_LEN_MAX + 256];

/* The portable code with one block at a time is what all others are held against. */
static void reference(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c)
{
	for (size_t n; len > 0; len -= n, dst += n, src += n) {
		n = len < 64 ? len : 64;
		chacha20_xor_portable(dst, src, n, c);
	}
}

static void start(struct chacha20 *c, uint64_t seed)
{
	uint8_t key[32], nonce[12];

	random_bytes(&seed, key, 32);
	random_bytes(&seed, nonce, 12);
	chacha20_init(c, key, (uint32_t)seed & 0xff, nonce);
}

/* Bytes around @dst stay as they are, those of @src too unless it is @dst. */
static void check_length(size_t w, size_t len, size_t dst_align, size_t src_align)
{
	struct chacha20 c, want;
	uint8_t *dst = out + 64 + dst_align;

	start(&want, len);
	memset(stream, 0, len);
	c = want;
	reference(stream, text + src_align, len, &want);
	memset(out, 0x5a, len + 128 + 16);
	widths[w].xor (dst, text + src_align, len, &c);
	CHECK(memcmp(dst, stream, len) == 0);
	CHECK(c.word[12] == want.word[12]);
	CHECK(memcmp(&c, &want, sizeof(c)) == 0);
	for (size_t i = 1; i <= 64; i++)
		CHECK(dst[-(ptrdiff_t)i] == 0x5a);
	for (size_t i = 0; i < 40; i++)
		CHECK(dst[len + i] == 0x5a);

	start(&c, len);
	memcpy(dst, text + src_align, len);
	widths[w].xor (dst, dst, len, &c);
	CHECK(memcmp(dst, stream, len) == 0);
}

TEST(chacha20_each_width_at_all_lengths_and_alignments_in_place_and_apart)
{
	static const size_t lens[] = {1, 63, 255, 257, 511, 513, 1023, 1025, 1420, 2049};
	uint64_t seed = 1;

	random_bytes(&seed, text, sizeof(text));
	for (size_t w = 0; w < NWIDTHS; w++) {
		if (!has_width(w))
			continue;
		for (size_t len = 0; len <= 1100; len++)
			check_length(w, len, 0, 0);
		for (size_t len = 1101; len <= TEXT_LEN_MAX; len += 997)
			check_length(w, len, 3, 5);
		check_length(w, TEXT_LEN_MAX, 0, 0);
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			for (size_t align = 0; align < 16; align++)
				check_length(w, lens[i], align, (align * 7) % 16);
	}
}

TEST(chacha20_in_pieces_of_whole_blocks_is_as_in_one)
{
	uint64_t seed = 2;

	random_bytes(&seed, text, sizeof(text));
	for (size_t w = 0; w < NWIDTHS; w++) {
		for (size_t len = 3000; has_width(w) && len < 3100; len += 33) {
			struct chacha20 c, pieces;
			size_t at = 0, n;

			start(&c, len);
			pieces = c;
			widths[w].xor (stream, text, len, &c);
			for (; at < len; at += n) {
				n = 64 * (random_next(&seed) % 20);
				n = n < len - at ? n : len - at;
				widths[w].xor (out + at, text + at, n, &pieces);
			}
			CHECK(memcmp(out, stream, len) == 0);
			CHECK(memcmp(&c, &pieces, sizeof(c)) == 0);
		}
	}
}

/* RFC 8439 has one word of counter: it must not carry into the nonce. */
TEST(chacha20_counter_wraps_within_its_word)
{
	struct chacha20 c, want;

	for (size_t w = 0; w < NWIDTHS; w++) {
		if (!has_width(w))
			continue;
		start(&c, 9);
		c.word[12] = 0xfffffffd;
		want = c;
		memset(out, 0, 1024);
		memset(stream, 0, 1024);
		widths[w].xor (out, out, 1024, &c);
		reference(stream, stream, 1024, &want);
		CHECK(memcmp(out, stream, 1024) == 0);
		CHECK(c.word[12] == 13 && memcmp(&c, &want, sizeof(c)) == 0);
	}
}
