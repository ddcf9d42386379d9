/* SPDX-License-Identifier: MIT */
/* Packets for tests. Slow, simple, and independent of what is tested. */
#include "craft.h"

#include <string.h>

#include "bytes.h"
#include "slow.h"

struct craft craft_tcp(void)
{
	return (struct craft){
		.kind = PACKET_IP,
		.version = 4,
		.tcp_options = 3,
		.id = 1000,
		.fragment = 0x4000,
		.ttl = 64,
		.src = 1,
		.dst = 2,
		.sport = 40000,
		.dport = 5201,
		.seq = 0x10000000,
		.ack = 77,
		.flags = 0x10,
		.window = 502,
	};
}

struct craft craft_udp(void)
{
	struct craft c = craft_tcp();

	c.is_udp = 1;
	c.tcp_options = 0;
	return c;
}

static size_t l3_of(const struct craft *c)
{
	return c->kind == PACKET_ETHER ? 14 + 4 * (size_t)c->ntags : 0;
}

size_t craft_l4(const struct craft *c)
{
	return l3_of(c) +
	       (c->version == 4 ? 20 + 4 * (size_t)c->ip_options : 40 + 8 * (size_t)c->nextensions);
}

size_t craft_headers_len(const struct craft *c)
{
	return craft_l4(c) + (c->is_udp ? 8 : 20 + 4 * (size_t)c->tcp_options);
}

static uint16_t pseudo_sum(const uint8_t *ip, unsigned proto, size_t len)
{
	uint8_t pseudo[40] = {0};

	if (ip[0] >> 4 == 4) {
		memcpy(pseudo, ip + 12, 8);
		pseudo[9] = (uint8_t)proto;
		be16_store(pseudo + 10, (uint16_t)len);
		return slow_sum(0, pseudo, 12);
	}
	memcpy(pseudo, ip + 8, 32);
	be32_store(pseudo + 32, (uint32_t)len);
	pseudo[39] = (uint8_t)proto;
	return slow_sum(0, pseudo, 40);
}

static void put_ether(const struct craft *c, uint8_t *out)
{
	size_t at = 12;

	memcpy(out, "\x02\0\0\0\0\x0a\x02\0\0\0\0\x0b", 12);
	for (int i = 0; i < c->ntags; i++, at += 4) {
		be16_store(out + at, i ? 0x8100 : c->ntags > 1 ? 0x88a8 : 0x8100);
		be16_store(out + at + 2, (uint16_t)(100 + i));
	}
	be16_store(out + at, c->version == 4 ? 0x0800 : 0x86dd);
}

static void put_ip(const struct craft *c, uint8_t *ip, size_t total)
{
	unsigned proto = c->is_udp ? 17 : 6;

	if (c->version == 4) {
		size_t header_len = 20 + 4 * (size_t)c->ip_options;

		memset(ip, 1, header_len); /* options are no-operations */
		ip[0] = (uint8_t)(0x40 | header_len / 4);
		ip[1] = c->tos;
		be16_store(ip + 2, (uint16_t)total);
		be16_store(ip + 4, c->id);
		be16_store(ip + 6, c->fragment);
		ip[8] = c->ttl;
		ip[9] = (uint8_t)proto;
		be16_store(ip + 10, 0);
		memcpy(ip + 12, (const uint8_t[]){10, 9, 8, c->src, 10, 9, 8, c->dst}, 8);
		be16_store(ip + 10, (uint16_t)~slow_sum(0, ip, header_len));
		return;
	}
	memset(ip, 0, 40);
	be32_store(ip, 0x60012345u | (uint32_t)c->tos << 20);
	be16_store(ip + 4, (uint16_t)(total - 40));
	ip[7] = c->ttl;
	memcpy(ip + 8, "\xfd\x11\x22\x33\x44\x55\x66\x77", 8);
	memcpy(ip + 24, "\xfd\x11\x22\x33\x44\x55\x66\x77", 8);
	ip[23] = c->src;
	ip[39] = c->dst;
	ip[6] = c->nextensions ? 60 : (uint8_t)proto;
	for (int i = 0; i < c->nextensions; i++) {
		uint8_t *ext = ip + 40 + 8 * i;

		/* one PadN option that fills it */
		memcpy(ext, (const uint8_t[]){60, 0, 1, 4, 0, 0, 0, 0}, 8);
		if (i == c->nextensions - 1)
			ext[0] = (uint8_t)proto;
	}
}

size_t craft_packet(const struct craft *c, const uint8_t *payload, size_t len, uint8_t *out)
{
	size_t l3 = l3_of(c), at = craft_l4(c), headers_len = craft_headers_len(c);
	size_t l4_len = headers_len - at + len;
	uint8_t *l4 = out + at, *csum = l4 + (c->is_udp ? 6 : 16);
	uint16_t sum;

	if (c->kind == PACKET_ETHER)
		put_ether(c, out);
	put_ip(c, out + l3, headers_len - l3 + len);
	memset(l4, c->option ? c->option : 1, headers_len - at);
	be16_store(l4, c->sport);
	be16_store(l4 + 2, c->dport);
	if (c->is_udp) {
		be16_store(l4 + 4, (uint16_t)l4_len);
	} else {
		be32_store(l4 + 4, c->seq);
		be32_store(l4 + 8, c->ack);
		l4[12] = (uint8_t)((5 + c->tcp_options) << 4);
		l4[13] = c->flags;
		be16_store(l4 + 14, c->window);
		be16_store(l4 + 18, c->urgent);
	}
	memcpy(out + headers_len, payload, len);
	be16_store(csum, 0);
	sum = pseudo_sum(out + l3, c->is_udp ? 17 : 6, l4_len);
	if (!c->is_super) {
		sum = (uint16_t)~slow_sum(sum, l4, l4_len);
		if (c->is_udp && !sum)
			sum = 0xffff;
	}
	be16_store(csum, sum);
	return headers_len + len;
}

int craft_is_right(enum packet_kind kind, const uint8_t *packet, size_t len)
{
	const uint8_t *ip = packet, *end = packet + len, *l4;
	unsigned proto;

	if (kind == PACKET_ETHER) {
		ip += 12;
		while (be16_load(ip) == 0x8100 || be16_load(ip) == 0x88a8)
			ip += 4;
		ip += 2;
	}
	if (ip[0] >> 4 == 4) {
		l4 = ip + (ip[0] & 15) * 4;
		proto = ip[9];
		if (be16_load(ip + 2) != end - ip || slow_sum(0, ip, (size_t)(l4 - ip)) != 0xffff)
			return 0;
	} else {
		l4 = ip + 40;
		proto = ip[6];
		if (be16_load(ip + 4) != end - l4)
			return 0;
		for (; proto == 0 || proto == 43 || proto == 60; l4 += 8 * (l4[1] + 1))
			proto = l4[0];
	}
	if (proto == 17 && (be16_load(l4 + 4) != end - l4 || be16_load(l4 + 6) == 0))
		return 0;
	return slow_sum(pseudo_sum(ip, proto, (size_t)(end - l4)), l4, (size_t)(end - l4)) ==
	       0xffff;
}
