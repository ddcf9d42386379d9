/* SPDX-License-Identifier: MIT */
/* Making the tunnel's tap a port of a bridge, and taking it out again. */
#include "bridge.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

/* What has our device as a port, a bridge or another. Return: its ifindex, 0 for none, or -errno. */
static int find_master(const struct netdev *net)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} req = {.head = {.nlmsg_len = sizeof(req),
			  .nlmsg_type = RTM_GETLINK,
			  .nlmsg_flags = NLM_F_REQUEST},
		 .info = {.ifi_index = net->ifindex}};
	char buf[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *msg = (const struct nlmsghdr *)(void *)buf;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct rtattr *attr;
	int len, master = 0;
	ssize_t n = -1;

	if (fd >= 0 && send(fd, &req, sizeof(req), 0) == sizeof(req))
		n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0)
		master = -errno;
	if (fd >= 0)
		close(fd);
	if (n < 0 || !NLMSG_OK(msg, (unsigned)n) || msg->nlmsg_type != RTM_NEWLINK)
		return n < 0 ? master : -EPROTO;
	attr = IFLA_RTA(NLMSG_DATA(msg));
	len = (int)IFLA_PAYLOAD(msg);
	while (RTA_OK(attr, len)) {
		int step = (int)RTA_ALIGN(attr->rta_len);

		if (attr->rta_type == IFLA_MASTER)
			memcpy(&master, RTA_DATA(attr), sizeof(master));
		attr = (const struct rtattr *)(const void *)((const char *)attr + step);
		len -= step;
	}
	return master;
}

/* Is it there, and is it a bridge? */
static int look_at_bridge(struct bridge *bridge, const struct netdev *net,
			  char error[NETDEV_ERROR_LEN])
{
	struct ethtool_drvinfo info;
	int ifindex = netdev_index(net, bridge->name);
	int mtu = ifindex < 0 ? ifindex : netdev_mtu(net, bridge->name);
	int flags = mtu < 0 ? mtu : netdev_flags(net, bridge->name);

	if (flags == -ENODEV)
		return netdev_fail(
			error,
			"--bridge %s: there is no such device where %s is; make it with \"ip "
			"link add %s type bridge\"",
			bridge->name, net->name, bridge->name);
	if (flags < 0)
		return netdev_fail(error, "--bridge %s: %s", bridge->name, strerror(-flags));
	if (netdev_driver(net, bridge->name, &info) < 0 || strcmp(info.driver, "bridge") != 0)
		return netdev_fail(
			error,
			"--bridge %s: it is not a bridge; \"ip link show type bridge\" tells "
			"which there are",
			bridge->name);
	bridge->ifindex = ifindex;
	bridge->mtu = (unsigned)mtu;
	bridge->is_up = flags & IFF_UP;
	return 0;
}

/* Has our device the right master or none? */
static int look_at_master(struct bridge *bridge, const struct netdev *net,
			  char error[NETDEV_ERROR_LEN])
{
	int master = find_master(net);
	struct ifreq req;

	if (master < 0)
		return netdev_fail(error, "%s: cannot ask for its bridge: %s", net->name,
				   strerror(-master));
	bridge->has_us = master == bridge->ifindex;
	if (!master || bridge->has_us)
		return 0;
	memset(&req, 0, sizeof(req));
	req.ifr_ifindex = master;
	if (netdev_ioctl(net, SIOCGIFNAME, &req) < 0)
		strcpy(req.ifr_name, "another");
	return netdev_fail(error,
			   "--bridge %s: %s is in %s already; take it out with \"ip link set %s "
			   "nomaster\"",
			   bridge->name, net->name, req.ifr_name, net->name);
}

int bridge_find(struct bridge *bridge, const struct netdev *net, const char *name,
		char error[NETDEV_ERROR_LEN])
{
	memset(bridge, 0, sizeof(*bridge));
	bridge->name = name;
	if (!name)
		return 0;
	if (look_at_bridge(bridge, net, error) < 0 || look_at_master(bridge, net, error) < 0)
		return -1;
	if (!bridge->is_up)
		log_notice("--bridge %s: it is down; set it up with \"ip link set %s up\"", name,
			   name);
	return 0;
}

static int port_error(const struct netdev *net, const struct bridge *bridge, int err,
		      char error[NETDEV_ERROR_LEN])
{
	char mtu[32] = "";

	if (net->mtu != bridge->mtu)
		snprintf(mtu, sizeof(mtu), "mtu %u ", bridge->mtu);
	if (err == -EPERM)
		return netdev_fail(
			error,
			"--bridge %s: putting %s into it needs CAP_NET_ADMIN; run as root, or "
			"have root do it with \"ip link set %s %smaster %s\"",
			bridge->name, net->name, net->name, mtu, bridge->name);
	if (err == -EXFULL || err == -ENOSPC)
		return netdev_fail(error, "--bridge %s: it has no room for another port",
				   bridge->name);
	return netdev_fail(error, "--bridge %s: cannot put %s into it: %s", bridge->name, net->name,
			   strerror(-err));
}

int bridge_take_mtu(struct bridge *bridge, const struct netdev *net, const struct options *opts,
		    char error[NETDEV_ERROR_LEN])
{
	unsigned max = options_mtu_max(opts);
	int err;

	if (!bridge->name || bridge->has_us || bridge->mtu == net->mtu)
		return 0;
	if (bridge->mtu > max)
		return netdev_fail(
			error,
			"--bridge %s: its MTU is %u, and this tunnel's can be %u; choose one for "
			"%s with -m",
			bridge->name, bridge->mtu, max, net->name);
	err = netdev_set_mtu(net, bridge->mtu);
	if (err < 0)
		return port_error(net, bridge, err, error);
	bridge->mtu_before = net->mtu;
	return 0;
}

static void compare_mtu(const struct bridge *bridge, const struct netdev *net)
{
	int mtu = netdev_mtu(net, bridge->name);
	unsigned now = (unsigned)mtu;

	if (mtu < 0)
		return;
	if (now != bridge->mtu)
		log_notice(
			"the MTU of %s is %u now, it was %u: a bridge follows its smallest port, and "
			"%s has %u; leave -m out to keep the bridge's",
			bridge->name, now, bridge->mtu, net->name, net->mtu);
	else if (now > net->mtu)
		log_notice("the MTU of %s is %u: what is longer than the %u of %s does not pass %s",
			   bridge->name, now, net->mtu, net->name, net->name);
}

int bridge_join(struct bridge *bridge, const struct netdev *net, char error[NETDEV_ERROR_LEN])
{
	struct ifreq req;
	int err;

	if (!bridge->name)
		return 0;
	if (!bridge->has_us) {
		netdev_request_init(&req, bridge->name);
		req.ifr_ifindex = net->ifindex;
		err = netdev_ioctl(net, SIOCBRADDIF, &req);
		if (err < 0)
			return port_error(net, bridge, err, error);
		bridge->is_joined = 1;
	}
	compare_mtu(bridge, net);
	return 0;
}

void bridge_leave(const struct bridge *bridge, const struct netdev *net)
{
	struct ifreq req;

	memset(&req, 0, sizeof(req));
	req.ifr_ifindex = bridge->ifindex; /* it may have been renamed */
	if (bridge->is_joined && !netdev_ioctl(net, SIOCGIFNAME, &req)) {
		req.ifr_ifindex = net->ifindex;
		(void)netdev_ioctl(net, SIOCBRDELIF, &req);
	}
	if (bridge->mtu_before && netdev_mtu(net, net->name) == (int)bridge->mtu)
		(void)netdev_set_mtu(net, bridge->mtu_before);
}
