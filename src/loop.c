/* SPDX-License-Identifier: MIT */
/*
 * The loop. One poll() waits for everything; then each source gets a turn of bounded length, so that
 * none can hold up another. The pump carries the packets; here is decided who the peer is, when it
 * comes and goes, and when it all ends.
 *
 * Device and peer are always read: neither sink ever makes us wait, the device since it takes or drops
 * a packet, the socket since what it does not take goes into a queue that drops.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "handshake.h"
#include "log.h"
#include "notes.h"
#include "notify.h"
#include "pump.h"
#include "secret.h"
#include "status.h"
#include "watch.h"
#include "wipe.h"

#define ACCEPTS_A_TURN	  8  /* newcomers a turn */
#define HANDSHAKES_A_TURN 8  /* steps of handshakes a turn */
#define ACCEPTED_MS	  50 /* a server that refuses us has closed the connection by then */
/* A connection that lasts so long is a good one: longer than a server with a key waits to see it. */
#define PROVED_MS (HANDSHAKE_TIMEOUT_MS + 1000)
#define FINISH_MS 1000 /* for the last bytes of a connection that we end */

#define TELL_MS 100 /* at least, from one status of NOTIFY_SOCKET to the next */

#define NO_STATUS (-1)
#define NO_PEER	  UINT64_MAX /* of what was told */

enum source {
	SOURCE_SIGNAL,
	SOURCE_EXIT,   /* --exit-fd */
	SOURCE_PARENT, /* -D: the parent that waits */
	SOURCE_HELPER, /* that runs the hooks */
	SOURCE_EVENTS, /* links have changed */
	SOURCE_DEVICE,
	SOURCE_LINK,
	SOURCE_PEER,
	SOURCE_PCAP,	   /* what waits to be recorded */
	SOURCE_HANDSHAKES, /* the first of HANDSHAKE_SLOTS */
	NSOURCES = SOURCE_HANDSHAKES + HANDSHAKE_SLOTS,
};

struct loop {
	const struct options *opts;
	struct device *device;
	struct daemon *daemon;
	struct helper *helper;
	struct notify *notify;
	int signal_fd;
	uint16_t port;
	struct link link;
	int is_keyed;
	struct handshakes handshakes; /* with a key: who has not shown it yet */
	struct endpoint peer;
	char peer_text[ENDPOINT_TEXT_LEN];
	int64_t now_us; /* CLOCK_MONOTONIC, once a turn */
	int64_t now_ms;
	int64_t peer_since_ms;
	uint64_t peer_rekeys;  /* of which we know */
	int is_accepted;       /* it has not sent us away, see judge_peer() */
	int is_proved;	       /* it is a good one, see judge_peer() */
	int64_t wait_until_ms; /* -w, while no peer has ever come */
	int quiet_peer;	       /* earlier connections were futile, so say less about this */
	int is_ready;
	uint64_t told_peer; /* NOTIFY_SOCKET: which one, by its number; NO_PEER; 0: nothing told */
	int told_ready;
	int64_t tell_from_ms;
	int status;	    /* NO_STATUS: go on */
	struct notes notes; /* what is said about peers and newcomers; with a key about peers, */
	struct notes strangers; /* and about newcomers */
	struct counters counters;
	int64_t state_since; /* seconds of the clock on the wall */
	struct watch watch;
	struct pcap *pcap;
	int said_pcap_err;
	struct pump pump; /* its fd is the peer's, -1 without one */
};

static void read_clock(struct loop *l)
{
	l->now_us = clock_us();
	l->now_ms = l->now_us / 1000;
}

static int has_peer(const struct loop *l)
{
	return l->pump.fd >= 0;
}

/* ---- watching ---- */

static const char *state_name(const struct loop *l)
{
	if (l->status != NO_STATUS)
		return "ended";
	if (has_peer(l))
		return "connected";
	return l->opts->role == ROLE_SERVER ? "listening" : "connecting";
}

