/* SPDX-License-Identifier: MIT */
/* Handshakes under way. */
#include "handshake.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bytes.h"
#include "secret.h"
#include "wipe.h"

_Static_assert(HANDSHAKE_TIMEOUT_MS == 5000, "timeout_text() says so");

void handshakes_init(struct handshakes *hs, enum noise_role role,
		     const uint8_t psk[static NOISE_KEY_LEN], const struct keyed_facts *mine)
{
	memset(hs, 0, sizeof(*hs));
	hs->role = role;
	hs->mine = *mine;
	memcpy(hs->psk, psk, sizeof(hs->psk));
	for (unsigned i = 0; i < HANDSHAKE_SLOTS; i++)
		hs->slots[i].fd = -1;
}

static void free_slot(struct handshakes *hs, struct handshake *h)
{
	keyed_wipe(&h->keyed);
	h->fd = -1;
	hs->n--;
}

static void close_slot(struct handshakes *hs, struct handshake *h)
{
	transport_close(h->fd);
	free_slot(hs, h);
}

void handshakes_close(struct handshakes *hs)
{
	for (unsigned i = 0; i < HANDSHAKE_SLOTS && hs->n; i++)
		if (hs->slots[i].fd >= 0)
			close_slot(hs, &hs->slots[i]);
}

void handshakes_wipe(struct handshakes *hs)
{
	handshakes_close(hs);
	crypto_wipe(hs->psk, sizeof(hs->psk));
}

/* ---- one handshake ---- */

static void send_all(struct handshake *h, const uint8_t *bytes, size_t len)
{
	ssize_t n = send(h->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n != (ssize_t)len)
		h->err = n < 0 ? -errno : -ENOBUFS;
}

static void send_hello(struct handshake *h)
{
	uint8_t hello[FRAME_HEADER_LEN + KEYED_HELLO_LEN];

	if (keyed_write_hello(&h->keyed, hello))
		send_all(h, hello, sizeof(hello));
}

/* A client's first record. */
static void send_confirm(struct handshake *h, uint64_t now_us)
{
	uint8_t record[KEYED_ITEM_RECORD_MAX];
	size_t len = keyed_write_item(&h->keyed, record, now_us);

	if (len)
		send_all(h, record, len);
}

/* The frame that is awaited, with its length in front. */
static size_t awaited_len(const struct handshake *h)
{
	return FRAME_HEADER_LEN +
	       (h->keyed.state == KEYED_AGREED ? KEYED_CONFIRM_LEN : KEYED_HELLO_LEN);
}

/* Is a handshake that began with the same public key under way? Then this is a recording. */
static bool is_repeated(const struct handshakes *hs, const uint8_t public[static X25519_LEN])
{
	for (unsigned i = 0; i < HANDSHAKE_SLOTS; i++) {
		const struct handshake *h = &hs->slots[i];

		if (h->fd >= 0 && !memcmp(h->public, public, X25519_LEN))
			return true;
	}
	return false;
}

/* The other end's hello is complete. Return: NULL, or what is wrong with it. */
static const char *take_hello(const struct handshakes *hs, struct handshake *h, uint64_t now_us)
{
	const uint8_t *payload = h->in + FRAME_HEADER_LEN, *public = payload + 1;

	if (hs->role == NOISE_RESPONDER && is_repeated(hs, public))
		return "repeats a handshake that is under way";
	if (!keyed_read_hello(&h->keyed, payload, be16_load(h->in), now_us))
		return keyed_fault_text(h->keyed.fault);
	memcpy(h->public, public, X25519_LEN);
	if (h->keyed.state == KEYED_OPEN)
		send_confirm(h, now_us);
	else
		send_hello(h);
	return h->keyed.state == KEYED_OVER ? keyed_fault_text(h->keyed.fault) : NULL;
}

/* Bytes have come. Return: NULL, or what is wrong with them. */
static const char *take_bytes(const struct handshakes *hs, struct handshake *h, uint64_t now_us)
{
	const bool is_confirm = h->keyed.state == KEYED_AGREED,
		   is_whole = h->have == awaited_len(h);
	uint8_t *payload = h->in + FRAME_HEADER_LEN;

	if (!is_confirm && !keyed_glance(&h->keyed, h->in, h->have))
		return keyed_fault_text(h->keyed.fault);
	if (!is_whole)
		return NULL;
	h->have = 0;
	if (!is_confirm)
		return take_hello(hs, h, now_us);
	return keyed_read_confirm(&h->keyed, payload, be16_load(h->in), now_us)
		       ? NULL
		       : keyed_fault_text(h->keyed.fault);
}

static const char *closed_text(const struct handshakes *hs)
{
	return hs->role == NOISE_INITIATOR
		       ? "closed the connection instead of answering with the key: it uses another key "
			 "or none, or its log tells why; give both ends the same key file with -k"
		       : "closed the connection before it had shown the key";
}

static const char *timeout_text(const struct handshakes *hs)
{
	return hs->role == NOISE_INITIATOR
		       ? "does not answer with the key: it uses none, or is no tunnel; give both ends "
			 "the same key file with -k"
		       : "has not shown the key within 5 s: it uses none, or is no tunnel; give both "
			 "ends the same key file with -k";
}

