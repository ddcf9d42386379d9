/* SPDX-License-Identifier: MIT */
/*
 * The header that a tun device with IFF_VNET_HDR puts in front of each packet, and wants there: what
 * is left to do for the packet. Virtio 1.2, 5.1.6, in host order since no TUNSETVNETLE is set.
 *
 * Our own definition, since the kernel's headers before 6.2 do not know UDP_L4.
 */
#ifndef VNET_H
#define VNET_H

#include <stdint.h>

#define VNET_HEADER_LEN 10

struct vnet_header {
	uint8_t flags;	      /* VNET_NEEDS_CSUM, VNET_DATA_VALID */
	uint8_t gso_type;     /* VNET_GSO_..., ORed with VNET_GSO_ECN */
	uint16_t hdr_len;     /* a hint: forwarded packets carry any value */
	uint16_t gso_size;    /* payload of each segment but the last */
	uint16_t csum_start;  /* where to begin to sum, from the packet's first byte */
	uint16_t csum_offset; /* where the checksum goes, from csum_start */
};

_Static_assert(sizeof(struct vnet_header) == VNET_HEADER_LEN, "as the kernel lays it out");

/*
 * The sum from csum_start on is still to be made. The checksum field holds that of the pseudo header,
 * for the whole packet's length.
 */
#define VNET_NEEDS_CSUM 1
#define VNET_DATA_VALID 2 /* the checksum has been verified */

#define VNET_GSO_NONE	0
#define VNET_GSO_TCPV4	1
#define VNET_GSO_TCPV6	4
#define VNET_GSO_UDP_L4 5 /* Linux 6.2 */
#define VNET_GSO_ECN	0x80

#endif
