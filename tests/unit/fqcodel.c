/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "bytes.h"
#include "fqcodel.h"
#include "unit.h"

#define MTU  1500
#define SEED 0x0123456789abcdefull

static struct fqcodel q;
static uint8_t in[FQCODEL_PACKET_MAX], out[FQCODEL_PACKET_MAX];

/* xorshift64*: the same numbers in each run */
static uint64_t random_state;

static uint32_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 0x2545f4914f6cdd1dull >> 32);
}

/* ---- packets ---- */

enum ecn { NOT_ECT, ECT1, ECT0, CE };

static uint16_t header_sum(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += be16_load(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* An IPv4 UDP packet from 10.0.0.@host */
static void make_ipv4(uint8_t *p, size_t len, unsigned host, enum ecn ecn)
{
	memset(p, 0, len);
	p[0] = 0x45;
	p[1] = (uint8_t)(0xb8 | ecn);
	be16_store(p + 2, (uint16_t)len);
	be16_store(p + 4, (uint16_t)next_random());
	p[8] = 64;
	p[9] = 17;
	be16_store(p + 12, 10 << 8);
	be16_store(p + 14, (uint16_t)host);
	be16_store(p + 16, 10 << 8);
	be16_store(p + 18, 1 << 8);
	be16_store(p + 20, 1000);
	be16_store(p + 22, 2000);
	be16_store(p + 10, (uint16_t)~header_sum(p));
}

static void make_ipv6(uint8_t *p, size_t len, unsigned proto, enum ecn ecn)
{
	memset(p, 0, len);
	p[0] = 0x6b;
	p[1] = (uint8_t)(0x80 | ecn << 4 | 0x5);
	be16_store(p + 4, (uint16_t)(len - 40));
	p[6] = (uint8_t)proto;
	p[7] = 64;
	p[8] = p[24] = 0xfd;
	p[23] = 1;
	p[39] = 2;
}

/* The queue's own number of packets and bytes, counted again. */
static int books_balance(void)
{
	uint32_t packets = 0, bytes = 0, chunks = 0;

	for (unsigned i = 0; i < FQCODEL_NFLOWS; i++) {
		const struct fqcodel_flow *f = &q.flows[i];
		uint32_t flow_bytes = 0, flow_chunks = 0;

		for (uint16_t p = f->first; p != FQCODEL_NONE; p = q.chunk[p].next_packet) {
			packets++;
			flow_bytes += q.chunk[p].len;
			flow_chunks += (q.chunk[p].len + 255u) / 256;
		}
		if (f->bytes != flow_bytes || q.flow_chunks[i] != flow_chunks ||
		    (flow_bytes && !f->is_listed) || (!q.packets && f->is_listed))
			return 0;
		bytes += flow_bytes;
		chunks += flow_chunks;
	}
	return q.packets == packets && q.bytes == bytes && q.chunks == chunks;
}

static void put(size_t len, uint32_t flow, uint64_t now_us)
{
	make_ipv4(in, len, flow, NOT_ECT);
	fqcodel_enqueue(&q, in, len, flow, now_us);
}

/* The flow of the next packet, or -1. */
static int take(uint64_t now_us)
{
	return fqcodel_dequeue(&q, out, sizeof(out), now_us) ? be16_load(out + 14) : -1;
}

/* ---- the store ---- */

TEST(fqcodel_gives_packets_of_any_length_back_unchanged)
{
	static const size_t lengths[] = {1,    2,    255,  256,	  257,	 511,	512,   513,
					 1500, 1514, 9000, 65279, 65280, 65281, 65534, 65535};

	random_state = SEED;
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (size_t k = 0; k < lengths[i]; k++)
			in[k] = (uint8_t)next_random();
		memset(out, 0, sizeof(out));
		fqcodel_enqueue(&q, in, lengths[i], next_random(), 1);
		CHECK(fqcodel_dequeue(&q, out, sizeof(out), 1) == lengths[i]);
		CHECK(memcmp(in, out, lengths[i]) == 0);
	}
	CHECK(fqcodel_dequeue(&q, out, sizeof(out), 1) == 0);
}

TEST(fqcodel_keeps_the_order_inside_a_flow)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (uint32_t i = 0; i < 300; i++) {
		in[0] = (uint8_t)i;
		in[1] = (uint8_t)(i % 3);
		fqcodel_enqueue(&q, in, 100 + i, i % 3, 0);
	}
	uint32_t next[3] = {0, 1, 2};
	while (fqcodel_dequeue(&q, out, sizeof(out), 0)) {
		CHECK(out[0] == (uint8_t)next[out[1]]);
		next[out[1]] += 3;
	}
	CHECK(next[0] == 300 && next[1] == 301 && next[2] == 302);
}

