/* SPDX-License-Identifier: MIT */
/* Super-packets to segments: each must be, to the byte, the packet that a sender would make. */
#include "split.h"

#include "bytes.h"
#include "craft.h"
#include "slow.h"
#include "unit.h"

#define FIN 0x01
#define PSH 0x08
#define ACK 0x10
#define CWR 0x80

static uint8_t payload[65536], packet[CRAFT_MAX], expected[CRAFT_MAX], out[CRAFT_MAX];

static void fill_payload(void)
{
	uint32_t seed = 7;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)slow_random(&seed);
}

/* The vnet header that the kernel gives with a super-packet. */
static struct vnet_header vnet_of(const struct craft *c, uint16_t gso_size)
{
	return (struct vnet_header){
		.flags = VNET_NEEDS_CSUM,
		.gso_type = c->is_udp	      ? VNET_GSO_UDP_L4
			    : c->version == 4 ? VNET_GSO_TCPV4
					      : VNET_GSO_TCPV6,
		.hdr_len = (uint16_t)craft_headers_len(c),
		.gso_size = gso_size,
		.csum_start = (uint16_t)craft_l4(c),
		.csum_offset = c->is_udp ? 6 : 16,
	};
}

static enum split_what start_super(struct split *s, struct craft c, size_t len, uint16_t gso_size)
{
	struct vnet_header vnet = vnet_of(&c, gso_size);

	fill_payload();
	c.is_super = 1;
	return split_start(s, c.kind, &vnet, packet, craft_packet(&c, payload, len, packet));
}

/* Segment @i of @n, as the sender would have made it. */
static size_t craft_segment(struct craft c, unsigned i, unsigned n, size_t len, uint16_t gso_size)
{
	size_t at = (size_t)i * gso_size, seg_len = i < n - 1 ? gso_size : len - at;

	c.id = (uint16_t)(c.id + i);
	c.seq += (uint32_t)at;
	if (i < n - 1)
		c.flags &= (uint8_t) ~(FIN | PSH);
	if (i)
		c.flags &= (uint8_t)~CWR;
	return craft_packet(&c, payload + at, seg_len, expected);
}

static void check_segments(struct craft c, size_t len, uint16_t gso_size)
{
	unsigned n = len ? (unsigned)((len + gso_size - 1) / gso_size) : 1;
	size_t expected_len;
	struct split s;

	CHECK(start_super(&s, c, len, gso_size) == SPLIT_SEGMENTS);
	CHECK(s.nsegs == n);
	for (unsigned i = 0; i < n; i++) {
		expected_len = craft_segment(c, i, n, len, gso_size);
		memset(out, 0xa5, sizeof(out));
		CHECK(split_next_len(&s) == expected_len);
		CHECK(split_next(&s, out, expected_len) == expected_len);
		CHECK(!memcmp(out, expected, expected_len));
		CHECK(craft_is_right(c.kind, out, expected_len));
		CHECK(expected_len == CRAFT_MAX || out[expected_len] == 0xa5);
	}
	CHECK(split_next_len(&s) == 0);
	CHECK(split_next(&s, out, sizeof(out)) == 0);
}

static void check_all_lengths(struct craft c)
{
	size_t most = 65535 - craft_headers_len(&c);

	c.flags = ACK;
	check_segments(c, 2 * 1448, 1448);
	c.flags = ACK | PSH | FIN | CWR;
	check_segments(c, 3 * 1448 + 1, 1448);
	check_segments(c, 1449, 1448);
	check_segments(c, 1448, 1448);
	check_segments(c, 5, 1448);
	check_segments(c, 0, 1448);
	check_segments(c, 333, 1);
	check_segments(c, 9999, 501);
	check_segments(c, most, 1400);
	check_segments(c, most, 30000);
	check_segments(c, most, 65535);
}

TEST(split_tcp_over_ipv4)
{
	check_all_lengths(craft_tcp());
}

TEST(split_tcp_over_ipv6)
{
	struct craft c = craft_tcp();

	c.version = 6;
	check_all_lengths(c);
}

TEST(split_tcp_behind_ipv6_extension_headers)
{
	struct craft c = craft_tcp();

	c.version = 6;
	for (c.nextensions = 1; c.nextensions < 4; c.nextensions++)
		check_all_lengths(c);
}

TEST(split_tcp_with_all_lengths_of_options)
{
	struct craft c = craft_tcp();

	for (c.tcp_options = 0; c.tcp_options <= 10; c.tcp_options++)
		for (c.ip_options = 0; c.ip_options <= 10; c.ip_options += 5)
			check_segments(c, 5000, 1200);
}

