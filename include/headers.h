/* SPDX-License-Identifier: MIT */
/*
 * Where the headers of a packet lie: Ethernet with VLAN tags, IPv4 and IPv6 with extension headers,
 * TCP and UDP. Names for the places in them that split and merge read and write.
 */
#ifndef HEADERS_H
#define HEADERS_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define IPV4_HEADER_LEN	  20
#define IPV4_TOS_AT	  1
#define IPV4_LEN_AT	  2 /* header and payload */
#define IPV4_ID_AT	  4
#define IPV4_FRAGMENT_AT  6
#define IPV4_TTL_AT	  8
#define IPV4_PROTO_AT	  9
#define IPV4_CSUM_AT	  10
#define IPV4_ADDRESSES_AT 12
#define IPV4_DF		  0x4000 /* in the word at IPV4_FRAGMENT_AT */
#define IPV4_IS_FRAGMENT  0x3fff /* more fragments, or an offset */

#define IPV6_HEADER_LEN	  40
#define IPV6_LEN_AT	  4 /* what follows the fixed header, extension headers included */
#define IPV6_NEXT_AT	  6
#define IPV6_ADDRESSES_AT 8

#define TCP_HEADER_LEN 20
#define TCP_SEQ_AT     4
#define TCP_ACK_AT     8
#define TCP_OFFSET_AT  12
#define TCP_FLAGS_AT   13
#define TCP_WINDOW_AT  14
#define TCP_CSUM_AT    16
#define TCP_URGENT_AT  18

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80

#define UDP_HEADER_LEN 8
#define UDP_LEN_AT     4 /* header and payload */
#define UDP_CSUM_AT    6

#define HEADERS_PROTO_TCP 6
#define HEADERS_PROTO_UDP 17

enum headers_what {
	HEADERS_NOT_IP,	  /* version is 0: ARP, more than two VLAN tags, a cut IP header */
	HEADERS_IP,	  /* no TCP or UDP header that could be used: another protocol, or broken */
	HEADERS_FRAGMENT, /* of any protocol, the first one too */
	HEADERS_TCP,	  /* the header with its options is there */
	HEADERS_UDP,	  /* the header is there; its length field is unchecked */
};

/* All places count from the packet's first byte. */
struct headers {
	enum headers_what what;
	uint8_t version;  /* 4 or 6 when the IP header's fixed part is there, else 0 */
	uint32_t l3;	  /* the IP header, with a version */
	uint32_t l4;	  /* TCP or UDP: their header */
	uint32_t payload; /* TCP or UDP: what follows it, <= end */
	uint32_t end;	  /* TCP or UDP: where the IP packet ends by its own length, <= len */
};

/**
 * headers_find() - find the headers of a packet
 * @kind:	does it begin with an Ethernet or an IP header?
 * @packet:	@len bytes, nothing is assumed of them
 * @h:		set to what is there; places that @h->what does not promise are 0
 *
 * Bytes may follow the IP packet: Ethernet pads short frames.
 */
void headers_find(enum packet_kind kind, const uint8_t *packet, size_t len, struct headers *h);

#endif
