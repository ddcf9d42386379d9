/* SPDX-License-Identifier: MIT */
/*
 * The pump.
 *
 * Towards the peer, the socket's buffer is the wrong place to wait: it is one queue for all flows, and
 * what is in it must be sent. So only a little is committed: framed, and not yet sent by TCP, of which
 * TCP_NOTSENT_LOWAT keeps as little in the socket. How little follows from what the connection
 * delivers: a few milliseconds of it. The rest waits in a queue that is fair and knows when to drop.
 * A packet that finds room goes straight into the out buffer and never touches the queue. The device
 * is read whatever happens, since the kernel's ring behind it drops blindly.
 *
 * Towards the device, neighbours in the same batch become super-packets, since a write costs the same
 * for 1 packet and for 40. Nothing is held back beyond its batch.
 */
#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "split.h"
#include "transport.h"

#define BATCH_READS   64	   /* of the device a turn */
#define BATCH_BYTES   (512 * 1024) /* or so many bytes */
#define STALE_PACKETS 1024	   /* more than the kernel keeps in a device's ring, 500 or 1000 */

#define COMMIT_MIN	(16 * 1024)
#define COMMIT_MAX	(256 * 1024)
#define COMMIT_US	4000  /* of the link */
#define COMMIT_EVERY_US 50000 /* is it fitted */

#define LINGER_MS 1000 /* for the peer to end its side, after an orderly end of ours */

#define MERGE_REFUSALS_MAX 3 /* then the kernel gets no more of that kind */

_Static_assert(SESSION_OUT_SIZE >= COMMIT_MAX + FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX,
	       "what is committed and a packet more fit");

void pump_init(struct pump *p, struct device *device, struct counters *counters, struct pcap *pcap,
	       uint64_t seed)
{
	p->device = device;
	p->pcap = pcap;
	p->counters = counters;
	p->fd = -1;
	session_reset(&p->session, device->kind, NULL);
	fqcodel_init(&p->queue, device->kind, device->net.mtu + ETHER_HEADER_LEN, seed);
	merge_init(&p->merge, device->kind, device->has_vnet ? MERGE_ALL : 0);
}

/* A record can be opened when it is whole, so on a slow link it should not be long. */
static void set_commit(struct pump *p, size_t commit)
{
	p->commit = commit;
	session_limit_records(&p->session, commit / 4);
	transport_set_lowat(p->fd, commit);
}

void pump_start(struct pump *p, int fd, struct keyed *keyed)
{
	p->fd = fd;
	p->commit_at_us = 0;
	session_reset(&p->session, p->device->kind, keyed);
	set_commit(p, COMMIT_MIN);
}

void pump_finish(struct pump *p, enum keyed_close reason, unsigned wait_ms)
{
	enum { TRY_MS = 10 };
	unsigned waited_ms = 0;

	session_finish(&p->session, reason);
	while (session_backlog(&p->session)) {
		struct pollfd socket = {.fd = p->fd, .events = POLLOUT};
		size_t len;
		const uint8_t *bytes = session_pending(&p->session, &len);
		ssize_t n = send(p->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		session_sent(&p->session, n > 0 ? (size_t)n : 0);
		if (n >= 0)
			continue;
		if (waited_ms >= wait_ms)
			return;
		waited_ms += TRY_MS;
		poll(&socket, 1, TRY_MS);
	}
	if (wait_ms)
		transport_linger(p->fd, LINGER_MS);
}

void pump_stop(struct pump *p)
{
	p->fd = -1;
	session_reset(&p->session, p->device->kind, NULL);
	fqcodel_reset(&p->queue);
}

/* Is somebody looking? */
static int is_watched(const struct pump *p)
{
	return log_enabled(LEVEL_PACKET) || p->pcap->fd >= 0;
}

/* A packet passes: for the recording and for -dd. */
static void show_packet(const struct pump *p, const char *arrow, const uint8_t *packet, size_t len)
{
	char text[PACKET_TEXT_LEN];

	if (!is_watched(p))
		return;
	pcap_add(p->pcap, packet, len);
	if (!log_enabled(LEVEL_PACKET))
		return;
	packet_describe(text, p->device->kind, packet, len);
	log_print(LEVEL_PACKET, "%s %s", arrow, text);
}

/* ---- to the peer ---- */

int pump_wants_socket(const struct pump *p)
{
	return session_backlog(&p->session) || p->queue.packets;
}

/* A packet of @len bytes is in session_out_space(). */
static void commit_packet(struct pump *p, const uint8_t *space, size_t len)
{
	show_packet(p, ">", space, len);
	session_queue(&p->session, len);
	p->counters->tx_packets++;
	p->counters->tx_bytes += len;
}

/* send() has failed. */
static enum pump_event not_sent(struct pump *p, size_t len)
{
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ENOMEM:
		return PUMP_OK;
	case EPIPE:
		/*
		 * The peer has closed the connection. What it sent before, and its end of stream,
		 * are still to be read, and tell how it ended.
		 */
		session_sent(&p->session, len);
		fqcodel_reset(&p->queue);
		return PUMP_OK;
	}
	p->err = -errno;
	return PUMP_LOST;
}

