/* SPDX-License-Identifier: MIT */
/*
 * Super-packets to segments.
 *
 * The packet's own headers are the template: each segment gets a copy, in which the few fields that
 * differ are patched. The sums over all the others are made once. What differs (measured and read in
 * Linux 6.12, net/ipv4/tcp_offload.c and udp_offload.c):
 *
 *   IPv4   total length, ID (+1 each), header checksum
 *   IPv6   payload length; extension headers are repeated
 *   TCP    sequence number; FIN and PSH only in the last, CWR only in the first; checksum
 *   UDP    length, checksum
 */
#include "split.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "frame.h"
#include "headers.h"

const char *split_fault_text(enum split_fault fault)
{
	static const char *const text[] = {
		[SPLIT_OK] = "nothing is wrong",
		[SPLIT_EMPTY] = "the packet is empty",
		[SPLIT_TOO_LONG] = "the packet is longer than a frame can be",
		[SPLIT_BAD_GSO_TYPE] = "its segmentation type is unknown",
		[SPLIT_BAD_GSO_SIZE] = "its segment size is 0",
		[SPLIT_BAD_HEADERS] = "its headers contradict its segmentation type",
		[SPLIT_BAD_LENGTH] = "the length in its headers is not its length",
		[SPLIT_NO_CSUM] = "its UDP segments would have no checksum",
		[SPLIT_BAD_CSUM_START] = "its checksum starts at a wrong place",
		[SPLIT_BAD_CSUM_OFFSET] = "its checksum field is at a wrong place",
	};
	_Static_assert(sizeof(text) / sizeof(text[0]) == SPLIT_NFAULTS, "a text for each fault");

	return text[fault];
}

/*
 * As the kernel's skb_checksum_help(): a checksum 0 is stored as 0xffff whatever the protocol. It
 * matters to UDP and means the same to the others.
 */
static enum split_fault complete_checksum(enum packet_kind kind, const struct vnet_header *vnet,
					  uint8_t *packet, size_t len)
{
	size_t start = vnet->csum_start, at = start + vnet->csum_offset;
	size_t least = IPV4_HEADER_LEN + (kind == PACKET_ETHER ? ETHER_HEADER_LEN : 0);

	if (start < least || start >= len)
		return SPLIT_BAD_CSUM_START;
	if (at + sizeof(uint16_t) > len)
		return SPLIT_BAD_CSUM_OFFSET;
	be16_store(packet + at, checksum_finish_udp(checksum_add(0, packet + start, len - start)));
	return SPLIT_OK;
}

static enum split_fault start_whole(struct split *s, enum packet_kind kind,
				    const struct vnet_header *vnet, uint8_t *packet, size_t len)
{
	if (!len)
		return SPLIT_EMPTY;
	if (len > FRAME_PAYLOAD_MAX)
		return SPLIT_TOO_LONG;
	s->end = (uint32_t)len;
	s->nsegs = 1;
	return vnet->flags & VNET_NEEDS_CSUM ? complete_checksum(kind, vnet, packet, len)
					     : SPLIT_OK;
}

/* Is the packet what the vnet header says of it? */
static enum split_fault check_segments(const struct vnet_header *vnet, const uint8_t *packet,
				       size_t len, const struct headers *h)
{
	uint8_t type = vnet->gso_type & (uint8_t)~VNET_GSO_ECN;
	uint8_t version = type == VNET_GSO_TCPV4 ? 4 : type == VNET_GSO_TCPV6 ? 6 : h->version;
	int is_udp = type == VNET_GSO_UDP_L4;

	if (type != VNET_GSO_TCPV4 && type != VNET_GSO_TCPV6 && type != VNET_GSO_UDP_L4)
		return SPLIT_BAD_GSO_TYPE;
	if (!vnet->gso_size)
		return SPLIT_BAD_GSO_SIZE;
	if (h->what != (is_udp ? HEADERS_UDP : HEADERS_TCP) || h->version != version)
		return SPLIT_BAD_HEADERS;
	if (h->end != len || (is_udp && be16_load(packet + h->l4 + UDP_LEN_AT) != len - h->l4))
		return SPLIT_BAD_LENGTH;
	if (!(vnet->flags & VNET_NEEDS_CSUM))
		return is_udp ? SPLIT_NO_CSUM : SPLIT_OK;
	if (vnet->csum_start != h->l4)
		return SPLIT_BAD_CSUM_START;
	if (vnet->csum_offset != (is_udp ? UDP_CSUM_AT : TCP_CSUM_AT))
		return SPLIT_BAD_CSUM_OFFSET;
	return SPLIT_OK;
}