static struct status status_of(const struct loop *l)
{
	struct transport_facts facts = transport_facts(l->pump.fd);

	return (struct status){
		.dev = l->device->net.name,
		.state = state_name(l),
		.peer = has_peer(l) ? l->peer_text : "none",
		.pid = (int)getpid(),
		.since = l->state_since,
		.pcap_lost = l->pcap->lost,
		.queue_us = fqcodel_sojourn_us(&l->pump.queue, (uint64_t)l->now_us),
		.rtt_us = facts.rtt_us,
		.rate = facts.rate,
		.counters = &l->counters,
	};
}

static void state_changed(struct loop *l)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	l->state_since = now.tv_sec;
	watch_touch(&l->watch);
}

static void update_watch(struct loop *l)
{
	struct status status;

	if (l->now_ms < watch_deadline_ms(&l->watch, &l->counters))
		return;
	status = status_of(l);
	watch_update(&l->watch, &status, l->now_ms);
}

static void print_status(struct loop *l, enum log_level level, const char *what)
{
	struct status status = status_of(l);
	char text[STATUS_TEXT_LEN];

	log_print(level, "%s%s", what, status_text(&status, ' ', text));
}

static void flush_pcap(struct loop *l)
{
	pcap_flush(l->pcap);
	if (l->pcap->err && !l->said_pcap_err)
		log_error("--pcap: the recording has ended: %s",
			  l->pcap->err == -EPIPE ? "its reader has gone" : strerror(-l->pcap->err));
	l->said_pcap_err = l->pcap->err != 0;
}

/* ---- ready ---- */

/* The number of the peer that there is, as peers are counted. */
static uint64_t which_peer(const struct loop *l)
{
	return has_peer(l) && l->is_accepted ? l->counters.peers : NO_PEER;
}

/* Is there something to tell, and when? However often peers come and go. */
static int64_t tell_at_ms(const struct loop *l)
{
	if (!notify_enabled(l->notify) ||
	    (which_peer(l) == l->told_peer && l->is_ready == l->told_ready))
		return LINK_NO_DEADLINE;
	return l->tell_from_ms;
}

/* NOTIFY_SOCKET. When the receiver is behind, it is told later. */
static void tell_state(struct loop *l)
{
	int is_client = l->opts->role == ROLE_CLIENT, err;
	char ready[64] = "";

	if (l->is_ready && !l->told_ready && l->opts->daemon)
		snprintf(ready, sizeof(ready), "MAINPID=%d\nREADY=1\n", (int)getpid());
	else if (l->is_ready && !l->told_ready)
		snprintf(ready, sizeof(ready), "READY=1\n");
	if (which_peer(l) != NO_PEER)
		err = notify_send(l->notify, "%sSTATUS=%s %s", ready,
				  is_client ? "connected to" : "connection from", l->peer_text);
	else if (is_client)
		err = notify_send(l->notify, "%sSTATUS=connecting to %s port %u", ready,
				  l->opts->host, l->port);
	else
		err = notify_send(l->notify, "%sSTATUS=listening on port %u", ready, l->port);
	l->tell_from_ms = l->now_ms + TELL_MS;
	if (err < 0)
		return;
	l->told_peer = which_peer(l);
	l->told_ready = l->is_ready;
}

static void announce_ready(struct loop *l)
{
	char addresses[ADDRESSES_TEXT_LEN], line[ADDRESSES_TEXT_LEN + 128];
	int err;

	l->is_ready = 1;
	addresses_text(&l->device->addresses, addresses);
	snprintf(line, sizeof(line), "ready dev=%s port=%u address=%s pid=%d\n",
		 l->device->net.name, l->port, addresses, (int)getpid());
	if (l->opts->ready_fd != OPTIONS_NO_FD) {
		err = daemon_write_line(l->opts->ready_fd, line);
		if (err < 0)
			log_error("--ready-fd %d: %s", l->opts->ready_fd, strerror(-err));
	}
	tell_state(l); /* before our parent ends, whom a service manager knows */
	daemon_release(l->daemon);
	helper_detach(l->helper);
}

