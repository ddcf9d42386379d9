/* SPDX-License-Identifier: MIT */
/*
 * Segments to super-packets. A test puts packets in and reads what comes out as text: each group is
 * the run of its packets' names (0-9, a-z, in the order of their coming), groups are set apart by
 * spaces. Whatever the test is about, each group is checked to split into the very packets again.
 */
#include "merge.h"

#include <stdlib.h>

#include "bytes.h"
#include "craft.h"
#include "slow.h"
#include "split.h"
#include "unit.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20
#define ECE 0x40
#define CWR 0x80

#define MAX_PACKETS 2000
#define POOL_SIZE   (4 << 20)

static uint8_t pool[POOL_SIZE], payload[65536], whole[1 << 17], segment[1 << 17];
static size_t pool_used;

static struct {
	const uint8_t *data;
	size_t len;
	int flow;   /* of the random mixes: packets of one flow keep their order */
	int is_out; /* has come out */
} packets[MAX_PACKETS];
static int npackets;

static struct merge m;
static int has_constant_ids;
static char result[4 * MAX_PACKETS];

static void begin(enum packet_kind kind)
{
	uint32_t seed = 99;

	if (!payload[0])
		for (size_t i = 0; i < sizeof(payload); i++)
			payload[i] = (uint8_t)(slow_random(&seed) | 1);
	merge_init(&m, kind, MERGE_ALL);
	pool_used = 0;
	npackets = 0;
	has_constant_ids = 0;
}

/* Return: the packet, to be spoilt if need be. */
static uint8_t *put(struct craft c, size_t len)
{
	uint8_t *packet = pool + pool_used;

	packets[npackets].data = packet;
	packets[npackets].flow = 0;
	packets[npackets].is_out = 0;
	packets[npackets].len = craft_packet(&c, payload + npackets % 100, len, packet);
	pool_used += packets[npackets++].len;
	return packet;
}

/* A packet of @len bytes, and then the flow's state is that of the next one. */
static uint8_t *put_next(struct craft *c, size_t len)
{
	uint8_t *packet = put(*c, len);

	c->seq += (uint32_t)len;
	c->id++;
	return packet;
}

static int index_of(const uint8_t *packet)
{
	int i = 0;

	while (i < npackets - 1 && packets[i].data != packet)
		i++;
	CHECK(packets[i].data == packet);
	return i;
}

/* All of a group in one piece, as writev() would. */
static size_t gather(const struct merge_group *g)
{
	size_t len = 0;

	for (unsigned i = 0; i <= g->npackets; i++) {
		memcpy(whole + len, g->iov[i].iov_base, g->iov[i].iov_len);
		len += g->iov[i].iov_len;
	}
	CHECK(len == g->len);
	return len;
}

static void check_alone(const struct merge_group *g, const uint8_t *packet, size_t len)
{
	static const uint8_t zeros[VNET_HEADER_LEN];

	CHECK(g->what == 0);
	CHECK(gather(g) == VNET_HEADER_LEN + len);
	CHECK(!memcmp(whole, zeros, sizeof(zeros)));
	CHECK(!memcmp(whole + sizeof(zeros), packet, len));
}

/* The ID and the checksum over it may differ where the sender has none. */
static void forget_id(enum packet_kind kind, uint8_t *packet)
{
	uint8_t *ip = packet + (kind == PACKET_ETHER ? 14 : 0);

	be16_store(ip + 4, 0);
	be16_store(ip + 10, 0);
}

static void check_super(const struct merge_group *g)
{
	size_t len = gather(g), packet_len, seg_len;
	struct vnet_header vnet;
	struct split s;
	const uint8_t *packet;

	memcpy(&vnet, whole, sizeof(vnet));
	CHECK(vnet.flags == VNET_NEEDS_CSUM);
	CHECK(split_start(&s, m.kind, &vnet, whole + sizeof(vnet), len - sizeof(vnet)) ==
	      SPLIT_SEGMENTS);
	CHECK(s.nsegs == g->npackets);
	CHECK(vnet.hdr_len == s.header_len);
	for (unsigned i = 0; i < g->npackets; i++) {
		packet = merge_group_packet(g, i, &packet_len);
		seg_len = split_next(&s, segment, sizeof(segment));
		CHECK(seg_len == packet_len);
		CHECK(craft_is_right(m.kind, packet, packet_len));
		if (has_constant_ids) {
			memcpy(whole, packet, packet_len < 100 ? packet_len : 100);
			forget_id(m.kind, whole);
			forget_id(m.kind, segment);
			CHECK(!memcmp(segment, whole, packet_len < 100 ? packet_len : 100));
			break;
		}
		CHECK(!memcmp(segment, packet, packet_len));
	}
}