TEST(split_udp_over_ipv4_and_ipv6)
{
	struct craft c = craft_udp();

	check_all_lengths(c);
	c.version = 6;
	check_all_lengths(c);
	c.nextensions = 1;
	check_all_lengths(c);
}

TEST(split_tap_with_up_to_two_vlan_tags)
{
	for (int version = 4; version <= 6; version += 2)
		for (int is_udp = 0; is_udp < 2; is_udp++)
			for (int ntags = 0; ntags <= 2; ntags++) {
				struct craft c = is_udp ? craft_udp() : craft_tcp();

				c.kind = PACKET_ETHER;
				c.version = version;
				c.ntags = ntags;
				check_all_lengths(c);
			}
}

TEST(split_ids_and_sequence_numbers_wrap)
{
	struct craft c = craft_tcp();

	c.id = 0xfffe;
	c.seq = 0xfffffa00;
	check_segments(c, 20000, 1448);
}

TEST(split_takes_the_ecn_bit_and_any_hdr_len)
{
	struct craft c = craft_tcp();
	struct vnet_header vnet = vnet_of(&c, 1000);
	struct split s;
	size_t len;

	fill_payload();
	c.is_super = 1;
	len = craft_packet(&c, payload, 3000, packet);
	vnet.gso_type |= VNET_GSO_ECN;
	vnet.hdr_len = 0;
	CHECK(split_start(&s, c.kind, &vnet, packet, len) == SPLIT_SEGMENTS);
	CHECK(s.nsegs == 3);
	vnet.hdr_len = 65535;
	CHECK(split_start(&s, c.kind, &vnet, packet, len) == SPLIT_SEGMENTS);
	c.is_super = 0;
	while ((len = split_next(&s, out, sizeof(out))))
		CHECK(craft_is_right(c.kind, out, len));
}

/* A forwarded super-packet whose checksum was verified on receipt has no csum_start. */
TEST(split_tcp_whose_checksum_is_complete)
{
	struct craft c = craft_tcp();
	struct vnet_header vnet = {.flags = VNET_DATA_VALID, .gso_size = 1448};
	struct split s;
	size_t len;

	fill_payload();
	for (c.version = 4; c.version <= 6; c.version += 2) {
		vnet.gso_type = c.version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;
		len = craft_packet(&c, payload, 4000, packet);
		CHECK(split_start(&s, c.kind, &vnet, packet, len) == SPLIT_SEGMENTS);
		for (unsigned i = 0; i < 3; i++) {
			len = craft_segment(c, i, 3, 4000, 1448);
			CHECK(split_next(&s, out, sizeof(out)) == len);
			CHECK(!memcmp(out, expected, len));
		}
	}
}

/* The kernel's sum may be for a routing header's final destination: it is kept, not recomputed. */
TEST(split_keeps_a_pseudo_header_of_another_destination)
{
	struct craft c = craft_tcp();
	struct vnet_header vnet = vnet_of(&c, 1448);
	struct split s;
	size_t len;

	fill_payload();
	c.is_super = 1;
	len = craft_packet(&c, payload, 4000, packet);
	packet[19] ^= 4; /* the checksum field is still that of the former destination */
	CHECK(split_start(&s, c.kind, &vnet, packet, len) == SPLIT_SEGMENTS);
	while ((len = split_next(&s, out, sizeof(out)))) {
		CHECK(slow_sum(0, out, 20) == 0xffff);
		CHECK(!craft_is_right(c.kind, out, len));
		out[19] ^= 4;
		be16_store(out + 10, 0);
		be16_store(out + 10, (uint16_t)~slow_sum(0, out, 20));
		CHECK(craft_is_right(c.kind, out, len));
	}
}

TEST(split_udp_checksum_zero_is_sent_as_all_ones)
{
	struct craft c = craft_udp();
	struct vnet_header vnet = vnet_of(&c, 4);
	struct split s;
	size_t len;
	uint16_t csum;

	/* Choose the second segment's payload so that its checksum comes out as 0. */
	memset(payload, 0, 8);
	c.id = 1001;
	craft_packet(&c, payload + 4, 4, packet);
	csum = be16_load(packet + 26);
	be16_store(payload + 4, csum);
	c.id = 1000;
	c.is_super = 1;
	len = craft_packet(&c, payload, 8, packet);
	CHECK(split_start(&s, c.kind, &vnet, packet, len) == SPLIT_SEGMENTS);
	CHECK(split_next(&s, out, sizeof(out)) == 32);
	CHECK(split_next(&s, out, sizeof(out)) == 32);
	CHECK(be16_load(out + 26) == 0xffff);
	CHECK(craft_is_right(c.kind, out, 32));
}

