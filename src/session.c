/* SPDX-License-Identifier: MIT */
/* One peer, as bytes. */
#include "session.h"

#include <string.h>

_Static_assert(SESSION_IN_SIZE >= 2 * (FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX),
	       "the rest of a frame and the next read fit");
_Static_assert(SESSION_OUT_SIZE >= 2 * (FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX),
	       "a frame can be added while another is being sent");

/* Around a packet in a record of its own, when the one before it must be sealed first: see seal(). */
#define RECORD_ROOM (FRAME_HEADER_LEN + 2 * NOISE_TAG_LEN)

void session_reset(struct session *s, enum packet_kind kind, struct keyed *keyed)
{
	s->kind = kind;
	s->seen_packet = 0;
	s->fault = PACKET_OK;
	s->in_start = s->in_end = 0;
	s->out_start = s->out_end = s->out_boundary = 0;
	s->plain.left = 0;
	s->has_record = false;
	s->record_max = KEYED_PLAIN_MAX;
	keyed_wipe(&s->keyed);
	s->keyed.fault = KEYED_OK;
	s->is_keyed = keyed != NULL;
	if (keyed)
		keyed_move(&s->keyed, keyed);
}

void session_tick(struct session *s, uint64_t now_us)
{
	s->now_us = now_us;
}

void session_limit_records(struct session *s, size_t max)
{
	s->record_max = max < KEYED_PLAIN_MAX ? max : KEYED_PLAIN_MAX;
}

/* ---- in ---- */

uint8_t *session_in_space(struct session *s, size_t *room)
{
	if (s->in_start) {
		memmove(s->in, s->in + s->in_start, s->in_end - s->in_start);
		s->in_end -= s->in_start;
		s->in_start = 0;
	}
	*room = SESSION_IN_SIZE - s->in_end;
	return s->in + s->in_end;
}

void session_received(struct session *s, size_t len)
{
	s->in_end += len;
}

/* Take the next frame, whatever is in it. */
static bool next_frame(struct session *s, const uint8_t **payload, size_t *len)
{
	size_t consumed = frame_next(s->in + s->in_start, s->in_end - s->in_start, payload, len);

	s->in_start += consumed;
	return consumed != 0;
}

static enum session_event next_plain(struct session *s, const uint8_t **packet, size_t *len)
{
	do
		if (!next_frame(s, packet, len))
			return SESSION_MORE;
	while (!*len);
	return SESSION_PACKET;
}

static enum session_event next_keyed(struct session *s, const uint8_t **packet, size_t *len)
{
	const uint8_t *payload;
	size_t payload_len;

	for (;;) {
		switch (keyed_next(&s->keyed, &s->plain, packet, len)) {
		case KEYED_PACKET:
			return SESSION_PACKET;
		case KEYED_ENDED:
			return SESSION_ENDED;
		case KEYED_FAILED:
			return SESSION_BROKEN;
		case KEYED_NO_MORE:
			break;
		}
		if (!next_frame(s, &payload, &payload_len))
			return SESSION_MORE;
		if (!keyed_open(&s->keyed, s->in + (payload - s->in), payload_len, s->now_us,
				&s->plain))
			return SESSION_BROKEN;
	}
}

enum session_event session_next(struct session *s, const uint8_t **packet, size_t *len)
{
	enum session_event event =
		s->is_keyed ? next_keyed(s, packet, len) : next_plain(s, packet, len);

	if (event != SESSION_PACKET)
		return event;
	/* What a first packet looks like tells nothing new of a peer that has shown the key. */
	s->fault = packet_check(s->kind, *packet, *len, !s->seen_packet && !s->is_keyed);
	if (s->fault != PACKET_OK)
		return SESSION_BROKEN;
	s->seen_packet = 1;
	return SESSION_PACKET;
}

const char *session_fault_text(const struct session *s)
{
	return s->keyed.fault ? keyed_fault_text(s->keyed.fault) : packet_fault_text(s->fault);
}

bool session_is_truncated(const struct session *s)
{
	return s->is_keyed || s->in_start != s->in_end;
}

/* ---- out ---- */

size_t session_packet_max(const struct session *s)
{
	return s->is_keyed ? FRAME_KEYED_PACKET_MAX : FRAME_PAYLOAD_MAX;
}

/* How many of the pending bytes end a frame of which a part was sent. */
static size_t begun(const struct session *s)
{
	size_t boundary = s->out_boundary;

	while (boundary < s->out_start)
		boundary += FRAME_HEADER_LEN + be16_load(s->out + boundary);
	return boundary - s->out_start;
}

