/* SPDX-License-Identifier: MIT */
/*
 * Views on packets: is this something our device carries, and what is it, in one line?
 */
#ifndef PACKET_H
#define PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "headers.h"

/* Why a peer's packet cannot be what this end carries. */
enum packet_fault {
	PACKET_OK,
	PACKET_NOT_IP,	    /* tun: first nibble neither 4 nor 6 */
	PACKET_LOOKS_ETHER, /* tun: the same, and it reads like an Ethernet frame */
	PACKET_SHORT_ETHER, /* tap: shorter than an Ethernet header */
	PACKET_LOOKS_IP,    /* tap: a connection's first frame is an IP packet to the byte */
	PACKET_LOOKS_KEYED, /* a connection's first frame is a keyed peer's handshake */
	PACKET_NFAULTS,
};

/**
 * packet_check() - can @data be a packet of @kind?
 * @data:	@len bytes from the peer
 * @len:	1..65535
 * @first:	nonzero for the first packet of a connection: only there the guesses LOOKS_IP and
 *		LOOKS_KEYED are made, since a healthy frame can look like that once in a blue moon
 */
enum packet_fault packet_check(enum packet_kind kind, const uint8_t *data, size_t len, int first);

/** packet_fault_text() - what is wrong and its likely cause, for a message; static */
const char *packet_fault_text(enum packet_fault fault);

/* Long enough for an Ethernet line around an IPv6 line. */
#define PACKET_TEXT_LEN 256

/**
 * packet_describe() - one line a reader of tcpdump understands
 * @text:	PACKET_TEXT_LEN bytes, always terminated
 * @data:	any @len bytes; nothing is assumed to be well-formed
 */
void packet_describe(char text[PACKET_TEXT_LEN], enum packet_kind kind, const uint8_t *data,
		     size_t len);

#endif