/* Connected is what has a peer that keeps us, and a device through which the kernel lets packets. */
static void check_ready(struct loop *l)
{
	if (l->is_ready)
		return;
	if (l->opts->ready == READY_LISTENING ||
	    (has_peer(l) && l->is_accepted && device_passes(l->device)))
		announce_ready(l);
}

/* ---- the peer comes and goes ---- */

static void tell_hooks(const struct loop *l, enum hook hook)
{
	struct helper_facts facts = {.mtu = l->device->net.mtu,
				     .rx_bytes = l->counters.rx_bytes,
				     .tx_bytes = l->counters.tx_bytes};

	_Static_assert(sizeof(facts.address) == ADDRESSES_TEXT_LEN, "all addresses fit");
	addresses_text(&l->device->addresses, facts.address);
	memcpy(facts.dev, l->device->net.name, sizeof(facts.dev));
	memcpy(facts.peer, l->peer_text, sizeof(facts.peer));
	helper_tell(l->helper, hook, &facts);
}

/* The first line about a peer, at once or when it has proved good. */
static void announce_peer(const struct loop *l)
{
	const struct keyed *keyed = &l->pump.session.keyed;
	enum log_level level = l->quiet_peer ? LEVEL_DEBUG : LEVEL_NOTICE;

	log_print(level, "%s %s", l->opts->role == ROLE_CLIENT ? "connected to" : "connection from",
		  l->peer_text);
	if (l->pump.session.is_keyed && keyed->mine.mtu != keyed->theirs.mtu)
		log_print(level,
			  "the MTU is %u here and %u at the peer; give both ends the same with -m",
			  keyed->mine.mtu, keyed->theirs.mtu);
}

/*
 * A peer is accepted, and so there is one for --ready, -w and --up, when it has shown the key, a packet has come
 * or it has not closed the connection right away. It has proved good with a packet or after a while: then its
 * pauses are short again and its troubles are news. (With a key a packet proves nothing more: of two clients
 * with one key each has sent some before the other replaces it.)
 */
static void judge_peer(struct loop *l)
{
	const struct session *session = &l->pump.session;
	int64_t age_ms = l->now_ms - l->peer_since_ms;

	if (!has_peer(l))
		return;
	if (!l->is_accepted &&
	    (session->is_keyed || session->seen_packet || age_ms >= ACCEPTED_MS)) {
		l->is_accepted = 1;
		l->wait_until_ms = LINK_NO_DEADLINE;
		tell_hooks(l, HOOK_UP);
	}
	if (!l->is_proved &&
	    ((!session->is_keyed && session->seen_packet) || age_ms >= PROVED_MS)) {
		l->is_proved = 1;
		link_proved(&l->link);
		if (l->quiet_peer) {
			l->quiet_peer = 0;
			announce_peer(l);
		}
		notes_forget(&l->notes, &l->peer);
	}
}

/* When judge_peer() has to look again. */
static int64_t judgement_ms(const struct loop *l)
{
	if (!has_peer(l) || l->is_proved)
		return LINK_NO_DEADLINE;
	return l->peer_since_ms + (l->is_accepted ? PROVED_MS : ACCEPTED_MS);
}

static void device_is_gone(struct loop *l)
{
	log_error("the device was deleted");
	l->status = EXIT_DEVICE;
}

