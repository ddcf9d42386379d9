/* SPDX-License-Identifier: MIT */
/*
 * What the test tools share: a table of sub-commands, one way to fail (a line with the cause, exit
 * status 1; 2 for a command line that makes no sense), deadlines, and TCP with a deadline.
 */
#ifndef TOOL_H
#define TOOL_H

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_PORT	5001
#define DEFAULT_WAIT_US 10000000
#define RETRY_US	20000 /* between attempts to connect: nothing tells when a listener comes */
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

struct command {
	const char *name;
	const char *usage;
	int (*run)(int argc, char **argv); /* argv[0] is the sub-command; returns the status */
};

/* The one that runs, for messages. */
static const struct command *tool_command;

struct deadline {
	int64_t at_us;
	int64_t span_us;
};

struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	};
	socklen_t len;
};

__attribute__((format(printf, 1, 2), noreturn)) static inline void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s %s: ", program_invocation_short_name, tool_command->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

__attribute__((format(printf, 1, 2), noreturn)) static inline void misused(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s %s: ", program_invocation_short_name, tool_command->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: %s %s %s\n", program_invocation_short_name, tool_command->name,
		tool_command->usage);
	exit(2);
}

/* Lines are events for whoever started us: out at once. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static inline int tool_main(int argc, char **argv, const struct command *commands, size_t n)
{
	for (size_t i = 0; argc > 1 && i < n; i++) {
		if (!strcmp(argv[1], commands[i].name)) {
			tool_command = &commands[i];
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s %s %s %s\n",
			i ? "      " : "usage:", program_invocation_short_name, commands[i].name,
			commands[i].usage);
	return 2;
}

/* ---- arguments ---- */

static inline uint64_t number_arg(const char *text, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > max)
		misused("\"%s\" is not a number from 0 to %llu", text, (unsigned long long)max);
	return value;
}

/* Decimals are welcome. Return: microseconds. */
static inline int64_t seconds_arg(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0 && seconds <= 1e6))
		misused("\"%s\" is not a number of seconds", text);
	return (int64_t)(seconds * 1e6);
}

enum arg_kind {
	ARG_FLAG,    /* int: set to 1 */
	ARG_TEXT,    /* const char *: borrowed from argv */
	ARG_NUMBER,  /* uint64_t: up to max */
	ARG_PORT,    /* uint16_t */
	ARG_SECONDS, /* int64_t, in microseconds */
};

struct arg {
	char letter;
	enum arg_kind kind;
	void *to;
	uint64_t max;
	const char *name; /* of a long option */
};

#define ARGS_MAX 16

static inline void arg_store(const struct arg *arg)
{
	switch (arg->kind) {
	case ARG_FLAG:
		*(int *)arg->to = 1;
		break;
	case ARG_TEXT:
		*(const char **)arg->to = optarg;
		break;
	case ARG_NUMBER:
		*(uint64_t *)arg->to = number_arg(optarg, arg->max);
		break;
	case ARG_PORT:
		*(uint16_t *)arg->to = (uint16_t)number_arg(optarg, UINT16_MAX);
		break;
	case ARG_SECONDS:
		*(int64_t *)arg->to = seconds_arg(optarg);
		break;
	}
}

/* Options, up to the first argument; then optind is its index. At most ARGS_MAX. */
static inline void parse_args(int argc, char **argv, const struct arg *args, size_t n)
{
	struct option long_options[ARGS_MAX + 1] = {0};
	char letters[2 + ARGS_MAX * 2] = "+";
	int letter;

	for (size_t i = 0, nlong = 0; i < n; i++) {
		char text[3] = {args[i].letter, args[i].kind == ARG_FLAG ? 0 : ':', 0};

		strcat(letters, text);
		if (args[i].name)
			long_options[nlong++] = (struct option){
				args[i].name, args[i].kind != ARG_FLAG, NULL, args[i].letter};
	}
	while ((letter = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		size_t i = 0;

		while (i < n && args[i].letter != letter)
			i++;
		if (i == n)
			misused("that is not understood");
		arg_store(&args[i]);
	}
}

/* One option each; the conditional is there to have the compiler check the pointer's type. */
#define TO(type, p) .to = 1 ? (p) : (type *)NULL
#define FLAG_ARG(l, p)                                      \
	{                                                   \
		.letter = (l), .kind = ARG_FLAG, TO(int, p) \
	}
#define TEXT_ARG(l, p)                                               \
	{                                                            \
		.letter = (l), .kind = ARG_TEXT, TO(const char *, p) \
	}
#define PORT_ARG(l, p)                                           \
	{                                                        \
		.letter = (l), .kind = ARG_PORT, TO(uint16_t, p) \
	}
#define SECONDS_ARG(l, p)                                          \
	{                                                          \
		.letter = (l), .kind = ARG_SECONDS, TO(int64_t, p) \
	}
#define NUMBER_ARG(l, p, m)                                                    \
	{                                                                      \
		.letter = (l), .kind = ARG_NUMBER, .max = (m), TO(uint64_t, p) \
	}
#define LONG_FLAG_ARG(l, n, p)                                           \
	{                                                                \
		.letter = (l), .name = (n), .kind = ARG_FLAG, TO(int, p) \
	}

/* ---- time ---- */

static inline int64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static inline struct deadline deadline_in(int64_t span_us)
{
	return (struct deadline){.at_us = clock_us() + span_us, .span_us = span_us};
}

static inline double deadline_s(const struct deadline *d)
{
	return (double)d->span_us / 1e6;
}

/* Poll @fds until something happens or the clock says @until_us. Return: as poll(). */
static inline int poll_until(struct pollfd *fds, size_t n, int64_t until_us)
{
	for (;;) {
		int64_t left_us = until_us - clock_us();
		struct timespec ts = {0};
		int count;

		if (left_us > 0) {
			ts.tv_sec = (time_t)(left_us / 1000000);
			ts.tv_nsec = (long)(left_us % 1000000 * 1000);
		}
		count = ppoll(fds, (nfds_t)n, &ts, NULL);
		if (count >= 0)
			return count;
		if (errno != EINTR)
			die("poll: %s", strerror(errno));
	}
}

static inline void pause_until(int64_t until_us)
{
	(void)poll_until(NULL, 0, until_us);
}

/* Return: 1 when @fd is ready, 0 at the deadline. */
static inline int wait_fd(int fd, short events, const struct deadline *d)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	return poll_until(&pfd, 1, d->at_us) > 0;
}

