/* SPDX-License-Identifier: MIT */
/*
 * Names to addresses without waiting: getaddrinfo() may take half a minute, so a child process calls
 * it, and its answer is a descriptor that becomes readable.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <signal.h>
#include <sys/types.h>

#include "transport.h"

#define RESOLVER_MAX_ENDPOINTS 16

struct resolver {
	int fd; /* readable when the answer is there; -1 when nothing was asked */
	pid_t pid;
};

/* A host's addresses, in the order in which they are to be tried. */
struct endpoint_list {
	unsigned n;
	struct endpoint endpoints[RESOLVER_MAX_ENDPOINTS];
};

/**
 * resolver_ask() - start looking up @host
 * @family:	AF_UNSPEC, AF_INET or AF_INET6
 * @signals:	the signal mask for the child, which must die by the usual signals
 *
 * Return: 0 and resolver.fd is to be watched, or -errno.
 */
int resolver_ask(struct resolver *r, const char *host, uint16_t port, int family,
		 const sigset_t *signals);

/**
 * resolver_answer() - take the answer once resolver.fd is readable
 *
 * Return: NULL and @list has one or more, or a text that says why there is none; static.
 */
const char *resolver_answer(struct resolver *r, struct endpoint_list *list);

/** resolver_cancel() - forget the question, if there is one */
void resolver_cancel(struct resolver *r);

#endif
