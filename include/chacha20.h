/* SPDX-License-Identifier: MIT */
/*
 * The stream cipher ChaCha20, RFC 8439 section 2.4, in three widths. chacha20poly1305.h is what
 * protocols use; by itself this authenticates nothing.
 */
#ifndef CHACHA20_H
#define CHACHA20_H

#include <stddef.h>
#include <stdint.h>

#define CHACHA20_KEY_LEN   32
#define CHACHA20_NONCE_LEN 12
#define CHACHA20_BLOCK_LEN 64

/* The matrix of section 2.3 before the rounds; words 4 to 11 are the key: wipe it after use. */
struct chacha20 {
	uint32_t word[16];
};

/**
 * chacha20_init() - set the matrix up
 * @counter:	number of the first block
 * @nonce:	never twice with the same key
 */
void chacha20_init(struct chacha20 *c, const uint8_t key[static CHACHA20_KEY_LEN], uint32_t counter,
		   const uint8_t nonce[static CHACHA20_NONCE_LEN]);

/**
 * chacha20_xor_portable() - XOR the key stream onto @len bytes
 * @dst:	@src itself, or @len bytes apart from it; any other overlap is forbidden
 * @src:	any alignment
 * @len:	0 is allowed. The counter must not pass 2^32, that is 256 GB from block 0.
 * @c:		its counter moves on by the blocks used, the last one counting as a whole
 *
 * The time depends on @len only. The others give the same bytes faster; they exist where
 * CHACHA20_X86 is defined and must be called only on a CPU that has AVX2, or AVX-512F.
 */
void chacha20_xor_portable(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c);

#ifdef __x86_64__
#define CHACHA20_X86 1
void chacha20_xor_avx2(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c);
void chacha20_xor_avx512(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c);
#endif

#endif
