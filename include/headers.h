/* SPDX-License-Identifier: MIT */
/*
 * Where the headers of a packet lie: Ethernet with VLAN tags, IPv4 and IPv6 with extension headers,
 * TCP and UDP. Names for the places in them that split and merge read and write.
 */
#ifndef HEADERS_H
#define HEADERS_H

#include <stddef.h>
#include <stdint.h>

/* What a device carries. */
enum packet_kind {
	PACKET_IP,    /* tun: IPv4 or IPv6 packets */
	PACKET_ETHER, /* tap: Ethernet frames without FCS */
};

#define ETHER_HEADER_LEN 14
#define ETHER_TYPE_AT	 12
#define VLAN_TAG_LEN	 4

/* Ethernet types, IEEE 802 numbers */
#define ETHER_IPV4 0x0800
#define ETHER_ARP  0x0806
#define ETHER_VLAN 0x8100
#define ETHER_QINQ 0x88a8
#define ETHER_IPV6 0x86dd

/* Protocol numbers, IANA */
#define PROTO_ICMP   1
#define PROTO_TCP    6
#define PROTO_UDP    17
#define PROTO_ICMPV6 58

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
	uint8_t proto;	  /* with a version: what follows IP and its extension headers */
	uint32_t l3;	  /* with a version: the IP header */
	uint32_t l4;	  /* where proto's header begins, or 0 when that cannot be told */
	uint32_t end;	  /* with l4: where the IP packet ends by its own length, <= len */
	uint32_t payload; /* TCP or UDP: what follows their header, <= end */
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
