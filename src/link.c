/* SPDX-License-Identifier: MIT */
/* Getting a peer. */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define CONNECT_TIMEOUT_MS 5000 /* for one endpoint; lost SYNs are repeated after 1 s and 3 s */
#define RESOLVE_TIMEOUT_MS 30000
#define ACCEPT_PAUSE_MS	   1000 /* after running out of descriptors or memory */

static const char *const state_names[] = {
	[LINK_LISTENING] = "listening",	  [LINK_IDLE] = "idle",	    [LINK_RESOLVING] = "resolving",
	[LINK_CONNECTING] = "connecting", [LINK_PAUSED] = "paused",
};

/* The one place where the state changes. */
static void enter(struct link *l, enum link_state state, int64_t deadline_ms)
{
	if (state != l->state)
		log_debug("link: %s, was %s", state_names[state], state_names[l->state]);
	l->state = state;
	l->deadline_ms = deadline_ms;
}

void link_init(struct link *l, const struct options *opts, const sigset_t *signals, int listen_fd,
	       int64_t now_ms, uint32_t random)
{
	memset(l, 0, sizeof(*l));
	l->opts = opts;
	l->signals = signals;
	l->fd = listen_fd;
	l->state = listen_fd >= 0 ? LINK_LISTENING : LINK_IDLE;
	l->deadline_ms = LINK_NO_DEADLINE;
	l->resolver.fd = -1;
	l->random = random | 1;
	notes_init(&l->notes, now_ms);
}

void link_close(struct link *l)
{
	resolver_cancel(&l->resolver);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	enter(l, LINK_IDLE, LINK_NO_DEADLINE);
}

/* Marsaglia's xorshift32: never 0, good enough to keep clients out of step. */
static uint32_t next_random(struct link *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 17;
	l->random ^= l->random << 5;
	return l->random;
}

/* A client's troubles are with one server, whatever its address. */
static const struct endpoint the_server;

void link_complain(struct link *l, int64_t now_ms, const char *text)
{
	notes_trouble(&l->notes, now_ms, &the_server, text, text);
}

void link_proved(struct link *l)
{
	backoff_reset(&l->backoff);
	notes_forget(&l->notes, &the_server);
}

void link_retreat(struct link *l)
{
	backoff_to_max(&l->backoff);
}

/* A client with --once tries once, unless -w says how long it may go on. */
static enum link_event attempt_failed(struct link *l, int64_t now_ms, const char *text)
{
	if (l->opts->once && !l->opts->wait_s) {
		log_error("%s", text);
		enter(l, LINK_IDLE, LINK_NO_DEADLINE);
		return LINK_GAVE_UP;
	}
	link_complain(l, now_ms, text);
	enter(l, LINK_PAUSED, now_ms + backoff_next_ms(&l->backoff, next_random(l)));
	return LINK_NOTHING;
}

static void describe_failure(const struct link *l, const struct endpoint *e, int err, char *text,
			     size_t size)
{
	char host[ENDPOINT_TEXT_LEN];
	const char *why = strerror(-err), *remedy = "";

	switch (err) {
	case -ECONNREFUSED:
		remedy = "; is the server running there, with this port?";
		break;
	case -ETIMEDOUT:
		why = "no answer";
		remedy = "; is the address right, does a firewall drop the port?";
		break;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		remedy = "; is there a route?";
		break;
	case -EADDRNOTAVAIL:
		remedy = l->opts->bind ? "; does this host have the address given with -b?"
				       : "; has this host an address of that family?";
		break;
	}
	snprintf(text, size, "cannot connect to %s: %s%s", endpoint_text(e, host), why, remedy);
}

/* Try the endpoints from next_host on, until one is under way. @err: of the one before, or 0. */
static enum link_event try_next(struct link *l, int64_t now_ms, int err)
{
	char text[256];

	while (l->next_host < l->hosts.n) {
		if (err) {
			describe_failure(l, &l->hosts.endpoints[l->next_host - 1], err, text,
					 sizeof(text));
			log_debug("%s", text);
		}
		err = transport_connect(l->opts, &l->hosts.endpoints[l->next_host++]);
		if (err >= 0) {
			l->fd = err;
			enter(l, LINK_CONNECTING, now_ms + CONNECT_TIMEOUT_MS);
			return LINK_NOTHING;
		}
	}
	describe_failure(l, &l->hosts.endpoints[l->hosts.n - 1], err, text, sizeof(text));
	return attempt_failed(l, now_ms, text);
}

