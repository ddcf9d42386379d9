/* SPDX-License-Identifier: MIT */
/*
 * Any plaintext of records that the peer, who holds the key, has sealed: packets lie within their
 * record, in order and apart, a failure leaves nothing behind, and after legal steps of new
 * handshakes the ends still understand each other.
 *
 * Input: one byte of choices per step; with IS_CRAFTED a length and that many bytes of plaintext.
 */
#include "keyed.h"

#include <stdlib.h>
#include <string.h>

#define IS_FROM_SERVER 1
#define IS_CRAFTED     2 /* else the items that are due, genuine */
#define IS_WITH_ITEM   4 /* crafted bytes in front of the one that is due, or behind */
#define IS_BEHIND      8
#define IS_LATER       16 /* time goes on to the next handshake */
#define IS_CLOSED      32 /* this end has come to its end */

struct ends {
	struct keyed end[2];
	uint64_t now_us;
};

static uint8_t nrolls;

static bool roll(uint8_t *out, size_t len)
{
	memset(out, nrolls++, len);
	return true;
}

static void must(bool so)
{
	if (!so)
		abort();
}

static void prepare(struct ends *e)
{
	static const uint8_t psk[NOISE_KEY_LEN] = "a key for tests, 32 bytes long..";
	const struct keyed_facts facts[2] = {{.timeout_s = 60, .id = "c"},
					     {.timeout_s = 60, .id = "s"}};
	struct keyed *client = &e->end[0], *server = &e->end[1];
	uint8_t hello[FRAME_HEADER_LEN + KEYED_HELLO_LEN];

	keyed_init(client, NOISE_INITIATOR, psk, &facts[0], roll);
	keyed_init(server, NOISE_RESPONDER, psk, &facts[1], roll);
	must(keyed_write_hello(client, hello));
	must(keyed_read_hello(server, hello + FRAME_HEADER_LEN, KEYED_HELLO_LEN, 0));
	must(keyed_write_hello(server, hello));
	must(keyed_read_hello(client, hello + FRAME_HEADER_LEN, KEYED_HELLO_LEN, 0));
	must(keyed_write_item(client, hello, 0) == FRAME_HEADER_LEN + KEYED_CONFIRM_LEN);
	must(keyed_read_confirm(server, hello + FRAME_HEADER_LEN, KEYED_CONFIRM_LEN, 0));
}

static bool is_wiped(const struct keyed *k)
{
	struct keyed copy, zeros;

	memset(&zeros, 0, sizeof(zeros));
	memcpy(&copy, k, sizeof(copy));
	copy.fault = KEYED_OK;
	return k->fault != KEYED_OK && !memcmp(&copy, &zeros, sizeof(copy));
}

/* The other end takes a record, all that is in it; false when it is over. */
static bool take(struct ends *e, int from, const uint8_t *bytes, size_t total)
{
	struct keyed *receiver = &e->end[!from];
	const size_t len = total - FRAME_HEADER_LEN - NOISE_TAG_LEN;
	uint8_t *record = malloc(total); /* of the exact size, for the address sanitizer */
	const uint8_t *at = record + FRAME_HEADER_LEN, *packet;
	struct keyed_plain left;
	enum keyed_got got;
	size_t packet_len;

	memcpy(record, bytes, total);
	must(be16_load(record) == total - FRAME_HEADER_LEN);
	must(keyed_open(receiver, record + FRAME_HEADER_LEN, len + NOISE_TAG_LEN, e->now_us,
			&left));
	while ((got = keyed_next(receiver, &left, &packet, &packet_len)) == KEYED_PACKET) {
		must(packet_len >= 1 && packet_len <= FRAME_KEYED_PACKET_MAX);
		must(packet >= at + FRAME_HEADER_LEN);
		at = packet + packet_len;
		must(at + left.left == record + FRAME_HEADER_LEN + len && left.at == at);
	}
	must(got == KEYED_FAILED || left.at + left.left == record + FRAME_HEADER_LEN + len);
	free(record);
	must(got == KEYED_NO_MORE ? receiver->state == KEYED_OPEN
	     : got == KEYED_ENDED ? receiver->state == KEYED_CLOSED
				  : is_wiped(receiver));
	return got == KEYED_NO_MORE;
}

/* Do both ends know of the same handshake? Each step passes at once, so they always should. */
static bool agree(const struct ends *e)
{
	const struct keyed *client = &e->end[0], *server = &e->end[1];

	return client->rekey == server->rekey &&
	       !memcmp(client->send.key, server->receive.key, NOISE_KEY_LEN) &&
	       !memcmp(server->send.key, client->receive.key, NOISE_KEY_LEN);
}

