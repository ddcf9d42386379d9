/* SPDX-License-Identifier: MIT */
/*
 * The command line: words in, a struct of checked values out, or an error text. Touches nothing.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define OPTIONS_MAX_ADDRESSES 16
#define OPTIONS_ERROR_LEN     256
#define OPTIONS_HOST_LEN      254 /* a DNS name has at most 253 characters, RFC 1035 */
#define OPTIONS_NO_FD	      (-1)

enum role { ROLE_NONE, ROLE_SERVER, ROLE_CLIENT };

/* What "ready" means. */
enum ready_state { READY_DEFAULT, READY_LISTENING, READY_CONNECTED };

/* An address and the length of its network prefix. */
struct prefix {
	int family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr in;
		struct in6_addr in6;
	};
	unsigned prefix_len; /* 0..32 or 0..128 */
};

/*
 * Everything the command line says. Strings are copies or point into argv and are never freed.
 * Zero or NULL means "not given" unless said otherwise.
 */
struct options {
	enum role role;
	char host[OPTIONS_HOST_LEN]; /* client: numeric address or name */

	/* device */
	char dev[IFNAMSIZ]; /* as given; may hold one %d */
	enum packet_kind kind;
	int no_address;	     /* -l none */
	int default_address; /* no -l: the device's own, else 172.16.3.x */
	unsigned naddresses;
	struct prefix addresses[OPTIONS_MAX_ADDRESSES];
	int has_peer;
	struct in_addr peer;
	unsigned mtu;
	const char *netns;
	const char *bridge;
	int persist;
	const char *owner, *group; /* names or numbers, for persist */
	int no_offload;

	/* connection */
	uint16_t port;	  /* 0: any, server only */
	const char *bind; /* numeric address */
	int family;	  /* AF_UNSPEC, AF_INET or AF_INET6 */
	const char *key;  /* file, or "-" for standard input */
	int once;
	unsigned wait_s;
	unsigned timeout_s;
	const char *congestion;
	int has_fwmark;
	uint32_t fwmark;
	const char *bind_dev;

	/* process */
	int daemon;
	enum ready_state ready; /* never READY_DEFAULT after options_parse() */
	int ready_fd, exit_fd;	/* OPTIONS_NO_FD when not given */
	const char *pidfile;
	const char *up, *down; /* commands for /bin/sh */
	const char *stats;     /* file */
	const char *pcap;      /* file, or "-" for standard output */
	int meter;
	unsigned debug; /* how often -d */
	int quiet;
};

enum options_result {
	OPTIONS_RUN,	 /* @opts is complete and consistent */
	OPTIONS_HELP,	 /* -h was given */
	OPTIONS_VERSION, /* -V was given */
	OPTIONS_GENKEY,	 /* --genkey was given */
	OPTIONS_BAD,	 /* a usage error: @error says which option, which value and why */
};

/**
 * options_parse() - read and check the whole command line
 * @argc, @argv: as main() has them; argv is borrowed for as long as @opts is used
 * @opts:	filled completely; undefined after OPTIONS_BAD
 * @error:	one line without newline, only after OPTIONS_BAD
 *
 * Accepts -xVALUE, -x VALUE, clusters of letters, --name VALUE and --name=VALUE. An option with a
 * value may be given once, but for -l.
 */
enum options_result options_parse(int argc, char *const argv[], struct options *opts,
				  char error[OPTIONS_ERROR_LEN]);

/** options_mtu_max() - the largest MTU whose packets a frame can carry, for that kind and key */
unsigned options_mtu_max(const struct options *opts);

#define OPTIONS_HELP_LEN 8192

/** options_help() - the text of -h, made from the table that the parser uses */
void options_help(char text[OPTIONS_HELP_LEN]);

#define PREFIX_TEXT_LEN (INET6_ADDRSTRLEN + 4)

/** prefix_text() - "172.16.3.1/24"; returns @text */
const char *prefix_text(const struct prefix *prefix, char text[PREFIX_TEXT_LEN]);

#endif
