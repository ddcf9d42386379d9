/* SPDX-License-Identifier: MIT */
/*
 * Any bytes at an end that awaits a handshake: none but the peer's own get it a step further, a
 * failure leaves nothing behind, and no byte outside is read.
 *
 * Input: one byte of choices, then either the bytes that arrive, or with IS_MUTATED what to do with
 * the genuine ones: a length, and pairs of a place and what to change there.
 */
#include "keyed.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define WHICH	   3 /* of enum what */
#define IS_MUTATED 4
#define IS_LONE	   8 /* the length in front is right, so that more gets past it */

enum what {
	CLIENT_HELLO,
	SERVER_HELLO,
	CONFIRM,
	NWHATS,
};

/* The ends before and after each of the three, and the frames themselves. */
static struct {
	struct keyed before;
	uint8_t frame[FRAME_HEADER_LEN + KEYED_HELLO_LEN]; /* room for an item, too */
	size_t len;
} stage[NWHATS];

static bool roll(uint8_t *out, size_t len)
{
	static uint8_t n = 1;

	memset(out, n++, len);
	return true;
}

static void must(bool so)
{
	if (!so)
		abort();
}

static bool read_hello(struct keyed *k, enum what what)
{
	return keyed_read_hello(k, stage[what].frame + FRAME_HEADER_LEN, KEYED_HELLO_LEN, 0);
}

static void prepare(void)
{
	static const uint8_t psk[NOISE_KEY_LEN] = "a key for tests, 32 bytes long..";
	const struct keyed_facts facts[2] = {{.timeout_s = 60, .id = "c"},
					     {.timeout_s = 60, .id = "s"}};
	struct keyed client, server;

	keyed_init(&client, NOISE_INITIATOR, psk, &facts[0], roll);
	keyed_init(&server, NOISE_RESPONDER, psk, &facts[1], roll);
	stage[CLIENT_HELLO].before = server;
	must(keyed_write_hello(&client, stage[CLIENT_HELLO].frame));
	must(read_hello(&server, CLIENT_HELLO));
	stage[SERVER_HELLO].before = client;
	must(keyed_write_hello(&server, stage[SERVER_HELLO].frame));
	must(read_hello(&client, SERVER_HELLO));
	stage[CONFIRM].before = server;
	must(keyed_write_item(&client, stage[CONFIRM].frame, 0) ==
	     FRAME_HEADER_LEN + KEYED_CONFIRM_LEN);
	stage[CLIENT_HELLO].len = stage[SERVER_HELLO].len = FRAME_HEADER_LEN + KEYED_HELLO_LEN;
	stage[CONFIRM].len = FRAME_HEADER_LEN + KEYED_CONFIRM_LEN;
}

/* The genuine frame, cut or extended, with changes; its length is returned. */
static size_t mutate(enum what what, const uint8_t *data, size_t size, uint8_t **out)
{
	size_t len = stage[what].len;

	if (size && data[0])
		len = data[0] % 128;
	*out = calloc(1, len + !len);
	memcpy(*out, stage[what].frame, len < stage[what].len ? len : stage[what].len);
	for (size_t i = 1; len && i + 1 < size; i += 2)
		(*out)[data[i] % len] ^= data[i + 1];
	return len;
}

/* Nothing is left after a failure but its reason. */
static bool must_be_wiped(const struct keyed *k)
{
	struct keyed copy, zeros;

	memset(&zeros, 0, sizeof(zeros));
	memcpy(&copy, k, sizeof(copy));
	copy.fault = KEYED_OK;
	must(k->fault != KEYED_OK && !memcmp(&copy, &zeros, sizeof(copy)));
	return true;
}

/* As a daemon would: a confirmation as soon as its bytes are there, whatever the length says. */
static bool arrive_confirm(struct keyed *k, const uint8_t *bytes, size_t len)
{
	uint8_t payload[KEYED_CONFIRM_LEN];

	if (len < FRAME_HEADER_LEN + KEYED_CONFIRM_LEN)
		return false;
	memcpy(payload, bytes + FRAME_HEADER_LEN, KEYED_CONFIRM_LEN);
	return keyed_read_confirm(k, payload, be16_load(bytes), 0) || !must_be_wiped(k);
}

/* A look as soon as a byte is there, and the frame when it is whole. */
static bool arrive_hello(struct keyed *k, const uint8_t *bytes, size_t len)
{
	const uint8_t *payload;
	size_t payload_len;
	uint8_t *frame;
	bool ok;

	for (size_t n = 0; n <= len && n <= 4; n++)
		if (!keyed_glance(k, bytes, n))
			return !must_be_wiped(k);
	if (!frame_next(bytes, len, &payload, &payload_len))
		return false;
	/* of the exact size, for the address sanitizer */
	frame = malloc(payload_len + !payload_len);
	memcpy(frame, payload, payload_len);
	ok = keyed_read_hello(k, frame, payload_len, 0);
	free(frame);
	return ok || !must_be_wiped(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum what what;
	bool genuine, ok;
	struct keyed k;
	uint8_t *bytes;
	size_t len;

	if (!stage[0].len)
		prepare();
	if (!size)
		return 0;
	what = (enum what)((data[0] & WHICH) % NWHATS);
	if (data[0] & IS_MUTATED) {
		len = mutate(what, data + 1, size - 1, &bytes);
	} else {
		len = size - 1;
		bytes = malloc(len + !len);
		memcpy(bytes, data + 1, len);
	}
	if (data[0] & IS_LONE && len > FRAME_HEADER_LEN)
		be16_store(bytes, (uint16_t)(len - FRAME_HEADER_LEN));
	genuine = len >= stage[what].len && !memcmp(bytes, stage[what].frame, stage[what].len);
	k = stage[what].before;
	ok = what == CONFIRM ? arrive_confirm(&k, bytes, len) : arrive_hello(&k, bytes, len);
	must(ok == genuine);
	must((k.state == KEYED_OPEN) == (ok && what != CLIENT_HELLO));
	must((k.state == KEYED_GREETED && k.role == NOISE_RESPONDER) ==
	     (ok && what == CLIENT_HELLO));
	free(bytes);
	return 0;
}