static void take_out(const struct merge_group *g)
{
	static const char names[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	const uint8_t *packet;
	char *end = result + strlen(result);
	size_t len;
	int k;

	if (end != result)
		*end++ = ' ';
	for (unsigned i = 0; i < g->npackets; i++) {
		packet = merge_group_packet(g, i, &len);
		k = index_of(packet);
		CHECK(len == packets[k].len);
		CHECK(!packets[k].is_out);
		packets[k].is_out = 1;
		*end++ = names[k % 36];
		if (g->npackets == 1)
			check_alone(g, packet, len);
	}
	*end = 0;
	if (g->npackets > 1)
		check_super(g);
}

static void take_all_out(void)
{
	const struct merge_group *g;

	while ((g = merge_next(&m)))
		take_out(g);
}

/* All packets in, all out. */
static const char *merged(void)
{
	result[0] = 0;
	for (int i = 0; i < npackets; i++) {
		CHECK(merge_add(&m, packets[i].data, packets[i].len));
		take_all_out();
	}
	merge_flush(&m);
	take_all_out();
	for (int i = 0; i < npackets; i++)
		CHECK(packets[i].is_out);
	return result;
}

static void check_train(struct craft c)
{
	begin(c.kind);
	for (int i = 0; i < 5; i++)
		put_next(&c, 1400);
	CHECK_TEXT(merged(), "01234");
}

TEST(merge_gathers_a_train_of_any_kind)
{
	for (int bits = 0; bits < 8; bits++)
		for (int more = 0; more < 3; more++) {
			struct craft c = bits & 1 ? craft_udp() : craft_tcp();

			c.version = bits & 2 ? 6 : 4;
			c.nextensions = more;
			c.kind = bits & 4 ? PACKET_ETHER : PACKET_IP;
			c.ntags = more;
			check_train(c);
		}
}

TEST(merge_tells_what_a_group_is)
{
	static const struct {
		int version, is_udp;
		unsigned what;
	} all[] = {{4, 0, MERGE_TCP4}, {6, 0, MERGE_TCP6}, {4, 1, MERGE_UDP}, {6, 1, MERGE_UDP}};
	const struct merge_group *g;

	for (int i = 0; i < 4; i++) {
		struct craft c = all[i].is_udp ? craft_udp() : craft_tcp();

		c.version = all[i].version;
		begin(PACKET_IP);
		put_next(&c, 100);
		put_next(&c, 100);
		merge_add(&m, packets[0].data, packets[0].len);
		merge_add(&m, packets[1].data, packets[1].len);
		merge_flush(&m);
		g = merge_next(&m);
		CHECK(g && g->what == all[i].what);
		merge_allow(&m, MERGE_ALL & ~all[i].what);
		CHECK_TEXT(merged(), "0 1");
	}
}

TEST(merge_writes_the_header_that_the_kernel_wants)
{
	struct craft c = craft_tcp();
	const struct merge_group *g;
	struct vnet_header vnet;
	uint8_t *super;

	begin(PACKET_IP);
	put_next(&c, 1448);
	c.flags |= PSH | FIN;
	put_next(&c, 100);
	merge_add(&m, packets[0].data, packets[0].len);
	CHECK(!merge_next(&m));
	merge_add(&m, packets[1].data, packets[1].len);
	g = merge_next(&m);
	CHECK(g && g->npackets == 2);
	gather(g);
	memcpy(&vnet, whole, sizeof(vnet));
	super = whole + VNET_HEADER_LEN;
	CHECK(vnet.flags == 1 && vnet.gso_type == 1 && vnet.hdr_len == 52);
	CHECK(vnet.gso_size == 1448 && vnet.csum_start == 20 && vnet.csum_offset == 16);
	/* the rest is the super-packet that a sender would have made */
	c = craft_tcp();
	c.is_super = 1;
	c.flags |= PSH | FIN;
	craft_packet(&c, payload, 1548, segment);
	memcpy(segment + 52 + 1448, payload + 1, 100);
	CHECK(!memcmp(super, segment, 1600));
}

TEST(merge_passes_a_lone_packet_as_it_came)
{
	struct craft c = craft_tcp();

	begin(PACKET_IP);
	put_next(&c, 1400)[20 + 16] ^= 1; /* not even its checksum is looked at */
	CHECK_TEXT(merged(), "0");
}

TEST(merge_a_shorter_packet_is_the_last)
{
	for (int is_udp = 0; is_udp < 2; is_udp++) {
		struct craft c = is_udp ? craft_udp() : craft_tcp();

		begin(PACKET_IP);
		put_next(&c, 1000);
		put_next(&c, 1000);
		put_next(&c, 999);
		put_next(&c, 1000);
		put_next(&c, 1000);
		CHECK_TEXT(merged(), "012 34");
	}
}

TEST(merge_a_longer_packet_begins_a_new_group)
{
	for (int is_udp = 0; is_udp < 2; is_udp++) {
		struct craft c = is_udp ? craft_udp() : craft_tcp();

		begin(PACKET_IP);
		put_next(&c, 1000);
		put_next(&c, 1001);
		put_next(&c, 1001);
		CHECK_TEXT(merged(), "0 12");
	}
}

TEST(merge_push_and_fin_end_a_group)
{
	static const uint8_t flags[] = {PSH, FIN, PSH | FIN};

	for (size_t i = 0; i < sizeof(flags); i++) {
		struct craft c = craft_tcp();

		begin(PACKET_IP);
		put_next(&c, 1000);
		c.flags = ACK | flags[i];
		put_next(&c, 1000);
		c.flags = ACK;
		put_next(&c, 1000);
		c.flags = ACK | flags[i];
		put_next(&c, 500);
		put_next(&c, 500);
		c.flags = ACK;
		put_next(&c, 500);
		CHECK_TEXT(merged(), "01 23 4 5");
	}
}

/* Packets 0 1 2 of a flow, of which 1 differs in one thing: it is put between them by the test. */
static void put_around(struct craft c, struct craft odd)
{
	begin(c.kind);
	put_next(&c, 1000);
	odd.seq += 1000;
	odd.id++;
	put(odd, 1000);
	c.seq += 1000;
	c.id++;
	put_next(&c, 1000);
}

TEST(merge_not_when_a_header_field_differs)
{
	struct craft c = craft_tcp(), odd;

#define ODD(change)                            \
	do {                                   \
		odd = c;                       \
		change;                        \
		put_around(c, odd);            \
		CHECK_TEXT(merged(), "0 1 2"); \
	} while (0)

	for (c.version = 4; c.version <= 6; c.version += 2) {
		ODD(odd.tos ^= 1);
		ODD(odd.tos ^= 0x20);
		ODD(odd.ttl--);
		ODD(odd.ack++);
		ODD(odd.window++);
		ODD(odd.tcp_options = 4);
		ODD(odd.tcp_options = 0);
		ODD(odd.option = 2);
		ODD(odd.urgent++);
		ODD(odd.seq++);
		ODD(odd.seq--);
		ODD(odd.seq -= 1000); /* a retransmission */
		ODD(odd.flags |= ECE);
		ODD(odd.flags |= CWR);
		ODD(odd.flags |= URG);
		ODD(odd.flags |= SYN);
		ODD(odd.flags |= RST);
		ODD(odd.flags = 0);
	}
	c.version = 4;
	ODD(odd.id += 5);
	ODD(odd.id -= 5);
	ODD(odd.fragment = 0);	    /* no DF */
	ODD(odd.fragment = 0xc000); /* the reserved bit */
	ODD(odd.ip_options = 1);
	c.version = 6;
	ODD(odd.nextensions = 1);
	c.kind = PACKET_ETHER;
	ODD(odd.ntags = 1);
#undef ODD
}

TEST(merge_not_when_the_first_has_what_never_merges)
{
	struct craft c = craft_tcp();

#define NEVER(change)                        \
	do {                                 \
		c = craft_tcp();             \
		change;                      \
		begin(c.kind);               \
		put_next(&c, 1000);          \
		put_next(&c, 1000);          \
		CHECK_TEXT(merged(), "0 1"); \
	} while (0)

	NEVER(c.flags |= CWR);
	NEVER(c.flags |= URG);
	NEVER(c.flags |= SYN);
	NEVER(c.flags |= RST);
	NEVER(c.flags = PSH);
	NEVER(c.ip_options = 1);
	NEVER(c.fragment = 0x2000);
	NEVER(c.fragment = 0x0001);
	NEVER(c.fragment = 0x8000);
	NEVER((c.kind = PACKET_ETHER, c.ntags = 3));
	NEVER((c.version = 6, c.nextensions = 20)); /* more headers than there is room */
#undef NEVER
}

TEST(merge_not_over_different_ethernet_headers)
{
	static const int places[] = {0, 5, 6, 11, 14, 15};

	for (int i = 0; i < 6; i++) {
		struct craft c = craft_tcp();

		c.kind = PACKET_ETHER;
		c.ntags = 1;
		begin(c.kind);
		put_next(&c, 1000);
		put_next(&c, 1000)[places[i]] ^= 1;
		put_next(&c, 1000);
		CHECK_TEXT(merged(), "0 1 2");
	}
}

TEST(merge_not_with_a_bad_checksum)
{
	static const struct {
		int version, is_udp;
		size_t at;
	} all[] = {
		{4, 0, 10}, {4, 0, 36}, {4, 0, 37}, {4, 0, 100}, {4, 0, 1051},
		{6, 0, 56}, {6, 0, 99}, {4, 1, 11}, {4, 1, 27},	 {6, 1, 47},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (int which = 0; which < 4; which++) {
			static const char *const expected[] = {"0 123", "0 1 23", "01 2 3",
							       "012 3"};
			struct craft c = all[i].is_udp ? craft_udp() : craft_tcp();

			c.version = all[i].version;
			begin(PACKET_IP);
			for (int k = 0; k < 4; k++) {
				uint8_t *packet = put_next(&c, 1000);

				if (k == which)
					packet[all[i].at] ^= 0x40;
			}
			CHECK_TEXT(merged(), expected[which]);
		}
}

/* Change the payload so that the checksum, which is at @at, comes out as 0; 0xffff is as right. */
static uint8_t *put_without_checksum(struct craft *c, size_t at)
{
	uint8_t first[2] = {payload[0], payload[1]}, *packet;

	CHECK(npackets == 0);
	memset(payload, 0, 2);
	craft_packet(c, payload, 1000, segment);
	be16_store(payload, be16_load(segment + at));
	packet = put_next(c, 1000);
	memcpy(payload, first, 2);
	return packet;
}

TEST(merge_not_with_a_checksum_that_is_right_but_not_what_a_sender_makes)
{
	struct craft c = craft_tcp();
	uint8_t *packet;

	begin(PACKET_IP);
	packet = put_without_checksum(&c, 36);
	CHECK(be16_load(packet + 36) == 0);
	be16_store(packet + 36, 0xffff);
	CHECK(craft_is_right(PACKET_IP, packet, 1052));
	put_next(&c, 1000);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "0 12");
}

TEST(merge_not_with_an_ip_checksum_that_is_right_but_not_what_a_sender_makes)
{
	struct craft c = craft_tcp();
	uint8_t *packet;

	begin(PACKET_IP);
	c.id = 0;
	craft_packet(&c, payload, 1000, segment);
	c.id = be16_load(segment + 10);
	packet = put_next(&c, 1000);
	CHECK(be16_load(packet + 10) == 0);
	be16_store(packet + 10, 0xffff);
	CHECK(craft_is_right(PACKET_IP, packet, 1052));
	put_next(&c, 1000);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "0 12");
}

