/* SPDX-License-Identifier: MIT */
/* A model of two keyed ends that talk at random and must lose nothing. */
#include "keyed_ends.h"

/* ---- no key ever seals two records with one nonce ---- */

#define USED_MAX 4096

static struct {
	uint8_t key[NOISE_KEY_LEN];
	uint64_t next; /* the first nonce that was not used with it */
} used[USED_MAX];
static size_t nused;

static size_t find_used(const uint8_t *key)
{
	size_t i = nused;

	/* the latest are looked for most often */
	while (i > 0 && memcmp(used[i - 1].key, key, NOISE_KEY_LEN) != 0)
		i--;
	if (i > 0)
		return i - 1;
	CHECK(nused < USED_MAX);
	if (nused == USED_MAX)
		nused = 0;
	memcpy(used[nused].key, key, NOISE_KEY_LEN);
	used[nused].next = 0;
	return nused++;
}

/*
 * The nonces of a key only grow, so it takes one number to know all that were used. An ephemeral
 * key is used once: like one whose only nonce is 0.
 */
static void note_use(const uint8_t *key, uint64_t nonce)
{
	const size_t i = find_used(key);

	CHECK(nonce >= used[i].next);
	used[i].next = nonce + 1;
}

/* ---- the model: two ends and the bytes between them ---- */

#define QUEUE_SIZE (1 << 18)

struct end {
	struct keyed k;
	/* what the other end has sent: [begin, arrived) can be read, [arrived, end) is under way */
	uint8_t in[QUEUE_SIZE];
	size_t begin, arrived, end;
	uint64_t packets_out, packets_in;
};

