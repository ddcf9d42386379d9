/* SPDX-License-Identifier: MIT */
/* One peer, as bytes. */
#include "session.h"

#include <string.h>

_Static_assert(SESSION_IN_SIZE >= 2 * (FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX),
	       "the rest of a frame and the next read fit");
_Static_assert(SESSION_OUT_SIZE >= 2 * (FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX),
	       "a frame can be added while another is being sent");

void session_reset(struct session *s, enum packet_kind kind)
{
	s->kind = kind;
	s->seen_packet = 0;
	s->fault = PACKET_OK;
	s->in_start = s->in_end = 0;
	s->out_start = s->out_end = s->out_boundary = 0;
}

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

enum session_event session_next(struct session *s, const uint8_t **packet, size_t *len)
{
	size_t consumed;

	do {
		consumed = frame_next(s->in + s->in_start, s->in_end - s->in_start, packet, len);
		if (!consumed)
			return SESSION_MORE;
		s->in_start += consumed;
	} while (!*len);
	s->fault = packet_check(s->kind, *packet, *len, !s->seen_packet);
	if (s->fault != PACKET_OK)
		return SESSION_BROKEN;
	s->seen_packet = 1;
	return SESSION_PACKET;
}

int session_is_mid_frame(const struct session *s)
{
	return s->in_start != s->in_end;
}

uint8_t *session_out_space(struct session *s, size_t len)
{
	size_t need = FRAME_HEADER_LEN + len;

	if (SESSION_OUT_SIZE - s->out_end < need) {
		s->out_boundary = session_begun(s);
		memmove(s->out, s->out + s->out_start, s->out_end - s->out_start);
		s->out_end -= s->out_start;
		s->out_start = 0;
	}
	if (SESSION_OUT_SIZE - s->out_end < need)
		return NULL;
	return s->out + s->out_end + FRAME_HEADER_LEN;
}

void session_queue(struct session *s, size_t len)
{
	frame_header_store(s->out + s->out_end, len);
	s->out_end += FRAME_HEADER_LEN + len;
}

const uint8_t *session_pending(const struct session *s, size_t *len)
{
	*len = s->out_end - s->out_start;
	return s->out + s->out_start;
}

void session_sent(struct session *s, size_t len)
{
	s->out_start += len;
	if (s->out_start == s->out_end)
		s->out_start = s->out_end = s->out_boundary = 0;
}

size_t session_begun(const struct session *s)
{
	size_t boundary = s->out_boundary;

	while (boundary < s->out_start)
		boundary += FRAME_HEADER_LEN + be16_load(s->out + boundary);
	return boundary - s->out_start;
}
