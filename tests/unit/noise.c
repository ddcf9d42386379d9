/* SPDX-License-Identifier: MIT */
/* The Noise handshake and its cipher states: third-party vectors, and what must fail. */
#include "noise.h"

#include <stdlib.h>

#include "unit.h"
#include "vectors.h"

#define OVERHEAD NOISE_HANDSHAKE_OVERHEAD

static const uint8_t psk[NOISE_KEY_LEN] = "a key for tests, 32 bytes long..";

/* ---- third-party vectors ---- */

struct vector {
	struct noise_handshake hs[2];
	struct noise_cipher send[2], receive[2];
	uint8_t prologue[2][64], ephemeral[2][32], key[2][32], hash[32];
	size_t prologue_len[2];
	unsigned nmessages;
};

static void begin_vector(struct vector *v)
{
	for (int i = 0; i < 2; i++)
		noise_handshake_init(&v->hs[i], (enum noise_role)i, v->prologue[i],
				     v->prologue_len[i], v->key[i]);
}

static void split_vector(struct vector *v)
{
	uint8_t hash[32];

	for (int i = 0; i < 2; i++) {
		CHECK(noise_handshake_split(&v->hs[i], &v->send[i], &v->receive[i], hash));
		CHECK(!memcmp(hash, v->hash, sizeof(hash)));
	}
}

/* "PAYLOAD CIPHERTEXT", from the initiator when the number is even. */
static void take_message(struct vector *v, const char *text)
{
	const int from = v->nmessages % 2, to = !from;
	uint8_t payload[256], want[300], got[300], back[300];
	const size_t len = (size_t)(strchr(text, ' ') - text) / 2;

	CHECK(hex_bytes(payload, len, text) == len);
	CHECK(hex_bytes(want, sizeof(want), strchr(text, ' ')) ==
	      len + (v->nmessages < 2 ? OVERHEAD : NOISE_TAG_LEN));
	if (v->nmessages == 0)
		begin_vector(v);
	if (v->nmessages < 2) {
		CHECK(noise_handshake_write(&v->hs[from], v->ephemeral[from], got, payload, len));
		CHECK(!memcmp(got, want, len + OVERHEAD));
		CHECK(noise_handshake_read(&v->hs[to], back, want, len + OVERHEAD));
	} else {
		CHECK(noise_cipher_seal(&v->send[from], got, payload, len));
		CHECK(!memcmp(got, want, len + NOISE_TAG_LEN));
		CHECK(noise_cipher_open(&v->receive[to], back, want, len + NOISE_TAG_LEN));
	}
	CHECK(!memcmp(back, payload, len));
	if (++v->nmessages == 2)
		split_vector(v);
}

static void take_line(struct vector *v, const char *line)
{
	const char *text = strstr(line, "= ");
	const int i = strncmp(line, "resp_", 5) == 0;

	if (!text)
		return;
	text += 2;
	if (strncmp(line, "message", 7) == 0)
		take_message(v, text);
	else if (strncmp(line, "handshake_hash", 14) == 0)
		hex_bytes(v->hash, 32, text);
	else if (strncmp(line + 5, "prologue", 8) == 0)
		v->prologue_len[i] = hex_bytes(v->prologue[i], sizeof(v->prologue[i]), text);
	else if (strncmp(line + 5, "psks", 4) == 0)
		hex_bytes(v->key[i], 32, text);
	else if (strncmp(line + 5, "ephemeral", 9) == 0)
		hex_bytes(v->ephemeral[i], 32, text);
}