TEST(split_without_room_does_nothing)
{
	struct split s;

	CHECK(start_super(&s, craft_tcp(), 3000, 1448) == SPLIT_SEGMENTS);
	out[0] = 0xa5;
	CHECK(split_next(&s, out, 1499) == 0);
	CHECK(out[0] == 0xa5);
	CHECK(split_next_len(&s) == 1500);
	CHECK(split_next(&s, out, 1500) == 1500);
	CHECK(split_next(&s, out, 1500) == 1500);
	CHECK(split_next_len(&s) == 156);
	CHECK(split_next(&s, out, 155) == 0);
	CHECK(split_next(&s, out, 156) == 156);
}

TEST(split_writes_to_any_alignment)
{
	struct craft c = craft_tcp();
	struct split s;
	size_t len;

	for (size_t align = 0; align < 16; align++) {
		CHECK(start_super(&s, c, 3000, 1448) == SPLIT_SEGMENTS);
		len = craft_segment(c, 0, 3, 3000, 1448);
		CHECK(split_next(&s, out + align, sizeof(out) - align) == len);
		CHECK(!memcmp(out + align, expected, len));
	}
}

TEST(split_leaves_a_complete_packet_alone)
{
	struct craft c = craft_tcp();
	struct vnet_header vnet = {0};
	struct split s;
	size_t len = craft_packet(&c, payload, 1000, packet);

	memcpy(expected, packet, len);
	CHECK(split_start(&s, c.kind, &vnet, packet, len) == SPLIT_WHOLE);
	CHECK(!memcmp(packet, expected, len));
	CHECK(s.nsegs == 1);
	CHECK(split_next_len(&s) == len);
	CHECK(split_next(&s, out, len) == len);
	CHECK(!memcmp(out, expected, len));
	CHECK(split_next_len(&s) == 0);
}

TEST(split_whole_packets_need_not_be_ip)
{
	struct vnet_header vnet = {0};
	struct split s;

	memset(packet, 0x11, 42);
	CHECK(split_start(&s, PACKET_ETHER, &vnet, packet, 42) == SPLIT_WHOLE);
	CHECK(split_start(&s, PACKET_IP, &vnet, packet, 1) == SPLIT_WHOLE);
}

TEST(split_completes_the_checksum_of_one_packet_in_place)
{
	static const size_t lens[] = {0, 1, 2, 100, 1447, 65000};
	struct vnet_header vnet;
	struct craft c;
	struct split s;
	size_t len;

	fill_payload();
	for (unsigned bits = 0; bits < 8; bits++)
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			c = bits & 1 ? craft_udp() : craft_tcp();
			c.version = bits & 2 ? 6 : 4;
			c.kind = bits & 4 ? PACKET_ETHER : PACKET_IP;
			vnet = vnet_of(&c, 0);
			vnet.gso_type = VNET_GSO_NONE;
			vnet.hdr_len = 0;
			craft_packet(&c, payload, lens[i], expected);
			c.is_super = 1;
			len = craft_packet(&c, payload, lens[i], packet);
			CHECK(split_start(&s, c.kind, &vnet, packet, len) == SPLIT_WHOLE);
			CHECK(!memcmp(packet, expected, len));
		}
}

/* What a malformed vnet header or packet is answered with. */
struct malformed {
	const char *what;
	enum split_fault fault;
	struct vnet_header vnet;
	size_t len;
	int patch_at; /* two bytes of the packet to overwrite, -1 for none */
	uint16_t patch;
};

static void check_malformed(const struct craft *craft, const struct malformed *m)
{
	struct craft c = *craft;
	struct split s;
	size_t len;

	c.is_super = 1;
	len = craft_packet(&c, payload, 4000, packet);
	if (m->patch_at >= 0)
		be16_store(packet + m->patch_at, m->patch);
	if (m->len)
		len = m->len;
	CHECK(split_start(&s, c.kind, &m->vnet, packet, len) == SPLIT_BAD);
	CHECK_TEXT(split_fault_text(s.fault), split_fault_text(m->fault));
	CHECK(split_next_len(&s) == 0);
	CHECK(split_next(&s, out, sizeof(out)) == 0);
}

