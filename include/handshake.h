/* SPDX-License-Identifier: MIT */
/*
 * Connections of which it is not known yet whether they hold the key: their handshakes, in a fixed
 * number of slots, each with a deadline.
 *
 * A client uses one slot. At a server everyone may come: who is in a slot has got nothing from us but,
 * once it has shown that it knows the key, our own handshake, and touches nobody else. When all slots
 * are taken, the oldest that has not even shown that makes room, so that a crowd of strangers does
 * not keep out who knows the key: its first message comes with the connection. Nor does a crowd that
 * repeats recorded ones: each has a place only once, and all together half of the slots.
 */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "keyed.h"
#include "transport.h"

#define HANDSHAKE_SLOTS	     64
#define HANDSHAKE_TIMEOUT_MS 5000

struct handshake {
	int fd; /* -1: the slot is free */
	struct endpoint peer;
	int64_t deadline_ms;
	int err; /* -errno: sending our part has failed */
	struct keyed keyed;
	size_t have; /* of the frame that is awaited */
	uint8_t public
		[X25519_LEN]; /* server: of the client's hello, once that was read; else zeros */
	uint8_t in[FRAME_HEADER_LEN + KEYED_HELLO_LEN];
};

struct handshakes {
	enum noise_role role;
	struct keyed_facts mine; /* the owner keeps the MTU up to date */
	uint8_t psk[NOISE_KEY_LEN];
	unsigned n;    /* slots that are in use */
	unsigned next; /* where handshakes_step() goes on */
	struct handshake slots[HANDSHAKE_SLOTS];
};

/** handshakes_init() - all slots are free; @psk is copied */
void handshakes_init(struct handshakes *hs, enum noise_role role,
		     const uint8_t psk[static NOISE_KEY_LEN], const struct keyed_facts *mine);

/** handshakes_close() - end them all */
void handshakes_close(struct handshakes *hs);

/** handshakes_wipe() - the same, and forget the key */
void handshakes_wipe(struct handshakes *hs);

/**
 * handshakes_add() - begin one over @fd, which the slot owns from now on
 *
 * A client sends its part. Whether that went wrong is told by handshakes_step().
 *
 * Return: whether another one had to make room and was closed.
 */
bool handshakes_add(struct handshakes *hs, int fd, const struct endpoint *peer, int64_t now_ms);

/** handshakes_pollfds() - what to wait for. Return: how many were set, 0 when no slot is in use */
unsigned handshakes_pollfds(const struct handshakes *hs, struct pollfd fds[HANDSHAKE_SLOTS]);

/** handshakes_deadline_ms() - when to call handshakes_step() at the latest; INT64_MAX for never */
int64_t handshakes_deadline_ms(const struct handshakes *hs);

enum handshake_event {
	HANDSHAKE_IDLE, /* there is nothing to do */
	HANDSHAKE_GOES_ON,
	HANDSHAKE_DONE,	  /* the peer holds the key; the connection is the caller's now */
	HANDSHAKE_FAILED, /* it was closed, see fault and text */
};

/* One that has ended. */
struct handshake_end {
	struct endpoint peer;
	int fd;			/* done: the connection */
	struct keyed keyed;	/* done: KEYED_OPEN, to be moved on */
	enum keyed_fault fault; /* failed: KEYED_OK when it is not about what the peer has sent */
	const char *text; /* failed: what happened, to stand behind the peer's address; static */
};

/**
 * handshakes_step() - go on with one that is ready or whose deadline has passed
 * @fds:	as handshakes_pollfds() set them, after poll(); NULL when it set none
 * @now_us:	the same time as @now_ms
 * @end:	set with HANDSHAKE_DONE and HANDSHAKE_FAILED
 *
 * Takes up to 0.2 ms, for X25519. There may be more: call again, but not without bound.
 */
enum handshake_event handshakes_step(struct handshakes *hs, struct pollfd *fds, int64_t now_ms,
				     uint64_t now_us, struct handshake_end *end);

#endif