/* ---- bytes ---- */

/* A step of splitmix64: the same bytes for the same seed, everywhere. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* @len: rounded up to eight, @buf must have room for that. */
static inline void random_fill(uint64_t *state, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = random_next(state);

		memcpy(buf + i, &word, 8);
	}
}

static inline void *allocate(size_t len)
{
	void *p = calloc(1, len ? len : 1);

	if (!p)
		die("out of memory");
	return p;
}

/* ---- sockets ---- */

static inline struct address address_of(const char *host, uint16_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	struct address a = {.len = 0};
	char service[8];
	int err;

	snprintf(service, sizeof(service), "%u", port);
	err = getaddrinfo(host, service, &hints, &found);
	if (err)
		die("%s: %s", host, gai_strerror(err));
	memcpy(&a.storage, found->ai_addr, found->ai_addrlen);
	a.len = found->ai_addrlen;
	freeaddrinfo(found);
	return a;
}

/* Bound to @host, or to every address of both families where @host is NULL. */
static inline int bound_socket(const char *host, uint16_t port, int type)
{
	struct address a = address_of(host ? host : "::", port);
	int off = 0, on = 1, fd;

	fd = socket(a.sa.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && !host && errno == EAFNOSUPPORT) {
		a = address_of("0.0.0.0", port);
		fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (a.sa.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a.sa, a.len) < 0)
		die("bind %s port %u: %s", host ? host : "any", port, strerror(errno));
	return fd;
}

static inline uint16_t socket_port(int fd)
{
	struct address a = {.len = sizeof(a.storage)};

	if (getsockname(fd, &a.sa, &a.len) < 0)
		die("getsockname: %s", strerror(errno));
	return ntohs(a.sa.sa_family == AF_INET ? a.in.sin_port : a.in6.sin6_port);
}

static inline int tcp_listen(const char *host, uint16_t port)
{
	int fd = bound_socket(host, port, SOCK_STREAM);

	if (listen(fd, 64) < 0)
		die("listen: %s", strerror(errno));
	say("listening %u", socket_port(fd));
	return fd;
}

/* Return: a non-blocking socket. */
static inline int tcp_accept(int listen_fd, const struct deadline *d)
{
	for (;;) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			die("accept: %s", strerror(errno));
		if (!wait_fd(listen_fd, POLLIN, d))
			die("nobody connected within %g s", deadline_s(d));
	}
}

struct connect_setup {
	const char *host;
	uint16_t port;
	const char *local;	/* NULL: any */
	const char *congestion; /* NULL: the system's */
};

/* Return: a non-blocking socket, or -errno. */
static inline int tcp_try(const struct connect_setup *c, const struct address *to,
			  const struct deadline *d)
{
	int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(int);
	int err = 0;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (c->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, c->congestion,
					(socklen_t)strlen(c->congestion)) < 0)
		die("congestion control %s: %s", c->congestion, strerror(errno));
	if (c->local) {
		struct address from = address_of(c->local, 0);

		if (bind(fd, &from.sa, from.len) < 0)
			die("bind %s: %s", c->local, strerror(errno));
	}
	if (connect(fd, &to->sa, to->len) < 0)
		err = errno;
	if (err == EINPROGRESS) {
		if (!wait_fd(fd, POLLOUT, d))
			err = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = errno;
	}
	if (!err)
		return fd;
	close(fd);
	return -err;
}

/* Tries again while nobody listens or no route leads there. Return: a non-blocking socket. */
static inline int tcp_connect(const struct connect_setup *c, const struct deadline *d)
{
	struct address to = address_of(c->host, c->port);

	for (;;) {
		int fd = tcp_try(c, &to, d);

		if (fd >= 0)
			return fd;
		if (fd != -ECONNREFUSED && fd != -EHOSTUNREACH && fd != -ENETUNREACH &&
		    fd != -ETIMEDOUT)
			die("connect to %s port %u: %s", c->host, c->port, strerror(-fd));
		if (clock_us() + RETRY_US >= d->at_us)
			die("connect to %s port %u: %s; gave up after %g s", c->host, c->port,
			    strerror(-fd), deadline_s(d));
		pause_until(clock_us() + RETRY_US);
	}
}

#endif