TEST(fqcodel_leaves_a_packet_that_does_not_fit_as_the_next_one)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	put(1000, 1, 0);
	put(100, 2, 0);
	out[0] = 0xee;
	CHECK(fqcodel_dequeue(&q, out, 999, 0) == 0);
	CHECK(out[0] == 0xee);
	CHECK(q.packets == 2 && q.bytes == 1100);
	CHECK(fqcodel_dequeue(&q, out, 0, 0) == 0);
	CHECK(fqcodel_dequeue(&q, out, 1000, 0) == 1000);
	CHECK(fqcodel_dequeue(&q, out, 100, 0) == 100);
	CHECK(books_balance());
}

TEST(fqcodel_returns_all_memory_when_drained)
{
	random_state = SEED;
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 5000; i++)
		put(28 + next_random() % 3000, next_random() % 50, 0);
	CHECK(q.chunks > FQCODEL_NCHUNKS / 2);
	while (take(0) >= 0)
		;
	CHECK(q.packets == 0 && q.bytes == 0 && q.chunks == 0);
	CHECK(books_balance());
	for (int i = 0; i < 16; i++)
		fqcodel_enqueue(&q, in, 65535, 0, 0);
	CHECK(q.packets == 16 && q.chunks == FQCODEL_NCHUNKS);
}

TEST(fqcodel_touches_no_more_memory_than_its_longest_queue_has)
{
	memset(q.data, 0xaa, sizeof(q.data));
	memset(q.chunk, 0xaa, sizeof(q.chunk));
	random_state = SEED;
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 10000; i++) {
		put(28 + next_random() % 1472, next_random() % 50, 0);
		while (q.packets > next_random() % 20)
			take(0);
	}
	for (unsigned c = 20 * 6; c < FQCODEL_NCHUNKS; c++) {
		CHECK(q.data[c][0] == 0xaa);
		CHECK(q.chunk[c].len == 0xaaaa);
	}
}

TEST(fqcodel_reset_leaves_nothing_to_deliver)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (uint32_t i = 0; i < 100; i++)
		put(MTU, i, 0);
	take(0);
	fqcodel_reset(&q);
	CHECK(q.packets == 0 && q.bytes == 0 && q.chunks == 0);
	CHECK(q.drops_reset == 99);
	CHECK(take(0) == -1);
	CHECK(books_balance());
	put(MTU, 5, 1);
	CHECK(take(1) == 5);
	CHECK(take(1) == -1);
}

/*
 * Packets carry their flow and a number in it. A packet that never comes out must be in the
 * counters, and one that does comes after its predecessors.
 */
TEST(fqcodel_loses_no_packet_that_it_does_not_count)
{
	for (unsigned round = 0; round < 20; round++) {
		static uint32_t sent[64], seen[64];
		uint64_t in_count = 0, out_count = 0, now = 0;

		memset(sent, 0, sizeof(sent));
		memset(seen, 0, sizeof(seen));
		random_state = SEED + round;
		fqcodel_init(&q, PACKET_IP, MTU, SEED);
		for (int i = 0; i < 4000; i++) {
			uint32_t flow = next_random() % (round % 2 ? 64 : 3);
			size_t len = 28 + next_random() % (next_random() % 16 ? 1500 : 65000);
			size_t room = next_random() % 8 ? sizeof(out) : next_random() % 2000;

			if (next_random() % 100 < 45 + round) {
				make_ipv4(in, len, flow, next_random() % 4);
				be16_store(in + 4, (uint16_t)++sent[flow]);
				fqcodel_enqueue(&q, in, len, flow, now);
				in_count++;
			} else if ((len = fqcodel_dequeue(&q, out, room, now))) {
				flow = be16_load(out + 14);
				CHECK(len <= room && len == be16_load(out + 2));
				CHECK(be16_load(out + 4) > seen[flow]);
				seen[flow] = be16_load(out + 4);
				out_count++;
			}
			now += next_random() % 2000;
			CHECK(in_count == out_count + q.drops_overflow + q.drops_codel + q.packets);
			if (i % 100 == 0)
				CHECK(books_balance());
		}
		CHECK(books_balance());
	}
}

