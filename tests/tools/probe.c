/* SPDX-License-Identifier: MIT */
/*
 * probe: send traffic through a network and measure what comes out; look at a process.
 *
 * probe ping	 ICMP or ICMPv6 echo, one request at a time; a reply must echo the payload and is
 *		 lost after a second. -i: milliseconds from one request to the next, at least.
 *		 -a: instead, all requests at exactly that rate, whether replies have come or not.
 *		 -u: instead, ask every 50 ms until a reply to any request comes. -t: no more
 *		 requests after so many seconds. Status 0 when nothing was lost.
 * probe sink	 a TCP server that reads -m connections to their end. Says "listening PORT" first
 *		 and at the end "BYTES bytes, checksum X, SECONDS s, RATE Mbit/s" (-q: does not).
 *		 A checksum of several connections is the sum of theirs. -t: it cuts them off
 *		 SECONDS after the first has come, so that it counts what arrived in that time.
 * probe source	 its client: pseudo-random bytes (-S: seed) for -t seconds, or -n bytes on each of
 *		 -m connections. Waits until the sink has read all and says the same line.
 * probe udp-sink    COUNT datagrams of udp-source, or what comes until the deadline. Says
 *		 "listening PORT", then "N datagrams, BYTES bytes, checksum X, in order" or
 *		 "..., out of order". Status 0 when COUNT came. -t: instead, what comes within
 *		 SECONDS after the first; says ", RATE datagrams/s" as well.
 * probe udp-source  COUNT datagrams of SIZE bytes that start with a sequence number of 8 bytes,
 *		 one every -g microseconds, or, with -t instead of -n, as many as it can send in
 *		 SECONDS; says "N datagrams, BYTES bytes, checksum X". -G: so many are given to the
 *		 kernel at a time, which makes datagrams of them (UDP_SEGMENT).
 * probe datagrams   a unix datagram socket at ADDR, a path or "@" and an abstract name. Says "listening ADDR",
 *		 then each datagram as a line with "|" for its newlines, until it is ended.
 * probe rss	 resident memory of a process, in kB
 * probe cpu	 its user and system time so far, in milliseconds
 * probe switches    its voluntary context switches so far: how often it has gone to sleep
 *
 * -w SECONDS (10): for sink and source the longest time without progress, so a long transfer needs
 * no larger one; for udp-sink and ping -u the whole time; for ping, when given, the whole time.
 */
#include <inttypes.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/un.h>

#include "tool.h"

#ifndef UDP_SEGMENT /* Linux 4.18 */
#define UDP_SEGMENT 103
#endif

#define PING_LOST_US	1000000
#define PING_UNTIL_US	50000
#define ECHO_HEADER_LEN 8
#define PACKET_MAX	65536
#define CHUNK_LEN	65536
#define STREAMS_MAX	64
#define UDP_BATCH	64

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static uint64_t be64_load(const uint8_t *p)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | p[i];
	return value;
}

