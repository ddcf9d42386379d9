/* SPDX-License-Identifier: MIT */
/* What the tests of a keyed connection share: two ends with one key, and a look into a record. */
#ifndef KEYED_ENDS_H
#define KEYED_ENDS_H

#include "keyed.h"
#include "unit.h"
#include "vectors.h"

#define CLIENT NOISE_INITIATOR
#define SERVER NOISE_RESPONDER

#define HELLO_FRAME    (FRAME_HEADER_LEN + KEYED_HELLO_LEN)
#define HANDSHAKE_ITEM (KEYED_ITEM_HEADER_LEN + NOISE_HANDSHAKE_OVERHEAD)
#define SECOND	       1000000ULL

#define NO_ITEM	       0
#define ITEM_KEEPALIVE 1
#define ITEM_CLOSE     2
#define ITEM_REKEY1    3
#define ITEM_REKEY2    4
#define ITEM_SWITCH    5

static const uint8_t psk[NOISE_KEY_LEN] = "a key for tests, 32 bytes long..";

static const struct keyed_facts facts[2] = {
	{.kind = PACKET_IP, .mtu = 1500, .timeout_s = 60, .id = "the client's own"},
	{.kind = PACKET_IP, .mtu = 9000, .timeout_s = 90, .id = "the server's own"},
};

/* Randomness: the same in each run, and it can fail. */

static uint64_t dice;
static unsigned nrandom;
static bool random_fails;

static inline bool roll(uint8_t *out, size_t len)
{
	nrandom++;
	random_bytes(&dice, out, random_fails ? len / 2 : len);
	return !random_fails;
}

/* The plaintext of a record: sealed with what @cipher was before, this very key and nonce. */
static inline size_t unseal(const struct noise_cipher *cipher, const uint8_t *record, size_t total,
			    uint8_t *plain)
{
	const size_t overhead = FRAME_HEADER_LEN + NOISE_TAG_LEN;
	const size_t len = total > overhead ? total - overhead : 0;

	CHECK(len > 0 && be16_load(record) == len + NOISE_TAG_LEN);
	CHECK(len > 0 && chacha20poly1305_open(plain, cipher->key, cipher->counter, NULL, 0,
					       record + FRAME_HEADER_LEN, len + NOISE_TAG_LEN));
	return len;
}

#endif
