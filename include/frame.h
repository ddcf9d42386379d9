/* SPDX-License-Identifier: MIT */
/*
 * The wire's framing, simpletun's to the byte: a 16-bit big-endian length, then that many bytes.
 */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

#define FRAME_HEADER_LEN  2
#define FRAME_PAYLOAD_MAX 65535

/* With a key a frame is a record: inner frames, sealed, and a tag of 16 bytes. The longest packet: */
#define FRAME_KEYED_PACKET_MAX (FRAME_PAYLOAD_MAX - 16 - FRAME_HEADER_LEN)

/**
 * frame_next() - find the first whole frame in a byte stream
 * @buf:	received bytes; borrowed, must outlive @payload
 * @len:	bytes in @buf
 * @payload:	set to the payload inside @buf, not a copy
 * @payload_len: 0..FRAME_PAYLOAD_MAX
 *
 * Return: bytes consumed (>= 2), or 0 when more input is needed, and then nothing is set.
 * Cannot fail: any two bytes are a valid length.
 */
static inline size_t frame_next(const uint8_t *buf, size_t len, const uint8_t **payload,
				size_t *payload_len)
{
	size_t need;

	if (len < FRAME_HEADER_LEN)
		return 0;
	need = be16_load(buf);
	if (len - FRAME_HEADER_LEN < need)
		return 0;
	*payload = buf + FRAME_HEADER_LEN;
	*payload_len = need;
	return FRAME_HEADER_LEN + need;
}

/**
 * frame_header_store() - write the length in front of a payload
 * @buf:	FRAME_HEADER_LEN bytes
 * @payload_len: 1..FRAME_PAYLOAD_MAX; a frame of length 0 would end a simpletun peer
 */
static inline void frame_header_store(uint8_t *buf, size_t payload_len)
{
	be16_store(buf, (uint16_t)payload_len);
}

#endif
