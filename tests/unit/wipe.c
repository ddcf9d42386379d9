/* SPDX-License-Identifier: MIT */
/*
 * Wiping and comparing. Whether a secret stays on the stack is seen by running the code on a stack of
 * our own, a signal's, and looking through it afterwards.
 */
#include "wipe.h"

#include <signal.h>
#include <stdlib.h>

#include "blake2s.h"
#include "chacha20.h"
#include "chacha20poly1305.h"
#include "unit.h"
#include "vectors.h"
#include "x25519.h"

/* Sanitizers keep copies of their own. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

static uint8_t stack[256 * 1024] __attribute__((aligned(64)));
static size_t stack_used_to; /* above it is what the kernel saved: registers, of no interest here */
static void (*code_on_stack)(void);

static void on_signal(int number)
{
	(void)number;
	stack_used_to = (size_t)((uint8_t *)__builtin_frame_address(0) - stack);
	code_on_stack();
}

/* Run @code on the stack, which is zeros before and left as it is after. */
static void run_on_stack(void (*code)(void))
{
	stack_t ours = {.ss_sp = stack, .ss_size = sizeof(stack)}, before;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, action_before;

	memset(stack, 0, sizeof(stack));
	code_on_stack = code;
	sigaltstack(&ours, &before);
	sigaction(SIGUSR1, &action, &action_before);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &action_before, NULL);
	sigaltstack(&before, NULL);
}

/* Sixteen bytes of @secret that follow each other, anywhere on the stack. */
static int stack_has(const uint8_t *secret, size_t len)
{
	for (size_t at = 0; at + 16 <= len; at++)
		if (memmem(stack, stack_used_to, secret + at, 16))
			return 1;
	return 0;
}

/* The secret is never in memory that is shown: it is made where it is used. */
static void make_secret(uint8_t secret[static 64])
{
	for (size_t i = 0; i < 64; i++)
		secret[i] = (uint8_t)(0xa5 ^ (i * 37));
}

__attribute__((unused)) static void leave_secret(void)
{
	uint8_t secret[64];

	make_secret(secret);
	__asm__ volatile("" : : "r"(secret) : "memory");
	memset(secret, 0, sizeof(secret)); /* which the compiler takes out: nothing reads it */
}

static void wipe_secret(void)
{
	uint8_t secret[64];

	make_secret(secret);
	__asm__ volatile("" : : "r"(secret) : "memory");
	crypto_wipe(secret, sizeof(secret));
}

TEST(wipe_leaves_nothing_on_the_stack)
{
	uint8_t secret[64];

	make_secret(secret);
	run_on_stack(wipe_secret);
	CHECK(!stack_has(secret, sizeof(secret)));
#if defined(__OPTIMIZE__) && !IS_SANITIZED
	run_on_stack(leave_secret); /* else this test shows nothing */
	CHECK(stack_has(secret, sizeof(secret)));
#endif
}

TEST(wipe_zeros_its_bytes_and_no_others)
{
	uint8_t buf[40];

	for (size_t len = 0; len <= 32; len++) {
		memset(buf, 0x5a, sizeof(buf));
		crypto_wipe(buf + 4, len);
		for (size_t i = 0; i < sizeof(buf); i++)
			CHECK(buf[i] == (i >= 4 && i < 4 + len ? 0 : 0x5a));
	}
}

