/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20, RFC 8439 section 2.4.
 *
 * Blocks are computed side by side: a vector holds one word of the matrix for 4, 8 or 16 blocks, a
 * lane each, so that the rounds read as the RFC has them and no lane waits for another. Only at the
 * end the words of a block have to come together again: a transposition, by bytes in the portable
 * code, by shuffles for AVX2 and AVX-512.
 *
 * Additions, XORs and rotations by constants only, of words that are all at fixed places: nothing
 * here can take longer for one key than for another.
 */
#include "chacha20.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

#ifdef CHACHA20_X86
#include <immintrin.h>
#endif

#define DOUBLE_ROUNDS 10

/* Bytes that each width makes at once. */
#define CHUNK_PORTABLE (4 * CHACHA20_BLOCK_LEN)
#define CHUNK_AVX2     (8 * CHACHA20_BLOCK_LEN)
#define CHUNK_AVX512   (16 * CHACHA20_BLOCK_LEN)
#define CHUNK_MAX      CHUNK_AVX512

typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef uint32_t u32x8 __attribute__((vector_size(32)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));

#define ROTL(v, n) ((v) << (n) | (v) >> (32 - (n)))
#define ROTL16(v)  ROTL(v, 16)
#define ROTL8(v)   ROTL(v, 8)

/* Section 2.1, for vectors of any width. AVX2 has byte shuffles to rotate by 16 and by 8. */
#define QUARTER(a, b, c, d, rotl16, rotl8) \
	do {                               \
		a += b;                    \
		d = rotl16(d ^ a);         \
		c += d;                    \
		b ^= c;                    \
		b = ROTL(b, 12);           \
		a += b;                    \
		d = rotl8(d ^ a);          \
		c += d;                    \
		b ^= c;                    \
		b = ROTL(b, 7);            \
	} while (0)

/* Section 2.3: a column round and a diagonal round on @x[16]. */
#define DOUBLE_ROUND(x, rotl16, rotl8)                            \
	do {                                                      \
		QUARTER(x[0], x[4], x[8], x[12], rotl16, rotl8);  \
		QUARTER(x[1], x[5], x[9], x[13], rotl16, rotl8);  \
		QUARTER(x[2], x[6], x[10], x[14], rotl16, rotl8); \
		QUARTER(x[3], x[7], x[11], x[15], rotl16, rotl8); \
		QUARTER(x[0], x[5], x[10], x[15], rotl16, rotl8); \
		QUARTER(x[1], x[6], x[11], x[12], rotl16, rotl8); \
		QUARTER(x[2], x[7], x[8], x[13], rotl16, rotl8);  \
		QUARTER(x[3], x[4], x[9], x[14], rotl16, rotl8);  \
	} while (0)

void chacha20_init(struct chacha20 *c, const uint8_t key[static CHACHA20_KEY_LEN], uint32_t counter,
		   const uint8_t nonce[static CHACHA20_NONCE_LEN])
{
	c->word[0] = 0x61707865; /* "expand 32-byte k" */
	c->word[1] = 0x3320646e;
	c->word[2] = 0x79622d32;
	c->word[3] = 0x6b206574;
	for (size_t i = 0; i < 8; i++)
		c->word[4 + i] = le32_load(key + 4 * i);
	c->word[12] = counter;
	for (size_t i = 0; i < 3; i++)
		c->word[13 + i] = le32_load(nonce + 4 * i);
}

/* XOR the next @chunk bytes of the stream; does not touch the counter. */
typedef void blocks_fn(uint8_t *dst, const uint8_t *src, const struct chacha20 *c);

/* Whole chunks where they stand, the rest through a buffer. */
static void xor_stream(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c,
		       blocks_fn *blocks, size_t chunk)
{
	uint8_t rest[CHUNK_MAX];

	for (; len >= chunk; len -= chunk, src += chunk, dst += chunk) {
		blocks(dst, src, c);
		c->word[12] += (uint32_t)(chunk / CHACHA20_BLOCK_LEN);
	}
	if (len == 0)
		return;
	memcpy(rest, src, len);
	memset(rest + len, 0, chunk - len);
	blocks(rest, rest, c);
	memcpy(dst, rest, len);
	c->word[12] += (uint32_t)((len + CHACHA20_BLOCK_LEN - 1) / CHACHA20_BLOCK_LEN);
	crypto_wipe(rest, chunk);
}

