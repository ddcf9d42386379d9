/* SPDX-License-Identifier: MIT */
/*
 * Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s, after the Noise Protocol Framework, revision 34: two
 * messages between ends that share a secret key, and then a key for each direction.
 *
 *	NNpsk0:
 *	  -> psk, e
 *	  <- e, ee
 *
 * Nothing is negotiated and no other pattern exists here: a handshake without the shared key cannot
 * be made by mistake. Section numbers are the specification's.
 */
#ifndef NOISE_H
#define NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blake2s.h"
#include "chacha20poly1305.h"
#include "x25519.h"

#define NOISE_KEY_LEN	  32
#define NOISE_TAG_LEN	  CHACHA20POLY1305_TAG_LEN
#define NOISE_HASH_LEN	  BLAKE2S_LEN
#define NOISE_MESSAGE_MAX 65535 /* section 3 */

/* What a handshake message is longer than its payload: an ephemeral key and a tag. */
#define NOISE_HANDSHAKE_OVERHEAD (X25519_LEN + NOISE_TAG_LEN)

/*
 * Section 5.1. Zeros, as after wiping, are a cipher without a key. The specification would pass plain
 * text on then; this one refuses.
 */
struct noise_cipher {
	bool has_key;
	uint8_t key[NOISE_KEY_LEN];
	uint64_t counter; /* messages so far, the next one's nonce; Rekey() leaves it as it is */
};

/**
 * noise_cipher_seal() - EncryptWithAd() without associated data
 * @dst:	@len + NOISE_TAG_LEN bytes; either @src itself or apart from it
 * @len:	0..NOISE_MESSAGE_MAX - NOISE_TAG_LEN
 *
 * Return: false when there is no key or its 2^64 - 1 nonces are used up: nothing is written then.
 */
bool noise_cipher_seal(struct noise_cipher *c, uint8_t *dst, const uint8_t *src, size_t len)
	__attribute__((warn_unused_result));

/**
 * noise_cipher_open() - DecryptWithAd() without associated data
 * @dst:	@len - NOISE_TAG_LEN bytes; either @src itself or apart from it
 * @src:	ciphertext, then the tag
 * @len:	of both
 *
 * Return: false when it is not genuine, and as above; nothing is written then, and the counter stays.
 */
bool noise_cipher_open(struct noise_cipher *c, uint8_t *dst, const uint8_t *src, size_t len)
	__attribute__((warn_unused_result));

/** noise_cipher_rekey() - Rekey(), section 4.2: a new key from the old one, which is gone */
void noise_cipher_rekey(struct noise_cipher *c);

/** noise_cipher_move() - @dst becomes what @src was; what @dst was, and @src, are wiped */
void noise_cipher_move(struct noise_cipher *dst, struct noise_cipher *src);

enum noise_role {
	NOISE_INITIATOR,
	NOISE_RESPONDER,
};

/* What comes next. */
enum noise_step {
	NOISE_OVER, /* nothing: it has failed, or its keys were taken; all is wiped */
	NOISE_MESSAGE_1,
	NOISE_MESSAGE_2,
	NOISE_SPLIT,
};

/* SymmetricState and HandshakeState, sections 5.2 and 5.3. */
struct noise_handshake {
	enum noise_role role;
	enum noise_step step;
	struct noise_cipher cipher;
	uint8_t chaining_key[NOISE_HASH_LEN];
	uint8_t hash[NOISE_HASH_LEN];
	uint8_t ephemeral[X25519_LEN];	    /* the initiator's own, secret, up to message 2 */
	uint8_t peer_ephemeral[X25519_LEN]; /* the initiator's, public, at the responder */
};

/**
 * noise_handshake_init() - begin, and take the psk token, which comes before all others
 * @prologue:	what both ends must agree on besides the key, @prologue_len bytes; not secret
 * @psk:	32 random bytes that both ends share; no copy of them is kept
 */
void noise_handshake_init(struct noise_handshake *h, enum noise_role role, const uint8_t *prologue,
			  size_t prologue_len, const uint8_t psk[static NOISE_KEY_LEN]);

/**
 * noise_handshake_write() - make the message that is this end's turn
 * @ephemeral:	32 random bytes, secret, for this message only: they are wiped here, also on failure,
 *		so that they cannot be used again
 * @out:	@len + NOISE_HANDSHAKE_OVERHEAD bytes, apart from @payload
 * @payload:	@len bytes; in message 1 protected by the psk only, so by nothing once that leaks
 *
 * Return: false when it is not this end's turn, @len is too large, or the other end's key has low
 * order. The handshake is over then and wiped, and @out must not be sent.
 */
bool noise_handshake_write(struct noise_handshake *h, uint8_t ephemeral[static X25519_LEN],
			   uint8_t *out, const uint8_t *payload, size_t len)
	__attribute__((warn_unused_result));

/**
 * noise_handshake_read() - take the other end's message
 * @payload:	set to its @len - NOISE_HANDSHAKE_OVERHEAD bytes; apart from @message
 *
 * Return: false when it is not genuine, too short or too long, or not the other end's turn. The
 * handshake is over then and wiped, and nothing was written to @payload.
 */
bool noise_handshake_read(struct noise_handshake *h, uint8_t *payload, const uint8_t *message,
			  size_t len) __attribute__((warn_unused_result));

/**
 * noise_handshake_split() - after message 2, Split(): the keys of both directions
 * @hash:	set to the handshake hash, section 11.2: the same at both ends, and at no others
 *
 * Return: false when the messages were not all exchanged; the outputs are wiped then. The handshake
 * is over and wiped in any case.
 */
bool noise_handshake_split(struct noise_handshake *h, struct noise_cipher *send,
			   struct noise_cipher *receive, uint8_t hash[static NOISE_HASH_LEN])
	__attribute__((warn_unused_result));

/** noise_handshake_wipe() - it is over */
void noise_handshake_wipe(struct noise_handshake *h);

#endif
