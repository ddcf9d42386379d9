/* SPDX-License-Identifier: MIT */
/* BLAKE2s, RFC 7693 section 3; HMAC and HKDF, Noise section 4.3. The names are the RFC's. */
#include "blake2s.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

#define ROUNDS 10

/* Section 2.6 */
static const uint32_t iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Section 2.7 */
static const uint8_t sigma[ROUNDS][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint32_t rotr(uint32_t v, int n)
{
	return v >> n | v << (32 - n);
}

/* Section 3.1 */
static inline void mix(uint32_t v[static 16], size_t a, size_t b, size_t c, size_t d, uint32_t x,
		       uint32_t y)
{
	v[a] += v[b] + x;
	v[d] = rotr(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotr(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = rotr(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = rotr(v[b] ^ v[c], 7);
}

/* Section 3.2. @counter is how many bytes there are up to the end of this block. */
static void compress(uint32_t h[static 8], const uint8_t *block, uint64_t counter, int is_last)
{
	uint32_t v[16], m[16];

	for (size_t i = 0; i < 16; i++)
		m[i] = le32_load(block + 4 * i);
	memcpy(v, h, 8 * sizeof(v[0]));
	memcpy(v + 8, iv, sizeof(iv));
	v[12] ^= (uint32_t)counter;
	v[13] ^= (uint32_t)(counter >> 32);
	if (is_last)
		v[14] = ~v[14];
	for (size_t i = 0; i < ROUNDS; i++) {
		const uint8_t *s = sigma[i];

		mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
		mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
		mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
		mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
		mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
		mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
		mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
		mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
	}
	for (size_t i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[8 + i];
	crypto_wipe(v, sizeof(v));
	crypto_wipe(m, sizeof(m));
}

/* Section 2.5 has the parameter block; section 3.3: a key is padded to the first block. */
void blake2s_init(struct blake2s *b, size_t out_len, const uint8_t *key, size_t key_len)
{
	memset(b, 0, sizeof(*b));
	memcpy(b->h, iv, sizeof(iv));
	b->h[0] ^= 0x01010000 ^ (uint32_t)key_len << 8 ^ (uint32_t)out_len;
	b->out_len = out_len;
	if (key_len == 0)
		return;
	memcpy(b->buf, key, key_len);
	b->buf_len = BLAKE2S_BLOCK_LEN;
}

void blake2s_update(struct blake2s *b, const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t n = BLAKE2S_BLOCK_LEN - b->buf_len;

		if (n == 0) {
			b->counter += BLAKE2S_BLOCK_LEN;
			compress(b->h, b->buf, b->counter, 0);
			b->buf_len = 0;
			n = BLAKE2S_BLOCK_LEN;
		}
		if (n > len)
			n = len;
		memcpy(b->buf + b->buf_len, data, n);
		b->buf_len += n;
		data += n;
		len -= n;
	}
}

void blake2s_final(struct blake2s *b, uint8_t *out)
{
	uint8_t hash[BLAKE2S_LEN];

	memset(b->buf + b->buf_len, 0, BLAKE2S_BLOCK_LEN - b->buf_len);
	compress(b->h, b->buf, b->counter + b->buf_len, 1);
	for (size_t i = 0; i < 8; i++)
		le32_store(hash + 4 * i, b->h[i]);
	memcpy(out, hash, b->out_len);
	crypto_wipe(hash, sizeof(hash));
	crypto_wipe(b, sizeof(*b));
}

void blake2s_hash(uint8_t out[static BLAKE2S_LEN], const uint8_t *data, size_t len)
{
	struct blake2s b;

	blake2s_init(&b, BLAKE2S_LEN, NULL, 0);
	blake2s_update(&b, data, len);
	blake2s_final(&b, out);
}

/* out = H((key ^ pad) || data), the key being padded with zeros to a block */
static void hash_padded(uint8_t out[static BLAKE2S_LEN],
			const uint8_t key[static BLAKE2S_BLOCK_LEN], uint8_t pad,
			const uint8_t *data, size_t len)
{
	uint8_t block[BLAKE2S_BLOCK_LEN];
	struct blake2s b;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	blake2s_init(&b, BLAKE2S_LEN, NULL, 0);
	blake2s_update(&b, block, sizeof(block));
	blake2s_update(&b, data, len);
	blake2s_final(&b, out);
	crypto_wipe(block, sizeof(block));
}

CRYPTO_NOINLINE static void hmac(uint8_t out[static BLAKE2S_LEN], const uint8_t *key,
				 size_t key_len, const uint8_t *data, size_t len)
{
	uint8_t block[BLAKE2S_BLOCK_LEN] = {0}, inner[BLAKE2S_LEN];

	if (key_len > sizeof(block))
		blake2s_hash(block, key, key_len);
	else if (key_len > 0)
		memcpy(block, key, key_len);
	hash_padded(inner, block, 0x36, data, len);
	hash_padded(out, block, 0x5c, inner, sizeof(inner));
	crypto_wipe(block, sizeof(block));
	crypto_wipe(inner, sizeof(inner));
}

CRYPTO_NOINLINE static void hkdf(uint8_t out1[static BLAKE2S_LEN], uint8_t out2[static BLAKE2S_LEN],
				 uint8_t *out3, const uint8_t key[static BLAKE2S_LEN],
				 const uint8_t *data, size_t len)
{
	uint8_t temp[BLAKE2S_LEN], text[BLAKE2S_LEN + 1];

	hmac(temp, key, BLAKE2S_LEN, data, len);
	text[0] = 1;
	hmac(out1, temp, sizeof(temp), text, 1);
	memcpy(text, out1, BLAKE2S_LEN);
	text[BLAKE2S_LEN] = 2;
	hmac(out2, temp, sizeof(temp), text, sizeof(text));
	if (out3) {
		memcpy(text, out2, BLAKE2S_LEN);
		text[BLAKE2S_LEN] = 3;
		hmac(out3, temp, sizeof(temp), text, sizeof(text));
	}
	crypto_wipe(temp, sizeof(temp));
	crypto_wipe(text, sizeof(text));
}

void blake2s_hmac(uint8_t out[static BLAKE2S_LEN], const uint8_t *key, size_t key_len,
		  const uint8_t *data, size_t len)
{
	hmac(out, key, key_len, data, len);
	crypto_wipe_stack();
}

void blake2s_hkdf(uint8_t out1[static BLAKE2S_LEN], uint8_t out2[static BLAKE2S_LEN], uint8_t *out3,
		  const uint8_t key[static BLAKE2S_LEN], const uint8_t *data, size_t len)
{
	hkdf(out1, out2, out3, key, data, len);
	crypto_wipe_stack();
}
