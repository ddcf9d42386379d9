/* SPDX-License-Identifier: MIT */
/*
 * The TCP connection under the tunnel: endpoints, sockets and their options.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "options.h"

#define TRANSPORT_ERROR_LEN 512

/* An IPv4 or IPv6 address and port. IPv4 never hides in a v4-mapped IPv6 address. */
struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

#define ENDPOINT_TEXT_LEN (INET6_ADDRSTRLEN + IFNAMSIZ + 10)

/**
 * endpoint_parse() - a numeric address, maybe with a scope
 *
 * Return: 0, -EINVAL when it is none, -ENODEV when there is no such device as its scope names.
 */
int endpoint_parse(struct endpoint *e, const char *address, uint16_t port);

/** endpoint_from() - take what accept(), getsockname() or getaddrinfo() gave */
void endpoint_from(struct endpoint *e, const struct sockaddr *sa);

/** endpoint_text() - "192.0.2.1:55555" or "[2001:db8::1]:55555"; returns @text */
const char *endpoint_text(const struct endpoint *e, char text[ENDPOINT_TEXT_LEN]);

/** endpoint_same_host() - are the addresses equal, whatever the ports? */
int endpoint_same_host(const struct endpoint *a, const struct endpoint *b);

uint16_t endpoint_port(const struct endpoint *e);

/*
 * All sockets below are nonblocking and close-on-exec, without Nagle's delay, and find a peer that
 * has vanished: keepalive probes when idle, TCP_USER_TIMEOUT (RFC 5482) when not, both after
 * opts->timeout_s.
 */

/**
 * transport_listen() - the server's socket
 * @port:	set to the port, which the kernel chooses for opts->port 0
 * @error:	filled on failure with cause and remedy
 *
 * One socket for both families where the system has IPv6, unless options say otherwise.
 *
 * Return: a descriptor or -1.
 */
int transport_listen(const struct options *opts, uint16_t *port, char error[TRANSPORT_ERROR_LEN]);

/** transport_accept() - the next newcomer. Return: a descriptor or -errno, -EAGAIN for none */
int transport_accept(int listen_fd, const struct options *opts, struct endpoint *peer);

/**
 * transport_check() - would the socket options work? For a client, before it waits for its peer
 *
 * Return: 0, or -1 and @error is filled with cause and remedy.
 */
int transport_check(const struct options *opts, char error[TRANSPORT_ERROR_LEN]);

/**
 * transport_connect() - start to connect; it has succeeded or failed when the socket is writable
 *
 * Return: a descriptor or -errno.
 */
int transport_connect(const struct options *opts, const struct endpoint *peer);

/** transport_result() - how the attempt ended. Return: 0 or -errno */
int transport_result(int fd);

/**
 * transport_set_lowat() - keep at most about @bytes in the socket that TCP has not sent yet
 *
 * TCP_NOTSENT_LOWAT: send() takes no more than that, and the socket polls writable again when less
 * than half of it is left.
 */
void transport_set_lowat(int fd, size_t bytes);

/* What TCP knows of a connection; zeros when it knows nothing. */
struct transport_facts {
	uint64_t rate;	 /* what has been delivered lately, bytes a second */
	uint64_t rtt_us; /* smoothed round trip */
};

struct transport_facts transport_facts(int fd);

/**
 * transport_linger() - end our direction and wait for the peer to end its own
 * @wait_ms:	for that, at most; a quarter of it when the peer's kernel has all that we have sent
 *
 * What the peer has sent until then is dropped here. If it met a closed socket, it would be answered
 * with a reset, which could overtake our last bytes at the peer.
 */
void transport_linger(int fd, unsigned wait_ms);

/**
 * transport_close() - end a connection so that the peer sees an end, not a reset
 *
 * What was received and not read would turn the end into a reset; it is read and dropped, as far as
 * it is there.
 */
void transport_close(int fd);

#endif