/* Give the socket what it takes of what is committed. */
static enum pump_event send_pending(struct pump *p)
{
	size_t len, sent;

	do {
		const uint8_t *bytes = session_pending(&p->session, &len);
		ssize_t n = 0;

		if (session_is_broken(&p->session))
			return PUMP_BROKEN;
		if (len)
			n = send(p->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return not_sent(p, len);
		sent = (size_t)n;
		session_sent(&p->session, sent);
	} while (sent && sent == len && session_backlog(&p->session));
	return PUMP_OK;
}

/* Fit what is committed to what the connection delivers. */
static void fit_commit(struct pump *p, uint64_t now_us)
{
	size_t commit;

	if (now_us - p->commit_at_us < COMMIT_EVERY_US)
		return;
	p->commit_at_us = now_us;
	commit = (size_t)(transport_facts(p->fd).rate * COMMIT_US / 1000000);
	if (commit < COMMIT_MIN)
		commit = COMMIT_MIN;
	if (commit > COMMIT_MAX)
		commit = COMMIT_MAX;
	if (commit != p->commit)
		set_commit(p, commit);
}

/* Fill the out buffer from the queue, up to what is committed at a time. */
static void commit_from_queue(struct pump *p, uint64_t now_us)
{
	while (p->queue.packets && session_backlog(&p->session) < p->commit) {
		uint8_t *space = session_out_space(&p->session, FRAME_PAYLOAD_MAX);
		size_t len = fqcodel_dequeue(&p->queue, space, FRAME_PAYLOAD_MAX, now_us);

		if (len)
			commit_packet(p, space, len);
	}
	p->counters->tx_overflow = p->queue.drops_overflow;
	p->counters->tx_aqm = p->queue.drops_codel;
	p->counters->tx_marked = p->queue.marks;
}

enum pump_event pump_to_socket(struct pump *p, uint64_t now_us)
{
	enum pump_event event;

	session_tick(&p->session, now_us);
	fit_commit(p, now_us);
	do {
		commit_from_queue(p, now_us);
		event = send_pending(p);
	} while (event == PUMP_OK && p->queue.packets && !session_backlog(&p->session));
	return event;
}

/* May a packet pass the queue by? Sends first when too much is committed already. */
static int has_room(struct pump *p, enum pump_event *event)
{
	if (p->queue.packets)
		return 0;
	if (session_backlog(&p->session) < p->commit)
		return 1;
	*event = send_pending(p);
	return *event == PUMP_OK && session_backlog(&p->session) < p->commit;
}

static void drop_too_long(struct pump *p, size_t len)
{
	p->counters->tx_too_long++;
	if (!p->said_too_long)
		log_notice(
			"dropped a packet of %zu bytes: a frame's length has 16 bits; lower the MTU "
			"with -m",
			len);
	p->said_too_long = 1;
}

static void enqueue(struct pump *p, size_t len, uint64_t now_us)
{
	fqcodel_enqueue(&p->queue, p->segment, len, fqcodel_hash(&p->queue, p->segment, len),
			now_us);
}

/* Each packet of what the device gave goes straight into the out buffer, or into the queue. */
static enum pump_event place(struct pump *p, struct split *split, uint64_t now_us)
{
	const size_t len_max = session_packet_max(&p->session);
	enum pump_event event = PUMP_OK;
	uint8_t *space;
	size_t len;

	while ((len = split_next_len(split)) && event == PUMP_OK) {
		space = len <= len_max && has_room(p, &event) ? session_out_space(&p->session, len)
							      : NULL;
		if (space) {
			split_next(split, space, len);
			commit_packet(p, space, len);
			continue;
		}
		split_next(split, p->segment, sizeof(p->segment));
		if (len > len_max)
			drop_too_long(p, len);
		else
			enqueue(p, len, now_us);
	}
	return event;
}

static void drop_bad(struct pump *p, const struct split *split, size_t len)
{
	if (split->fault == SPLIT_TOO_LONG) {
		drop_too_long(p, len);
		return;
	}
	p->counters->tx_bad++;
	log_debug("dropped a packet of the device: %s", split_fault_text(split->fault));
}

static enum pump_event send_packet(struct pump *p, struct device_packet *packet, uint64_t now_us)
{
	enum split_what what;
	struct split split;

	what = split_start(&split, p->device->kind, &packet->vnet, packet->data, packet->len);
	if (what == SPLIT_BAD) {
		drop_bad(p, &split, packet->len);
		return PUMP_OK;
	}
	if (what == SPLIT_SEGMENTS)
		p->counters->tx_supers++;
	return place(p, &split, now_us);
}

enum pump_event pump_from_device(struct pump *p, uint64_t now_us)
{
	enum pump_event event = PUMP_OK;
	struct device_packet packet;
	size_t bytes = 0;
	int err = 0;