TEST(merge_not_udp_without_a_checksum)
{
	struct craft c = craft_udp();
	uint8_t *packet;

	begin(PACKET_IP);
	packet = put_without_checksum(&c, 26);
	CHECK(be16_load(packet + 26) == 0xffff);
	be16_store(packet + 26, 0); /* which adds up just as well */
	put_next(&c, 1000);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "0 12");
}

TEST(merge_not_udp_with_a_length_of_its_own)
{
	struct craft c = craft_udp();
	uint8_t *packet;

	begin(PACKET_IP);
	put_next(&c, 1000);
	packet = put_next(&c, 1000);
	be16_store(packet + 24, 1000); /* the rest of the packet is for somebody else */
	be16_store(packet + 26, (uint16_t)(be16_load(packet + 26) + 8)); /* the sum stays right */
	CHECK(be16_load(packet + 26) >= 8);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "0 1 2");
}

TEST(merge_not_empty_packets)
{
	struct craft c = craft_tcp();

	begin(PACKET_IP);
	put_next(&c, 1000);
	put_next(&c, 0); /* a pure ACK */
	put_next(&c, 1000);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "0 1 23");
	c = craft_udp();
	begin(PACKET_IP);
	put_next(&c, 1000);
	put_next(&c, 0);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "0 1 2");
}

