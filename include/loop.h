/* SPDX-License-Identifier: MIT */
/*
 * The loop: carries packets between the device and the peer, and reacts to everything else.
 */
#ifndef LOOP_H
#define LOOP_H

#include <signal.h>

#include "daemon.h"
#include "device.h"
#include "helper.h"
#include "link.h"
#include "notify.h"
#include "options.h"
#include "pcap.h"
#include "stats.h"

/* What main() has set up. All of it is borrowed and stays main()'s. */
struct loop_setup {
	const struct options *opts;
	uint8_t *key; /* 32 bytes, or NULL; the loop takes them: copied, and wiped here */
	struct device *device;
	struct daemon *daemon;
	struct pcap *pcap;
	struct stats *stats;
	struct helper *helper; /* that runs the hooks, if there are any */
	struct notify *notify;
	int listen_fd;		 /* server only, else -1; the loop takes and closes it */
	uint16_t port;		 /* that the tunnel uses */
	int signal_fd;		 /* a nonblocking signalfd of INT, TERM, HUP and USR1 */
	const sigset_t *signals; /* the mask from before that, for child processes */
};

/**
 * loop_run() - run the tunnel until it ends
 *
 * Return: an enum exit_status; what happened has been said.
 */
int loop_run(const struct loop_setup *setup);

#endif
