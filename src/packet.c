/* SPDX-License-Identifier: MIT */
/* Views on packets. Every read is bounded by the length that came with the bytes. */
#include "packet.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "bytes.h"

/* A keyed peer's first frame: 81 bytes that begin with 0x40, an IPv4 header without length. */
#define HANDSHAKE_LEN  81
#define HANDSHAKE_BYTE 0x40

static int is_common_ethertype(uint16_t type)
{
	return type == ETHER_IPV4 || type == ETHER_ARP || type == ETHER_VLAN ||
	       type == ETHER_QINQ || type == ETHER_IPV6;
}

static int reads_like_ether(const uint8_t *data, size_t len)
{
	return len >= ETHER_HEADER_LEN && is_common_ethertype(be16_load(data + ETHER_TYPE_AT));
}

/* The lengths inside an IP header agree with the frame's, and no Ethernet type stands at its place. */
static int reads_like_ip(const uint8_t *data, size_t len)
{
	if (reads_like_ether(data, len))
		return 0;
	if (len >= IPV4_HEADER_LEN && data[0] == 0x45)
		return be16_load(data + 2) == len;
	if (len >= IPV6_HEADER_LEN && data[0] >> 4 == 6)
		return be16_load(data + 4) + (size_t)IPV6_HEADER_LEN == len;
	return 0;
}

enum packet_fault packet_check(enum packet_kind kind, const uint8_t *data, size_t len, int first)
{
	if (first && len == HANDSHAKE_LEN && data[0] == HANDSHAKE_BYTE &&
	    !(kind == PACKET_ETHER && reads_like_ether(data, len)))
		return PACKET_LOOKS_KEYED;
	if (kind == PACKET_ETHER) {
		if (len < ETHER_HEADER_LEN)
			return PACKET_SHORT_ETHER;
		return first && reads_like_ip(data, len) ? PACKET_LOOKS_IP : PACKET_OK;
	}
	if (data[0] >> 4 == 4 || data[0] >> 4 == 6)
		return PACKET_OK;
	return reads_like_ether(data, len) ? PACKET_LOOKS_ETHER : PACKET_NOT_IP;
}

const char *packet_fault_text(enum packet_fault fault)
{
	static const char *const text[] = {
		[PACKET_OK] = "nothing is wrong",
		[PACKET_NOT_IP] =
			"sent a packet that is neither IPv4 nor IPv6: not a tunnel, or one "
			"that uses a key (-k)",
		[PACKET_LOOKS_ETHER] =
			"sent an Ethernet frame: it is a tap (-a) and this end a tun; "
			"use -a at both ends or at none",
		[PACKET_SHORT_ETHER] =
			"sent a frame shorter than an Ethernet header: it is no tap, or "
			"it uses a key (-k)",
		[PACKET_LOOKS_IP] =
			"sent an IP packet: it is a tun and this end a tap (-a); use -a at "
			"both ends or at none",
		[PACKET_LOOKS_KEYED] =
			"uses a key and this end does not: give both ends the same key "
			"file with -k, or none",
	};
	_Static_assert(sizeof(text) / sizeof(text[0]) == PACKET_NFAULTS, "a text for each fault");

	return text[fault];
}

/* A run of text that fills up and then stays as it is. */
struct line {
	char *text;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line->text, line->room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= line->room)
		n = (int)line->room - 1;
	line->text += n;
	line->room -= (size_t)n;
}

static void line_add_mac(struct line *line, const uint8_t *m)
{
	line_add(line, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void describe_tcp(struct line *line, const uint8_t *tcp)
{
	static const char letters[] = "FSRP.UEW"; /* from the lowest bit, as tcpdump writes them */
	char flags[9];
	int n = 0;

	for (int bit = 0; bit < 8; bit++)
		if (tcp[TCP_FLAGS_AT] >> bit & 1)
			flags[n++] = letters[bit];
	flags[n] = 0;
	line_add(line, " TCP %u > %u [%s]", be16_load(tcp), be16_load(tcp + 2), flags);
}

static void describe_transport(struct line *line, const struct headers *h, const uint8_t *data)
{
	const uint8_t *l4 = data + h->l4;
	int is_icmp = h->proto == PROTO_ICMP || h->proto == PROTO_ICMPV6;

	if (h->what == HEADERS_FRAGMENT)
		line_add(line, " fragment");
	else if (h->what == HEADERS_TCP)
		describe_tcp(line, l4);
	else if (h->what == HEADERS_UDP)
		line_add(line, " UDP %u > %u", be16_load(l4), be16_load(l4 + 2));
	else if (is_icmp && h->l4 && h->end - h->l4 >= 2)
		line_add(line, " ICMP%s type %u code %u", h->version == 6 ? "v6" : "", l4[0],
			 l4[1]);
	else
		line_add(line, " protocol %u", h->proto);
}

static void describe_ip(struct line *line, const struct headers *h, const uint8_t *data)
{
	const uint8_t *ip = data + h->l3;
	const uint8_t *src = ip + (h->version == 4 ? IPV4_ADDRESSES_AT : IPV6_ADDRESSES_AT);
	size_t address_len = h->version == 4 ? 4 : 16;
	int family = h->version == 4 ? AF_INET : AF_INET6;
	char text[2][INET6_ADDRSTRLEN];

	inet_ntop(family, src, text[0], sizeof(text[0]));
	inet_ntop(family, src + address_len, text[1], sizeof(text[1]));
	line_add(line, "IP%s %s > %s", h->version == 6 ? "6" : "", text[0], text[1]);
	describe_transport(line, h, data);
}

/* Addresses, VLAN tags, and the type unless it is IP. */
static void describe_ether(struct line *line, const uint8_t *data, size_t len)
{
	size_t at = ETHER_TYPE_AT;
	uint16_t type = be16_load(data + at);

	line_add_mac(line, data + 6);
	line_add(line, " > ");
	line_add_mac(line, data);
	line_add(line, " ");
	while ((type == ETHER_VLAN || type == ETHER_QINQ) && at + VLAN_TAG_LEN + 2 <= len) {
		line_add(line, "vlan %u ", be16_load(data + at + 2) & 0xfff);
		at += VLAN_TAG_LEN;
		type = be16_load(data + at);
	}
	if (type == ETHER_ARP)
		line_add(line, "ARP");
	else if (type != ETHER_IPV4 && type != ETHER_IPV6)
		line_add(line, "type 0x%04x", type);
}

void packet_describe(char text[PACKET_TEXT_LEN], enum packet_kind kind, const uint8_t *data,
		     size_t len)
{
	struct line line = {text, PACKET_TEXT_LEN};
	struct headers h;

	text[0] = 0;
	headers_find(kind, data, len, &h);
	if (kind == PACKET_ETHER && len >= ETHER_HEADER_LEN)
		describe_ether(&line, data, len);
	else if (!h.version)
		line_add(&line, "unknown packet");
	if (h.version)
		describe_ip(&line, &h, data);
	line_add(&line, ", length %zu", len);
}