/* @keyed: as session_reset() has it. */
static void attach_peer(struct loop *l, int fd, const struct endpoint *peer, struct keyed *keyed)
{
	if (pump_drop_stale(&l->pump) == PUMP_NO_DEVICE) {
		close(fd);
		device_is_gone(l);
		return;
	}
	pump_start(&l->pump, fd, keyed);
	l->peer = *peer;
	endpoint_text(peer, l->peer_text);
	l->peer_since_ms = l->now_ms;
	l->is_accepted = l->is_proved = 0;
	l->counters.peers++;
	if (l->opts->once)
		link_close(&l->link);
	if (l->opts->role == ROLE_SERVER)
		l->quiet_peer = notes_is_troublesome(&l->notes, peer) ||
				!notes_may_say(&l->notes, l->now_ms);
	announce_peer(l);
	state_changed(l);
	device_set_carrier(l->device, 1);
}

static void close_peer(struct loop *l)
{
	transport_close(l->pump.fd);
	pump_stop(&l->pump);
	l->peer_rekeys = 0;
	state_changed(l);
	device_set_carrier(l->device, 0);
	if (l->is_accepted)
		tell_hooks(l, HOOK_DOWN);
}

/* Client: there is no peer again. @status: what that means with --once. */
static void seek_again(struct loop *l, enum exit_status status, const char *text)
{
	if (l->opts->once) {
		log_print(status == EXIT_OK ? LEVEL_NOTICE : LEVEL_ERROR, "%s", text);
		l->status = (int)status;
		return;
	}
	link_complain(&l->link, l->now_ms, text);
	link_seek(&l->link, l->now_ms, 0);
}

/*
 * The peer is gone or is sent away. @status: what it means with --once.
 * @what: follows the peer's address in the message.
 */
static void lose_peer(struct loop *l, enum exit_status status, const char *what)
{
	char text[ENDPOINT_TEXT_LEN + NOTES_WHAT_LEN];

	judge_peer(l);
	close_peer(l);
	snprintf(text, sizeof(text), "peer %s %s", l->peer_text, what);
	l->quiet_peer = !l->is_proved;
	if (l->opts->role == ROLE_CLIENT || l->opts->once)
		seek_again(l, status, text);
	else if (l->is_proved)
		notes_say(&l->notes, l->now_ms, text);
	else
		notes_trouble(&l->notes, l->now_ms, &l->peer, what, text);
}

static void lose_peer_errno(struct loop *l, int err)
{
	char what[NOTES_WHAT_LEN];

	if (err == -ETIMEDOUT)
		snprintf(what, sizeof(what), "has not answered for %u s and is taken for gone",
			 l->opts->timeout_s);
	else
		snprintf(what, sizeof(what), "is lost: %s", strerror(-err));
	lose_peer(l, EXIT_PEER_LOST, what);
}

/* Server: one peer at a time. A newcomer from its address means that the old one has died. */
static void meet_newcomer(struct loop *l, int fd, const struct endpoint *peer)
{
	char text[ENDPOINT_TEXT_LEN * 2 + 128], host[ENDPOINT_TEXT_LEN];

	if (has_peer(l) && !endpoint_same_host(&l->peer, peer)) {
		l->counters.refused++;
		snprintf(text, sizeof(text), "refused %s: the tunnel is in use by %s",
			 endpoint_text(peer, host), l->peer_text);
		notes_trouble(&l->notes, l->now_ms, peer, "is refused", text);
		transport_close(fd); /* so that it sees an end, whatever it has sent meanwhile */
		return;
	}
	if (has_peer(l))
		lose_peer(l, EXIT_PEER_LOST, "is replaced by a new connection from its address");
	if (l->status == NO_STATUS)
		attach_peer(l, fd, peer, NULL);
	else
		close(fd);
}

/* With a key: a newcomer, of which nothing is known. */
static void begin_handshake(struct loop *l, int fd, const struct endpoint *peer)
{
	l->handshakes.mine.mtu = (uint16_t)l->device->net.mtu;
	if (!handshakes_add(&l->handshakes, fd, peer, l->now_ms))
		return;
	l->counters.strangers++;
	notes_trouble(
		&l->strangers, l->now_ms, peer, "came last",
		"newcomers that have not shown the key hold all places; one is dropped for each "
		"new one");
}

