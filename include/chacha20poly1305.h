/* SPDX-License-Identifier: MIT */
/*
 * AEAD_CHACHA20_POLY1305, RFC 8439 section 2.8, with the nonce of the Noise Protocol Framework,
 * section 12.3: four zero bytes, then a 64-bit counter in little-endian order.
 */
#ifndef CHACHA20POLY1305_H
#define CHACHA20POLY1305_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHACHA20POLY1305_KEY_LEN 32
#define CHACHA20POLY1305_TAG_LEN 16

/**
 * chacha20poly1305_seal() - encrypt and authenticate
 * @dst:	@len + 16 bytes: ciphertext, then the tag. Either @src itself, or apart from it: any
 *		other overlap, and any with @key or @aad, is forbidden.
 * @counter:	never twice with the same key: who breaks this gives away plaintexts and the power
 *		to forge. Not 2^64 - 1, which Noise keeps for Rekey(); the caller sees to both.
 * @aad:	authenticated only; may be NULL when @aad_len is 0
 * @src:	plaintext, any alignment; may be NULL when @len is 0
 * @len:	up to 2^38 - 64
 *
 * Cannot fail. The time depends on @aad_len and @len only. What it derives from the key is wiped.
 */
void chacha20poly1305_seal(uint8_t *dst, const uint8_t key[static CHACHA20POLY1305_KEY_LEN],
			   uint64_t counter, const uint8_t *aad, size_t aad_len, const uint8_t *src,
			   size_t len);

/**
 * chacha20poly1305_open() - verify, and only then decrypt
 * @dst:	@sealed_len - 16 bytes; either @sealed itself, or apart from it, as with seal
 * @sealed:	ciphertext, then the tag
 * @sealed_len:	of both; fewer than 16 bytes are refused
 *
 * Return: true with the plaintext at @dst, or false: then not a byte at @dst has been written. The
 * time depends on the lengths and on the verdict only, so that it does not tell how much of a forged
 * tag was right.
 */
bool chacha20poly1305_open(uint8_t *dst, const uint8_t key[static CHACHA20POLY1305_KEY_LEN],
			   uint64_t counter, const uint8_t *aad, size_t aad_len,
			   const uint8_t *sealed, size_t sealed_len)
	__attribute__((warn_unused_result));

/* The code that does the work, the slowest first. All give the same bytes. */
enum chacha20poly1305_path {
	CHACHA20POLY1305_PORTABLE,
	CHACHA20POLY1305_AVX2,
	CHACHA20POLY1305_AVX512,
	CHACHA20POLY1305_NPATHS,
};

/**
 * chacha20poly1305_select() - use @path from now on, for tests and benchmarks
 *
 * Without it the first call of seal or open takes the fastest.
 *
 * Return: whether this CPU and build have it; when not, nothing changes.
 */
bool chacha20poly1305_select(enum chacha20poly1305_path path);

/** chacha20poly1305_select_fastest() - use the fastest path there is from now on; return it */
enum chacha20poly1305_path chacha20poly1305_select_fastest(void);

/** chacha20poly1305_path_name() - "portable", "avx2", "avx512"; static */
const char *chacha20poly1305_path_name(enum chacha20poly1305_path path);

#endif
