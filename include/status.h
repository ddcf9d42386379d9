/* SPDX-License-Identifier: MIT */
/*
 * What the program counts and tells: exit statuses, counters, and the state as text.
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

/* What there is to know about a running tunnel. Zero where it cannot be known. */
struct status {
	const char *dev, *state; /* "listening", "connecting", "connected", "ended" */
	const char *peer;	 /* address and port, or "none" */
	int pid;
	int64_t since;	    /* of the state: seconds of the clock on the wall */
	uint64_t pcap_lost; /* packets that could not be recorded */
	uint64_t queue_us;  /* how long packets wait in the queue nowadays */
	uint64_t rtt_us;    /* the connection's round trip */
	uint64_t rate;	    /* what the connection has delivered lately, bytes a second */
	const struct counters *counters;
};

#define STATUS_TEXT_LEN 1280

/**
 * status_text() - key=value, for people and for sh, which can source it
 * @separator:	between them, and at the end when it is a newline
 *
 * Return: @text.
 */
const char *status_text(const struct status *s, char separator, char text[STATUS_TEXT_LEN]);

#define STATUS_METER_LEN 160

/**
 * status_meter() - a line for a terminal: rates both ways, round trip, queue
 * @before:	counters as they were @ms ago, ms > 0
 *
 * Return: @text.
 */
const char *status_meter(const struct status *s, const struct counters *before, int64_t ms,
			 char text[STATUS_METER_LEN]);

#endif