/* Of the file's handshakes the one that exists here; the others have no key, or more than one. */
TEST(noise_third_party_vectors_of_NNpsk0)
{
	static const char ours[] = "[Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s]";
	const char *folder = getenv("VECTORS");
	struct vector v = {.nmessages = 0};
	char name[4096], line[2048];
	int is_ours = 0;
	FILE *f;

	if (!folder || !*folder) {
		unit_skip("VECTORS does not name a folder with noise.txt");
		return;
	}
	snprintf(name, sizeof(name), "%s/noise.txt", folder);
	f = fopen(name, "r");
	if (!f) {
		unit_skip("the folder VECTORS has no noise.txt");
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '[')
			is_ours = strncmp(line, ours, strlen(ours)) == 0;
		else if (is_ours)
			take_line(&v, line);
	}
	fclose(f);
	CHECK(v.nmessages == 6);
}

/* ---- two ends ---- */

struct ends {
	struct noise_handshake initiator, responder;
	struct noise_cipher i_send, i_receive, r_send, r_receive;
	uint8_t i_hash[32], r_hash[32];
};

static void make_ephemeral(uint8_t out[static 32], uint64_t seed)
{
	random_bytes(&seed, out, 32);
}

static void begin_ends(struct ends *e, const char *i_prologue, const char *r_prologue)
{
	noise_handshake_init(&e->initiator, NOISE_INITIATOR, (const uint8_t *)i_prologue,
			     strlen(i_prologue), psk);
	noise_handshake_init(&e->responder, NOISE_RESPONDER, (const uint8_t *)r_prologue,
			     strlen(r_prologue), psk);
}

static bool pass(struct noise_handshake *from, struct noise_handshake *to, uint64_t seed,
		 size_t len)
{
	static uint8_t payload[65536], message[65536 + OVERHEAD], back[65536];
	uint8_t ephemeral[32];

	make_ephemeral(ephemeral, seed);
	random_bytes(&seed, payload, len);
	CHECK(noise_handshake_write(from, ephemeral, message, payload, len));
	if (!noise_handshake_read(to, back, message, len + OVERHEAD))
		return false;
	CHECK(!memcmp(back, payload, len));
	return true;
}

static void split_ends(struct ends *e)
{
	CHECK(noise_handshake_split(&e->initiator, &e->i_send, &e->i_receive, e->i_hash));
	CHECK(noise_handshake_split(&e->responder, &e->r_send, &e->r_receive, e->r_hash));
}

TEST(noise_payloads_of_any_length_up_to_the_largest)
{
	static const size_t lens[] = {0, 1, 32, 1000, NOISE_MESSAGE_MAX - OVERHEAD};
	struct ends e;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		begin_ends(&e, "", "");
		CHECK(pass(&e.initiator, &e.responder, 1, lens[i]));
		CHECK(pass(&e.responder, &e.initiator, 2, lens[i]));
		split_ends(&e);
		CHECK(!memcmp(e.i_hash, e.r_hash, 32));
		CHECK(!memcmp(e.i_send.key, e.r_receive.key, 32));
		CHECK(!memcmp(e.i_receive.key, e.r_send.key, 32));
		CHECK(memcmp(e.i_send.key, e.i_receive.key, 32) != 0);
	}
}

TEST(noise_a_payload_too_long_for_a_message_ends_the_handshake)
{
	static uint8_t payload[NOISE_MESSAGE_MAX], out[2 * NOISE_MESSAGE_MAX];
	uint8_t ephemeral[32];
	struct ends e;

	begin_ends(&e, "", "");
	make_ephemeral(ephemeral, 1);
	CHECK(!noise_handshake_write(&e.initiator, ephemeral, out, payload,
				     NOISE_MESSAGE_MAX - OVERHEAD + 1));
	CHECK(e.initiator.step == NOISE_OVER);
	CHECK(!noise_handshake_read(&e.responder, payload, out, NOISE_MESSAGE_MAX + 1));
	CHECK(e.responder.step == NOISE_OVER);
}

TEST(noise_another_prologue_or_key_fails_at_the_first_message)
{
	static const uint8_t other[32] = {1};
	struct ends e;

	begin_ends(&e, "tunnel 1", "tunnel 2");
	CHECK(!pass(&e.initiator, &e.responder, 1, 32));
	begin_ends(&e, "", "");
	noise_handshake_init(&e.responder, NOISE_RESPONDER, NULL, 0, other);
	CHECK(!pass(&e.initiator, &e.responder, 1, 32));
}