TEST(merge_not_padded_frames)
{
	struct craft c = craft_tcp();

	c.kind = PACKET_ETHER;
	c.tcp_options = 0;
	begin(c.kind);
	for (int i = 0; i < 3; i++) {
		put_next(&c, 1);
		packets[npackets - 1].len = 60;
		pool_used += 5;
	}
	CHECK_TEXT(merged(), "0 1 2");
}

TEST(merge_constant_ids_only_with_dont_fragment)
{
	struct craft c = craft_tcp();

	for (int df = 0; df < 2; df++) {
		c.fragment = df ? 0x4000 : 0;
		begin(PACKET_IP);
		has_constant_ids = 1;
		for (int i = 0; i < 3; i++) {
			put_next(&c, 1000);
			c.id--;
		}
		CHECK_TEXT(merged(), df ? "012" : "0 1 2");
	}
}

TEST(merge_ids_do_not_change_their_way)
{
	struct craft c = craft_tcp();

	begin(PACKET_IP);
	put_next(&c, 1000);
	put_next(&c, 1000);
	c.id--;
	put_next(&c, 1000); /* the same as before */
	CHECK_TEXT(merged(), "01 2");
	begin(PACKET_IP);
	has_constant_ids = 1;
	put_next(&c, 1000);
	c.id--;
	put_next(&c, 1000);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "01 2");
}

