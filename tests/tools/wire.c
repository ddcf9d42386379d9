/* SPDX-License-Identifier: MIT */
/*
 * wire: speak and listen in bytes, on TCP connections and on network devices. Bytes are written as
 * hexadecimal digits, with spaces where they help.
 *
 * wire listen	 accepts one TCP connection (says "listening PORT", then "connected") and does the
 * wire connect	 actions in order; connect tries again while nobody listens. A received packet is
 *		 printed as a line of hex digits. Actions:
 *
 *	send:HEX		these bytes
 *	frame:HEX		their length in 2 bytes, big-endian, then the bytes (may be none)
 *	frames:FILE		each line of FILE as a frame, all in one go
 *	sendrand:N		N pseudo-random bytes
 *	fill:N:HEX		the bytes N times
 *	dribble:MS:HEX		the bytes one by one, with a pause of MS milliseconds after each
 *	flood:SECONDS:HEX	the bytes over and over, as fast as they are taken, without reading;
 *				prints "flooded N", or "flooded N, CAUSE" when the peer cut it off
 *	recv:N			exactly N bytes, printed
 *	recvframe		a frame, its content printed; recvframes:N: N of them
 *	skipframes-until:HEX	frames, until one starts with these bytes; that one printed
 *	skipframes-containing:HEX  likewise, until one contains them
 *	eof			nothing but the end of the stream; prints "eof"
 *	end			likewise, or a reset; prints "eof" or "reset"
 *	drain			drops what comes until the end or a reset; prints "eof" or "reset"
 *	quiet:MS		nothing must come for MS milliseconds
 *	hold:MS			does nothing for MS milliseconds
 *	hold			does nothing until standard input ends
 *	noread			does nothing, and says so to whoever reads the script
 *	shut			ends our direction only
 *	close			closes; what has come unread is read before, so that this is no reset
 *	rst			closes with a reset
 *
 *	The port is 55555 unless -p says otherwise.
 *	After the last action the connection is closed, as by close. -w SECONDS (10) bounds each
 *	action that waits for the peer, and hold.
 *
 * wire capture	 COUNT packets that come in through DEV, each a line; for a tun or tap device those
 *		 are what its program writes. With HEX only packets that contain these bytes count.
 *		 Says "capturing" first. A VLAN tag is shown where it was on the wire.
 * wire inject	 one packet (a tap or Ethernet device: frame) out through DEV: its program reads
 *		 exactly these bytes.
 * wire simpletun  a peer that behaves as Davide Brini's simpletun does, its faults included: two
 *		 writes a packet with Nagle's algorithm on, blocking reads of whole frames, a
 *		 buffer of 2000 bytes (a longer frame: prints "overflow", status 134), status 1
 *		 when the device refuses a packet (so after a frame of length 0), 0 at the peer's
 *		 end. -i: the device, created unless it exists; -s: server, says "listening PORT";
 *		 -c: client; -u: tun (the default); -a: tap. Says "connected". --two-writes is what
 *		 it does anyway; --one-write sends length and packet at once.
 * wire relay	 a man in the middle: says "listening PORT", then "connected" for each connection,
 *		 which it passes on to HOST, to the same port. -o: everything that comes goes into
 *		 RECORD.up and RECORD.down, too, as it came. -l: is late by MS milliseconds each
 *		 way, and slow. -f: a fifo of orders, a line each, for all connections; says
 *		 "done ORDER":
 *
 *	stop			passes nothing on but keeps all connections; go: passes on again
 *	hold			likewise, but passes on what comes through later connections
 *	hold WAY [SKIP]		likewise, once SKIP bytes have passed, for the connection that more
 *				come from then; says "held WAY"
 *	cut			closes all connections; reset: with a reset
 *	flip WAY [SKIP [COUNT]]	flips a bit of COUNT bytes (1), after SKIP bytes (0) that are yet to
 *				come; WAY is up, to HOST, or down. Then says "flipped WAY"
 *	drop WAY [SKIP [COUNT]]	likewise swallows them, and says "dropped WAY"
 *	frames LEN		says "frames LEN: up N, down N": so many of that length have come
 *
 * wire crowd	 COUNT strangers at HOST's port, until it is killed: some silent, some slow, some
 *		 with garbage, forged handshakes or plain packets; who is sent away comes back. Says
 *		 "opened N" each time another COUNT have come. It is an error when HOST answers.
 *		 -r: instead, all say these bytes, and may be answered.
 */
#include <ctype.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "tool.h"

#define FRAME_MAX	    65535
#define CHUNK_LEN	    65536
#define PACKET_MAX	    (65536 + 64)
#define VLAN_TAG_LEN	    4
#define ETHER_ADDRESSES_LEN 12

#define TUNNEL_PORT	   55555
#define SIMPLETUN_BUFFER   2000
#define SIMPLETUN_OVERFLOW 134 /* what a shell shows for SIGABRT */

/* ---- hex ---- */