/* ---- fair shares ---- */

TEST(fqcodel_serves_a_sparse_flow_before_a_bulk_flow)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 100; i++)
		put(MTU, 1, 0);
	CHECK(take(0) == 1);
	put(100, 2, 0);
	CHECK(take(0) == 1); /* 14 bytes were left of its first turn */
	CHECK(take(0) == 2);
	for (int i = 0; i < 10; i++) {
		CHECK(take(0) == 1);
		CHECK(take(0) == 1 || i);
	}
	put(100, 3, 0);
	CHECK(take(0) == 3);
}

TEST(fqcodel_lets_no_flow_be_new_for_ever)
{
	uint64_t bytes[2] = {0, 0};

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 2000; i++)
		put(300, 0, 0);
	/* A packet whenever the flow has just been found empty. */
	for (int i = 0; i < 1000; i++) {
		int flow = take(0);

		bytes[flow == 1] += be16_load(out + 2);
		if (flow == 0 && !q.flows[1].bytes)
			put(1400, 1, 0);
	}
	CHECK(bytes[1] > 50000 && bytes[1] <= bytes[0] + 2 * FQCODEL_QUANTUM);
}

/* How many bytes each of two flows gets that always have packets of their length. */
static void share(size_t len0, size_t len1, uint64_t bytes[2])
{
	size_t len[2] = {len0, len1};

	bytes[0] = bytes[1] = 0;
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (uint32_t i = 0; i < 6; i++)
		put(len[i % 2], i % 2, 0);
	while (bytes[0] + bytes[1] < 10000000) {
		uint32_t flow = take(0) == 1;

		bytes[flow] += len[flow];
		put(len[flow], flow, 0);
	}
}

TEST(fqcodel_shares_bytes_equally_between_packets_of_different_size)
{
	static const size_t lengths[][2] = {
		{1500, 1500}, {1500, 300}, {100, 1514}, {1500, 65000}, {28, 65535}};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint64_t bytes[2], difference;

		share(lengths[i][0], lengths[i][1], bytes);
		difference = bytes[0] > bytes[1] ? bytes[0] - bytes[1] : bytes[1] - bytes[0];
		CHECK(difference <= FQCODEL_QUANTUM + 2 * 65535);
		CHECK(difference <= 2 * FQCODEL_QUANTUM + lengths[i][0] + lengths[i][1]);
	}
}

TEST(fqcodel_overflow_drops_from_the_fattest_flow_and_spares_a_sparse_one)
{
	unsigned count[3] = {0, 0, 0};

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 100; i++)
		put(MTU, 1, 0);
	put(200, 2, 0);
	for (int i = 0; i < 10000; i++)
		put(MTU, 0, 0);
	CHECK(q.drops_overflow > 9000);
	CHECK(q.bytes > 900 * 1000);
	for (int flow; (flow = take(0)) >= 0;)
		count[flow % 3]++;
	CHECK(count[1] == 100);
	CHECK(count[2] == 1);
	CHECK(count[0] + q.drops_overflow == 10000);
}

TEST(fqcodel_overflow_drops_the_oldest_of_a_flow)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (unsigned i = 0; i < 1000; i++) {
		make_ipv4(in, MTU, i, NOT_ECT);
		fqcodel_enqueue(&q, in, MTU, 0, 0);
	}
	for (unsigned i = (unsigned)q.drops_overflow; i < 1000; i++)
		CHECK(take(0) == (int)i);
}

TEST(fqcodel_overflow_takes_at_most_half_of_a_flow_of_few_packets)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (uint32_t i = 0; i < 100; i++)
		put(10000, i % 5, 0);
	CHECK(q.drops_overflow == 0);
	for (uint32_t i = 0; i < 3; i++)
		put(10000, 9, 0);
	CHECK(q.drops_overflow == 10 && q.flows[0].bytes == 10 * 10000);
}

TEST(fqcodel_overflow_charges_small_packets_for_the_memory_they_hold)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 200; i++)
		put(MTU, 1, 0);
	for (int i = 0; i < 20000; i++)
		put(28, 0, 0);
	CHECK(q.flows[1].bytes == 200 * MTU);
}

TEST(fqcodel_takes_a_packet_of_a_new_flow_however_full_it_is)
{
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (uint32_t i = 0; i < 5000; i++)
		put(28, i, 0);
	for (uint32_t i = 0; i < 20; i++) {
		fqcodel_enqueue(&q, in, 65535, i, 0);
		CHECK(q.flows[i].bytes >= 65535);
		CHECK(q.chunk[q.flows[i].last].len == 65535);
	}
	CHECK(books_balance());
}