TEST(merge_ids_and_sequence_numbers_wrap)
{
	struct craft c = craft_tcp();

	c.id = 0xffff;
	c.seq = 0xffffff00;
	begin(PACKET_IP);
	for (int i = 0; i < 4; i++)
		put_next(&c, 1000);
	CHECK_TEXT(merged(), "0123");
}

TEST(merge_not_beyond_the_longest_ip_packet)
{
	struct craft c = craft_tcp();

	begin(PACKET_IP);
	put_next(&c, 16000);
	put_next(&c, 16000);
	put_next(&c, 16000);
	put_next(&c, 16000);
	put_next(&c, 65535 - 52 - 4 * 16000);
	put_next(&c, 16000);
	CHECK_TEXT(merged(), "01234 5");
	c = craft_tcp();
	begin(PACKET_IP);
	for (int i = 0; i < 4; i++)
		put_next(&c, 16000);
	put_next(&c, 65535 - 52 - 4 * 16000 + 1);
	CHECK_TEXT(merged(), "0123 4");
}

TEST(merge_no_more_packets_than_the_kernel_takes)
{
	struct craft c = craft_udp();
	const struct merge_group *g;

	begin(PACKET_IP);
	for (int i = 0; i < MERGE_PACKETS; i++) {
		put_next(&c, 100);
		CHECK(!merge_next(&m));
		merge_add(&m, packets[i].data, packets[i].len);
	}
	g = merge_next(&m); /* without a flush */
	CHECK(g && g->npackets == MERGE_PACKETS);
	CHECK(!merge_next(&m));
}

TEST(merge_several_flows_at_a_time)
{
	struct craft a = craft_tcp(), b = craft_tcp(), c = craft_udp(), d = craft_tcp();

	b.sport++;
	c.sport = a.sport;
	d.src++;
	begin(PACKET_IP);
	for (int i = 0; i < 3; i++) {
		put_next(&a, 1000);
		put_next(&b, 1000);
		put_next(&c, 1000);
		put_next(&d, 1000);
	}
	CHECK_TEXT(merged(), "048 159 26a 37b");
}

