/* SPDX-License-Identifier: MIT */
/*
 * A recording of what passes, in the pcap format that tcpdump and Wireshark read: raw IP packets or
 * Ethernet frames, as they are on the wire, stamped in nanoseconds.
 *
 * Never holds up a packet: what the file does not take waits in a buffer, and what finds no room there is
 * left out and counted.
 */
#ifndef PCAP_H
#define PCAP_H

#include <stddef.h>
#include <stdint.h>

#include "headers.h"

#define PCAP_ERROR_LEN 512
#define PCAP_BUF_LEN   (512 * 1024)

struct pcap {
	int fd;		   /* -1: nothing is recorded, or not any more */
	int err;	   /* -errno: why it has ended early, -EPIPE when its reader has gone */
	int may_block;	   /* it could not be made nonblocking: written in pieces that fit */
	uint64_t lost;	   /* packets that found no room */
	size_t start, end; /* not yet written: buf[start..end) */
	uint8_t buf[PCAP_BUF_LEN];
};

/**
 * pcap_open() - begin a recording
 * @p:		zeroed memory; large, so not on the stack
 * @path:	a file, which is emptied, or a fifo with a reader; "-" is standard output; NULL: none
 * @error:	filled on failure with cause and remedy
 *
 * Return: 0 or -1.
 */
int pcap_open(struct pcap *p, const char *path, enum packet_kind kind, char error[PCAP_ERROR_LEN]);

/** pcap_add() - one packet of @len bytes, copied; does nothing when nothing is recorded */
void pcap_add(struct pcap *p, const uint8_t *packet, size_t len);

/** pcap_is_pending() - does something wait for the file to be writable? */
int pcap_is_pending(const struct pcap *p);

/** pcap_flush() - write what the file takes now; the recording may end, see err */
void pcap_flush(struct pcap *p);

/** pcap_close() - write what the file takes within a second, and end the recording */
void pcap_close(struct pcap *p);

#endif