/* Whoever has shown the key is the peer from now on. */
static void meet_keyholder(struct loop *l, struct handshake_end *end)
{
	int is_same = has_peer(l) &&
		      !memcmp(end->keyed.theirs.id, l->pump.session.keyed.theirs.id, KEYED_ID_LEN);

	if (has_peer(l)) {
		pump_finish(&l->pump, KEYED_CLOSE_REPLACED, 0);
		lose_peer(l, EXIT_PEER_LOST,
			  is_same ? "is replaced by a new connection of the same client"
				  : "is replaced by another client that holds the key");
	}
	/* Others began before: a confirmation that someone has held back must not replace this peer. */
	handshakes_close(&l->handshakes);
	if (l->status == NO_STATUS)
		attach_peer(l, end->fd, &end->peer, &end->keyed);
	else
		close(end->fd);
	keyed_wipe(&end->keyed);
}

static void fail_handshake(struct loop *l, const struct handshake_end *end)
{
	char text[ENDPOINT_TEXT_LEN + NOTES_WHAT_LEN], host[ENDPOINT_TEXT_LEN];

	l->counters.strangers++;
	snprintf(text, sizeof(text), "peer %s %s", endpoint_text(&end->peer, host), end->text);
	if (l->opts->role == ROLE_SERVER)
		notes_trouble(&l->strangers, l->now_ms, &end->peer, end->text, text);
	else
		seek_again(l, EXIT_PROTOCOL, text);
}

/* @fds: NULL when no handshake was under way as this turn began. */
static void step_handshakes(struct loop *l, struct pollfd *fds)
{
	struct handshake_end end;

	for (int i = 0; i < HANDSHAKES_A_TURN && l->status == NO_STATUS; i++) {
		switch (handshakes_step(&l->handshakes, fds, l->now_ms, (uint64_t)l->now_us,
					&end)) {
		case HANDSHAKE_IDLE:
			return;
		case HANDSHAKE_GOES_ON:
			break;
		case HANDSHAKE_DONE:
			meet_keyholder(l, &end);
			break;
		case HANDSHAKE_FAILED:
			fail_handshake(l, &end);
			break;
		}
	}
}

static void step_link(struct loop *l, short revents)
{
	struct endpoint peer;
	enum link_event event;
	int fd;

	for (int i = 0; i < ACCEPTS_A_TURN && l->status == NO_STATUS; i++) {
		event = link_step(&l->link, revents, l->now_ms, &fd, &peer);
		if (event == LINK_GAVE_UP)
			l->status = EXIT_CONNECT;
		if (event != LINK_NEWCOMER)
			return;
		if (l->is_keyed)
			begin_handshake(l, fd, &peer);
		else
			meet_newcomer(l, fd, &peer);
		if (l->link.state != LINK_LISTENING)
			return;
	}
}

/* ---- packets ---- */

/* The peer has ended the connection. */
static void peer_closed(struct loop *l)
{
	const struct session *session = &l->pump.session;
	int is_client = l->opts->role == ROLE_CLIENT;

	if (session->is_keyed && session->keyed.close_reason == KEYED_CLOSE_REPLACED) {
		/* Two that take turns in replacing each other should at least do it slowly. */
		link_retreat(&l->link);
		lose_peer(l, EXIT_PEER_LOST,
			  "has taken another client that holds the key; it serves one at a time");
	} else if (is_client && !l->is_accepted) {
		lose_peer(l, EXIT_OK,
			  "closed the connection at once; does the server serve another peer, "
			  "or use a key (-k)?");
	} else if (is_client && !session->is_keyed && !session->seen_packet) {
		lose_peer(l, EXIT_OK,
			  "closed the connection and has sent no packet; does the server use "
			  "a key (-k)?");
	} else {
		lose_peer(l, EXIT_OK, "closed the connection");
	}
}