TEST(merge_tells_flows_apart_by_all_of_their_addresses_and_ports)
{
	struct craft all[6];

	for (int i = 0; i < 6; i++)
		all[i] = craft_tcp();
	all[1].src++;
	all[2].dst++;
	all[3].sport++;
	all[4].dport++;
	all[5].sport = all[0].dport; /* the other direction */
	all[5].dport = all[0].sport;
	all[5].src = all[0].dst;
	all[5].dst = all[0].src;
	for (int version = 4; version <= 6; version += 2) {
		begin(PACKET_IP);
		for (int i = 0; i < 6; i++)
			all[i].version = version;
		for (int k = 0; k < 2; k++)
			for (int i = 0; i < 6; i++)
				put_next(&all[i], 1000);
		CHECK_TEXT(merged(), "06 17 28 39 4a 5b");
	}
}

TEST(merge_too_many_flows_flush_the_oldest)
{
	struct craft all[MERGE_FLOWS + 1];

	begin(PACKET_IP);
	for (int i = 0; i <= MERGE_FLOWS; i++) {
		all[i] = craft_tcp();
		all[i].sport = (uint16_t)(100 + i);
		put_next(&all[i], 1000);
	}
	put_next(&all[1], 1000);
	put_next(&all[0], 1000);
	CHECK_TEXT(merged(), "0 1h 2 3 4 5 6 7 8 9 a b c d e f g i");
}

TEST(merge_other_traffic_of_the_flow_does_not_pass_it)
{
	static const uint8_t flags[] = {ACK, SYN | ACK, RST, FIN | ACK, RST | ACK};

	for (size_t i = 0; i < sizeof(flags); i++) {
		struct craft a = craft_tcp(), b = craft_tcp(), other;

		b.sport++;
		begin(PACKET_IP);
		put_next(&b, 1000);
		put_next(&a, 1000);
		other = a;
		other.flags = flags[i];
		put(other, 0);
		put_next(&b, 1000);
		put_next(&a, 1000);
		CHECK_TEXT(merged(), "1 2 03 4");
	}
}

TEST(merge_fragments_do_not_pass_flows_between_the_same_hosts)
{
	struct craft a = craft_udp(), b = craft_udp(), fragment = craft_udp();

	b.src++;
	fragment.fragment = 0x2001;
	begin(PACKET_IP);
	put_next(&a, 1000);
	put_next(&b, 1000);
	put(fragment, 1000);
	put_next(&a, 1000);
	put_next(&b, 1000);
	CHECK_TEXT(merged(), "0 2 14 3");
}

TEST(merge_ipv6_fragments_do_not_pass_flows_between_the_same_hosts)
{
	struct craft a = craft_udp(), b = craft_udp(), fragment;

	a.version = b.version = 6;
	b.dst++;
	fragment = a;
	fragment.nextensions = 1;
	begin(PACKET_IP);
	put_next(&a, 1000);
	put_next(&b, 1000);
	put(fragment, 1000)[6] = 44;
	put_next(&a, 1000);
	put_next(&b, 1000);
	CHECK_TEXT(merged(), "0 2 14 3");
}

TEST(merge_what_is_not_ip_passes_at_once)
{
	struct craft c = craft_tcp();
	uint8_t *packet;

	c.kind = PACKET_ETHER;
	begin(c.kind);
	put_next(&c, 1000);
	packet = put(c, 100);
	be16_store(packet + 12, 0x0806);
	put_next(&c, 1000);
	CHECK_TEXT(merged(), "1 02");
}

TEST(merge_takes_nothing_while_groups_wait)
{
	struct craft c = craft_tcp();

	begin(PACKET_IP);
	put_next(&c, 0);
	put_next(&c, 1000);
	CHECK(merge_add(&m, packets[0].data, packets[0].len) == 1);
	CHECK(merge_add(&m, packets[1].data, packets[1].len) == 0);
	CHECK(merge_next(&m) != NULL);
	CHECK(merge_add(&m, packets[1].data, packets[1].len) == 1);
	CHECK(merge_next(&m) == NULL);
	merge_flush(&m);
	CHECK(merge_next(&m) != NULL);
	CHECK(merge_next(&m) == NULL);
}

