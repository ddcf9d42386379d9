/* SPDX-License-Identifier: MIT */
/*
 * Segments to super-packets.
 *
 * A packet that may be merged (is_candidate) opens a group, and the flow's next packets join it as long
 * as they are what a sender's segmentation would have made (may_join). What cannot join closes the
 * group, so a flow's packets never overtake each other. Checksums are verified when a second packet is
 * about to join: a packet that stays alone goes to the kernel as it came, and the kernel verifies it.
 *
 * The rules follow Linux 6.12, net/ipv4/tcp_offload.c, udp_offload.c, af_inet.c.
 */
#include "merge.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"

#define IP_LEN_MAX 65535

_Static_assert(MERGE_FLOWS + 1 <= UINT8_MAX, "slots are numbered in bytes");

void merge_init(struct merge *m, enum packet_kind kind, unsigned what)
{
	m->kind = kind;
	m->what = what;
	m->nopen = m->nready = m->ready_at = 0;
	for (m->nfree = 0; m->nfree < MERGE_FLOWS + 1; m->nfree++)
		m->free[m->nfree] = (uint8_t)m->nfree;
}

void merge_allow(struct merge *m, unsigned what)
{
	m->what = what;
}

/* Flows */

static size_t addresses_len(const struct headers *h)
{
	return h->version == 4 ? 8 : 32;
}

static const uint8_t *addresses(const uint8_t *packet, const struct headers *h)
{
	return packet + h->l3 + (h->version == 4 ? IPV4_ADDRESSES_AT : IPV6_ADDRESSES_AT);
}

/* Equal for packets of one flow, and seldom for others. */
static uint32_t flow_tag(const uint8_t *packet, const struct headers *h)
{
	const uint8_t *ends = addresses(packet, h) + addresses_len(h) / 2;
	uint32_t ports, src, dst;

	memcpy(&ports, packet + h->l4, sizeof(ports));
	memcpy(&src, ends - sizeof(src), sizeof(src));
	memcpy(&dst, ends + addresses_len(h) / 2 - sizeof(dst), sizeof(dst));
	return ports ^ src ^ (dst << 16 | dst >> 16) ^ (uint32_t)h->what;
}

static int same_addresses(const struct merge_group *g, const uint8_t *packet,
			  const struct headers *h)
{
	return g->h.version == h->version &&
	       !memcmp(addresses(g->first, &g->h), addresses(packet, h), addresses_len(h));
}

static int same_flow(const struct merge_group *g, const uint8_t *packet, const struct headers *h)
{
	return g->h.what == h->what && !memcmp(g->first + g->h.l4, packet + h->l4, 4) &&
	       same_addresses(g, packet, h);
}

/* Return: the flow's place in m->open, or -1. */
static int find_open(const struct merge *m, uint32_t tag, const uint8_t *packet,
		     const struct headers *h)
{
	for (unsigned i = 0; i < m->nopen; i++)
		if (m->tags[i] == tag && same_flow(&m->slots[m->open[i]], packet, h))
			return (int)i;
	return -1;
}

/* Slots */

static void close_group(struct merge *m, unsigned i)
{
	unsigned nafter = --m->nopen - i;

	m->ready[m->nready++] = m->open[i];
	memmove(m->open + i, m->open + i + 1, nafter * sizeof(m->open[0]));
	memmove(m->tags + i, m->tags + i + 1, nafter * sizeof(m->tags[0]));
}

static void close_address_pair(struct merge *m, const uint8_t *packet, const struct headers *h)
{
	for (unsigned i = 0; i < m->nopen;)
		if (same_addresses(&m->slots[m->open[i]], packet, h))
			close_group(m, i);
		else
			i++;
}

/* There is always a free slot: one more than can be open, and none is ready when a packet comes. */
static uint8_t take_slot(struct merge *m)
{
	return m->free[--m->nfree];
}

/* The packet comes out next, as it is. */
static void pass(struct merge *m, const uint8_t *packet, size_t len)
{
	uint8_t slot = take_slot(m);
	struct merge_group *g = &m->slots[slot];

	g->first = packet;
	g->npackets = 1;
	g->h.payload = 0;
	g->iov[1] = (struct iovec){(void *)(uintptr_t)packet, len};
	m->ready[m->nready++] = slot;
}

