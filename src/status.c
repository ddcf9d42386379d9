/* SPDX-License-Identifier: MIT */
/* What the program counts and tells. */
#include "status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct line {
	char *text;
	size_t len, size;
	char separator;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, l->size - l->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < l->size - l->len)
		l->len += (size_t)n;
}

static void add_number(struct line *l, const char *name, uint64_t value)
{
	add(l, "%s%s=%" PRIu64, l->len ? (char[]){l->separator, 0} : "", name, value);
}

static void add_counters(struct line *l, const struct counters *c)
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

	_Static_assert(sizeof(*c) == sizeof(row) / sizeof(row[0]) * sizeof(uint64_t),
		       "a row for each counter");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		add_number(l, row[i].name, row[i].value);
}

/* In single quotes for sh, since the name of a device, also in an address, may hold what sh acts on. */
static void add_text(struct line *l, const char *name, const char *value)
{
	const char *quote = l->separator == '\n' ? "'" : "";

	add(l, "%s%s=%s", l->len ? (char[]){l->separator, 0} : "", name, quote);
	for (; *value; value++)
		add(l, "%c", *value == '\'' ? '?' : *value);
	add(l, "%s", quote);
}

const char *status_text(const struct status *s, char separator, char text[STATUS_TEXT_LEN])
{
	struct line l = {.text = text, .size = STATUS_TEXT_LEN, .separator = separator};

	add_text(&l, "state", s->state);
	add_text(&l, "peer", s->peer);
	add_text(&l, "dev", s->dev);
	add_number(&l, "since", (uint64_t)s->since);
	add_number(&l, "pid", (uint64_t)s->pid);
	add_counters(&l, s->counters);
	add_number(&l, "pcap_lost", s->pcap_lost);
	add_number(&l, "queue_us", s->queue_us);
	add_number(&l, "rtt_us", s->rtt_us);
	add_number(&l, "rate", s->rate);
	if (separator == '\n')
		add(&l, "\n");
	return text;
}

static void add_rate(struct line *l, const char *arrow, uint64_t bytes, int64_t ms)
{
	double bits = (double)bytes * 8000 / (double)ms;

	if (bits >= 1e9)
		add(l, "  %s %.2f Gbit/s", arrow, bits / 1e9);
	else if (bits >= 1e6)
		add(l, "  %s %.1f Mbit/s", arrow, bits / 1e6);
	else
		add(l, "  %s %.1f kbit/s", arrow, bits / 1e3);
}

const char *status_meter(const struct status *s, const struct counters *before, int64_t ms,
			 char text[STATUS_METER_LEN])
{
	struct line l = {.text = text, .size = STATUS_METER_LEN};

	add(&l, "%s %s", s->dev, s->state);
	add_rate(&l, ">", s->counters->tx_bytes - before->tx_bytes, ms);
	add_rate(&l, "<", s->counters->rx_bytes - before->rx_bytes, ms);
	add(&l, "  rtt %.2f ms  queue %.2f ms", (double)s->rtt_us / 1000,
	    (double)s->queue_us / 1000);
	return text;
}
