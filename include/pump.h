/* SPDX-License-Identifier: MIT */
/*
 * The pump: carries packets between the device and one peer's socket.
 *
 *	device -> split -> [queue] -> session -> socket		pump_from_device(), pump_to_socket()
 *	socket -> session -> merge -> device			pump_from_socket()
 *
 * Who the peer is and when it comes and goes is the loop's business.
 */
#ifndef PUMP_H
#define PUMP_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "fqcodel.h"
#include "merge.h"
#include "pcap.h"
#include "session.h"
#include "status.h"

struct pump {
	struct device *device;
	int fd; /* the peer's socket; -1: no peer */
	struct session session;
	struct fqcodel queue; /* what waits for the link */
	struct merge merge;
	struct counters *counters; /* the loop's */
	struct pcap *pcap;	   /* main's */
	size_t commit;		   /* so many bytes are framed ahead of the link, not more */
	uint64_t commit_at_us;	   /* when that was last fitted to the link */
	unsigned merge_refusals;   /* super-packets that the kernel did not take */
	int err;		   /* for PUMP_LOST: -errno */
	int said_down, said_too_long;
	uint8_t segment[FRAME_PAYLOAD_MAX]; /* on its way into the queue */
};

enum pump_event {
	PUMP_OK,
	PUMP_CLOSED, /* the peer has ended the connection; keyed: see session.keyed.close_reason */
	PUMP_TRUNCATED, /* the connection has ended where the peer would not end it */
	PUMP_LOST,	/* the connection has failed, see pump.err */
	PUMP_BROKEN,	/* the peer broke the protocol, see session_fault_text() */
	PUMP_NO_DEVICE, /* the device was deleted */
};

/**
 * pump_init() - no peer yet
 * @p:		zeroed memory that nobody has written to, see fqcodel.h; large, so not on the stack
 * @seed:	random and secret
 */
void pump_init(struct pump *p, struct device *device, struct counters *counters, struct pcap *pcap,
	       uint64_t seed);

/**
 * pump_start() - carry packets over @fd, which is borrowed. Nothing is left of the last peer
 * @keyed:	as session_reset() has it
 */
void pump_start(struct pump *p, int fd, struct keyed *keyed);

/**
 * pump_finish() - send what belongs to an orderly end, see session_finish()
 * @wait_ms:	for the socket, at most; 0: neither for that nor for the peer to end its side
 *
 * A simpletun at the other end would not survive half a frame.
 */
void pump_finish(struct pump *p, enum keyed_close reason, unsigned wait_ms);

/** pump_stop() - no peer any more; what waits is dropped */
void pump_stop(struct pump *p);

/* Bounded turns: none of them waits for anything, nor goes on for ever. */

/** pump_from_device() - the device is readable: take a batch, and send. Without a peer: drop it */
enum pump_event pump_from_device(struct pump *p, uint64_t now_us);

/** pump_drop_stale() - drop all that the kernel has kept for the device: before a new peer */
enum pump_event pump_drop_stale(struct pump *p);

/** pump_from_socket() - the socket is readable: deliver what one read of it gives */
enum pump_event pump_from_socket(struct pump *p, uint64_t now_us);

/** pump_to_socket() - the socket is writable, or session_due_at_us() has come: send what waits */
enum pump_event pump_to_socket(struct pump *p, uint64_t now_us);

/** pump_wants_socket() - does something wait for the socket to be writable? */
int pump_wants_socket(const struct pump *p);

#endif
