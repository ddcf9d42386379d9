/* SPDX-License-Identifier: MIT */
/* Telling a service manager, by the protocol of sd_notify(3). */
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* Return: 0 or -errno. A name in the abstract namespace begins, and need not end, with a zero. */
static int set_address(struct notify *n, const char *name)
{
	size_t len = strlen(name);
	int is_abstract = *name == '@';

	if (*name != '/' && !is_abstract)
		return -EAFNOSUPPORT;
	if (len < 2)
		return -EINVAL;
	if (len + (is_abstract ? 0 : 1) > sizeof(n->addr.sun_path))
		return -ENAMETOOLONG;
	n->addr.sun_family = AF_UNIX;
	memcpy(n->addr.sun_path, name, len);
	if (is_abstract)
		n->addr.sun_path[0] = 0;
	n->addr_len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (is_abstract ? 0 : 1));
	return 0;
}

void notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int err;

	*n = (struct notify){.fd = -1};
	if (!name)
		return;
	err = set_address(n, name);
	if (!err) {
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		err = n->fd < 0 ? -errno : 0;
	}
	if (err)
		log_debug("NOTIFY_SOCKET %s: %s", name, strerror(-err));
	unsetenv("NOTIFY_SOCKET");
}

int notify_enabled(const struct notify *n)
{
	return n->fd >= 0;
}

int notify_send(struct notify *n, const char *fmt, ...)
{
	char text[NOTIFY_TEXT_LEN];
	va_list ap;
	int len;

	if (n->fd < 0)
		return 0;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(text))
		len = (int)sizeof(text) - 1;
	if (len < 0)
		return 0;
	/* Addressed anew each time, since the receiver may have been replaced. */
	if (sendto(n->fd, text, (size_t)len, MSG_NOSIGNAL, (struct sockaddr *)&n->addr,
		   n->addr_len) >= 0)
		return 0;
	if (errno == EAGAIN)
		return -EAGAIN;
	if (!n->has_failed)
		log_debug("NOTIFY_SOCKET: %s", strerror(errno));
	n->has_failed = 1;
	return 0;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
