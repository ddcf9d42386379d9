/* SPDX-License-Identifier: MIT */
/*
 * What the program counts and tells: exit statuses and counters.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stddef.h>
#include <stdint.h>

enum exit_status {
	EXIT_OK = 0,	 /* ended by INT or TERM, or --once and the peer closed */
	EXIT_SYSTEM = 1, /* run-time or system error */
	EXIT_USAGE = 2,
	EXIT_DEVICE = 3,    /* device or address */
	EXIT_CONNECT = 4,   /* cannot listen, or with --once cannot connect */
	EXIT_PEER_LOST = 5, /* --once */
	EXIT_PROTOCOL = 6,  /* --once: the peer broke the protocol, or does not hold the key */
	EXIT_NO_PEER = 124, /* --wait expired */
};

/*
 * Since the start, over all peers. "tx" is from the device to the peer, "rx" the other way. A
 * super-packet counts as the packets in it.
 */
struct counters {
	uint64_t tx_packets, tx_bytes; /* handed to the session */
	uint64_t rx_packets, rx_bytes; /* taken by the device */
	uint64_t tx_supers;	       /* super-packets that were split */
	uint64_t rx_supers;	       /* super-packets that were made */
	uint64_t tx_no_peer;	       /* dropped: sent into the device while there was no peer */
	uint64_t tx_too_long;	       /* dropped: longer than the 16-bit length can say */
	uint64_t tx_bad;	       /* dropped: the device's vnet header makes no sense */
	uint64_t tx_overflow;	       /* dropped: the queue was full */
	uint64_t tx_aqm;	       /* dropped: to tell a sender that it is too fast */
	uint64_t tx_marked;	       /* not dropped but marked, to tell the same */
	uint64_t rx_down;	       /* dropped: the device was down */
	uint64_t rx_refused;	       /* dropped: the kernel did not take it */
	uint64_t peers;		       /* connections so far */
	uint64_t refused;	       /* newcomers turned away since there was a peer */
	uint64_t strangers;	       /* newcomers that did not show the key */
	uint64_t rekeys;	       /* fresh handshakes inside a connection */
};

#define COUNTERS_TEXT_LEN 768

/** counters_text() - one line of key=value; returns @text */
const char *counters_text(const struct counters *c, char text[COUNTERS_TEXT_LEN]);

#endif