static void blocks_portable(uint8_t *dst, const uint8_t *src, const struct chacha20 *c)
{
	u32x4 first[16], x[16];

	for (size_t i = 0; i < 16; i++)
		first[i] = (u32x4){0} + c->word[i];
	first[12] += (u32x4){0, 1, 2, 3};
	memcpy(x, first, sizeof(x));
	for (int round = 0; round < DOUBLE_ROUNDS; round++)
		DOUBLE_ROUND(x, ROTL16, ROTL8);
	for (size_t i = 0; i < 16; i++)
		x[i] += first[i];
	for (size_t block = 0; block < 4; block++)
		for (size_t i = 0; i < 16; i++, dst += 4, src += 4)
			le32_store(dst, le32_load(src) ^ x[i][block]);
}

void chacha20_xor_portable(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c)
{
	xor_stream(dst, src, len, c, blocks_portable, CHUNK_PORTABLE);
}

#ifdef CHACHA20_X86

#define TARGET_AVX2   __attribute__((target("avx2")))
#define TARGET_AVX512 __attribute__((target("avx512f")))

#define AVX2_SHUFFLE(v, mask) ((u32x8)_mm256_shuffle_epi8((__m256i)(v), mask))
#define AVX2_ROTL16(v)	      AVX2_SHUFFLE(v, rotl16_bytes)
#define AVX2_ROTL8(v)	      AVX2_SHUFFLE(v, rotl8_bytes)

TARGET_AVX2 static inline void xor32_avx2(uint8_t *dst, const uint8_t *src, __m256i stream)
{
	__m256i text = _mm256_loadu_si256((const __m256i *)src);

	_mm256_storeu_si256((__m256i *)dst, _mm256_xor_si256(text, stream));
}

/*
 * Four vectors, words w to w+3 of eight blocks, become vectors of one or two blocks: v[j] holds
 * words w to w+3 of block j in its lower half and of block 4+j in its upper half.
 */
TARGET_AVX2 static inline void gather_words_avx2(u32x8 v[static 4])
{
	__m256i a = (__m256i)v[0], b = (__m256i)v[1], c = (__m256i)v[2], d = (__m256i)v[3];
	__m256i ab01 = _mm256_unpacklo_epi32(a, b), ab23 = _mm256_unpackhi_epi32(a, b);
	__m256i cd01 = _mm256_unpacklo_epi32(c, d), cd23 = _mm256_unpackhi_epi32(c, d);

	v[0] = (u32x8)_mm256_unpacklo_epi64(ab01, cd01);
	v[1] = (u32x8)_mm256_unpackhi_epi64(ab01, cd01);
	v[2] = (u32x8)_mm256_unpacklo_epi64(ab23, cd23);
	v[3] = (u32x8)_mm256_unpackhi_epi64(ab23, cd23);
}

TARGET_AVX2 static void blocks_avx2(uint8_t *dst, const uint8_t *src, const struct chacha20 *c)
{
	const __m256i rotl16_bytes =
		_mm256_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2, 13, 12, 15,
				14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2);
	const __m256i rotl8_bytes =
		_mm256_set_epi8(14, 13, 12, 15, 10, 9, 8, 11, 6, 5, 4, 7, 2, 1, 0, 3, 14, 13, 12,
				15, 10, 9, 8, 11, 6, 5, 4, 7, 2, 1, 0, 3);
	const u32x8 lanes = {0, 1, 2, 3, 4, 5, 6, 7};
	u32x8 x[16];

	for (size_t i = 0; i < 16; i++)
		x[i] = (u32x8){0} + c->word[i];
	x[12] += lanes;
	for (int round = 0; round < DOUBLE_ROUNDS; round++)
		DOUBLE_ROUND(x, AVX2_ROTL16, AVX2_ROTL8);
	for (size_t i = 0; i < 16; i++)
		x[i] += c->word[i];
	x[12] += lanes;

	for (size_t i = 0; i < 16; i += 4)
		gather_words_avx2(x + i);
	for (size_t j = 0; j < 4; j++) {
		__m256i a = (__m256i)x[j], b = (__m256i)x[4 + j];
		__m256i p = (__m256i)x[8 + j], q = (__m256i)x[12 + j];
		size_t lower = j * CHACHA20_BLOCK_LEN, upper = (4 + j) * CHACHA20_BLOCK_LEN;

		xor32_avx2(dst + lower, src + lower, _mm256_permute2x128_si256(a, b, 0x20));
		xor32_avx2(dst + lower + 32, src + lower + 32,
			   _mm256_permute2x128_si256(p, q, 0x20));
		xor32_avx2(dst + upper, src + upper, _mm256_permute2x128_si256(a, b, 0x31));
		xor32_avx2(dst + upper + 32, src + upper + 32,
			   _mm256_permute2x128_si256(p, q, 0x31));
	}
}

