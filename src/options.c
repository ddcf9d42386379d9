/* SPDX-License-Identifier: MIT */
/*
 * The command line. One table holds each option's names, value, limits and help, so that what is
 * parsed and what -h tells cannot differ; a setter or a type says what the value must be; what must
 * fit together is checked at the end, in options_check().
 */
#include "options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

#define DEFAULT_PORT	  55555
#define DEFAULT_TIMEOUT_S 30
#define MAX_SECONDS	  86400
#define MAX_FD		  1048576

#define MTU_MIN	     68	   /* RFC 791: what every IPv4 link carries */
#define MTU_MAX	     65535 /* the frame's 16-bit length */
#define MTU_MIN_IPV6 1280  /* RFC 8200, section 5 */

struct parser {
	struct options *opts;
	char *error;	   /* OPTIONS_ERROR_LEN */
	const char *label; /* the option that is being read: "-p" or "--port" */
	uint64_t given;	   /* bit i: table row i was given */
};

/* Each setter stores @value or reports what is wrong with it and returns -1. */
typedef int setter(struct parser *p, const char *value);

enum option_type {
	TYPE_FLAG,  /* sets an int to 1 */
	TYPE_COUNT, /* adds 1 to an unsigned; may be repeated */
	TYPE_TEXT,  /* any text but the empty one */
	TYPE_UINT,  /* a decimal number from min to max */
	TYPE_FD,    /* the same, an int */
	TYPE_SET,   /* the setter decides */
	TYPE_LIST,  /* the setter decides; may be repeated */
	TYPE_GROUP, /* not an option: a heading of the help */
};

struct option_row {
	char letter; /* 0: only a long name */
	const char *name;
	const char *arg; /* NULL: takes no value */
	enum option_type type;
	size_t offset; /* in struct options, but for TYPE_SET and TYPE_LIST */
	unsigned min, max;
	setter *set;
	const char *help;
};

__attribute__((format(printf, 2, 3))) static int bad(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error, OPTIONS_ERROR_LEN, fmt, ap);
	va_end(ap);
	return -1;
}

/* Decimal digits only: no sign, no space, no hexadecimal, nothing behind. */
static int parse_uint(const char *text, unsigned min, unsigned max, unsigned *value)
{
	unsigned long long v = 0;
	const char *c;

	for (c = text; isdigit((unsigned char)*c); c++) {
		v = v * 10 + (unsigned)(*c - '0');
		if (v > max)
			return -1;
	}
	if (c == text || *c || v < min)
		return -1;
	*value = (unsigned)v;
	return 0;
}