static struct model {
	struct end end[2];
	uint64_t now_us, seed;
	size_t packet_max;
	unsigned handshakes, rekeys, count_rekeys, closes;
	uint8_t record[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
} model;

static uint32_t pick(struct model *m, uint32_t below)
{
	return random_next(&m->seed) % below;
}

/* Which packet this is, each end's Nth, says what is in it. */
static void make_packet(uint8_t *out, size_t len, enum noise_role from, uint64_t n)
{
	uint64_t seed = n * 2 + from;
	const size_t some = len < 64 ? len : 64;

	random_bytes(&seed, out, some);
	memset(out + some, (int)(seed >> 56), len - some);
}

static void check_packet(struct end *e, const uint8_t *packet, size_t len)
{
	static uint8_t want[FRAME_KEYED_PACKET_MAX];

	CHECK(len >= 1 && len <= FRAME_KEYED_PACKET_MAX);
	make_packet(want, len, !e->k.role, e->packets_in++);
	CHECK(!memcmp(packet, want, len));
}

static void send_bytes(struct end *to, const uint8_t *bytes, size_t len)
{
	if (to->end + len > QUEUE_SIZE) {
		memmove(to->in, to->in + to->begin, to->end - to->begin);
		to->arrived -= to->begin;
		to->end -= to->begin;
		to->begin = 0;
	}
	CHECK(to->end + len <= QUEUE_SIZE);
	memcpy(to->in + to->end, bytes, len);
	to->end += len;
}

/* The record that was just made. Keys change behind it by what is in it, or by its number. */
static void send_record(struct model *m, enum noise_role from, const struct noise_cipher *was,
			size_t total)
{
	static uint8_t plain[FRAME_PAYLOAD_MAX];
	const struct noise_cipher *is = &m->end[from].k.send;
	const bool counts = (was->counter + 1) % KEYED_REKEY_RECORDS == 0;
	uint8_t type = NO_ITEM;
	bool is_switch;

	note_use(was->key, was->counter);
	if (unseal(was, m->record, total, plain) && !be16_load(plain))
		type = plain[FRAME_HEADER_LEN];
	is_switch = type == ITEM_REKEY2 || type == ITEM_SWITCH;
	CHECK((memcmp(was->key, is->key, NOISE_KEY_LEN) != 0) == (is_switch || counts));
	CHECK(is->counter == (is_switch ? 0 : was->counter + 1));
	if (type == ITEM_REKEY1 || type == ITEM_REKEY2)
		note_use(plain + KEYED_ITEM_HEADER_LEN, 0);
	m->rekeys += type == ITEM_REKEY1;
	m->count_rekeys += counts && !is_switch;
	send_bytes(&m->end[!from], m->record, total);
}

static void send_items(struct model *m, enum noise_role from)
{
	struct keyed *k = &m->end[from].k;
	unsigned n = 0;

	for (; n < 3; n++) {
		const struct noise_cipher was = k->send;
		const bool is_due = keyed_due_at_us(k) <= m->now_us;
		const size_t total = keyed_write_item(k, m->record, m->now_us);

		CHECK(is_due == (total > 0));
		if (!total)
			break;
		CHECK(total <= KEYED_ITEM_RECORD_MAX);
		send_record(m, from, &was, total);
	}
	CHECK(n < 3); /* it does not go on for ever */
}

/* A record of a few packets. */
static void send_packets(struct model *m, enum noise_role from)
{
	struct end *e = &m->end[from];
	const struct noise_cipher was = e->k.send;
	uint8_t *plain = m->record + FRAME_HEADER_LEN;
	size_t at = 0, len;

	do {
		len = 1 + pick(m, (uint32_t)m->packet_max);
		if (pick(m, 200) == 0)
			len = FRAME_KEYED_PACKET_MAX - pick(m, 3);
		if (at + FRAME_HEADER_LEN + len > KEYED_PLAIN_MAX)
			break;
		frame_header_store(plain + at, len);
		make_packet(plain + at + FRAME_HEADER_LEN, len, from, e->packets_out++);
		at += FRAME_HEADER_LEN + len;
	} while (pick(m, 3));
	send_record(m, from, &was, keyed_seal(&e->k, m->record, at, m->now_us));
}

/* Room for a few records of any length. */
static bool has_room(const struct end *to)
{
	return to->end - to->begin + 3 * FRAME_PAYLOAD_MAX <= QUEUE_SIZE;
}

static void send_something(struct model *m, enum noise_role from)
{
	struct end *e = &m->end[from];
	uint8_t hello[HELLO_FRAME];

	if (e->k.state == (from == CLIENT ? KEYED_START : KEYED_GREETED)) {
		CHECK(keyed_write_hello(&e->k, hello));
		note_use(hello + FRAME_HEADER_LEN + 1, 0);
		send_bytes(&m->end[!from], hello, sizeof(hello));
	}
	if (e->k.state != KEYED_OPEN || !has_room(&m->end[!from]))
		return;
	/* a client begins with its confirmation; later, items may be late */
	if (e->k.confirm_due || pick(m, 2))
		send_items(m, from);
	if (pick(m, 2))
		send_packets(m, from);
}

static void take_record(struct model *m, struct end *e, uint8_t *payload, size_t len)
{
	const uint8_t *packet;
	struct keyed_plain plain;
	enum keyed_got got;
	size_t packet_len;

	CHECK(keyed_open(&e->k, payload, len, m->now_us, &plain));
	if (e->k.state != KEYED_OPEN)
		return;
	while ((got = keyed_next(&e->k, &plain, &packet, &packet_len)) == KEYED_PACKET)
		check_packet(e, packet, packet_len);
	CHECK(got == KEYED_NO_MORE || (got == KEYED_ENDED && e->k.state == KEYED_CLOSED));
}

static bool take_frame(struct model *m, struct end *e)
{
	const bool expects_hello =
		e->k.state == (e->k.role == CLIENT ? KEYED_GREETED : KEYED_START);
	uint8_t *bytes = e->in + e->begin;
	const uint8_t *payload;
	size_t len, consumed;

	if (expects_hello)
		CHECK(keyed_glance(&e->k, bytes, e->arrived - e->begin));
	consumed = frame_next(bytes, e->arrived - e->begin, &payload, &len);
	if (!consumed || e->k.state == KEYED_OVER)
		return false;
	bytes += FRAME_HEADER_LEN;
	if (expects_hello)
		CHECK(keyed_read_hello(&e->k, bytes, len, m->now_us));
	else if (e->k.state == KEYED_AGREED)
		CHECK(keyed_read_confirm(&e->k, bytes, len, m->now_us));
	else
		take_record(m, e, bytes, len);
	e->begin += consumed;
	return true;
}

static void take_all(struct model *m, struct end *e)
{
	e->arrived = e->end;
	while (take_frame(m, e))
		;
}

static void take_something(struct model *m, struct end *e)
{
	size_t under_way = e->end - e->arrived;

	if (pick(m, 4))
		under_way = under_way ? pick(m, (uint32_t)under_way + 1) : 0;
	if (pick(m, 8) == 0 && under_way > 3)
		under_way = 1 + pick(m, 3);
	e->arrived += under_way;
	while (take_frame(m, e))
		;
}

/* A new connection: what was under way in the old one is lost with it. */
static void connect_ends(struct model *m)
{
	for (unsigned i = 0; i < 2; i++) {
		struct end *e = &m->end[i];

		keyed_wipe(&e->k);
		keyed_init(&e->k, i, psk, &facts[i], roll);
		e->begin = e->arrived = e->end = 0;
		e->packets_in = m->end[!i].packets_out;
	}
	m->handshakes++;
}

/*
 * Put the next change of keys by count near: as if so many records had passed. Only where none is
 * under way, and only forward, so that the nonces of a key still grow.
 */
static void approach_count(struct model *m, enum noise_role from)
{
	struct keyed *k = &m->end[from].k, *to = &m->end[!from].k;
	const struct end *in = &m->end[!from];
	const uint64_t counter =
		(k->send.counter / KEYED_REKEY_RECORDS + 1) * KEYED_REKEY_RECORDS - 1 - pick(m, 5);

	if (k->state != KEYED_OPEN || to->state != KEYED_OPEN || in->begin != in->end ||
	    k->send.counter >= counter)
		return;
	CHECK(k->send.counter == to->receive.counter);
	k->send.counter = to->receive.counter = counter;
}

static void model_step(struct model *m)
{
	m->now_us += pick(m, 20000);
	if (pick(m, 40) == 0)
		m->now_us += pick(m, 250) * KEYED_REKEY_US / 180;
	for (unsigned i = 0; i < 2; i++) {
		if (pick(m, 3))
			send_something(m, i);
		if (pick(m, 3))
			take_something(m, &m->end[i]);
		if (pick(m, 30) == 0)
			approach_count(m, i);
	}
}

static void model_begin(struct model *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->seed = dice = seed;
	m->packet_max = 1500;
	nused = 0;
	connect_ends(m);
}

/* Deliver and answer until nothing is under way, and see that nothing is missing. */
static void model_settle(struct model *m)
{
	const struct end *client = &m->end[CLIENT], *server = &m->end[SERVER];

	for (unsigned turn = 0; turn < 40; turn++) {
		take_all(m, &m->end[turn % 2]);
		if (m->end[turn % 2].k.state == KEYED_OPEN)
			send_items(m, (turn % 2));
	}
	CHECK(client->begin == client->end && client->packets_in == server->packets_out);
	CHECK(server->begin == server->end && server->packets_in == client->packets_out);
	CHECK(client->k.rekey == KEYED_REKEY_NONE && server->k.rekey == KEYED_REKEY_NONE);
	CHECK(client->k.rekeys == server->k.rekeys);
	CHECK(!memcmp(client->k.hash, server->k.hash, NOISE_HASH_LEN));
}

/* The states of both ends agree at any time on who has failed: nobody. */
static int model_is_well(const struct model *m)
{
	return !m->end[0].k.fault && !m->end[1].k.fault;
}

static int model_is_open(const struct model *m)
{
	return m->end[0].k.state == KEYED_OPEN && m->end[1].k.state == KEYED_OPEN;
}

/* One end closes in the middle of all: what it has sent before still comes, all of it. */
static void model_close(struct model *m, enum noise_role from)
{
	const struct end *e = &m->end[from], *to = &m->end[!from];

	if (!model_is_open(m) || !has_room(to))
		return;
	keyed_close(&m->end[from].k, KEYED_CLOSE_END);
	send_items(m, from);
	take_all(m, &m->end[!from]);
	CHECK(e->k.state == KEYED_CLOSED && to->k.state == KEYED_CLOSED);
	CHECK(to->begin == to->end && to->packets_in == e->packets_out);
	m->closes++;
}

TEST(keyed_two_ends_lose_nothing_whatever_the_order_of_events)
{
	unsigned handshakes = 0, rekeys = 0, count_rekeys = 0, closes = 0;

	for (uint64_t seed = 1; seed <= 150; seed++) {
		struct model *m = &model;

		model_begin(m, seed);
		if (seed % 4 == 0)
			m->packet_max = 20; /* more records */
		for (int i = 0; i < 600 && model_is_well(m); i++) {
			model_step(m);
			if (pick(m, 150))
				continue;
			if (pick(m, 2))
				model_settle(m);
			if (pick(m, 2))
				model_close(m, pick(m, 2));
			connect_ends(m);
		}
		if (model_is_well(m))
			model_settle(m);
		if (!model_is_well(m)) {
			fprintf(stderr, "\tseed %u: client %s; server %s\n", (unsigned)seed,
				keyed_fault_text(m->end[0].k.fault),
				keyed_fault_text(m->end[1].k.fault));
			CHECK(model_is_well(m));
			break;
		}
		handshakes += m->handshakes;
		rekeys += m->rekeys;
		count_rekeys += m->count_rekeys;
		closes += m->closes;
	}
	/* that it was a test at all */
	CHECK(handshakes > 500 && rekeys > 500 && count_rekeys > 500 && closes > 100);
}

/* Without a trick, one way more than the other, with new handshakes between. */
TEST(keyed_keys_change_by_count_in_both_directions)
{
	static const unsigned nrecords[2] = {2 * KEYED_REKEY_RECORDS + 9, KEYED_REKEY_RECORDS + 9};
	struct model *m = &model;

	for (int with_handshakes = 0; with_handshakes < 2; with_handshakes++) {
		model_begin(m, 99);
		m->packet_max = 1;
		for (unsigned i = 0; i < 1000 && !model_is_open(m); i++) {
			send_something(m, (i % 2));
			take_something(m, &m->end[!(i % 2)]);
		}
		CHECK(model_is_open(m));
		model_settle(m);
		m->rekeys = m->count_rekeys = 0;
		for (unsigned i = 0; i < nrecords[0] && model_is_well(m); i++) {
			/* the one at two thirds */
			if (with_handshakes)
				m->now_us += KEYED_REKEY_US * 3 / 2 / nrecords[0];
			for (unsigned from = 0; from < 2; from++) {
				struct end *to = &m->end[!from];

				if (i < nrecords[from])
					send_packets(m, from);
				if (i % 3 == 0)
					send_items(m, from);
				if (i % 16 == 15 || i + 1 == nrecords[0])
					to->arrived = to->end;
				while (take_frame(m, to))
					;
			}
		}
		model_settle(m);
		CHECK(model_is_well(m));
		/* a new handshake's keys begin to count anew: the third change never comes */
		CHECK(m->rekeys == (with_handshakes ? 1 : 0));
		CHECK(m->count_rekeys == (with_handshakes ? 2 : 3));
	}
}
