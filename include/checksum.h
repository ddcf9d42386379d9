/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum, RFC 1071.
 *
 * A sum is an uint64_t that starts at 0, or at any other sum, and grows by checksum_add() and its
 * kin. What it holds meanwhile is nobody's business: it depends on the machine's byte order, and 4
 * GiB of data fit before it can overflow. checksum_fold() makes a number of it.
 *
 * Data added in pieces must be cut at even offsets: a piece of odd length can only be the last.
 */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/**
 * checksum_add() - add data
 * @data:	at any alignment
 * @len:	any; an odd last byte counts as if a zero byte followed
 */
uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t len);

/** checksum_copy() - the same, and copy the data to @dst, which must not overlap @src */
uint64_t checksum_copy(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t len);

/** checksum_swap() - between host order and the order in which a sum's 16-bit words are held */
static inline uint16_t checksum_swap(uint16_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return v;
#else
	return __builtin_bswap16(v);
#endif
}

/** checksum_add16() - add a number as if it stood in the data, in network byte order */
static inline uint64_t checksum_add16(uint64_t sum, uint16_t v)
{
	return sum + checksum_swap(v);
}

static inline uint64_t checksum_add32(uint64_t sum, uint32_t v)
{
	return checksum_add16(checksum_add16(sum, (uint16_t)(v >> 16)), (uint16_t)v);
}

/** checksum_sub16() - take a number out again; a sum that was not 0 does not become 0 */
static inline uint64_t checksum_sub16(uint64_t sum, uint16_t v)
{
	return checksum_add16(sum, (uint16_t)~v);
}

/**
 * checksum_fold() - a sum as a number in host order, not complemented
 *
 * Return: 0 only when nothing but zeros was added, else 1..0xffff. Over data that holds its own
 * checksum 0xffff means that it is right.
 */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return checksum_swap((uint16_t)sum);
}

/** checksum_finish() - the checksum to store: the fold's complement */
static inline uint16_t checksum_finish(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/** checksum_finish_udp() - the same for UDP, where a checksum 0 would mean that there is none */
static inline uint16_t checksum_finish_udp(uint64_t sum)
{
	uint16_t v = checksum_finish(sum);

	return v ? v : 0xffff;
}

/**
 * checksum_pseudo() - the sum of a pseudo header, RFC 9293 3.1 and RFC 8200 8.1
 * @ip:		an IPv4 or IPv6 header, whole; the first nibble tells which
 * @proto:	the transport's number
 * @len:	of the transport's header and data
 *
 * The destination is the header's: a routing header's final one is not looked for.
 */
uint64_t checksum_pseudo(const uint8_t *ip, uint8_t proto, uint32_t len);

#endif
