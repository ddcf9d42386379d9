/* SPDX-License-Identifier: MIT */
/* The TCP connection under the tunnel. */
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h> /* SIOCOUTQ */
#include <linux/tcp.h>	   /* whose tcp_info is longer than glibc's */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

#define LISTEN_BACKLOG 16

/* Keepalive: probes every sixth of the timeout, the last one when it is over. */
#define KEEPALIVE_PROBES 4

__attribute__((format(printf, 2, 3))) static int fail(char error[TRANSPORT_ERROR_LEN],
						      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, TRANSPORT_ERROR_LEN, fmt, ap);
	va_end(ap);
	return -1;
}

int endpoint_parse(struct endpoint *e, const char *address, uint16_t port)
{
	size_t len = strcspn(address, "%");
	char head[INET6_ADDRSTRLEN];
	const char *scope;

	memset(e, 0, sizeof(*e));
	if (inet_pton(AF_INET, address, &e->in.sin_addr) == 1) {
		e->in.sin_family = AF_INET;
		e->in.sin_port = htons(port);
		return 0;
	}
	if (len >= sizeof(head))
		return -EINVAL;
	memcpy(head, address, len);
	head[len] = 0;
	if (inet_pton(AF_INET6, head, &e->in6.sin6_addr) != 1)
		return -EINVAL;
	e->in6.sin6_family = AF_INET6;
	e->in6.sin6_port = htons(port);
	scope = address + len + (address[len] == '%');
	if (*scope) {
		e->in6.sin6_scope_id = if_nametoindex(scope);
		if (!e->in6.sin6_scope_id && strspn(scope, "0123456789") == strlen(scope))
			e->in6.sin6_scope_id = (uint32_t)strtoul(scope, NULL, 10);
		if (!e->in6.sin6_scope_id)
			return -ENODEV;
	}
	return 0;
}

void endpoint_from(struct endpoint *e, const struct sockaddr *sa)
{
	memset(e, 0, sizeof(*e));
	if (sa->sa_family == AF_INET) {
		memcpy(&e->in, sa, sizeof(e->in));
		return;
	}
	memcpy(&e->in6, sa, sizeof(e->in6));
	if (IN6_IS_ADDR_V4MAPPED(&e->in6.sin6_addr)) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = e->in6.sin6_port};

		memcpy(&in.sin_addr, e->in6.sin6_addr.s6_addr + 12, sizeof(in.sin_addr));
		e->in = in;
	}
}

uint16_t endpoint_port(const struct endpoint *e)
{
	return ntohs(e->sa.sa_family == AF_INET ? e->in.sin_port : e->in6.sin6_port);
}

const char *endpoint_text(const struct endpoint *e, char text[ENDPOINT_TEXT_LEN])
{
	char address[INET6_ADDRSTRLEN], scope[IFNAMSIZ + 1] = "";

	if (e->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &e->in.sin_addr, address, sizeof(address));
		snprintf(text, ENDPOINT_TEXT_LEN, "%s:%u", address, endpoint_port(e));
		return text;
	}
	inet_ntop(AF_INET6, &e->in6.sin6_addr, address, sizeof(address));
	if (e->in6.sin6_scope_id && if_indextoname(e->in6.sin6_scope_id, scope + 1))
		scope[0] = '%';
	snprintf(text, ENDPOINT_TEXT_LEN, "[%s%s]:%u", address, scope, endpoint_port(e));
	return text;
}

int endpoint_same_host(const struct endpoint *a, const struct endpoint *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return 0;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) &&
	       a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

static socklen_t endpoint_len(const struct endpoint *e)
{
	return e->sa.sa_family == AF_INET ? sizeof(e->in) : sizeof(e->in6);
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Liveness and latency: what every connection has. */
static void set_connection_options(int fd, const struct options *opts)
{
	int timeout_s = (int)opts->timeout_s;
	int interval_s = timeout_s >= 6 ? timeout_s / 6 : 1;
	int idle_s = timeout_s - KEEPALIVE_PROBES * interval_s;

	(void)set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	(void)set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle_s >= 1 ? idle_s : 1);
	(void)set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval_s);
	(void)set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
	(void)set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeout_s * 1000);
	(void)set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* What the user chose and what may fail. @culprit is set to the option that did. */
