/* SPDX-License-Identifier: MIT */
/*
 * AEAD_CHACHA20_POLY1305, RFC 8439 section 2.8.
 *
 * Block 0 of the key stream gives Poly1305 its key, the text starts with block 1. Since the vector
 * code makes many blocks as fast as one, the stream's first KB is made at once: the key and what
 * the first 960 bytes of the text need. So a short message costs one round of the cipher, not two.
 */
#include "chacha20poly1305.h"

#include <string.h>

#include "bytes.h"
#include "chacha20.h"
#include "poly1305.h"
#include "wipe.h"

#define HEAD_LEN      1024
#define HEAD_TEXT_LEN (HEAD_LEN - CHACHA20_BLOCK_LEN)

struct path {
	const char *name;
	bool (*is_available)(void);
	void (*stream_xor)(uint8_t *dst, const uint8_t *src, size_t len, struct chacha20 *c);
	void (*mac_blocks)(struct poly1305 *p, const uint8_t *data, size_t nblocks);
};

static bool always(void)
{
	return true;
}

#ifndef POLY1305_X86
#define poly1305_blocks_avx2   poly1305_blocks_portable
#define poly1305_blocks_avx512 poly1305_blocks_portable
#endif

#ifdef CHACHA20_X86

static bool has_avx2(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2");
}

/*
 * The code needs AVX-512F only, but CPUs that have that and not VBMI (before Ice Lake) lower their
 * clock for all that runs on the core when they use 512 bits: they are better off with AVX2.
 */
static bool has_avx512(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx2");
}

#else

#define chacha20_xor_avx2   NULL
#define chacha20_xor_avx512 NULL

static bool never(void)
{
	return false;
}

#define has_avx2   never
#define has_avx512 never

#endif

static const struct path paths[] = {
	[CHACHA20POLY1305_PORTABLE] = {"portable", always, chacha20_xor_portable,
				       poly1305_blocks_portable},
	[CHACHA20POLY1305_AVX2] = {"avx2", has_avx2, chacha20_xor_avx2, poly1305_blocks_avx2},
	[CHACHA20POLY1305_AVX512] = {"avx512", has_avx512, chacha20_xor_avx512,
				     poly1305_blocks_avx512},
};
_Static_assert(sizeof(paths) / sizeof(paths[0]) == CHACHA20POLY1305_NPATHS, "a row for each path");

/* Set once to the same value by whoever comes first, so relaxed accesses do. */
static const struct path *selected;

bool chacha20poly1305_select(enum chacha20poly1305_path path)
{
	if (!paths[path].is_available())
		return false;
	__atomic_store_n(&selected, &paths[path], __ATOMIC_RELAXED);
	return true;
}

enum chacha20poly1305_path chacha20poly1305_select_fastest(void)
{
	enum chacha20poly1305_path path = CHACHA20POLY1305_NPATHS - 1;

	while (!chacha20poly1305_select(path))
		path--;
	return path;
}

const char *chacha20poly1305_path_name(enum chacha20poly1305_path path)
{
	return paths[path].name;
}

static const struct path *current_path(void)
{
	const struct path *path = __atomic_load_n(&selected, __ATOMIC_RELAXED);

	return path ? path : &paths[chacha20poly1305_select_fastest()];
}

/* One message's state; secret, wiped by end(). */
struct message {
	const struct path *path;
	struct chacha20 stream;
	struct poly1305 mac;
	uint8_t head[HEAD_LEN]; /* the stream's first bytes: block 0, then for the text */
};

static void begin(struct message *m, const uint8_t *key, uint64_t counter, size_t text_len)
{
	size_t head_len = text_len < HEAD_TEXT_LEN ? text_len : HEAD_TEXT_LEN;
	uint8_t nonce[CHACHA20_NONCE_LEN] = {0};

	head_len += CHACHA20_BLOCK_LEN;
	le64_store(nonce + 4, counter);
	m->path = current_path();
	chacha20_init(&m->stream, key, 0, nonce);
	memset(m->head, 0, head_len);
	m->path->stream_xor(m->head, m->head, head_len, &m->stream);
	poly1305_init(&m->mac, m->head);
}

static void end(struct message *m)
{
	crypto_wipe(m, sizeof(*m));
}

