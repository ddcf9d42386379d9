/* SPDX-License-Identifier: MIT */
/* Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s: cipher state, symmetric state, handshake state. */
#include "noise.h"

#include <string.h>

#include "wipe.h"

static const char protocol_name[] = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s";
_Static_assert(sizeof(protocol_name) - 1 > NOISE_HASH_LEN,
	       "InitializeSymmetric(): a longer name is hashed, a shorter one would be padded");

/* ---- cipher state ---- */

/* Reserved for Rekey(), section 5.1. */
#define NONCE_REKEY UINT64_MAX

static bool is_usable(const struct noise_cipher *c)
{
	return c->has_key && c->counter != NONCE_REKEY;
}

static void cipher_init(struct noise_cipher *c, const uint8_t key[static NOISE_KEY_LEN])
{
	memcpy(c->key, key, NOISE_KEY_LEN);
	c->counter = 0;
	c->has_key = true;
}

static bool cipher_seal(struct noise_cipher *c, uint8_t *dst, const uint8_t *ad, size_t ad_len,
			const uint8_t *src, size_t len)
{
	if (!is_usable(c))
		return false;
	chacha20poly1305_seal(dst, c->key, c->counter++, ad, ad_len, src, len);
	return true;
}

static bool cipher_open(struct noise_cipher *c, uint8_t *dst, const uint8_t *ad, size_t ad_len,
			const uint8_t *src, size_t len)
{
	if (!is_usable(c) || !chacha20poly1305_open(dst, c->key, c->counter, ad, ad_len, src, len))
		return false;
	c->counter++;
	return true;
}

bool noise_cipher_seal(struct noise_cipher *c, uint8_t *dst, const uint8_t *src, size_t len)
{
	return cipher_seal(c, dst, NULL, 0, src, len);
}

bool noise_cipher_open(struct noise_cipher *c, uint8_t *dst, const uint8_t *src, size_t len)
{
	return cipher_open(c, dst, NULL, 0, src, len);
}

void noise_cipher_rekey(struct noise_cipher *c)
{
	static const uint8_t zeros[NOISE_KEY_LEN];
	uint8_t sealed[NOISE_KEY_LEN + NOISE_TAG_LEN];

	if (!c->has_key)
		return;
	chacha20poly1305_seal(sealed, c->key, NONCE_REKEY, NULL, 0, zeros, sizeof(zeros));
	memcpy(c->key, sealed, NOISE_KEY_LEN);
	crypto_wipe(sealed, sizeof(sealed));
}

void noise_cipher_move(struct noise_cipher *dst, struct noise_cipher *src)
{
	*dst = *src;
	crypto_wipe(src, sizeof(*src));
}

/* ---- symmetric state ---- */

static void mix_hash(struct noise_handshake *h, const uint8_t *data, size_t len)
{
	struct blake2s b;

	blake2s_init(&b, BLAKE2S_LEN, NULL, 0);
	blake2s_update(&b, h->hash, sizeof(h->hash));
	blake2s_update(&b, data, len);
	blake2s_final(&b, h->hash);
}

static void mix_key(struct noise_handshake *h, const uint8_t material[static 32])
{
	uint8_t key[NOISE_KEY_LEN];

	blake2s_hkdf(h->chaining_key, key, NULL, h->chaining_key, material, 32);
	cipher_init(&h->cipher, key);
	crypto_wipe(key, sizeof(key));
}

static void mix_key_and_hash(struct noise_handshake *h, const uint8_t material[static 32])
{
	uint8_t hash[NOISE_HASH_LEN], key[NOISE_KEY_LEN];

	blake2s_hkdf(h->chaining_key, hash, key, h->chaining_key, material, 32);
	mix_hash(h, hash, sizeof(hash));
	cipher_init(&h->cipher, key);
	crypto_wipe(hash, sizeof(hash));
	crypto_wipe(key, sizeof(key));
}

static bool encrypt_and_hash(struct noise_handshake *h, uint8_t *dst, const uint8_t *src,
			     size_t len)
{
	if (!cipher_seal(&h->cipher, dst, h->hash, sizeof(h->hash), src, len))
		return false;
	mix_hash(h, dst, len + NOISE_TAG_LEN);
	return true;
}

static bool decrypt_and_hash(struct noise_handshake *h, uint8_t *dst, const uint8_t *src,
			     size_t len)
{
	if (!cipher_open(&h->cipher, dst, h->hash, sizeof(h->hash), src, len))
		return false;
	mix_hash(h, src, len);
	return true;
}

/* ---- handshake state ---- */

/* The token e; its MixKey() is what handshakes with a psk have in addition, section 9.2. */
static void mix_ephemeral(struct noise_handshake *h, const uint8_t public[static X25519_LEN])
{
	mix_hash(h, public, X25519_LEN);
	mix_key(h, public);
}

