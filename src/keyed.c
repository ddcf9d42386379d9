/* SPDX-License-Identifier: MIT */
/*
 * A keyed connection, as bytes.
 *
 * Each direction has a cipher of its own, whose nonce is the number of records since its key was agreed
 * upon: never sent, so a record that is lost, repeated or moved does not open. Keys change in two
 * ways. Noise Rekey() after so many records is a one-way street: who learns a key cannot go back
 * from it. A fresh handshake, which the client starts by the clock, shuts out also who has
 * learned those keys and only listens. Its new keys come into use where the stream itself says so: the
 * server's behind the record with REKEY2, the client's behind the one with SWITCH. The stream is in
 * order, so no record is ever tried under two keys, and packets go on while it lasts.
 */
#include "keyed.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

#define TYPE_CLIENT_HELLO \
	0x40 /* to a plain tun an IPv4 header without length: its kernel drops it */
#define TYPE_SERVER_HELLO 0x41

#define KEEPALIVES_IN_TIMEOUT 3

/* The first bytes that both hash, section 5.3: whoever speaks another version is shut out. */
static const uint8_t prologue[] = "tunnel 1";
#define PROLOGUE_LEN (sizeof(prologue) - 1)

/* Where the facts stand in their 32 bytes; the others are zero. */
enum {
	FACT_KIND = 0,
	FACT_MTU = 2,
	FACT_TIMEOUT = 4,
	FACT_ID = 8,
	FACT_END = FACT_ID + KEYED_ID_LEN,
};
_Static_assert(FACT_END <= KEYED_FACTS_LEN, "the facts fit");

enum {
	KIND_TUN = 0,
	KIND_TAP = 1,
	TIMEOUT_MAX_S = 86400,
};

enum item {
	ITEM_KEEPALIVE = 1,
	ITEM_CLOSE = 2,	 /* a byte: the reason */
	ITEM_REKEY1 = 3, /* client: a Noise message without payload */
	ITEM_REKEY2 = 4, /* server: likewise; ends its record, the next one has the new key */
	ITEM_SWITCH = 5, /* client: the same for the other direction */
};

_Static_assert(KEYED_ITEM_RECORD_MAX == FRAME_HEADER_LEN + KEYED_ITEM_HEADER_LEN +
						NOISE_HANDSHAKE_OVERHEAD + NOISE_TAG_LEN,
	       "the longest item");

/* It is over; the first fault is the one that counts. */
static bool fail(struct keyed *k, enum keyed_fault fault)
{
	keyed_wipe(k);
	if (k->fault == KEYED_OK)
		k->fault = fault;
	return false;
}

void keyed_init(struct keyed *k, enum noise_role role, const uint8_t psk[static NOISE_KEY_LEN],
		const struct keyed_facts *mine, bool (*random)(uint8_t *out, size_t len))
{
	memset(k, 0, sizeof(*k));
	k->role = role;
	k->state = KEYED_START;
	k->mine = *mine;
	k->random = random;
	memcpy(k->psk, psk, sizeof(k->psk));
	noise_handshake_init(&k->handshake, role, prologue, PROLOGUE_LEN, psk);
}

void keyed_wipe(struct keyed *k)
{
	const enum keyed_fault fault = k->fault;

	crypto_wipe(k, sizeof(*k));
	k->fault = fault;
}

void keyed_move(struct keyed *dst, struct keyed *src)
{
	*dst = *src;
	crypto_wipe(src, sizeof(*src));
}

/* ---- handshake ---- */

static void store_facts(uint8_t out[static KEYED_FACTS_LEN], const struct keyed_facts *facts)
{
	memset(out, 0, KEYED_FACTS_LEN);
	out[FACT_KIND] = facts->kind == PACKET_ETHER ? KIND_TAP : KIND_TUN;
	be16_store(out + FACT_MTU, facts->mtu);
	be32_store(out + FACT_TIMEOUT, facts->timeout_s);
	memcpy(out + FACT_ID, facts->id, KEYED_ID_LEN);
}

static bool load_facts(struct keyed_facts *facts, const uint8_t in[static KEYED_FACTS_LEN])
{
	facts->kind = in[FACT_KIND] == KIND_TAP ? PACKET_ETHER : PACKET_IP;
	facts->mtu = be16_load(in + FACT_MTU);
	facts->timeout_s = be32_load(in + FACT_TIMEOUT);
	memcpy(facts->id, in + FACT_ID, KEYED_ID_LEN);
	return in[FACT_KIND] <= KIND_TAP && facts->timeout_s >= 1 &&
	       facts->timeout_s <= TIMEOUT_MAX_S;
}