static int set_chosen_options(int fd, const struct options *opts, const char **culprit)
{
	int err = 0;

	if (opts->congestion) {
		*culprit = "--congestion";
		if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, opts->congestion,
			       (socklen_t)strlen(opts->congestion)) < 0)
			err = -errno;
	}
	if (!err && opts->has_fwmark) {
		*culprit = "--fwmark";
		err = set_int(fd, SOL_SOCKET, SO_MARK, (int)opts->fwmark);
	}
	if (!err && opts->bind_dev) {
		*culprit = "--bind-dev";
		if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, opts->bind_dev,
			       (socklen_t)strlen(opts->bind_dev)) < 0)
			err = -errno;
	}
	return err;
}

static int chosen_options_error(const struct options *opts, const char *culprit, int err,
				char error[TRANSPORT_ERROR_LEN])
{
	if (!strcmp(culprit, "--congestion"))
		return fail(error,
			    "--congestion %s: %s; /proc/sys/net/ipv4/"
			    "tcp_available_congestion_control lists what there is, \"modprobe "
			    "tcp_%s\" may add it",
			    opts->congestion,
			    err == -ENOENT ? "the kernel does not have it" : strerror(-err),
			    opts->congestion);
	if (!strcmp(culprit, "--bind-dev") && err == -ENODEV)
		return fail(error, "--bind-dev %s: there is no such device", opts->bind_dev);
	if (err == -EPERM)
		return fail(error, "%s needs CAP_NET_ADMIN or CAP_NET_RAW; run as root", culprit);
	return fail(error, "%s: %s", culprit, strerror(-err));
}

static int make_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int listen_error(const struct options *opts, const struct endpoint *local, int err,
			char error[TRANSPORT_ERROR_LEN])
{
	char text[ENDPOINT_TEXT_LEN];

	switch (err) {
	case -EADDRINUSE:
		return fail(error,
			    "port %u is in use, maybe by another tunnel (\"ss -ltnp\" tells); "
			    "choose another with -p, or -p 0 for any free one",
			    opts->port);
	case -EADDRNOTAVAIL:
		return fail(error, "-b %s: this host does not have that address", opts->bind);
	case -EACCES:
		return fail(error, "port %u: ports below 1024 need root; choose another with -p",
			    opts->port);
	default:
		return fail(error, "cannot listen on %s: %s", endpoint_text(local, text),
			    strerror(-err));
	}
}

