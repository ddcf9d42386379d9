/* SPDX-License-Identifier: MIT */
/*
 * Any packets, and any variation of packets that follow each other: each comes out once and in its
 * flow's order, a lone one as it was, and a super-packet splits into those that it was made of.
 *
 * Input: the kind, a length, a packet; then steps of three bytes, each of which makes one packet more
 * out of the last: the next one of its flow, with up to one byte changed.
 */
#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "split.h"

#define MAX_PACKETS 300

static struct {
	uint8_t *data;
	size_t len;
	int is_out;
} packets[MAX_PACKETS];
static int npackets;

static struct merge m;
static uint8_t whole[1 << 17], segment[1 << 16];

static void check(int claim)
{
	if (!claim)
		abort();
}

static uint8_t *add_packet(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len); /* of the exact size, for the address sanitizer */

	memcpy(copy, data, len);
	packets[npackets].data = copy;
	packets[npackets].len = len;
	packets[npackets++].is_out = 0;
	return copy;
}

static void advance(uint8_t *packet, size_t len)
{
	struct headers h;

	headers_find(m.kind, packet, len, &h);
	if (h.what == HEADERS_TCP)
		be32_store(packet + h.l4 + TCP_SEQ_AT,
			   be32_load(packet + h.l4 + TCP_SEQ_AT) + (h.end - h.payload));
	if (h.version == 4)
		be16_store(packet + h.l3 + IPV4_ID_AT,
			   (uint16_t)(be16_load(packet + h.l3 + IPV4_ID_AT) + 1));
}

static void repair(uint8_t *packet, size_t len)
{
	struct headers h;
	uint8_t *csum;

	headers_find(m.kind, packet, len, &h);
	if (h.what != HEADERS_TCP && h.what != HEADERS_UDP)
		return;
	if (h.version == 4) {
		csum = packet + h.l3 + IPV4_CSUM_AT;
		be16_store(csum, 0);
		be16_store(csum, checksum_finish(checksum_add(0, packet + h.l3, h.l4 - h.l3)));
	}
	csum = packet + h.l4 + (h.what == HEADERS_UDP ? UDP_CSUM_AT : TCP_CSUM_AT);
	be16_store(csum, 0);
	be16_store(csum, checksum_finish_udp(checksum_add(
				 checksum_pseudo(packet + h.l3, h.what == HEADERS_UDP ? 17 : 6,
						 h.end - h.l4),
				 packet + h.l4, h.end - h.l4)));
	if (h.what == HEADERS_TCP && be16_load(csum) == 0xffff)
		be16_store(csum, 0);
}

static void step(const uint8_t *choice)
{
	uint8_t *packet = add_packet(packets[npackets - 1].data, packets[npackets - 1].len);
	size_t len = packets[npackets - 1].len;

	if (!(choice[0] & 1))
		advance(packet, len);
	if (choice[0] & 2)
		packet[choice[1] % len] = choice[2];
	if (!(choice[0] & 4))
		repair(packet, len);
}

/* Addresses, ports and protocol; what has none of them belongs to any flow of the two hosts. */
static int same_flow(int i, int k)
{
	const uint8_t *a = packets[i].data, *b = packets[k].data;
	struct headers p, q;

	headers_find(m.kind, a, packets[i].len, &p);
	headers_find(m.kind, b, packets[k].len, &q);
	if (!p.version || p.version != q.version ||
	    memcmp(a + p.l3 + (p.version == 4 ? 12 : 8), b + q.l3 + (p.version == 4 ? 12 : 8),
		   p.version == 4 ? 8 : 32) != 0)
		return 0;
	if (!p.l4 || !q.l4)
		return 1;
	return p.what == q.what && !memcmp(a + p.l4, b + q.l4, 4);
}

static void take_packet_out(const uint8_t *data, size_t len)
{
	int k = 0;

	while (k < npackets && packets[k].data != data)
		k++;
	check(k < npackets && packets[k].len == len && !packets[k].is_out);
	packets[k].is_out = 1;
	for (int i = 0; i < k; i++)
		check(packets[i].is_out || !same_flow(i, k));
}

static void check_super(const struct merge_group *g)
{
	struct vnet_header vnet;
	struct split s;
	const uint8_t *packet;
	size_t len = 0, seg_len;

	for (unsigned i = 0; i <= g->npackets; i++) {
		memcpy(whole + len, g->iov[i].iov_base, g->iov[i].iov_len);
		len += g->iov[i].iov_len;
	}
	check(len == g->len);
	memcpy(&vnet, whole, sizeof(vnet));
	check(split_start(&s, m.kind, &vnet, whole + sizeof(vnet), len - sizeof(vnet)) ==
	      SPLIT_SEGMENTS);
	check(s.nsegs == g->npackets);
	for (unsigned i = 0; i < g->npackets; i++) {
		packet = merge_group_packet(g, i, &len);
		seg_len = split_next(&s, segment, sizeof(segment));
		check(seg_len == len);
		if (g->h.version == 4 && !g->ip_id_step) { /* a constant ID is not kept */
			memcpy(segment + g->h.l3 + IPV4_ID_AT, packet + g->h.l3 + IPV4_ID_AT, 2);
			memcpy(segment + g->h.l3 + IPV4_CSUM_AT, packet + g->h.l3 + IPV4_CSUM_AT,
			       2);
		}
		check(!memcmp(segment, packet, len));
	}
}

static void take_groups_out(void)
{
	const struct merge_group *g;
	const uint8_t *packet;
	size_t len;

	while ((g = merge_next(&m))) {
		for (unsigned i = 0; i < g->npackets; i++) {
			packet = merge_group_packet(g, i, &len);
			take_packet_out(packet, len);
		}
		if (g->npackets > 1)
			check_super(g);
		else
			check(g->iov[0].iov_len == VNET_HEADER_LEN &&
			      g->len == VNET_HEADER_LEN + len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;

	if (size < 3 || !data[1] || size < 2u + data[1])
		return 0;
	merge_init(&m, data[0] & 1 ? PACKET_ETHER : PACKET_IP, data[0] >> 1 & MERGE_ALL);
	len = data[1];
	npackets = 0;
	repair(add_packet(data + 2, len), len);
	for (size_t at = 2 + len; at + 3 <= size && npackets < MAX_PACKETS; at += 3)
		step(data + at);
	for (int i = 0; i < npackets; i++) {
		check(merge_add(&m, packets[i].data, packets[i].len));
		take_groups_out();
	}
	merge_flush(&m);
	take_groups_out();
	for (int i = 0; i < npackets; i++) {
		check(packets[i].is_out);
		free(packets[i].data);
	}
	return 0;
}
