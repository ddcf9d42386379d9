/* SPDX-License-Identifier: MIT */
/*
 * Getting a peer: a server listens, a client looks its host up, connects, and after a failure
 * pauses. A machine of few states that is driven by one descriptor and one deadline.
 */
#ifndef LINK_H
#define LINK_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>

#include "backoff.h"
#include "notes.h"
#include "resolver.h"
#include "transport.h"

#define LINK_NO_DEADLINE INT64_MAX

enum link_state {
	LINK_LISTENING,	 /* server: newcomers are told through the descriptor */
	LINK_IDLE,	 /* client: has a peer; or server with --once: had one */
	LINK_RESOLVING,	 /* client: waits for the resolver */
	LINK_CONNECTING, /* client: waits for one endpoint's answer */
	LINK_PAUSED,	 /* client: waits for the next attempt */
};

struct link {
	const struct options *opts;
	const sigset_t *signals; /* for child processes */
	enum link_state state;
	int fd;		     /* listening or connecting socket, or -1 */
	int64_t deadline_ms; /* when to call link_step() at the latest */
	struct resolver resolver;
	struct endpoint_list hosts; /* to be tried one after the other */
	unsigned next_host;
	struct backoff backoff;
	uint32_t random; /* state of a small generator, for jitter only */
	struct notes notes; /* why attempts have failed; each reason is said once */
};

/**
 * link_init() - a server's link owns @listen_fd from now on, a client's has -1
 * @random:	seed of the jitter
 */
void link_init(struct link *l, const struct options *opts, const sigset_t *signals, int listen_fd,
	       int64_t now_ms, uint32_t random);

/** link_close() - stop listening or connecting */
void link_close(struct link *l);

/** link_seek() - client: start looking for a peer, at once or after the next pause */
void link_seek(struct link *l, int64_t now_ms, int at_once);

/** link_complain() - say why there is no peer, once; @text again and again is for -d */
void link_complain(struct link *l, int64_t now_ms, const char *text);

/** link_proved() - the peer is a good one: the next pause is short, the next trouble is news */
void link_proved(struct link *l);

/** link_retreat() - the next pause is the longest */
void link_retreat(struct link *l);

/** link_pollfd() - what to wait for, together with deadline_ms */
struct pollfd link_pollfd(const struct link *l);

enum link_event {
	LINK_NOTHING,  /* go on waiting */
	LINK_NEWCOMER, /* *fd is a connection from *peer, the caller owns it */
	LINK_GAVE_UP,  /* client with --once: there is no peer; it has been said */
};

/**
 * link_step() - go on, since the descriptor is ready or the deadline has passed
 * @revents:	what poll() said of link_pollfd()
 * @fd, @peer:	set with LINK_NEWCOMER, and then call again: there may be more
 */
enum link_event link_step(struct link *l, short revents, int64_t now_ms, int *fd,
			  struct endpoint *peer);

#endif