static const char *error_text(const struct handshakes *hs, int err)
{
	return err == -ECONNRESET || err == -EPIPE ? closed_text(hs) : strerror(-err);
}

/* Return: why it has failed, or NULL. */
static const char *step(const struct handshakes *hs, struct handshake *h, int64_t now_ms,
			uint64_t now_us, bool is_ready)
{
	const char *why;
	ssize_t n = 0;

	if (is_ready && !h->err) {
		n = recv(h->fd, h->in + h->have, awaited_len(h) - h->have, MSG_DONTWAIT);
		if (n == 0)
			return closed_text(hs);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			h->err = -errno;
	}
	if (n > 0) {
		h->have += (size_t)n;
		why = take_bytes(hs, h, now_us);
		if (why)
			return why;
	}
	if (h->keyed.state == KEYED_OVER)
		return keyed_fault_text(h->keyed.fault);
	if (h->err)
		return error_text(hs, h->err);
	return now_ms >= h->deadline_ms ? timeout_text(hs) : NULL;
}

/* ---- all of them ---- */

static bool has_shown(const struct handshake *h)
{
	return h->keyed.state == KEYED_AGREED;
}

/*
 * Who makes room when all slots are taken: the oldest of those that have not shown that they know the key. But
 * those that have may be repeating what they have recorded: they get no more than half of the slots.
 */
static struct handshake *least_promising(struct handshakes *hs)
{
	struct handshake *least = NULL;
	unsigned nshown = 0;

	for (unsigned i = 0; i < HANDSHAKE_SLOTS; i++)
		nshown += has_shown(&hs->slots[i]);
	for (unsigned i = 0; i < HANDSHAKE_SLOTS; i++) {
		struct handshake *h = &hs->slots[i];

		if (has_shown(h) == (nshown > HANDSHAKE_SLOTS / 2) &&
		    (!least || h->deadline_ms < least->deadline_ms))
			least = h;
	}
	return least;
}

static struct handshake *find_free(struct handshakes *hs)
{
	for (unsigned i = 0; i < HANDSHAKE_SLOTS; i++)
		if (hs->slots[i].fd < 0)
			return &hs->slots[i];
	return NULL;
}

bool handshakes_add(struct handshakes *hs, int fd, const struct endpoint *peer, int64_t now_ms)
{
	struct handshake *h = find_free(hs);
	const bool is_full = !h;

	if (is_full) {
		h = least_promising(hs);
		close_slot(hs, h);
	}
	hs->n++;
	h->fd = fd;
	h->peer = *peer;
	h->deadline_ms = now_ms + HANDSHAKE_TIMEOUT_MS;
	h->err = 0;
	h->have = 0;
	memset(h->public, 0, sizeof(h->public));
	keyed_init(&h->keyed, hs->role, hs->psk, &hs->mine, secret_random);
	if (hs->role == NOISE_INITIATOR)
		send_hello(h);
	if (h->err || h->keyed.state == KEYED_OVER)
		h->deadline_ms = now_ms;
	return is_full;
}

unsigned handshakes_pollfds(const struct handshakes *hs, struct pollfd fds[HANDSHAKE_SLOTS])
{
	if (!hs->n)
		return 0;
	for (unsigned i = 0; i < HANDSHAKE_SLOTS; i++)
		fds[i] = (struct pollfd){.fd = hs->slots[i].fd, .events = POLLIN};
	return HANDSHAKE_SLOTS;
}

int64_t handshakes_deadline_ms(const struct handshakes *hs)
{
	int64_t deadline_ms = INT64_MAX;

	for (unsigned i = 0; i < HANDSHAKE_SLOTS && hs->n; i++)
		if (hs->slots[i].fd >= 0 && hs->slots[i].deadline_ms < deadline_ms)
			deadline_ms = hs->slots[i].deadline_ms;
	return deadline_ms;
}

static enum handshake_event end_with(struct handshakes *hs, struct handshake *h, const char *why,
				     struct handshake_end *end)
{
	end->peer = h->peer;
	end->text = why;
	end->fault = h->keyed.fault;
	end->fd = h->fd;
	if (why) {
		close_slot(hs, h);
		return HANDSHAKE_FAILED;
	}
	keyed_move(&end->keyed, &h->keyed);
	free_slot(hs, h);
	return HANDSHAKE_DONE;
}

enum handshake_event handshakes_step(struct handshakes *hs, struct pollfd *fds, int64_t now_ms,
				     uint64_t now_us, struct handshake_end *end)
{
	for (unsigned i = 0; i < HANDSHAKE_SLOTS && hs->n; i++) {
		unsigned at = (hs->next + i) % HANDSHAKE_SLOTS;
		struct handshake *h = &hs->slots[at];
		bool is_ready = fds && fds[at].fd == h->fd && fds[at].revents;
		const char *why;

		if (h->fd < 0 || (!is_ready && now_ms < h->deadline_ms))
			continue;
		if (is_ready)
			fds[at].revents = 0;
		hs->next = at + 1;
		why = step(hs, h, now_ms, now_us, is_ready);
		return why || h->keyed.state == KEYED_OPEN ? end_with(hs, h, why, end)
							   : HANDSHAKE_GOES_ON;
	}
	return HANDSHAKE_IDLE;
}