TEST(wipe_equal_sees_each_single_bit)
{
	uint8_t a[40], b[40];
	uint64_t seed = 1;

	random_bytes(&seed, a, sizeof(a));
	CHECK(crypto_equal(a, b, 0) == 1);
	for (size_t len = 1; len <= sizeof(a); len++) {
		memcpy(b, a, sizeof(b));
		CHECK(crypto_equal(a, b, len) == 1);
		for (size_t bit = 0; bit < 8 * len; bit++) {
			b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CHECK(crypto_equal(a, b, len) == 0);
			CHECK(crypto_equal(a, b, bit / 8) == 1);
			b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		memset(a, 0xff, sizeof(a));
		memset(b, 0x00, sizeof(b));
		CHECK(crypto_equal(a, b, len) == 0);
	}
}

/* ---- what the primitives leave behind ---- */

static uint8_t key[32], text[300], sealed[316], out[316];

static void run_seal(void)
{
	chacha20poly1305_seal(sealed, key, 7, NULL, 0, text, sizeof(text));
}

static void run_open(void)
{
	CHECK(chacha20poly1305_open(out, key, 7, NULL, 0, sealed, sizeof(sealed)));
}

static void run_open_refused(void)
{
	CHECK(!chacha20poly1305_open(out, key, 8, NULL, 0, sealed, sizeof(sealed)));
}

/* The key, the one-time key, the key stream, and the tag that a forger would like to know. */
static int stack_has_secrets_of(uint64_t counter)
{
	struct chacha20 c;
	uint8_t nonce[CHACHA20_NONCE_LEN] = {0, 0, 0, 0, (uint8_t)counter}, stream[512] = {0};
	uint8_t right[sizeof(sealed)];
	const size_t len = sizeof(sealed) - CHACHA20POLY1305_TAG_LEN;

	chacha20_init(&c, key, 0, nonce);
	chacha20_xor_portable(stream, stream, sizeof(stream), &c);
	/* what is sealed under the counter gives the same ciphertext, so the tag of it is known */
	for (size_t i = 0; i < len; i++)
		right[i] = sealed[i] ^ stream[64 + i];
	chacha20poly1305_seal(right, key, counter, NULL, 0, right, len);
	return stack_has(key, sizeof(key)) || stack_has(stream + 16, sizeof(stream) - 16) ||
	       stack_has(right + len, CHACHA20POLY1305_TAG_LEN);
}

TEST(wipe_aead_leaves_no_key_stream_or_right_tag_on_the_stack)
{
	uint64_t seed = 2;

	if (IS_SANITIZED) {
		unit_skip("sanitizers keep copies on the stack");
		return;
	}
	random_bytes(&seed, key, sizeof(key));
	random_bytes(&seed, text, sizeof(text));
	for (int path = 0; path < CHACHA20POLY1305_NPATHS; path++) {
		if (!chacha20poly1305_select((enum chacha20poly1305_path)path))
			continue;
		run_on_stack(run_seal);
		CHECK(!stack_has(key, sizeof(key)));
		run_on_stack(run_open);
		CHECK(!stack_has_secrets_of(7));
		run_on_stack(run_open_refused);
		CHECK(!stack_has_secrets_of(8));
	}
	chacha20poly1305_select_fastest();
}

static void run_x25519(void)
{
	x25519_public(out, key);
}

static void run_hkdf(void)
{
	blake2s_hkdf(out, out + 32, out + 64, key, text, 32);
}

TEST(wipe_x25519_and_hkdf_leave_no_keys_on_the_stack)
{
	uint8_t clamped[32], pads[2][32], temp[32];
	uint64_t seed = 3;

	if (IS_SANITIZED) {
		unit_skip("sanitizers keep copies on the stack");
		return;
	}
	random_bytes(&seed, key, sizeof(key));
	random_bytes(&seed, text, sizeof(text));
	memcpy(clamped, key, sizeof(key));
	clamped[0] &= 248;
	clamped[31] = (uint8_t)((clamped[31] & 127) | 64);
	run_on_stack(run_x25519);
	CHECK(!stack_has(clamped, sizeof(clamped)));

	blake2s_hmac(temp, key, sizeof(key), text, 32);
	for (size_t i = 0; i < 32; i++) {
		pads[0][i] = key[i] ^ 0x36;
		pads[1][i] = temp[i] ^ 0x5c;
	}
	run_on_stack(run_hkdf);
	CHECK(!stack_has(key, sizeof(key)));
	CHECK(!stack_has(temp, sizeof(temp)));
	CHECK(!stack_has(pads[0], sizeof(pads[0])));
	CHECK(!stack_has(pads[1], sizeof(pads[1])));
	CHECK(!stack_has(out + 64, 32));
}