/* ---- CoDel ---- */

TEST(fqcodel_step_is_the_interval_over_the_root_of_the_count)
{
	static const uint32_t large[] = {65535, 65536, 1000000, 0x7fffffff, UINT32_MAX};
	const uint64_t square = 10000000000ull;

	CHECK(fqcodel_step_us(1) == 100000);
	CHECK(fqcodel_step_us(2) == 70710);
	CHECK(fqcodel_step_us(4) == 50000);
	CHECK(fqcodel_step_us(100) == 10000);
	for (uint64_t n = 1; n < 20000; n++) {
		uint64_t step = fqcodel_step_us((uint32_t)n);

		CHECK(step * step * n <= square && (step + 1) * (step + 1) * n > square);
	}
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		uint64_t step = fqcodel_step_us(large[i]);

		CHECK(step > 0 && (step + 1) * (step + 1) > square / large[i]);
	}
}

/*
 * A flow that never slows down, on a link that sends a packet a millisecond: the wait is about 100
 * ms throughout. Return: how many signals there were by then; their times, from the start, in @at.
 */
static unsigned overload(enum ecn ecn, unsigned ms, uint64_t *at, unsigned max)
{
	unsigned n = 0;
	uint64_t now = 0;

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	make_ipv4(in, MTU, 1, ecn);
	for (unsigned i = 0; i < ms; i++, now += 1000) {
		while (q.packets < 101)
			fqcodel_enqueue(&q, in, MTU, 1, now > 100000 ? now - 100000 : 0);
		CHECK(fqcodel_dequeue(&q, out, sizeof(out), now) == MTU);
		while (n < max && n < q.drops_codel + q.marks)
			at[n++] = now;
	}
	return n;
}

TEST(fqcodel_signals_after_an_interval_above_target_and_then_sooner_and_sooner)
{
	uint64_t at[20], due;

	CHECK(overload(NOT_ECT, 2000, at, 20) == 20);
	/* Above target from 5 ms on, for an interval. */
	CHECK(at[0] == 105000);
	due = at[0];
	for (unsigned i = 1; i < 20; i++) {
		due += fqcodel_step_us(i);
		CHECK(at[i] >= due && at[i] < due + 1000);
	}
}

TEST(fqcodel_leaves_waits_below_target_alone)
{
	uint64_t now = 0;

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 20; i++)
		put(MTU, 1, now);
	for (int i = 0; i < 2000; i++, now += 200) {
		CHECK(take(now) == 1);
		put(MTU, 1, now);
	}
	CHECK(q.drops_codel == 0);
}

TEST(fqcodel_never_drops_the_last_packet_of_a_flow)
{
	uint64_t now = 0;

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 100; i++, now += 1000000) {
		put(MTU, 1, now);
		put(MTU, 1, now);
		CHECK(take(now + 500000) == 1);
		CHECK(take(now + 900000) == 1);
	}
	CHECK(q.drops_codel == 0);
}

TEST(fqcodel_counts_on_when_overload_returns_soon)
{
	uint64_t at[20], now = 1000000, drops;

	overload(NOT_ECT, 1000, at, 20);
	drops = q.flows[1].count;
	CHECK(drops > 10);
	while (take(now) >= 0)
		;
	for (int i = 0; i < 200; i++)
		put(MTU, 1, now);
	take(now += 10000);
	take(now += 100000);
	CHECK(q.flows[1].is_dropping);
	CHECK(q.flows[1].count >= drops - 2 && q.flows[1].count <= drops);

	now += 20 * FQCODEL_INTERVAL_US;
	fqcodel_reset(&q);
	for (int i = 0; i < 200; i++)
		put(MTU, 1, now);
	take(now += 10000);
	take(now += 100000);
	CHECK(q.flows[1].is_dropping && q.flows[1].count == 1);
}

TEST(fqcodel_does_not_empty_a_flow_after_a_long_gap)
{
	uint64_t at[20], drops;

	overload(NOT_ECT, 1000, at, 20);
	CHECK(q.flows[1].is_dropping);
	drops = q.drops_codel;
	CHECK(take(3600ull * 1000000) == 1);
	CHECK(q.drops_codel - drops >= 1);
	CHECK(q.drops_codel - drops <= 6);
}