TEST(split_names_what_is_wrong_with_a_tcp_super_packet)
{
	static const struct malformed all[] = {
		{"UFO", SPLIT_BAD_GSO_TYPE, {1, 3, 52, 1448, 20, 16}, 0, -1, 0},
		{"a tunnel", SPLIT_BAD_GSO_TYPE, {1, 0x21, 52, 1448, 20, 16}, 0, -1, 0},
		{"ECN alone", SPLIT_BAD_GSO_TYPE, {1, 0x80, 52, 1448, 20, 16}, 0, -1, 0},
		{"all ones", SPLIT_BAD_GSO_TYPE, {1, 0xff, 52, 1448, 20, 16}, 0, -1, 0},
		{"no size", SPLIT_BAD_GSO_SIZE, {1, 1, 52, 0, 20, 16}, 0, -1, 0},
		{"v6 said, v4 is", SPLIT_BAD_HEADERS, {1, 4, 52, 1448, 20, 16}, 0, -1, 0},
		{"UDP said, TCP is", SPLIT_BAD_HEADERS, {1, 5, 52, 1448, 20, 16}, 0, -1, 0},
		{"ends in the IP header", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 19, -1, 0},
		{"ends in the TCP header", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 39, -1, 0},
		{"one byte", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 1, -1, 0},
		{"shorter than IP says", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 4000, -1, 0},
		{"longer than IP says", SPLIT_BAD_LENGTH, {1, 1, 52, 1448, 20, 16}, 4053, -1, 0},
		{"IPv4 length 0", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 0, 2, 0},
		{"IPv4 length < headers", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 0, 2, 45},
		{"IPv4 header of 16", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 0, 0, 0x4400},
		{"first fragment", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 0, 6, 0x2000},
		{"last fragment", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 0, 6, 0x0010},
		{"ICMP", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 0, 8, 0x4001},
		{"TCP header of 16", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 0, 32, 0x4010},
		{"csum_start 0", SPLIT_BAD_CSUM_START, {1, 1, 52, 1448, 0, 16}, 0, -1, 0},
		{"csum_start in options", SPLIT_BAD_CSUM_START, {1, 1, 52, 1448, 24, 16}, 0, -1, 0},
		{"csum_start far", SPLIT_BAD_CSUM_START, {1, 1, 52, 1448, 65535, 16}, 0, -1, 0},
		{"csum_offset UDP's", SPLIT_BAD_CSUM_OFFSET, {1, 1, 52, 1448, 20, 6}, 0, -1, 0},
		{"csum_offset far", SPLIT_BAD_CSUM_OFFSET, {1, 1, 52, 1448, 20, 65535}, 0, -1, 0},
	};
	struct craft c = craft_tcp();

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_malformed(&c, &all[i]);
}

TEST(split_names_what_is_wrong_with_a_tcp_header_cut_by_its_own_length)
{
	/* the data offset says 60 bytes, and the IP packet ends after 52 */
	struct malformed m = {"", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 52, 2, 52};
	struct craft c = craft_tcp();

	check_malformed(&c, &(struct malformed){
				    "", SPLIT_BAD_HEADERS, {1, 1, 52, 1448, 20, 16}, 51, -1, 0});
	c.tcp_options = 10;
	check_malformed(&c, &m);
}
TEST(split_names_what_is_wrong_with_a_udp_super_packet)
{
	static const struct malformed all[] = {
		{"TCP said", SPLIT_BAD_HEADERS, {1, 1, 28, 1000, 20, 16}, 0, -1, 0},
		{"UDP length", SPLIT_BAD_LENGTH, {1, 5, 28, 1000, 20, 6}, 0, 24, 4007},
		{"UDP length 0", SPLIT_BAD_LENGTH, {1, 5, 28, 1000, 20, 6}, 0, 24, 0},
		{"no checksum", SPLIT_NO_CSUM, {0, 5, 28, 1000, 20, 6}, 0, -1, 0},
		{"valid", SPLIT_NO_CSUM, {2, 5, 28, 1000, 20, 6}, 0, -1, 0},
		{"csum_offset TCP's", SPLIT_BAD_CSUM_OFFSET, {1, 5, 28, 1000, 20, 16}, 0, -1, 0},
		{"csum_start", SPLIT_BAD_CSUM_START, {1, 5, 28, 1000, 28, 6}, 0, -1, 0},
	};
	struct craft c = craft_udp();

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_malformed(&c, &all[i]);
}

