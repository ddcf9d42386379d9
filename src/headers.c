/* SPDX-License-Identifier: MIT */
/* Where the headers of a packet lie. Every length is checked against the bytes before it is used. */
#include "headers.h"

#include "bytes.h"

#define MAX_VLAN_TAGS 2

/* IPv6 extension headers that may stand before TCP and UDP, RFC 8200 4 */
#define NEXT_HOP_BY_HOP	 0
#define NEXT_ROUTING	 43
#define NEXT_FRAGMENT	 44
#define NEXT_DESTINATION 60
#define EXTENSION_UNIT	 8

/* Return: the IP version that the Ethernet type tells, 0 for none; @l3 is set to where it begins. */
static unsigned skip_ether(const uint8_t *packet, size_t len, uint32_t *l3)
{
	uint32_t at = ETHER_TYPE_AT;
	uint16_t type;

	for (int ntags = 0; at + 2 <= len; ntags++) {
		type = be16_load(packet + at);
		*l3 = at + 2;
		if (type == ETHER_IPV4)
			return 4;
		if (type == ETHER_IPV6)
			return 6;
		if ((type != ETHER_VLAN && type != ETHER_QINQ) || ntags == MAX_VLAN_TAGS)
			return 0;
		at += VLAN_TAG_LEN;
	}
	return 0;
}

static void find_transport(const uint8_t *packet, struct headers *h)
{
	uint32_t room = h->end - h->l4, header_len;

	if (h->proto == PROTO_TCP && room >= TCP_HEADER_LEN) {
		header_len = (packet[h->l4 + TCP_OFFSET_AT] >> 4) * 4u;
		if (header_len < TCP_HEADER_LEN || header_len > room)
			return;
		h->payload = h->l4 + header_len;
		h->what = HEADERS_TCP;
	} else if (h->proto == PROTO_UDP && room >= UDP_HEADER_LEN) {
		h->payload = h->l4 + UDP_HEADER_LEN;
		h->what = HEADERS_UDP;
	}
}

static void find_in_ipv4(const uint8_t *packet, size_t len, struct headers *h)
{
	const uint8_t *ip = packet + h->l3;
	uint32_t header_len = (ip[0] & 15u) * 4, total = be16_load(ip + IPV4_LEN_AT);

	h->proto = ip[IPV4_PROTO_AT];
	if (header_len < IPV4_HEADER_LEN || total < header_len || total > len - h->l3)
		return;
	if (be16_load(ip + IPV4_FRAGMENT_AT) & IPV4_IS_FRAGMENT) {
		h->what = HEADERS_FRAGMENT;
		return;
	}
	h->l4 = h->l3 + header_len;
	h->end = h->l3 + total;
	find_transport(packet, h);
}

static void find_in_ipv6(const uint8_t *packet, size_t len, struct headers *h)
{
	const uint8_t *ip = packet + h->l3;
	uint32_t end = h->l3 + IPV6_HEADER_LEN + be16_load(ip + IPV6_LEN_AT);
	uint32_t at = h->l3 + IPV6_HEADER_LEN;

	h->proto = ip[IPV6_NEXT_AT];
	if (end > len)
		return;
	while (h->proto == NEXT_HOP_BY_HOP || h->proto == NEXT_ROUTING ||
	       h->proto == NEXT_DESTINATION) {
		if (end - at < EXTENSION_UNIT)
			return;
		h->proto = packet[at];
		at += (packet[at + 1] + 1u) * EXTENSION_UNIT;
		if (at > end)
			return;
	}
	if (h->proto == NEXT_FRAGMENT) {
		h->what = HEADERS_FRAGMENT;
		if (end - at >= EXTENSION_UNIT)
			h->proto = packet[at];
		return;
	}
	h->l4 = at;
	h->end = end;
	find_transport(packet, h);
}

/* Return: the version of a packet whose IP header's fixed part is there, else 0; @l3 is set. */
static uint8_t find_version(enum packet_kind kind, const uint8_t *packet, size_t len, uint32_t *l3)
{
	unsigned type = 0;
	uint8_t version;

	*l3 = 0;
	if (kind == PACKET_ETHER) {
		type = skip_ether(packet, len, l3);
		if (!type)
			return 0;
	}
	if (len <= *l3)
		return 0;
	version = packet[*l3] >> 4;
	if (version != 4 && version != 6)
		return 0;
	if (type && version != type)
		return 0;
	return len - *l3 >= (version == 4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN) ? version : 0;
}

void headers_find(enum packet_kind kind, const uint8_t *packet, size_t len, struct headers *h)
{
	uint32_t l3;

	*h = (struct headers){.what = HEADERS_NOT_IP};
	h->version = find_version(kind, packet, len, &l3);
	if (!h->version)
		return;
	h->l3 = l3;
	h->what = HEADERS_IP;
	if (h->version == 4)
		find_in_ipv4(packet, len, h);
	else
		find_in_ipv6(packet, len, h);
}