/* A record of any plaintext. */
static bool pass(struct ends *e, int from, const uint8_t *plain, size_t len)
{
	uint8_t record[FRAME_HEADER_LEN + 256 + NOISE_TAG_LEN];

	memcpy(record + FRAME_HEADER_LEN, plain, len);
	must(keyed_seal(&e->end[from], record, len, e->now_us) ==
	     FRAME_HEADER_LEN + len + NOISE_TAG_LEN);
	return take(e, from, record, FRAME_HEADER_LEN + len + NOISE_TAG_LEN);
}

/* All items that are due, each in its record; false when it is over. */
static bool pass_items(struct ends *e, int from)
{
	struct keyed *sender = &e->end[from];
	uint8_t record[KEYED_ITEM_RECORD_MAX];
	size_t total;

	for (int n = 0; (total = keyed_write_item(sender, record, e->now_us)); n++) {
		must(n < 2 && total <= sizeof(record));
		if (!take(e, from, record, total)) {
			must(sender->state == KEYED_CLOSED && e->end[!from].state == KEYED_CLOSED);
			return false;
		}
	}
	must(sender->state == KEYED_OPEN && keyed_due_at_us(sender) > e->now_us);
	must(agree(e));
	return true;
}

/* The item that is due is taken out of its record, and put into another of the same number. */
static bool pass_mixture(struct ends *e, int from, const uint8_t *crafted, size_t len, bool behind)
{
	struct noise_cipher open = e->end[from].send, seal = open;
	uint8_t record[FRAME_HEADER_LEN + 256 + KEYED_ITEM_RECORD_MAX];
	uint8_t item[KEYED_ITEM_RECORD_MAX], *plain = record + FRAME_HEADER_LEN;
	const size_t total = keyed_write_item(&e->end[from], item, e->now_us);
	const size_t item_len = total ? total - FRAME_HEADER_LEN - NOISE_TAG_LEN : 0;

	if (!total)
		return !len || pass(e, from, crafted, len);
	must(noise_cipher_open(&open, plain + (behind ? 0 : len), item + FRAME_HEADER_LEN,
			       item_len + NOISE_TAG_LEN));
	memcpy(plain + (behind ? item_len : 0), crafted, len);
	must(noise_cipher_seal(&seal, plain, plain, item_len + len));
	frame_header_store(record, item_len + len + NOISE_TAG_LEN);
	return take(e, from, record, total + len);
}

/*
 * A record of crafted bytes, or genuine items, or both; false when it is over. Crafted bytes can be
 * a switch that their sender knows nothing about, or hide its own inside a packet: over, too.
 */
static bool step(struct ends *e, uint8_t choice, const uint8_t *crafted, size_t len)
{
	const int from = choice & IS_FROM_SERVER;
	const bool behind = choice & IS_BEHIND, with_item = choice & IS_WITH_ITEM;
	const bool awaits_switch = !from && e->end[1].rekey == KEYED_REKEY_ANSWERED;

	if (choice & IS_LATER)
		e->now_us += KEYED_REKEY_US;
	if (choice & IS_CLOSED)
		keyed_close(&e->end[from], KEYED_CLOSE_END);
	if (!(choice & IS_CRAFTED))
		return pass_items(e, from);
	if (with_item ? !pass_mixture(e, from, crafted, len, behind)
		      : len && !pass(e, from, crafted, len))
		return false;
	if (e->end[from].state == KEYED_CLOSED) /* and hid it inside a packet */
		return false;
	must(agree(e) || (with_item ? len && !behind : awaits_switch));
	return agree(e);
}

/* Finish what handshake there is, and exchange packets. */
static void check_talk(struct ends *e)
{
	static const uint8_t packet[] = {0, 3, 0x45, 1, 2};

	for (int turn = 0; turn < 8; turn++) {
		must(pass_items(e, turn % 2));
		must(pass(e, turn % 2, packet, sizeof(packet)));
	}
	must(e->end[0].rekey == KEYED_REKEY_NONE && e->end[1].rekey == KEYED_REKEY_NONE);
	must(!memcmp(e->end[0].hash, e->end[1].hash, NOISE_HASH_LEN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ends opened;
	static bool is_prepared;
	struct ends e;
	bool well = true;

	if (!is_prepared)
		prepare(&opened);
	is_prepared = true;
	e = opened;
	nrolls = 100; /* the same for the same input */
	for (unsigned nsteps = 0; well && size && nsteps < 40; nsteps++) {
		const uint8_t choice = data[0];
		size_t len = 0;

		data++;
		size--;
		if (choice & IS_CRAFTED && size) {
			len = data[0] < size ? data[0] : size - 1;
			well = step(&e, choice, data + 1, len);
			len++;
		} else {
			well = step(&e, choice & (uint8_t)~IS_CRAFTED, data, 0);
		}
		data += len;
		size -= len;
	}
	if (well && !e.end[0].close_due && !e.end[1].close_due)
		check_talk(&e);
	return 0;
}