TEST(fqcodel_bears_time_that_stands_still_or_steps_back)
{
	uint64_t at[20];

	overload(NOT_ECT, 1000, at, 20);
	for (int i = 0; i < 50; i++)
		take(5);
	CHECK(fqcodel_dequeue(&q, out, sizeof(out), 0) == MTU);
	CHECK(books_balance());

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 600; i++)
		put(MTU, 1, 10000000);
	for (unsigned i = 0; i < 600; i++)
		CHECK(take(9000000 + i * 1000) == 1);
	CHECK(q.drops_codel == 0 && fqcodel_sojourn_us(&q, 10000000) == 0);

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (int i = 0; i < 600; i++)
		put(MTU, 1, 7);
	for (int i = 0; i < 600; i++)
		CHECK(take(7) == 1);
	CHECK(q.drops_codel + q.drops_overflow == 0);
	/* the ends of the range */
	put(MTU, 1, UINT64_MAX);
	put(MTU, 1, 0);
	put(MTU, 1, UINT64_MAX);
	CHECK(take(0) == 1);
	CHECK(take(UINT64_MAX) == 1);
	CHECK(take(UINT64_MAX) == 1);
}

TEST(fqcodel_marks_ect_packets_and_drops_none)
{
	uint64_t at[20];
	unsigned marked = 0;

	for (enum ecn ecn = ECT1; ecn <= CE; ecn++) {
		CHECK(overload(ecn, 2000, at, 20) == 20);
		CHECK(q.drops_codel == 0);
	}
	/* Each that comes out is intact but for its mark. */
	random_state = SEED;
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (unsigned i = 0; i < 600; i++) {
		make_ipv4(in, MTU, 1, i % 2 ? ECT0 : ECT1);
		fqcodel_enqueue(&q, in, MTU, 1, 0);
	}
	for (unsigned i = 0; i < 600; i++) {
		CHECK(fqcodel_dequeue(&q, out, sizeof(out), 50000 + i * 1000) == MTU);
		CHECK(header_sum(out) == 0xffff);
		CHECK((out[1] & 0xfc) == 0xb8);
		if ((out[1] & 3) == CE)
			marked++;
		else
			CHECK((out[1] & 3) == (i % 2 ? ECT0 : ECT1));
	}
	CHECK(marked > 4 && marked == q.marks);
}

/* The second of some packets like @in, after an interval above target: it is marked, or gone. */
static size_t second_of_old_queue(enum packet_kind kind, size_t len)
{
	fqcodel_init(&q, kind, 0, SEED);
	for (int i = 0; i < 4; i++)
		fqcodel_enqueue(&q, in, len, 1, 0);
	fqcodel_dequeue(&q, out, sizeof(out), 10000);
	return fqcodel_dequeue(&q, out, sizeof(out), 110000);
}

TEST(fqcodel_marks_with_the_right_checksum_for_every_header)
{
	random_state = SEED;
	make_ipv4(in, 100, 1, ECT0);
	for (uint32_t id = 0; id < 65536; id += 7) {
		in[1] = id % 2 ? 0xfd : 0xfe;
		be16_store(in + 4, (uint16_t)id);
		be16_store(in + 10, 0);
		be16_store(in + 10, (uint16_t)~header_sum(in));
		CHECK(second_of_old_queue(PACKET_IP, 100) == 100);
		CHECK(out[1] == 0xff && header_sum(out) == 0xffff);
	}
}

TEST(fqcodel_marks_the_ipv6_traffic_class)
{
	for (enum ecn ecn = ECT1; ecn <= CE; ecn++) {
		make_ipv6(in, MTU, 17, ecn);
		CHECK(second_of_old_queue(PACKET_IP, MTU) == MTU);
		CHECK(q.marks == 1 && q.drops_codel == 0);
		CHECK(out[0] == 0x6b && out[1] == (0x80 | 3 << 4 | 0x5));
		CHECK(memcmp(out + 2, in + 2, MTU - 2) == 0);
	}
	make_ipv6(in, MTU, 17, NOT_ECT);
	second_of_old_queue(PACKET_IP, MTU);
	CHECK(q.marks == 0 && q.drops_codel == 1);
}