static void take_pump_event(struct loop *l, enum pump_event event)
{
	judge_peer(l);
	switch (event) {
	case PUMP_OK:
		break;
	case PUMP_CLOSED:
		peer_closed(l);
		break;
	case PUMP_TRUNCATED:
		lose_peer(
			l, EXIT_PEER_LOST,
			l->pump.session.is_keyed
				? "is cut off: the connection has ended without a word of the peer"
				: "closed the connection in the middle of a frame");
		break;
	case PUMP_LOST:
		lose_peer_errno(l, l->pump.err);
		break;
	case PUMP_BROKEN:
		lose_peer(l, EXIT_PROTOCOL, session_fault_text(&l->pump.session));
		break;
	case PUMP_NO_DEVICE:
		device_is_gone(l);
		break;
	}
}

/* ---- everything else ---- */

static void refresh_device(struct loop *l)
{
	char old_name[IFNAMSIZ];
	unsigned changes;

	memcpy(old_name, l->device->net.name, sizeof(old_name));
	changes = device_refresh(l->device);
	if (changes & DEVICE_DELETED) {
		device_is_gone(l);
		return;
	}
	l->pump.queue.mtu = l->device->net.mtu + ETHER_HEADER_LEN;
	if (changes & DEVICE_RENAMED) {
		log_notice("the device is called %s now", l->device->net.name);
		log_set_name(l->device->net.name);
	}
	if (changes & DEVICE_MOVED)
		log_notice(
			"the device was moved into another network namespace; set it up and give it "
			"its addresses there");
	if (changes & DEVICE_WENT_DOWN)
		log_notice("the device was set down");
	if (changes & DEVICE_WENT_UP) {
		log_notice("the device is up again");
		l->pump.said_down = 0;
	}
}

/* We end the connection, in order. */
static void leave_peer(struct loop *l)
{
	if (!has_peer(l))
		return;
	pump_finish(&l->pump, KEYED_CLOSE_END, FINISH_MS);
	close_peer(l);
}

static void start_over(struct loop *l)
{
	log_notice("HUP: starting over");
	if (has_peer(l) && l->opts->once)
		l->status = EXIT_OK;
	leave_peer(l);
	handshakes_close(&l->handshakes);
	if (l->status != NO_STATUS)
		return;
	link_proved(&l->link);
	l->quiet_peer = 0;
	if (l->opts->role == ROLE_CLIENT)
		link_seek(&l->link, l->now_ms, 1);
}

static void take_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			start_over(l);
			break;
		case SIGUSR1:
			print_status(l, LEVEL_ANSWER, "");
			break;
		default:
			log_debug("ended by signal %u", info.ssi_signo);
			l->status = EXIT_OK;
			break;
		}
	}
}

static void exit_fd_closed(struct loop *l)
{
	log_debug("--exit-fd %d: its other end was closed", l->opts->exit_fd);
	l->status = EXIT_OK;
}

/* Return: how many are set. */
static nfds_t fill_pollfds(const struct loop *l, struct pollfd fds[NSOURCES])
{
	short peer_events = pump_wants_socket(&l->pump) ? POLLIN | POLLOUT : POLLIN;

	fds[SOURCE_SIGNAL] = (struct pollfd){.fd = l->signal_fd, .events = POLLIN};
	/* Not POLLIN: it is not read, since others may share it and a read could wait for them. */
	fds[SOURCE_EXIT] = (struct pollfd){.fd = l->opts->exit_fd, .events = POLLRDHUP};
	fds[SOURCE_PARENT] = (struct pollfd){.fd = l->daemon->parent_fd, .events = 0};
	fds[SOURCE_HELPER] = (struct pollfd){.fd = l->helper->fd, .events = 0};
	fds[SOURCE_EVENTS] = (struct pollfd){.fd = l->device->events_fd, .events = POLLIN};
	fds[SOURCE_DEVICE] = (struct pollfd){.fd = l->device->fd, .events = POLLIN};
	fds[SOURCE_LINK] = link_pollfd(&l->link);
	fds[SOURCE_PEER] = (struct pollfd){.fd = l->pump.fd, .events = peer_events};
	fds[SOURCE_PCAP] = (struct pollfd){.fd = pcap_is_pending(l->pcap) ? l->pcap->fd : -1,
					   .events = POLLOUT};
	return SOURCE_HANDSHAKES + handshakes_pollfds(&l->handshakes, fds + SOURCE_HANDSHAKES);
}

