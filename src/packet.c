/* SPDX-License-Identifier: MIT */
/* Views on packets. Every read is bounded by the length that came with the bytes. */
#include "packet.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "bytes.h"

#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40

#define ETHERTYPE_AT 12

/* Ethernet types, IEEE 802 numbers */
#define TYPE_IPV4 0x0800
#define TYPE_ARP  0x0806
#define TYPE_VLAN 0x8100
#define TYPE_QINQ 0x88a8
#define TYPE_IPV6 0x86dd

/* protocol numbers, IANA */
#define PROTO_ICMP   1
#define PROTO_TCP    6
#define PROTO_UDP    17
#define PROTO_ICMPV6 58

/* A keyed peer's first frame: 81 bytes that begin with 0x40, an IPv4 header without length. */
#define HANDSHAKE_LEN  81
#define HANDSHAKE_BYTE 0x40

static int is_common_ethertype(uint16_t type)
{
	return type == TYPE_IPV4 || type == TYPE_ARP || type == TYPE_VLAN || type == TYPE_QINQ ||
	       type == TYPE_IPV6;
}

static int reads_like_ether(const uint8_t *data, size_t len)
{
	return len >= PACKET_ETHER_HEADER_LEN && is_common_ethertype(be16_load(data + ETHERTYPE_AT));
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
	if (first && len == HANDSHAKE_LEN && data[0] == HANDSHAKE_BYTE)
		return PACKET_LOOKS_KEYED;
	if (kind == PACKET_ETHER) {
		if (len < PACKET_ETHER_HEADER_LEN)
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
		[PACKET_NOT_IP] = "sent a packet that is neither IPv4 nor IPv6: not a tunnel, or one "
				  "that uses a key",
		[PACKET_LOOKS_ETHER] = "sent an Ethernet frame: it is a tap (-a) and this end a tun; "
				       "use -a at both ends or at none",
		[PACKET_SHORT_ETHER] = "sent a frame shorter than an Ethernet header: it is no tap, or "
				       "it uses a key",
		[PACKET_LOOKS_IP] = "sent an IP packet: it is a tun and this end a tap (-a); use -a at "
				    "both ends or at none",
		[PACKET_LOOKS_KEYED] = "uses a key and this end does not",
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

static void describe_tcp(struct line *line, const uint8_t *l4, size_t len)
{
	static const char letters[] = "FSRP.UEW"; /* from the lowest bit, as tcpdump writes them */
	char flags[9];
	int n = 0;

	if (len < 14)
		return;
	for (int bit = 0; bit < 8; bit++)
		if (l4[13] >> bit & 1)
			flags[n++] = letters[bit];
	flags[n] = 0;
	line_add(line, " TCP %u > %u [%s]", be16_load(l4), be16_load(l4 + 2), flags);
}

static void describe_l4(struct line *line, unsigned proto, const uint8_t *l4, size_t len)
{
	switch (proto) {
	case PROTO_TCP:
		describe_tcp(line, l4, len);
		break;
	case PROTO_UDP:
		if (len >= 4)
			line_add(line, " UDP %u > %u", be16_load(l4), be16_load(l4 + 2));
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if (len >= 2)
			line_add(line, " ICMP%s type %u code %u", proto == PROTO_ICMP ? "" : "v6",
				 l4[0], l4[1]);
		break;
	default:
		line_add(line, " protocol %u", proto);
	}
}

static void describe_ip(struct line *line, const uint8_t *data, size_t len)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	size_t header_len;

	if (len >= IPV4_HEADER_LEN && data[0] >> 4 == 4) {
		header_len = (data[0] & 15u) * 4;
		inet_ntop(AF_INET, data + 12, src, sizeof(src));
		inet_ntop(AF_INET, data + 16, dst, sizeof(dst));
		line_add(line, "IP %s > %s", src, dst);
		if (be16_load(data + 6) & 0x1fff)
			line_add(line, " fragment");
		else if (header_len >= IPV4_HEADER_LEN && header_len <= len)
			describe_l4(line, data[9], data + header_len, len - header_len);
	} else if (len >= IPV6_HEADER_LEN && data[0] >> 4 == 6) {
		inet_ntop(AF_INET6, data + 8, src, sizeof(src));
		inet_ntop(AF_INET6, data + 24, dst, sizeof(dst));
		line_add(line, "IP6 %s > %s", src, dst);
		describe_l4(line, data[6], data + IPV6_HEADER_LEN, len - IPV6_HEADER_LEN);
	} else {
		line_add(line, "unknown packet");
	}
}

static void describe_ether(struct line *line, const uint8_t *data, size_t len)
{
	size_t at = ETHERTYPE_AT;
	uint16_t type;

	if (len < PACKET_ETHER_HEADER_LEN) {
		line_add(line, "short frame");
		return;
	}
	line_add_mac(line, data + 6);
	line_add(line, " > ");
	line_add_mac(line, data);
	line_add(line, " ");
	type = be16_load(data + at);
	while ((type == TYPE_VLAN || type == TYPE_QINQ) && at + 6 <= len) {
		line_add(line, "vlan %u ", be16_load(data + at + 2) & 0xfff);
		at += 4;
		type = be16_load(data + at);
	}
	if (type == TYPE_IPV4 || type == TYPE_IPV6)
		describe_ip(line, data + at + 2, len - at - 2);
	else if (type == TYPE_ARP)
		line_add(line, "ARP");
	else
		line_add(line, "type 0x%04x", type);
}

void packet_describe(char text[PACKET_TEXT_LEN], enum packet_kind kind, const uint8_t *data,
		     size_t len)
{
	struct line line = {text, PACKET_TEXT_LEN};

	text[0] = 0;
	if (kind == PACKET_ETHER)
		describe_ether(&line, data, len);
	else
		describe_ip(&line, data, len);
	line_add(&line, ", length %zu", len);
}