/* What a packet can be part of */

static unsigned what_of(const struct headers *h)
{
	if (h->what == HEADERS_UDP)
		return MERGE_UDP;
	return h->version == 4 ? MERGE_TCP4 : MERGE_TCP6;
}

/*
 * An IPv4 header or TCP checksum of 0xffff is as good as 0, but it is not what segmentation would make.
 */
static int is_candidate(const struct merge *m, const uint8_t *packet, size_t len,
			const struct headers *h)
{
	const uint8_t *ip = packet + h->l3, *l4 = packet + h->l4;

	if (!(m->what & what_of(h)))
		return 0;
	if (h->end != len || h->payload == h->end || h->payload > MERGE_HEADERS_MAX ||
	    h->end - h->l3 > IP_LEN_MAX)
		return 0;
	if (h->version == 4 && (h->l4 - h->l3 != IPV4_HEADER_LEN ||
				(be16_load(ip + IPV4_FRAGMENT_AT) & (uint16_t)~IPV4_DF) ||
				be16_load(ip + IPV4_CSUM_AT) == 0xffff))
		return 0;
	if (h->what == HEADERS_UDP)
		return be16_load(l4 + UDP_CSUM_AT) && be16_load(l4 + UDP_LEN_AT) == h->end - h->l4;
	return (l4[TCP_FLAGS_AT] & (TCP_ACK | TCP_SYN | TCP_RST | TCP_URG | TCP_CWR)) == TCP_ACK &&
	       be16_load(l4 + TCP_CSUM_AT) != 0xffff;
}

static int checksums_hold(const uint8_t *packet, const struct headers *h)
{
	const uint8_t *ip = packet + h->l3;
	uint32_t l4_len = h->end - h->l4;
	uint64_t sum;

	if (h->version == 4 && checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)) != 0xffff)
		return 0;
	sum = checksum_pseudo(ip, h->what == HEADERS_UDP ? PROTO_UDP : PROTO_TCP, l4_len);
	return checksum_fold(checksum_add(sum, packet + h->l4, l4_len)) == 0xffff;
}

/* The addresses are known to be equal. */
static int ip_may_join(const struct merge_group *g, const uint8_t *packet)
{
	const uint8_t *a = g->first + g->h.l3, *b = packet + g->h.l3;
	uint16_t id, step;

	if (g->h.version == 6)
		return !memcmp(a, b, IPV6_LEN_AT) && !memcmp(a + IPV6_NEXT_AT, b + IPV6_NEXT_AT,
							     g->h.l4 - g->h.l3 - IPV6_NEXT_AT);
	if (memcmp(a, b, IPV4_LEN_AT) ||
	    memcmp(a + IPV4_FRAGMENT_AT, b + IPV4_FRAGMENT_AT, IPV4_CSUM_AT - IPV4_FRAGMENT_AT))
		return 0;
	id = be16_load(b + IPV4_ID_AT);
	if (g->npackets > 1)
		return id == (uint16_t)(g->ip_id + g->npackets * g->ip_id_step);
	step = (uint16_t)(id - g->ip_id);
	return step == 1 || (step == 0 && be16_load(b + IPV4_FRAGMENT_AT) & IPV4_DF);
}

/* The ports are known to be equal. */
static int tcp_may_join(const struct merge_group *g, const uint8_t *packet)
{
	const uint8_t *a = g->first + g->h.l4, *b = packet + g->h.l4;
	size_t header_len = g->h.payload - g->h.l4;

	return be32_load(b + TCP_SEQ_AT) == g->next_seq &&
	       !memcmp(a + TCP_ACK_AT, b + TCP_ACK_AT, TCP_FLAGS_AT - TCP_ACK_AT) &&
	       !((a[TCP_FLAGS_AT] ^ b[TCP_FLAGS_AT]) & ~(TCP_PSH | TCP_FIN)) &&
	       !memcmp(a + TCP_WINDOW_AT, b + TCP_WINDOW_AT, TCP_CSUM_AT - TCP_WINDOW_AT) &&
	       !memcmp(a + TCP_URGENT_AT, b + TCP_URGENT_AT, header_len - TCP_URGENT_AT);
}

