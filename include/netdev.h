/* SPDX-License-Identifier: MIT */
/*
 * A network interface, asked and told by ioctl.
 *
 * Through sockets that were made in its network namespace, so that the caller stays in its own.
 */
#ifndef NETDEV_H
#define NETDEV_H

#include <net/if.h>
#include <stdint.h>

#define NETDEV_ERROR_LEN 512

/* The tunnel's own interface. All but the sockets is filled by the device. */
struct netdev {
	int inet_fd, inet6_fd; /* for ioctls; inet6_fd is -1 where the kernel has no IPv6 */
	char name[IFNAMSIZ];   /* follows a rename */
	int ifindex;	       /* in the namespace where it was opened */
	unsigned mtu;	       /* when it was last looked at */
	int existed;	       /* it was there before, and will be afterwards */
};

/**
 * netdev_open() - make the sockets, in the namespace that the caller is in
 * @error:	filled on failure
 *
 * Return: 0, or -1 and then there is nothing to close.
 */
int netdev_open(struct netdev *net, char error[NETDEV_ERROR_LEN]);

/** netdev_close() - close those of the sockets that are not -1 */
void netdev_close(struct netdev *net);

/** netdev_fail() - write an error text about an interface, cut to its buffer. Return: -1 */
__attribute__((format(printf, 2, 3))) int netdev_fail(char error[NETDEV_ERROR_LEN], const char *fmt,
						      ...);

/** netdev_fd_ioctl() - any ioctl. @arg: a pointer or a number. Return: 0 or -errno */
int netdev_fd_ioctl(int fd, unsigned op, uintptr_t arg);

/** netdev_request_init() - @req becomes all zero but for the interface's name */
void netdev_request_init(struct ifreq *req, const char *name);

/** netdev_ioctl() - an ioctl about the interface that @req tells, of any name. Return: 0 or -errno */
int netdev_ioctl(const struct netdev *net, unsigned op, struct ifreq *req);

/* Of the interface called @name, in the namespace of @net's sockets. */

/** netdev_index() - Return: its ifindex or -errno, -ENODEV when there is none */
int netdev_index(const struct netdev *net, const char *name);

/** netdev_flags() - Return: IFF_... of the lower 16 bits, or -errno */
int netdev_flags(const struct netdev *net, const char *name);

/** netdev_mtu() - Return: its MTU or -errno */
int netdev_mtu(const struct netdev *net, const char *name);

struct ethtool_drvinfo;

/**
 * netdev_driver() - its driver as ethtool tells it; sysfs would show the caller's namespace
 *
 * Return: 0 or -errno.
 */
int netdev_driver(const struct netdev *net, const char *name, struct ethtool_drvinfo *info);

/** netdev_set_mtu() - of @net itself; net->mtu is left as it is. Return: 0 or -errno */
int netdev_set_mtu(const struct netdev *net, unsigned mtu);

#endif