static void be64_store(uint8_t *p, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* ---- a checksum that costs little next to the transfer ---- */

/* FNV's idea on words instead of bytes, and rotated, so that high bits matter as much as low. */
struct checksum {
	uint64_t hash;
	uint64_t partial; /* the bytes of a word that has begun */
	unsigned npartial;
};

#define CHECKSUM_INIT ((struct checksum){.hash = 0xcbf29ce484222325})

static uint64_t checksum_mix(uint64_t hash, uint64_t word)
{
	hash ^= word;
	return (hash << 29 | hash >> 35) * 0x100000001b3;
}

static void checksum_byte(struct checksum *c, uint8_t byte)
{
	c->partial |= (uint64_t)byte << 8 * c->npartial++;
	if (c->npartial < 8)
		return;
	c->hash = checksum_mix(c->hash, c->partial);
	c->partial = 0;
	c->npartial = 0;
}

static void checksum_add(struct checksum *c, const uint8_t *buf, size_t len)
{
	for (; len && c->npartial; len--)
		checksum_byte(c, *buf++);
	for (; len >= 8; len -= 8, buf += 8) {
		uint64_t word;

		memcpy(&word, buf, 8);
		c->hash = checksum_mix(c->hash, le64toh(word));
	}
	for (; len; len--)
		checksum_byte(c, *buf++);
}

static uint64_t checksum_value(const struct checksum *c)
{
	return checksum_mix(checksum_mix(c->hash, c->partial), c->npartial);
}

/* ---- ping ---- */

struct ping {
	struct address to;
	int fd;
	int is_raw;
	size_t len; /* of a message: header and payload */
	uint16_t sequence;
	int late_too; /* a reply to any request counts */
	int said_send;
	int64_t sent_us[UINT16_MAX + 1]; /* by sequence; 0: not sent, or answered */
	uint8_t request[PACKET_MAX + 8];
	uint8_t reply[PACKET_MAX];
};

static uint16_t internet_checksum(const uint8_t *buf, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? buf[i] : (uint32_t)buf[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void ping_open(struct ping *p)
{
	int family = p->to.sa.sa_family;
	int protocol = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	p->is_raw = 1;
	p->fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (p->fd < 0) {
		p->is_raw = 0;
		p->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	}
	if (p->fd < 0)
		die("socket: %s", strerror(errno));
}

/* A request's payload tells it from others; so a late reply can be checked as well. */
static void ping_payload(const struct ping *p, uint8_t *message, uint16_t sequence)
{
	uint64_t seed = sequence;

	random_fill(&seed, message + ECHO_HEADER_LEN, p->len - ECHO_HEADER_LEN);
}

static void ping_build(struct ping *p)
{
	uint16_t id = (uint16_t)getpid(), sum;

	p->sequence++;
	ping_payload(p, p->request, p->sequence);
	p->request[0] = p->to.sa.sa_family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	p->request[1] = p->request[2] = p->request[3] = 0;
	p->request[4] = (uint8_t)(id >> 8);
	p->request[5] = (uint8_t)id;
	p->request[6] = (uint8_t)(p->sequence >> 8);
	p->request[7] = (uint8_t)p->sequence;
	/* Only a raw ICMPv4 socket needs it from us; in the other cases the kernel does it. */
	sum = internet_checksum(p->request, p->len);
	p->request[2] = (uint8_t)(sum >> 8);
	p->request[3] = (uint8_t)sum;
}

/*
 * Is that the reply to the request, or, where @late_too, to one before, and its first? The identifier
 * of a ping socket is the kernel's. Return: the round trip's microseconds, or -1.
 */
static int64_t ping_match(struct ping *p, size_t received, int64_t now_us)
{
	int is_v4 = p->to.sa.sa_family == AF_INET;
	size_t skip = is_v4 && p->is_raw && received ? (size_t)(p->reply[0] & 15) * 4 : 0;
	const uint8_t *m = p->reply + skip;
	uint16_t sequence;
	int64_t rtt_us;

	if (received < skip + ECHO_HEADER_LEN ||
	    m[0] != (is_v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		return -1;
	if (p->is_raw && memcmp(m + 4, p->request + 4, 2))
		return -1;
	sequence = (uint16_t)(m[6] << 8 | m[7]);
	if (!p->sent_us[sequence] || (sequence != p->sequence && !p->late_too))
		return -1;
	ping_payload(p, p->request, sequence);
	if (received - skip != p->len ||
	    memcmp(m + ECHO_HEADER_LEN, p->request + ECHO_HEADER_LEN, p->len - ECHO_HEADER_LEN))
		die("reply %u differs from its request", sequence);
	rtt_us = now_us - p->sent_us[sequence];
	p->sent_us[sequence] = 0;
	return rtt_us;
}

static int ping_send(struct ping *p)
{
	ping_build(p);
	p->sent_us[p->sequence] = clock_us();
	if (sendto(p->fd, p->request, p->len, 0, &p->to.sa, p->to.len) >= 0)
		return 1;
	if (!p->said_send++)
		fprintf(stderr, "probe ping: send: %s\n", strerror(errno));
	p->sent_us[p->sequence] = 0;
	return 0;
}

/* Return: the microseconds of the next round trip that ends, -1 when none has before @until_us. */
static int64_t ping_receive(struct ping *p, int64_t until_us)
{
	struct deadline d = {.at_us = until_us};
	int64_t rtt_us = -1;

	while (rtt_us < 0 && wait_fd(p->fd, POLLIN, &d)) {
		/* An error is news of an earlier request: no reply, but no reason to stop. */
		ssize_t n = recv(p->fd, p->reply, sizeof(p->reply), 0);

		if (n >= 0)
			rtt_us = ping_match(p, (size_t)n, clock_us());
	}
	return rtt_us;
}

/* Return: the round trip's microseconds, or -1 when there was none before @until_us. */
static int64_t ping_once(struct ping *p, int64_t until_us)
{
	return ping_send(p) ? ping_receive(p, until_us) : -1;
}

static int compare_i64(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* The smallest value that @percent of all do not exceed; @sorted_us: @n of them, at least one. */
static double percentile_ms(const int64_t *sorted_us, uint64_t n, unsigned percent)
{
	return (double)sorted_us[(n * percent + 99) / 100 - 1] / 1e3;
}

static void print_ping(uint64_t sent, uint64_t received, int64_t *rtt_us)
{
	double sum = 0;

	if (!received) {
		say("%" PRIu64 " sent, 0 received", sent);
		return;
	}
	qsort(rtt_us, received, sizeof(*rtt_us), compare_i64);
	for (uint64_t i = 0; i < received; i++)
		sum += (double)rtt_us[i];
	say("%" PRIu64 " sent, %" PRIu64 " received, min/avg/max = %.3f/%.3f/%.3f ms, "
	    "p50 = %.3f ms, p95 = %.3f ms, p99 = %.3f ms",
	    sent, received, (double)rtt_us[0] / 1e3, sum / (double)received / 1e3,
	    (double)rtt_us[received - 1] / 1e3, percentile_ms(rtt_us, received, 50),
	    percentile_ms(rtt_us, received, 95), percentile_ms(rtt_us, received, 99));
}

struct ping_plan {
	uint64_t count;
	int64_t gap_us;
	int64_t stop_us;   /* no request after that */
	struct deadline d; /* by when it must be over */
};

/* Return: requests sent; the round trips of the @received that came are in @rtt_us. */
static uint64_t ping_in_turn(struct ping *p, const struct ping_plan *plan, int64_t *rtt_us,
			     uint64_t *received)
{
	uint64_t sent = 0;

	while (sent < plan->count && clock_us() < earlier(plan->d.at_us, plan->stop_us)) {
		int64_t start_us = clock_us();
		int64_t rtt = ping_once(p, earlier(start_us + PING_LOST_US, plan->d.at_us));

		sent++;
		if (rtt >= 0)
			rtt_us[(*received)++] = rtt;
		if (sent < plan->count)
			pause_until(earlier(start_us + plan->gap_us, plan->d.at_us));
	}
	return sent;
}

/* Likewise, but no request waits for a reply, and the last one's is waited for as for any. */
static uint64_t ping_at_rate(struct ping *p, const struct ping_plan *plan, int64_t *rtt_us,
			     uint64_t *received)
{
	int64_t end_us = earlier(plan->d.at_us, plan->stop_us), next_us = clock_us();
	uint64_t sent = 0;

	p->late_too = 1;
	while (sent < plan->count && next_us < end_us) {
		int64_t rtt = ping_receive(p, next_us);

		if (rtt >= 0) {
			rtt_us[(*received)++] = rtt;
			continue;
		}
		ping_send(p);
		sent++;
		next_us += plan->gap_us;
	}
	end_us = earlier(clock_us() + PING_LOST_US, plan->d.at_us);
	while (*received < sent) {
		int64_t rtt = ping_receive(p, end_us);

		if (rtt < 0)
			break;
		rtt_us[(*received)++] = rtt;
	}
	return sent;
}

static int ping_count(struct ping *p, const struct ping_plan *plan, int at_rate)
{
	int64_t *rtt_us = allocate(plan->count * sizeof(*rtt_us));
	uint64_t sent, received = 0;

	sent = (at_rate ? ping_at_rate : ping_in_turn)(p, plan, rtt_us, &received);
	print_ping(sent, received, rtt_us);
	free(rtt_us);
	if (sent < plan->count && plan->stop_us == INT64_MAX)
		die("%" PRIu64 " of %" PRIu64 " requests sent within %g s", sent, plan->count,
		    deadline_s(&plan->d));
	return received == sent ? 0 : 1;
}

static int ping_until(struct ping *p, const struct deadline *d)
{
	uint64_t sent = 0;

	p->late_too = 1;
	p->said_send = 1; /* until there is a route, that is what we wait for */
	while (clock_us() < d->at_us) {
		int64_t start_us = clock_us();
		int64_t rtt = ping_once(p, earlier(start_us + PING_UNTIL_US, d->at_us));

		sent++;
		if (rtt >= 0) {
			print_ping(sent, 1, &rtt);
			return 0;
		}
		pause_until(earlier(start_us + PING_UNTIL_US, d->at_us));
	}
	die("no reply within %g s", deadline_s(d));
}

static int run_ping(int argc, char **argv)
{
	static struct ping ping;
	struct ping_plan plan = {.count = 1, .stop_us = INT64_MAX};
	uint64_t payload = 56, gap_ms = 0;
	int64_t wait_us = 0, span_us = 0;
	int until = 0, at_rate = 0;
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),
		NUMBER_ARG('n', &plan.count, 1000000),
		NUMBER_ARG('s', &payload, 65507),
		NUMBER_ARG('i', &gap_ms, 1000000),
		SECONDS_ARG('t', &span_us),
		FLAG_ARG('a', &at_rate),
		FLAG_ARG('u', &until),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 1)
		misused("one address");
	if (at_rate && (until || !gap_ms))
		misused("-a takes -i, and no -u");
	plan.gap_us = (int64_t)gap_ms * 1000;
	ping.len = ECHO_HEADER_LEN + payload;
	ping.to = address_of(argv[optind], 0);
	ping_open(&ping);
	if (until) {
		plan.d = deadline_in(wait_us ? wait_us : DEFAULT_WAIT_US);
		return ping_until(&ping, &plan.d);
	}
	/* Each request has its second; that bounds a run that has no -w. */
	if (!wait_us)
		wait_us = (int64_t)plan.count * (PING_LOST_US + plan.gap_us) + 1000000;
	plan.d = deadline_in(wait_us);
	if (span_us)
		plan.stop_us = clock_us() + span_us;
	return ping_count(&ping, &plan, at_rate);
}

/* ---- TCP ---- */

struct stream {
	uint64_t bytes;
	struct checksum sum;
	/* Of a source: */
	uint64_t random;
	size_t pos; /* of CHUNK_LEN: what was sent of the chunk */
	uint8_t chunk[CHUNK_LEN];
};

static struct stream *streams_new(size_t n, uint64_t seed)
{
	struct stream *streams = allocate(n * sizeof(*streams));

	for (size_t i = 0; i < n; i++) {
		streams[i].sum = CHECKSUM_INIT;
		streams[i].random = seed + i;
		streams[i].pos = CHUNK_LEN;
	}
	return streams;
}

static uint64_t streams_bytes(const struct stream *streams, size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += streams[i].bytes;
	return bytes;
}

static void streams_print(const struct stream *streams, size_t n, int64_t took_us)
{
	uint64_t bytes = streams_bytes(streams, n), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += checksum_value(&streams[i].sum);
	say("%" PRIu64 " bytes, checksum %016" PRIx64 ", %.3f s, %.1f Mbit/s", bytes, sum,
	    (double)took_us / 1e6, took_us > 0 ? (double)bytes * 8 / (double)took_us : 0.0);
}

/* One turn of a sink's stream. Return: 0 at its end. */
static int stream_receive(struct stream *s, int fd)
{
	static uint8_t buf[CHUNK_LEN * 4];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die("receive, after %" PRIu64 " bytes: %s", s->bytes, strerror(errno));
	if (n > 0) {
		s->bytes += (uint64_t)n;
		checksum_add(&s->sum, buf, (size_t)n);
	}
	return n != 0;
}

/* Until all have ended or the clock says @end_us: then they are cut off. */
static void sink_streams(struct stream *streams, struct pollfd *fds, size_t n, int64_t wait_us,
			 int64_t end_us)
{
	for (size_t open = n; open && clock_us() < end_us;) {
		int64_t until_us = clock_us() + wait_us;

		if (!poll_until(fds, n, earlier(until_us, end_us)) && until_us < end_us)
			die("nothing came for %g s, after %" PRIu64 " bytes", (double)wait_us / 1e6,
			    streams_bytes(streams, n));
		for (size_t i = 0; i < n; i++) {
			if (!fds[i].revents || stream_receive(&streams[i], fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i].fd = -1;
			open--;
		}
	}
}

static int run_sink(int argc, char **argv)
{
	int64_t wait_us = DEFAULT_WAIT_US, span_us = 0, start_us = 0;
	struct pollfd fds[STREAMS_MAX];
	const char *local = NULL;
	uint16_t port = DEFAULT_PORT;
	struct stream *streams;
	struct deadline d;
	int listen_fd, quiet = 0;
	uint64_t n = 1;
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),	  PORT_ARG('p', &port),	 TEXT_ARG('b', &local),
		NUMBER_ARG('m', &n, STREAMS_MAX), FLAG_ARG('q', &quiet), SECONDS_ARG('t', &span_us),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc != optind)
		misused("no argument is expected");
	streams = streams_new(n, 0);
	listen_fd = tcp_listen(local, port);
	d = deadline_in(wait_us);
	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){.fd = tcp_accept(listen_fd, &d), .events = POLLIN};
		if (!i)
			start_us = clock_us();
	}
	close(listen_fd);
	sink_streams(streams, fds, n, wait_us, span_us ? start_us + span_us : INT64_MAX);
	if (!quiet)
		streams_print(streams, n, clock_us() - start_us);
	free(streams);
	return 0;
}

/* One turn of a source's stream. Return: 0 when @limit bytes are sent. */
static int stream_send(struct stream *s, int fd, uint64_t limit)
{
	size_t len;
	ssize_t sent;

	if (s->bytes == limit)
		return 0;
	if (s->pos == CHUNK_LEN) {
		random_fill(&s->random, s->chunk, CHUNK_LEN);
		s->pos = 0;
	}
	len = CHUNK_LEN - s->pos;
	if (len > limit - s->bytes)
		len = (size_t)(limit - s->bytes);
	sent = send(fd, s->chunk + s->pos, len, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		die("send, after %" PRIu64 " bytes: %s", s->bytes, strerror(errno));
	if (sent > 0) {
		checksum_add(&s->sum, s->chunk + s->pos, (size_t)sent);
		s->pos += (size_t)sent;
		s->bytes += (uint64_t)sent;
	}
	return s->bytes < limit;
}

/* The sink closes when it has read everything. Return: 0 when it has. */
static int stream_confirmed(const struct stream *s, int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die("after %" PRIu64 " bytes: %s", s->bytes, strerror(errno));
	return n != 0;
}

struct source {
	uint64_t limit; /* bytes of each stream */
	int64_t end_us;
	int64_t wait_us;
};

/* POLLOUT in events: it sends; POLLIN: it has sent all and waits for the sink's end. */
static void source_streams(const struct source *src, struct stream *streams, struct pollfd *fds,
			   size_t n)
{
	int64_t progress_us = clock_us();

	for (size_t open = n; open;) {
		int64_t now_us = clock_us(), until_us = progress_us + src->wait_us;

		if (now_us >= until_us)
			die("no progress for %g s, after %" PRIu64 " bytes",
			    (double)src->wait_us / 1e6, streams_bytes(streams, n));
		if (now_us < src->end_us)
			until_us = earlier(until_us, src->end_us);
		if (poll_until(fds, n, until_us))
			progress_us = clock_us();
		for (size_t i = 0; i < n; i++) {
			if (fds[i].events == POLLOUT && fds[i].fd >= 0 &&
			    (clock_us() >= src->end_us ||
			     (fds[i].revents &&
			      !stream_send(&streams[i], fds[i].fd, src->limit)))) {
				shutdown(fds[i].fd, SHUT_WR);
				fds[i].events = POLLIN;
			} else if (fds[i].events == POLLIN && fds[i].revents &&
				   !stream_confirmed(&streams[i], fds[i].fd)) {
				close(fds[i].fd);
				fds[i].fd = -1;
				open--;
			}
		}
	}
}

static int run_source(int argc, char **argv)
{
	struct source src = {.limit = 0, .end_us = INT64_MAX, .wait_us = DEFAULT_WAIT_US};
	struct connect_setup setup = {.port = DEFAULT_PORT};
	int64_t duration_us = 0, start_us;
	struct pollfd fds[STREAMS_MAX];
	struct stream *streams;
	struct deadline d;
	uint64_t seed = 1, n = 1;
	const struct arg args[] = {
		SECONDS_ARG('w', &src.wait_us),	    PORT_ARG('p', &setup.port),
		SECONDS_ARG('t', &duration_us),	    NUMBER_ARG('n', &src.limit, INT64_MAX),
		TEXT_ARG('b', &setup.local),	    TEXT_ARG('C', &setup.congestion),
		NUMBER_ARG('S', &seed, UINT64_MAX), NUMBER_ARG('m', &n, STREAMS_MAX),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 1)
		misused("one address");
	if (!duration_us == !src.limit)
		misused("either -t or -n");
	if (duration_us)
		src.limit = UINT64_MAX;
	setup.host = argv[optind];
	streams = streams_new(n, seed);
	d = deadline_in(src.wait_us);
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = tcp_connect(&setup, &d), .events = POLLOUT};
	start_us = clock_us();
	if (duration_us)
		src.end_us = start_us + duration_us;
	source_streams(&src, streams, fds, n);
	streams_print(streams, n, clock_us() - start_us);
	free(streams);
	return 0;
}

/* ---- UDP ---- */

struct datagrams {
	uint64_t count;
	uint64_t bytes;
	uint64_t last;
	int out_of_order;
	struct checksum sum;
};

static void datagram_add(struct datagrams *g, const uint8_t *buf, size_t len)
{
	uint64_t sequence = len >= 8 ? be64_load(buf) : 0;

	if (g->count && sequence <= g->last)
		g->out_of_order = 1;
	g->last = sequence;
	g->count++;
	g->bytes += len;
	checksum_add(&g->sum, buf, len);
}

struct udp_sink {
	uint64_t count;
	int64_t span_us; /* after the first; 0: until the deadline */
	struct deadline d;
};

/* One look at the clock for each time it waits, so that the sink costs little. */
static void receive_datagrams(int fd, struct udp_sink *sink, struct datagrams *g)
{
	static uint8_t buf[PACKET_MAX];

	while (g->count < sink->count && wait_fd(fd, POLLIN, &sink->d)) {
		ssize_t n = 0;

		for (int i = 0; i < UDP_BATCH && n >= 0 && g->count < sink->count; i++) {
			n = recv(fd, buf, sizeof(buf), 0);
			if (n >= 0)
				datagram_add(g, buf, (size_t)n);
			if (n >= 0 && g->count == 1 && sink->span_us)
				sink->d = deadline_in(sink->span_us);
		}
		if (clock_us() >= sink->d.at_us)
			break;
	}
}

static int run_udp_sink(int argc, char **argv)
{
	struct datagrams g = {.sum = CHECKSUM_INIT};
	struct udp_sink sink = {.count = UINT64_MAX};
	int64_t wait_us = DEFAULT_WAIT_US;
	uint16_t port = DEFAULT_PORT;
	int fd, room = 8 << 20;
	char rate[48] = "";
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),
		PORT_ARG('p', &port),
		NUMBER_ARG('n', &sink.count, INT64_MAX),
		SECONDS_ARG('t', &sink.span_us),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc != optind)
		misused("no argument is expected");
	if (sink.span_us && sink.count != UINT64_MAX)
		misused("either -n or -t");
	fd = bound_socket(NULL, port, SOCK_DGRAM);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	say("listening %u", socket_port(fd));
	sink.d = deadline_in(wait_us);
	receive_datagrams(fd, &sink, &g);
	if (sink.span_us)
		snprintf(rate, sizeof(rate), ", %.0f datagrams/s",
			 (double)g.count * 1e6 / (double)sink.span_us);
	say("%" PRIu64 " datagrams, %" PRIu64 " bytes, checksum %016" PRIx64 ", %s%s", g.count,
	    g.bytes, checksum_value(&g.sum), g.out_of_order ? "out of order" : "in order", rate);
	if (sink.count != UINT64_MAX && g.count < sink.count)
		die("%" PRIu64 " of %" PRIu64 " datagrams came within %g s", g.count, sink.count,
		    deadline_s(&sink.d));
	return 0;
}