/* See that @need bytes fit behind what is pending. */
static bool make_room(struct session *s, size_t need)
{
	if (SESSION_OUT_SIZE - s->out_end >= need)
		return true;
	s->out_boundary = s->is_keyed ? 0 : begun(s);
	memmove(s->out, s->out + s->out_start, s->out_end - s->out_start);
	s->out_record -= s->has_record ? s->out_start : 0;
	s->out_end -= s->out_start;
	s->out_start = 0;
	return SESSION_OUT_SIZE - s->out_end >= need;
}

uint8_t *session_out_space(struct session *s, size_t len)
{
	size_t room = s->is_keyed ? RECORD_ROOM : 0;
	size_t record_header = s->is_keyed && !s->has_record ? FRAME_HEADER_LEN : 0;

	if (!make_room(s, FRAME_HEADER_LEN + len + room))
		return NULL;
	return s->out + s->out_end + record_header + FRAME_HEADER_LEN;
}

static size_t plain_len(const struct session *s)
{
	return s->out_end - s->out_record - FRAME_HEADER_LEN;
}

static void begin_record(struct session *s)
{
	s->has_record = true;
	s->out_record = s->out_end;
	s->out_end += FRAME_HEADER_LEN;
}

static void seal_record(struct session *s)
{
	if (!s->has_record)
		return;
	s->out_end = s->out_record +
		     keyed_seal(&s->keyed, s->out + s->out_record, plain_len(s), s->now_us);
	s->has_record = false;
}

/* A packet of @len bytes stands behind the record; when it does not fit in, it begins the next. */
static void find_record(struct session *s, size_t len)
{
	const uint8_t *packet = s->out + s->out_end + FRAME_HEADER_LEN;

	if (!s->has_record) {
		begin_record(s);
		return;
	}
	if (plain_len(s) + FRAME_HEADER_LEN + len <= s->record_max)
		return;
	memmove(s->out + s->out_end + NOISE_TAG_LEN + 2 * FRAME_HEADER_LEN, packet, len);
	seal_record(s);
	begin_record(s);
}

void session_queue(struct session *s, size_t len)
{
	if (s->is_keyed)
		find_record(s, len);
	frame_header_store(s->out + s->out_end, len);
	s->out_end += FRAME_HEADER_LEN + len;
}

size_t session_backlog(const struct session *s)
{
	return s->out_end - s->out_start;
}

/* What the connection itself has to say. */
static void add_items(struct session *s)
{
	size_t len;

	do {
		if (!make_room(s, KEYED_ITEM_RECORD_MAX))
			return;
		len = keyed_write_item(&s->keyed, s->out + s->out_end, s->now_us);
		s->out_end += len;
	} while (len);
}

/* How many bytes are ready to be sent. */
static size_t ready_len(const struct session *s)
{
	return (s->has_record ? s->out_record : s->out_end) - s->out_start;
}

/* A record grows while others wait; what the connection itself has to say does not wait for that. */
static bool must_seal(const struct session *s)
{
	return s->is_keyed && (!ready_len(s) || s->now_us >= keyed_due_at_us(&s->keyed));
}

const uint8_t *session_pending(struct session *s, size_t *len)
{
	if (must_seal(s)) {
		seal_record(s);
		add_items(s);
	}
	*len = ready_len(s);
	return s->out + s->out_start;
}

void session_sent(struct session *s, size_t len)
{
	s->out_start += len;
	if (s->out_start == s->out_end)
		s->out_start = s->out_end = s->out_boundary = 0;
}

uint64_t session_due_at_us(const struct session *s)
{
	/* While something waits for the socket, that calls. */
	return s->is_keyed && !session_backlog(s) ? keyed_due_at_us(&s->keyed) : SESSION_NEVER;
}

uint64_t session_is_lost_at_us(const struct session *s)
{
	return s->is_keyed ? keyed_is_lost_at_us(&s->keyed) : SESSION_NEVER;
}

bool session_is_broken(const struct session *s)
{
	return s->is_keyed && s->keyed.state == KEYED_OVER;
}

void session_finish(struct session *s, enum keyed_close reason)
{
	if (!s->is_keyed) {
		s->out_end = s->out_start + begun(s);
		return;
	}
	if (s->has_record)
		s->out_end = s->out_record;
	s->has_record = false;
	keyed_close(&s->keyed, reason);
	add_items(s);
}