/* The token ee. A key of low order would make the outcome known to everyone: refused. */
static bool mix_shared(struct noise_handshake *h, const uint8_t secret[static X25519_LEN],
		       const uint8_t peer[static X25519_LEN])
{
	uint8_t shared[X25519_LEN];
	bool ok = x25519_shared(shared, secret, peer);

	CRYPTO_PUBLIC(&ok, sizeof(ok));
	if (ok)
		mix_key(h, shared);
	crypto_wipe(shared, sizeof(shared));
	return ok;
}

static enum noise_role writer(const struct noise_handshake *h)
{
	return h->step == NOISE_MESSAGE_1 ? NOISE_INITIATOR : NOISE_RESPONDER;
}

static bool awaits_message(const struct noise_handshake *h)
{
	return h->step == NOISE_MESSAGE_1 || h->step == NOISE_MESSAGE_2;
}

CRYPTO_NOINLINE static void begin(struct noise_handshake *h, const uint8_t *prologue,
				  size_t prologue_len, const uint8_t psk[static NOISE_KEY_LEN])
{
	blake2s_hash(h->hash, (const uint8_t *)protocol_name, sizeof(protocol_name) - 1);
	memcpy(h->chaining_key, h->hash, sizeof(h->chaining_key));
	mix_hash(h, prologue, prologue_len);
	mix_key_and_hash(h, psk);
}

CRYPTO_NOINLINE static bool write_message(struct noise_handshake *h,
					  const uint8_t ephemeral[static X25519_LEN], uint8_t *out,
					  const uint8_t *payload, size_t len)
{
	if (!awaits_message(h) || writer(h) != h->role ||
	    len > NOISE_MESSAGE_MAX - NOISE_HANDSHAKE_OVERHEAD)
		return false;
	x25519_public(out, ephemeral);
	mix_ephemeral(h, out);
	if (h->step == NOISE_MESSAGE_1)
		memcpy(h->ephemeral, ephemeral, X25519_LEN);
	else if (!mix_shared(h, ephemeral, h->peer_ephemeral))
		return false;
	return encrypt_and_hash(h, out + X25519_LEN, payload, len);
}

CRYPTO_NOINLINE static bool read_message(struct noise_handshake *h, uint8_t *payload,
					 const uint8_t *message, size_t len)
{
	if (!awaits_message(h) || writer(h) == h->role || len < NOISE_HANDSHAKE_OVERHEAD ||
	    len > NOISE_MESSAGE_MAX)
		return false;
	mix_ephemeral(h, message);
	if (h->step == NOISE_MESSAGE_1)
		memcpy(h->peer_ephemeral, message, X25519_LEN);
	else if (!mix_shared(h, h->ephemeral, message))
		return false;
	return decrypt_and_hash(h, payload, message + X25519_LEN, len - X25519_LEN);
}

/* After a message: nothing of a handshake that failed is kept. */
static bool step_on(struct noise_handshake *h, bool ok)
{
	if (ok)
		h->step++;
	else
		noise_handshake_wipe(h);
	if (h->step == NOISE_SPLIT)
		crypto_wipe(h->ephemeral, sizeof(h->ephemeral));
	crypto_wipe_stack();
	return ok;
}

void noise_handshake_init(struct noise_handshake *h, enum noise_role role, const uint8_t *prologue,
			  size_t prologue_len, const uint8_t psk[static NOISE_KEY_LEN])
{
	noise_handshake_wipe(h);
	begin(h, prologue, prologue_len, psk);
	h->role = role;
	h->step = NOISE_MESSAGE_1;
	crypto_wipe_stack();
}

bool noise_handshake_write(struct noise_handshake *h, uint8_t ephemeral[static X25519_LEN],
			   uint8_t *out, const uint8_t *payload, size_t len)
{
	bool ok = write_message(h, ephemeral, out, payload, len);

	crypto_wipe(ephemeral, X25519_LEN);
	return step_on(h, ok);
}

bool noise_handshake_read(struct noise_handshake *h, uint8_t *payload, const uint8_t *message,
			  size_t len)
{
	return step_on(h, read_message(h, payload, message, len));
}

bool noise_handshake_split(struct noise_handshake *h, struct noise_cipher *send,
			   struct noise_cipher *receive, uint8_t hash[static NOISE_HASH_LEN])
{
	uint8_t key[2][NOISE_KEY_LEN];
	const int mine = h->role == NOISE_INITIATOR ? 0 : 1; /* the first key is the initiator's */
	const bool ok = h->step == NOISE_SPLIT;

	crypto_wipe(send, sizeof(*send));
	crypto_wipe(receive, sizeof(*receive));
	crypto_wipe(hash, NOISE_HASH_LEN);
	if (ok) {
		blake2s_hkdf(key[0], key[1], NULL, h->chaining_key, NULL, 0);
		cipher_init(send, key[mine]);
		cipher_init(receive, key[!mine]);
		memcpy(hash, h->hash, NOISE_HASH_LEN);
		crypto_wipe(key, sizeof(key));
	}
	noise_handshake_wipe(h);
	return ok;
}

void noise_handshake_wipe(struct noise_handshake *h)
{
	crypto_wipe(h, sizeof(*h));
}