TEST(split_names_what_is_wrong_with_ipv6_extension_headers)
{
	static const struct malformed all[] = {
		{"a fragment header",
		 SPLIT_BAD_HEADERS,
		 {1, 4, 80, 1000, 48, 16},
		 0,
		 6,
		 44 << 8 | 64},
		{"authentication", SPLIT_BAD_HEADERS, {1, 4, 80, 1000, 48, 16}, 0, 6, 51 << 8 | 64},
		{"no next header", SPLIT_BAD_HEADERS, {1, 4, 80, 1000, 48, 16}, 0, 6, 59 << 8 | 64},
		{"endless", SPLIT_BAD_HEADERS, {1, 4, 80, 1000, 48, 16}, 0, 40, 60 << 8 | 255},
		{"into data", SPLIT_BAD_HEADERS, {1, 4, 80, 1000, 48, 16}, 0, 40, 60 << 8 | 1},
		{"another place", SPLIT_BAD_CSUM_START, {1, 4, 80, 1000, 40, 16}, 0, -1, 0},
		{"cut in the extension", SPLIT_BAD_HEADERS, {1, 4, 80, 1000, 48, 16}, 47, 4, 7},
		{"jumbo", SPLIT_BAD_HEADERS, {1, 4, 80, 1000, 48, 16}, 0, 4, 0},
	};
	struct craft c = craft_tcp();

	c.version = 6;
	c.nextensions = 1;
	memset(payload, 60, sizeof(payload));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_malformed(&c, &all[i]);
}

TEST(split_names_what_is_wrong_with_a_tap_frame)
{
	static const struct malformed all[] = {
		{"ARP", SPLIT_BAD_HEADERS, {1, 1, 66, 1448, 34, 16}, 0, 12, 0x0806},
		{"IPv6 type, IPv4 inside",
		 SPLIT_BAD_HEADERS,
		 {1, 1, 66, 1448, 34, 16},
		 0,
		 12,
		 0x86dd},
		{"a tag that is none", SPLIT_BAD_HEADERS, {1, 1, 66, 1448, 34, 16}, 0, 12, 0x8100},
		{"no type", SPLIT_BAD_HEADERS, {1, 1, 66, 1448, 34, 16}, 13, -1, 0},
		{"no IP header", SPLIT_BAD_HEADERS, {1, 1, 66, 1448, 34, 16}, 14, -1, 0},
		{"padding", SPLIT_BAD_LENGTH, {1, 1, 66, 1448, 34, 16}, 4067, -1, 0},
		{"csum_start of a tun", SPLIT_BAD_CSUM_START, {1, 1, 66, 1448, 20, 16}, 0, -1, 0},
	};
	struct craft c = craft_tcp();

	c.kind = PACKET_ETHER;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_malformed(&c, &all[i]);
	c.ntags = 3;
	check_malformed(
		&c, &(struct malformed){"", SPLIT_BAD_HEADERS, {1, 1, 78, 1448, 46, 16}, 0, -1, 0});
}

TEST(split_names_what_is_wrong_with_a_single_packet)
{
	static const struct malformed all[] = {
		{"in the IP header", SPLIT_BAD_CSUM_START, {1, 0, 0, 0, 19, 16}, 0, -1, 0},
		{"at the end", SPLIT_BAD_CSUM_START, {1, 0, 0, 0, 4052, 16}, 0, -1, 0},
		{"beyond", SPLIT_BAD_CSUM_START, {1, 0, 0, 0, 65535, 65535}, 0, -1, 0},
		{"field half outside", SPLIT_BAD_CSUM_OFFSET, {1, 0, 0, 0, 4051, 0}, 0, -1, 0},
		{"field outside", SPLIT_BAD_CSUM_OFFSET, {1, 0, 0, 0, 20, 65535}, 0, -1, 0},
		{"too long", SPLIT_TOO_LONG, {0, 0, 0, 0, 0, 0}, 65536, -1, 0},
	};
	struct vnet_header none = {0};
	struct craft c = craft_tcp();
	struct split s;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_malformed(&c, &all[i]);
	CHECK(split_start(&s, PACKET_IP, &none, packet, 0) == SPLIT_BAD);
	CHECK(s.fault == SPLIT_EMPTY);
	none = (struct vnet_header){1, 0, 0, 0, 20, 16};
	CHECK(split_start(&s, PACKET_ETHER, &none, packet, 60) == SPLIT_BAD);
	CHECK(s.fault == SPLIT_BAD_CSUM_START);
}

TEST(split_refuses_a_segment_longer_than_a_frame)
{
	struct craft c = craft_tcp();
	struct split s;

	c.kind = PACKET_ETHER;
	/* the IP packet has 65535 bytes: with the Ethernet header one segment would be too long */
	CHECK(start_super(&s, c, 65535 - 52, 65535) == SPLIT_BAD);
	CHECK(s.fault == SPLIT_TOO_LONG);
	CHECK(start_super(&s, c, 65535 - 52, 65535 - 66 + 1) == SPLIT_BAD);
	CHECK(start_super(&s, c, 65535 - 52, 65535 - 66) == SPLIT_SEGMENTS);
	CHECK(split_next_len(&s) == 65535);
}