/* A numeric address; an IPv6 one may carry a scope ("fe80::1%eth0"), which is not looked up here. */
static int numeric_family(const char *text)
{
	char head[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	struct in_addr in;
	size_t len = strcspn(text, "%");

	if (inet_pton(AF_INET, text, &in) == 1)
		return AF_INET;
	if (len >= sizeof(head) || (text[len] && !text[len + 1]))
		return AF_UNSPEC;
	memcpy(head, text, len);
	head[len] = 0;
	return inet_pton(AF_INET6, head, &in6) == 1 ? AF_INET6 : AF_UNSPEC;
}

static int set_role(struct parser *p, enum role role)
{
	if (p->opts->role != ROLE_NONE && p->opts->role != role)
		return bad(
			p,
			"-s and -c HOST exclude each other: one end is the server, the other the "
			"client");
	p->opts->role = role;
	return 0;
}

/* An address to listen on or to connect to. */
static int check_endpoint(struct parser *p, const char *value)
{
	struct in6_addr in6;

	if (inet_pton(AF_INET6, value, &in6) != 1)
		return 0;
	if (IN6_IS_ADDR_LINKLOCAL(&in6))
		return bad(p, "%s %s: a link-local address needs its device, as in %s%%eth0",
			   p->label, value, value);
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		return bad(p, "%s %s: write it as an IPv4 address", p->label, value);
	return 0;
}

static int set_server(struct parser *p, const char *value)
{
	(void)value;
	return set_role(p, ROLE_SERVER);
}

static int is_host_name(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			return 0;
	return text[0] != '-' && text[0] != '.';
}

static int set_client(struct parser *p, const char *value)
{
	size_t len = strlen(value);

	if (!len || len >= OPTIONS_HOST_LEN)
		return bad(p, "%s %s: a host has 1 to %d characters", p->label, value,
			   OPTIONS_HOST_LEN - 1);
	if (numeric_family(value) == AF_UNSPEC) {
		/* All digits and dots, or a colon: meant as an address, never sent to a resolver. */
		if (strchr(value, ':') || strspn(value, "0123456789.") == len)
			return bad(p, "%s %s: not an IPv4 or IPv6 address", p->label, value);
		if (!is_host_name(value))
			return bad(p, "%s %s: neither an address nor a host name", p->label, value);
	}
	if (check_endpoint(p, value) < 0)
		return -1;
	memcpy(p->opts->host, value, len + 1);
	return set_role(p, ROLE_CLIENT);
}

/* What the kernel's dev_valid_name() takes, and one %d, which it replaces by the first free number. */
static int set_dev(struct parser *p, const char *value)
{
	size_t len = strlen(value);
	const char *percent = strchr(value, '%');

	if (!len || len >= IFNAMSIZ)
		return bad(p, "%s %s: a device name has 1 to %d characters, this has %zu", p->label,
			   value, IFNAMSIZ - 1, len);
	if (!strcmp(value, ".") || !strcmp(value, ".."))
		return bad(p, "%s %s: not a device name", p->label, value);
	for (const char *c = value; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c) ||
		    iscntrl((unsigned char)*c))
			return bad(p, "%s %s: a device name has no '/', ':' or white space",
				   p->label, value);
	if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
		return bad(
			p,
			"%s %s: the only %% in a device name is one %%d, for the first free number",
			p->label, value);
	memcpy(p->opts->dev, value, len + 1);
	return 0;
}

static int set_tun(struct parser *p, const char *value)
{
	(void)value;
	p->opts->kind = PACKET_IP;
	return 0;
}

static int set_tap(struct parser *p, const char *value)
{
	(void)value;
	p->opts->kind = PACKET_ETHER;
	return 0;
}

/* Could a device have this address? Leaves out unspecified, loopback, multicast and broadcast. */
static int is_host_address(const struct prefix *prefix)
{
	if (prefix->family == AF_INET) {
		uint32_t host = ntohl(prefix->in.s_addr);

		return host >> 24 != 0 && host >> 24 != 127 && host >> 28 != 14 &&
		       host != 0xffffffff;
	}
	return !IN6_IS_ADDR_UNSPECIFIED(&prefix->in6) && !IN6_IS_ADDR_MULTICAST(&prefix->in6) &&
	       !IN6_IS_ADDR_LOOPBACK(&prefix->in6) && !IN6_IS_ADDR_V4MAPPED(&prefix->in6);
}

#define PREFIX_LEN_UNSET 255

static int set_address(struct parser *p, const char *value)
{
	struct options *opts = p->opts;
	struct prefix *prefix = &opts->addresses[opts->naddresses];
	size_t len = strcspn(value, "/");
	char head[INET6_ADDRSTRLEN];

	if (opts->no_address || (opts->naddresses && !strcmp(value, "none")))
		return bad(p, "%s none and another %s exclude each other", p->label, p->label);
	if (!strcmp(value, "none")) {
		opts->no_address = 1;
		return 0;
	}
	if (opts->naddresses == OPTIONS_MAX_ADDRESSES)
		return bad(p, "%s %s: more than %d addresses", p->label, value,
			   OPTIONS_MAX_ADDRESSES);
	if (len >= sizeof(head))
		return bad(p, "%s %s: not an IPv4 or IPv6 address", p->label, value);
	memcpy(head, value, len);
	head[len] = 0;
	prefix->family = strchr(head, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(prefix->family, head, &prefix->in6) != 1)
		return bad(p, "%s %s: not an IPv4 or IPv6 address", p->label, value);
	if (!is_host_address(prefix))
		return bad(p, "%s %s: not an address that a host can have", p->label, value);
	prefix->prefix_len = PREFIX_LEN_UNSET;
	if (value[len]) {
		unsigned max = prefix->family == AF_INET ? 32 : 128;

		if (parse_uint(value + len + 1, 0, max, &prefix->prefix_len) < 0)
			return bad(p, "%s %s: the prefix length is a number from 0 to %u", p->label,
				   value, max);
	}
	opts->naddresses++;
	return 0;
}