/* Is the candidate of this flow what would follow in a sender's super-packet? */
static int may_join(struct merge_group *g, const uint8_t *packet, const struct headers *h)
{
	uint32_t payload_len = h->end - h->payload;

	if (h->l3 != g->h.l3 || h->l4 != g->h.l4 || h->payload != g->h.payload ||
	    payload_len > g->seg_size || g->ip_len + payload_len > IP_LEN_MAX)
		return 0;
	if (memcmp(g->first, packet, h->l3) || !ip_may_join(g, packet) ||
	    (h->what == HEADERS_TCP && !tcp_may_join(g, packet)))
		return 0;
	if (!g->is_verified && !checksums_hold(g->first, &g->h))
		return 0;
	g->is_verified = 1;
	return checksums_hold(packet, h);
}

/* Gathering */

/* Return: nonzero when nothing can follow. */
static int join(struct merge_group *g, const uint8_t *packet, const struct headers *h)
{
	uint32_t payload_len = h->end - h->payload;

	if (g->npackets == 1)
		g->ip_id_step =
			h->version == 4 && be16_load(packet + h->l3 + IPV4_ID_AT) != g->ip_id;
	g->iov[++g->npackets] =
		(struct iovec){(void *)(uintptr_t)(packet + h->payload), payload_len};
	g->ip_len += payload_len;
	if (h->what == HEADERS_TCP) {
		g->next_seq += payload_len;
		g->last_flags = packet[h->l4 + TCP_FLAGS_AT] & (TCP_PSH | TCP_FIN);
	}
	return payload_len < g->seg_size || g->last_flags || g->npackets == MERGE_PACKETS;
}

/* Return: nonzero when nothing can follow. */
static int open_group(struct merge *m, uint32_t tag, const uint8_t *packet, const struct headers *h)
{
	uint8_t slot = take_slot(m);
	struct merge_group *g = &m->slots[slot];

	g->h = *h;
	g->first = packet;
	g->seg_size = h->end - h->payload;
	g->ip_len = h->end - h->l3;
	g->is_verified = 0;
	g->last_flags = 0;
	g->npackets = 1;
	g->iov[1] = (struct iovec){(void *)(uintptr_t)(packet + h->payload), g->seg_size};
	if (h->version == 4)
		g->ip_id = be16_load(packet + h->l3 + IPV4_ID_AT);
	if (h->what == HEADERS_TCP) {
		g->next_seq = be32_load(packet + h->l4 + TCP_SEQ_AT) + g->seg_size;
		g->last_flags = packet[h->l4 + TCP_FLAGS_AT] & (TCP_PSH | TCP_FIN);
	}
	m->tags[m->nopen] = tag;
	m->open[m->nopen++] = slot;
	return g->last_flags;
}

static void add_to_flow(struct merge *m, const uint8_t *packet, size_t len, const struct headers *h)
{
	uint32_t tag = flow_tag(packet, h);
	int i = find_open(m, tag, packet, h);

	if (!is_candidate(m, packet, len, h)) {
		if (i >= 0)
			close_group(m, (unsigned)i);
		pass(m, packet, len);
		return;
	}
	if (i >= 0 && may_join(&m->slots[m->open[i]], packet, h)) {
		if (join(&m->slots[m->open[i]], packet, h))
			close_group(m, (unsigned)i);
		return;
	}
	if (i >= 0)
		close_group(m, (unsigned)i);
	else if (m->nopen == MERGE_FLOWS)
		close_group(m, 0);
	if (open_group(m, tag, packet, h))
		close_group(m, m->nopen - 1);
}

/* The group that was handed out last has been written. */
static void release_ready(struct merge *m)
{
	if (m->ready_at)
		m->free[m->nfree++] = m->ready[m->ready_at - 1];
	if (m->ready_at == m->nready)
		m->ready_at = m->nready = 0;
}

