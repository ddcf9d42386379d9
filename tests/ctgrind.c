/* SPDX-License-Identifier: MIT */
/*
 * Does the time depend on a secret? To be run under valgrind's memcheck: secrets are marked as
 * undefined memory, and then memcheck itself reports each branch and each index that depends on one,
 * however indirectly. scripts/ctgrind.sh builds this with several compilers and levels.
 *
 * A line for each primitive; at the end leaky functions, which must be reported, or all of this shows
 * nothing. Status 0 when that is how it went.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "blake2s.h"
#include "chacha20poly1305.h"
#include "keyed.h"
#include "keyfile.h"
#include "wipe.h"
#include "x25519.h"

#define SECRET(p, len) VALGRIND_MAKE_MEM_UNDEFINED(p, len)
#define PUBLIC(p, len) VALGRIND_MAKE_MEM_DEFINED(p, len)

static uint8_t key[32], aad[20], text[3000], sealed[3016], opened[3016], out[96];
static int sink;

static void fill(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 167);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 59 + 1);
}

static void case_seal(void)
{
	static const size_t lens[] = {0, 1, 100, 960, 1420, 3000};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		SECRET(key, sizeof(key));
		SECRET(text, sizeof(text));
		SECRET(aad, sizeof(aad));
		chacha20poly1305_seal(sealed, key, i, aad, sizeof(aad), text, lens[i]);
	}
}

static void open_once(uint64_t counter, size_t len, bool good)
{
	fill();
	chacha20poly1305_seal(sealed, key, counter, aad, sizeof(aad), text, len);
	sealed[len / 2] ^= !good;
	SECRET(key, sizeof(key));
	if (chacha20poly1305_open(opened, key, counter, aad, sizeof(aad), sealed,
				  len + CHACHA20POLY1305_TAG_LEN) != good)
		abort();
}

static void case_open(void)
{
	open_once(1, 100, true);
	open_once(2, 3000, true);
	open_once(3, 1420, false);
}

static void case_x25519(void)
{
	bool ok;

	SECRET(key, sizeof(key));
	x25519_public(out, key);
	PUBLIC(out, 32);
	ok = x25519_shared(out + 32, key, out);
	PUBLIC(&ok, sizeof(ok));
	if (!ok)
		abort();
	memset(out, 0, 32);
	ok = x25519_shared(out + 32, key, out);
	PUBLIC(&ok, sizeof(ok));
	if (ok)
		abort();
}

static void case_blake2s(void)
{
	struct blake2s b;

	SECRET(key, sizeof(key));
	SECRET(text, sizeof(text));
	blake2s_init(&b, BLAKE2S_LEN, key, sizeof(key));
	blake2s_update(&b, text, 1000);
	blake2s_final(&b, out);
}

static void case_hkdf(void)
{
	SECRET(key, sizeof(key));
	SECRET(text, sizeof(text));
	blake2s_hkdf(out, out + 32, out + 64, key, text, 32);
}

static void case_equal(void)
{
	uint8_t a[32] = {1}, b[32] = {2};

	SECRET(a, sizeof(a));
	SECRET(b, sizeof(b));
	sink = crypto_equal(a, b, sizeof(a));
	PUBLIC(&sink, sizeof(sink));
}

static void case_wipe(void)
{
	SECRET(key, sizeof(key));
	crypto_wipe(key, sizeof(key));
}

static void case_keyfile(void)
{
	char line[KEYFILE_LINE_LEN];

	SECRET(key, sizeof(key));
	keyfile_format(line, key);
	PUBLIC(line + KEYFILE_LINE_LEN - 1, 1);
	if (keyfile_parse(out, line, sizeof(line)) != KEYFILE_OK)
		abort();
	line[3] = '?';
	if (keyfile_parse(out, line, sizeof(line)) != KEYFILE_NOT_BASE64)
		abort();
}

static bool secret_bytes(uint8_t *bytes, size_t len)
{
	static uint8_t n;

	memset(bytes, ++n, len);
	SECRET(bytes, len);
	return true;
}

static void carry_item(struct keyed *from, struct keyed *to, uint64_t now_us)
{
	uint8_t record[KEYED_ITEM_RECORD_MAX];
	size_t len = keyed_write_item(from, record, now_us);
	struct keyed_plain plain;
	const uint8_t *packet;

	if (!len || !keyed_open(to, record + FRAME_HEADER_LEN, len - FRAME_HEADER_LEN, now_us, &plain) ||
	    keyed_next(to, &plain, &packet, &len) != KEYED_NO_MORE)
		abort();
}

/* A handshake from the key to the first record, and a fresh one inside it. */
static void case_keyed(void)
{
	struct keyed_facts facts = {.timeout_s = 86400};
	uint8_t hello[FRAME_HEADER_LEN + KEYED_HELLO_LEN], confirm[KEYED_ITEM_RECORD_MAX];
	const uint8_t *message = hello + FRAME_HEADER_LEN;
	struct keyed client, server;

	SECRET(key, sizeof(key));
	keyed_init(&client, NOISE_INITIATOR, key, &facts, secret_bytes);
	facts.id[0] = 1;
	keyed_init(&server, NOISE_RESPONDER, key, &facts, secret_bytes);
	if (!keyed_write_hello(&client, hello) ||
	    !keyed_read_hello(&server, message, KEYED_HELLO_LEN, 0) ||
	    !keyed_write_hello(&server, hello) ||
	    !keyed_read_hello(&client, message, KEYED_HELLO_LEN, 0) ||
	    !keyed_write_item(&client, confirm, 0) ||
	    !keyed_read_confirm(&server, confirm + FRAME_HEADER_LEN, KEYED_CONFIRM_LEN, 0))
		abort();
	carry_item(&client, &server, KEYED_REKEY_US);
	carry_item(&server, &client, KEYED_REKEY_US);
	carry_item(&client, &server, KEYED_REKEY_US);
	if (client.rekeys != 1 || server.rekeys != 1)
		abort();
}

