/* SPDX-License-Identifier: MIT */
/*
 * A keyed connection, as bytes: the handshake, and then records that are sealed and opened in place.
 * src/PROTOCOL.md has the format to the byte and what it protects against.
 *
 *	client			server
 *	keyed_write_hello  ->	keyed_read_hello
 *	keyed_read_hello   <-	keyed_write_hello
 *	keyed_write_item   ->	keyed_read_confirm	only now the server believes in the client
 *	keyed_seal	   <->	keyed_open, keyed_next
 *	keyed_write_item   <->
 *
 * Pure: time and randomness are passed in. Whatever goes wrong ends it: all secrets are wiped then and
 * keyed.fault tells why. Records that were sealed must all reach the stream, in that order.
 */
#ifndef KEYED_H
#define KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "noise.h"
#include "packet.h"

/* A handshake frame: a type byte, then the Noise message with a payload of 32 bytes. */
#define KEYED_FACTS_LEN 32
#define KEYED_HELLO_LEN (1 + NOISE_HANDSHAKE_OVERHEAD + KEYED_FACTS_LEN)
#define KEYED_ID_LEN	16

/* The client's first record: one keepalive, sealed. */
#define KEYED_CONFIRM_LEN (KEYED_ITEM_HEADER_LEN + NOISE_TAG_LEN)

/* A record's plaintext is a run of inner frames; one of length 0 is an item, and its type follows. */
#define KEYED_PLAIN_MAX	      (FRAME_PAYLOAD_MAX - NOISE_TAG_LEN)
#define KEYED_ITEM_HEADER_LEN (FRAME_HEADER_LEN + 1)
#define KEYED_ITEM_RECORD_MAX 69 /* what keyed_write_item() writes at most */

_Static_assert(FRAME_KEYED_PACKET_MAX == KEYED_PLAIN_MAX - FRAME_HEADER_LEN,
	       "the longest packet is a record of its own");

#define KEYED_REKEY_RECORDS 65536	  /* then Noise Rekey() */
#ifndef KEYED_REKEY_US			  /* tests do not wait for so long */
#define KEYED_REKEY_US (180 * 1000000ULL) /* then a fresh handshake, which the client starts */
#endif

/* What the ends tell each other in the handshake. */
struct keyed_facts {
	enum packet_kind kind;
	uint16_t mtu;	    /* theirs: any value */
	uint32_t timeout_s; /* 1..86400: silence after which this end takes the other for gone */
	uint8_t id[KEYED_ID_LEN]; /* random, of this process */
};

enum keyed_fault {
	KEYED_OK,
	/* handshake */
	KEYED_NOT_KEYED, /* what came first is no handshake: the peer has no key, or is no tunnel */
	KEYED_WRONG_KEY, /* not genuine under our key */
	KEYED_BAD_FACTS,
	KEYED_SELF,	    /* what we have sent came back */
	KEYED_KIND_DIFFERS, /* one end is a tun, the other a tap */
	KEYED_UNCONFIRMED,  /* the client's first record is not genuine: a replayed handshake */
	/* records */
	KEYED_NOT_GENUINE,
	KEYED_BAD_FRAME, /* an inner frame goes beyond its record */
	KEYED_BAD_ITEM,
	KEYED_BAD_REKEY, /* an item out of its turn, or a handshake in it that is not genuine */
	/* this end */
	KEYED_NO_RANDOM,
	KEYED_MISUSED, /* a call out of its turn, or nonces used up */
	KEYED_NFAULTS,
};

enum keyed_state {
	KEYED_OVER,    /* failed or wiped, see fault */
	KEYED_START,   /* server: waits for the client's hello; client: is to send it */
	KEYED_GREETED, /* server: is to answer; client: waits for the answer */
	KEYED_AGREED,  /* server: there are keys, the client has not shown yet that it has them */
	KEYED_OPEN,    /* records */
	KEYED_CLOSED,  /* one end has ended the connection, nothing may follow */
};

/* The fresh handshake inside the session, told from each end. */
enum keyed_rekey {
	KEYED_REKEY_NONE,
	KEYED_REKEY_ASKED,    /* client: REKEY1 was sent; server: has come */
	KEYED_REKEY_ANSWERED, /* client: REKEY2 has come, SWITCH is to be sent; server: the reverse */
};

/* Why a connection ends, as a close item tells it. */
enum keyed_close {
	KEYED_CLOSE_END,      /* for good, or to start over */
	KEYED_CLOSE_REPLACED, /* another client that holds the key has come */
};

struct keyed {
	enum noise_role role;
	enum keyed_state state;
	enum keyed_fault fault; /* why it is KEYED_OVER */
	bool (*random)(uint8_t *out, size_t len);
	struct keyed_facts mine, theirs; /* theirs: once their hello was read */
	uint8_t psk[NOISE_KEY_LEN];
	uint8_t hash[NOISE_HASH_LEN]; /* of the last handshake; the next one is bound to it */
	struct noise_handshake handshake;
	struct noise_cipher send, receive;
	enum keyed_rekey rekey;
	uint64_t rekeys;	  /* fresh handshakes until now */
	struct noise_cipher next; /* after SWITCH: the client's to send, the server's to receive */
	bool confirm_due;	  /* client: before all else */
	bool close_due;
	enum keyed_close close_reason;	     /* ours when it is due, the peer's when it has come */
	uint64_t agreed_at_us;		     /* client: the last handshake */
	uint64_t asked_at_us;		     /* client: the last REKEY1 */
	uint64_t sent_at_us, received_at_us; /* the last record */
};

