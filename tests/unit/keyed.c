/* SPDX-License-Identifier: MIT */
/* A keyed connection step by step: all that must not be believed, and the wire to the byte. */
#include <stdlib.h>

#include "keyed_ends.h"

#define CONFIRM_FRAME (FRAME_HEADER_LEN + KEYED_CONFIRM_LEN)
#define RECORD_LEN    (FRAME_HEADER_LEN + sizeof(packet_frame) + NOISE_TAG_LEN)
#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))

static const uint8_t packet_frame[] = {0, 5, 0x45, 'h', 'e', 'r', 'e'};

static int is_zero(const void *p, size_t len)
{
	const uint8_t *bytes = p;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum |= bytes[i];
	return !sum;
}

static void flip(uint8_t *bytes, size_t bit)
{
	bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

/* It has ended with this fault, and nothing else can be read from it. */
static int is_wiped(const struct keyed *k, enum keyed_fault fault)
{
	struct keyed copy;

	memcpy(&copy, k, sizeof(copy));
	copy.fault = KEYED_OK;
	return k->fault == fault && is_zero(&copy, sizeof(copy));
}

/* ---- two ends, step by step ---- */

#define NOW	 (1000 * SECOND)
#define REKEY_AT (NOW + KEYED_REKEY_US)

struct ends {
	struct keyed end[2];		       /* by role */
	struct keyed was[2][KEYED_CLOSED + 1]; /* the same, as they came into each state */
	/* what went over the wire, lengths in front */
	uint8_t hello[2][HELLO_FRAME], confirm[KEYED_ITEM_RECORD_MAX];
};

/* keyed_read_confirm() works in place: on a copy, so that the record can be sent again. */
static bool read_confirm(struct keyed *server, const uint8_t *confirm)
{
	uint8_t payload[KEYED_CONFIRM_LEN];

	memcpy(payload, confirm + FRAME_HEADER_LEN, sizeof(payload));
	return keyed_read_confirm(server, payload, KEYED_CONFIRM_LEN, NOW);
}

static bool read_hello(struct keyed *k, const uint8_t *hello)
{
	return keyed_read_hello(k, hello + FRAME_HEADER_LEN, KEYED_HELLO_LEN, NOW);
}

static void init(struct ends *e, const struct keyed_facts f[static 2])
{
	memset(e, 0, sizeof(*e));
	for (unsigned role = 0; role < 2; role++) {
		keyed_init(&e->end[role], role, psk, &f[role], roll);
		e->was[role][KEYED_START] = e->end[role];
	}
}

static void write_hello(struct ends *e, enum noise_role role)
{
	CHECK(keyed_write_hello(&e->end[role], e->hello[role]));
	e->was[role][e->end[role].state] = e->end[role];
}

static bool take_hello(struct ends *e, enum noise_role role)
{
	const bool good = read_hello(&e->end[role], e->hello[!role]);

	e->was[role][e->end[role].state] = e->end[role];
	return good;
}

/* A handshake up to where the client has keys. */
static void agree_on(struct ends *e, const struct keyed_facts f[static 2])
{
	init(e, f);
	write_hello(e, CLIENT);
	CHECK(take_hello(e, SERVER));
	write_hello(e, SERVER);
	CHECK(take_hello(e, CLIENT));
}

/* Up to where the server awaits the confirmation, which is made already. */
static void agree(struct ends *e, uint64_t seed)
{
	dice = seed;
	agree_on(e, facts);
	CHECK(keyed_due_at_us(&e->end[CLIENT]) == 0);
	CHECK(keyed_write_item(&e->end[CLIENT], e->confirm, NOW) == CONFIRM_FRAME);
	CHECK(keyed_due_at_us(&e->end[CLIENT]) > NOW);
	CHECK(e->end[CLIENT].state == KEYED_OPEN && e->end[SERVER].state == KEYED_AGREED);
}

static void open_ends(struct ends *e, uint64_t seed)
{
	agree(e, seed);
	CHECK(read_confirm(&e->end[SERVER], e->confirm));
	CHECK(e->end[SERVER].state == KEYED_OPEN);
}

/* This end when the other's hello is awaited. */
static struct keyed awaiting_hello(const struct ends *e, enum noise_role role)
{
	return e->was[role][role == CLIENT ? KEYED_GREETED : KEYED_START];
}

/* What an end takes a hello for that is not genuine: only at a server is it another key. */
static const enum keyed_fault not_genuine[2] = {KEYED_NOT_GENUINE, KEYED_WRONG_KEY};

/*
 * Take a record, all that is in it up to what is no packet. It lies on the heap, exactly as long,
 * so that a sanitizer sees one byte too many. *npackets may be NULL.
 */
static enum keyed_got take(struct keyed *to, const uint8_t *record, size_t total, uint64_t now_us,
			   unsigned *npackets)
{
	const size_t sealed_len = total - FRAME_HEADER_LEN;
	uint8_t *payload = malloc(sealed_len + !sealed_len);
	enum keyed_got got = KEYED_FAILED;
	struct keyed_plain plain;
	const uint8_t *packet;
	unsigned n = 0;
	size_t len;

	memcpy(payload, record + FRAME_HEADER_LEN, sealed_len);
	if (keyed_open(to, payload, sealed_len, now_us, &plain))
		while ((got = keyed_next(to, &plain, &packet, &len)) == KEYED_PACKET)
			n++;
	free(payload);
	if (npackets)
		*npackets = n;
	return got;
}

/* As the daemon does it: whole records out of a stream, up to a failure; how many packets? */
static unsigned feed(struct keyed *k, const uint8_t *stream, size_t len)
{
	const uint8_t *payload;
	size_t at = 0, consumed, payload_len;
	unsigned npackets = 0, n;

	while ((consumed = frame_next(stream + at, len - at, &payload, &payload_len))) {
		if (take(k, stream + at, consumed, NOW, &n) != KEYED_NO_MORE)
			break;
		npackets += n;
		at += consumed;
	}
	return npackets;
}

/* A record of plaintext that one end makes and the other takes. */
static enum keyed_got say(struct ends *e, enum noise_role from, const void *plain, size_t len,
			  unsigned *npackets)
{
	static uint8_t record[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	const size_t total = FRAME_HEADER_LEN + len + NOISE_TAG_LEN;

	memcpy(record + FRAME_HEADER_LEN, plain, len);
	CHECK(keyed_seal(&e->end[from], record, len, NOW) == total);
	return take(&e->end[!from], record, total, NOW, npackets);
}

/* Would the other end fail so if it got a record of this? */
static int refuses(const struct ends *e, enum noise_role from, const void *plain, size_t len,
		   enum keyed_fault fault)
{
	struct ends copy = *e;

	return say(&copy, from, plain, len, NULL) == KEYED_FAILED &&
	       is_wiped(&copy.end[!from], fault);
}

static int accepts(const struct ends *e, enum noise_role from, const void *plain, size_t len)
{
	struct ends copy = *e;

	return say(&copy, from, plain, len, NULL) == KEYED_NO_MORE;
}

/* The item that is due at @now_us passes from one end to the other. */
static enum keyed_got pass_item(struct ends *e, enum noise_role from, uint64_t now_us)
{
	uint8_t record[KEYED_ITEM_RECORD_MAX];
	const size_t total = keyed_write_item(&e->end[from], record, now_us);

	CHECK(total > 0);
	return total ? take(&e->end[!from], record, total, now_us, NULL) : KEYED_FAILED;
}

/* What the next item at @now_us would be, in plain; 0 when there is none. Nothing happens to @k. */
static size_t peek(const struct keyed *k, uint8_t plain[static KEYED_ITEM_RECORD_MAX],
		   uint64_t now_us)
{
	uint8_t record[KEYED_ITEM_RECORD_MAX];
	struct keyed copy = *k;
	const size_t total = keyed_write_item(&copy, record, now_us);

	return total ? unseal(&k->send, record, total, plain) : 0;
}

static unsigned item_due(const struct keyed *k, uint64_t now_us)
{
	uint8_t plain[KEYED_ITEM_RECORD_MAX];

	return peek(k, plain, now_us) ? plain[FRAME_HEADER_LEN] : NO_ITEM;
}

static int can_talk(struct ends *e, enum noise_role from)
{
	unsigned n;

	return say(e, from, packet_frame, sizeof(packet_frame), &n) == KEYED_NO_MORE && n == 1;
}

static int both_can_talk(struct ends *e)
{
	return can_talk(e, CLIENT) && can_talk(e, SERVER);
}

/* The three steps of a new handshake, who takes them, and where both ends are then. */
static const struct {
	enum noise_role from;
	uint8_t type;
	enum keyed_rekey then;
} steps[3] = {
	{CLIENT, ITEM_REKEY1, KEYED_REKEY_ASKED},
	{SERVER, ITEM_REKEY2, KEYED_REKEY_ANSWERED},
	{CLIENT, ITEM_SWITCH, KEYED_REKEY_NONE},
};

static void take_steps(struct ends *e, int nsteps)
{
	for (int i = 0; i < nsteps; i++) {
		CHECK(pass_item(e, steps[i].from, REKEY_AT) == KEYED_NO_MORE);
		CHECK(e->end[CLIENT].rekey == steps[i].then);
		CHECK(e->end[SERVER].rekey == steps[i].then);
	}
}

/* ---- nothing secret stays ---- */

/* Is any half of this key anywhere in the struct? */
static int holds(const struct keyed *k, const uint8_t key[static NOISE_KEY_LEN])
{
	return memmem(k, sizeof(*k), key, NOISE_KEY_LEN / 2) ||
	       memmem(k, sizeof(*k), key + NOISE_KEY_LEN / 2, NOISE_KEY_LEN / 2);
}

/* Who still has the key that this end once sent with: 0 nobody, 2 both? */
static int nholders(const struct ends *e, const struct ends *old, enum noise_role sender)
{
	const uint8_t *key = old->end[sender].send.key;

	return holds(&e->end[CLIENT], key) + holds(&e->end[SERVER], key);
}

/* Each direction's old key goes when its last record has passed, not at the end. */
TEST(keyed_each_direction_leaves_its_old_key_where_the_stream_says)
{
	static const int left[3][2] = {{2, 2}, {2, 0}, {0, 0}};
	struct ends e, old;

	open_ends(&e, 1);
	for (unsigned n = 1; n <= 5; n++) {
		old = e;
		e.end[CLIENT].agreed_at_us = NOW;
		for (int i = 0; i < 3; i++) {
			CHECK(pass_item(&e, steps[i].from, REKEY_AT) == KEYED_NO_MORE);
			CHECK(nholders(&e, &old, CLIENT) == left[i][CLIENT]);
			CHECK(nholders(&e, &old, SERVER) == left[i][SERVER]);
			if (steps[i].type == ITEM_SWITCH)
				CHECK(!e.end[CLIENT].send.counter &&
				      !e.end[SERVER].receive.counter);
			CHECK(both_can_talk(&e));
		}
		CHECK(e.end[CLIENT].agreed_at_us == REKEY_AT);
		for (unsigned role = 0; role < 2; role++) {
			const struct keyed *k = &e.end[role], *peer = &e.end[!role];

			CHECK(k->rekey == KEYED_REKEY_NONE && k->rekeys == n);
			CHECK(is_zero(&k->handshake, sizeof(k->handshake)));
			CHECK(is_zero(&k->next, sizeof(k->next)));
			CHECK(memcmp(k->hash, old.end[role].hash, NOISE_HASH_LEN) != 0);
			CHECK(!memcmp(k->hash, peer->hash, NOISE_HASH_LEN));
			CHECK(!memcmp(k->send.key, peer->receive.key, NOISE_KEY_LEN));
			CHECK(memcmp(k->send.key, k->receive.key, NOISE_KEY_LEN) != 0);
		}
	}
}

TEST(keyed_the_old_key_is_gone_after_a_change_by_count)
{
	for (unsigned from = 0; from < 2; from++) {
		struct ends e, old;
		struct keyed *k = &e.end[from];

		open_ends(&e, 3);
		k->send.counter = e.end[!from].receive.counter = KEYED_REKEY_RECORDS - 2;
		old = e;
		CHECK(can_talk(&e, from));
		CHECK(nholders(&e, &old, from) == 2);
		CHECK(can_talk(&e, from));
		CHECK(nholders(&e, &old, from) == 0);
		CHECK(nholders(&e, &old, !from) == 2);
		CHECK(k->send.counter == KEYED_REKEY_RECORDS);
		CHECK(both_can_talk(&e));
	}
}

TEST(keyed_wipe_and_move_leave_nothing)
{
	struct ends e, old;
	struct keyed moved;

	open_ends(&e, 4);
	old = e;
	memset(&moved, 0x5a, sizeof(moved));
	keyed_move(&moved, &e.end[CLIENT]);
	CHECK(is_zero(&e.end[CLIENT], sizeof(e.end[CLIENT])));
	CHECK(!memcmp(moved.send.key, old.end[CLIENT].send.key, NOISE_KEY_LEN));
	e.end[CLIENT] = moved;
	CHECK(both_can_talk(&e));
	keyed_wipe(&moved);
	CHECK(is_wiped(&moved, KEYED_OK));
	e.end[SERVER].fault = KEYED_SELF;
	keyed_wipe(&e.end[SERVER]);
	CHECK(is_wiped(&e.end[SERVER], KEYED_SELF));
}

/* ---- the handshake: what must not be believed ---- */

TEST(keyed_no_bit_of_a_hello_can_be_changed_nor_its_length)
{
	struct ends e;

	agree(&e, 10);
	for (unsigned role = 0; role < 2; role++) {
		const struct keyed waits = awaiting_hello(&e, role);
		uint8_t *hello = e.hello[!role] + FRAME_HEADER_LEN;

		for (size_t bit = 0; bit < 8 * KEYED_HELLO_LEN; bit++) {
			struct keyed k = waits;

			flip(hello, bit);
			CHECK(!keyed_read_hello(&k, hello, KEYED_HELLO_LEN, NOW));
			CHECK(is_wiped(&k, bit < 8 ? KEYED_NOT_KEYED : not_genuine[role]));
			flip(hello, bit);
		}
		for (size_t len = 0; len <= KEYED_HELLO_LEN + 40; len++) {
			const bool good = len == KEYED_HELLO_LEN;
			uint8_t *payload = calloc(1, len + !len); /* exactly as long */
			struct keyed k = waits;

			memcpy(payload, hello, len < KEYED_HELLO_LEN ? len : KEYED_HELLO_LEN);
			CHECK(keyed_read_hello(&k, payload, len, NOW) == good);
			CHECK(good || is_wiped(&k, KEYED_NOT_KEYED));
			free(payload);
		}
	}
}

/* And its own, which comes back to it. */
TEST(keyed_glance_knows_a_hello_by_its_first_three_bytes)
{
	static const uint8_t good[2][4] = {{0, 81, 0x41, 0xff}, {0, 81, 0x40, 0xff}};
	struct ends e;
	struct keyed k;

	init(&e, facts);
	for (unsigned role = 0; role < 2; role++) {
		for (size_t len = 0; len <= 4; len++) {
			uint8_t *bytes = malloc(len + !len);

			memcpy(bytes, good[role], len);
			k = e.end[role];
			CHECK(keyed_glance(&k, bytes, len) && k.state == KEYED_START);
			for (size_t bit = 0; bit < 8 * len; bit++) {
				k = e.end[role];
				flip(bytes, bit);
				CHECK(keyed_glance(&k, bytes, len) == (bit >= 24));
				/* the types differ in one bit */
				CHECK(bit >= 24 ||
				      is_wiped(&k, bit == 16 ? KEYED_SELF : KEYED_NOT_KEYED));
				flip(bytes, bit);
			}
			free(bytes);
		}
	}
}

/* With the other end's type byte or not: a server's answer greets no other server, either. */
TEST(keyed_a_hello_that_comes_back_to_its_sender_is_refused)
{
	static const uint8_t own[2] = {0x40, 0x41};
	struct ends e;

	agree(&e, 13);
	for (unsigned role = 0; role < 2; role++) {
		for (uint8_t type = 0x40; type <= 0x41; type++) {
			struct keyed k = awaiting_hello(&e, role);

			e.hello[role][FRAME_HEADER_LEN] = type;
			CHECK(!read_hello(&k, e.hello[role]));
			CHECK(is_wiped(&k,
				       type == own[role] ? KEYED_NOT_KEYED : not_genuine[role]));
		}
	}
}

/* The server cannot tell a recorded hello from a new one; what follows gives it away. */
TEST(keyed_what_was_recorded_of_another_session_gets_nowhere)
{
	struct ends e, other;
	struct keyed server;
	uint8_t answer[HELLO_FRAME];

	open_ends(&e, 15);
	server = awaiting_hello(&e, SERVER);
	CHECK(read_hello(&server, e.hello[CLIENT]));
	CHECK(keyed_write_hello(&server, answer) && server.state == KEYED_AGREED);
	CHECK(memcmp(answer, e.hello[SERVER], sizeof(answer)) != 0);
	CHECK(!read_confirm(&server, e.confirm));
	CHECK(is_wiped(&server, KEYED_UNCONFIRMED));

	/* one session's confirmation in another */
	agree(&e, 16);
	agree(&other, 17);
	CHECK(!read_confirm(&e.end[SERVER], other.confirm));
	CHECK(is_wiped(&e.end[SERVER], KEYED_UNCONFIRMED));
	CHECK(read_confirm(&other.end[SERVER], other.confirm));

	/* a recorded answer fits no new hello */
	init(&other, facts);
	write_hello(&other, CLIENT);
	memcpy(other.hello[SERVER], e.hello[SERVER], HELLO_FRAME);
	CHECK(!take_hello(&other, CLIENT));
	CHECK(is_wiped(&other.end[CLIENT], KEYED_NOT_GENUINE));
}

static int is_no_confirmation(struct keyed server, uint8_t *payload, size_t len)
{
	return !keyed_read_confirm(&server, payload, len, NOW) &&
	       is_wiped(&server, KEYED_UNCONFIRMED);
}

TEST(keyed_no_bit_of_a_confirmation_can_be_changed_nor_its_length)
{
	uint8_t *payload, copy[2 * KEYED_CONFIRM_LEN] = {0};
	struct ends e;

	agree(&e, 19);
	payload = e.confirm + FRAME_HEADER_LEN;
	for (size_t bit = 0; bit < 8 * KEYED_CONFIRM_LEN; bit++) {
		flip(payload, bit);
		CHECK(is_no_confirmation(e.end[SERVER], payload, KEYED_CONFIRM_LEN));
		flip(payload, bit);
	}
	for (size_t len = 0; len <= sizeof(copy); len++) {
		memcpy(copy, payload, KEYED_CONFIRM_LEN);
		CHECK(is_no_confirmation(e.end[SERVER], copy, len) == (len != KEYED_CONFIRM_LEN));
	}
	CHECK(read_confirm(&e.end[SERVER], e.confirm));
}

/* Sealed by the right key, and no keepalive, or more; or one, by the server's own. */
TEST(keyed_only_a_keepalive_confirms)
{
	static const uint8_t others[][6] = {{0, 0, 0},	  {0, 0, 2}, {0, 0, 5},
					    {0, 1, 0x45}, {1, 0, 1}, {0, 0, 1, 0, 0, 1}};
	uint8_t payload[6 + NOISE_TAG_LEN] = {0, 0, ITEM_KEEPALIVE};
	struct ends e;

	agree(&e, 20);
	for (size_t i = 0; i < COUNT(others); i++) {
		struct noise_cipher client = e.was[CLIENT][KEYED_OPEN].send;
		const size_t len = others[i][5] ? 6 : 3;

		CHECK(noise_cipher_seal(&client, payload, others[i], len));
		CHECK(is_no_confirmation(e.end[SERVER], payload, len + NOISE_TAG_LEN));
	}
	memcpy(payload, "\0\0\1", 3);
	CHECK(noise_cipher_seal(&e.end[SERVER].send, payload, payload, 3));
	CHECK(is_no_confirmation(e.end[SERVER], payload, KEYED_CONFIRM_LEN));
}

/* It is what makes the server believe in the client: before it, the client says nothing. */
TEST(keyed_nothing_is_sealed_before_the_confirmation)
{
	uint8_t record[RECORD_LEN] = {0};
	struct ends e;

	agree(&e, 22);
	CHECK(keyed_seal(&e.was[CLIENT][KEYED_OPEN], record, sizeof(packet_frame), NOW) == 0);
	CHECK(is_wiped(&e.was[CLIENT][KEYED_OPEN], KEYED_MISUSED));
	CHECK(keyed_seal(&e.end[CLIENT], record, sizeof(packet_frame), NOW) == RECORD_LEN);
}

static void begin_noise(struct noise_handshake *h, enum noise_role role, const char *prologue,
			const uint8_t *key)
{
	noise_handshake_init(h, role, (const uint8_t *)prologue, strlen(prologue), key);
}

TEST(keyed_another_key_is_noticed_by_each_end)
{
	for (size_t bit = 0; bit < 256; bit += 17) {
		uint8_t other[NOISE_KEY_LEN];
		struct noise_handshake *h;
		struct ends e;

		memcpy(other, psk, sizeof(other));
		flip(other, bit);
		init(&e, facts);
		keyed_init(&e.end[CLIENT], CLIENT, other, &facts[CLIENT], roll);
		write_hello(&e, CLIENT);
		CHECK(!take_hello(&e, SERVER));
		CHECK(is_wiped(&e.end[SERVER], KEYED_WRONG_KEY));

		/* one that holds another key makes an answer up */
		init(&e, facts);
		write_hello(&e, CLIENT);
		CHECK(take_hello(&e, SERVER));
		h = &e.end[SERVER].handshake;
		begin_noise(h, SERVER, "tunnel 1", other);
		h->step = NOISE_MESSAGE_2;
		memcpy(h->peer_ephemeral, e.hello[CLIENT] + 3, X25519_LEN);
		write_hello(&e, SERVER);
		CHECK(!take_hello(&e, CLIENT));
		CHECK(is_wiped(&e.end[CLIENT], KEYED_NOT_GENUINE));
	}
}

/* ---- facts ---- */

TEST(keyed_each_end_learns_the_facts_of_the_other)
{
	for (int kind = 0; kind < 2; kind++) {
		struct keyed_facts f[2] = {facts[0], facts[1]};
		struct ends e;

		f[0].kind = f[1].kind = kind ? PACKET_ETHER : PACKET_IP;
		f[0].timeout_s = 1;
		f[1].timeout_s = 86400;
		f[0].mtu = 0xfffe;
		agree_on(&e, f);
		for (unsigned role = 0; role < 2; role++) {
			const struct keyed_facts *got = &e.end[role].theirs, *want = &f[!role];

			CHECK(got->kind == want->kind && got->mtu == want->mtu);
			CHECK(got->timeout_s == want->timeout_s);
			CHECK(!memcmp(got->id, want->id, KEYED_ID_LEN));
		}
	}
}

/* Both shall be able to say that the kinds differ, so the server answers all the same. */
TEST(keyed_different_kinds_are_told_to_both_ends)
{
	for (int tap = 0; tap < 2; tap++) {
		struct keyed_facts f[2] = {facts[0], facts[1]};
		struct ends e;

		f[tap].kind = PACKET_ETHER;
		init(&e, f);
		write_hello(&e, CLIENT);
		CHECK(take_hello(&e, SERVER) && e.end[SERVER].state == KEYED_GREETED);
		write_hello(&e, SERVER);
		CHECK(is_wiped(&e.end[SERVER], KEYED_KIND_DIFFERS));
		CHECK(!take_hello(&e, CLIENT));
		CHECK(is_wiped(&e.end[CLIENT], KEYED_KIND_DIFFERS));
	}
}

TEST(keyed_a_peer_of_the_same_id_is_this_process_itself)
{
	struct keyed_facts f[2] = {facts[0], facts[1]};
	struct ends e;

	for (int other = 0; other < 2; other++) {
		memcpy(f[SERVER].id, facts[CLIENT].id, KEYED_ID_LEN);
		f[SERVER].id[KEYED_ID_LEN - 1] ^= (uint8_t)other;
		init(&e, f);
		write_hello(&e, CLIENT);
		CHECK(take_hello(&e, SERVER) == other);
		CHECK(other || is_wiped(&e.end[SERVER], KEYED_SELF));
	}

	/* a server that answers with our id although it has one of its own */
	init(&e, facts);
	write_hello(&e, CLIENT);
	CHECK(take_hello(&e, SERVER));
	e.end[SERVER].mine = facts[CLIENT];
	write_hello(&e, SERVER);
	CHECK(!take_hello(&e, CLIENT));
	CHECK(is_wiped(&e.end[CLIENT], KEYED_SELF));
}

/* A hello as a holder of the key could make it, with any facts; a server's answers the client's. */
static void craft_hello(struct ends *e, enum noise_role role, const char *prologue,
			const uint8_t payload[static KEYED_FACTS_LEN])
{
	uint8_t ephemeral[X25519_LEN], theirs[KEYED_FACTS_LEN], *hello = e->hello[role];
	struct noise_handshake h;

	begin_noise(&h, role, "tunnel 1", psk);
	if (role == SERVER)
		CHECK(noise_handshake_read(&h, theirs, e->hello[CLIENT] + 3, KEYED_HELLO_LEN - 1));
	else
		begin_noise(&h, role, prologue, psk);
	roll(ephemeral, sizeof(ephemeral));
	hello[FRAME_HEADER_LEN] = role == CLIENT ? 0x40 : 0x41;
	CHECK(noise_handshake_write(&h, ephemeral, hello + 3, payload, KEYED_FACTS_LEN));
}

/* Out of range they are refused. Bytes for what a later version may want to say mean nothing. */
TEST(keyed_facts_are_looked_at)
{
	static const struct {
		uint8_t kind;
		uint32_t timeout_s;
		uint8_t others;
		enum keyed_fault fault;
	} cases[] = {
		{0, 1, 0, KEYED_OK},
		{0, 86400, 0, KEYED_OK},
		{0, 60, 0xff, KEYED_OK},
		{0, 0, 0, KEYED_BAD_FACTS},
		{0, 86401, 0, KEYED_BAD_FACTS},
		{0, 1u << 31, 0, KEYED_BAD_FACTS},
		{0, UINT32_MAX, 0, KEYED_BAD_FACTS},
		{2, 60, 0, KEYED_BAD_FACTS},
		{255, 60, 0, KEYED_BAD_FACTS},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const bool good = cases[i].fault == KEYED_OK;
		uint8_t payload[KEYED_FACTS_LEN];
		struct ends e;

		memset(payload, cases[i].others, sizeof(payload));
		payload[0] = cases[i].kind;
		be32_store(payload + 4, cases[i].timeout_s);
		memset(payload + 8, 'i', KEYED_ID_LEN);
		for (unsigned role = 0; role < 2; role++) {
			init(&e, facts);
			write_hello(&e, CLIENT);
			craft_hello(&e, !role, "tunnel 1", payload);
			CHECK(take_hello(&e, role) == good);
			CHECK(good || is_wiped(&e.end[role], cases[i].fault));
		}
		init(&e, facts);
		craft_hello(&e, CLIENT, "tunnel 2", payload);
		CHECK(!take_hello(&e, SERVER));
		CHECK(is_wiped(&e.end[SERVER], KEYED_WRONG_KEY));
	}
}

/* ---- records: what must not be believed ---- */

#define NRECORDS 3

/* A few records of the client, one packet in each. */
static void make_records(struct ends *e, uint8_t (*records)[RECORD_LEN])
{
	for (int i = 0; i < NRECORDS; i++) {
		memcpy(records[i] + FRAME_HEADER_LEN, packet_frame, sizeof(packet_frame));
		records[i][FRAME_HEADER_LEN + sizeof(packet_frame) - 1] = (uint8_t)i;
		CHECK(keyed_seal(&e->end[CLIENT], records[i], sizeof(packet_frame), NOW) ==
		      RECORD_LEN);
	}
}

TEST(keyed_no_bit_of_a_record_can_be_changed_nor_of_its_length)
{
	uint8_t records[NRECORDS][RECORD_LEN], *bytes = records[0];
	struct ends e;

	open_ends(&e, 30);
	make_records(&e, records);
	for (size_t bit = 0; bit < 8 * RECORD_LEN; bit++) {
		struct keyed server = e.end[SERVER];
		bool waits;

		flip(bytes, bit);
		waits = be16_load(bytes) > sizeof(records) - FRAME_HEADER_LEN;
		CHECK(feed(&server, bytes, sizeof(records)) == 0);
		/* of a record that is said to be longer, more is awaited, and that fails */
		if (!waits)
			CHECK(is_wiped(&server, KEYED_NOT_GENUINE));
		else
			CHECK(server.received_at_us == NOW && server.receive.counter == 1);
		flip(bytes, bit);
	}
	CHECK(feed(&e.end[SERVER], bytes, sizeof(records)) == NRECORDS);
}

TEST(keyed_a_record_has_one_length)
{
	uint8_t records[NRECORDS][RECORD_LEN], *bytes = records[0];
	struct ends e;

	open_ends(&e, 31);
	make_records(&e, records);
	for (size_t len = 0; len < sizeof(records) - FRAME_HEADER_LEN; len++) {
		const bool good = len == RECORD_LEN - FRAME_HEADER_LEN;
		struct keyed server = e.end[SERVER];

		be16_store(bytes, (uint16_t)len);
		CHECK(feed(&server, bytes, FRAME_HEADER_LEN + len) == good);
		CHECK(good || is_wiped(&server, KEYED_NOT_GENUINE));
	}
}

/* Each order of three records but the one in which they were made, some left out, some twice. */
TEST(keyed_records_are_opened_once_and_in_their_order)
{
	uint8_t records[NRECORDS][RECORD_LEN], stream[NRECORDS][RECORD_LEN];
	struct ends e;

	open_ends(&e, 32);
	make_records(&e, records);
	for (unsigned order = 0; order < 27; order++) {
		const unsigned which[] = {order / 9, order / 3 % 3, order % 3};
		struct keyed server = e.end[SERVER];
		unsigned good = 0;

		for (unsigned i = 0; i < 3; i++)
			memcpy(stream[i], records[which[i]], RECORD_LEN);
		while (good < 3 && which[good] == good)
			good++;
		CHECK(feed(&server, stream[0], sizeof(stream)) == good);
		CHECK(good == 3 || is_wiped(&server, KEYED_NOT_GENUINE));
	}
}

TEST(keyed_a_record_that_comes_back_to_its_sender_is_not_genuine)
{
	uint8_t record[RECORD_LEN];

	for (unsigned role = 0; role < 2; role++) {
		struct ends e;
		struct keyed *k = &e.end[role];

		open_ends(&e, 33);
		/* with the same number, too */
		e.end[CLIENT].send.counter = e.end[SERVER].receive.counter = 0;
		memcpy(record + FRAME_HEADER_LEN, packet_frame, sizeof(packet_frame));
		CHECK(keyed_seal(k, record, sizeof(packet_frame), NOW) == RECORD_LEN);
		CHECK(feed(k, record, sizeof(record)) == 0);
		CHECK(is_wiped(k, KEYED_NOT_GENUINE));
	}
}

/* Replays, with the number that is awaited. */
TEST(keyed_a_record_of_another_session_or_before_a_new_handshake_is_not_genuine)
{
	uint8_t records[NRECORDS][RECORD_LEN];
	struct ends e, other;

	open_ends(&e, 34);
	open_ends(&other, 35);
	make_records(&e, records);
	CHECK(feed(&other.end[SERVER], records[0], sizeof(records)) == 0);
	CHECK(is_wiped(&other.end[SERVER], KEYED_NOT_GENUINE));

	CHECK(feed(&e.end[SERVER], records[0], sizeof(records)) == NRECORDS);
	take_steps(&e, 3);
	CHECK(can_talk(&e, CLIENT));
	CHECK(e.end[SERVER].receive.counter == 1); /* as the first of them had */
	CHECK(feed(&e.end[SERVER], records[0], RECORD_LEN) == 0);
	CHECK(is_wiped(&e.end[SERVER], KEYED_NOT_GENUINE));
}

TEST(keyed_packets_of_a_record_come_in_order_and_in_place)
{
	static uint8_t record[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	static const size_t lens[] = {1, 2, 1500, 63000, 900};
	uint8_t *plain = record + FRAME_HEADER_LEN;
	struct keyed_plain left = {0};
	const uint8_t *packet;
	size_t at = 0, len, total;
	struct ends e;
	struct keyed *client = &e.end[CLIENT];

	open_ends(&e, 37);
	for (size_t i = 0; i < COUNT(lens); i++) {
		frame_header_store(plain + at, lens[i]);
		memset(plain + at + FRAME_HEADER_LEN, (int)(0x40 + i), lens[i]);
		at += FRAME_HEADER_LEN + lens[i];
	}
	total = keyed_seal(&e.end[SERVER], record, at, NOW);
	CHECK(total == FRAME_HEADER_LEN + at + NOISE_TAG_LEN);
	CHECK(total && keyed_open(client, plain, at + NOISE_TAG_LEN, NOW + 5, &left));
	CHECK(client->received_at_us == NOW + 5);
	for (size_t i = 0, where = 0; i < COUNT(lens); i++) {
		const enum keyed_got got = keyed_next(client, &left, &packet, &len);

		CHECK(got == KEYED_PACKET);
		if (got != KEYED_PACKET)
			break;
		CHECK(len == lens[i] && packet == plain + where + FRAME_HEADER_LEN);
		CHECK(packet[0] == 0x40 + i && packet[len - 1] == 0x40 + i);
		where += FRAME_HEADER_LEN + len;
	}
	CHECK(keyed_next(client, &left, &packet, &len) == KEYED_NO_MORE);
	CHECK(keyed_next(client, &left, &packet, &len) == KEYED_NO_MORE);
}

TEST(keyed_the_longest_packet_is_a_record_of_its_own)
{
	static uint8_t plain[KEYED_PLAIN_MAX] = {FRAME_KEYED_PACKET_MAX >> 8,
						 FRAME_KEYED_PACKET_MAX & 0xff, 0x45};
	unsigned npackets;
	struct ends e;

	open_ends(&e, 38);
	CHECK(say(&e, CLIENT, plain, sizeof(plain), &npackets) == KEYED_NO_MORE && npackets == 1);
}

/* ---- items ---- */

TEST(keyed_an_unknown_item_is_refused)
{
	struct ends e;

	open_ends(&e, 40);
	for (unsigned type = 0; type < 256; type++) {
		const uint8_t item[] = {0, 0, (uint8_t)type, 0, 1, 0x45};

		if (type >= ITEM_KEEPALIVE && type <= ITEM_SWITCH)
			continue;
		CHECK(refuses(&e, CLIENT, item, sizeof(item), KEYED_BAD_ITEM));
		CHECK(refuses(&e, SERVER, item, sizeof(item), KEYED_BAD_ITEM));
	}
}

/* What a record may hold, and what not: how many packets come out, and what is behind them. */
TEST(keyed_plaintext_is_frames_and_items)
{
	static const struct {
		const char *plain;
		size_t len;
		unsigned npackets;
		enum keyed_got got;
		unsigned why; /* the fault, or the reason of a close */
	} cases[] = {
		/* items and packets in one record */
		{"\0\0\1\0\1E\0\0\1\0\0\1\0\2EE\0\0\1", 19, 2, KEYED_NO_MORE, KEYED_OK},
		/* items that are cut off */
		{"\0\0", 2, 0, KEYED_FAILED, KEYED_BAD_ITEM},
		{"\0\0\2", 3, 0, KEYED_FAILED, KEYED_BAD_ITEM},
		/* frames that are, and up to where the tag begins, not a byte further */
		{"\0\3E\1\2\0\2E\1\0", 1, 0, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\3E\1\2\0\2E\1\0", 2, 0, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\3E\1\2\0\2E\1\0", 3, 0, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\3E\1\2\0\2E\1\0", 4, 0, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\3E\1\2\0\2E\1\0", 6, 1, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\3E\1\2\0\2E\1\0", 7, 1, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\3E\1\2\0\2E\1\0", 8, 1, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\3E\1\2\0\2E\1\0", 9, 2, KEYED_NO_MORE, KEYED_OK},
		{"\0\3E\1\2\0\2E\1\0", 10, 2, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\xff\xff\x45", 3, 0, KEYED_FAILED, KEYED_BAD_FRAME},
		{"\0\x11\x45", 3, 0, KEYED_FAILED, KEYED_BAD_FRAME},
		/* a close for a reason that is not known; packets in front of one still come */
		{"\0\0\2\xff", 4, 0, KEYED_ENDED, KEYED_CLOSE_END},
		{"\0\1E\0\0\2\1\0\1E", 10, 1, KEYED_ENDED, KEYED_CLOSE_REPLACED},
	};
	struct ends e;

	open_ends(&e, 42);
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (unsigned from = 0; from < 2; from++) {
			struct ends copy = e;
			const struct keyed *to = &copy.end[!from];
			unsigned n;

			CHECK(say(&copy, from, cases[i].plain, cases[i].len, &n) == cases[i].got);
			CHECK(n == cases[i].npackets);
			if (cases[i].got == KEYED_FAILED)
				CHECK(is_wiped(to, cases[i].why));
			else if (cases[i].got == KEYED_ENDED)
				CHECK(to->close_reason == cases[i].why);
		}
	}
}

TEST(keyed_close_ends_the_connection_and_says_why)
{
	static const enum keyed_close reasons[] = {KEYED_CLOSE_END, KEYED_CLOSE_REPLACED};

	for (size_t i = 0; i < 4; i++) {
		const enum noise_role from = i % 2 ? CLIENT : SERVER;
		const enum keyed_close reason = reasons[i / 2];
		uint8_t plain[KEYED_ITEM_RECORD_MAX + RECORD_LEN] = {0};
		struct ends e, copy;
		unsigned n;

		open_ends(&e, 44);
		CHECK(keyed_due_at_us(&e.end[from]) > NOW && !item_due(&e.end[from], NOW));
		keyed_close(&e.end[from], reason);
		CHECK(keyed_due_at_us(&e.end[from]) == 0);
		CHECK(peek(&e.end[from], plain, NOW) == 4);
		CHECK(!memcmp(plain, "\0\0\2", 3) && plain[3] == reason);

		copy = e;
		CHECK(pass_item(&e, from, NOW) == KEYED_ENDED);
		CHECK(e.end[!from].close_reason == reason);
		for (unsigned role = 0; role < 2; role++) {
			struct keyed *k = &e.end[role];

			CHECK(k->state == KEYED_CLOSED && keyed_due_at_us(k) == UINT64_MAX);
			CHECK(!item_due(k, NOW + 1000 * SECOND));
			/* packets that are late are left out, that is no mistake */
			CHECK(keyed_seal(k, plain, sizeof(packet_frame), NOW) == 0);
			CHECK(k->state == KEYED_CLOSED && k->fault == KEYED_OK);
		}

		/* what follows in its record is not looked at */
		peek(&copy.end[from], plain, NOW);
		memcpy(plain + 4, packet_frame, sizeof(packet_frame));
		CHECK(say(&copy, from, plain, 4 + sizeof(packet_frame), &n) == KEYED_ENDED);
		CHECK(n == 0 && copy.end[!from].state == KEYED_CLOSED);
	}
}

/* A confirmation, a close, a step of a new handshake, a keepalive: all are due, and come so. */
TEST(keyed_items_have_an_order_and_a_record_each)
{
	static const struct {
		enum noise_role role;
		int nsteps; /* of a new handshake; -1: before the confirmation */
		bool no_rekey;
		bool closes;
		uint8_t types[3]; /* then NO_ITEM */
	} cases[] = {
		{CLIENT, -1, false, true, {ITEM_KEEPALIVE, ITEM_CLOSE}},
		{CLIENT, -1, false, false, {ITEM_KEEPALIVE, ITEM_REKEY1}},
		{CLIENT, 0, false, true, {ITEM_CLOSE}},
		{CLIENT, 0, false, false, {ITEM_REKEY1}},
		{CLIENT, 0, true, false, {ITEM_KEEPALIVE}},
		{CLIENT, 1, false, false, {ITEM_KEEPALIVE}},
		{CLIENT, 2, false, true, {ITEM_CLOSE}},
		{CLIENT, 2, false, false, {ITEM_SWITCH}},
		{SERVER, 0, false, false, {ITEM_KEEPALIVE}},
		{SERVER, 1, false, true, {ITEM_CLOSE}},
		{SERVER, 1, false, false, {ITEM_REKEY2}},
		{SERVER, 2, false, true, {ITEM_CLOSE}},
		{SERVER, 2, false, false, {ITEM_KEEPALIVE}},
	};
	/* by type */
	static const size_t lens[] = {0, 3, 4, HANDSHAKE_ITEM, HANDSHAKE_ITEM, 3};
	const uint64_t late_us = REKEY_AT + 1000 * SECOND;

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t record[KEYED_ITEM_RECORD_MAX], plain[KEYED_ITEM_RECORD_MAX];
		struct ends e;
		struct keyed *k = &e.end[cases[i].role], last;

		open_ends(&e, 48);
		take_steps(&e, cases[i].nsteps);
		if (cases[i].nsteps < 0)
			*k = e.was[CLIENT][KEYED_OPEN];
		if (cases[i].no_rekey)
			k->agreed_at_us = late_us;
		if (cases[i].closes)
			keyed_close(k, KEYED_CLOSE_END);
		for (const uint8_t *type = cases[i].types; *type != NO_ITEM; type++) {
			CHECK(keyed_due_at_us(k) <= late_us);
			CHECK(peek(k, plain, late_us) == lens[*type]);
			CHECK(!memcmp(plain, "\0\0", 2) && plain[2] == *type);
			/* no nonce is left for it */
			last = *k;
			last.send.counter = UINT64_MAX;
			CHECK(!keyed_write_item(&last, record, late_us));
			CHECK(is_wiped(&last, KEYED_MISUSED));
			CHECK(keyed_write_item(k, record, late_us) > 0);
			CHECK(k->state == (*type == ITEM_CLOSE ? KEYED_CLOSED : KEYED_OPEN));
		}
		CHECK(keyed_due_at_us(k) > late_us && !keyed_write_item(k, record, late_us));
	}
}

/* ---- a new handshake, and what is none ---- */

/* A step as only a holder of the key can make it, if for no handshake under way. */
static void craft_step(uint8_t out[static HANDSHAKE_ITEM], uint8_t type, const uint8_t *hash)
{
	uint8_t ephemeral[2][X25519_LEN], message[NOISE_HANDSHAKE_OVERHEAD], nothing;
	struct noise_handshake client, server;

	roll(ephemeral[0], sizeof(ephemeral));
	noise_handshake_init(&client, CLIENT, hash, NOISE_HASH_LEN, psk);
	noise_handshake_init(&server, SERVER, hash, NOISE_HASH_LEN, psk);
	CHECK(noise_handshake_write(&client, ephemeral[CLIENT], message, NULL, 0));
	if (type == ITEM_REKEY2) {
		CHECK(noise_handshake_read(&server, &nothing, message, sizeof(message)));
		CHECK(noise_handshake_write(&server, ephemeral[SERVER], message, NULL, 0));
	}
	memcpy(out, "\0\0", 2);
	out[2] = type;
	memcpy(out + KEYED_ITEM_HEADER_LEN, message, sizeof(message));
}

/* Each of the three at each step to each end: all but one are refused, and so is that one again. */
TEST(keyed_steps_of_a_new_handshake_out_of_turn_are_refused)
{
	uint8_t item[HANDSHAKE_ITEM], genuine[KEYED_ITEM_RECORD_MAX];
	struct ends e;

	open_ends(&e, 50);
	for (int step = 0; step < 3; step++) {
		const enum noise_role from = steps[step].from;
		const size_t len = peek(&e.end[from], genuine, REKEY_AT);

		for (unsigned i = 0; i < 6; i++) {
			const uint8_t type = steps[i / 2].type;

			craft_step(item, type, e.end[CLIENT].hash);
			if (i % 2 != from || type != steps[step].type)
				CHECK(refuses(&e, i % 2, item,
					      type == ITEM_SWITCH ? 3 : HANDSHAKE_ITEM,
					      KEYED_BAD_REKEY));
		}
		CHECK(accepts(&e, from, genuine, len));
		CHECK(pass_item(&e, from, REKEY_AT) == KEYED_NO_MORE);
		CHECK(refuses(&e, from, genuine, len, KEYED_BAD_REKEY));
	}
}

/* In front of it and behind: the key is their record's, whatever the next one's is. */
TEST(keyed_packets_may_share_a_record_with_a_step)
{
	for (unsigned what = 0; what < 2; what++) {
		struct ends e;

		open_ends(&e, 52);
		for (int step = 0; step < 3; step++) {
			const enum noise_role from = steps[step].from;
			uint8_t plain[KEYED_ITEM_RECORD_MAX + 2 * sizeof(packet_frame)];
			uint8_t record[KEYED_ITEM_RECORD_MAX];
			struct keyed sender = e.end[from];
			size_t at = sizeof(packet_frame);
			unsigned n;

			memcpy(plain, packet_frame, at);
			/* the very step that the sender makes, in a record of that number */
			dice = 52;
			at += peek(&sender, plain + at, REKEY_AT);
			dice = 52;
			if (what) {
				memcpy(plain + at, packet_frame, sizeof(packet_frame));
				at += sizeof(packet_frame);
			}
			CHECK(say(&e, from, plain, at, &n) == KEYED_NO_MORE && n == 1 + what);
			CHECK(keyed_write_item(&sender, record, REKEY_AT) > 0);
			e.end[from] = sender;
			CHECK(both_can_talk(&e));
		}
		CHECK(!e.end[CLIENT].rekey && !e.end[SERVER].rekey);
	}
}

TEST(keyed_no_bit_of_a_new_handshake_can_be_changed_nor_its_end_left_out)
{
	uint8_t plain[KEYED_ITEM_RECORD_MAX];
	struct ends e;

	open_ends(&e, 53);
	for (unsigned from = 0; from < 2; from++) {
		CHECK(peek(&e.end[from], plain, REKEY_AT) == HANDSHAKE_ITEM);
		for (size_t n = KEYED_ITEM_HEADER_LEN; n < HANDSHAKE_ITEM; n++)
			CHECK(refuses(&e, from, plain, n, KEYED_BAD_ITEM));
		for (size_t bit = 8 * KEYED_ITEM_HEADER_LEN; bit < 8 * HANDSHAKE_ITEM; bit++) {
			flip(plain, bit);
			CHECK(refuses(&e, from, plain, HANDSHAKE_ITEM, KEYED_BAD_REKEY));
			flip(plain, bit);
		}
		CHECK(accepts(&e, from, plain, HANDSHAKE_ITEM));
		if (from == CLIENT)
			take_steps(&e, 1);
	}
}

/* Whoever has learned a session's keys, but not the key, begins no handshake in it. */
TEST(keyed_a_new_handshake_is_bound_to_its_session_and_the_key)
{
	uint8_t plain[KEYED_ITEM_RECORD_MAX], zeros[NOISE_HASH_LEN] = {0};
	struct ends e, other;

	open_ends(&e, 54);
	open_ends(&other, 55);
	craft_step(plain, ITEM_REKEY1, e.end[CLIENT].hash);
	CHECK(accepts(&e, CLIENT, plain, HANDSHAKE_ITEM));
	craft_step(plain, ITEM_REKEY1, other.end[CLIENT].hash);
	CHECK(refuses(&e, CLIENT, plain, HANDSHAKE_ITEM, KEYED_BAD_REKEY));
	craft_step(plain, ITEM_REKEY1, zeros);
	CHECK(refuses(&e, CLIENT, plain, HANDSHAKE_ITEM, KEYED_BAD_REKEY));

	/* the hello that began the session is no step either */
	memcpy(plain, "\0\0\3", 3);
	memcpy(plain + 3, e.hello[CLIENT] + 3, NOISE_HANDSHAKE_OVERHEAD);
	CHECK(refuses(&e, CLIENT, plain, HANDSHAKE_ITEM, KEYED_BAD_REKEY));

	other = e;
	flip(other.end[CLIENT].psk, 255);
	CHECK(peek(&other.end[CLIENT], plain, REKEY_AT) == HANDSHAKE_ITEM);
	CHECK(refuses(&e, CLIENT, plain, HANDSHAKE_ITEM, KEYED_BAD_REKEY));

	/* each new handshake to the one before it */
	craft_step(plain, ITEM_REKEY1, e.end[CLIENT].hash);
	take_steps(&e, 3);
	CHECK(refuses(&e, CLIENT, plain, HANDSHAKE_ITEM, KEYED_BAD_REKEY));
}

/* ---- time ---- */

TEST(keyed_a_keepalive_is_due_at_a_third_of_what_the_peer_bears)
{
	for (unsigned role = 0; role < 2; role++) {
		const uint64_t third = facts[!role].timeout_s * SECOND / 3;
		uint8_t plain[KEYED_ITEM_RECORD_MAX], record[KEYED_ITEM_RECORD_MAX];
		uint64_t now_us = NOW + third;
		struct ends e;
		struct keyed *k = &e.end[role];

		open_ends(&e, 60);
		k->agreed_at_us = NOW + 1000 * SECOND; /* no new handshake */
		CHECK(keyed_due_at_us(k) == now_us);
		CHECK(peek(k, plain, now_us - 1) == 0);
		CHECK(peek(k, plain, now_us) == 3 && !memcmp(plain, "\0\0\1", 3));
		CHECK(keyed_write_item(k, record, now_us) == CONFIRM_FRAME);
		CHECK(keyed_due_at_us(k) == now_us + third);

		/* whatever is sent puts it off, what is received does not */
		now_us += third - 1;
		memcpy(record + 2, packet_frame, sizeof(packet_frame));
		CHECK(keyed_seal(k, record, sizeof(packet_frame), now_us) == RECORD_LEN);
		CHECK(keyed_due_at_us(k) == now_us + third);
		k->received_at_us = now_us + third;
		CHECK(keyed_due_at_us(k) == now_us + third);
	}
}

static int is_lost_after(const struct keyed *k, uint64_t last_us)
{
	return keyed_is_lost_at_us(k) == last_us + k->mine.timeout_s * SECOND;
}

TEST(keyed_a_silent_peer_is_lost_after_our_own_timeout)
{
	uint8_t record[CONFIRM_FRAME] = {0, 0, 0, 0, ITEM_KEEPALIVE};
	struct ends e;

	agree(&e, 61);
	CHECK(facts[CLIENT].timeout_s != facts[SERVER].timeout_s);
	CHECK(is_lost_after(&e.end[CLIENT], NOW));
	CHECK(is_lost_after(&e.was[SERVER][KEYED_GREETED], NOW));
	CHECK(is_lost_after(&e.end[SERVER], NOW));
	CHECK(keyed_read_confirm(&e.end[SERVER], e.confirm + 2, KEYED_CONFIRM_LEN, NOW + 4));
	CHECK(is_lost_after(&e.end[SERVER], NOW + 4));
	CHECK(keyed_due_at_us(&e.end[SERVER]) == NOW + 4 + facts[CLIENT].timeout_s * SECOND / 3);
	CHECK(keyed_seal(&e.end[SERVER], record, 3, NOW + 9) == CONFIRM_FRAME);
	/* sending is no sign of life of the other end */
	CHECK(is_lost_after(&e.end[SERVER], NOW + 4));
	CHECK(take(&e.end[CLIENT], record, sizeof(record), NOW + 10, NULL) == KEYED_NO_MORE);
	CHECK(is_lost_after(&e.end[CLIENT], NOW + 10));
}

/* Else whoever lets records pass one by one could put off the new handshake for ever. */
TEST(keyed_no_trickle_of_records_stands_in_for_the_answer_to_a_new_handshake)
{
	struct ends e;
	struct keyed *client = &e.end[CLIENT], *server = &e.end[SERVER];

	open_ends(&e, 66);
	for (int again = 0; again < 2; again++) {
		const uint64_t asked_us = client->agreed_at_us + KEYED_REKEY_US;
		uint8_t record[RECORD_LEN];

		/* a silence that began before counts from where it began */
		client->received_at_us = asked_us - 5;
		CHECK(pass_item(&e, CLIENT, asked_us) == KEYED_NO_MORE);
		CHECK(client->asked_at_us == asked_us && is_lost_after(client, asked_us - 5));
		for (uint64_t at_us = asked_us; at_us < asked_us + 40 * SECOND; at_us += SECOND) {
			for (unsigned from = 0; from < 2; from++) {
				memcpy(record + FRAME_HEADER_LEN, packet_frame,
				       sizeof(packet_frame));
				CHECK(keyed_seal(&e.end[from], record, sizeof(packet_frame),
						 at_us));
				CHECK(take(&e.end[!from], record, RECORD_LEN, at_us, NULL) ==
				      KEYED_NO_MORE);
			}
			CHECK(is_lost_after(client, asked_us));
			CHECK(is_lost_after(server, at_us)); /* which did not ask */
		}
		/* the answer is a sign of life, and so is all that follows */
		CHECK(pass_item(&e, SERVER, asked_us + 41 * SECOND) == KEYED_NO_MORE);
		CHECK(is_lost_after(client, asked_us + 41 * SECOND));
		client->received_at_us += 3;
		CHECK(is_lost_after(client, asked_us + 41 * SECOND + 3));
		CHECK(pass_item(&e, CLIENT, asked_us + 42 * SECOND) == KEYED_NO_MORE);
		CHECK(is_lost_after(client, asked_us + 41 * SECOND + 3));
		CHECK(is_lost_after(server, asked_us + 42 * SECOND));
	}
}

TEST(keyed_the_longest_timeout_does_not_overflow)
{
	struct ends e;
	struct keyed *server = &e.end[SERVER];

	open_ends(&e, 62);
	server->theirs.timeout_s = server->mine.timeout_s = 86400;
	CHECK(keyed_due_at_us(server) == NOW + 28800 * SECOND);
	CHECK(keyed_is_lost_at_us(server) == NOW + 86400 * SECOND);
}

TEST(keyed_the_client_starts_a_new_handshake_by_the_clock_and_no_other)
{
	const uint64_t third = facts[SERVER].timeout_s * SECOND / 3;
	uint8_t record[KEYED_ITEM_RECORD_MAX];
	struct ends e;
	struct keyed *client = &e.end[CLIENT], *server = &e.end[SERVER];

	open_ends(&e, 63);
	client->sent_at_us = server->sent_at_us = REKEY_AT; /* no keepalives */
	CHECK(keyed_due_at_us(client) == REKEY_AT);
	CHECK(!item_due(client, REKEY_AT - 1));
	CHECK(keyed_due_at_us(server) == REKEY_AT + facts[CLIENT].timeout_s * SECOND / 3);
	CHECK(!item_due(server, REKEY_AT));
	CHECK(item_due(client, REKEY_AT) == ITEM_REKEY1);
	/* and not twice */
	CHECK(keyed_write_item(client, record, REKEY_AT) == sizeof(record));
	CHECK(keyed_due_at_us(client) == REKEY_AT + third);
	CHECK(!item_due(client, REKEY_AT));
	client->sent_at_us += 10 * KEYED_REKEY_US;
	CHECK(!item_due(client, REKEY_AT + 10 * KEYED_REKEY_US));
}

/* ---- calls out of turn, and what else this end can lack ---- */

enum call {
	WRITE_HELLO,
	READ_HELLO,
	READ_CONFIRM,
	SEAL,
	OPEN,
	NCALLS,
};

static bool call(struct keyed *k, enum call which)
{
	uint8_t bytes[HELLO_FRAME] = {0};
	struct keyed_plain plain;

	switch (which) {
	case WRITE_HELLO:
		return keyed_write_hello(k, bytes);
	case READ_HELLO:
		return read_hello(k, bytes);
	case READ_CONFIRM:
		return read_confirm(k, bytes);
	case SEAL:
		return keyed_seal(k, bytes, 3, NOW) != 0;
	default:
		return keyed_open(k, bytes, 40, NOW, &plain);
	}
}

/* What may be asked for at any time: outside of KEYED_OPEN it does nothing. */
static void check_it_does_nothing(struct keyed *k)
{
	uint8_t bytes[] = {0, 1, 0x45}, record[KEYED_ITEM_RECORD_MAX];
	struct keyed_plain plain = {bytes, sizeof(bytes)};
	const uint8_t *packet = NULL;
	struct keyed before;
	size_t len = 0;

	memcpy(&before, k, sizeof(before));
	keyed_close(k, KEYED_CLOSE_REPLACED);
	CHECK(keyed_due_at_us(k) == UINT64_MAX);
	CHECK(keyed_write_item(k, record, REKEY_AT + 1000 * SECOND) == 0);
	CHECK(keyed_next(k, &plain, &packet, &len) ==
	      (k->state == KEYED_CLOSED ? KEYED_ENDED : KEYED_FAILED));
	CHECK(!packet && !len && plain.at == bytes && plain.left == sizeof(bytes));
	CHECK(!memcmp(k, &before, sizeof(before)));
}

TEST(keyed_a_call_out_of_turn_ends_it)
{
	static const enum keyed_state turn[2][NCALLS] = {
		{KEYED_START, KEYED_GREETED, KEYED_AGREED, KEYED_OPEN, KEYED_OPEN},
		{KEYED_GREETED, KEYED_START, KEYED_AGREED, KEYED_OPEN, KEYED_OPEN},
	};
	unsigned nwrong = 0;
	struct ends e;

	open_ends(&e, 70);
	for (unsigned role = 0; role < 2; role++) {
		struct keyed *was = e.was[role], k;
		struct ends copy = e;

		CHECK(say(&copy, !role, "\0\0\2", 4, NULL) == KEYED_ENDED);
		was[KEYED_OPEN] = e.end[role];
		was[KEYED_CLOSED] = copy.end[role];
		for (int i = 0; i < (KEYED_CLOSED + 1) * NCALLS; i++) {
			const enum keyed_state state = (enum keyed_state)(i / NCALLS);
			const enum call which = (enum call)(i % NCALLS);

			k = was[state];
			CHECK(k.state == state || (role == CLIENT && state == KEYED_AGREED));
			if (state != KEYED_OPEN)
				check_it_does_nothing(&k);
			if (turn[role][which] == k.state)
				continue;
			CHECK(!call(&k, which));
			if (which == SEAL && state == KEYED_CLOSED)
				CHECK(k.state == KEYED_CLOSED && k.fault == KEYED_OK);
			else
				CHECK(is_wiped(&k, KEYED_MISUSED));
			nwrong++;
		}
	}
	CHECK(nwrong == 2 * NCALLS * 6 - (2 + 2 + 1 + 2 + 2));
}

/* Whatever is called after a failure, the reason stays the one that is to be told. */
TEST(keyed_the_first_fault_stays)
{
	uint8_t record[RECORD_LEN] = {0, RECORD_LEN - 2}, other[3] = {0xff, 0xff, 0xff};
	struct ends e;

	open_ends(&e, 76);
	for (unsigned role = 0; role < 2; role++) {
		struct keyed *k = &e.end[role];

		CHECK(feed(k, record, sizeof(record)) == 0);
		for (int which = 0; which < NCALLS; which++)
			CHECK(is_wiped(k, KEYED_NOT_GENUINE) && !call(k, (enum call)which));
		CHECK(!keyed_glance(k, other, sizeof(other)));
		check_it_does_nothing(k);
		CHECK(is_wiped(k, KEYED_NOT_GENUINE));
	}
}

TEST(keyed_no_record_is_empty_or_too_long_or_beyond_the_last_nonce)
{
	static uint8_t record[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX + 1];
	static const size_t lens[] = {0, KEYED_PLAIN_MAX + 1};
	struct ends e;

	open_ends(&e, 71);
	for (size_t i = 0; i < COUNT(lens); i++) {
		struct keyed client = e.end[CLIENT];

		CHECK(keyed_seal(&client, record, lens[i], NOW) == 0);
		CHECK(is_wiped(&client, KEYED_MISUSED));
	}
	CHECK(keyed_seal(&e.end[CLIENT], record, KEYED_PLAIN_MAX, NOW) ==
	      FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX);
	e.end[CLIENT].send.counter = UINT64_MAX;
	CHECK(keyed_seal(&e.end[CLIENT], record, 3, NOW) == 0);
	CHECK(is_wiped(&e.end[CLIENT], KEYED_MISUSED));
}

TEST(keyed_without_random_bytes_there_is_no_key)
{
	uint8_t record[HELLO_FRAME];
	struct ends e, asked;
	struct keyed *client, *server;

	open_ends(&e, 73);
	open_ends(&asked, 74);
	take_steps(&asked, 1);
	random_fails = true;
	client = &e.was[CLIENT][KEYED_START];
	server = &e.was[SERVER][KEYED_GREETED];
	CHECK(!keyed_write_hello(client, record) && is_wiped(client, KEYED_NO_RANDOM));
	CHECK(!keyed_write_hello(server, record) && is_wiped(server, KEYED_NO_RANDOM));
	client = &e.end[CLIENT];
	server = &asked.end[SERVER];
	CHECK(!keyed_write_item(client, record, REKEY_AT) && is_wiped(client, KEYED_NO_RANDOM));
	CHECK(!keyed_write_item(server, record, NOW) && is_wiped(server, KEYED_NO_RANDOM));
	random_fails = false;
}

/* Each key has bytes of its own: two in a handshake, two in each that is new. */
TEST(keyed_takes_new_random_bytes_for_each_handshake)
{
	struct ends e;

	nrandom = 0;
	open_ends(&e, 75);
	CHECK(nrandom == 2);
	CHECK(memcmp(e.hello[CLIENT] + 3, e.hello[SERVER] + 3, X25519_LEN) != 0);
	take_steps(&e, 3);
	CHECK(nrandom == 4);
}

/*
 * A Noise message with zeros for an ephemeral key, else genuine: in a client's that shows only when
 * it is answered, in a server's the secret that they lead to is zeros, too.
 */
static void craft_low_order(struct noise_handshake *h, const uint8_t *payload, size_t len,
			    uint8_t *out)
{
	const uint8_t zeros[X25519_LEN] = {0};
	uint8_t text[BLAKE2S_LEN], key[NOISE_KEY_LEN];
	struct blake2s b;

	memset(out, 0, X25519_LEN);
	blake2s_init(&b, BLAKE2S_LEN, NULL, 0);
	blake2s_update(&b, h->hash, sizeof(h->hash));
	blake2s_update(&b, zeros, sizeof(zeros));
	blake2s_final(&b, text);
	for (int i = 0; i <= (h->role == SERVER); i++)
		blake2s_hkdf(h->chaining_key, key, NULL, h->chaining_key, zeros, sizeof(zeros));
	chacha20poly1305_seal(out + X25519_LEN, key, 0, text, sizeof(text), payload, len);
}

/* Only a holder of the key can send such a thing, and it must get it nowhere. */
TEST(keyed_an_ephemeral_of_low_order_ends_it)
{
	uint8_t payload[KEYED_FACTS_LEN], theirs[KEYED_FACTS_LEN], plain[HANDSHAKE_ITEM] = {0};
	uint8_t item[KEYED_ITEM_RECORD_MAX];
	struct noise_handshake h;
	struct ends e;
	struct keyed *server = &e.end[SERVER];

	agree(&e, 78);
	memset(payload, 0, sizeof(payload));
	payload[7] = 60;
	begin_noise(&h, SERVER, "tunnel 1", psk);
	CHECK(noise_handshake_read(&h, theirs, e.hello[CLIENT] + 3, KEYED_HELLO_LEN - 1));
	craft_low_order(&h, payload, sizeof(payload), e.hello[SERVER] + 3);
	e.end[CLIENT] = awaiting_hello(&e, CLIENT);
	CHECK(!take_hello(&e, CLIENT) && is_wiped(&e.end[CLIENT], KEYED_NOT_GENUINE));
	begin_noise(&h, CLIENT, "tunnel 1", psk);
	craft_low_order(&h, payload, sizeof(payload), e.hello[CLIENT] + 3);
	e.end[SERVER] = awaiting_hello(&e, SERVER);
	CHECK(take_hello(&e, SERVER));
	CHECK(!keyed_write_hello(server, e.hello[SERVER]) && is_wiped(server, KEYED_BAD_FACTS));

	open_ends(&e, 79);
	plain[2] = ITEM_REKEY1;
	noise_handshake_init(&h, CLIENT, server->hash, NOISE_HASH_LEN, psk);
	craft_low_order(&h, NULL, 0, plain + 3);
	CHECK(say(&e, CLIENT, plain, sizeof(plain), NULL) == KEYED_NO_MORE);
	CHECK(keyed_write_item(server, item, NOW) == 0 && is_wiped(server, KEYED_BAD_REKEY));

	open_ends(&e, 80);
	plain[2] = ITEM_REKEY2;
	noise_handshake_init(&h, SERVER, server->hash, NOISE_HASH_LEN, psk);
	dice = 80;
	CHECK(peek(&e.end[CLIENT], item, REKEY_AT) == HANDSHAKE_ITEM);
	dice = 80;
	take_steps(&e, 1);
	CHECK(noise_handshake_read(&h, theirs, item + 3, NOISE_HANDSHAKE_OVERHEAD));
	craft_low_order(&h, NULL, 0, plain + 3);
	CHECK(refuses(&e, SERVER, plain, sizeof(plain), KEYED_BAD_REKEY));
}

TEST(keyed_every_fault_has_a_text)
{
	for (int fault = 0; fault < KEYED_NFAULTS; fault++)
		CHECK(strlen(keyed_fault_text((enum keyed_fault)fault)) > 5);
}

/* ---- the wire, to the byte ---- */

static uint8_t next_ephemeral;

static bool fixed_ephemeral(uint8_t *out, size_t len)
{
	memset(out, next_ephemeral, len);
	next_ephemeral = (uint8_t)(next_ephemeral + 0x11);
	return true;
}

/* The record of this plaintext, or without one of what is due, is @want; the peer takes it. */
static void check_record(struct ends *e, enum noise_role from, const char *plain, size_t len,
			 const char *want, enum keyed_got got)
{
	uint8_t record[KEYED_ITEM_RECORD_MAX];

	if (plain) {
		memcpy(record + FRAME_HEADER_LEN, plain, len);
		len = keyed_seal(&e->end[from], record, len, NOW);
	} else {
		len = keyed_write_item(&e->end[from], record, NOW);
	}
	CHECK(len > 0 && hex_equal(record, len, want));
	CHECK(len > 0 && take(&e->end[!from], record, len, NOW, NULL) == got);
}

/*
 * Made by another program, from the Noise specification and the format's description alone, on top
 * of Python's hashlib and cryptography: the key counts from 0 to 31, the ephemerals are 32 times
 * 0x11 and so on. Facts: a tap, MTU 1500, 60 s, 16 times C; a tap, 9000, 86400 s, 16 times S.
 * Whoever has to change these bytes changes the protocol, and so the prologue.
 */
TEST(keyed_bytes_on_the_wire_are_what_another_program_makes)
{
	static const char client_hello[] =
		"0051407b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f139706b1328d"
		"42e2fe2215787a817396f0794f303894ffb99c83a7073875dc36dd2f6b898a71e96d58767152a83d"
		"e8b2e2";
	static const char server_hello[] =
		"0051410faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20fe74de6d38"
		"1e461ff41100758e7cc896f96b52b28e3a8999607d2b434c2ef93e3125782e7e1f7da13e2f7e7171"
		"09412c";
	static const char confirm[] = "001398ebb929c8469985ccd07e2ed6ce6ed61d4381";
	static const char rekey1[] =
		"0043d91c8ac030b57733b519995e5ef83a32fcfe1b6ef4bec19cb41850b4779a49d976d0f6219fc8"
		"745da376a76117471bbf9110a53d395c275ae87b0266c3e165bc1a7fcd";
	static const char rekey2[] =
		"004368a41f1e61f38410dee07c1bf04a9d8c195a5b3a7272ca8108ffbe35f28ce1284a3c88a81413"
		"9f75138cc89fc3a7d2d1454ac582b0a2a215d6716e3e70d2f76d0b94e5";
	static const char client_switch[] = "0013161b29164ee993eaf0ccc68d548a99852af8cc";
	static const char server_new[] = "001723158469ded9a4c0d9295857e7739be2d467e045844645";
	static const char client_new[] = "00172390097074a450ee82799cd5995dc24e57b46335f1db7e";
	static const char client_65535[] = "00170cfe4b645367e8f77d38737404e36c2085fd412dedd22b";
	static const char client_65536[] = "001737decbe905604d8d0d29f879808f1d262ec50c81400772";
	static const char server_close[] = "00145f538feac974a5b25dcdd9e135f70eb1e5861909";
	struct keyed_facts f[2] = {
		{.kind = PACKET_ETHER, .mtu = 1500, .timeout_s = 60},
		{.kind = PACKET_ETHER, .mtu = 9000, .timeout_s = 86400},
	};
	uint8_t key[NOISE_KEY_LEN];
	struct ends e;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	memset(f[0].id, 'C', KEYED_ID_LEN);
	memset(f[1].id, 'S', KEYED_ID_LEN);
	next_ephemeral = 0x11;
	keyed_init(&e.end[CLIENT], CLIENT, key, &f[CLIENT], fixed_ephemeral);
	keyed_init(&e.end[SERVER], SERVER, key, &f[SERVER], fixed_ephemeral);
	write_hello(&e, CLIENT);
	CHECK(hex_equal(e.hello[CLIENT], HELLO_FRAME, client_hello));
	CHECK(take_hello(&e, SERVER));
	write_hello(&e, SERVER);
	CHECK(hex_equal(e.hello[SERVER], HELLO_FRAME, server_hello));
	CHECK(take_hello(&e, CLIENT));
	CHECK(keyed_write_item(&e.end[CLIENT], e.confirm, NOW) == CONFIRM_FRAME);
	CHECK(hex_equal(e.confirm, CONFIRM_FRAME, confirm));
	CHECK(read_confirm(&e.end[SERVER], e.confirm));

	e.end[CLIENT].agreed_at_us = NOW - KEYED_REKEY_US;
	check_record(&e, CLIENT, NULL, 0, rekey1, KEYED_NO_MORE);
	check_record(&e, SERVER, NULL, 0, rekey2, KEYED_NO_MORE);
	check_record(&e, CLIENT, NULL, 0, client_switch, KEYED_NO_MORE);
	check_record(&e, SERVER, "\0\5Ehere", 7, server_new, KEYED_NO_MORE);
	check_record(&e, CLIENT, "\0\5Ehere", 7, client_new, KEYED_NO_MORE);
	e.end[CLIENT].send.counter = e.end[SERVER].receive.counter = KEYED_REKEY_RECORDS - 1;
	check_record(&e, CLIENT, "\0\5Ehere", 7, client_65535, KEYED_NO_MORE);
	check_record(&e, CLIENT, "\0\5Ehere", 7, client_65536, KEYED_NO_MORE);
	keyed_close(&e.end[SERVER], KEYED_CLOSE_REPLACED);
	check_record(&e, SERVER, NULL, 0, server_close, KEYED_ENDED);
}
