/* SPDX-License-Identifier: MIT */
/* What the program counts and tells. */
#include "status.h"

#include <inttypes.h>
#include <stdio.h>

const char *counters_text(const struct counters *c, char text[COUNTERS_TEXT_LEN])
{
	snprintf(text, COUNTERS_TEXT_LEN,
		 "tx_packets=%" PRIu64 " tx_bytes=%" PRIu64 " rx_packets=%" PRIu64
		 " rx_bytes=%" PRIu64 " tx_no_peer=%" PRIu64 " tx_too_long=%" PRIu64
		 " rx_down=%" PRIu64 " rx_refused=%" PRIu64 " peers=%" PRIu64 " refused=%" PRIu64,
		 c->tx_packets, c->tx_bytes, c->rx_packets, c->rx_bytes, c->tx_no_peer,
		 c->tx_too_long, c->rx_down, c->rx_refused, c->peers, c->refused);
	return text;
}
