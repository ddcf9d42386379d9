/* SPDX-License-Identifier: MIT */
/* The state as text, for people, for sh and for a terminal. */
#include "status.h"

#include <limits.h>

#include "unit.h"

static const struct status *example_status(void)
{
	static const struct counters c = {
		.tx_packets = 1, .rx_bytes = UINT64_MAX, .refused = 7, .tx_bytes = 3000000};
	static const struct status s = {.dev = "tun'$(x)",
					.state = "connected",
					.peer = "[fe80::1%a;b]:55",
					.pid = 12,
					.since = 1700000000,
					.rtt_us = 1500,
					.queue_us = 20,
					.counters = &c};

	return &s;
}

TEST(status_is_key_value_pairs)
{
	char text[STATUS_TEXT_LEN];

	status_text(example_status(), ' ', text);
	CHECK(strstr(text, "state=connected peer=[fe80::1%a;b]:55 dev=") == text);
	CHECK(strstr(text, " rx_bytes=18446744073709551615 ") != NULL);
	CHECK(strstr(text, " refused=7 ") != NULL);
	CHECK(!strchr(text, '\n'));
}

TEST(status_for_sh_gives_it_nothing_to_act_on)
{
	char text[STATUS_TEXT_LEN];

	status_text(example_status(), '\n', text);
	CHECK(strstr(text, "state='connected'\npeer='[fe80::1%a;b]:55'\ndev='tun?$(x)'\n") == text);
	CHECK(strstr(text, "\nrtt_us=1500\n") != NULL);
	CHECK(text[strlen(text) - 1] == '\n' && !strstr(text, "\n\n"));
}

TEST(status_of_the_longest_values_fits)
{
	struct counters c;
	char text[STATUS_TEXT_LEN], peer[100];
	struct status s = {.dev = "123456789012345",
			   .state = "connecting",
			   .peer = peer,
			   .pid = INT32_MAX,
			   .since = INT64_MAX,
			   .pcap_lost = UINT64_MAX,
			   .queue_us = UINT64_MAX,
			   .rtt_us = UINT64_MAX,
			   .rate = UINT64_MAX,
			   .counters = &c};

	memset(&c, 0xff, sizeof(c));
	memset(peer, 'x', sizeof(peer) - 1);
	peer[sizeof(peer) - 1] = 0;
	status_text(&s, '\n', text);
	CHECK(strstr(text, "\nrate=18446744073709551615\n") != NULL);
}

TEST(status_meter_tells_rates_of_the_time_since)
{
	static const struct counters before = {.tx_bytes = 1000000, .rx_bytes = UINT64_MAX};
	char text[STATUS_METER_LEN];

	CHECK_TEXT(status_meter(example_status(), &before, 500, text),
		   "tun'$(x) connected  > 32.0 Mbit/s  < 0.0 kbit/s  rtt 1.50 ms  queue 0.02 ms");
}