static int is_zero(const void *p, size_t len)
{
	const uint8_t *bytes = p;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum |= bytes[i];
	return !sum;
}

TEST(noise_no_bit_of_a_message_can_be_changed_nor_a_byte_cut_off)
{
	uint8_t message[2][40 + OVERHEAD], payload[40] = {0}, ephemeral[32], changed[41 + OVERHEAD];
	struct ends e, copy;

	begin_ends(&e, "x", "x");
	for (int second = 0; second < 2; second++) {
		struct noise_handshake *from = second ? &e.responder : &e.initiator;
		struct noise_handshake *to = second ? &e.initiator : &e.responder;
		const size_t len = sizeof(message[0]);

		make_ephemeral(ephemeral, 5);
		CHECK(noise_handshake_write(from, ephemeral, message[second], payload, 40));
		copy = e;
		for (size_t bit = 0; bit < 8 * len; bit++) {
			memcpy(changed, message[second], len);
			changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
			*to = second ? copy.initiator : copy.responder;
			CHECK(!noise_handshake_read(to, payload, changed, len));
			CHECK(is_zero(to, sizeof(*to)));
		}
		for (size_t n = 0; n <= len + 1; n++) {
			memset(changed, 0, sizeof(changed));
			memcpy(changed, message[second], len);
			*to = second ? copy.initiator : copy.responder;
			CHECK(noise_handshake_read(to, payload, changed, n) == (n == len));
			if (n == len)
				copy = e;
		}
		e = copy;
	}
	split_ends(&e);
}

TEST(noise_messages_out_of_turn_end_the_handshake)
{
	uint8_t ephemeral[32], out[OVERHEAD], again[OVERHEAD];
	struct noise_cipher a, b;
	uint8_t hash[32];
	struct ends e;

	begin_ends(&e, "", "");
	make_ephemeral(ephemeral, 1);
	CHECK(!noise_handshake_write(&e.responder, ephemeral, out, NULL, 0));
	CHECK(e.responder.step == NOISE_OVER && is_zero(ephemeral, 32));

	begin_ends(&e, "", "");
	make_ephemeral(ephemeral, 1);
	CHECK(noise_handshake_write(&e.initiator, ephemeral, out, NULL, 0));
	make_ephemeral(ephemeral, 2);
	CHECK(!noise_handshake_write(&e.initiator, ephemeral, again, NULL, 0));

	/* its own message 1 is no message 2 to the initiator */
	begin_ends(&e, "", "");
	make_ephemeral(ephemeral, 1);
	CHECK(noise_handshake_write(&e.initiator, ephemeral, out, NULL, 0));
	CHECK(!noise_handshake_read(&e.initiator, again, out, sizeof(out)));

	begin_ends(&e, "", "");
	CHECK(!noise_handshake_split(&e.initiator, &a, &b, hash));
	CHECK(is_zero(&a, sizeof(a)) && is_zero(&b, sizeof(b)) && is_zero(hash, 32));
	CHECK(e.initiator.step == NOISE_OVER);
}

TEST(noise_refuses_an_ephemeral_of_low_order_from_one_who_holds_the_key)
{
	/* a message 1 as x25519_public() would never make it, sealed as it should be */
	uint8_t message[OVERHEAD] = {0}, ephemeral[32], key[32], text[32];
	struct noise_handshake h, faker;
	struct blake2s b;

	noise_handshake_init(&faker, NOISE_INITIATOR, NULL, 0, psk);
	blake2s_init(&b, 32, NULL, 0);
	blake2s_update(&b, faker.hash, 32);
	blake2s_update(&b, message, 32);
	blake2s_final(&b, text);
	blake2s_hkdf(faker.chaining_key, key, NULL, faker.chaining_key, message, 32);
	chacha20poly1305_seal(message + 32, key, 0, text, 32, NULL, 0);

	noise_handshake_init(&h, NOISE_RESPONDER, NULL, 0, psk);
	CHECK(noise_handshake_read(&h, text, message, sizeof(message)));
	make_ephemeral(ephemeral, 3);
	CHECK(!noise_handshake_write(&h, ephemeral, message, NULL, 0));
	CHECK(is_zero(&h, sizeof(h)) && is_zero(ephemeral, 32));
}

