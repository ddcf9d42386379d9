/* SPDX-License-Identifier: MIT */
/*
 * One peer, as bytes: what has arrived and what is to be sent.
 *
 * Received bytes become packets, packets become bytes to send, in two fixed buffers that never
 * grow. Pure: no descriptor, no clock, no logging; the loop moves the bytes.
 *
 *   socket -> session_in_space, session_received -> session_next -> device
 *   device -> session_out_space, session_queue -> session_pending, session_sent -> socket
 */
#ifndef SESSION_H
#define SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "packet.h"

/*
 * In: one read of the socket, and in front of it what the last one left of a frame.
 * Out: what one send takes, and a packet more.
 */
#define SESSION_IN_SIZE	 (256 * 1024)
#define SESSION_OUT_SIZE (384 * 1024)

struct session {
	enum packet_kind kind;	 /* what both ends' devices carry */
	int seen_packet;	 /* a good packet has come from this peer */
	enum packet_fault fault; /* why session_next() said SESSION_BROKEN */
	size_t in_start, in_end; /* received and not yet taken: in[in_start..in_end) */
	size_t out_start, out_end; /* framed and not yet sent: out[out_start..out_end) */
	size_t out_boundary;	   /* where some frame begins, from which others can be found */
	uint8_t in[SESSION_IN_SIZE];
	uint8_t out[SESSION_OUT_SIZE];
};

enum session_event {
	SESSION_PACKET, /* a packet is ready */
	SESSION_MORE,	/* more bytes are needed */
	SESSION_BROKEN, /* the peer broke the protocol, see session.fault: drop it */
};

/** session_reset() - a new peer: both buffers are empty, nothing of the last peer is left */
void session_reset(struct session *s, enum packet_kind kind);

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
 * Call until it says SESSION_MORE. Frames of length zero are skipped. After SESSION_BROKEN the
 * session is good for session_reset() only.
 */
enum session_event session_next(struct session *s, const uint8_t **packet, size_t *len);

/** session_is_mid_frame() - has a frame begun whose end has not arrived? For an end of stream. */
int session_is_mid_frame(const struct session *s);

/**
 * session_out_space() - where to put the next packet to send
 * @len:	of the packet, 1..FRAME_PAYLOAD_MAX
 *
 * Return: room for @len bytes, or NULL when the buffer is too full for that. Pending bytes may have
 * moved.
 */
uint8_t *session_out_space(struct session *s, size_t len);

/** session_queue() - frame the @len bytes that were put into session_out_space() */
void session_queue(struct session *s, size_t len);

/** session_pending() - the bytes to send next; @len is set to how many, 0 for none */
const uint8_t *session_pending(const struct session *s, size_t *len);

/** session_begun() - how many of the pending bytes end a frame of which a part was sent; 0 for none */
size_t session_begun(const struct session *s);

/** session_sent() - the first @len pending bytes are on their way */
void session_sent(struct session *s, size_t len);

#endif