/* Return: the family to listen on when the user chose none: IPv6, which takes IPv4 as well. */
static int listen_socket(const struct options *opts, const struct endpoint *local, int *family)
{
	int fd;

	*family = opts->bind ? local->sa.sa_family : opts->family;
	if (*family != AF_UNSPEC)
		return make_socket(*family);
	*family = AF_INET6;
	fd = make_socket(AF_INET6);
	if (fd >= 0 && set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	*family = AF_INET;
	return make_socket(AF_INET);
}

int transport_listen(const struct options *opts, uint16_t *port, char error[TRANSPORT_ERROR_LEN])
{
	struct endpoint local = {0};
	socklen_t len = sizeof(local);
	const char *culprit;
	int fd, family, err;

	if (opts->bind && endpoint_parse(&local, opts->bind, opts->port) < 0)
		return fail(error, "-b %s: there is no such device", opts->bind);
	fd = listen_socket(opts, &local, &family);
	if (fd < 0)
		return fail(error, "cannot make an IPv%c socket: %s", family == AF_INET ? '4' : '6',
			    strerror(-fd));
	if (!opts->bind) {
		local.sa.sa_family = (sa_family_t)family;
		if (family == AF_INET)
			local.in.sin_port = htons(opts->port);
		else
			local.in6.sin6_port = htons(opts->port);
	}
	if (family == AF_INET6 && (opts->bind || opts->family == AF_INET6))
		(void)set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	(void)set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_connection_options(fd, opts);
	err = set_chosen_options(fd, opts, &culprit);
	if (err < 0) {
		chosen_options_error(opts, culprit, err, error);
		close(fd);
		return -1;
	}
	if (bind(fd, &local.sa, endpoint_len(&local)) < 0 || listen(fd, LISTEN_BACKLOG) < 0 ||
	    getsockname(fd, &local.sa, &len) < 0) {
		listen_error(opts, &local, -errno, error);
		close(fd);
		return -1;
	}
	*port = endpoint_port(&local);
	return fd;
}

int transport_accept(int listen_fd, const struct options *opts, struct endpoint *peer)
{
	struct endpoint from;
	socklen_t len = sizeof(from);
	int fd = accept4(listen_fd, &from.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	endpoint_from(peer, &from.sa);
	set_connection_options(fd, opts);
	return fd;
}

int transport_check(const struct options *opts, char error[TRANSPORT_ERROR_LEN])
{
	const char *culprit;
	int fd, err;

	fd = make_socket(opts->family == AF_INET6 ? AF_INET6 : AF_INET);
	if (fd < 0)
		return fail(error, "cannot make a socket: %s", strerror(-fd));
	err = set_chosen_options(fd, opts, &culprit);
	close(fd);
	return err < 0 ? chosen_options_error(opts, culprit, err, error) : 0;
}

int transport_connect(const struct options *opts, const struct endpoint *peer)
{
	struct endpoint local;
	const char *culprit;
	int fd, err;

	fd = make_socket(peer->sa.sa_family);
	if (fd < 0)
		return fd;
	set_connection_options(fd, opts);
	err = set_chosen_options(fd, opts, &culprit);
	if (!err && opts->bind) {
		if (endpoint_parse(&local, opts->bind, 0) < 0)
			err = -EADDRNOTAVAIL;
		else if (bind(fd, &local.sa, endpoint_len(&local)) < 0)
			err = -errno;
	}
	if (!err && connect(fd, &peer->sa, endpoint_len(peer)) < 0 && errno != EINPROGRESS)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/*
 * A client that knocks at a free port of its own host may get just that port as its own, and then
 * TCP's simultaneous open connects it to itself.
 */
static int is_own_echo(int fd)
{
	struct endpoint local = {0}, remote = {0};
	socklen_t local_len = sizeof(local), remote_len = sizeof(remote);

	return getsockname(fd, &local.sa, &local_len) == 0 &&
	       getpeername(fd, &remote.sa, &remote_len) == 0 &&
	       endpoint_same_host(&local, &remote) &&
	       endpoint_port(&local) == endpoint_port(&remote);
}

int transport_result(int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	if (!err && is_own_echo(fd))
		err = ECONNREFUSED;
	return -err;
}

void transport_set_lowat(int fd, size_t bytes)
{
	(void)set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, (int)bytes);
}

struct transport_facts transport_facts(int fd)
{
	struct transport_facts facts = {0};
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info)); /* an older kernel fills less of it */
	if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return facts;
	facts.rate = info.tcpi_delivery_rate;
	facts.rtt_us = info.tcpi_rtt;
	return facts;
}

/* Has the peer's kernel taken all that we have sent? */
static int is_delivered(int fd)
{
	int nbytes = 0;

	return ioctl(fd, SIOCOUTQ, &nbytes) == 0 && nbytes == 0;
}

void transport_linger(int fd, unsigned wait_ms)
{
	enum { TRY_MS = 10 };
	const int64_t begin_ms = clock_ms();
	struct pollfd socket = {.fd = fd, .events = POLLIN};
	char buf[65536];
	int64_t waited_ms = 0;

	shutdown(fd, SHUT_WR);
	while (waited_ms < (is_delivered(fd) ? wait_ms / 4 : wait_ms)) {
		ssize_t n;

		poll(&socket, 1, TRY_MS);
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return;
		waited_ms = clock_ms() - begin_ms;
	}
}

void transport_close(int fd)
{
	enum { DRAIN_LIMIT = 64 }; /* reads; a peer that sends for ever must not hold us */
	char buf[65536];

	shutdown(fd, SHUT_WR);
	for (int i = 0; i < DRAIN_LIMIT && recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0; i++)
		;
	close(fd);
}