/* The keys of a handshake that is complete. */
static bool take_keys(struct keyed *k, struct noise_cipher *send, struct noise_cipher *receive)
{
	return noise_handshake_split(&k->handshake, send, receive, k->hash) ||
	       fail(k, KEYED_MISUSED);
}

/* @fault: what it means when the other end's ephemeral key is of low order. */
static bool write_message(struct keyed *k, uint8_t *out, const uint8_t *payload, size_t len,
			  enum keyed_fault fault)
{
	uint8_t ephemeral[X25519_LEN];

	if (!k->random(ephemeral, sizeof(ephemeral))) {
		crypto_wipe(ephemeral, sizeof(ephemeral));
		return fail(k, KEYED_NO_RANDOM);
	}
	return noise_handshake_write(&k->handshake, ephemeral, out, payload, len) || fail(k, fault);
}

static bool write_hello(struct keyed *k, uint8_t *out, uint8_t type)
{
	uint8_t facts[KEYED_FACTS_LEN];

	store_facts(facts, &k->mine);
	frame_header_store(out, KEYED_HELLO_LEN);
	out[FRAME_HEADER_LEN] = type;
	return write_message(k, out + FRAME_HEADER_LEN + 1, facts, sizeof(facts), KEYED_BAD_FACTS);
}

static bool write_client_hello(struct keyed *k, uint8_t *out)
{
	if (k->state != KEYED_START)
		return fail(k, KEYED_MISUSED);
	if (!write_hello(k, out, TYPE_CLIENT_HELLO))
		return false;
	k->state = KEYED_GREETED;
	return true;
}

static bool write_server_hello(struct keyed *k, uint8_t *out)
{
	if (k->state != KEYED_GREETED)
		return fail(k, KEYED_MISUSED);
	if (!write_hello(k, out, TYPE_SERVER_HELLO))
		return false;
	if (k->theirs.kind != k->mine.kind) {
		fail(k, KEYED_KIND_DIFFERS);
		return true;
	}
	if (!take_keys(k, &k->send, &k->receive))
		return false;
	k->state = KEYED_AGREED;
	return true;
}

bool keyed_write_hello(struct keyed *k, uint8_t out[static FRAME_HEADER_LEN + KEYED_HELLO_LEN])
{
	return k->role == NOISE_INITIATOR ? write_client_hello(k, out) : write_server_hello(k, out);
}

/* The type bytes of the hellos that the other end and this end send. */
static uint8_t their_type(const struct keyed *k)
{
	return k->role == NOISE_INITIATOR ? TYPE_SERVER_HELLO : TYPE_CLIENT_HELLO;
}

static uint8_t my_type(const struct keyed *k)
{
	return k->role == NOISE_INITIATOR ? TYPE_CLIENT_HELLO : TYPE_SERVER_HELLO;
}

bool keyed_glance(struct keyed *k, const uint8_t *bytes, size_t len)
{
	uint8_t begin[] = {KEYED_HELLO_LEN >> 8, KEYED_HELLO_LEN & 0xff, their_type(k)};

	if (len > sizeof(begin))
		len = sizeof(begin);
	if (!memcmp(bytes, begin, len))
		return true;
	begin[2] = my_type(k);
	return fail(k, memcmp(bytes, begin, len) ? KEYED_NOT_KEYED : KEYED_SELF);
}

static bool is_their_turn(const struct keyed *k)
{
	return k->state == (k->role == NOISE_INITIATOR ? KEYED_GREETED : KEYED_START);
}

bool keyed_read_hello(struct keyed *k, const uint8_t *payload, size_t len, uint64_t now_us)
{
	uint8_t facts[KEYED_FACTS_LEN];

	if (!is_their_turn(k))
		return fail(k, KEYED_MISUSED);
	if (len != KEYED_HELLO_LEN || payload[0] != their_type(k))
		return fail(k, KEYED_NOT_KEYED);
	/* A server with another key says nothing: at a client this is a forgery. */
	if (!noise_handshake_read(&k->handshake, facts, payload + 1, len - 1))
		return fail(k, k->role == NOISE_INITIATOR ? KEYED_NOT_GENUINE : KEYED_WRONG_KEY);
	CRYPTO_PUBLIC(facts, sizeof(facts));
	if (!load_facts(&k->theirs, facts))
		return fail(k, KEYED_BAD_FACTS);
	if (!memcmp(k->theirs.id, k->mine.id, KEYED_ID_LEN))
		return fail(k, KEYED_SELF);
	k->agreed_at_us = k->sent_at_us = k->received_at_us = now_us;
	if (k->role == NOISE_RESPONDER) {
		k->state = KEYED_GREETED;
		return true;
	}
	if (k->theirs.kind != k->mine.kind)
		return fail(k, KEYED_KIND_DIFFERS);
	if (!take_keys(k, &k->send, &k->receive))
		return false;
	k->state = KEYED_OPEN;
	k->confirm_due = true;
	return true;
}