/**
 * keyed_init() - before the handshake
 * @psk:	the shared key; copied. Like @mine apart from @k
 * @random:	fills @out with random and secret bytes, or returns false
 */
void keyed_init(struct keyed *k, enum noise_role role, const uint8_t psk[static NOISE_KEY_LEN],
		const struct keyed_facts *mine, bool (*random)(uint8_t *out, size_t len));

/** keyed_wipe() - nothing secret is left; the fault stays readable */
void keyed_wipe(struct keyed *k);

/** keyed_move() - @dst becomes what @src was, and @src is wiped */
void keyed_move(struct keyed *dst, struct keyed *src);

/**
 * keyed_write_hello() - the handshake frame that is this end's turn, with its length in front
 *
 * When the kinds differ, a server still answers, so that the client can say so, too; it has failed with
 * KEYED_KIND_DIFFERS afterwards.
 *
 * Return: false when @out must not be sent.
 */
bool keyed_write_hello(struct keyed *k, uint8_t out[static FRAME_HEADER_LEN + KEYED_HELLO_LEN])
	__attribute__((warn_unused_result));

/**
 * keyed_glance() - can what has come so far begin the handshake frame that is awaited?
 * @bytes:	the stream's first @len bytes, length in front
 *
 * Return: false when not: it has failed with KEYED_NOT_KEYED.
 */
bool keyed_glance(struct keyed *k, const uint8_t *bytes, size_t len)
	__attribute__((warn_unused_result));

/**
 * keyed_read_hello() - take the other end's handshake frame
 * @payload:	@len bytes, without the length in front
 * @now_us:	of any clock that does not go back
 *
 * A client is KEYED_OPEN then, and is to send what keyed_write_item() gives. A server is to answer with
 * keyed_write_hello().
 *
 * Return: false when it failed.
 */
bool keyed_read_hello(struct keyed *k, const uint8_t *payload, size_t len, uint64_t now_us)
	__attribute__((warn_unused_result));

/**
 * keyed_read_confirm() - server: take the client's first record, and so believe in it
 * @payload:	KEYED_CONFIRM_LEN bytes; opened in place
 * @len:	what the length in front of them says
 *
 * Return: false when it failed.
 */
bool keyed_read_confirm(struct keyed *k, uint8_t payload[static KEYED_CONFIRM_LEN], size_t len,
			uint64_t now_us) __attribute__((warn_unused_result));

/**
 * keyed_seal() - make a record of plaintext, in place
 * @record:	room for FRAME_HEADER_LEN, @plain_len bytes of plaintext, which are there, and a tag
 * @plain_len:	1..KEYED_PLAIN_MAX
 *
 * Not before a client's confirmation was written.
 *
 * Return: the record's length with everything, or 0 when it has failed or is closed.
 */
size_t keyed_seal(struct keyed *k, uint8_t *record, size_t plain_len, uint64_t now_us)
	__attribute__((warn_unused_result));

/* The plaintext of a record, and how far it has been taken. */
struct keyed_plain {
	uint8_t *at;
	size_t left;
};

/**
 * keyed_open() - open a record in place, after keyed_next() has used up the one before
 * @payload:	@len bytes, without the length in front
 *
 * Return: false when it failed.
 */
bool keyed_open(struct keyed *k, uint8_t *payload, size_t len, uint64_t now_us,
		struct keyed_plain *plain) __attribute__((warn_unused_result));

enum keyed_got {
	KEYED_PACKET,
	KEYED_NO_MORE, /* the record is used up */
	KEYED_ENDED,   /* the peer has ended the connection, see close_reason */
	KEYED_FAILED,
};

/**
 * keyed_next() - take the next packet out of a record, and obey the items in front of it
 * @packet:	set to the packet in place
 * @len:	1..FRAME_KEYED_PACKET_MAX
 */
enum keyed_got keyed_next(struct keyed *k, struct keyed_plain *plain, const uint8_t **packet,
			  size_t *len);

/** keyed_close() - the next item ends the connection */
void keyed_close(struct keyed *k, enum keyed_close reason);

/**
 * keyed_due_at_us() - when keyed_write_item() will have something to say
 *
 * Return: a time, which may have passed; UINT64_MAX when records cannot be sent.
 */
uint64_t keyed_due_at_us(const struct keyed *k);

/**
 * keyed_write_item() - what this end has to say besides packets, as a record, sealed
 *
 * A keepalive when nothing was sent for a third of what the peer bears, a step of the fresh handshake, a
 * close. A client's first one is its confirmation. Call until it returns 0.
 *
 * Return: the record's length with everything; 0 when nothing is due, or when it failed, see state.
 */
size_t keyed_write_item(struct keyed *k, uint8_t record[static KEYED_ITEM_RECORD_MAX],
			uint64_t now_us);

/**
 * keyed_is_lost_at_us() - when the peer, if it stays silent, is taken for gone
 *
 * Each record is a sign of life. But whoever sits on the path could let them pass one by one, late: so
 * while a client waits for REKEY2, only that is one.
 */
uint64_t keyed_is_lost_at_us(const struct keyed *k);

/** keyed_fault_text() - what the peer did, to stand behind its address; static */
const char *keyed_fault_text(enum keyed_fault fault);

#endif
