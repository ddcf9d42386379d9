/* SPDX-License-Identifier: MIT */
/*
 * What a service manager is told, by the protocol of sd_notify(3), without libsystemd: datagrams of
 * lines "VARIABLE=value" to the socket that NOTIFY_SOCKET names.
 *
 * Nothing here ever waits, and no failure harms: the first is a debug line, and that is all.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#define NOTIFY_TEXT_LEN 512 /* of a message, with its zero */

struct notify {
	int fd; /* -1: there is nobody to tell */
	struct sockaddr_un addr;
	socklen_t addr_len;
	int has_failed; /* that has been said */
};

/**
 * notify_open() - take NOTIFY_SOCKET out of the environment and prepare to send there
 *
 * For the start, before there is another process: no child sees the variable. An absolute path, or
 * "@" and the name of an abstract socket, which is looked for in the network namespace of this
 * moment. Without the variable, or with one that makes no sense, the others do nothing.
 */
void notify_open(struct notify *n);

/** notify_enabled() - is there anybody to tell? For messages that cost work to make. */
int notify_enabled(const struct notify *n);

/**
 * notify_send() - send one message; @fmt: its lines, with newlines between them; longer ones are cut
 *
 * Return: 0, also when it failed for good or nobody is to be told, or -EAGAIN when the receiver is
 * behind, and the same may work later.
 */
int notify_send(struct notify *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void notify_close(struct notify *n);

#endif
