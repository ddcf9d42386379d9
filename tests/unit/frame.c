/* SPDX-License-Identifier: MIT */
/* The framing, the session's buffers and what a packet must look like. */
#include "frame.h"

#include <stdlib.h>

#include "backoff.h"
#include "packet.h"
#include "session.h"
#include "unit.h"

TEST(frame_waits_for_the_second_length_byte)
{
	const uint8_t *payload = NULL;
	size_t len = 99;

	CHECK(frame_next((const uint8_t *)"\x00", 0, &payload, &len) == 0);
	CHECK(frame_next((const uint8_t *)"\x00", 1, &payload, &len) == 0);
	CHECK(payload == NULL && len == 99);
}

TEST(frame_length_is_big_endian_and_a_short_payload_waits)
{
	static uint8_t buf[2 + 0x0102];
	const uint8_t *payload;
	size_t len;

	buf[0] = 1;
	buf[1] = 2;
	CHECK(frame_next(buf, sizeof(buf) - 1, &payload, &len) == 0);
	CHECK(frame_next(buf, sizeof(buf), &payload, &len) == sizeof(buf));
	CHECK(payload == buf + 2 && len == 0x0102);
}

TEST(frame_of_zero_and_of_the_largest_length)
{
	static uint8_t buf[2 + 65535] = {0xff, 0xff};
	static const uint8_t zero[2];
	const uint8_t *payload;
	size_t len;

	CHECK(frame_next(zero, 2, &payload, &len) == 2 && len == 0);
	CHECK(frame_next(buf, sizeof(buf), &payload, &len) == sizeof(buf) && len == 65535);
	frame_header_store(buf, 0x1234);
	CHECK(buf[0] == 0x12 && buf[1] == 0x34);
}

/* ---- session ---- */

static struct session session;

/* Put bytes in as if they had been received. */
static void receive(const void *bytes, size_t len)
{
	size_t room;
	uint8_t *space = session_in_space(&session, &room);

	CHECK(room >= len);
	memcpy(space, bytes, len);
	session_received(&session, len);
}

TEST(session_gives_whole_packets_in_order)
{
	const uint8_t *packet;
	size_t len;

	session_reset(&session, PACKET_IP, NULL);
	receive("\0\3E12\0\2\x60", 8);
	CHECK(session_next(&session, &packet, &len) == SESSION_PACKET);
	CHECK(len == 3 && !memcmp(packet, "E12", 3));
	CHECK(session_next(&session, &packet, &len) == SESSION_MORE);
	CHECK(session_is_truncated(&session));
	receive("z", 1);
	CHECK(session_next(&session, &packet, &len) == SESSION_PACKET);
	CHECK(len == 2 && !memcmp(packet, "\x60z", 2));
	CHECK(session_next(&session, &packet, &len) == SESSION_MORE);
	CHECK(!session_is_truncated(&session));
}

TEST(session_skips_frames_of_length_zero)
{
	const uint8_t *packet;
	size_t len;

	session_reset(&session, PACKET_IP, NULL);
	receive("\0\0\0\0\0\1E\0\0", 9);
	CHECK(session_next(&session, &packet, &len) == SESSION_PACKET && len == 1);
	CHECK(session_next(&session, &packet, &len) == SESSION_MORE);
	CHECK(!session_is_truncated(&session));
}

TEST(session_byte_by_byte_is_the_same_as_at_once)
{
	static uint8_t stream[200000];
	const uint8_t *packet;
	size_t total = 0, at = 0, len;
	unsigned seed = 1;

	while (total < 150000) {
		size_t n = 1 + (seed = seed * 1103515245 + 12345) % 3000;

		frame_header_store(stream + total, n);
		memset(stream + total + 2, 0x45, n);
		total += 2 + n;
	}
	session_reset(&session, PACKET_IP, NULL);
	for (size_t i = 0; i < total; i++) {
		receive(stream + i, 1);
		while (session_next(&session, &packet, &len) == SESSION_PACKET) {
			CHECK(len == be16_load(stream + at));
			CHECK(!memcmp(packet, stream + at + 2, len));
			at += 2 + len;
		}
	}
	CHECK(at == total);
}