static int set_peer(struct parser *p, const char *value)
{
	struct prefix prefix = {.family = AF_INET};

	if (strchr(value, ':'))
		return bad(p,
			   "%s %s: the kernel makes point-to-point pairs with IPv4 only; give IPv6 "
			   "addresses a prefix with -l",
			   p->label, value);
	if (inet_pton(AF_INET, value, &prefix.in) != 1 || !is_host_address(&prefix))
		return bad(p, "%s %s: not an IPv4 address that a host can have", p->label, value);
	p->opts->peer = prefix.in;
	p->opts->has_peer = 1;
	return 0;
}

static int set_port(struct parser *p, const char *value)
{
	unsigned port;

	if (parse_uint(value, 0, 65535, &port) < 0)
		return bad(
			p,
			"%s %s: a port is a number from 1 to 65535, or 0 with -s for any free one",
			p->label, value);
	p->opts->port = (uint16_t)port;
	return 0;
}

static int set_bind(struct parser *p, const char *value)
{
	if (numeric_family(value) == AF_UNSPEC)
		return bad(p, "%s %s: not an IPv4 or IPv6 address", p->label, value);
	p->opts->bind = value;
	return check_endpoint(p, value);
}

static int set_family(struct parser *p, int family)
{
	if (p->opts->family != AF_UNSPEC && p->opts->family != family)
		return bad(p, "-4 and -6 exclude each other");
	p->opts->family = family;
	return 0;
}

static int set_ipv4(struct parser *p, const char *value)
{
	(void)value;
	return set_family(p, AF_INET);
}

static int set_ipv6(struct parser *p, const char *value)
{
	(void)value;
	return set_family(p, AF_INET6);
}

/* Decimal or, as ip rule and tc write marks, hexadecimal. */
static int set_fwmark(struct parser *p, const char *value)
{
	int hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
	const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
	const char *number = hex ? value + 2 : value;
	size_t len = strlen(number);
	unsigned long long v = strtoull(number, NULL, hex ? 16 : 10);

	if (!len || len > 10 || strspn(number, digits) != len || v > UINT32_MAX)
		return bad(p,
			   "%s %s: a mark is a number from 0 to 4294967295, or 0x0 to 0xffffffff",
			   p->label, value);
	p->opts->fwmark = (uint32_t)v;
	p->opts->has_fwmark = 1;
	return 0;
}

static int set_bind_dev(struct parser *p, const char *value)
{
	if (!*value || strlen(value) >= IFNAMSIZ)
		return bad(p, "%s %s: a device name has 1 to %d characters", p->label, value,
			   IFNAMSIZ - 1);
	p->opts->bind_dev = value;
	return 0;
}

static int set_bridge(struct parser *p, const char *value)
{
	if (!*value || strlen(value) >= IFNAMSIZ)
		return bad(p, "%s %s: a bridge's name has 1 to %d characters", p->label, value,
			   IFNAMSIZ - 1);
	p->opts->bridge = value;
	return 0;
}

static int set_ready(struct parser *p, const char *value)
{
	if (!strcmp(value, "listening"))
		p->opts->ready = READY_LISTENING;
	else if (!strcmp(value, "connected"))
		p->opts->ready = READY_CONNECTED;
	else
		return bad(p, "%s %s: the state is \"listening\" or \"connected\"", p->label,
			   value);
	return 0;
}

#define AT(field) offsetof(struct options, field)
#define GROUP(title)                              \
	{                                         \
		.name = title, .type = TYPE_GROUP \
	}