int merge_add(struct merge *m, const uint8_t *packet, size_t len)
{
	struct headers h;

	if (m->ready_at < m->nready)
		return 0;
	release_ready(m);
	headers_find(m->kind, packet, len, &h);
	if (h.what == HEADERS_TCP || h.what == HEADERS_UDP) {
		add_to_flow(m, packet, len, &h);
		return 1;
	}
	/* A fragment may belong to any flow between the two, and so may what cannot be parsed. */
	if (h.what != HEADERS_NOT_IP)
		close_address_pair(m, packet, &h);
	pass(m, packet, len);
	return 1;
}

void merge_flush(struct merge *m)
{
	while (m->nopen)
		close_group(m, 0);
}

/* Output */

static void finish_alone(struct merge_group *g)
{
	memset(g->header, 0, VNET_HEADER_LEN);
	g->what = 0;
	g->iov[0] = (struct iovec){g->header, VNET_HEADER_LEN};
	g->iov[1] = (struct iovec){(void *)(uintptr_t)g->first, g->iov[1].iov_len + g->h.payload};
	g->len = VNET_HEADER_LEN + g->iov[1].iov_len;
}

static void patch_headers(const struct merge_group *g, uint8_t *packet)
{
	uint8_t *ip = packet + g->h.l3, *l4 = packet + g->h.l4;
	uint32_t l4_len = g->ip_len - (g->h.l4 - g->h.l3);
	uint8_t proto = g->h.what == HEADERS_UDP ? PROTO_UDP : PROTO_TCP;
	uint16_t sum = checksum_fold(checksum_pseudo(ip, proto, l4_len));

	if (g->h.version == 4) {
		be16_store(ip + IPV4_LEN_AT, (uint16_t)g->ip_len);
		be16_store(ip + IPV4_CSUM_AT, 0);
		be16_store(ip + IPV4_CSUM_AT,
			   checksum_finish(checksum_add(0, ip, IPV4_HEADER_LEN)));
	} else {
		be16_store(ip + IPV6_LEN_AT, (uint16_t)(g->ip_len - IPV6_HEADER_LEN));
	}
	if (g->h.what == HEADERS_UDP) {
		be16_store(l4 + UDP_LEN_AT, (uint16_t)l4_len);
		be16_store(l4 + UDP_CSUM_AT, sum);
	} else {
		l4[TCP_FLAGS_AT] |= g->last_flags;
		be16_store(l4 + TCP_CSUM_AT, sum);
	}
}

static void finish_super(struct merge_group *g)
{
	int is_udp = g->h.what == HEADERS_UDP;
	struct vnet_header vnet = {
		.flags = VNET_NEEDS_CSUM,
		.gso_type = is_udp		? VNET_GSO_UDP_L4
			    : g->h.version == 4 ? VNET_GSO_TCPV4
						: VNET_GSO_TCPV6,
		.hdr_len = (uint16_t)g->h.payload,
		.gso_size = (uint16_t)g->seg_size,
		.csum_start = (uint16_t)g->h.l4,
		.csum_offset = is_udp ? UDP_CSUM_AT : TCP_CSUM_AT,
	};

	memcpy(g->header, &vnet, sizeof(vnet));
	memcpy(g->header + sizeof(vnet), g->first, g->h.payload);
	patch_headers(g, g->header + sizeof(vnet));
	g->what = what_of(&g->h);
	g->iov[0] = (struct iovec){g->header, sizeof(vnet) + g->h.payload};
	g->len = sizeof(vnet) + g->h.l3 + g->ip_len;
}

const struct merge_group *merge_next(struct merge *m)
{
	struct merge_group *g;

	release_ready(m);
	if (m->ready_at == m->nready)
		return NULL;
	g = &m->slots[m->ready[m->ready_at++]];
	if (g->npackets == 1)
		finish_alone(g);
	else
		finish_super(g);
	return g;
}

const uint8_t *merge_group_packet(const struct merge_group *group, unsigned i, size_t *len)
{
	const struct iovec *slice = &group->iov[1 + i];
	size_t header_len = group->npackets > 1 ? group->h.payload : 0;

	*len = header_len + slice->iov_len;
	return (const uint8_t *)slice->iov_base - header_len;
}
