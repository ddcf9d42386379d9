/* SPDX-License-Identifier: MIT */
/*
 * X25519, RFC 7748: Diffie-Hellman on Curve25519, u-coordinates only.
 */
#ifndef X25519_H
#define X25519_H

#include <stdbool.h>
#include <stdint.h>

#define X25519_LEN 32

/**
 * x25519_public() - the public key of a secret one
 * @public:	may be @secret
 * @secret:	32 random bytes; clamped as section 5 has it, on a copy
 *
 * The time is always the same.
 */
void x25519_public(uint8_t public[static X25519_LEN], const uint8_t secret[static X25519_LEN]);

/**
 * x25519_shared() - the secret that two keys share
 * @shared:	may be @secret or @peer. Not uniform: to be hashed before use as a key.
 * @secret:	as above
 * @peer:	the other end's public key; all 2^256 values are taken, as section 5 has it: the last
 *		bit is ignored, and values that are not reduced stand for what they reduce to
 *
 * Return: false when the outcome is all zeros (section 6.1): @peer has low order, and what is
 * "shared" would not depend on @secret. @shared is zeros then and must not be used. The time is
 * always the same, whatever the outcome.
 */
bool x25519_shared(uint8_t shared[static X25519_LEN], const uint8_t secret[static X25519_LEN],
		   const uint8_t peer[static X25519_LEN]) __attribute__((warn_unused_result));

#endif
