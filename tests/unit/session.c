/* SPDX-License-Identifier: MIT */
/* Sessions with a key: what two of them make of packets, in whatever pieces the bytes pass. */
#include "session.h"

#include <stdlib.h>

#include "unit.h"

static const uint8_t psk[NOISE_KEY_LEN] = {1, 2, 3};

/* The SplitMix64 generator: the same packets at every run. */
static uint64_t seed;

static uint64_t next_random(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t below(size_t n)
{
	return (size_t)(next_random() % n);
}

static bool fill_random(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)next_random();
	return true;
}

/* One end: its session, and what it has sent of its own stream of packets and got of the other's. */
struct end {
	struct session session;
	uint64_t sent, got;
};

static struct end ends[2];
static uint64_t now_us;

/* Packet number @n of a direction: its length and content follow from that. */
static size_t packet_len(uint64_t n)
{
	uint64_t z = n * 0xd1342543de82ef95 + 1;
	size_t v = (size_t)(z >> 32);

	switch (z >> 60) {
	case 0:
		return FRAME_KEYED_PACKET_MAX - (v & 3);
	case 1:
		return 1 + v % FRAME_KEYED_PACKET_MAX;
	case 2:
		return 1 + v % 3;
	default:
		return 1 + v % 1500;
	}
}

static uint8_t packet_byte(uint64_t n, size_t at)
{
	return at ? (uint8_t)(n * 31 + at) : 0x45;
}

static void make_packet(uint8_t *out, uint64_t n)
{
	for (size_t i = 0; i < packet_len(n); i++)
		out[i] = packet_byte(n, i);
}

static bool is_packet(const uint8_t *packet, size_t len, uint64_t n)
{
	if (len != packet_len(n))
		return false;
	for (size_t i = 0; i < len; i++)
		if (packet[i] != packet_byte(n, i))
			return false;
	return true;
}

static void tick(uint64_t us)
{
	now_us += us;
	session_tick(&ends[0].session, now_us);
	session_tick(&ends[1].session, now_us);
}

/* Two sessions, a client's and a server's, behind a handshake. */
static void connect_ends(void)
{
	struct keyed_facts facts = {.kind = PACKET_IP, .timeout_s = 30};
	uint8_t hello[FRAME_HEADER_LEN + KEYED_HELLO_LEN], confirm[KEYED_ITEM_RECORD_MAX];
	struct keyed client, server;

	keyed_init(&client, NOISE_INITIATOR, psk, &facts, fill_random);
	facts.id[0] = 1;
	keyed_init(&server, NOISE_RESPONDER, psk, &facts, fill_random);
	CHECK(keyed_write_hello(&client, hello));
	CHECK(keyed_read_hello(&server, hello + FRAME_HEADER_LEN, KEYED_HELLO_LEN, now_us));
	CHECK(keyed_write_hello(&server, hello));
	CHECK(keyed_read_hello(&client, hello + FRAME_HEADER_LEN, KEYED_HELLO_LEN, now_us));
	CHECK(keyed_write_item(&client, confirm, now_us));
	CHECK(keyed_read_confirm(&server, confirm + FRAME_HEADER_LEN, KEYED_CONFIRM_LEN, now_us));
	memset(ends, 0, sizeof(ends));
	session_reset(&ends[0].session, PACKET_IP, &client);
	session_reset(&ends[1].session, PACKET_IP, &server);
	tick(0);
}

/* Put the end's next packet into its out buffer. Return: false when there is no room. */
static bool put(struct end *e, size_t asked)
{
	size_t len = packet_len(e->sent);
	uint8_t *space = session_out_space(&e->session, asked ? asked : len);

	if (!space)
		return false;
	make_packet(space, e->sent++);
	session_queue(&e->session, len);
	return true;
}

/* The other end takes what has come: all of it must be the next packets. */
static enum session_event take(struct end *e)
{
	enum session_event event;
	const uint8_t *packet;
	size_t len;

	while ((event = session_next(&e->session, &packet, &len)) == SESSION_PACKET)
		CHECK(is_packet(packet, len, e->got++));
	return event;
}

