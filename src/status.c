/* SPDX-License-Identifier: MIT */
/* What the program counts and tells. */
#include "status.h"

#include <inttypes.h>
#include <stdio.h>

const char *counters_text(const struct counters *c, char text[COUNTERS_TEXT_LEN])
{
	const struct {
		const char *name;
		uint64_t value;
	} row[] = {
		{"tx_packets", c->tx_packets}, {"tx_bytes", c->tx_bytes},
		{"rx_packets", c->rx_packets}, {"rx_bytes", c->rx_bytes},
		{"tx_supers", c->tx_supers},   {"rx_supers", c->rx_supers},
		{"tx_no_peer", c->tx_no_peer}, {"tx_too_long", c->tx_too_long},
		{"tx_bad", c->tx_bad},	       {"tx_overflow", c->tx_overflow},
		{"tx_aqm", c->tx_aqm},	       {"tx_marked", c->tx_marked},
		{"rx_down", c->rx_down},       {"rx_refused", c->rx_refused},
		{"peers", c->peers},	       {"refused", c->refused},
		{"strangers", c->strangers},   {"rekeys", c->rekeys},
	};
	size_t len = 0;

	_Static_assert(sizeof(*c) == sizeof(row) / sizeof(row[0]) * sizeof(uint64_t),
		       "a row for each counter");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		len += (size_t)snprintf(text + len, COUNTERS_TEXT_LEN - len, "%s%s=%" PRIu64,
					i ? " " : "", row[i].name, row[i].value);
	return text;
}