	session_tick(&p->session, now_us);
	for (int i = 0; i < BATCH_READS && bytes < BATCH_BYTES && event == PUMP_OK; i++) {
		err = device_read(p->device, &packet);
		if (err < 0)
			break;
		bytes += packet.len;
		if (p->fd < 0)
			p->counters->tx_no_peer++;
		else
			event = send_packet(p, &packet, now_us);
	}
	if (err == -EBADFD)
		return PUMP_NO_DEVICE;
	return event == PUMP_OK && p->fd >= 0 ? pump_to_socket(p, now_us) : event;
}

enum pump_event pump_drop_stale(struct pump *p)
{
	struct device_packet packet;
	int err = 0;

	for (int i = 0; i < STALE_PACKETS && !err; i++) {
		err = device_read(p->device, &packet);
		if (!err)
			p->counters->tx_no_peer++;
	}
	return err == -EBADFD ? PUMP_NO_DEVICE : PUMP_OK;
}

/* ---- from the peer ---- */

/* The device has refused a packet; that never disturbs the tunnel. */
static enum pump_event device_refused(struct pump *p, int err)
{
	switch (err) {
	case -EBADFD:
		return PUMP_NO_DEVICE;
	case -EIO:
		p->counters->rx_down++;
		if (!p->said_down)
			log_notice(
				"the device is down, packets from the peer are dropped; \"ip link "
				"set %s up\" goes on",
				p->device->net.name);
		p->said_down = 1;
		return PUMP_OK;
	default:
		p->counters->rx_refused++;
		log_debug("the kernel did not take a packet: %s", strerror(-err));
		return PUMP_OK;
	}
}

static enum pump_event write_packet(struct pump *p, const uint8_t *packet, size_t len)
{
	static const struct vnet_header plain;
	struct iovec iov[] = {{(void *)(uintptr_t)&plain, sizeof(plain)},
			      {(void *)(uintptr_t)packet, len}};
	int err = device_write(p->device, iov, 2);

	if (err < 0)
		return device_refused(p, err);
	p->counters->rx_packets++;
	p->counters->rx_bytes += len;
	return PUMP_OK;
}

/*
 * Some kernels refuse super-packets that others take (6.1.103, 6.6.44, 6.10.3 among them). Its packets
 * are then written one by one, and after a few refusals no more of that kind are made.
 */
static enum pump_event write_singly(struct pump *p, const struct merge_group *group)
{
	enum pump_event event = PUMP_OK;

	for (unsigned i = 0; i < group->npackets && event == PUMP_OK; i++) {
		size_t len;
		const uint8_t *packet = merge_group_packet(group, i, &len);

		event = write_packet(p, packet, len);
	}
	if (++p->merge_refusals == MERGE_REFUSALS_MAX) {
		log_notice(
			"the kernel does not take super-packets of this kind; going on without them");
		merge_allow(&p->merge, p->merge.what & ~group->what);
		p->merge_refusals = 0;
	}
	return event;
}

static enum pump_event write_group(struct pump *p, const struct merge_group *group)
{
	int err;

	for (unsigned i = 0; is_watched(p) && i < group->npackets; i++) {
		size_t len;
		const uint8_t *packet = merge_group_packet(group, i, &len);

		show_packet(p, "<", packet, len);
	}
	err = device_write(p->device, group->iov, 1 + group->npackets);
	if (err == -EINVAL && group->what)
		return write_singly(p, group);
	if (err < 0)
		return device_refused(p, err);
	p->counters->rx_packets += group->npackets;
	for (unsigned i = 0; i < group->npackets; i++) {
		size_t len;

		merge_group_packet(group, i, &len);
		p->counters->rx_bytes += len;
	}
	p->counters->rx_supers += group->what != 0;
	return PUMP_OK;
}

static enum pump_event write_ready(struct pump *p)
{
	enum pump_event event = PUMP_OK;
	const struct merge_group *group;

	while (event == PUMP_OK && (group = merge_next(&p->merge)))
		event = write_group(p, group);
	return event;
}

/* What the end of the batch means. */
static enum pump_event batch_event(enum session_event got)
{
	switch (got) {
	case SESSION_ENDED:
		return PUMP_CLOSED;
	case SESSION_BROKEN:
		return PUMP_BROKEN;
	default:
		return PUMP_OK;
	}
}

enum pump_event pump_from_socket(struct pump *p, uint64_t now_us)
{
	enum pump_event event = PUMP_OK;
	enum session_event got = SESSION_MORE;
	const uint8_t *packet;
	size_t room, len;
	uint8_t *space = session_in_space(&p->session, &room);
	ssize_t n = recv(p->fd, space, room, MSG_DONTWAIT);

	if (n < 0) {
		p->err = -errno;
		return errno == EAGAIN || errno == EINTR ? PUMP_OK : PUMP_LOST;
	}
	if (n == 0)
		return session_is_truncated(&p->session) ? PUMP_TRUNCATED : PUMP_CLOSED;
	session_tick(&p->session, now_us);
	session_received(&p->session, (size_t)n);
	while (event == PUMP_OK &&
	       (got = session_next(&p->session, &packet, &len)) == SESSION_PACKET) {
		merge_add(&p->merge, packet, len);
		event = write_ready(p);
	}
	merge_flush(&p->merge);
	if (event == PUMP_OK)
		event = write_ready(p);
	return event == PUMP_OK ? batch_event(got) : event;
}
