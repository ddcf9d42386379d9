/* SPDX-License-Identifier: MIT */
/* BLAKE2s, its HMAC and its HKDF: the RFC's vectors, third-party ones, and properties. */
#include "blake2s.h"

#include <stdlib.h>

#include "unit.h"
#include "vectors.h"

TEST(blake2s_rfc7693_appendix_b_abc)
{
	uint8_t out[32];

	blake2s_hash(out, (const uint8_t *)"abc", 3);
	CHECK(hex_equal(out, 32,
			"508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"));
}

/* The generator of appendix E. */
static void fibonacci(uint8_t *out, size_t len, uint32_t seed)
{
	uint32_t a = 0xdead4bad * seed, b = 1;

	for (size_t i = 0; i < len; i++) {
		uint32_t sum = a + b;

		a = b;
		b = sum;
		out[i] = (uint8_t)(sum >> 24);
	}
}

static void hash_keyed(uint8_t *out, size_t out_len, const uint8_t *key, size_t key_len,
		       const uint8_t *data, size_t len)
{
	struct blake2s b;

	blake2s_init(&b, out_len, key, key_len);
	blake2s_update(&b, data, len);
	blake2s_final(&b, out);
}

/* A hash of hashes, keyed and not, of several lengths. */
TEST(blake2s_rfc7693_appendix_e_self_test)
{
	static const size_t out_lens[] = {16, 20, 28, 32}, lens[] = {0, 3, 64, 65, 255, 1024};
	uint8_t data[1024], key[32], hash[32];
	struct blake2s all;

	blake2s_init(&all, 32, NULL, 0);
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 6; j++) {
			fibonacci(data, lens[j], (uint32_t)lens[j]);
			hash_keyed(hash, out_lens[i], NULL, 0, data, lens[j]);
			blake2s_update(&all, hash, out_lens[i]);
			fibonacci(key, out_lens[i], (uint32_t)out_lens[i]);
			hash_keyed(hash, out_lens[i], key, out_lens[i], data, lens[j]);
			blake2s_update(&all, hash, out_lens[i]);
		}
	}
	blake2s_final(&all, hash);
	CHECK(hex_equal(hash, 32,
			"6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe"));
}

/* Lines "in:", "key:" and "hash:", each with hexadecimal text. */
TEST(blake2s_third_party_keyed_vectors)
{
	const char *folder = getenv("VECTORS");
	uint8_t data[256], key[32], hash[32];
	size_t len = 0, key_len = 0;
	char name[4096], line[1024];
	unsigned nvectors = 0;
	FILE *f;

	if (!folder || !*folder) {
		unit_skip("VECTORS does not name a folder with blake2s-keyed.txt");
		return;
	}
	snprintf(name, sizeof(name), "%s/blake2s-keyed.txt", folder);
	f = fopen(name, "r");
	if (!f) {
		unit_skip("the folder VECTORS has no blake2s-keyed.txt");
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		char *text = strchr(line, '\t');

		if (!text)
			continue;
		if (strncmp(line, "in:", 3) == 0)
			len = hex_bytes(data, sizeof(data), text + 1);
		else if (strncmp(line, "key:", 4) == 0)
			key_len = hex_bytes(key, sizeof(key), text + 1);
		else if (strncmp(line, "hash:", 5) == 0) {
			hash_keyed(hash, 32, key, key_len, data, len);
			CHECK(hex_equal(hash, 32, text + 1));
			nvectors++;
		}
	}
	fclose(f);
	CHECK(nvectors == 256);
}

TEST(blake2s_in_pieces_is_as_in_one)
{
	uint8_t data[260], whole[32], pieces[32];
	struct blake2s b;
	uint64_t seed = 1;

	random_bytes(&seed, data, sizeof(data));
	for (size_t len = 0; len <= sizeof(data); len++) {
		blake2s_hash(whole, data, len);
		for (size_t cut = 0; cut <= len; cut++) {
			blake2s_init(&b, 32, NULL, 0);
			blake2s_update(&b, data, cut);
			blake2s_update(&b, data + cut, 0);
			blake2s_update(&b, data + cut, len - cut);
			blake2s_final(&b, pieces);
			CHECK(memcmp(whole, pieces, 32) == 0);
		}
		blake2s_init(&b, 32, NULL, 0);
		for (size_t i = 0; i < len; i++)
			blake2s_update(&b, data + i, 1);
		blake2s_final(&b, pieces);
		CHECK(memcmp(whole, pieces, 32) == 0);
	}
}