TEST(session_always_has_room_after_more)
{
	static const uint8_t largest[2 + 65535] = {0xff, 0xff, 0x45};
	const uint8_t *packet;
	size_t len, room;

	session_reset(&session, PACKET_IP, NULL);
	for (int i = 0; i < 20; i++) {
		receive(largest, sizeof(largest) - 1);
		while (session_next(&session, &packet, &len) == SESSION_PACKET)
			;
		session_in_space(&session, &room);
		CHECK(room > SESSION_IN_SIZE - 2 * sizeof(largest));
		receive("", 1);
		CHECK(session_next(&session, &packet, &len) == SESSION_PACKET && len == 65535);
		CHECK(session_next(&session, &packet, &len) == SESSION_MORE);
	}
}

TEST(session_breaks_on_a_packet_that_cannot_be_one)
{
	const uint8_t *packet;
	size_t len;

	session_reset(&session, PACKET_IP, NULL);
	receive("\0\1\x50", 3);
	CHECK(session_next(&session, &packet, &len) == SESSION_BROKEN);
	CHECK(session.fault == PACKET_NOT_IP);
	session_reset(&session, PACKET_ETHER, NULL);
	receive("\0\15aaaaaaaaaaaaa", 15);
	CHECK(session_next(&session, &packet, &len) == SESSION_BROKEN);
	CHECK(session.fault == PACKET_SHORT_ETHER);
}

TEST(session_frames_what_is_queued_and_keeps_what_was_not_sent)
{
	const uint8_t *bytes;
	size_t len;
	uint8_t *space;

	session_reset(&session, PACKET_IP, NULL);
	space = session_out_space(&session, 5);
	memcpy(space, "hello", 5);
	session_queue(&session, 5);
	space = session_out_space(&session, 1);
	memcpy(space, "x", 1);
	session_queue(&session, 1);
	bytes = session_pending(&session, &len);
	CHECK(len == 10 && !memcmp(bytes, "\0\5hello\0\1x", 10));
	session_sent(&session, 4);
	bytes = session_pending(&session, &len);
	CHECK(len == 6 && !memcmp(bytes, "llo\0\1x", 6));
	session_sent(&session, 6);
	session_pending(&session, &len);
	CHECK(len == 0);
}

/* What an orderly end would still send. */
static size_t rest_of_begun_frame(void)
{
	static struct session ending;

	ending = session;
	session_finish(&ending, KEYED_CLOSE_END);
	return session_backlog(&ending);
}

TEST(session_knows_what_ends_a_frame_that_has_begun)
{
	session_reset(&session, PACKET_IP, NULL);
	for (int i = 0; i < 3; i++) {
		memset(session_out_space(&session, 100), 0x45, 100);
		session_queue(&session, 100);
	}
	CHECK(rest_of_begun_frame() == 0);
	session_sent(&session, 1);
	CHECK(rest_of_begun_frame() == 101);
	session_sent(&session, 101);
	CHECK(rest_of_begun_frame() == 0);
	session_sent(&session, 102 + 2);
	CHECK(rest_of_begun_frame() == 0 + 100);
	session_out_space(&session, 65535);
	while (session_out_space(&session, 65535))
		session_queue(&session, 65535);
	CHECK(rest_of_begun_frame() == 100); /* also after the bytes have moved */
	session_sent(&session, 100);
	CHECK(rest_of_begun_frame() == 0);
}

TEST(session_out_is_full_before_a_packet_could_overflow_it)
{
	uint8_t *space;
	size_t len;

	session_reset(&session, PACKET_IP, NULL);
	while ((space = session_out_space(&session, 65535))) {
		CHECK(space + 65535 <= session.out + SESSION_OUT_SIZE);
		session_queue(&session, 65535);
	}
	session_pending(&session, &len);
	CHECK(len == SESSION_OUT_SIZE / 65537 * 65537);
	CHECK(session_out_space(&session, SESSION_OUT_SIZE - len - 2) != NULL);
	CHECK(session_out_space(&session, SESSION_OUT_SIZE - len - 1) == NULL);
	session_sent(&session, len);
	CHECK(session_out_space(&session, 65535) == session.out + 2);
}