static enum link_event start_attempt(struct link *l, int64_t now_ms)
{
	const struct options *opts = l->opts;
	char text[OPTIONS_HOST_LEN + 128];
	int err;

	l->next_host = 0;
	l->hosts.n = 1;
	err = endpoint_parse(&l->hosts.endpoints[0], opts->host, opts->port);
	if (!err)
		return try_next(l, now_ms, 0);
	if (err == -ENODEV) {
		snprintf(text, sizeof(text), "cannot connect to %s: there is no such device",
			 opts->host);
		return attempt_failed(l, now_ms, text);
	}
	err = resolver_ask(&l->resolver, opts->host, opts->port, opts->family, l->signals);
	if (err < 0) {
		snprintf(text, sizeof(text), "cannot look up %s: %s", opts->host, strerror(-err));
		return attempt_failed(l, now_ms, text);
	}
	enter(l, LINK_RESOLVING, now_ms + RESOLVE_TIMEOUT_MS);
	return LINK_NOTHING;
}

void link_seek(struct link *l, int64_t now_ms, int at_once)
{
	unsigned pause_ms = at_once ? 0 : backoff_next_ms(&l->backoff, next_random(l));

	link_close(l);
	enter(l, LINK_PAUSED, now_ms + pause_ms);
}

struct pollfd link_pollfd(const struct link *l)
{
	struct pollfd p = {.fd = -1, .events = POLLIN};

	switch (l->state) {
	case LINK_LISTENING:
		/* With a deadline it pauses, see accept_newcomer(). */
		p.fd = l->deadline_ms == LINK_NO_DEADLINE ? l->fd : -1;
		break;
	case LINK_RESOLVING:
		p.fd = l->resolver.fd;
		break;
	case LINK_CONNECTING:
		p.fd = l->fd;
		p.events = POLLOUT;
		break;
	case LINK_IDLE:
	case LINK_PAUSED:
		break;
	}
	return p;
}

static enum link_event accept_newcomer(struct link *l, int64_t now_ms, int *fd,
				       struct endpoint *peer)
{
	enter(l, LINK_LISTENING, LINK_NO_DEADLINE);
	*fd = transport_accept(l->fd, l->opts, peer);
	if (*fd >= 0)
		return LINK_NEWCOMER;
	switch (*fd) {
	case -EMFILE:
	case -ENFILE:
	case -ENOBUFS:
	case -ENOMEM:
		/* The newcomer stays in the backlog: polling on would only spin. */
		log_error("cannot accept a connection: %s; trying again in a second",
			  strerror(-*fd));
		enter(l, LINK_LISTENING, now_ms + ACCEPT_PAUSE_MS);
		break;
	}
	return LINK_NOTHING; /* none, or one that is gone already */
}

static enum link_event take_answer(struct link *l, short revents, int64_t now_ms)
{
	const char *why = "no answer";
	char text[OPTIONS_HOST_LEN + 128];

	if (revents)
		why = resolver_answer(&l->resolver, &l->hosts);
	else
		resolver_cancel(&l->resolver);

	if (!why)
		return try_next(l, now_ms, 0);
	snprintf(text, sizeof(text), "cannot look up %s: %s", l->opts->host, why);
	return attempt_failed(l, now_ms, text);
}

static enum link_event take_connection(struct link *l, short revents, int64_t now_ms, int *fd,
				       struct endpoint *peer)
{
	int err = revents ? transport_result(l->fd) : -ETIMEDOUT;

	if (err < 0) {
		close(l->fd);
		l->fd = -1;
		return try_next(l, now_ms, err);
	}
	*fd = l->fd;
	*peer = l->hosts.endpoints[l->next_host - 1];
	l->fd = -1;
	enter(l, LINK_IDLE, LINK_NO_DEADLINE);
	return LINK_NEWCOMER;
}

enum link_event link_step(struct link *l, short revents, int64_t now_ms, int *fd,
			  struct endpoint *peer)
{
	if (!revents && now_ms < l->deadline_ms)
		return LINK_NOTHING;
	switch (l->state) {
	case LINK_LISTENING:
		return accept_newcomer(l, now_ms, fd, peer);
	case LINK_RESOLVING:
		return take_answer(l, revents, now_ms);
	case LINK_CONNECTING:
		return take_connection(l, revents, now_ms, fd, peer);
	case LINK_PAUSED:
		return start_attempt(l, now_ms);
	case LINK_IDLE:
		break;
	}
	return LINK_NOTHING;
}