TEST(noise_everything_secret_is_wiped_when_it_is_over)
{
	struct ends e;

	begin_ends(&e, "", "");
	CHECK(pass(&e.initiator, &e.responder, 1, 0));
	CHECK(!is_zero(e.initiator.ephemeral, 32));
	CHECK(pass(&e.responder, &e.initiator, 2, 0));
	CHECK(is_zero(e.initiator.ephemeral, 32) && is_zero(e.responder.ephemeral, 32));
	split_ends(&e);
	CHECK(is_zero(&e.initiator, sizeof(e.initiator)));
	CHECK(is_zero(&e.responder, sizeof(e.responder)));
}

/* ---- cipher states ---- */

TEST(noise_counter_refuses_to_wrap)
{
	struct noise_cipher c = {.has_key = true, .key = {1}, .counter = UINT64_MAX - 1};
	struct noise_cipher o = c;
	uint8_t text[20] = {0}, sealed[36];

	CHECK(noise_cipher_seal(&c, sealed, text, sizeof(text)));
	CHECK(noise_cipher_open(&o, text, sealed, sizeof(sealed)));
	memset(sealed, 0x5a, sizeof(sealed));
	for (int i = 0; i < 3; i++)
		CHECK(!noise_cipher_seal(&c, sealed, text, sizeof(text)));
	CHECK(sealed[0] == 0x5a && c.counter == UINT64_MAX);
	chacha20poly1305_seal(sealed, o.key, UINT64_MAX, NULL, 0, text, sizeof(text));
	CHECK(!noise_cipher_open(&o, text, sealed, sizeof(sealed)));
	noise_cipher_rekey(&c);
	CHECK(!noise_cipher_seal(&c, sealed, text, sizeof(text)));
}

TEST(noise_a_cipher_without_a_key_passes_nothing)
{
	struct noise_cipher c = {.counter = 0};
	uint8_t text[20] = {0}, sealed[36];

	chacha20poly1305_seal(sealed, c.key, 0, NULL, 0, text, sizeof(text));
	CHECK(!noise_cipher_open(&c, text, sealed, sizeof(sealed)));
	CHECK(!noise_cipher_seal(&c, sealed, text, sizeof(text)));
	noise_cipher_rekey(&c);
	CHECK(is_zero(&c, sizeof(c)));
}

TEST(noise_rekey_is_what_section_4_2_says_and_keeps_the_counter)
{
	struct noise_cipher c = {.has_key = true, .key = {7}, .counter = 12345}, o = c;
	uint8_t text[32] = {0}, sealed[48];

	chacha20poly1305_seal(sealed, c.key, UINT64_MAX, NULL, 0, text, 32);
	noise_cipher_rekey(&c);
	CHECK(!memcmp(c.key, sealed, 32) && c.counter == 12345);
	CHECK(noise_cipher_seal(&c, sealed, text, 32));
	CHECK(!noise_cipher_open(&o, text, sealed, 48) && o.counter == 12345);
	noise_cipher_rekey(&o);
	CHECK(noise_cipher_open(&o, text, sealed, 48) && o.counter == 12346);
}

TEST(noise_move_leaves_nothing_at_the_source)
{
	struct noise_cipher a = {.has_key = true, .key = {7}, .counter = 3}, b = {.key = {9}};

	noise_cipher_move(&b, &a);
	CHECK(b.has_key && b.key[0] == 7 && b.counter == 3 && is_zero(&a, sizeof(a)));
}