static const uint8_t keepalive[KEYED_ITEM_HEADER_LEN] = {0, 0, ITEM_KEEPALIVE};

bool keyed_read_confirm(struct keyed *k, uint8_t payload[static KEYED_CONFIRM_LEN], size_t len,
			uint64_t now_us)
{
	if (k->state != KEYED_AGREED)
		return fail(k, KEYED_MISUSED);
	if (len != KEYED_CONFIRM_LEN || !noise_cipher_open(&k->receive, payload, payload, len))
		return fail(k, KEYED_UNCONFIRMED);
	CRYPTO_PUBLIC(payload, sizeof(keepalive));
	if (memcmp(payload, keepalive, sizeof(keepalive)) != 0)
		return fail(k, KEYED_UNCONFIRMED);
	k->state = KEYED_OPEN;
	k->sent_at_us = k->received_at_us = now_us;
	return true;
}

/* ---- records ---- */

/* So many records have passed under this key since it was agreed upon: time for another one? */
static void rekey_by_count(struct noise_cipher *c)
{
	if (c->counter % KEYED_REKEY_RECORDS == 0)
		noise_cipher_rekey(c);
}

static size_t seal(struct keyed *k, uint8_t *record, size_t plain_len, uint64_t now_us)
{
	uint8_t *payload = record + FRAME_HEADER_LEN;

	if (!noise_cipher_seal(&k->send, payload, payload, plain_len)) {
		fail(k, KEYED_MISUSED);
		return 0;
	}
	rekey_by_count(&k->send);
	frame_header_store(record, plain_len + NOISE_TAG_LEN);
	k->sent_at_us = now_us;
	return FRAME_HEADER_LEN + plain_len + NOISE_TAG_LEN;
}

size_t keyed_seal(struct keyed *k, uint8_t *record, size_t plain_len, uint64_t now_us)
{
	if (k->state == KEYED_CLOSED)
		return 0;
	if (k->state != KEYED_OPEN || k->confirm_due || !plain_len || plain_len > KEYED_PLAIN_MAX) {
		fail(k, KEYED_MISUSED);
		return 0;
	}
	return seal(k, record, plain_len, now_us);
}

bool keyed_open(struct keyed *k, uint8_t *payload, size_t len, uint64_t now_us,
		struct keyed_plain *plain)
{
	if (k->state != KEYED_OPEN)
		return fail(k, KEYED_MISUSED);
	if (!noise_cipher_open(&k->receive, payload, payload, len))
		return fail(k, KEYED_NOT_GENUINE);
	CRYPTO_PUBLIC(payload, len - NOISE_TAG_LEN); /* lengths and types decide, as they must */
	rekey_by_count(&k->receive);
	plain->at = payload;
	plain->left = len - NOISE_TAG_LEN;
	k->received_at_us = now_us;
	return true;
}

/* ---- items ---- */

static bool read_message(struct keyed *k, const uint8_t *message)
{
	uint8_t nothing;

	if (!noise_handshake_read(&k->handshake, &nothing, message, NOISE_HANDSHAKE_OVERHEAD))
		return fail(k, KEYED_BAD_REKEY);
	return true;
}

/* The next handshake is bound to the last one: it can be part of no other session. */
static void begin_rekey(struct keyed *k)
{
	noise_handshake_init(&k->handshake, k->role, k->hash, sizeof(k->hash), k->psk);
}

static bool take_rekey1(struct keyed *k, const uint8_t *message)
{
	if (k->role != NOISE_RESPONDER || k->rekey != KEYED_REKEY_NONE)
		return fail(k, KEYED_BAD_REKEY);
	begin_rekey(k);
	if (!read_message(k, message))
		return false;
	k->rekey = KEYED_REKEY_ASKED;
	return true;
}

/* The records behind this one have the new key. */
static bool take_rekey2(struct keyed *k, const uint8_t *message)
{
	if (k->role != NOISE_INITIATOR || k->rekey != KEYED_REKEY_ASKED)
		return fail(k, KEYED_BAD_REKEY);
	if (!read_message(k, message) || !take_keys(k, &k->next, &k->receive))
		return false;
	k->rekey = KEYED_REKEY_ANSWERED;
	return true;
}

