/* SPDX-License-Identifier: MIT */
/*
 * Hooks: --up and --down are run by a helper, a process that is forked early, before there is a device,
 * a socket or a key. It outlives the tunnel by the --down that is missing, however that has ended: the
 * end of its socket tells it. Whatever a hook does, the tunnel never waits for it but at its own end.
 *
 * The helper says itself how hooks have ended.
 */
#ifndef HELPER_H
#define HELPER_H

#include <net/if.h>
#include <stdint.h>
#include <sys/types.h>

#include "hookqueue.h"
#include "options.h"
#include "transport.h"

#define HELPER_ADDRESS_LEN (OPTIONS_MAX_ADDRESSES * PREFIX_TEXT_LEN)

struct helper {
	int fd; /* polls POLLHUP when the helper has ended; -1: there is none */
	pid_t pid;
	const char *names; /* of the hooks that it runs */
};

/* What a hook finds in its environment, besides TUNNEL_REASON and TUNNEL_PID. */
struct helper_facts {
	char dev[IFNAMSIZ];
	char address[HELPER_ADDRESS_LEN]; /* with commas, or "none" */
	unsigned mtu;
	char peer[ENDPOINT_TEXT_LEN];
	uint64_t rx_bytes, tx_bytes; /* since the start */
};

/**
 * helper_start() - fork the helper if @opts have a hook
 * @opts:	borrowed
 *
 * Call before signals are blocked and before anything is opened that others must not hold. The helper
 * has a session of its own, so that a ^C is for the tunnel only, no signal but KILL ends it, and of
 * what it has inherited it keeps standard error only.
 *
 * Return: 0, or -errno. helper_finish() belongs to both.
 */
int helper_start(struct helper *h, const struct options *opts);

/** helper_tell() - the peer has come or gone; never blocks */
void helper_tell(const struct helper *h, enum hook hook, const struct helper_facts *facts);

/** helper_detach() - ready: with -D the helper lets go of standard error, as daemon_release() does */
void helper_detach(const struct helper *h);

/** helper_is_gone() - fd has polled POLLHUP: say so; there are no hooks from now on */
void helper_is_gone(struct helper *h);

/**
 * helper_finish() - the tunnel ends: wait until the hooks have run, 10 s at most
 *
 * What takes longer is left to the helper, and that is said.
 */
void helper_finish(struct helper *h);

#endif
