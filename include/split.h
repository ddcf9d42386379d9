/* SPDX-License-Identifier: MIT */
/*
 * What a tun device with offload hands over, as complete packets: a super-packet becomes the segments
 * that the kernel would have sent without offload, and a missing checksum is filled in.
 *
 *	split_start(&s, kind, &vnet, packet, len);
 *	while ((n = split_next_len(&s)) && there is room for n)
 *		split_next(&s, out, n);
 */
#ifndef SPLIT_H
#define SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "headers.h"
#include "vnet.h"

/* The largest that the kernel hands over: an IP packet in an Ethernet frame with two VLAN tags. */
#define SPLIT_PACKET_MAX (ETHER_HEADER_LEN + 8 + 65535)

enum split_what {
	SPLIT_WHOLE, /* it is one packet, complete now where it lies; split_next() gives a copy */
	SPLIT_SEGMENTS, /* split_next() gives them, 1 or more */
	SPLIT_BAD,	/* nothing can be sent for it, see split.fault */
};

enum split_fault {
	SPLIT_OK,
	SPLIT_EMPTY,	       /* no bytes */
	SPLIT_TOO_LONG,	       /* the packet or a segment is longer than FRAME_PAYLOAD_MAX */
	SPLIT_BAD_GSO_TYPE,    /* none that we have asked for */
	SPLIT_BAD_GSO_SIZE,    /* 0 */
	SPLIT_BAD_HEADERS,     /* the packet is not what gso_type says */
	SPLIT_BAD_LENGTH,      /* the IP or UDP length is not that of the packet */
	SPLIT_NO_CSUM,	       /* UDP segments without VNET_NEEDS_CSUM */
	SPLIT_BAD_CSUM_START,  /* not at the transport header, or outside */
	SPLIT_BAD_CSUM_OFFSET, /* not at its checksum, or outside */
	SPLIT_NFAULTS,
};

struct split {
	enum split_fault fault;
	unsigned nsegs; /* packets that come in all */
	unsigned nleft; /* and those still to come */

	/* Private. All offsets count from the packet's first byte. */
	const uint8_t *packet;
	uint32_t at, end;	       /* payload still to be sent */
	uint32_t header_len, seg_size; /* of each but the last; no headers to patch: 0 */
	uint32_t l3, l4;
	uint8_t version, is_tcp;
	uint8_t tcp_flags;
	uint16_t ip_id;	  /* the next segment's */
	uint32_t tcp_seq; /* the next segment's */
	uint64_t ip_sum;  /* IPv4 header without length, ID and checksum */
	uint64_t l4_sum;  /* pseudo and transport header without what differs in segments */
};

/**
 * split_start() - look at what the device gave
 * @s:		filled; it borrows @packet until the last split_next()
 * @vnet:	nothing is assumed of it
 * @packet:	@len bytes of any value; where it is SPLIT_WHOLE its checksum is filled in
 * @len:	as read, without the vnet header
 *
 * hdr_len is not used. The sum in the checksum field is taken as it stands, as the kernel does: it
 * may be for another destination than the header's when there is a routing header.
 */
enum split_what split_start(struct split *s, enum packet_kind kind, const struct vnet_header *vnet,
			    uint8_t *packet, size_t len);

/** split_next_len() - length of the next packet, 1..FRAME_PAYLOAD_MAX, or 0 after the last */
size_t split_next_len(const struct split *s);

/**
 * split_next() - write the next packet
 * @out:	@room bytes that do not overlap the packet, at any alignment
 *
 * Return: its length, or 0 and nothing is done when there is none or it does not fit into @room.
 */
size_t split_next(struct split *s, uint8_t *out, size_t room);

/** split_fault_text() - for a message; static */
const char *split_fault_text(enum split_fault fault);

#endif