TEST(session_out_makes_room_of_what_was_sent)
{
	const uint8_t *bytes;
	uint8_t *space;
	size_t len, total;

	session_reset(&session, PACKET_IP, NULL);
	for (uint8_t n = 1; (space = session_out_space(&session, 65535)); n++) {
		memset(space, n, 65535);
		session_queue(&session, 65535);
	}
	session_pending(&session, &total);
	session_sent(&session, 65537 + 100);
	space = session_out_space(&session, 65535);
	CHECK(space != NULL);
	memset(space, 99, 65535);
	session_queue(&session, 65535);
	bytes = session_pending(&session, &len);
	CHECK(len == total - 100);
	CHECK(bytes[0] == 2 && bytes[65537 - 101] == 2);
	CHECK(bytes[65537 - 100] == 0xff && bytes[65537 - 98] == 3);
	CHECK(bytes[len - 1] == 99);
}

TEST(session_reset_leaves_nothing_of_the_last_peer)
{
	const uint8_t *packet;
	size_t len;

	session_reset(&session, PACKET_IP, NULL);
	receive("\0\1E\0\7half", 9);
	CHECK(session_next(&session, &packet, &len) == SESSION_PACKET);
	session_out_space(&session, 10);
	session_queue(&session, 10);
	session_reset(&session, PACKET_IP, NULL);
	CHECK(session_next(&session, &packet, &len) == SESSION_MORE);
	CHECK(!session_is_truncated(&session) && !session.seen_packet);
	session_pending(&session, &len);
	CHECK(len == 0);
}

/* ---- packets ---- */

/* An IPv4 packet in an Ethernet frame, 98 bytes: a ping. */
static const uint8_t ether_ping[98] = {
	0x52, 0x54, 0, 0, 0,  2, 0x52, 0x54, 0,	 0, 0, 1, 8,  0, 0x45, 0, 0, 84,
	0,    0,    0, 0, 64, 1, 0,    0,    10, 0, 0, 1, 10, 0, 0,    2, 8, 0,
};
static const uint8_t *const ip_ping = ether_ping + 14;

TEST(packet_tun_takes_only_ipv4_and_ipv6)
{
	for (unsigned first = 0; first < 256; first++) {
		uint8_t data[40] = {(uint8_t)first};
		enum packet_fault fault = packet_check(PACKET_IP, data, sizeof(data), 1);

		CHECK((fault == PACKET_OK) == (first >> 4 == 4 || first >> 4 == 6));
	}
}

TEST(packet_fault_names_a_tap_at_the_other_end)
{
	CHECK(packet_check(PACKET_IP, ether_ping, 98, 1) == PACKET_LOOKS_ETHER);
	CHECK(packet_check(PACKET_IP, ether_ping, 98, 0) == PACKET_LOOKS_ETHER);
	CHECK(strstr(packet_fault_text(PACKET_LOOKS_ETHER), "-a") != NULL);
}

TEST(packet_fault_names_a_tun_at_the_other_end)
{
	static const uint8_t router_solicitation[48] = {0x60, 0, 0, 0, 0, 8, 58, 255, 0xfe, 0x80};

	CHECK(packet_check(PACKET_ETHER, ip_ping, 84, 1) == PACKET_LOOKS_IP);
	CHECK(packet_check(PACKET_ETHER, router_solicitation, 48, 1) == PACKET_LOOKS_IP);
	CHECK(packet_check(PACKET_ETHER, ip_ping, 84, 0) == PACKET_OK);
	CHECK(packet_check(PACKET_ETHER, ip_ping, 83, 1) == PACKET_OK);
}

TEST(packet_frame_that_only_resembles_ip_is_a_frame)
{
	/* to 45:00:00:62:..., 98 bytes long, but with an Ethernet type where one belongs */
	uint8_t data[98];

	memcpy(data, ether_ping, sizeof(data));
	memcpy(data, "\x45\0\0\x62", 4);
	CHECK(packet_check(PACKET_ETHER, data, sizeof(data), 1) == PACKET_OK);
}