static bool take_switch(struct keyed *k)
{
	if (k->role != NOISE_RESPONDER || k->rekey != KEYED_REKEY_ANSWERED)
		return fail(k, KEYED_BAD_REKEY);
	noise_cipher_move(&k->receive, &k->next);
	k->rekey = KEYED_REKEY_NONE;
	k->rekeys++;
	return true;
}

static size_t item_body_len(uint8_t type)
{
	switch (type) {
	case ITEM_CLOSE:
		return 1;
	case ITEM_REKEY1:
	case ITEM_REKEY2:
		return NOISE_HANDSHAKE_OVERHEAD;
	default:
		return 0;
	}
}

/* Obey one item: @plain stands behind its length of zero. */
static bool take_item(struct keyed *k, struct keyed_plain *plain)
{
	const uint8_t *body = plain->at + 1;
	uint8_t type;
	size_t len;

	if (!plain->left)
		return fail(k, KEYED_BAD_ITEM);
	type = plain->at[0];
	len = 1 + item_body_len(type);
	if (plain->left < len)
		return fail(k, KEYED_BAD_ITEM);
	plain->at += len;
	plain->left -= len;
	switch (type) {
	case ITEM_KEEPALIVE:
		return true;
	case ITEM_CLOSE:
		k->state = KEYED_CLOSED;
		k->close_reason =
			body[0] == KEYED_CLOSE_REPLACED ? KEYED_CLOSE_REPLACED : KEYED_CLOSE_END;
		return true;
	case ITEM_REKEY1:
		return take_rekey1(k, body);
	case ITEM_REKEY2:
		return take_rekey2(k, body);
	case ITEM_SWITCH:
		return take_switch(k);
	default:
		return fail(k, KEYED_BAD_ITEM);
	}
}

enum keyed_got keyed_next(struct keyed *k, struct keyed_plain *plain, const uint8_t **packet,
			  size_t *len)
{
	if (k->state != KEYED_OPEN)
		return k->state == KEYED_CLOSED ? KEYED_ENDED : KEYED_FAILED;
	while (plain->left) {
		size_t consumed = frame_next(plain->at, plain->left, packet, len);

		if (!consumed) {
			fail(k, KEYED_BAD_FRAME);
			return KEYED_FAILED;
		}
		plain->at += consumed;
		plain->left -= consumed;
		if (*len)
			return KEYED_PACKET;
		if (!take_item(k, plain))
			return KEYED_FAILED;
		if (k->state == KEYED_CLOSED)
			return KEYED_ENDED;
	}
	return KEYED_NO_MORE;
}

void keyed_close(struct keyed *k, enum keyed_close reason)
{
	if (k->state != KEYED_OPEN)
		return;
	k->close_due = true;
	k->close_reason = reason;
}

static uint64_t keepalive_at_us(const struct keyed *k)
{
	return k->sent_at_us + k->theirs.timeout_s * 1000000ULL / KEEPALIVES_IN_TIMEOUT;
}

/* When the next step of a fresh handshake is this end's turn. */
static uint64_t rekey_at_us(const struct keyed *k)
{
	if (k->role == NOISE_RESPONDER)
		return k->rekey == KEYED_REKEY_ASKED ? 0 : UINT64_MAX;
	switch (k->rekey) {
	case KEYED_REKEY_NONE:
		return k->agreed_at_us + KEYED_REKEY_US;
	case KEYED_REKEY_ANSWERED:
		return 0;
	default:
		return UINT64_MAX;
	}
}

uint64_t keyed_due_at_us(const struct keyed *k)
{
	if (k->state != KEYED_OPEN)
		return UINT64_MAX;
	if (k->confirm_due || k->close_due)
		return 0;
	return rekey_at_us(k) < keepalive_at_us(k) ? rekey_at_us(k) : keepalive_at_us(k);
}

/* An item's head in the plaintext of a record. Return: where its body goes. */
static uint8_t *put_item(uint8_t *record, enum item type)
{
	uint8_t *plain = record + FRAME_HEADER_LEN;

	be16_store(plain, 0);
	plain[FRAME_HEADER_LEN] = (uint8_t)type;
	return plain + KEYED_ITEM_HEADER_LEN;
}

static size_t seal_item(struct keyed *k, uint8_t *record, size_t body_len, uint64_t now_us)
{
	return seal(k, record, KEYED_ITEM_HEADER_LEN + body_len, now_us);
}

static size_t write_keepalive(struct keyed *k, uint8_t *record, uint64_t now_us)
{
	put_item(record, ITEM_KEEPALIVE);
	k->confirm_due = false;
	return seal_item(k, record, 0, now_us);
}

