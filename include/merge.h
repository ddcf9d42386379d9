/* SPDX-License-Identifier: MIT */
/*
 * Packets for a tun device with offload: neighbours of one flow become a super-packet, which costs the
 * kernel about as much as one packet.
 *
 *	for each received packet:
 *		merge_add(&m, packet, len);
 *		while ((group = merge_next(&m)))
 *			writev(fd, group->iov, 1 + group->npackets);
 *	at the end of what was received, before its buffer moves:
 *		merge_flush(&m);
 *		while ((group = merge_next(&m))) ...
 *
 * Packets are not copied: they stay where they are and as they are until their group has come out.
 * Packets of one flow come out in the order in which they came in; those of different flows need not.
 */
#ifndef MERGE_H
#define MERGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "headers.h"
#include "vnet.h"

#define MERGE_FLOWS   16 /* gathered at a time */
#define MERGE_PACKETS 64 /* in a group: kernels before 6.10 take no more of UDP */
#define MERGE_HEADERS_MAX \
	192 /* two VLAN tags, IPv6 with 70 bytes of extensions, TCP with options */

/* What may be merged, ORed together: what the device accepts differs. */
enum merge_what {
	MERGE_TCP4 = 1,
	MERGE_TCP6 = 2,
	MERGE_UDP = 4, /* Linux 6.2, VNET_GSO_UDP_L4 */
	MERGE_ALL = MERGE_TCP4 | MERGE_TCP6 | MERGE_UDP,
};

/* A write to the device: a packet as it came, or a super-packet. */
struct merge_group {
	/*
	 * A packet alone: an all-zero vnet header, then the packet. Else: a vnet header with the
	 * common headers, then the payload of each packet.
	 */
	struct iovec iov[1 + MERGE_PACKETS];
	unsigned npackets; /* 1..MERGE_PACKETS; with one more there are so many in iov */
	unsigned what;	   /* which enum merge_what it is, 0 for a packet alone */
	size_t len;	   /* bytes in iov */

	/* Private, about the first packet unless it says otherwise. */
	struct headers h;
	const uint8_t *first;
	uint32_t seg_size; /* its payload */
	uint32_t ip_len;   /* of the super-packet so far */
	uint32_t next_seq; /* TCP: of the packet that may follow */
	uint16_t ip_id;
	uint8_t ip_id_step;  /* 1, or 0 when all have the same */
	uint8_t last_flags;  /* TCP: PSH and FIN, of the last packet */
	uint8_t is_verified; /* its checksums hold: not looked at before there is a second packet */
	uint8_t header[VNET_HEADER_LEN + MERGE_HEADERS_MAX];
};

/* Private. A slot is free, open (gathering) or ready (to be handed out). */
struct merge {
	enum packet_kind kind;
	unsigned what;
	unsigned nopen, nready, nfree;
	unsigned ready_at;	    /* the next one to hand out is ready[ready_at] */
	uint32_t tags[MERGE_FLOWS]; /* of open[], see flow_tag() */
	uint8_t open[MERGE_FLOWS];  /* oldest first */
	uint8_t ready[MERGE_FLOWS + 1];
	uint8_t free[MERGE_FLOWS + 1];
	struct merge_group slots[MERGE_FLOWS + 1];
};

/**
 * merge_init() - nothing is gathered
 * @what:	enum merge_what, ORed
 */
void merge_init(struct merge *m, enum packet_kind kind, unsigned what);

/**
 * merge_allow() - change what is merged from now on; what has been gathered comes out as it is
 * @what:	enum merge_what, ORed: after the kernel has refused a group, take out group->what
 */
void merge_allow(struct merge *m, unsigned what);

/**
 * merge_add() - one packet more
 * @packet:	borrowed until its group has come out; @len bytes, 1..65535, nothing is assumed of them
 *
 * Call merge_next() afterwards until it has no more. The rules are those of the kernel's GRO, and
 * what splits into other bytes than it was made of is not merged, but for the ID of packets that
 * have a constant one and DF (RFC 6864 gives it no meaning then).
 *
 * Return: 1, or 0 and the packet is not taken: groups are waiting for merge_next().
 */
int merge_add(struct merge *m, const uint8_t *packet, size_t len);

/** merge_flush() - all that is gathered comes out of merge_next() */
void merge_flush(struct merge *m);

/**
 * merge_next() - the next group to write
 *
 * Return: NULL when there is none; else it is valid until the next call of merge_next() or
 * merge_add().
 */
const struct merge_group *merge_next(struct merge *m);

/**
 * merge_group_packet() - one of the packets of a group as it came, for a kernel that refuses the group
 * @i:		0..npackets - 1
 * @len:	set to its length
 */
const uint8_t *merge_group_packet(const struct merge_group *group, unsigned i, size_t *len);

#endif