void chacha20_xor_avx2(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c)
{
	xor_stream(dst, src, len, c, blocks_avx2, CHUNK_AVX2);
}

TARGET_AVX512 static inline void xor64_avx512(uint8_t *dst, const uint8_t *src, __m512i stream)
{
	__m512i text = _mm512_loadu_si512(src);

	_mm512_storeu_si512(dst, _mm512_xor_si512(text, stream));
}

/* As gather_words_avx2(), for sixteen blocks: v[j] holds blocks j, 4+j, 8+j and 12+j. */
TARGET_AVX512 static inline void gather_words_avx512(u32x16 v[static 4])
{
	__m512i a = (__m512i)v[0], b = (__m512i)v[1], c = (__m512i)v[2], d = (__m512i)v[3];
	__m512i ab01 = _mm512_unpacklo_epi32(a, b), ab23 = _mm512_unpackhi_epi32(a, b);
	__m512i cd01 = _mm512_unpacklo_epi32(c, d), cd23 = _mm512_unpackhi_epi32(c, d);

	v[0] = (u32x16)_mm512_unpacklo_epi64(ab01, cd01);
	v[1] = (u32x16)_mm512_unpackhi_epi64(ab01, cd01);
	v[2] = (u32x16)_mm512_unpacklo_epi64(ab23, cd23);
	v[3] = (u32x16)_mm512_unpackhi_epi64(ab23, cd23);
}

TARGET_AVX512 static void blocks_avx512(uint8_t *dst, const uint8_t *src, const struct chacha20 *c)
{
	const u32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	u32x16 x[16];

	for (size_t i = 0; i < 16; i++)
		x[i] = (u32x16){0} + c->word[i];
	x[12] += lanes;
	for (int round = 0; round < DOUBLE_ROUNDS; round++)
		DOUBLE_ROUND(x, ROTL16, ROTL8); /* a rotation is one instruction here */
	for (size_t i = 0; i < 16; i++)
		x[i] += c->word[i];
	x[12] += lanes;

	for (size_t i = 0; i < 16; i += 4)
		gather_words_avx512(x + i);
	for (size_t j = 0; j < 4; j++) {
		__m512i a = (__m512i)x[j], b = (__m512i)x[4 + j];
		__m512i p = (__m512i)x[8 + j], q = (__m512i)x[12 + j];
		__m512i ab_low = _mm512_shuffle_i32x4(a, b, 0x44);  /* a0 a1 b0 b1 */
		__m512i ab_high = _mm512_shuffle_i32x4(a, b, 0xee); /* a2 a3 b2 b3 */
		__m512i pq_low = _mm512_shuffle_i32x4(p, q, 0x44);
		__m512i pq_high = _mm512_shuffle_i32x4(p, q, 0xee);
		uint8_t *to = dst + j * CHACHA20_BLOCK_LEN;
		const uint8_t *from = src + j * CHACHA20_BLOCK_LEN;
		const size_t step = 4 * CHACHA20_BLOCK_LEN;

		xor64_avx512(to, from, _mm512_shuffle_i32x4(ab_low, pq_low, 0x88));
		xor64_avx512(to + step, from + step, _mm512_shuffle_i32x4(ab_low, pq_low, 0xdd));
		xor64_avx512(to + 2 * step, from + 2 * step,
			     _mm512_shuffle_i32x4(ab_high, pq_high, 0x88));
		xor64_avx512(to + 3 * step, from + 3 * step,
			     _mm512_shuffle_i32x4(ab_high, pq_high, 0xdd));
	}
}

void chacha20_xor_avx512(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c)
{
	xor_stream(dst, src, len, c, blocks_avx512, CHUNK_AVX512);
}

#endif