#define SET(l, n, a, f, h)                                                              \
	{                                                                               \
		.letter = l, .name = n, .arg = a, .type = TYPE_SET, .set = f, .help = h \
	}
#define FLAG(l, n, f, h)                                                              \
	{                                                                             \
		.letter = l, .name = n, .type = TYPE_FLAG, .offset = AT(f), .help = h \
	}
#define TEXT(l, n, a, f, h)                                                                     \
	{                                                                                       \
		.letter = l, .name = n, .arg = a, .type = TYPE_TEXT, .offset = AT(f), .help = h \
	}
#define NUMBER(l, n, a, t, f, lo, hi, h)                                                 \
	{                                                                                \
		.letter = l, .name = n, .arg = a, .type = t, .offset = AT(f), .min = lo, \
		.max = hi, .help = h                                                     \
	}

static const struct option_row table[] = {
	SET('s', "server", NULL, set_server, "wait for the peer"),
	SET('c', "client", "HOST", set_client, "connect to the peer: IPv4, IPv6 or a name"),
	{.name = "genkey", .help = "print a new key and exit"},
	GROUP("device"),
	SET('i', "dev", "NAME", set_dev,
	    "its name; %d is the first free number\n[tun%d, with -a tap%d]"),
	SET('u', "tun", NULL, set_tun, "layer 3: IP packets [the default]"),
	SET('a', "tap", NULL, set_tap, "layer 2: Ethernet frames"),
	{.letter = 'l',
	 .name = "address",
	 .arg = "A[/LEN]",
	 .type = TYPE_LIST,
	 .set = set_address,
	 .help = "this end's address, IPv4 or IPv6, repeatable; or\n\"none\". LEN is 24 or 64 when "
		 "left out\n[172.16.3.1/24 as server, 172.16.3.2/24 as client;\na device that has an "
		 "IPv4 address keeps its own]"},
	SET('P', "peer", "ADDR", set_peer,
	    "the other end's address, for a point-to-point\npair with -l ADDR (IPv4)"),
	NUMBER('m', "mtu", "BYTES", TYPE_UINT, mtu, MTU_MIN, MTU_MAX,
	       "68 to 65535, with -a 14 less, with -k 18 less\n[the device's, 1500]"),
	TEXT('N', "netns", "NAME|PATH", netns,
	     "the device lives in that network namespace,\nthe socket stays here"),
	SET(0, "bridge", "NAME", set_bridge, "put the tap into this bridge; no address unless -l"),
	FLAG(0, "persist", persist, "the device stays when the tunnel ends"),
	TEXT(0, "owner", "USER", owner, "who may use it then, besides root"),
	TEXT(0, "group", "GROUP", group, "the same, for a group"),
	FLAG(0, "no-offload", no_offload, "one packet a read and a write"),
	GROUP("connection"),
	SET('p', "port", "N", set_port, "[55555]; 0 with -s: any free port, told when ready"),
	SET('b', "bind", "ADDR", set_bind, "listen on, or connect from, this address"),
	SET('4', "ipv4", NULL, set_ipv4, "carry the tunnel over IPv4 only"),
	SET('6', "ipv6", NULL, set_ipv6, "carry the tunnel over IPv6 only"),
	TEXT('k', "key", "FILE", key,
	     "both ends prove they hold this key; everything is\nencrypted. \"-\": from standard input"),
	FLAG('1', "once", once, "end with the first connection, as simpletun does"),
	NUMBER('w', "wait", "SECONDS", TYPE_UINT, wait_s, 1, MAX_SECONDS,
	       "give up when no peer has come by then"),
	NUMBER('t', "timeout", "SECONDS", TYPE_UINT, timeout_s, 1, MAX_SECONDS,
	       "a peer silent for so long is gone [30]"),
	TEXT(0, "congestion", "NAME", congestion, "TCP congestion control [the system's]"),
	SET(0, "fwmark", "N", set_fwmark, "mark the tunnel's own packets, for ip rule"),
	SET(0, "bind-dev", "IF", set_bind_dev, "send and receive through this device only"),
	GROUP("process"),
	FLAG('D', "daemon", daemon, "return when ready, go on in the background"),
	SET(0, "ready", "STATE", set_ready,
	    "ready means \"listening\" or \"connected\"\n[server listening, client connected]"),
	NUMBER(0, "ready-fd", "N", TYPE_FD, ready_fd, 0, MAX_FD,
	       "write a line of facts there when ready, close it"),
	NUMBER(0, "exit-fd", "N", TYPE_FD, exit_fd, 0, MAX_FD,
	       "end when the other end of this descriptor closes"),
	TEXT(0, "pidfile", "FILE", pidfile, "keep the process id there while running"),
	TEXT(0, "up", "CMD", up, "run by /bin/sh when a peer has come"),
	TEXT(0, "down", "CMD", down, "run when it is gone, once for each --up"),
	TEXT(0, "stats", "FILE", stats, "keep a status file there, key=value lines"),
	TEXT(0, "pcap", "FILE", pcap, "record the packets that pass; \"-\": standard output"),
	FLAG(0, "meter", meter, "a live line with rates, round trip and queue"),
	{.letter = 'd',
	 .name = "debug",
	 .type = TYPE_COUNT,
	 .offset = AT(debug),
	 .help = "say more; -dd: a line for each packet"},
	FLAG('q', "quiet", quiet, "say errors only, and what USR1 asks for"),
	{.letter = 'h', .name = "help", .help = "print this"},
	{.letter = 'V', .name = "version", .help = "print the version"},
};