TEST(fqcodel_marks_inside_ethernet_frames_and_vlan_tags)
{
	for (size_t tags = 0; tags < 3; tags++) {
		size_t at = 14 + 4 * tags;

		memset(in, 0x55, at);
		for (size_t i = 0; i < tags; i++)
			be16_store(in + 12 + 4 * i, i ? 0x8100 : 0x88a8);
		be16_store(in + at - 2, 0x0800);
		make_ipv4(in + at, 1400, 1, ECT0);
		CHECK(second_of_old_queue(PACKET_ETHER, at + 1400) == at + 1400);
		CHECK(q.marks == 1 && q.drops_codel == 0);
		CHECK((out[at + 1] & 3) == CE && header_sum(out + at) == 0xffff);
		CHECK(memcmp(in, out, at) == 0);
	}
	be16_store(in + 12, 0x0806);
	second_of_old_queue(PACKET_ETHER, 1400);
	CHECK(q.marks == 0 && q.drops_codel == 1);
}

TEST(fqcodel_drops_what_is_too_short_to_be_marked)
{
	for (size_t len = 1; len < 40; len++) {
		memset(in, 0, 40);
		in[0] = len < 20 ? 0x45 : 0x60;
		in[1] = 0xff;
		second_of_old_queue(PACKET_IP, len);
		CHECK(q.marks == 0 && q.drops_codel == 1);
	}
}

TEST(fqcodel_tells_how_long_packets_wait)
{
	uint64_t now = 0;

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	CHECK(fqcodel_sojourn_us(&q, now) == 0);
	for (int i = 0; i < 100; i++, now += 10000) {
		put(MTU, 1, now);
		take(now + 3000);
	}
	CHECK(fqcodel_sojourn_us(&q, now) > 2900 && fqcodel_sojourn_us(&q, now) <= 3000);
	CHECK(fqcodel_sojourn_us(&q, now + 2000000) == 0);
}

/* ---- one TCP-like sender on a link of 20 Mbit/s, round trip 20 ms ---- */

#define LINK_PACKET_US 600 /* 1500 bytes */
#define RTT_US	       20000
#define WINDOW_MAX     4096

/* Additive increase, multiplicative decrease, slow start. Numbers are packets. */
struct sender {
	enum ecn ecn;
	double window;
	int slow_start;
	uint32_t next, in_flight;
	uint32_t expected; /* by the receiver */
	uint32_t recover;  /* no second decrease before this one arrives */
	uint64_t enqueued_us[WINDOW_MAX];
};

static void sender_send(struct sender *s, uint64_t now)
{
	for (; s->in_flight < s->window; s->in_flight++, s->next++) {
		make_ipv4(in, MTU, 1, s->ecn);
		in[28] = (uint8_t)(s->next >> 24);
		in[29] = (uint8_t)(s->next >> 16);
		be16_store(in + 30, (uint16_t)s->next);
		s->enqueued_us[s->next % WINDOW_MAX] = now;
		fqcodel_enqueue(&q, in, MTU, 1, now);
	}
}

static void sender_acknowledge(struct sender *s, uint32_t number, int is_ce)
{
	uint32_t lost = number - s->expected;

	s->in_flight -= lost + 1;
	s->expected = number + 1;
	if (lost || is_ce) {
		if (number < s->recover)
			return;
		s->slow_start = 0;
		s->window = s->window / 2 < 2 ? 2 : s->window / 2;
		s->recover = s->next;
	} else {
		s->window += s->slow_start ? 1 : 1 / s->window;
	}
	if (s->window > WINDOW_MAX / 2)
		s->window = WINDOW_MAX / 2;
}

struct outcome {
	uint64_t mean_us, worst_us; /* waits of the bulk flow, after five seconds */
	uint64_t sparse_worst_us;   /* waits of a packet each 20 ms, all the time */
	unsigned percent;	    /* of the link used, after five seconds */
};

static struct outcome simulate(enum ecn ecn)
{
	struct ack {
		uint64_t at;
		uint32_t number;
		int is_ce;
	};
	static struct ack acks[WINDOW_MAX];
	static struct sender s;
	struct outcome result = {0};
	unsigned first_ack = 0, last_ack = 0;
	uint64_t sum = 0, n = 0, sparse_at = 0, now;

