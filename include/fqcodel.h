/* SPDX-License-Identifier: MIT */
/*
 * The queue between device and socket: fair between flows, short by itself. FQ-CoDel, RFC 8290,
 * with the CoDel of RFC 8289 for each flow.
 *
 * Packets go to one of 1024 flow queues by a keyed hash. Flows take turns by bytes (DRR++), one
 * that has just become active before those that always have something to send. A flow whose packets
 * wait for longer than 5 ms, for 100 ms on end, is told to slow down: a packet at its head is
 * marked CE when it is ECN-capable (RFC 3168), else dropped, and the next one sooner and sooner.
 * When there is no memory left, the flow that holds most of it loses packets from its head.
 *
 * The queue copies each packet twice: with nothing in it and room in the socket, pass it by.
 *
 * Time is microseconds of a monotonic clock with any origin. It may stand still; a step back counts
 * as no time, and a long gap is no reason to drop a whole flow.
 */
#ifndef FQCODEL_H
#define FQCODEL_H

#include <stddef.h>
#include <stdint.h>

#include "headers.h"

#define FQCODEL_NFLOWS	    1024
#define FQCODEL_QUANTUM	    1514 /* bytes a flow sends in its turn */
#define FQCODEL_TARGET_US   5000
#define FQCODEL_INTERVAL_US 100000

/*
 * Memory: packets are chains of chunks out of a fixed pool of 1 MiB, 682 packets of 1500 bytes or
 * 4096 small ones. With the books about chunks (64 KB) and flows (42 KB) the struct has 1.16 MB.
 * Chunks are handed out from the lowest address up and the last one returned goes first, so only
 * pages that the longest queue so far has needed are ever touched: keep the struct in zeroed memory
 * that nobody writes to (static, or mmap()).
 */
#define FQCODEL_CHUNK_SIZE 256
#define FQCODEL_NCHUNKS	   4096

#define FQCODEL_PACKET_MAX 65535
#define FQCODEL_KEY_WORDS  10

/* An index of a flow or a chunk that is none. */
#define FQCODEL_NONE UINT16_MAX

struct fqcodel_flow {
	uint64_t first_above_us; /* signals may begin: an interval after waits got too long; or 0 */
	uint64_t drop_next_us;	 /* when to signal next, while is_dropping */
	uint32_t count;		 /* signals while is_dropping; they come ever sooner */
	uint32_t last_count;	 /* what count began with */
	uint32_t bytes;		 /* of the packets here */
	int32_t deficit;	 /* bytes it may still send in this turn */
	uint16_t first, last;	 /* packets, by their first chunk */
	uint16_t next;		 /* flow in the same list */
	uint8_t is_listed;	 /* active: in new_flows or old_flows */
	uint8_t is_dropping;	 /* CoDel signals its senders */
};

struct fqcodel_list {
	uint16_t first, last; /* flows */
};

struct fqcodel_chunk {
	uint64_t enqueued_us; /* up to last_chunk: of the packet that begins here */
	uint16_t len;
	uint16_t next_packet;
	uint16_t last_chunk;
	uint16_t next_chunk; /* of the packet, or of the free ones */
};

struct fqcodel {
	/* What it holds now, for reading. */
	uint32_t packets;
	uint32_t bytes;
	uint32_t chunks; /* memory in use, of FQCODEL_NCHUNKS */

	/* Packets since fqcodel_init(), for reading. */
	uint64_t drops_overflow; /* there was no memory left */
	uint64_t drops_codel;	 /* signals to slow down */
	uint64_t drops_reset;	 /* by fqcodel_reset() */
	uint64_t marks;		 /* signals to slow down, without loss */

	enum packet_kind kind;
	uint32_t mtu;
	uint32_t sojourn_us; /* moving average of what left */
	uint64_t sojourn_at_us;
	uint64_t key[1 + FQCODEL_KEY_WORDS];

	struct fqcodel_list new_flows, old_flows;
	uint16_t free_chunk; /* last one returned */
	uint16_t unused;     /* first chunk of those never handed out since the queue was empty */
	uint16_t flow_chunks[FQCODEL_NFLOWS];
	struct fqcodel_flow flows[FQCODEL_NFLOWS];
	struct fqcodel_chunk chunk[FQCODEL_NCHUNKS];
	uint8_t data[FQCODEL_NCHUNKS][FQCODEL_CHUNK_SIZE];
};

/**
 * fqcodel_init() - an empty queue
 * @kind:	what the packets are; CE marks and hashes depend on it
 * @mtu:	largest packet of the device, link header included: CoDel leaves a flow alone that
 *		has no more than that left. @q->mtu may be changed at any time.
 * @seed:	random and secret: whoever knows it can aim packets at another's flow queue
 *
 * Touches neither chunks nor data.
 */
void fqcodel_init(struct fqcodel *q, enum packet_kind kind, uint32_t mtu, uint64_t seed);

/**
 * fqcodel_reset() - drop everything, when the peer is lost
 *
 * Nothing stale is ever sent to the next one. What CoDel has learnt about flows goes too. Counters
 * stay, drops_reset counts what was dropped.
 */
void fqcodel_reset(struct fqcodel *q);

/**
 * fqcodel_hash() - which flow does a packet belong to?
 * @data:	any @len bytes; nothing is assumed to be well-formed
 *
 * IP: addresses and protocol, and the ports of TCP, UDP, UDP-Lite, SCTP and DCCP or ESP's SPI.
 * Never those of fragments, so that the first one goes with the rest. Other Ethernet frames:
 * addresses and type. VLAN tags and the IPv6 extension headers that headers.h
 * knows are passed over.
 *
 * The hash is strongly universal: without @seed, any two flows collide in any 10 bits with a
 * probability of 1/1024, however they were chosen.
 */
uint32_t fqcodel_hash(const struct fqcodel *q, const uint8_t *data, size_t len);

/**
 * fqcodel_enqueue() - copy a packet to the end of its flow
 * @len:	1..FQCODEL_PACKET_MAX
 * @flow_hash:	any, usually fqcodel_hash(); one for all segments of a super-packet
 *
 * The packet is always taken. Where there is no room, the fattest flow (that which holds most
 * chunks) loses half of what it has or 64 packets, whichever is less, RFC 8290 section 4.1.
 */
void fqcodel_enqueue(struct fqcodel *q, const uint8_t *data, size_t len, uint32_t flow_hash,
		     uint64_t now_us);

/**
 * fqcodel_dequeue() - copy the packet whose turn it is, and forget it
 * @out:	@room bytes
 *
 * Return: the packet's length, or 0: the queue is empty, or @q->packets is not 0 and the next
 * packet is longer than @room and stays the next one. Packets before it may have been dropped
 * either way.
 */
size_t fqcodel_dequeue(struct fqcodel *q, uint8_t *out, size_t room, uint64_t now_us);

/**
 * fqcodel_sojourn_us() - how long packets wait here nowadays
 *
 * Return: moving average over about 8 packets; 0 when the queue has been unused for a second.
 */
uint32_t fqcodel_sojourn_us(const struct fqcodel *q, uint64_t now_us);

/**
 * fqcodel_step_us() - CoDel's control law, RFC 8289: interval / sqrt(@count)
 * @count:	>= 1
 */
uint32_t fqcodel_step_us(uint32_t count);

#endif