#define NROWS (sizeof(table) / sizeof(table[0]))
_Static_assert(NROWS <= 64, "parser.given has a bit for each row");

static const struct option_row *find_letter(char letter)
{
	for (size_t i = 0; i < NROWS; i++)
		if (table[i].letter && table[i].letter == letter)
			return &table[i];
	return NULL;
}

static const struct option_row *find_name(const char *name, size_t len)
{
	for (size_t i = 0; i < NROWS; i++)
		if (table[i].type != TYPE_GROUP && strlen(table[i].name) == len &&
		    !memcmp(table[i].name, name, len))
			return &table[i];
	return NULL;
}

static int was_given(const struct parser *p, char letter)
{
	return p->given >> (find_letter(letter) - table) & 1;
}

static int set_number(struct parser *p, const struct option_row *row, const char *value,
		      unsigned *number)
{
	if (parse_uint(value, row->min, row->max, number) < 0)
		return bad(p, "%s %s: not a number from %u to %u", p->label, value, row->min,
			   row->max);
	return 0;
}

static int apply(struct parser *p, const struct option_row *row, const char *value)
{
	uint64_t bit = UINT64_C(1) << (row - table);
	char *field = (char *)p->opts + row->offset;
	unsigned number = 0;

	if (row->arg && row->type != TYPE_LIST && p->given & bit)
		return bad(p, "%s %s: given twice", p->label, value);
	p->given |= bit;
	switch (row->type) {
	case TYPE_FLAG:
		*(int *)(void *)field = 1;
		return 0;
	case TYPE_COUNT:
		++*(unsigned *)(void *)field;
		return 0;
	case TYPE_TEXT:
		if (!*value)
			return bad(p, "%s: the value is empty", p->label);
		*(const char **)(void *)field = value;
		return 0;
	case TYPE_UINT:
		return set_number(p, row, value, (unsigned *)(void *)field);
	case TYPE_FD:
		if (set_number(p, row, value, &number) < 0)
			return -1;
		*(int *)(void *)field = (int)number;
		return 0;
	case TYPE_SET:
	case TYPE_LIST:
		return row->set(p, value);
	case TYPE_GROUP:
		break;
	}
	return -1;
}

