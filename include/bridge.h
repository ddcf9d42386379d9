/* SPDX-License-Identifier: MIT */
/*
 * Making the tunnel's tap a port of a bridge, and taking it out again.
 *
 *	bridge_find, bridge_take_mtu unless one was asked for, bridge_join ... bridge_leave
 *
 * All zero, or without a name, no bridge was asked for, and they do nothing.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include "netdev.h"
#include "options.h"

/* The bridge as it was found, and what we have done for it. */
struct bridge {
	const char *name; /* as given; NULL: none was asked for */
	int ifindex;
	unsigned mtu;
	int is_up;
	int has_us;	     /* our device was a port of it already */
	int is_joined;	     /* we have put our device into it */
	unsigned mtu_before; /* our device's, until it took the bridge's, or 0 */
};

/**
 * bridge_find() - is it there, is it a bridge, and has our device the right master or none?
 * @name:	borrowed for as long as @bridge is used, or NULL
 * @net:	the caller is in its namespace
 * @error:	filled on failure, here and below: what failed, why, and the remedy
 *
 * That it is down is said and no failure.
 *
 * Return: 0 or -1.
 */
int bridge_find(struct bridge *bridge, const struct netdev *net, const char *name,
		char error[NETDEV_ERROR_LEN]);

/**
 * bridge_take_mtu() - give our device the bridge's MTU, unless it is a port of it already
 * @opts:	tell how large it may be
 *
 * A bridge takes over the smallest MTU of its ports, so the new port gets the bridge's first.
 *
 * Return: 0 or -1.
 */
int bridge_take_mtu(struct bridge *bridge, const struct netdev *net, const struct options *opts,
		    char error[NETDEV_ERROR_LEN]);

/**
 * bridge_join() - put our device into it, unless it is there already
 * @net:	net->mtu is as it is now
 *
 * What our MTU, given with -m or found on the device, means to the bridge is said.
 *
 * Return: 0 or -1.
 */
int bridge_join(struct bridge *bridge, const struct netdev *net, char error[NETDEV_ERROR_LEN]);

/** bridge_leave() - what we have done is undone, unless somebody has changed it since */
void bridge_leave(const struct bridge *bridge, const struct netdev *net);

#endif
