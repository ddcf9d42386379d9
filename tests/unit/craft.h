/* SPDX-License-Identifier: MIT */
/*
 * Packets for the tests of split and merge, made and judged without the modules under test.
 */
#ifndef CRAFT_H
#define CRAFT_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define CRAFT_MAX (14 + 8 + 65535)

struct craft {
	enum packet_kind kind;
	int ntags;	 /* VLAN tags */
	int version;	 /* 4 or 6 */
	int nextensions; /* IPv6: destination options headers of 8 bytes */
	int ip_options;	 /* IPv4: 32-bit words of them */
	int is_udp;
	int tcp_options; /* 32-bit words of them */
	int is_super;	 /* the checksum field holds the pseudo header's sum alone */
	uint16_t id;
	uint16_t fragment; /* DF, MF and offset */
	uint8_t tos, ttl;
	uint8_t src, dst; /* the addresses' last bytes */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, urgent;
	uint8_t option; /* what TCP options consist of; 0 for no-operations */
};

/** craft_tcp() - an ordinary IPv4 data segment, to change to one's liking */
struct craft craft_tcp(void);

/** craft_udp() - an ordinary IPv4 datagram */
struct craft craft_udp(void);

/** craft_headers_len() - what craft_packet() puts in front of the payload */
size_t craft_headers_len(const struct craft *c);

/** craft_packet() - write it to @out, of CRAFT_MAX bytes; returns its length */
size_t craft_packet(const struct craft *c, const uint8_t *payload, size_t len, uint8_t *out);

/** craft_l4() - where the transport header begins */
size_t craft_l4(const struct craft *c);

/** craft_is_right() - do all lengths and checksums of a TCP or UDP packet hold? */
int craft_is_right(enum packet_kind kind, const uint8_t *packet, size_t len);

#endif