/* Addresses that were given without a prefix length get the usual one of their family. */
static void default_prefix_lengths(struct options *opts)
{
	for (unsigned i = 0; i < opts->naddresses; i++) {
		struct prefix *prefix = &opts->addresses[i];

		if (prefix->prefix_len != PREFIX_LEN_UNSET)
			continue;
		if (prefix->family == AF_INET)
			prefix->prefix_len = opts->has_peer ? 32 : 24;
		else
			prefix->prefix_len = 64;
	}
}

static int check_addresses(struct parser *p)
{
	const struct options *opts = p->opts;
	char text[PREFIX_TEXT_LEN];
	unsigned nipv4 = 0;

	for (unsigned i = 0; i < opts->naddresses; i++) {
		const struct prefix *a = &opts->addresses[i];

		prefix_text(a, text);
		for (unsigned j = 0; j < i; j++)
			if (opts->addresses[j].family == a->family &&
			    !memcmp(&opts->addresses[j].in6, &a->in6,
				    a->family == AF_INET ? sizeof(a->in) : sizeof(a->in6)))
				return bad(p, "-l %s: given twice", text);
		if (a->family == AF_INET6) {
			if (opts->mtu && opts->mtu < MTU_MIN_IPV6)
				return bad(p, "-m %u: too small for -l %s, IPv6 needs %d",
					   opts->mtu, text, MTU_MIN_IPV6);
			continue;
		}
		nipv4++;
		if (!opts->has_peer)
			continue;
		if (a->prefix_len != 32)
			return bad(p, "-l %s: with -P the pair has no prefix, leave /%u out", text,
				   a->prefix_len);
		if (a->in.s_addr == opts->peer.s_addr)
			return bad(p, "-l and -P name the same address, %s", text);
	}
	if (opts->has_peer && nipv4 != 1)
		return bad(p, "-P goes with one IPv4 address of this end, -l ADDR");
	return 0;
}

/* The family that options ask for, or that an address given for HOST or -b has. */
static int check_families(struct parser *p)
{
	struct options *opts = p->opts;
	const char *address[] = {opts->bind, opts->role == ROLE_CLIENT ? opts->host : NULL};
	const char *label[] = {"-b", "-c"};
	int family[2];

	for (int i = 0; i < 2; i++) {
		family[i] = address[i] ? numeric_family(address[i]) : AF_UNSPEC;
		if (family[i] != AF_UNSPEC && opts->family != AF_UNSPEC &&
		    family[i] != opts->family)
			return bad(p, "%s %s: not an IPv%c address, but -%c was given", label[i],
				   address[i], opts->family == AF_INET ? '4' : '6',
				   opts->family == AF_INET ? '4' : '6');
	}
	if (family[0] != AF_UNSPEC && family[1] != AF_UNSPEC && family[0] != family[1])
		return bad(p, "-b %s and -c %s: one is IPv4, the other IPv6", opts->bind,
			   opts->host);
	/* A name is looked up for the family that we connect from. */
	if (opts->family == AF_UNSPEC)
		opts->family = family[0];
	return 0;
}

unsigned options_mtu_max(const struct options *opts)
{
	return (opts->key ? FRAME_KEYED_PACKET_MAX : FRAME_PAYLOAD_MAX) -
	       (opts->kind == PACKET_ETHER ? ETHER_HEADER_LEN : 0u);
}