/* Carry at most @max bytes from one end to the other. Return: how many. */
static size_t carry(struct end *from, struct end *to, size_t max)
{
	size_t len, room;
	const uint8_t *bytes = session_pending(&from->session, &len);
	uint8_t *space = session_in_space(&to->session, &room);

	len = len < max ? len : max;
	len = len < room ? len : room;
	memcpy(space, bytes, len);
	session_received(&to->session, len);
	session_sent(&from->session, len);
	return len;
}

static void carry_all(struct end *from, struct end *to)
{
	while (carry(from, to, SIZE_MAX))
		CHECK(take(to) == SESSION_MORE);
}

TEST(keyed_sessions_lose_nothing_in_any_pieces)
{
	seed = 1;
	connect_ends();
	for (int round = 0; round < 6000; round++) {
		struct end *from = &ends[next_random() & 1], *to = &ends[from == &ends[0]];
		size_t what = below(8);

		if (what < 4)
			for (size_t n = below(20); n && put(from, 0); n--)
				;
		else if (what < 5)
			put(from,
			    FRAME_PAYLOAD_MAX); /* as from the queue: its length is not known yet */
		else if (what < 7)
			carry(from, to, below(what == 5 ? 400 : 100000));
		else
			tick(below(2000000));
		CHECK(take(to) == SESSION_MORE);
	}
	carry_all(&ends[0], &ends[1]);
	carry_all(&ends[1], &ends[0]);
	CHECK(ends[0].sent == ends[1].got && ends[1].sent == ends[0].got);
	CHECK(ends[0].sent > 2000 && ends[1].sent > 2000);
	CHECK(ends[0].session.keyed.rekeys > 2 && ends[1].session.keyed.rekeys > 2);
}

TEST(keyed_session_out_is_full_before_it_overflows_and_empties_again)
{
	connect_ends();
	for (int round = 0; round < 3; round++) {
		uint64_t before = ends[0].sent;
		size_t len;

		while (put(&ends[0], FRAME_PAYLOAD_MAX))
			CHECK(session_backlog(&ends[0].session) <= SESSION_OUT_SIZE);
		CHECK(ends[0].sent > before);
		session_pending(&ends[0].session, &len);
		CHECK(len <= SESSION_OUT_SIZE);
		carry_all(&ends[0], &ends[1]);
		CHECK(ends[1].got == ends[0].sent && session_backlog(&ends[0].session) == 0);
	}
}

TEST(keyed_session_gathers_packets_into_one_record_until_it_is_asked)
{
	size_t len, plain = 0;

	connect_ends();
	for (int i = 0; i < 5; i++) {
		ends[0].sent = (uint64_t)i + 100;
		plain += FRAME_HEADER_LEN + packet_len(ends[0].sent);
		put(&ends[0], 0);
	}
	CHECK(session_backlog(&ends[0].session) == FRAME_HEADER_LEN + plain);
	session_pending(&ends[0].session, &len);
	CHECK(len == FRAME_HEADER_LEN + plain + NOISE_TAG_LEN);
}

TEST(keyed_session_keeps_records_as_short_as_it_is_told)
{
	const size_t limits[] = {1000, 4096, KEYED_PLAIN_MAX, KEYED_PLAIN_MAX + 1, 1 << 20};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const uint8_t *bytes;
		size_t len, at = 0;

		connect_ends();
		session_limit_records(&ends[0].session, limits[i]);
		for (int n = 0; n < 200; n++) {
			memset(session_out_space(&ends[0].session, 500), 0x45, 500);
			session_queue(&ends[0].session, 500);
		}
		bytes = session_pending(&ends[0].session, &len);
		for (at = 0; at < len; at += FRAME_HEADER_LEN + be16_load(bytes + at)) {
			CHECK(be16_load(bytes + at) <= limits[i] + NOISE_TAG_LEN);
			CHECK(be16_load(bytes + at) >= NOISE_TAG_LEN + 502);
		}
		CHECK(at == len && len > 0);
	}
}