struct udp_source {
	uint64_t count, size;
	uint64_t at_a_time;
	uint64_t gap_us;
	int64_t span_us; /* 0: however long it takes */
	uint64_t seed;
};

static void send_datagrams(int fd, struct udp_source *src)
{
	static uint8_t buf[PACKET_MAX + 8];
	struct datagrams g = {.sum = CHECKSUM_INIT};
	int64_t start_us = clock_us();
	size_t len = 0;

	for (uint64_t i = 0; i < src->count; i++) {
		if (src->span_us && clock_us() >= start_us + src->span_us)
			break;
		random_fill(&src->seed, buf + len + 8, src->size - 8);
		be64_store(buf + len, i + 1);
		datagram_add(&g, buf + len, src->size);
		len += src->size;
		if ((i + 1) % src->at_a_time && i + 1 < src->count)
			continue;
		if (src->gap_us)
			pause_until(start_us + (int64_t)(i * src->gap_us));
		if (send(fd, buf, len, 0) < 0)
			die("send, after %" PRIu64 " datagrams: %s", i, strerror(errno));
		len = 0;
	}
	say("%" PRIu64 " datagrams, %" PRIu64 " bytes, checksum %016" PRIx64, g.count, g.bytes,
	    checksum_value(&g.sum));
}

static int run_udp_source(int argc, char **argv)
{
	struct udp_source src = {.seed = 1, .size = 64, .at_a_time = 1};
	int64_t wait_us = DEFAULT_WAIT_US;
	uint16_t port = DEFAULT_PORT;
	struct timeval timeout;
	struct address to;
	int fd, size;
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),
		PORT_ARG('p', &port),
		NUMBER_ARG('n', &src.count, INT64_MAX),
		NUMBER_ARG('s', &src.size, 65507),
		NUMBER_ARG('g', &src.gap_us, 1000000000),
		NUMBER_ARG('S', &src.seed, UINT64_MAX),
		NUMBER_ARG('G', &src.at_a_time, 128),
		SECONDS_ARG('t', &src.span_us),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 1)
		misused("one address");
	if (src.size < 8)
		misused("a datagram has at least 8 bytes");
	if (!src.at_a_time || src.at_a_time * src.size > 65507)
		misused("-G times -s is 1 datagram to 65507 bytes");
	if (src.count && src.span_us)
		misused("either -n or -t");
	if (!src.count)
		src.count = src.span_us ? UINT64_MAX : 1;
	to = address_of(argv[optind], port);
	timeout = (struct timeval){.tv_sec = (time_t)(wait_us / 1000000),
				   .tv_usec = (suseconds_t)(wait_us % 1000000)};
	fd = socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, &to.sa, to.len) < 0)
		die("%s: %s", argv[optind], strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	(void)prctl(PR_SET_TIMERSLACK, 1UL); /* or a pause lasts 50 us more */
	size = (int)src.size;
	if (src.at_a_time > 1 && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) < 0)
		die("-G: %s", strerror(errno));
	send_datagrams(fd, &src);
	return 0;
}