/* What must fit together. */
static int options_check(struct parser *p)
{
	struct options *opts = p->opts;

	if (opts->role == ROLE_NONE)
		return bad(p, "-s or -c HOST is missing: is this the server or the client?");
	if (was_given(p, 'u') && was_given(p, 'a'))
		return bad(p, "-u and -a exclude each other");
	if (was_given(p, 'q') && was_given(p, 'd'))
		return bad(p, "-q and -d exclude each other");
	if (opts->role == ROLE_CLIENT && opts->port == 0)
		return bad(p, "-p 0: a client must know the server's port");
	if (opts->role == ROLE_CLIENT && opts->ready == READY_LISTENING)
		return bad(p, "--ready listening: a client does not listen");
	if (opts->mtu > options_mtu_max(opts))
		return bad(p, "-m %u: with%s%s at most %u, since %s for the 16-bit length",
			   opts->mtu, opts->kind == PACKET_ETHER ? " -a" : "",
			   opts->key ? " -k" : "", options_mtu_max(opts),
			   opts->key ? "what seals a packet counts" : "the Ethernet header counts");
	if (opts->key && !strcmp(opts->key, "-") && opts->exit_fd == 0)
		return bad(p, "-k - and --exit-fd 0 both want standard input");
	if (opts->bridge && opts->kind != PACKET_ETHER)
		return bad(p, "--bridge %s: goes with a tap, -a", opts->bridge);
	if ((opts->owner || opts->group) && !opts->persist)
		return bad(p, "--owner and --group go with --persist: else the device ends with "
			      "the tunnel");
	if (opts->meter && (opts->daemon || opts->quiet))
		return bad(p, "--meter goes with neither -D nor -q: it needs the terminal");
	if (opts->ready_fd != OPTIONS_NO_FD && opts->ready_fd == opts->exit_fd)
		return bad(p, "--ready-fd and --exit-fd name the same descriptor, %d",
			   opts->exit_fd);
	if (check_families(p) < 0)
		return -1;
	default_prefix_lengths(opts);
	return check_addresses(p);
}

static void options_defaults(struct options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->kind = PACKET_IP;
	opts->port = DEFAULT_PORT;
	opts->family = AF_UNSPEC;
	opts->timeout_s = DEFAULT_TIMEOUT_S;
	opts->ready_fd = opts->exit_fd = OPTIONS_NO_FD;
}

/* Defaults that depend on what else was given. */
static void options_complete(struct options *opts)
{
	if (!opts->dev[0])
		strcpy(opts->dev, opts->kind == PACKET_ETHER ? "tap%d" : "tun%d");
	if (opts->ready == READY_DEFAULT)
		opts->ready = opts->role == ROLE_SERVER ? READY_LISTENING : READY_CONNECTED;
	if (!opts->naddresses && !opts->no_address && !opts->bridge) {
		struct prefix *prefix = &opts->addresses[opts->naddresses++];

		opts->default_address = 1;
		prefix->family = AF_INET;
		prefix->prefix_len = 24;
		inet_pton(AF_INET, opts->role == ROLE_SERVER ? "172.16.3.1" : "172.16.3.2",
			  &prefix->in);
	}
}

/* What one option says; @value is NULL for an option without. */
static enum options_result take(struct parser *p, const struct option_row *row, const char *value)
{
	if (row->letter == 'h')
		return OPTIONS_HELP;
	if (row->letter == 'V')
		return OPTIONS_VERSION;
	if (!strcmp(row->name, "genkey"))
		return OPTIONS_GENKEY;
	return apply(p, row, value) < 0 ? OPTIONS_BAD : OPTIONS_RUN;
}

/* The next word, which an option without an attached value takes. */
static const char *next_word(struct parser *p, const struct option_row *row, int argc,
			     char *const argv[], int *at)
{
	if (*at + 1 < argc)
		return argv[++*at];
	bad(p, "%s: needs a value, %s", p->label, row->arg);
	return NULL;
}

/* "-xVALUE", "-x VALUE" or a cluster of letters. */
static enum options_result parse_letters(struct parser *p, int argc, char *const argv[], int *at)
{
	const char *word = argv[*at];
	char label[3] = "-";

	p->label = label;
	for (const char *c = word + 1; *c; c++) {
		const struct option_row *row = find_letter(*c);
		const char *value = NULL;
		enum options_result result;

		label[1] = *c;
		if (!row) {
			bad(p, word[2] ? "%s: no such option, in %s" : "%s: no such option", label,
			    word);
			return OPTIONS_BAD;
		}
		if (row->arg) {
			value = c[1] ? c + 1 : next_word(p, row, argc, argv, at);
			if (!value)
				return OPTIONS_BAD;
		}
		result = take(p, row, value);
		if (result != OPTIONS_RUN || row->arg)
			return result;
	}
	return OPTIONS_RUN;
}

