/* SPDX-License-Identifier: MIT */
/*
 * Any vnet header and packet: split never reads or writes outside, and what it gives adds up.
 * Input: one byte of choices, the vnet header, the packet.
 */
#include "split.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "frame.h"

#define IS_ETHER    1
#define IS_REPAIRED 2 /* lengths are made right, so that more gets past the checks */

static void repair(uint8_t *packet, size_t len, size_t l3)
{
	if (len < l3 + 40)
		return;
	if (packet[l3] >> 4 == 4)
		be16_store(packet + l3 + 2, (uint16_t)(len - l3));
	if (packet[l3] >> 4 == 6)
		be16_store(packet + l3 + 4, (uint16_t)(len - l3 - 40));
}

static void check_segments(struct split *s, size_t packet_len)
{
	size_t len, total = 0, nsegs = 0, header_len = s->header_len;
	uint8_t *out;

	while ((len = split_next_len(s))) {
		if (len > FRAME_PAYLOAD_MAX || len < header_len)
			abort();
		out = malloc(len); /* of the exact size, for the address sanitizer */
		if (split_next(s, out, len - 1) != 0 || split_next(s, out, len) != len)
			abort();
		free(out);
		total += len - header_len;
		nsegs++;
	}
	if (nsegs != s->nsegs || !nsegs || total != packet_len - header_len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vnet_header vnet;
	struct split s;
	enum packet_kind kind;
	uint8_t *packet;
	size_t len;

	if (size < 1 + sizeof(vnet))
		return 0;
	kind = data[0] & IS_ETHER ? PACKET_ETHER : PACKET_IP;
	memcpy(&vnet, data + 1, sizeof(vnet));
	len = size - 1 - sizeof(vnet);
	packet = malloc(len);
	memcpy(packet, data + 1 + sizeof(vnet), len);
	if (data[0] & IS_REPAIRED)
		repair(packet, len, kind == PACKET_ETHER ? ETHER_HEADER_LEN : 0);
	if (split_start(&s, kind, &vnet, packet, len) != SPLIT_BAD)
		check_segments(&s, len);
	else if (s.fault == SPLIT_OK || split_next_len(&s))
		abort();
	free(packet);
	return 0;
}