/* The sums over what is the same in all segments. */
static void prepare_sums(struct split *s, const struct vnet_header *vnet, const struct headers *h)
{
	const uint8_t *ip = s->packet + h->l3, *l4 = s->packet + h->l4;
	uint16_t l4_len = (uint16_t)(h->end - h->l4);
	uint64_t sum;

	if (h->version == 4) {
		s->ip_id = be16_load(ip + IPV4_ID_AT);
		sum = checksum_add(0, ip, h->l4 - h->l3);
		sum = checksum_sub16(sum, be16_load(ip + IPV4_LEN_AT));
		sum = checksum_sub16(sum, s->ip_id);
		s->ip_sum = checksum_sub16(sum, be16_load(ip + IPV4_CSUM_AT));
	}
	/* The checksum field holds the pseudo header's sum, and so it is in there. */
	sum = checksum_add(0, l4, h->payload - h->l4);
	if (!(vnet->flags & VNET_NEEDS_CSUM)) {
		sum = checksum_sub16(sum, be16_load(l4 + TCP_CSUM_AT));
		sum += checksum_pseudo(ip, PROTO_TCP, l4_len);
	}
	sum = checksum_sub16(sum, l4_len);
	if (s->is_tcp) {
		s->tcp_seq = be32_load(l4 + TCP_SEQ_AT);
		s->tcp_flags = l4[TCP_FLAGS_AT];
		sum = checksum_sub16(sum, (uint16_t)(s->tcp_seq >> 16));
		sum = checksum_sub16(sum, (uint16_t)s->tcp_seq);
		sum = checksum_sub16(sum, s->tcp_flags);
	} else {
		sum = checksum_sub16(sum, l4_len);
	}
	s->l4_sum = sum;
}

static enum split_fault start_segments(struct split *s, enum packet_kind kind,
				       const struct vnet_header *vnet, size_t len)
{
	enum split_fault fault;
	struct headers h;
	uint32_t payload_len;

	headers_find(kind, s->packet, len, &h);
	fault = check_segments(vnet, s->packet, len, &h);
	if (fault != SPLIT_OK)
		return fault;
	payload_len = h.end - h.payload;
	s->header_len = h.payload;
	s->seg_size = vnet->gso_size;
	if (s->header_len + (payload_len < s->seg_size ? payload_len : s->seg_size) >
	    FRAME_PAYLOAD_MAX)
		return SPLIT_TOO_LONG;
	s->nsegs = payload_len ? (payload_len + s->seg_size - 1) / s->seg_size : 1;
	s->at = h.payload;
	s->end = h.end;
	s->l3 = h.l3;
	s->l4 = h.l4;
	s->version = h.version;
	s->is_tcp = h.what == HEADERS_TCP;
	prepare_sums(s, vnet, &h);
	return SPLIT_OK;
}

enum split_what split_start(struct split *s, enum packet_kind kind, const struct vnet_header *vnet,
			    uint8_t *packet, size_t len)
{
	int is_whole = vnet->gso_type == VNET_GSO_NONE;

	*s = (struct split){.packet = packet};
	if (is_whole)
		s->fault = start_whole(s, kind, vnet, packet, len);
	else
		s->fault = start_segments(s, kind, vnet, len);
	if (s->fault != SPLIT_OK) {
		s->nsegs = 0;
		return SPLIT_BAD;
	}
	s->nleft = s->nsegs;
	return is_whole ? SPLIT_WHOLE : SPLIT_SEGMENTS;
}

size_t split_next_len(const struct split *s)
{
	if (!s->nleft)
		return 0;
	return s->header_len + (s->nleft > 1 ? s->seg_size : s->end - s->at);
}

static void patch_ip(struct split *s, uint8_t *ip, size_t len)
{
	uint64_t sum;

	if (s->version == 6) {
		be16_store(ip + IPV6_LEN_AT, (uint16_t)(len - IPV6_HEADER_LEN));
		return;
	}
	sum = checksum_add16(checksum_add16(s->ip_sum, (uint16_t)len), s->ip_id);
	be16_store(ip + IPV4_LEN_AT, (uint16_t)len);
	be16_store(ip + IPV4_ID_AT, s->ip_id);
	be16_store(ip + IPV4_CSUM_AT, checksum_finish(sum));
	s->ip_id++;
}

/* @sum: of the payload */
static void patch_tcp(struct split *s, uint8_t *tcp, size_t len, uint64_t sum)
{
	uint8_t flags = s->tcp_flags;

	if (s->nleft > 1)
		flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (s->nleft < s->nsegs)
		flags &= (uint8_t)~TCP_CWR;
	sum += checksum_add32(s->l4_sum, s->tcp_seq);
	sum = checksum_add16(checksum_add16(sum, flags), (uint16_t)len);
	be32_store(tcp + TCP_SEQ_AT, s->tcp_seq);
	tcp[TCP_FLAGS_AT] = flags;
	be16_store(tcp + TCP_CSUM_AT, checksum_finish(sum));
	s->tcp_seq += s->seg_size;
}

static void patch_udp(const struct split *s, uint8_t *udp, size_t len, uint64_t sum)
{
	/* The length counts twice: in the pseudo header and in the header. */
	sum = checksum_add16(checksum_add16(sum + s->l4_sum, (uint16_t)len), (uint16_t)len);
	be16_store(udp + UDP_LEN_AT, (uint16_t)len);
	be16_store(udp + UDP_CSUM_AT, checksum_finish_udp(sum));
}

size_t split_next(struct split *s, uint8_t *out, size_t room)
{
	size_t len = split_next_len(s), payload_len = len - s->header_len;
	uint64_t sum;

	if (!len || len > room)
		return 0;
	if (s->header_len) {
		memcpy(out, s->packet, s->header_len);
		sum = checksum_copy(0, out + s->header_len, s->packet + s->at, payload_len);
		patch_ip(s, out + s->l3, len - s->l3);
		if (s->is_tcp)
			patch_tcp(s, out + s->l4, len - s->l4, sum);
		else
			patch_udp(s, out + s->l4, len - s->l4, sum);
	} else {
		memcpy(out, s->packet, len);
	}
	s->at += (uint32_t)payload_len;
	s->nleft--;
	return len;
}