/* Rounded up, so that it has come when we wake up. */
static int64_t us_to_ms(uint64_t us)
{
	return us > INT64_MAX - 1000 ? INT64_MAX : ((int64_t)us + 999) / 1000;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int poll_timeout_ms(const struct loop *l)
{
	int64_t until_ms = earlier(l->link.deadline_ms, l->wait_until_ms);

	until_ms = earlier(until_ms, judgement_ms(l));
	until_ms = earlier(until_ms, watch_deadline_ms(&l->watch, &l->counters));
	until_ms = earlier(until_ms, tell_at_ms(l));
	until_ms = earlier(until_ms, handshakes_deadline_ms(&l->handshakes));
	until_ms = earlier(until_ms, us_to_ms(session_due_at_us(&l->pump.session)));
	until_ms = earlier(until_ms, us_to_ms(session_is_lost_at_us(&l->pump.session)));
	if (until_ms == LINK_NO_DEADLINE)
		return -1;
	if (until_ms <= l->now_ms)
		return 0;
	return until_ms - l->now_ms > INT32_MAX ? INT32_MAX : (int)(until_ms - l->now_ms);
}

/* What a keyed connection has to do by the clock. */
static void keep_alive(struct loop *l)
{
	uint64_t now_us = (uint64_t)l->now_us;

	if (has_peer(l) && now_us >= session_due_at_us(&l->pump.session))
		take_pump_event(l, pump_to_socket(&l->pump, now_us));
	if (l->pump.session.keyed.rekeys != l->peer_rekeys) {
		l->peer_rekeys = l->pump.session.keyed.rekeys;
		l->counters.rekeys++;
		log_debug("new keys are in use");
	}
	if (has_peer(l) && now_us >= session_is_lost_at_us(&l->pump.session))
		lose_peer_errno(l, -ETIMEDOUT);
}

static void wait_is_over(struct loop *l)
{
	log_error("no peer within %u s (-w)", l->opts->wait_s);
	l->status = EXIT_NO_PEER;
}

static int is_peer(const struct loop *l, int fd)
{
	return l->status == NO_STATUS && has_peer(l) && l->pump.fd == fd;
}

/* The first @nfds of fds are set. */
static void run_turn(struct loop *l, struct pollfd fds[NSOURCES], nfds_t nfds)
{
	if (fds[SOURCE_SIGNAL].revents)
		take_signals(l);
	if (fds[SOURCE_EXIT].revents)
		exit_fd_closed(l);
	if (fds[SOURCE_PARENT].revents)
		l->status = EXIT_SYSTEM; /* whoever waits for us was killed */
	if (fds[SOURCE_HELPER].revents)
		helper_is_gone(l->helper);
	if (l->status != NO_STATUS)
		return;
	if (fds[SOURCE_EVENTS].revents)
		refresh_device(l);
	if (fds[SOURCE_DEVICE].revents && l->status == NO_STATUS)
		take_pump_event(l, pump_from_device(&l->pump, (uint64_t)l->now_us));
	/* The peer may have been lost in this turn: then the descriptor differs. */
	if (fds[SOURCE_PEER].revents & POLLOUT && is_peer(l, fds[SOURCE_PEER].fd))
		take_pump_event(l, pump_to_socket(&l->pump, (uint64_t)l->now_us));
	if (fds[SOURCE_PEER].revents & ~POLLOUT && is_peer(l, fds[SOURCE_PEER].fd))
		take_pump_event(l, pump_from_socket(&l->pump, (uint64_t)l->now_us));
	if (l->status == NO_STATUS)
		keep_alive(l);
	if (l->status == NO_STATUS)
		step_handshakes(l, nfds > SOURCE_HANDSHAKES ? fds + SOURCE_HANDSHAKES : NULL);
	if (l->status == NO_STATUS)
		step_link(l, fds[SOURCE_LINK].revents);
	if (l->status == NO_STATUS) {
		judge_peer(l);
		check_ready(l);
		if (l->now_ms >= tell_at_ms(l))
			tell_state(l);
	}
	if (l->status == NO_STATUS && l->now_ms >= l->wait_until_ms)
		wait_is_over(l);
}

static void init_handshakes(struct loop *l, uint8_t *key)
{
	struct keyed_facts mine = {.kind = l->device->kind, .timeout_s = l->opts->timeout_s};
	enum noise_role role = l->opts->role == ROLE_CLIENT ? NOISE_INITIATOR : NOISE_RESPONDER;

	if (!secret_random(mine.id, sizeof(mine.id))) {
		log_error("-k: the system has no random bytes: %s", strerror(errno));
		l->status = EXIT_SYSTEM;
	}
	handshakes_init(&l->handshakes, role, key, &mine);
	crypto_wipe(key, NOISE_KEY_LEN);
	l->is_keyed = 1;
}

static void loop_init(struct loop *l, const struct loop_setup *setup)
{
	uint64_t random;

	l->opts = setup->opts;
	l->device = setup->device;
	l->daemon = setup->daemon;
	l->helper = setup->helper;
	l->notify = setup->notify;
	l->signal_fd = setup->signal_fd;
	l->port = setup->port;
	l->status = NO_STATUS;
	read_clock(l);
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0) /* early at boot */
		random = (uint64_t)l->now_us * 0x9e3779b97f4a7c15 + (uint64_t)getpid();
	notes_init(&l->notes, l->now_ms);
	notes_init(&l->strangers, l->now_ms);
	l->wait_until_ms = LINK_NO_DEADLINE;
	if (l->opts->wait_s)
		l->wait_until_ms = l->now_ms + (int64_t)l->opts->wait_s * 1000;
	if (setup->key)
		init_handshakes(l, setup->key);
	l->pcap = setup->pcap;
	watch_init(&l->watch, setup->stats, l->opts->meter, l->now_ms);
	pump_init(&l->pump, setup->device, &l->counters, l->pcap, random);
	state_changed(l);
	link_init(&l->link, l->opts, setup->signals, setup->listen_fd, l->now_ms,
		  (uint32_t)(random >> 32));
	if (l->opts->role == ROLE_CLIENT)
		link_seek(&l->link, l->now_ms, 1);
}

int loop_run(const struct loop_setup *setup)
{
	struct pollfd fds[NSOURCES];
	struct loop *l = calloc(1, sizeof(*l));
	struct status last;
	int status;

	if (!l) {
		log_error("out of memory");
		close(setup->listen_fd);
		return EXIT_SYSTEM;
	}
	loop_init(l, setup);
	check_ready(l);
	update_watch(l);
	while (l->status == NO_STATUS) {
		nfds_t nfds = fill_pollfds(l, fds);

		if (poll(fds, nfds, poll_timeout_ms(l)) < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			l->status = EXIT_SYSTEM;
			break;
		}
		read_clock(l);
		run_turn(l, fds, nfds);
		flush_pcap(l);
		update_watch(l);
	}
	notify_send(l->notify, "STOPPING=1\nSTATUS=ending");
	leave_peer(l);
	link_close(&l->link);
	last = status_of(l);
	watch_end(&l->watch, &last);
	print_status(l, LEVEL_NOTICE, "end: ");
	status = l->status;
	handshakes_wipe(&l->handshakes);
	free(l);
	return status;
}