/* ---- a process ---- */

static pid_t only_pid(int argc, char **argv)
{
	if (argc != 2)
		misused("one process");
	return (pid_t)number_arg(argv[1], INT32_MAX);
}

/* The number behind @key in /proc/PID/status. */
static int print_status_number(pid_t pid, const char *key)
{
	char path[64], line[256];
	size_t len = strlen(key);
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (!f)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, key, len) && line[len] == ':') {
			say("%llu", strtoull(line + len + 1, NULL, 10));
			fclose(f);
			return 0;
		}
	}
	die("%s has no %s: the process has ended", path, key);
}

static int run_rss(int argc, char **argv)
{
	return print_status_number(only_pid(argc, argv), "VmRSS");
}

static int run_switches(int argc, char **argv)
{
	return print_status_number(only_pid(argc, argv), "voluntary_ctxt_switches");
}

static int run_cpu(int argc, char **argv)
{
	pid_t pid = only_pid(argc, argv);
	struct timespec ts;
	clockid_t clock;
	int err = clock_getcpuclockid(pid, &clock);

	if (!err && clock_gettime(clock, &ts) < 0)
		err = errno;
	if (err)
		die("process %d: %s", (int)pid, strerror(err));
	say("%lld", (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
	return 0;
}

/* ---- unix datagrams ---- */

static int unix_bind(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(name);

	if (len >= sizeof(addr.sun_path))
		die("%s: %s", name, strerror(ENAMETOOLONG));
	memcpy(addr.sun_path, name, len);
	if (*name == '@')
		addr.sun_path[0] = 0;
	len += offsetof(struct sockaddr_un, sun_path) + (*name != '@');
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, (socklen_t)len) < 0)
		die("%s: %s", name, strerror(errno));
	return fd;
}

