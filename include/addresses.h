/* SPDX-License-Identifier: MIT */
/*
 * The addresses on the tunnel's device: those that were asked for, set or found there.
 */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <net/if.h>

#include "netdev.h"
#include "options.h"

/* Those of the device that we know of, all zero before the first call. */
struct addresses {
	unsigned naddresses;
	struct address {
		struct prefix prefix;
		int is_ours;	      /* set by us, not found on it */
		char label[IFNAMSIZ]; /* IPv4, ours: what the ioctls know it by */
	} list[OPTIONS_MAX_ADDRESSES];
};

/**
 * addresses_set() - give the device the addresses that @opts say
 * @a:		set to them
 * @net:	not up yet when it is new; the caller is in its namespace
 * @error:	filled on failure: what failed, why, and the remedy
 *
 * An address that is on it already is left alone. The default address is for a device that has no IPv4
 * address yet; when setting that one lacks privilege, it is said and no failure.
 *
 * Return: 0, or -1 and then @a has what was set until then, for addresses_remove().
 */
int addresses_set(struct addresses *a, const struct netdev *net, const struct options *opts,
		  char error[NETDEV_ERROR_LEN]);

/**
 * addresses_restore() - put back the IPv6 addresses, as far as they are not there
 *
 * The kernel removes those of a device that goes down. It keeps the IPv4 ones.
 */
void addresses_restore(const struct addresses *a, const struct netdev *net);

/** addresses_remove() - take away what we have set, and is still ours, from a device that stays */
void addresses_remove(const struct addresses *a, const struct netdev *net);

#define ADDRESSES_TEXT_LEN (OPTIONS_MAX_ADDRESSES * PREFIX_TEXT_LEN)

/** addresses_text() - "172.16.3.1/24,fd00::1/64" or "none"; returns @text */
const char *addresses_text(const struct addresses *a, char text[ADDRESSES_TEXT_LEN]);

#endif