/* "--name", "--name VALUE" or "--name=VALUE". */
static enum options_result parse_name(struct parser *p, int argc, char *const argv[], int *at)
{
	char label[2 + 16 + 1];
	const char *name = argv[*at] + 2;
	size_t len = strcspn(name, "=");
	const struct option_row *row = find_name(name, len);
	const char *value = name[len] ? name + len + 1 : NULL;

	if (!row) {
		bad(p, "--%.*s: no such option", (int)len, name);
		return OPTIONS_BAD;
	}
	snprintf(label, sizeof(label), "--%s", row->name);
	p->label = label;
	if (!row->arg && value) {
		bad(p, "%s=%s: takes no value", label, value);
		return OPTIONS_BAD;
	}
	if (row->arg && !value) {
		value = next_word(p, row, argc, argv, at);
		if (!value)
			return OPTIONS_BAD;
	}
	return take(p, row, value);
}

enum options_result options_parse(int argc, char *const argv[], struct options *opts,
				  char error[OPTIONS_ERROR_LEN])
{
	struct parser p = {.opts = opts, .error = error};
	enum options_result result;

	options_defaults(opts);
	for (int at = 1; at < argc; at++) {
		const char *word = argv[at];

		if (word[0] != '-' || !word[1] || !strcmp(word, "--")) {
			bad(&p, "%s: an option was expected, see tunnel -h", word);
			return OPTIONS_BAD;
		}
		if (word[1] == '-')
			result = parse_name(&p, argc, argv, &at);
		else
			result = parse_letters(&p, argc, argv, &at);
		if (result == OPTIONS_GENKEY && argc > 2) {
			bad(&p, "--genkey: goes with no other option");
			return OPTIONS_BAD;
		}
		if (result != OPTIONS_RUN)
			return result;
	}
	if (options_check(&p) < 0)
		return OPTIONS_BAD;
	options_complete(opts);
	return OPTIONS_RUN;
}

#define HELP_COLUMN 27

void options_help(char text[OPTIONS_HELP_LEN])
{
	size_t len = 0;

#define ADD(...) (len += (size_t)snprintf(text + len, OPTIONS_HELP_LEN - len, __VA_ARGS__))
	ADD("tunnel -s [options]          wait for the peer\n"
	    "tunnel -c HOST [options]     connect to the peer\n"
	    "tunnel --genkey              print a new key and exit\n"
	    "\n"
	    "A point-to-point tunnel: packets of a tun or tap device over one TCP connection.\n"
	    "\n");
	for (size_t i = 0; i < NROWS; i++) {
		const struct option_row *row = &table[i];
		int width = HELP_COLUMN - 8;

		if (row->type == TYPE_GROUP) {
			ADD("%s\n", row->name);
			continue;
		}
		ADD(row->letter ? "  -%c, " : "      ", row->letter);
		width -= (int)strlen(row->name);
		ADD("--%s", row->name);
		if (row->arg) {
			width -= (int)strlen(row->arg) + 1;
			ADD(" %s", row->arg);
		}
		ADD("%*s", width > 0 ? width : 1, "");
		for (const char *c = row->help; *c; c++) {
			if (*c == '\n')
				ADD("\n%*s", HELP_COLUMN, "");
			else
				ADD("%c", *c);
		}
		ADD("\n");
	}
	ADD("\n"
	    "Exit status: 0 ended by INT or TERM, or --once and the peer closed; 1 run-time or\n"
	    "system error; 2 usage; 3 device or address; 4 cannot listen, or with --once cannot\n"
	    "connect; 5 peer lost (--once); 6 the peer broke the protocol or does not hold the\n"
	    "key (--once); 124 --wait expired. Signals: INT, TERM end it; HUP drops the peer and\n"
	    "starts over; USR1 prints the counters.\n");
#undef ADD
}

const char *prefix_text(const struct prefix *prefix, char text[PREFIX_TEXT_LEN])
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(prefix->family, &prefix->in6, address, sizeof(address));
	snprintf(text, PREFIX_TEXT_LEN, "%s/%u", address, prefix->prefix_len);
	return text;
}