struct bytes {
	uint8_t *data;
	size_t len;
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct bytes bytes_arg(const char *text)
{
	struct bytes b = {.data = allocate(strlen(text) / 2 + 1)};
	size_t ndigits = 0;

	for (const char *p = text; *p; p++) {
		int value = hex_value(*p);

		if (*p == ' ')
			continue;
		if (value < 0)
			misused("\"%s\" is not hexadecimal", text);
		b.data[ndigits / 2] = (uint8_t)(b.data[ndigits / 2] << 4 | value);
		ndigits++;
	}
	if (ndigits % 2)
		misused("\"%s\" has half a byte", text);
	b.len = ndigits / 2;
	return b;
}

static void print_hex(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", buf[i]);
	putchar('\n');
	fflush(stdout);
}

static int contains(const uint8_t *buf, size_t len, const struct bytes *what)
{
	return !what->len || memmem(buf, len, what->data, what->len) != NULL;
}

/* ---- a connection and what is done to it ---- */

struct wire {
	int fd;	      /* -1: closed */
	int is_reset; /* flood was told, and the kernel tells only once */
	int64_t wait_us;
	uint64_t random;
	const char *action; /* as written, for messages */
	uint8_t frame[FRAME_MAX];
};

struct verb;

struct action {
	const struct verb *verb;
	const char *text;
	const char *path;
	double number;
	struct bytes bytes;
};

enum verb_needs {
	NEEDS_NUMBER = 1,
	NEEDS_BYTES = 2,
	NEEDS_SOME_BYTES = 4 | NEEDS_BYTES, /* at least one */
	OFFLINE = 8,			    /* also after the connection is closed */
	NEEDS_PATH = 16,
};

struct verb {
	const char *name;
	int needs;
	void (*run)(struct wire *w, const struct action *a);
};

static int64_t ms_of(const struct action *a)
{
	return (int64_t)(a->number * 1000);
}

/* Sends what the socket takes before @until_us. Return: how much, or -errno. */
static ssize_t send_until(const struct wire *w, const uint8_t *buf, size_t len, int64_t until_us)
{
	struct deadline d = {.at_us = until_us};
	size_t done = 0;

	while (done < len && wait_fd(w->fd, POLLOUT, &d)) {
		ssize_t n = send(w->fd, buf + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

static void send_all(const struct wire *w, const uint8_t *buf, size_t len)
{
	struct deadline d = deadline_in(w->wait_us);
	ssize_t n = send_until(w, buf, len, d.at_us);

	if (n < 0)
		die("%s: %s", w->action, strerror((int)-n));
	if ((size_t)n < len)
		die("%s: the peer took %zd bytes of %zu within %g s", w->action, n, len,
		    deadline_s(&d));
}

/* One read. Return: bytes, 0 at the end, or -errno of a lost connection. */
static ssize_t receive_some(const struct wire *w, uint8_t *buf, size_t len,
			    const struct deadline *d)
{
	for (;;) {
		ssize_t n;

		if (!wait_fd(w->fd, POLLIN, d))
			die("%s: nothing came within %g s", w->action, deadline_s(d));
		n = recv(w->fd, buf, len, 0);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

static void receive_all(const struct wire *w, uint8_t *buf, size_t len, const struct deadline *d)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = receive_some(w, buf + done, len - done, d);

		if (n < 0)
			die("%s: %s", w->action, strerror((int)-n));
		if (!n)
			die("%s: the stream ended after %zu bytes of %zu", w->action, done, len);
		done += (size_t)n;
	}
}

static size_t receive_frame(struct wire *w, const struct deadline *d)
{
	uint8_t head[2];
	size_t len;

	receive_all(w, head, sizeof(head), d);
	len = (size_t)head[0] << 8 | head[1];
	receive_all(w, w->frame, len, d);
	return len;
}

static void do_send(struct wire *w, const struct action *a)
{
	send_all(w, a->bytes.data, a->bytes.len);
}

static void do_frame(struct wire *w, const struct action *a)
{
	size_t len = a->bytes.len;
	uint8_t *buf = allocate(len + 2);

	buf[0] = (uint8_t)(len >> 8);
	buf[1] = (uint8_t)len;
	memcpy(buf + 2, a->bytes.data, len);
	send_all(w, buf, len + 2);
	free(buf);
}

/* In one go: whoever reads fast enough gets them all at once. */
static void do_frames(struct wire *w, const struct action *a)
{
	struct bytes all = {.len = 0};
	FILE *file = fopen(a->path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!file)
		die("%s: %s", w->action, strerror(errno));
	while ((n = getline(&line, &room, file)) > 0) {
		struct bytes frame;

		line[strcspn(line, "\n")] = 0;
		frame = bytes_arg(line);
		all.data = realloc(all.data, all.len + 2 + frame.len);
		if (!all.data || frame.len > FRAME_MAX)
			die("%s: too long", w->action);
		all.data[all.len++] = (uint8_t)(frame.len >> 8);
		all.data[all.len++] = (uint8_t)frame.len;
		memcpy(all.data + all.len, frame.data, frame.len);
		all.len += frame.len;
		free(frame.data);
	}
	free(line);
	fclose(file);
	send_all(w, all.data, all.len);
	free(all.data);
}

static void do_sendrand(struct wire *w, const struct action *a)
{
	uint8_t chunk[CHUNK_LEN];

	for (size_t left = (size_t)a->number; left;) {
		size_t len = left < sizeof(chunk) ? left : sizeof(chunk);

		random_fill(&w->random, chunk, sizeof(chunk));
		send_all(w, chunk, len);
		left -= len;
	}
}

/* As many whole repetitions of @unit as make one chunk; the caller frees. */
static struct bytes repeated(const struct bytes *unit)
{
	size_t times = unit->len < CHUNK_LEN ? CHUNK_LEN / unit->len : 1;
	struct bytes chunk = {.data = allocate(times * unit->len), .len = times * unit->len};

	for (size_t i = 0; i < times; i++)
		memcpy(chunk.data + i * unit->len, unit->data, unit->len);
	return chunk;
}

static void do_fill(struct wire *w, const struct action *a)
{
	struct bytes chunk = repeated(&a->bytes);

	for (size_t left = (size_t)a->number * a->bytes.len; left;) {
		size_t len = left < chunk.len ? left : chunk.len;

		send_all(w, chunk.data, len);
		left -= len;
	}
	free(chunk.data);
}

static void do_dribble(struct wire *w, const struct action *a)
{
	for (size_t i = 0; i < a->bytes.len; i++) {
		send_all(w, a->bytes.data + i, 1);
		pause_until(clock_us() + ms_of(a));
	}
}

/* Stops between two repetitions if the peer reads, wherever it got to if not. */
static void do_flood(struct wire *w, const struct action *a)
{
	struct bytes chunk = repeated(&a->bytes);
	int64_t end_us = clock_us() + (int64_t)(a->number * 1e6);
	unsigned long long total = 0;
	ssize_t n;

	do {
		n = send_until(w, chunk.data, chunk.len, end_us);
		if (n > 0)
			total += (size_t)n;
	} while (n == (ssize_t)chunk.len && clock_us() < end_us);
	if (n > 0 && (size_t)n % a->bytes.len) {
		size_t rest = a->bytes.len - (size_t)n % a->bytes.len;
		ssize_t more = send_until(w, chunk.data + n, rest, clock_us() + RETRY_US);

		if (more > 0)
			total += (size_t)more;
	}
	free(chunk.data);
	w->is_reset = n < 0;
	if (n < 0)
		say("flooded %llu, %s", total, strerror((int)-n));
	else
		say("flooded %llu", total);
}

static void do_recv(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(w->wait_us);
	size_t len = (size_t)a->number;
	uint8_t *buf = allocate(len);

	receive_all(w, buf, len, &d);
	print_hex(buf, len);
	free(buf);
}

static void do_recvframe(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(w->wait_us);
	size_t count = a->verb->needs ? (size_t)a->number : 1;

	for (size_t i = 0; i < count; i++)
		print_hex(w->frame, receive_frame(w, &d));
}

static void do_skip_until(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(w->wait_us);
	size_t len;

	do {
		len = receive_frame(w, &d);
	} while (len < a->bytes.len || memcmp(w->frame, a->bytes.data, a->bytes.len));
	print_hex(w->frame, len);
}

static void do_skip_containing(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(w->wait_us);
	size_t len;

	do {
		len = receive_frame(w, &d);
	} while (!contains(w->frame, len, &a->bytes));
	print_hex(w->frame, len);
}

/* Return: as receive_some(), for what comes next. */
static ssize_t say_end(struct wire *w, const struct deadline *d)
{
	ssize_t n = receive_some(w, w->frame, sizeof(w->frame), d);

	if (n == 0 && w->is_reset)
		n = -ECONNRESET;
	if (n == 0)
		say("eof");
	else if (n == -ECONNRESET || n == -EPIPE)
		say("reset");
	else if (n < 0)
		die("%s: %s", w->action, strerror((int)-n));
	return n;
}

static void do_end(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(w->wait_us);
	ssize_t n = say_end(w, &d);

	if (n < 0 && !strcmp(a->verb->name, "eof"))
		die("%s: the connection was reset", w->action);
	if (n > 0)
		die("%s: %zd bytes came instead, the first %02x", w->action, n, w->frame[0]);
}

static void do_drain(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(w->wait_us);

	(void)a;
	while (say_end(w, &d) > 0)
		continue;
}

static void do_quiet(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(ms_of(a));
	ssize_t n;

	if (!wait_fd(w->fd, POLLIN, &d))
		return;
	n = recv(w->fd, w->frame, sizeof(w->frame), 0);
	if (n < 0)
		die("%s: %s", w->action, strerror(errno));
	if (!n)
		die("%s: the stream ended", w->action);
	die("%s: %zd bytes came, the first %02x", w->action, n, w->frame[0]);
}

static void do_hold_ms(struct wire *w, const struct action *a)
{
	(void)w;
	pause_until(clock_us() + ms_of(a));
}

static void do_hold(struct wire *w, const struct action *a)
{
	struct deadline d = deadline_in(w->wait_us);
	char buf[256];

	(void)a;
	do {
		if (!wait_fd(STDIN_FILENO, POLLIN, &d))
			die("%s: standard input is still open after %g s", w->action,
			    deadline_s(&d));
	} while (read(STDIN_FILENO, buf, sizeof(buf)) > 0);
}

static void do_noread(struct wire *w, const struct action *a)
{
	(void)w;
	(void)a;
}

static void do_shut(struct wire *w, const struct action *a)
{
	(void)a;
	shutdown(w->fd, SHUT_WR);
}

static void do_close(struct wire *w, const struct action *a)
{
	(void)a;
	shutdown(w->fd, SHUT_WR);
	while (recv(w->fd, w->frame, sizeof(w->frame), 0) > 0)
		continue;
	close(w->fd);
	w->fd = -1;
}

static void do_rst(struct wire *w, const struct action *a)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	(void)a;
	(void)setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(w->fd);
	w->fd = -1;
}

static const struct verb verbs[] = {
	{"send", NEEDS_SOME_BYTES, do_send},
	{"frame", NEEDS_BYTES, do_frame},
	{"frames", NEEDS_PATH, do_frames},
	{"sendrand", NEEDS_NUMBER, do_sendrand},
	{"fill", NEEDS_NUMBER | NEEDS_SOME_BYTES, do_fill},
	{"dribble", NEEDS_NUMBER | NEEDS_SOME_BYTES, do_dribble},
	{"flood", NEEDS_NUMBER | NEEDS_SOME_BYTES, do_flood},
	{"recv", NEEDS_NUMBER, do_recv},
	{"recvframe", 0, do_recvframe},
	{"recvframes", NEEDS_NUMBER, do_recvframe},
	{"skipframes-until", NEEDS_SOME_BYTES, do_skip_until},
	{"skipframes-containing", NEEDS_SOME_BYTES, do_skip_containing},
	{"eof", 0, do_end},
	{"end", 0, do_end},
	{"drain", 0, do_drain},
	{"quiet", NEEDS_NUMBER, do_quiet},
	{"hold", NEEDS_NUMBER | OFFLINE, do_hold_ms},
	{"hold", OFFLINE, do_hold},
	{"noread", OFFLINE, do_noread},
	{"shut", 0, do_shut},
	{"close", 0, do_close},
	{"rst", 0, do_rst},
};

/* "hold" is there with and without a number; so a verb is chosen by name and by having one. */
static const struct verb *find_verb(const char *text, size_t len)
{
	int has_argument = text[len] == ':';

	for (size_t i = 0; i < COUNT(verbs); i++) {
		int wants = (verbs[i].needs & (NEEDS_NUMBER | NEEDS_BYTES | NEEDS_PATH)) != 0;

		if (strlen(verbs[i].name) == len && !memcmp(verbs[i].name, text, len) &&
		    wants == has_argument)
			return &verbs[i];
	}
	misused("\"%s\" is no action", text);
}

static struct action action_arg(const char *text)
{
	size_t len = strcspn(text, ":");
	struct action a = {.verb = find_verb(text, len), .text = text};
	const char *rest = text + len + (text[len] == ':');
	int needs = a.verb->needs;
	char *end;

	a.path = rest;
	if (needs & NEEDS_NUMBER) {
		a.number = strtod(rest, &end);
		if (end == rest || !(a.number >= 0 && a.number <= 1e12))
			misused("\"%s\" needs a number", text);
		if (*end != (needs & NEEDS_BYTES ? ':' : 0))
			misused("\"%s\" is not as it should be from \"%s\" on", text, end);
		rest = end + 1;
	}
	if (needs & NEEDS_BYTES) {
		a.bytes = bytes_arg(rest);
		if ((needs & NEEDS_SOME_BYTES) == NEEDS_SOME_BYTES && !a.bytes.len)
			misused("\"%s\" has no bytes", text);
		if (a.verb->run == do_frame && a.bytes.len > FRAME_MAX)
			misused("a frame has at most %d bytes", FRAME_MAX);
	}
	return a;
}

static void run_actions(struct wire *w, const struct action *actions, size_t n)
{
	int on = 1;

	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	say("connected");
	for (size_t i = 0; i < n; i++) {
		w->action = actions[i].text;
		if (w->fd < 0 && !(actions[i].verb->needs & OFFLINE))
			die("%s: the connection is closed", w->action);
		actions[i].verb->run(w, &actions[i]);
	}
	if (w->fd >= 0)
		do_close(w, NULL);
}

struct wire_options {
	int64_t wait_us;
	uint16_t port;
	const char *local;
};

static struct wire_options wire_options(int argc, char **argv)
{
	struct wire_options o = {.wait_us = DEFAULT_WAIT_US, .port = TUNNEL_PORT};
	const struct arg args[] = {
		SECONDS_ARG('w', &o.wait_us),
		PORT_ARG('p', &o.port),
		TEXT_ARG('b', &o.local),
	};

	parse_args(argc, argv, args, COUNT(args));
	return o;
}

/* All are understood before the first is done. */
static struct action *action_args(char **argv, size_t n)
{
	struct action *actions = allocate(n * sizeof(*actions));

	for (size_t i = 0; i < n; i++)
		actions[i] = action_arg(argv[i]);
	return actions;
}

static int run_listen(int argc, char **argv)
{
	struct wire_options o = wire_options(argc, argv);
	static struct wire wire = {.random = 1};
	struct action *actions = action_args(argv + optind, (size_t)(argc - optind));
	int listen_fd = tcp_listen(o.local, o.port);
	struct deadline d = deadline_in(o.wait_us);

	wire.wait_us = o.wait_us;
	wire.fd = tcp_accept(listen_fd, &d);
	close(listen_fd);
	run_actions(&wire, actions, (size_t)(argc - optind));
	return 0;
}

static int run_connect(int argc, char **argv)
{
	struct wire_options o = wire_options(argc, argv);
	struct connect_setup setup = {.port = o.port, .local = o.local};
	static struct wire wire = {.random = 1};
	struct action *actions;
	struct deadline d;

	if (optind == argc)
		misused("no host");
	setup.host = argv[optind++];
	actions = action_args(argv + optind, (size_t)(argc - optind));
	d = deadline_in(o.wait_us);
	wire.wait_us = o.wait_us;
	wire.fd = tcp_connect(&setup, &d);
	run_actions(&wire, actions, (size_t)(argc - optind));
	return 0;
}

/* ---- packets of a device ---- */

/* Without a protocol: nothing arrives before the socket is bound to a device. */
static int packet_socket(const char *device, struct sockaddr_ll *ll)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unsigned index = if_nametoindex(device);

	if (fd < 0)
		die("packet socket: %s", strerror(errno));
	if (!index)
		die("%s: %s", device, strerror(errno));
	*ll = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = (int)index};
	return fd;
}

/* The kernel takes a VLAN tag out of the frame and keeps it aside: put it back. */
static size_t restore_vlan_tag(struct msghdr *msg, uint8_t *buf, size_t len)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg); /* there is no other kind that we asked for */
	struct tpacket_auxdata aux;
	uint16_t tag[2];

	if (!c || c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
		return len;
	memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || len < ETHER_ADDRESSES_LEN)
		return len;
	tag[0] = htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q);
	tag[1] = htons(aux.tp_vlan_tci);
	memmove(buf + ETHER_ADDRESSES_LEN + VLAN_TAG_LEN, buf + ETHER_ADDRESSES_LEN,
		len - ETHER_ADDRESSES_LEN);
	memcpy(buf + ETHER_ADDRESSES_LEN, tag, VLAN_TAG_LEN);
	return len + VLAN_TAG_LEN;
}