	memset(&s, 0, sizeof(s));
	s.ecn = ecn;
	s.window = 10;
	s.slow_start = 1;
	random_state = SEED;
	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	for (now = 0; now < 20000000; now += LINK_PACKET_US) {
		while (first_ack != last_ack && acks[first_ack % WINDOW_MAX].at <= now) {
			struct ack *a = &acks[first_ack++ % WINDOW_MAX];

			sender_acknowledge(&s, a->number, a->is_ce);
		}
		sender_send(&s, now);
		if (now >= sparse_at + 20000) {
			put(100, 2, now);
			sparse_at = now;
		}
		if (!fqcodel_dequeue(&q, out, sizeof(out), now))
			continue;
		if (be16_load(out + 14) == 2) {
			if (now - sparse_at > result.sparse_worst_us)
				result.sparse_worst_us = now - sparse_at;
			continue;
		}
		uint32_t number = (uint32_t)be16_load(out + 28) << 16 | be16_load(out + 30);
		uint64_t wait = now - s.enqueued_us[number % WINDOW_MAX];

		acks[last_ack++ % WINDOW_MAX] =
			(struct ack){now + RTT_US, number, (out[1] & 3) == CE};
		if (now < 5000000)
			continue;
		n++;
		sum += wait;
		if (wait > result.worst_us)
			result.worst_us = wait;
	}
	result.mean_us = sum / n;
	result.percent = (unsigned)(n * LINK_PACKET_US * 100 / (now - 5000000));
	return result;
}

TEST(fqcodel_holds_a_bulk_flow_to_about_the_target_by_drops)
{
	struct outcome o = simulate(NOT_ECT);

	CHECK(o.mean_us < 10000);
	CHECK(o.worst_us < 25000);
	CHECK(o.sparse_worst_us <= 2 * LINK_PACKET_US);
	CHECK(o.percent >= 85);
	CHECK(q.marks == 0 && q.drops_codel > 0);
}

TEST(fqcodel_holds_a_bulk_flow_to_about_the_target_by_marks_alone)
{
	struct outcome o = simulate(ECT0);

	CHECK(o.mean_us < 10000);
	CHECK(o.worst_us < 25000);
	CHECK(o.sparse_worst_us <= 2 * LINK_PACKET_US);
	CHECK(o.percent >= 85);
	CHECK(q.marks > 0 && q.drops_codel == 0 && q.drops_overflow == 0);
}

/* ---- which flow? ---- */

TEST(fqcodel_hash_tells_flows_apart_by_addresses_protocol_and_ports)
{
	static const size_t fields[] = {9, 12, 15, 16, 19, 20, 21, 22, 23};
	uint32_t hash;

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	make_ipv4(in, 100, 1, NOT_ECT);
	in[9] = 6;
	hash = fqcodel_hash(&q, in, 100);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		in[fields[i]] ^= 1;
		CHECK(fqcodel_hash(&q, in, 100) != hash);
		in[fields[i]] ^= 1;
	}
	/* but not by what changes inside a flow */
	in[1] = in[4] = in[8] = in[10] = in[24] = in[50] = 0xff;
	CHECK(fqcodel_hash(&q, in, 100) == hash);
}

TEST(fqcodel_hash_keeps_fragments_together)
{
	uint32_t hash;

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	make_ipv4(in, 100, 1, NOT_ECT);
	in[6] = 0x20; /* the first of several */
	hash = fqcodel_hash(&q, in, 100);
	in[7] = 100;
	in[20] = 77;
	CHECK(fqcodel_hash(&q, in, 100) == hash);
	in[6] = 0;
	CHECK(fqcodel_hash(&q, in, 100) == hash);
	in[6] = 0x40; /* do not fragment: no fragment */
	in[7] = 0;
	CHECK(fqcodel_hash(&q, in, 100) != hash);

	make_ipv6(in, 100, 44, NOT_ECT);
	in[40] = 17;
	in[43] = 1;
	hash = fqcodel_hash(&q, in, 100);
	in[42] = 100;
	in[49] = 77;
	CHECK(fqcodel_hash(&q, in, 100) == hash);
}

TEST(fqcodel_hash_skips_ipv4_options_and_ipv6_extension_headers)
{
	uint32_t plain, other;

	fqcodel_init(&q, PACKET_IP, MTU, SEED);
	make_ipv4(in, 100, 1, NOT_ECT);
	plain = fqcodel_hash(&q, in, 100);
	memmove(in + 24, in + 20, 8);
	in[0] = 0x46;
	CHECK(fqcodel_hash(&q, in, 100) == plain);

	make_ipv6(in, 200, 17, NOT_ECT);
	in[41] = 5;
	plain = fqcodel_hash(&q, in, 200);
	in[41] = 6;
	other = fqcodel_hash(&q, in, 200);
	CHECK(plain != other);

	/* hop-by-hop of 8, routing of 16, destination options of 8 bytes */
	make_ipv6(in, 200, 0, NOT_ECT);
	in[40] = 43;
	in[48] = 60;
	in[49] = 1;
	in[64] = 17;
	in[73] = 5;
	CHECK(fqcodel_hash(&q, in, 200) == plain);
	in[73] = 6;
	CHECK(fqcodel_hash(&q, in, 200) == other);
}

