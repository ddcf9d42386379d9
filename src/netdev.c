/* SPDX-License-Identifier: MIT */
/* A network interface, asked and told by ioctl. */
#include "netdev.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What ioctl() takes: an int in POSIX and musl, not so in glibc. */
#ifdef __GLIBC__
typedef unsigned long ioctl_op;
#else
typedef int ioctl_op;
#endif

int netdev_open(struct netdev *net, char error[NETDEV_ERROR_LEN])
{
	net->inet_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (net->inet_fd < 0)
		return netdev_fail(error, "cannot make an IPv4 socket: %s", strerror(errno));
	net->inet6_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return 0;
}

void netdev_close(struct netdev *net)
{
	if (net->inet_fd >= 0)
		close(net->inet_fd);
	if (net->inet6_fd >= 0)
		close(net->inet6_fd);
	net->inet_fd = net->inet6_fd = -1;
}

int netdev_fail(char error[NETDEV_ERROR_LEN], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, NETDEV_ERROR_LEN, fmt, ap);
	va_end(ap);
	return -1;
}

int netdev_fd_ioctl(int fd, unsigned op, uintptr_t arg)
{
	return ioctl(fd, (ioctl_op)op, arg) < 0 ? -errno : 0;
}

void netdev_request_init(struct ifreq *req, const char *name)
{
	memset(req, 0, sizeof(*req));
	memcpy(req->ifr_name, name, strnlen(name, IFNAMSIZ - 1));
}

int netdev_ioctl(const struct netdev *net, unsigned op, struct ifreq *req)
{
	return netdev_fd_ioctl(net->inet_fd, op, (uintptr_t)req);
}

int netdev_index(const struct netdev *net, const char *name)
{
	struct ifreq req;
	int err;

	netdev_request_init(&req, name);
	err = netdev_ioctl(net, SIOCGIFINDEX, &req);
	return err < 0 ? err : req.ifr_ifindex;
}

int netdev_flags(const struct netdev *net, const char *name)
{
	struct ifreq req;
	int err;

	netdev_request_init(&req, name);
	err = netdev_ioctl(net, SIOCGIFFLAGS, &req);
	return err < 0 ? err : (unsigned short)req.ifr_flags;
}

int netdev_mtu(const struct netdev *net, const char *name)
{
	struct ifreq req;
	int err;

	netdev_request_init(&req, name);
	err = netdev_ioctl(net, SIOCGIFMTU, &req);
	return err < 0 ? err : req.ifr_mtu;
}

int netdev_driver(const struct netdev *net, const char *name, struct ethtool_drvinfo *info)
{
	struct ifreq req;

	memset(info, 0, sizeof(*info));
	info->cmd = ETHTOOL_GDRVINFO;
	netdev_request_init(&req, name);
	req.ifr_data = (void *)info;
	return netdev_ioctl(net, SIOCETHTOOL, &req);
}

int netdev_set_mtu(const struct netdev *net, unsigned mtu)
{
	struct ifreq req;

	netdev_request_init(&req, net->name);
	req.ifr_mtu = (int)mtu;
	return netdev_ioctl(net, SIOCSIFMTU, &req);
}
