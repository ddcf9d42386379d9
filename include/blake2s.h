/* SPDX-License-Identifier: MIT */
/*
 * The hash BLAKE2s, RFC 7693, and what the Noise Protocol Framework makes of it in section 4.3: HMAC
 * (RFC 2104) and HKDF.
 */
#ifndef BLAKE2S_H
#define BLAKE2S_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE2S_LEN	    32
#define BLAKE2S_BLOCK_LEN   64
#define BLAKE2S_KEY_LEN_MAX 32

/* A hash under way. With a key or a secret text it is secret: blake2s_final() wipes it. */
struct blake2s {
	uint32_t h[8];
	uint64_t counter; /* bytes in the blocks taken in so far */
	uint8_t buf
		[BLAKE2S_BLOCK_LEN]; /* the last bytes; full until it is known if they are the last */
	size_t buf_len;
	size_t out_len;
};

/**
 * blake2s_init() - start a hash
 * @out_len:	1..32; BLAKE2S_LEN, but for the tests that have others
 * @key:	@key_len bytes; may be NULL when that is 0
 * @key_len:	0..32, 0 for a hash without a key
 */
void blake2s_init(struct blake2s *b, size_t out_len, const uint8_t *key, size_t key_len);

/**
 * blake2s_update() - go on with @len bytes, which may be 0
 *
 * However the text is cut into calls, the outcome is the same.
 */
void blake2s_update(struct blake2s *b, const uint8_t *data, size_t len);

/** blake2s_final() - write the out_len bytes of the hash to @out and wipe @b */
void blake2s_final(struct blake2s *b, uint8_t *out);

/** blake2s_hash() - the hash of @len bytes without a key; @out may be inside @data */
void blake2s_hash(uint8_t out[static BLAKE2S_LEN], const uint8_t *data, size_t len);

/**
 * blake2s_hmac() - HMAC-BLAKE2s, RFC 2104 with blocks of 64 bytes
 * @key:	any length
 * @out:	may be inside @key or @data
 */
void blake2s_hmac(uint8_t out[static BLAKE2S_LEN], const uint8_t *key, size_t key_len,
		  const uint8_t *data, size_t len);

/**
 * blake2s_hkdf() - HKDF(chaining_key, input_key_material, 2 or 3)
 * @out1:	like the others 32 bytes; may be the chaining key itself
 * @out3:	NULL when two outputs are wanted
 * @key:	the chaining key
 * @data:	the input key material, @len bytes (0, 32 or a DH length in Noise)
 *
 * The outputs must not overlap each other. Temporary keys are wiped.
 */
void blake2s_hkdf(uint8_t out1[static BLAKE2S_LEN], uint8_t out2[static BLAKE2S_LEN], uint8_t *out3,
		  const uint8_t key[static BLAKE2S_LEN], const uint8_t *data, size_t len);

#endif