TEST(fqcodel_hash_of_a_frame_looks_behind_its_vlan_tags)
{
	uint32_t hash;

	fqcodel_init(&q, PACKET_ETHER, MTU + 14, SEED);
	memset(in, 0, 30);
	be16_store(in + 12, 0x0800);
	make_ipv4(in + 14, 100, 1, NOT_ECT);
	hash = fqcodel_hash(&q, in, 114);
	be16_store(in + 12, 0x8100);
	be16_store(in + 14, 5);
	be16_store(in + 16, 0x0800);
	make_ipv4(in + 18, 100, 1, NOT_ECT);
	CHECK(fqcodel_hash(&q, in, 118) == hash);
	in[18 + 23] ^= 1;
	CHECK(fqcodel_hash(&q, in, 118) != hash);

	be16_store(in + 12, 0x0806);
	hash = fqcodel_hash(&q, in, 42);
	in[11] ^= 1;
	CHECK(fqcodel_hash(&q, in, 42) != hash);
}

TEST(fqcodel_hash_spreads_flows_evenly_and_differently_for_each_seed)
{
	static unsigned load[FQCODEL_NFLOWS];
	static uint32_t colliding[FQCODEL_NFLOWS * 4];
	unsigned ncolliding = 0, most = 0, n = 0;

	make_ipv4(in, 100, 1, NOT_ECT);
	memset(load, 0, sizeof(load));
	fqcodel_init(&q, PACKET_IP, MTU, 1);
	for (uint32_t port = 0; port < 65536; port++) {
		uint32_t flow;

		be16_store(in + 20, (uint16_t)port);
		flow = fqcodel_hash(&q, in, 100) % FQCODEL_NFLOWS;
		load[flow]++;
		if (flow == 0 && ncolliding < sizeof(colliding) / sizeof(colliding[0]))
			colliding[ncolliding++] = port;
	}
	/* 64 on average */
	for (unsigned i = 0; i < FQCODEL_NFLOWS; i++)
		most = load[i] > most ? load[i] : most;
	CHECK(most < 160);
	CHECK(ncolliding > 16);

	/* Who has found collisions for one seed has none for the next. */
	fqcodel_init(&q, PACKET_IP, MTU, 2);
	memset(load, 0, sizeof(load));
	for (unsigned i = 0; i < ncolliding; i++) {
		be16_store(in + 20, (uint16_t)colliding[i]);
		n += !load[fqcodel_hash(&q, in, 100) % FQCODEL_NFLOWS]++;
	}
	CHECK(n > ncolliding / 2);
}

/* With the address sanitizer, a read beyond the copy of exactly @len bytes is caught. */
TEST(fqcodel_hash_bears_garbage_of_any_length)
{
	static const uint16_t types[] = {0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806};
	static const uint8_t nexts[] = {0, 43, 44, 51, 60, 6, 17, 59};

	random_state = SEED;
	for (int i = 0; i < 20000; i++) {
		size_t len = next_random() % 120;
		uint8_t *copy = malloc(len ? len : 1);
		uint32_t hash;

		for (size_t k = 0; k < 120; k++)
			in[k] = (uint8_t)next_random();
		if (i % 2) {
			be16_store(in + 12, types[next_random() % 5]);
			be16_store(in + 16, types[next_random() % 5]);
			in[14] = in[18] = (uint8_t)(i % 4 == 1 ? 0x45 : 0x60);
		} else {
			in[0] = (uint8_t)(i % 4 ? 0x40 | (in[0] & 15) : 0x60);
		}
		if (i % 3)
			memset(in + (i % 2 ? 14 : 0) + 6, 0, 2); /* no fragment */
		in[i % 2 ? 14 + 9 : 9] = nexts[next_random() % 8];
		for (size_t k = 24; k < 120; k += 4)
			in[k] = nexts[next_random() % 8];
		memcpy(copy, in, len);
		fqcodel_init(&q, i % 2 ? PACKET_ETHER : PACKET_IP, MTU, SEED);
		hash = fqcodel_hash(&q, copy, len);
		CHECK(hash == fqcodel_hash(&q, in, len));
		free(copy);
	}
}