/* Return: its length, 0 for a packet that our own side sent and for none at all. */
static size_t read_incoming(int fd, uint8_t buf[static PACKET_MAX + VLAN_TAG_LEN])
{
	union {
		struct cmsghdr align;
		uint8_t room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct sockaddr_ll from;
	struct iovec iov = {.iov_base = buf, .iov_len = PACKET_MAX};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &msg, 0);

	/* ENETDOWN is told once when the device is set down; it may come up again. */
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
		die("receive: %s", strerror(errno));
	if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING)
		return 0;
	return restore_vlan_tag(&msg, buf, (size_t)n);
}

static int run_capture(int argc, char **argv)
{
	static uint8_t buf[PACKET_MAX + VLAN_TAG_LEN];
	struct bytes wanted = {.len = 0};
	int64_t wait_us = DEFAULT_WAIT_US;
	uint64_t count, seen = 0;
	struct sockaddr_ll ll;
	struct deadline d;
	int fd, on = 1;
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind < 2 || argc - optind > 3)
		misused("a device, a count and bytes to look for");
	count = number_arg(argv[optind + 1], INT64_MAX);
	if (argc - optind == 3)
		wanted = bytes_arg(argv[optind + 2]);
	fd = packet_socket(argv[optind], &ll);
	(void)setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
	ll.sll_protocol = htons(ETH_P_ALL);
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		die("%s: %s", argv[optind], strerror(errno));
	say("capturing");
	for (d = deadline_in(wait_us); seen < count;) {
		size_t len;

		if (!wait_fd(fd, POLLIN, &d))
			die("%llu packets of %llu came within %g s", (unsigned long long)seen,
			    (unsigned long long)count, deadline_s(&d));
		len = read_incoming(fd, buf);
		if (!len || !contains(buf, len, &wanted))
			continue;
		print_hex(buf, len);
		seen++;
	}
	return 0;
}