/* Rather than hash 4 GB, start near. Answers from a BLAKE2s in Python, made from section 3.2. */
TEST(blake2s_counter_goes_on_beyond_32_bits)
{
	uint8_t data[130] = {1}, near[32], low[32];
	struct blake2s b;

	blake2s_init(&b, 32, NULL, 0);
	b.counter = 0xffffffc0;
	blake2s_update(&b, data, sizeof(data));
	blake2s_final(&b, near);
	blake2s_init(&b, 32, NULL, 0);
	b.counter = (uint64_t)0 - 64;
	blake2s_update(&b, data, sizeof(data));
	blake2s_final(&b, low);
	CHECK(memcmp(near, low, 32) != 0);
	CHECK(hex_equal(near, 32,
			"9d54656decdefb36ac5f3ddda6c260a1c4a24acfe5038f2b03a9b60f6f5489fc"));
	CHECK(hex_equal(low, 32,
			"eab37158efa9cd8ab832a2e05b334aefe33f695e65e1b5431fa1281d388c663f"));
}

TEST(blake2s_final_writes_out_len_bytes_and_wipes)
{
	static const struct blake2s zeros;
	uint8_t out[40];
	struct blake2s b;

	for (size_t len = 1; len <= 32; len++) {
		memset(out, 0x5a, sizeof(out));
		blake2s_init(&b, len, (const uint8_t *)"key", 3);
		blake2s_update(&b, (const uint8_t *)"text", 4);
		blake2s_final(&b, out);
		for (size_t i = len; i < sizeof(out); i++)
			CHECK(out[i] == 0x5a);
		CHECK(b.counter == 0 && b.buf_len == 0 && b.out_len == 0);
		CHECK(memcmp(b.h, zeros.h, sizeof(b.h)) == 0);
		CHECK(memcmp(b.buf, zeros.buf, sizeof(b.buf)) == 0);
	}
}

/* Key bytes count up, data bytes go in sevens. Answers from Python's hmac and hashlib. */
static void counting(uint8_t *key, size_t key_len, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < key_len; i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(7 * i);
}

TEST(blake2s_hmac_known_answers)
{
	static const struct {
		size_t key_len, len;
		const char *hash;
	} vectors[] = {
		{0, 0, "eaf4bb25938f4d20e72656bbbc7a9bf63c0c18537333c35bdb67db1402661acd"},
		{32, 0, "e2641d24dfa8dd89e8cb77f1cdc77d8c006e5bebdfc4d6a3a3a6f8d5b7586fb0"},
		{32, 33, "0268f3739aeb2d2d0e5ed8fef8128ac4e83bc5eb4b41fe25d32a459c5c92c547"},
		{63, 64, "aee1f26b6e05eb46450850fb2fae0b7c5cacdb0ca847b9012b2ce32ba67a524d"},
		{64, 65, "320bd7b9b857fc8723138c540a74c4d8c1b5acf5205c446af5f06bbdee5153b1"},
		{65, 100, "d08257fe4402a2aab116fcbeb10acae25491da78eaa3c10a37a5bde6c635f720"},
		{200, 3, "53c494e1d1b000f6740b80b87c6c596ccd37f555b3f129d888651c1c1c757756"},
	};
	uint8_t key[200], data[100], out[32];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		counting(key, vectors[i].key_len, data, vectors[i].len);
		blake2s_hmac(out, key, vectors[i].key_len, data, vectors[i].len);
		CHECK(hex_equal(out, 32, vectors[i].hash));
		blake2s_hmac(data, key, vectors[i].key_len, data, vectors[i].len);
		CHECK(memcmp(data, out, 32) == 0);
	}
	counting(key, 32, data, 33);
	blake2s_hmac(key, key, 32, data, 33);
	CHECK(hex_equal(key, 32, vectors[2].hash));
}

TEST(blake2s_hkdf_known_answers)
{
	static const char *const answers[2][3] = {
		{"7a38c34bf2b8738d7374ca77c44ecb309a11d2b2528304fa86052c365e722624",
		 "1a17621f346abdc520746a9fb64d8eb03231d674fc15687537b0780fd9c060fd",
		 "4eaf02809ac4b930ef63479de62275f1c55656e61f78a3cc653c18a2223d6c5f"},
		{"8b9e605505d6bbab0614726e66b2680541fec2a43d070420a1ed6aaff24af856",
		 "69814fa33b8ccf1fac4130784828b9317d8c95a1a98ea877c6f59336eb418931",
		 "00410ad4bc09a2c0914024b61ee4bedece37768d049b5cd014cab1a54be5bbbe"},
	};
	uint8_t key[32], data[32], out1[32], out2[32], out3[32];

	for (size_t i = 0; i < 2; i++) {
		counting(key, 32, data, 32);
		blake2s_hkdf(out1, out2, out3, key, data, i * 32);
		CHECK(hex_equal(out1, 32, answers[i][0]));
		CHECK(hex_equal(out2, 32, answers[i][1]));
		CHECK(hex_equal(out3, 32, answers[i][2]));
		memset(out2, 0, 32);
		blake2s_hkdf(key, out2, NULL, key, data, i * 32); /* over the chaining key */
		CHECK(memcmp(key, out1, 32) == 0);
		CHECK(hex_equal(out2, 32, answers[i][1]));
	}
}