static void leaky_index(void)
{
	SECRET(key, sizeof(key));
	*(volatile int *)&sink = text[key[0]];
}

static void leaky_branch(void)
{
	SECRET(key, sizeof(key));
	for (size_t i = 0; i < sizeof(key) && key[i] == text[i]; i++)
		*(volatile int *)&sink = (int)i;
}

static void leaky_compare(void)
{
	SECRET(key, sizeof(key));
	for (size_t i = 0; i < sizeof(key); i++)
		if (*(volatile uint8_t *)&key[i] != text[i])
			return;
	*(volatile int *)&sink = 1;
}

static unsigned nwrong;

static void run(const char *name, const char *path, void (*code)(void), bool is_leaky)
{
	unsigned before, reports;

	fill();
	before = VALGRIND_COUNT_ERRORS;
	code();
	reports = VALGRIND_COUNT_ERRORS - before;
	PUBLIC(key, sizeof(key));
	PUBLIC(text, sizeof(text));
	PUBLIC(aad, sizeof(aad));
	PUBLIC(&sink, sizeof(sink));
	if ((reports > 0) != is_leaky)
		nwrong++;
	printf("%-14s %-9s %u reports%s\n", name, path, reports,
	       (reports > 0) == is_leaky ? (is_leaky ? ", as it must be" : "") : ": WRONG");
}

int main(void)
{
	if (!RUNNING_ON_VALGRIND) {
		fprintf(stderr, "ctgrind: to be run by scripts/ctgrind.sh under valgrind\n");
		return 2;
	}
	for (int p = 0; p < CHACHA20POLY1305_NPATHS; p++) {
		enum chacha20poly1305_path path = (enum chacha20poly1305_path)p;

		if (!chacha20poly1305_select(path)) {
			printf("%-14s %-9s skipped: not under this valgrind or CPU\n", "seal open",
			       chacha20poly1305_path_name(path));
			continue;
		}
		run("seal", chacha20poly1305_path_name(path), case_seal, false);
		run("open", chacha20poly1305_path_name(path), case_open, false);
	}
	run("x25519", "", case_x25519, false);
	run("blake2s", "", case_blake2s, false);
	run("hkdf", "", case_hkdf, false);
	run("equal", "", case_equal, false);
	run("wipe", "", case_wipe, false);
	run("keyfile", "", case_keyfile, false);
	run("keyed", "", case_keyed, false);
	run("leaky index", "", leaky_index, true);
	run("leaky branch", "", leaky_branch, true);
	run("leaky compare", "", leaky_compare, true);
	return nwrong != 0;
}