static uint16_t protocol_of(const struct bytes *packet, int is_ethernet)
{
	if (is_ethernet)
		return (uint16_t)(packet->data[12] << 8 | packet->data[13]);
	switch (packet->data[0] >> 4) {
	case 4:
		return ETH_P_IP;
	case 6:
		return ETH_P_IPV6;
	default:
		return ETH_P_ALL;
	}
}

static int run_inject(int argc, char **argv)
{
	struct sockaddr_ll ll;
	struct bytes packet;
	struct ifreq ifr = {0};
	int fd, is_ethernet;

	if (argc < 3)
		misused("a device and bytes");
	packet = bytes_arg(argv[2]);
	for (int i = 3; i < argc; i++) {
		struct bytes more = bytes_arg(argv[i]);

		packet.data = realloc(packet.data, packet.len + more.len);
		if (!packet.data)
			die("out of memory");
		memcpy(packet.data + packet.len, more.data, more.len);
		packet.len += more.len;
	}
	fd = packet_socket(argv[1], &ll);
	strncpy(ifr.ifr_name, argv[1], sizeof(ifr.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
		die("%s: %s", argv[1], strerror(errno));
	is_ethernet = ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	if (packet.len < (is_ethernet ? ETH_HLEN : 1))
		misused("that is too short for %s", argv[1]);
	ll.sll_protocol = htons(protocol_of(&packet, is_ethernet));
	if (sendto(fd, packet.data, packet.len, 0, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		die("%s: %s", argv[1], strerror(errno));
	return 0;
}

/* ---- simpletun ---- */

struct simpletun {
	const char *device;
	const char *server; /* -c: its address */
	int is_server;
	short kind; /* IFF_TUN or IFF_TAP */
	int one_write;
	uint16_t port;
	int64_t wait_us;
	int tun_fd;
	int net_fd;
};

static int tun_attach(const char *device, short kind)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct ifreq ifr = {.ifr_flags = (short)(kind | IFF_NO_PI)};

	strncpy(ifr.ifr_name, device, sizeof(ifr.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, (int)TUNSETIFF, &ifr) < 0)
		die("%s: %s", device, strerror(errno));
	return fd;
}

/* Blocking, until there are @len bytes. Return: 0 at the end of the stream. */
static int read_whole(int fd, uint8_t *buf, size_t len)
{
	while (len) {
		ssize_t n = read(fd, buf, len);

		if (n < 0)
			die("receive: %s", strerror(errno));
		if (!n)
			return 0;
		buf += n;
		len -= (size_t)n;
	}
	return 1;
}

static void write_peer(int fd, const uint8_t *buf, size_t len)
{
	if (write(fd, buf, len) < 0)
		die("send: %s", strerror(errno));
}

static void device_to_peer(const struct simpletun *s)
{
	uint8_t buf[2 + SIMPLETUN_BUFFER];
	ssize_t n = read(s->tun_fd, buf + 2, SIMPLETUN_BUFFER);

	if (n < 0)
		die("read %s: %s", s->device, strerror(errno));
	buf[0] = (uint8_t)(n >> 8);
	buf[1] = (uint8_t)n;
	if (s->one_write) {
		write_peer(s->net_fd, buf, (size_t)n + 2);
		return;
	}
	write_peer(s->net_fd, buf, 2);
	write_peer(s->net_fd, buf + 2, (size_t)n);
}

/* Return: 0 at the end of the stream. */
static int peer_to_device(const struct simpletun *s)
{
	uint8_t buf[SIMPLETUN_BUFFER], head[2];
	size_t len;

	if (!read_whole(s->net_fd, head, 2))
		return 0;
	len = (size_t)head[0] << 8 | head[1];
	if (len > sizeof(buf)) {
		say("overflow");
		exit(SIMPLETUN_OVERFLOW);
	}
	/* An end in mid-frame leaves nothing to write, which the device refuses. */
	if (!read_whole(s->net_fd, buf, len))
		len = 0;
	if (write(s->tun_fd, buf, len) < 0)
		die("write %s: %s", s->device, strerror(errno));
	return 1;
}

static void simpletun_connect(struct simpletun *s)
{
	struct connect_setup setup = {.host = s->server, .port = s->port};
	struct deadline d;
	int listen_fd;

	if (s->is_server) {
		listen_fd = tcp_listen(NULL, s->port);
		d = deadline_in(s->wait_us);
		s->net_fd = tcp_accept(listen_fd, &d);
		close(listen_fd);
	} else {
		d = deadline_in(s->wait_us);
		s->net_fd = tcp_connect(&setup, &d);
	}
	(void)fcntl(s->net_fd, F_SETFL, 0); /* blocking from here on */
	say("connected");
}

static struct simpletun simpletun_options(int argc, char **argv)
{
	struct simpletun s = {.port = TUNNEL_PORT, .wait_us = DEFAULT_WAIT_US};
	int tun = 0, tap = 0, two_writes = 0;
	const struct arg args[] = {
		SECONDS_ARG('w', &s.wait_us),
		TEXT_ARG('i', &s.device),
		FLAG_ARG('s', &s.is_server),
		TEXT_ARG('c', &s.server),
		PORT_ARG('p', &s.port),
		FLAG_ARG('u', &tun),
		FLAG_ARG('a', &tap),
		LONG_FLAG_ARG('1', "one-write", &s.one_write),
		LONG_FLAG_ARG('2', "two-writes", &two_writes),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc != optind || !s.device || s.is_server == (s.server != NULL))
		misused("-i and either -s or -c");
	if ((tun && tap) || (s.one_write && two_writes))
		misused("that contradicts itself");
	s.kind = tap ? IFF_TAP : IFF_TUN;
	return s;
}

static int run_simpletun(int argc, char **argv)
{
	struct simpletun s = simpletun_options(argc, argv);
	struct pollfd fds[2];

	s.tun_fd = tun_attach(s.device, s.kind);
	simpletun_connect(&s);
	fds[0] = (struct pollfd){.fd = s.tun_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = s.net_fd, .events = POLLIN};
	for (;;) {
		if (poll(fds, COUNT(fds), -1) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (fds[0].revents)
			device_to_peer(&s);
		if (fds[1].revents && !peer_to_device(&s))
			return 0;
	}
}

/* ---- a man in the middle ---- */

#define RELAY_PAIRS 32

enum way { UP, DOWN, NWAYS }; /* to the server, to the client */

static const char *const way_names[] = {[UP] = "up", [DOWN] = "down"};

struct flow {
	uint8_t buf[CHUNK_LEN];
	size_t start, end;
	int64_t not_before_us; /* -l: nothing is passed on */
	int is_prompt;	       /* but what comes first was late together with the connection */
	int has_ended;	       /* the end of the stream has come */
	int is_shut;	       /* and has been passed on */
	uint8_t head[2];
	size_t have, left; /* of the head and, when that is there, of the frame */
};

struct pair {
	int fd[NWAYS]; /* where each way leads; -1: the pair is free */
	int is_held;   /* nothing is passed on, though later connections may go on */
	struct flow flow[NWAYS];
};

/* What an order does to bytes that are still to come. */
struct harm {
	uint64_t skip; /* first so many pass */
	uint64_t flip; /* then so many have a bit flipped */
	uint64_t drop; /* or are swallowed */
	int hold;      /* or the pair is held */
};

struct relay {
	struct connect_setup to;
	int64_t wait_us;
	int listen_fd, orders_fd;
	FILE *record[NWAYS];
	uint64_t frames[NWAYS][FRAME_MAX + 1]; /* by length */
	int64_t latency_us;
	int is_stopped;
	struct harm harm[NWAYS];
	char order[64];
	size_t order_len;
	struct pair pairs[RELAY_PAIRS];
};

static void pair_close(struct pair *p, int with_reset)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	for (int w = 0; w < NWAYS; w++) {
		if (with_reset && p->fd[w] >= 0)
			(void)setsockopt(p->fd[w], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(p->fd[w]);
		p->fd[w] = -1;
	}
}

static void count_frames(struct relay *r, enum way way, struct flow *f, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t step = len - i < f->left ? len - i : f->left;

		i += step;
		f->left -= step;
		if (f->left || i == len)
			continue;
		f->head[f->have++] = f->buf[i++];
		if (f->have < sizeof(f->head))
			continue;
		f->left = (size_t)f->head[0] << 8 | f->head[1];
		f->have = 0;
		r->frames[way][f->left]++;
	}
}

/* The bytes at @buf have come. Return: how many of them go on. */
static size_t relay_harm(struct relay *r, enum way way, uint8_t *buf, size_t len)
{
	struct harm *h = &r->harm[way];
	size_t kept = 0;

	if (!h->flip && !h->drop)
		return len;
	for (size_t i = 0; i < len; i++) {
		if (h->skip) {
			h->skip--;
		} else if (h->flip) {
			buf[i] ^= 1;
			if (!--h->flip)
				say("flipped %s", way_names[way]);
		} else if (h->drop) {
			if (!--h->drop)
				say("dropped %s", way_names[way]);
			continue;
		}
		buf[kept++] = buf[i];
	}
	return kept;
}

/* What is sent at once is held or passed on at once. */
static int relay_holds(struct relay *r, enum way way, size_t len)
{
	struct harm *h = &r->harm[way];

	if (!h->hold || !len)
		return 0;
	h->hold = h->skip > 0;
	h->skip -= h->skip < len ? h->skip : len;
	return !h->hold;
}

/* Return: 0 when the connection is lost. */
static int flow_receive(struct relay *r, struct pair *p, enum way way)
{
	struct flow *f = &p->flow[way];
	ssize_t n = recv(p->fd[!way], f->buf, sizeof(f->buf), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		f->has_ended = 1;
	if (r->record[way])
		fwrite(f->buf, 1, (size_t)n, r->record[way]);
	count_frames(r, way, f, (size_t)n);
	f->not_before_us = f->is_prompt ? 0 : clock_us() + r->latency_us;
	f->is_prompt = 0;
	f->start = 0;
	f->end = relay_harm(r, way, f->buf, (size_t)n);
	if (relay_holds(r, way, f->end)) {
		p->is_held = 1;
		say("held %s", way_names[way]);
	}
	return 1;
}

static int flow_send(struct pair *p, enum way way)
{
	struct flow *f = &p->flow[way];
	ssize_t n = send(p->fd[way], f->buf + f->start, f->end - f->start, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	f->start += (size_t)n;
	return 1;
}

static int pair_step(struct relay *r, struct pair *p, const struct pollfd *fds)
{
	int ok = 1;

	for (int w = 0; w < NWAYS && ok && !p->is_held; w++) {
		struct flow *f = &p->flow[w];

		if (f->start == f->end && !f->has_ended && fds[!w].revents & ~POLLOUT)
			ok = flow_receive(r, p, w);
		if (ok && !p->is_held && f->start < f->end && clock_us() >= f->not_before_us)
			ok = flow_send(p, w);
		if (f->start == f->end && f->has_ended && !f->is_shut) {
			shutdown(p->fd[w], SHUT_WR);
			f->is_shut = 1;
		}
	}
	return ok && !(p->flow[UP].is_shut && p->flow[DOWN].is_shut);
}

static void relay_accept(struct relay *r)
{
	int fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
	struct deadline d = deadline_in(r->wait_us + r->latency_us);
	struct pair *p = r->pairs;

	if (fd < 0)
		return;
	while (p < r->pairs + RELAY_PAIRS && p->fd[UP] >= 0)
		p++;
	if (p == r->pairs + RELAY_PAIRS)
		die("more than %d connections", RELAY_PAIRS);
	memset(p, 0, sizeof(*p));
	p->fd[DOWN] = fd;
	p->flow[UP].is_prompt = 1;
	pause_until(clock_us() + r->latency_us);
	p->fd[UP] = tcp_connect(&r->to, &d);
	for (int w = 0; w < NWAYS; w++)
		(void)setsockopt(p->fd[w], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	say("connected");
}

static void relay_obey(struct relay *r, const char *order)
{
	unsigned long long skip = 0, count = 1;
	char verb[8], way[8];

	if (sscanf(order, "frames %llu", &count) == 1 && count <= FRAME_MAX) {
		say("frames %llu: up %llu, down %llu", count,
		    (unsigned long long)r->frames[UP][count],
		    (unsigned long long)r->frames[DOWN][count]);
	} else if (sscanf(order, "%7s %7s %llu %llu", verb, way, &skip, &count) >= 2) {
		struct harm *h = &r->harm[!strcmp(way, way_names[DOWN])];

		h->skip = skip;
		if (!strcmp(verb, "hold"))
			h->hold = 1;
		else
			*(strcmp(verb, "flip") ? &h->drop : &h->flip) = count;
	} else if (!strcmp(order, "cut") || !strcmp(order, "reset")) {
		for (struct pair *p = r->pairs; p < r->pairs + RELAY_PAIRS; p++)
			pair_close(p, order[0] == 'r');
	} else {
		r->is_stopped = !strcmp(order, "stop");
		for (struct pair *p = r->pairs; p < r->pairs + RELAY_PAIRS; p++)
			p->is_held = !strcmp(order, "hold");
	}
	for (int w = 0; w < NWAYS; w++)
		if (r->record[w])
			fflush(r->record[w]);
	say("done %s", order);
}

static void relay_orders(struct relay *r)
{
	char c;

	while (read(r->orders_fd, &c, 1) == 1) {
		r->order[r->order_len] = c == '\n' ? 0 : c;
		if (c == '\n') {
			relay_obey(r, r->order);
			r->order_len = 0;
		} else if (++r->order_len == sizeof(r->order)) {
			die("that order is too long");
		}
	}
}

/* @until_us: set to when something is due by the clock, if that is earlier */
static short flow_events(const struct pair *p, int fd, int64_t *until_us)
{
	const struct flow *in = &p->flow[!fd], *out = &p->flow[fd];
	int has_more = out->start < out->end, is_due = clock_us() >= out->not_before_us;

	if (p->fd[fd] >= 0 && has_more && !is_due && out->not_before_us < *until_us)
		*until_us = out->not_before_us;
	return (short)((in->start == in->end && !in->has_ended ? POLLIN : 0) |
		       (has_more && is_due ? POLLOUT : 0));
}

static void relay_turn(struct relay *r)
{
	struct pollfd fds[2 + RELAY_PAIRS * NWAYS];
	int64_t until_us = INT64_MAX;

	fds[0] = (struct pollfd){.fd = r->orders_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = r->listen_fd, .events = POLLIN};
	for (int i = 0; i < RELAY_PAIRS * NWAYS; i++) {
		struct pair *p = &r->pairs[i / NWAYS];
		short events = flow_events(p, i % NWAYS, &until_us);

		fds[2 + i] = (struct pollfd){
			.fd = r->is_stopped || p->is_held || !events ? -1 : p->fd[i % NWAYS],
			.events = events};
	}
	(void)poll_until(fds, COUNT(fds), until_us);
	for (int i = 0; i < RELAY_PAIRS; i++) {
		struct pair *p = &r->pairs[i];
		struct pollfd *two = fds + 2 + i * NWAYS;

		if (p->fd[UP] >= 0 && (two[UP].revents || two[DOWN].revents) &&
		    !pair_step(r, p, two))
			pair_close(p, 0);
	}
	if (fds[1].revents)
		relay_accept(r);
	if (fds[0].revents)
		relay_orders(r);
}

static int run_relay(int argc, char **argv)
{
	static struct relay relay = {.wait_us = DEFAULT_WAIT_US, .orders_fd = -1};
	const char *orders = NULL, *record = NULL;
	uint16_t port = TUNNEL_PORT;
	uint64_t latency_ms = 0;
	const struct arg args[] = {
		SECONDS_ARG('w', &relay.wait_us),
		PORT_ARG('p', &port),
		TEXT_ARG('f', &orders),
		TEXT_ARG('o', &record),
		NUMBER_ARG('l', &latency_ms, 10000),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 1)
		misused("one host");
	relay.latency_us = (int64_t)latency_ms * 1000;
	relay.to = (struct connect_setup){.host = argv[optind], .port = port};
	if (orders && (relay.orders_fd = open(orders, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		die("%s: %s", orders, strerror(errno));
	for (int w = 0; w < NWAYS && record; w++) {
		char path[256];

		snprintf(path, sizeof(path), "%s.%s", record, way_names[w]);
		relay.record[w] = fopen(path, "we");
		if (!relay.record[w])
			die("%s: %s", path, strerror(errno));
	}
	for (int i = 0; i < RELAY_PAIRS; i++)
		relay.pairs[i].fd[UP] = relay.pairs[i].fd[DOWN] = -1;
	relay.listen_fd = tcp_listen(NULL, port);
	for (;;)
		relay_turn(&relay);
}

/* ---- a crowd of strangers ---- */

#define CROWD_BACK_US	 400000 /* whoever was sent away comes back after that, or up to twice that */
#define CROWD_DRIBBLE_US 100000

enum manner {
	SILENT,
	DRIBBLES,
	DRIBBLES_GARBAGE,
	GARBAGE,
	FORGES,
	SPEAKS_PLAINLY,
	NMANNERS,
	REPEATS
};

struct stranger {
	int fd; /* -1: away */
	enum manner manner;
	int is_connected;
	size_t sent;
	int64_t next_us; /* when it does the next thing */
};

struct crowd {
	struct address to;
	size_t n;
	struct stranger *strangers;
	struct pollfd *fds;
	struct bytes recorded; /* -r */
	uint64_t random;
	uint64_t opened;
};

static void stranger_leave(struct crowd *c, struct stranger *s)
{
	close(s->fd);
	s->fd = -1;
	s->next_us =
		clock_us() + CROWD_BACK_US + (int64_t)(random_next(&c->random) % CROWD_BACK_US);
}

static void stranger_come(struct crowd *c, struct stranger *s)
{
	s->fd = socket(c->to.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		die("socket: %s", strerror(errno));
	s->is_connected = 0;
	s->sent = 0;
	s->next_us = INT64_MAX;
	if (connect(s->fd, &c->to.sa, c->to.len) < 0 && errno != EINPROGRESS)
		stranger_leave(c, s);
}

/* The handshake frame's beginning, and then what nobody can have made with the key. */
static void stranger_speak(struct crowd *c, struct stranger *s)
{
	static const uint8_t hello[] = {0, 81, 0x40}, packet[] = {0, 28, 0x45, 0, 0, 28};
	uint8_t buf[88];
	size_t len = 83;

	random_fill(&c->random, buf, sizeof(buf));
	if (s->manner == DRIBBLES || s->manner == FORGES)
		memcpy(buf, hello, sizeof(hello));
	if (s->manner == SPEAKS_PLAINLY)
		memcpy(buf, packet, sizeof(packet));
	s->next_us = INT64_MAX;
	if (s->manner == SILENT)
		return;
	if (s->manner == REPEATS) {
		if (send(s->fd, c->recorded.data, c->recorded.len, MSG_NOSIGNAL) < 0)
			stranger_leave(c, s);
		return;
	}
	if (s->manner == DRIBBLES || s->manner == DRIBBLES_GARBAGE) {
		s->next_us = clock_us() + CROWD_DRIBBLE_US;
		len = 1;
	}
	if (send(s->fd, buf + s->sent % 83, len, MSG_NOSIGNAL) < 0)
		stranger_leave(c, s);
	s->sent += len;
}

static void stranger_step(struct crowd *c, struct stranger *s, short revents, int64_t now_us)
{
	uint8_t buf[256];
	ssize_t n;

	if (s->fd >= 0 && revents & POLLIN) {
		n = recv(s->fd, buf, sizeof(buf), 0);
		if (n > 0 && s->manner != REPEATS)
			die("the server said %zd bytes to a stranger", n);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			stranger_leave(c, s);
	} else if (s->fd >= 0 && revents & (POLLERR | POLLHUP)) {
		stranger_leave(c, s);
	} else if (s->fd >= 0 && revents & POLLOUT) {
		s->is_connected = 1;
		c->opened++;
		if (c->opened % c->n == 0)
			say("opened %llu", (unsigned long long)c->opened);
		stranger_speak(c, s);
	} else if (now_us >= s->next_us) {
		(s->fd < 0 ? stranger_come : stranger_speak)(c, s);
	}
}

static void crowd_turn(struct crowd *c)
{
	int64_t until_us = INT64_MAX, now_us;

	for (size_t i = 0; i < c->n; i++) {
		struct stranger *s = &c->strangers[i];
		short events = s->is_connected ? POLLIN : POLLIN | POLLOUT;

		c->fds[i] = (struct pollfd){.fd = s->fd, .events = events};
		if (s->next_us < until_us)
			until_us = s->next_us;
	}
	poll_until(c->fds, c->n, until_us);
	now_us = clock_us();
	for (size_t i = 0; i < c->n; i++)
		stranger_step(c, &c->strangers[i], c->fds[i].revents, now_us);
}

static int run_crowd(int argc, char **argv)
{
	static struct crowd crowd = {.random = 1};
	uint16_t port = TUNNEL_PORT;
	const char *recorded = NULL;
	struct rlimit limit;
	const struct arg args[] = {
		PORT_ARG('p', &port),
		TEXT_ARG('r', &recorded),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 2)
		misused("a host and a count");
	crowd.to = address_of(argv[optind], port);
	crowd.n = number_arg(argv[optind + 1], 100000);
	if (!crowd.n)
		misused("a crowd has someone in it");
	if (recorded)
		crowd.recorded = bytes_arg(recorded);
	limit.rlim_cur = limit.rlim_max = crowd.n + 64;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("%zu descriptors: %s", crowd.n + 64, strerror(errno));
	crowd.strangers = allocate(crowd.n * sizeof(*crowd.strangers));
	crowd.fds = allocate(crowd.n * sizeof(*crowd.fds));
	for (size_t i = 0; i < crowd.n; i++) {
		crowd.strangers[i] =
			(struct stranger){.fd = -1, .manner = recorded ? REPEATS : i % NMANNERS};
		crowd.strangers[i].next_us =
			clock_us() + (int64_t)i * CROWD_BACK_US / (int64_t)crowd.n;
	}
	for (;;)
		crowd_turn(&crowd);
}

static const struct command commands[] = {
	{"listen", "[-w S] [-p PORT] [-b ADDR] ACTION...", run_listen},
	{"connect", "[-w S] [-p PORT] [-b ADDR] HOST ACTION...", run_connect},
	{"capture", "[-w S] DEV COUNT [CONTAINS_HEX]", run_capture},
	{"inject", "DEV HEX...", run_inject},
	{"simpletun", "[-w S] -i NAME -s|-c ADDR [-p PORT] [-u|-a] [--two-writes|--one-write]",
	 run_simpletun},
	{"relay", "[-w S] [-p PORT] [-f ORDERS] [-o RECORD] [-l MS] HOST", run_relay},
	{"crowd", "[-p PORT] [-r HEX] HOST COUNT", run_crowd},
};

int main(int argc, char **argv)
{
	return tool_main(argc, argv, commands, COUNT(commands));
}