static size_t write_close(struct keyed *k, uint8_t *record, uint64_t now_us)
{
	size_t len;

	*put_item(record, ITEM_CLOSE) = (uint8_t)k->close_reason;
	len = seal_item(k, record, 1, now_us);
	if (len)
		k->state = KEYED_CLOSED;
	return len;
}

static size_t write_rekey1(struct keyed *k, uint8_t *record, uint64_t now_us)
{
	begin_rekey(k);
	if (!write_message(k, put_item(record, ITEM_REKEY1), NULL, 0, KEYED_MISUSED))
		return 0;
	k->rekey = KEYED_REKEY_ASKED;
	k->asked_at_us = now_us;
	return seal_item(k, record, NOISE_HANDSHAKE_OVERHEAD, now_us);
}

static size_t write_rekey2(struct keyed *k, uint8_t *record, uint64_t now_us)
{
	struct noise_cipher send;
	size_t len;

	if (!write_message(k, put_item(record, ITEM_REKEY2), NULL, 0, KEYED_BAD_REKEY) ||
	    !take_keys(k, &send, &k->next))
		return 0;
	k->rekey = KEYED_REKEY_ANSWERED;
	len = seal_item(k, record, NOISE_HANDSHAKE_OVERHEAD, now_us);
	if (len)
		noise_cipher_move(&k->send, &send);
	crypto_wipe(&send, sizeof(send));
	return len;
}

static size_t write_switch(struct keyed *k, uint8_t *record, uint64_t now_us)
{
	size_t len;

	put_item(record, ITEM_SWITCH);
	len = seal_item(k, record, 0, now_us);
	if (!len)
		return 0;
	noise_cipher_move(&k->send, &k->next);
	k->rekey = KEYED_REKEY_NONE;
	k->rekeys++;
	k->agreed_at_us = now_us;
	return len;
}

static size_t write_rekey(struct keyed *k, uint8_t *record, uint64_t now_us)
{
	if (k->role == NOISE_RESPONDER)
		return write_rekey2(k, record, now_us);
	if (k->rekey == KEYED_REKEY_NONE)
		return write_rekey1(k, record, now_us);
	return write_switch(k, record, now_us);
}

size_t keyed_write_item(struct keyed *k, uint8_t record[static KEYED_ITEM_RECORD_MAX],
			uint64_t now_us)
{
	if (now_us < keyed_due_at_us(k))
		return 0;
	if (k->confirm_due)
		return write_keepalive(k, record, now_us);
	if (k->close_due)
		return write_close(k, record, now_us);
	if (now_us >= rekey_at_us(k))
		return write_rekey(k, record, now_us);
	return write_keepalive(k, record, now_us);
}

uint64_t keyed_is_lost_at_us(const struct keyed *k)
{
	const bool has_asked = k->role == NOISE_INITIATOR && k->rekey == KEYED_REKEY_ASKED;
	const uint64_t since_us = has_asked && k->asked_at_us < k->received_at_us
					  ? k->asked_at_us
					  : k->received_at_us;

	return since_us + k->mine.timeout_s * 1000000ULL;
}

const char *keyed_fault_text(enum keyed_fault fault)
{
	static const char *const text[] = {
		[KEYED_OK] = "did nothing wrong",
		[KEYED_NOT_KEYED] =
			"does not use a key and this end does: give it the same key with "
			"-k, or it is no tunnel",
		[KEYED_WRONG_KEY] =
			"uses another key than this end: give both the same key file with "
			"-k",
		[KEYED_BAD_FACTS] =
			"uses this key, but its handshake makes no sense to this version",
		[KEYED_SELF] =
			"sends back what this end has sent: it is no tunnel, or -c names this "
			"end itself",
		[KEYED_KIND_DIFFERS] =
			"uses this key, but one end is a tap (-a) and the other a tun; "
			"use -a at both ends or at none",
		[KEYED_UNCONFIRMED] =
			"repeats a handshake that it has recorded, and does not hold the "
			"key",
		[KEYED_NOT_GENUINE] =
			"sent something that the key did not make: the connection was "
			"tampered with",
		[KEYED_BAD_FRAME] = "sent a record whose packets do not fit into it",
		[KEYED_BAD_ITEM] = "sent a record with something that this version does not know",
		[KEYED_BAD_REKEY] =
			"sent a step of a new handshake out of its turn, or a wrong one",
		[KEYED_NO_RANDOM] = "is given up: the system has no random bytes for a key",
		[KEYED_MISUSED] = "is given up: a mistake in this program",
	};
	_Static_assert(sizeof(text) / sizeof(text[0]) == KEYED_NFAULTS, "a text for each fault");

	return text[fault];
}
