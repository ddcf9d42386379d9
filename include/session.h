/* SPDX-License-Identifier: MIT */
/*
 * One peer, as bytes: what has arrived and what is to be sent.
 *
 * Received bytes become packets, packets become bytes to send, in two fixed buffers that never
 * grow. With a key, what is sent is gathered into records, which are sealed and opened in place.
 * Pure: no descriptor, no clock, no logging; the pump moves the bytes and tells the time.
 *
 *   socket -> session_in_space, session_received -> session_next -> device
 *   device -> session_out_space, session_queue -> session_pending, session_sent -> socket
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "keyed.h"
#include "packet.h"

/*
 * In: one read of the socket, and in front of it what the last one left of a frame.
 * Out: what one send takes, and a packet more.
 */
#define SESSION_IN_SIZE	 (256 * 1024)
#define SESSION_OUT_SIZE (384 * 1024)

#define SESSION_NEVER UINT64_MAX

struct session {
	enum packet_kind kind; /* what both ends' devices carry */
	bool is_keyed;
	int seen_packet; /* a good packet has come from this peer */
	enum packet_fault
		fault; /* why session_next() said SESSION_BROKEN, unless keyed.fault tells */
	uint64_t now_us;
	struct keyed keyed;
	struct keyed_plain plain;  /* keyed: what is left of the record that was opened last */
	size_t in_start, in_end;   /* received and not yet taken: in[in_start..in_end) */
	size_t out_start, out_end; /* not yet sent: out[out_start..out_end) */
	size_t out_boundary; /* plain: where some frame begins, from which others can be found */
	bool has_record;     /* keyed: the last of these bytes are a record not yet sealed, */
	size_t out_record;   /* which begins here */
	size_t record_max;   /* bytes of plaintext, unless a single packet is longer */
	uint8_t in[SESSION_IN_SIZE];
	uint8_t out[SESSION_OUT_SIZE];
};

enum session_event {
	SESSION_PACKET, /* a packet is ready */
	SESSION_MORE,	/* more bytes are needed */
	SESSION_ENDED,	/* keyed: the peer has ended the connection, see keyed.close_reason */
	SESSION_BROKEN, /* the peer broke the protocol, see session_fault_text(): drop it */
};

/**
 * session_reset() - a new peer: both buffers are empty, nothing of the last peer is left
 * @keyed:	NULL without a key; else one that is KEYED_OPEN, which is moved into the session
 */
void session_reset(struct session *s, enum packet_kind kind, struct keyed *keyed);

/** session_tick() - the time, of any clock that does not go back; before all else in a turn */
void session_tick(struct session *s, uint64_t now_us);

/** session_limit_records() - keep records at @max bytes, where packets allow that */
void session_limit_records(struct session *s, size_t max);

/**
 * session_in_space() - where to put received bytes
 * @room:	set to how many fit, always > 0 after session_next() has said SESSION_MORE
 */
uint8_t *session_in_space(struct session *s, size_t *room);

/** session_received() - @len bytes, at most the room, were put into session_in_space() */
void session_received(struct session *s, size_t len);

/**
 * session_next() - take the next packet out of what has arrived
 * @packet:	set to the packet inside the in buffer, valid until session_in_space() is called
 * @len:	1..65535
 *
 * Call until it says SESSION_MORE. Frames of length zero are skipped. After SESSION_ENDED and
 * SESSION_BROKEN the session is good for session_reset() only.
 */
enum session_event session_next(struct session *s, const uint8_t **packet, size_t *len);

/** session_fault_text() - what the peer did, after SESSION_BROKEN or when it is broken; static */
const char *session_fault_text(const struct session *s);

/**
 * session_is_truncated() - the stream has ended here: is something missing?
 *
 * A plain stream may end between two frames, a keyed one nowhere: its end is an item.
 */
bool session_is_truncated(const struct session *s);

/** session_packet_max() - the longest packet that can be sent */
size_t session_packet_max(const struct session *s);

/**
 * session_out_space() - where to put the next packet to send
 * @len:	of the packet, at most; 1..FRAME_PAYLOAD_MAX
 *
 * Return: room for @len bytes, or NULL when the buffer is too full for that. Pending bytes may have
 * moved.
 */
uint8_t *session_out_space(struct session *s, size_t len);

/**
 * session_queue() - frame the packet that was put into session_out_space()
 * @len:	1..session_packet_max(), and no more than was asked for
 */
void session_queue(struct session *s, size_t len);

/** session_backlog() - how many bytes wait to be sent, tags of records not yet sealed left out */
size_t session_backlog(const struct session *s);

/**
 * session_pending() - the bytes to send next; @len is set to how many, 0 for none
 *
 * Records are gathered for as long as others wait to be sent: call it when something is to be
 * sent, and again when all of that went.
 */
const uint8_t *session_pending(struct session *s, size_t *len);

/** session_sent() - the first @len pending bytes are on their way */
void session_sent(struct session *s, size_t len);

/** session_due_at_us() - when session_pending() will have something to say by itself */
uint64_t session_due_at_us(const struct session *s);

/** session_is_lost_at_us() - when the peer, if it stays silent, is taken for gone; or SESSION_NEVER */
uint64_t session_is_lost_at_us(const struct session *s);

/** session_is_broken() - has this end failed in making a record? Nothing may be sent then */
bool session_is_broken(const struct session *s);

/**
 * session_finish() - an orderly end: what is pending now is the last
 *
 * Plain, that is the rest of a frame of which a part was sent. Keyed, what is sealed, and a close item.
 */
void session_finish(struct session *s, enum keyed_close reason);

#endif