TEST(packet_fault_names_a_key_at_the_other_end)
{
	uint8_t handshake[81] = {0x40};

	CHECK(packet_check(PACKET_IP, handshake, 81, 1) == PACKET_LOOKS_KEYED);
	CHECK(packet_check(PACKET_ETHER, handshake, 81, 1) == PACKET_LOOKS_KEYED);
	CHECK(packet_check(PACKET_IP, handshake, 81, 0) == PACKET_OK);
	CHECK(packet_check(PACKET_IP, handshake, 80, 1) == PACKET_OK);
}

TEST(packet_every_fault_has_a_text)
{
	for (int fault = 0; fault < PACKET_NFAULTS; fault++)
		CHECK(strlen(packet_fault_text((enum packet_fault)fault)) > 5);
}

TEST(packet_lines_are_what_a_reader_of_tcpdump_knows)
{
	static const uint8_t tcp[54] = {0x45, 0, 0, 54, 0,  0, 0, 0, 64,   6,	 0, 0,
					10,   0, 0, 1,	10, 0, 0, 2, 0x1f, 0x90, 0, 80,
					0,    0, 0, 0,	0,  0, 0, 0, 0x50, 0x12};
	static const uint8_t udp6[52] = {0x60, 0, 0,	0, 0, 12, 17, 64, 0xfd, 0,    0,
					 0,    0, 0,	0, 0, 0,  0,  0,  0,	0,    0,
					 0,    1, 0xfd, 0, 0, 0,  0,  0,  0,	0,    0,
					 0,    0, 0,	0, 0, 0,  2,  0,  53,	0x30, 0x39};
	char text[PACKET_TEXT_LEN];

	packet_describe(text, PACKET_IP, tcp, sizeof(tcp));
	CHECK_TEXT(text, "IP 10.0.0.1 > 10.0.0.2 TCP 8080 > 80 [S.], length 54");
	packet_describe(text, PACKET_IP, udp6, sizeof(udp6));
	CHECK_TEXT(text, "IP6 fd00::1 > fd00::2 UDP 53 > 12345, length 52");
	packet_describe(text, PACKET_ETHER, ether_ping, sizeof(ether_ping));
	CHECK_TEXT(text, "52:54:00:00:00:01 > 52:54:00:00:00:02 IP 10.0.0.1 > 10.0.0.2 ICMP type 8 "
			 "code 0, length 98");
}

TEST(packet_describe_reads_nothing_beyond_the_end)
{
	static const uint8_t vlan[] = {1,  2,  3,    4, 5, 6, 7, 8, 9,	 10,
				       11, 12, 0x81, 0, 0, 7, 8, 0, 0x45};
	char text[PACKET_TEXT_LEN];

	for (size_t len = 1; len <= sizeof(ether_ping); len++) {
		/* on the heap, exactly as long: a sanitizer sees one byte too many */
		uint8_t *data = malloc(len);

		memcpy(data, ether_ping, len);
		packet_describe(text, PACKET_ETHER, data, len);
		memcpy(data, ip_ping, len < 84 ? len : 84);
		packet_describe(text, PACKET_IP, data, len);
		if (len <= sizeof(vlan)) {
			memcpy(data, vlan, len);
			packet_describe(text, PACKET_ETHER, data, len);
		}
		free(data);
	}
	packet_describe(text, PACKET_ETHER, vlan, sizeof(vlan));
	CHECK(strstr(text, "vlan 7") != NULL);
}

/* ---- pauses, counters ---- */

TEST(backoff_grows_from_a_tenth_of_a_second_to_five)
{
	struct backoff b = {0};
	unsigned least[] = {100, 200, 400, 800, 1600, 2500, 2500};
	unsigned most[] = {200, 400, 800, 1600, 3200, 5000, 5000};

	for (int i = 0; i < 7; i++) {
		struct backoff low = b, high = b;

		CHECK(backoff_next_ms(&low, 0) == least[i]);
		CHECK(backoff_next_ms(&high, most[i] / 2) == most[i]);
		for (uint32_t random = 1; random; random *= 3) {
			struct backoff any = b;
			unsigned ms = backoff_next_ms(&any, random);

			CHECK(ms >= least[i] && ms <= most[i]);
			if (random > UINT32_MAX / 3)
				break;
		}
		backoff_next_ms(&b, 0);
	}
	backoff_reset(&b);
	CHECK(backoff_next_ms(&b, 0) == 100);
}