TEST(keyed_session_goes_on_gathering_while_sealed_bytes_wait)
{
	size_t len, waiting;

	connect_ends();
	put(&ends[0], 0);
	session_pending(&ends[0].session, &waiting);
	session_sent(&ends[0].session, 1);
	put(&ends[0], 0);
	put(&ends[0], 0);
	session_pending(&ends[0].session, &len);
	CHECK(len == waiting - 1);
	CHECK(session_backlog(&ends[0].session) > len);
	session_sent(&ends[0].session, len);
	session_pending(&ends[0].session, &len);
	CHECK(len == session_backlog(&ends[0].session) && len > NOISE_TAG_LEN);
}

TEST(keyed_session_ends_with_a_close_that_follows_what_was_sealed)
{
	size_t len;

	connect_ends();
	put(&ends[0], 0);
	session_pending(&ends[0].session,
			&len); /* sealed: it must arrive, or the close would not open */
	put(&ends[0], 0);      /* not sealed: it is dropped */
	session_finish(&ends[0].session, KEYED_CLOSE_REPLACED);
	carry(&ends[0], &ends[1], SIZE_MAX);
	CHECK(take(&ends[1]) == SESSION_ENDED);
	CHECK(ends[1].got == 1);
	CHECK(ends[1].session.keyed.close_reason == KEYED_CLOSE_REPLACED);
	CHECK(session_backlog(&ends[0].session) == 0);
	CHECK(!put(&ends[0], 0) || (session_pending(&ends[0].session, &len) && len == 0));
	CHECK(!session_is_broken(&ends[0].session));
}

TEST(keyed_session_that_just_ends_is_truncated)
{
	connect_ends();
	CHECK(session_is_truncated(&ends[1].session));
}

TEST(keyed_session_breaks_on_a_record_that_is_not_genuine)
{
	size_t len, room;

	connect_ends();
	put(&ends[0], 0);
	session_pending(&ends[0].session, &len);
	ends[0].session.out[len - 1] ^= 1;
	memcpy(session_in_space(&ends[1].session, &room), ends[0].session.out, len);
	session_received(&ends[1].session, len);
	CHECK(take(&ends[1]) == SESSION_BROKEN && ends[1].got == 0);
	CHECK_TEXT(session_fault_text(&ends[1].session), keyed_fault_text(KEYED_NOT_GENUINE));
	CHECK(session_is_broken(&ends[1].session));
}

TEST(keyed_session_checks_what_is_in_a_record)
{
	connect_ends();
	memset(session_out_space(&ends[0].session, 20), 0, 20);
	session_queue(&ends[0].session, 20);
	carry(&ends[0], &ends[1], SIZE_MAX);
	CHECK(take(&ends[1]) == SESSION_BROKEN);
	CHECK_TEXT(session_fault_text(&ends[1].session), packet_fault_text(PACKET_NOT_IP));
}

TEST(keyed_session_says_when_it_wants_to_be_heard)
{
	struct session *s = &ends[0].session;
	size_t len;

	connect_ends();
	CHECK(session_due_at_us(s) == now_us + 10000000);
	CHECK(session_is_lost_at_us(s) == now_us + 30000000);
	session_pending(s, &len);
	CHECK(len == 0);
	tick(10000000);
	session_pending(s, &len);
	CHECK(len == KEYED_CONFIRM_LEN + FRAME_HEADER_LEN);
	CHECK(session_due_at_us(s) == SESSION_NEVER); /* what waits for the socket comes first */
	carry_all(&ends[0], &ends[1]);
	CHECK(session_due_at_us(s) == now_us + 10000000);
	CHECK(session_is_lost_at_us(&ends[1].session) == now_us + 30000000);
	session_reset(s, PACKET_IP, NULL);
	CHECK(session_due_at_us(s) == SESSION_NEVER && session_is_lost_at_us(s) == SESSION_NEVER);
}

TEST(session_reset_leaves_no_secret)
{
	static const struct keyed zeros;

	connect_ends();
	session_reset(&ends[0].session, PACKET_IP, NULL);
	CHECK(!memcmp(&ends[0].session.keyed, &zeros, sizeof(zeros)));
}
