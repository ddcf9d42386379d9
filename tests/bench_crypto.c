/* SPDX-License-Identifier: MIT */
/*
 * Measures one thing once, for scripts/bench-crypto.sh, which repeats and compares:
 *	bench-crypto paths			the names of the paths there are
 *	bench-crypto seal PATH BYTES MS		bytes per second, over about MS milliseconds
 *	bench-crypto x25519 MS			nanoseconds a key agreement
 *	bench-crypto handshake MS		nanoseconds a handshake, both ends together
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chacha20poly1305.h"
#include "keyed.h"
#include "x25519.h"

#define TEXT_LEN_MAX (1 << 20)

static uint8_t text[TEXT_LEN_MAX + CHACHA20POLY1305_TAG_LEN];

/* Time of the processor, as openssl speed has it: who else is busy here does not count. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int list_paths(void)
{
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++)
		if (chacha20poly1305_select((enum chacha20poly1305_path)path))
			puts(chacha20poly1305_path_name((enum chacha20poly1305_path)path));
	return 0;
}

static int select_by_name(const char *name)
{
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++)
		if (strcmp(name, chacha20poly1305_path_name((enum chacha20poly1305_path)path)) == 0)
			return chacha20poly1305_select((enum chacha20poly1305_path)path);
	return 0;
}

static int seal(const char *path, size_t len, double seconds)
{
	static const uint8_t key[CHACHA20POLY1305_KEY_LEN] = {1};
	double start, took;
	uint64_t n = 0;

	if (!select_by_name(path) || len == 0 || len > TEXT_LEN_MAX) {
		fprintf(stderr, "bench-crypto: no path %s here, or length %zu\n", path, len);
		return 2;
	}
	for (start = now(); (took = now() - start) < seconds;)
		for (int i = 0; i < 32; i++, n++)
			chacha20poly1305_seal(text, key, n, NULL, 0, text, len);
	printf("%.0f\n", (double)n * (double)len / took);
	return 0;
}

static int agree(double seconds)
{
	uint8_t secret[X25519_LEN] = {1}, point[X25519_LEN] = {9};
	double start, took;
	unsigned n = 0;

	for (start = now(); (took = now() - start) < seconds; n++)
		if (!x25519_shared(point, secret, point))
			return 1;
	printf("%.0f\n", took / n * 1e9);
	return 0;
}

static bool fill(uint8_t *out, size_t len)
{
	static uint8_t n;

	memset(out, ++n, len);
	return true;
}

/* From two ends that know nothing of each other to a server that believes in its client. */
static bool shake_hands(struct keyed *client, struct keyed *server)
{
	static const struct keyed_facts client_facts = {.timeout_s = 30, .id = {1}};
	static const struct keyed_facts server_facts = {.timeout_s = 30, .id = {2}};
	static const uint8_t psk[NOISE_KEY_LEN] = {1};
	uint8_t hello[FRAME_HEADER_LEN + KEYED_HELLO_LEN], confirm[KEYED_ITEM_RECORD_MAX];

	keyed_init(client, NOISE_INITIATOR, psk, &client_facts, fill);
	keyed_init(server, NOISE_RESPONDER, psk, &server_facts, fill);
	return keyed_write_hello(client, hello) &&
	       keyed_read_hello(server, hello + FRAME_HEADER_LEN, KEYED_HELLO_LEN, 0) &&
	       keyed_write_hello(server, hello) &&
	       keyed_read_hello(client, hello + FRAME_HEADER_LEN, KEYED_HELLO_LEN, 0) &&
	       keyed_write_item(client, confirm, 0) &&
	       keyed_read_confirm(server, confirm + FRAME_HEADER_LEN, KEYED_CONFIRM_LEN, 0);
}

static int handshake(double seconds)
{
	struct keyed client, server;
	double start, took;
	unsigned n = 0;

	for (start = now(); (took = now() - start) < seconds; n++)
		if (!shake_hands(&client, &server))
			return 1;
	printf("%.0f\n", took / n * 1e9);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "paths") == 0)
		return list_paths();
	if (argc == 5 && strcmp(argv[1], "seal") == 0)
		return seal(argv[2], strtoul(argv[3], NULL, 10), atof(argv[4]) / 1000);
	if (argc == 3 && strcmp(argv[1], "x25519") == 0)
		return agree(atof(argv[2]) / 1000);
	if (argc == 3 && strcmp(argv[1], "handshake") == 0)
		return handshake(atof(argv[2]) / 1000);
	fprintf(stderr, "usage: bench-crypto paths | seal PATH BYTES MS | x25519 MS | handshake MS\n");
	return 2;
}