static int run_datagrams(int argc, char **argv)
{
	char text[4096];
	ssize_t n;
	int fd;

	if (argc != 2)
		misused("one address");
	fd = unix_bind(argv[1]);
	say("listening %s", argv[1]);
	for (;;) {
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			die("%s: %s", argv[1], strerror(errno));
		text[n] = 0;
		for (char *c = text; (c = strchr(c, '\n'));)
			*c = '|';
		say("%s", text);
	}
}

static const struct command commands[] = {
	{"ping", "[-w S] [-n COUNT] [-s PAYLOAD] [-i MS] [-t S] [-a|-u] ADDR", run_ping},
	{"sink", "[-w S] [-p PORT] [-b ADDR] [-m N] [-t SECONDS] [-q]", run_sink},
	{"source",
	 "[-w S] [-p PORT] -t SECONDS|-n BYTES [-b ADDR] [-C CONGESTION] [-S SEED] "
	 "[-m N] ADDR",
	 run_source},
	{"udp-sink", "[-w S] [-p PORT] [-n COUNT|-t SECONDS]", run_udp_sink},
	{"udp-source",
	 "[-w S] [-p PORT] [-n COUNT|-t SECONDS] [-s SIZE] [-g GAP_US] [-G AT_A_TIME] [-S SEED] ADDR",
	 run_udp_source},
	{"datagrams", "ADDR", run_datagrams},
	{"rss", "PID", run_rss},
	{"cpu", "PID", run_cpu},
	{"switches", "PID", run_switches},
};

int main(int argc, char **argv)
{
	return tool_main(argc, argv, commands, COUNT(commands));
}