TEST(merge_survives_packets_cut_anywhere)
{
	for (int bits = 0; bits < 8; bits++) {
		struct craft c = bits & 1 ? craft_udp() : craft_tcp();

		c.version = bits & 2 ? 6 : 4;
		c.kind = bits & 4 ? PACKET_ETHER : PACKET_IP;
		c.nextensions = 1;
		begin(c.kind);
		put_next(&c, 100);
		for (size_t len = packets[0].len - 1; len >= 1; len--) {
			/* of the exact size, for the address sanitizer */
			uint8_t *cut = malloc(len);

			memcpy(cut, packets[0].data, len);
			CHECK(merge_add(&m, cut, len));
			CHECK(merge_next(&m) != NULL);
			CHECK(merge_next(&m) == NULL);
			free(cut);
		}
	}
}

/* Random mixes: every packet comes out once, as it was, and in its flow's order. */

#define NFLOWS 24

struct mix {
	struct craft flows[NFLOWS];
	uint32_t seed;
};

static uint32_t below(struct mix *mix, uint32_t n)
{
	return slow_random(&mix->seed) % n;
}

static void put_random(struct mix *mix)
{
	static const uint8_t flags[] = {ACK | PSH, ACK | FIN, ACK | CWR, ACK | ECE, RST, ACK | SYN};
	int flow = (int)below(mix, NFLOWS);
	struct craft *state = &mix->flows[flow], odd = *state;
	uint8_t *packet;

	for (uint32_t n = 1 + below(mix, 6); n; n--) {
		put_next(state, 400);
		packets[npackets - 1].flow = flow;
	}
	odd = *state;
	switch (below(mix, 10)) {
	case 0:
		odd.flags = flags[below(mix, sizeof(flags))];
		break;
	case 1:
		odd.seq += below(mix, 3) - 1;
		break;
	case 2:
		odd.ack++;
		break;
	case 3:
		odd.id += (uint16_t)below(mix, 3);
		break;
	case 4:
		odd.tcp_options = (int)below(mix, 11);
		break;
	default:
		return;
	}
	packet = put(odd, below(mix, 500));
	packets[npackets - 1].flow = flow;
	if (!below(mix, 4))
		packet[craft_l4(&odd) + 4 + below(mix, 4)] ^= (uint8_t)(1 << below(mix, 8));
	state->seq = odd.seq;
}

static int last_of_flow[NFLOWS];

static void check_order(const struct merge_group *g)
{
	size_t len;
	int k;

	for (unsigned i = 0; i < g->npackets; i++) {
		k = index_of(merge_group_packet(g, i, &len));
		CHECK(k > last_of_flow[packets[k].flow]);
		last_of_flow[packets[k].flow] = k;
	}
}

static void run_mix(void)
{
	const struct merge_group *g;

	result[0] = 0;
	for (int i = 0; i < NFLOWS; i++)
		last_of_flow[i] = -1;
	for (int i = 0; i <= npackets; i++) {
		if (i == npackets)
			merge_flush(&m);
		else
			CHECK(merge_add(&m, packets[i].data, packets[i].len));
		while ((g = merge_next(&m))) {
			check_order(g);
			take_out(g);
		}
	}
	for (int i = 0; i < npackets; i++)
		CHECK(packets[i].is_out);
}

TEST(merge_keeps_all_packets_and_each_flows_order_in_random_mixes)
{
	struct mix mix = {.seed = 4242};

	for (int round = 0; round < 20; round++) {
		enum packet_kind kind = round % 2 ? PACKET_ETHER : PACKET_IP;

		for (int i = 0; i < NFLOWS; i++) {
			mix.flows[i] = i % 4 == 3 ? craft_udp() : craft_tcp();
			mix.flows[i].kind = kind;
			mix.flows[i].ntags = round % 3;
			mix.flows[i].version = i % 2 ? 6 : 4;
			mix.flows[i].sport = (uint16_t)(1000 + i);
		}
		begin(kind);
		while (npackets < 600)
			put_random(&mix);
		run_mix();
	}
}