/* dst = a ^ b, where @dst can be @a; sixteen bytes at a time, which the compiler makes one. */
static void xor_bytes(uint8_t *dst, const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t x[2], y[2];

	for (; len >= 16; len -= 16, dst += 16, a += 16, b += 16) {
		memcpy(x, a, 16);
		memcpy(y, b, 16);
		x[0] ^= y[0];
		x[1] ^= y[1];
		memcpy(dst, x, 16);
	}
	for (size_t i = 0; i < len; i++)
		dst[i] = a[i] ^ b[i];
}

/* XOR the stream onto the text: its begin from the head, the rest from block 16 on. */
static void xor_text(struct message *m, uint8_t *dst, const uint8_t *src, size_t len)
{
	size_t head_len = len < HEAD_TEXT_LEN ? len : HEAD_TEXT_LEN;

	xor_bytes(dst, src, m->head + CHACHA20_BLOCK_LEN, head_len);
	if (len > head_len)
		m->path->stream_xor(dst + head_len, src + head_len, len - head_len, &m->stream);
}

/* The data, then zeros up to a whole block. */
static void mac_padded(struct message *m, const uint8_t *data, size_t len)
{
	uint8_t last[POLY1305_BLOCK_LEN] = {0};
	size_t whole = len & ~(size_t)(POLY1305_BLOCK_LEN - 1);

	m->path->mac_blocks(&m->mac, data, whole / POLY1305_BLOCK_LEN);
	if (len == whole)
		return;
	memcpy(last, data + whole, len - whole);
	m->path->mac_blocks(&m->mac, last, 1);
}

static void make_tag(struct message *m, uint8_t tag[static CHACHA20POLY1305_TAG_LEN],
		     const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext, size_t len)
{
	uint8_t lengths[POLY1305_BLOCK_LEN];

	mac_padded(m, aad, aad_len);
	mac_padded(m, ciphertext, len);
	le64_store(lengths, aad_len);
	le64_store(lengths + 8, len);
	m->path->mac_blocks(&m->mac, lengths, 1);
	poly1305_finish(&m->mac, tag, NULL, 0);
}

CRYPTO_NOINLINE static void seal(uint8_t *dst, const uint8_t *key, uint64_t counter,
				 const uint8_t *aad, size_t aad_len, const uint8_t *src, size_t len)
{
	struct message m;

	begin(&m, key, counter, len);
	xor_text(&m, dst, src, len);
	make_tag(&m, dst + len, aad, aad_len, dst, len);
	end(&m);
}

CRYPTO_NOINLINE static bool open(uint8_t *dst, const uint8_t *key, uint64_t counter,
				 const uint8_t *aad, size_t aad_len, const uint8_t *sealed,
				 size_t len)
{
	uint8_t tag[CHACHA20POLY1305_TAG_LEN];
	struct message m;
	bool ok;

	begin(&m, key, counter, len);
	make_tag(&m, tag, aad, aad_len, sealed, len);
	ok = crypto_equal(tag, sealed + len, sizeof(tag));
	CRYPTO_PUBLIC(&ok, sizeof(ok));
	if (ok)
		xor_text(&m, dst, sealed, len);
	/* The right tag of a refused message would be a forgery in the hands of whoever sees it. */
	crypto_wipe(tag, sizeof(tag));
	end(&m);
	return ok;
}

void chacha20poly1305_seal(uint8_t *dst, const uint8_t key[static CHACHA20POLY1305_KEY_LEN],
			   uint64_t counter, const uint8_t *aad, size_t aad_len, const uint8_t *src,
			   size_t len)
{
	seal(dst, key, counter, aad, aad_len, src, len);
	crypto_wipe_stack();
}

bool chacha20poly1305_open(uint8_t *dst, const uint8_t key[static CHACHA20POLY1305_KEY_LEN],
			   uint64_t counter, const uint8_t *aad, size_t aad_len,
			   const uint8_t *sealed, size_t sealed_len)
{
	bool ok;

	if (sealed_len < CHACHA20POLY1305_TAG_LEN)
		return false;
	ok = open(dst, key, counter, aad, aad_len, sealed, sealed_len - CHACHA20POLY1305_TAG_LEN);
	crypto_wipe_stack();
	return ok;
}
