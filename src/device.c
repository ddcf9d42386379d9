/* SPDX-License-Identifier: MIT */
/* The tun or tap device. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "netns.h"

#ifndef IFF_NO_CARRIER /* Linux 6.0 */
#define IFF_NO_CARRIER 0x0040
#endif
#ifndef TUNSETCARRIER /* Linux 5.0 */
#define TUNSETCARRIER _IOW('T', 226, int)
#endif

#ifndef TUN_F_USO4 /* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define CLONE_DEVICE "/dev/net/tun"

/*
 * What the kernel may leave to us, the most first; one of them is taken. Without TSO_ECN the kernel
 * itself segments what has CWR set, the only case that is not the same for each segment.
 */
static const struct offload_level {
	unsigned flags;
	const char *text;
} offload_levels[] = {
	{TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6,
	 "TCP and UDP super-packets both ways"},
	{TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, "TCP super-packets both ways"},
	{TUN_F_CSUM, "TCP super-packets to the device, checksums from it"},
	{0, "TCP super-packets to the device"},
};

static const char *kind_name(enum packet_kind kind)
{
	return kind == PACKET_ETHER ? "tap" : "tun";
}

/* An ioctl of the tun driver. @arg: a pointer or a number. Return: 0 or -errno. */
static int tun_ioctl(const struct device *dev, unsigned op, uintptr_t arg)
{
	return netdev_fd_ioctl(dev->fd, op, arg);
}

/* What the interface called @name is, or NULL when there is none. */
static const char *existing_kind(const struct netdev *net, const char *name)
{
	struct ethtool_drvinfo info;

	if (netdev_index(net, name) < 0)
		return NULL;
	if (netdev_driver(net, name, &info) < 0 || strcmp(info.driver, "tun") != 0)
		return "an interface of another kind";
	return strcmp(info.bus_info, "tap") ? "a tun" : "a tap";
}

static int open_clone_device(struct device *dev, char error[DEVICE_ERROR_LEN])
{
	dev->fd = open(CLONE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (dev->fd >= 0)
		return 0;
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return netdev_fail(
			error,
			CLONE_DEVICE
			": %s; load the driver with \"modprobe tun\"; in a "
			"container pass the device in, as with docker's --device " CLONE_DEVICE,
			strerror(errno));
	case EACCES:
	case EPERM:
		return netdev_fail(error,
				   CLONE_DEVICE
				   ": %s; run as root or make it accessible with \"chmod "
				   "666 " CLONE_DEVICE "\"",
				   strerror(errno));
	default:
		return netdev_fail(error, CLONE_DEVICE ": %s", strerror(errno));
	}
}

static int attach_error(const struct device *dev, const char *name, int err,
			char error[DEVICE_ERROR_LEN])
{
	const char *kind = kind_name(dev->kind);
	const char *existing = existing_kind(&dev->net, name);

	switch (err) {
	case EBUSY:
		return netdev_fail(
			error,
			"%s is in use by another program; choose another name with -i, or "
			"none for the first free one",
			name);
	case EPERM:
		if (existing)
			return netdev_fail(
				error,
				"%s belongs to another user or group; run as root or as its owner",
				name);
		return netdev_fail(
			error,
			"making a device needs CAP_NET_ADMIN; run as root, or have root "
			"prepare one with \"ip tuntap add dev NAME mode %s user $USER\" and "
			"name it with -i",
			kind);
	case EINVAL:
		if (existing && strcmp(existing + 2, kind) != 0)
			return netdev_fail(
				error, "%s is %s, not a %s; choose another name with -i%s", name,
				existing, kind,
				strcmp(existing, "a tap") && strcmp(existing, "a tun") ? ""
				: dev->kind == PACKET_ETHER ? " or leave -a out"
							    : " or use -a");
		if (existing)
			return netdev_fail(
				error,
				"%s has several queues; make it again with \"ip tuntap add dev "
				"%s mode %s\", without multi_queue",
				name, name, kind);
		return netdev_fail(error, "%s: the kernel does not take this name", name);
	default:
		return netdev_fail(error, "%s: cannot attach: %s", name, strerror(err));
	}
}

/* Go down the levels until the kernel takes one. Return: 0 or -errno. */
static int set_offload(struct device *dev)
{
	int header_len = VNET_HEADER_LEN, err = -EINVAL;

	if (!dev->has_vnet)
		return tun_ioctl(dev, TUNSETOFFLOAD, 0);
	if (tun_ioctl(dev, TUNSETVNETHDRSZ, (uintptr_t)&header_len) < 0)
		return -errno;
	for (size_t i = 0; err < 0 && i < sizeof(offload_levels) / sizeof(offload_levels[0]); i++) {
		dev->offload = offload_levels[i].flags;
		err = tun_ioctl(dev, TUNSETOFFLOAD, dev->offload);
	}
	return err;
}

/* A tap may be left with filters, of addresses and of bytes, that let no frame through to us. */
static int drop_filters(struct device *dev)
{
	struct tun_filter all = {.count = 0};
	int err;

	if (dev->kind != PACKET_ETHER)
		return 0;
	err = tun_ioctl(dev, TUNSETTXFILTER, (uintptr_t)&all);
	return err < 0 ? err : tun_ioctl(dev, TUNDETACHFILTER, 0);
}

const char *device_offload_text(const struct device *dev)
{
	if (!dev->has_vnet)
		return "one packet a read and a write";
	for (size_t i = 0; i < sizeof(offload_levels) / sizeof(offload_levels[0]); i++)
		if (offload_levels[i].flags == dev->offload)
			return offload_levels[i].text;
	return "unknown";
}

/* All settings are made explicitly: a persistent device keeps those of its last user. */
static int attach(struct device *dev, const char *name, char error[DEVICE_ERROR_LEN])
{
	struct ifreq req;
	int err;

	netdev_request_init(&req, name);
	req.ifr_flags = (short)((dev->kind == PACKET_ETHER ? IFF_TAP : IFF_TUN) | IFF_NO_PI |
				(dev->has_vnet ? IFF_VNET_HDR : 0) | IFF_NO_CARRIER);
	err = tun_ioctl(dev, TUNSETIFF, (uintptr_t)&req);
	if (err < 0)
		return attach_error(dev, name, -err, error);
	memcpy(dev->net.name, req.ifr_name, IFNAMSIZ);
	dev->net.name[IFNAMSIZ - 1] = 0;
	err = set_offload(dev);
	if (err < 0)
		return netdev_fail(error, "%s: cannot set offloads: %s", dev->net.name,
				   strerror(-err));
	err = drop_filters(dev);
	if (err < 0)
		return netdev_fail(error, "%s: cannot drop its filters: %s", dev->net.name,
				   strerror(-err));
	dev->has_carrier_control = 1;
	return 0;
}

/* Changes of links, in the namespace that the caller is in. */
static int open_events(struct device *dev, char error[DEVICE_ERROR_LEN])
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};

	dev->events_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (dev->events_fd < 0 || bind(dev->events_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return netdev_fail(error, "cannot watch links through netlink: %s",
				   strerror(errno));
	return 0;
}

static int set_mtu(const struct netdev *net, unsigned mtu, char error[DEVICE_ERROR_LEN])
{
	int err = netdev_set_mtu(net, mtu);

	if (err == -EPERM)
		return netdev_fail(
			error,
			"%s: -m %u: setting the MTU needs CAP_NET_ADMIN; run as root, or have "
			"root set it with \"ip link set %s mtu %u\"",
			net->name, mtu, net->name, mtu);
	if (err < 0)
		return netdev_fail(error, "%s: -m %u: cannot set the MTU: %s", net->name, mtu,
				   strerror(-err));
	return 0;
}

/*
 * The kernel acts on a change of carrier a moment later, in its link watch; until then the flags may
 * still tell the old state. Asking for the link through ethtool makes it act now, since Linux 6.9.
 */
static void sync_link(const struct device *dev)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
	struct ifreq req;

	netdev_request_init(&req, dev->net.name);
	req.ifr_data = (void *)&value;
	(void)netdev_ioctl(&dev->net, SIOCETHTOOL, &req);
}

static void query(struct device *dev)
{
	struct netdev *net = &dev->net;
	int flags, mtu;

	/* Another device may have got the name, after ours was moved into another namespace. */
	dev->is_visible = netdev_index(net, net->name) == net->ifindex;
	flags = dev->is_visible ? netdev_flags(net, net->name) : 0;
	if (flags < 0)
		dev->is_visible = 0;
	dev->is_up = dev->is_visible && flags & IFF_UP;
	dev->is_running = dev->is_visible && flags & IFF_RUNNING;
	if (!dev->is_running)
		dev->is_settled = 1;
	mtu = dev->is_visible ? netdev_mtu(net, net->name) : -ENODEV;
	if (mtu >= 0)
		net->mtu = (unsigned)mtu;
}

static int bring_up(const struct netdev *net, char error[DEVICE_ERROR_LEN])
{
	int flags = netdev_flags(net, net->name);
	int err = flags < 0 ? flags : 0;
	struct ifreq req;

	if (!err && !(flags & IFF_UP)) {
		netdev_request_init(&req, net->name);
		req.ifr_flags = (short)(flags | IFF_UP);
		err = netdev_ioctl(net, SIOCSIFFLAGS, &req);
	}
	if (err == -EPERM) {
		log_notice(
			"%s is down, and setting it up needs CAP_NET_ADMIN; have root do it with \"ip "
			"link set %s up\"",
			net->name, net->name);
		return 0;
	}
	if (err < 0)
		return netdev_fail(error, "%s: cannot set it up: %s", net->name, strerror(-err));
	return 0;
}

/* Who may use a device that stays. */
struct owners {
	int has_user, has_group;
	uint32_t user, group;
};

/* "--owner" or "--group" with a name or a number. */
static int find_id(const char *label, const char *value, uint32_t *id, char error[DEVICE_ERROR_LEN])
{
	int is_group = !strcmp(label, "--group");
	const struct passwd *user = NULL;
	const struct group *group = NULL;

	if (strspn(value, "0123456789") == strlen(value)) {
		unsigned long long number = strtoull(value, NULL, 10);

		if (strlen(value) > 10 || number >= UINT32_MAX)
			return netdev_fail(error, "%s %s: a number from 0 to 4294967294, or a name",
					   label, value);
		*id = (uint32_t)number;
		return 0;
	}
	if (is_group)
		group = getgrnam(value);
	else
		user = getpwnam(value);
	if (!user && !group)
		return netdev_fail(error, "%s %s: there is no such %s; a number is taken, too",
				   label, value, is_group ? "group" : "user");
	*id = is_group ? group->gr_gid : user->pw_uid;
	return 0;
}

static int find_owners(const struct options *opts, struct owners *owners,
		       char error[DEVICE_ERROR_LEN])
{
	memset(owners, 0, sizeof(*owners));
	owners->has_user = opts->owner != NULL;
	owners->has_group = opts->group != NULL;
	if (opts->owner && find_id("--owner", opts->owner, &owners->user, error) < 0)
		return -1;
	if (opts->group && find_id("--group", opts->group, &owners->group, error) < 0)
		return -1;
	return 0;
}

static int owner_error(const struct device *dev, const char *what, uint32_t id, int err,
		       char error[DEVICE_ERROR_LEN])
{
	return netdev_fail(error, "%s: cannot give it to %s %u: %s", dev->net.name, what, id,
			   err == -EINVAL  ? "this user namespace does not have that number"
			   : err == -EPERM ? "that needs CAP_NET_ADMIN; run as root"
					   : strerror(-err));
}

/*
 * The kernel lets anybody attach to a device that stays and has neither owner nor group, so one of
 * ours belongs at least to who has made it.
 */
static int make_persistent(struct device *dev, const struct options *opts, struct owners *owners,
			   char error[DEVICE_ERROR_LEN])
{
	int err;

	if (!dev->net.existed && !owners->has_user && !owners->has_group) {
		owners->has_user = 1;
		owners->user = geteuid();
	}
	err = owners->has_user ? tun_ioctl(dev, TUNSETOWNER, owners->user) : 0;
	if (err < 0)
		return owner_error(dev, "user", owners->user, err, error);
	err = owners->has_group ? tun_ioctl(dev, TUNSETGROUP, owners->group) : 0;
	if (err < 0)
		return owner_error(dev, "group", owners->group, err, error);
	err = tun_ioctl(dev, TUNSETPERSIST, 1);
	if (err < 0)
		return netdev_fail(error, "%s: --persist: %s", dev->net.name, strerror(-err));
	dev->is_kept = 1;
	if (strchr(opts->dev, '%'))
		log_notice("--persist: %s stays; to use it again, name it with -i %s",
			   dev->net.name, dev->net.name);
	return 0;
}

/*
 * Read events_fd empty. Return: nonzero when our device was, or may have been, down meanwhile; going by
 * its state before and after, a quick down and up would be missed.
 */
static int was_down(const struct device *dev)
{
	struct nlmsghdr *msg;
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	int down = 0;
	ssize_t n;

	while ((n = recv(dev->events_fd, buf, sizeof(buf), 0)) > 0 || errno == ENOBUFS) {
		unsigned len = n > 0 ? (unsigned)n : 0;

		down |= n < 0; /* some were lost */
		for (msg = (struct nlmsghdr *)(void *)buf; NLMSG_OK(msg, len);
		     msg = NLMSG_NEXT(msg, len)) {
			const struct ifinfomsg *info = NLMSG_DATA(msg);

			down |= msg->nlmsg_type == RTM_NEWLINK &&
				info->ifi_index == dev->net.ifindex && !(info->ifi_flags & IFF_UP);
		}
	}
	return down;
}

/* Attach to the device, which gets its name and number here. */
static int open_device(struct device *dev, const struct options *opts, char error[DEVICE_ERROR_LEN])
{
	struct netdev *net = &dev->net;

	if (open_clone_device(dev, error) < 0 || netdev_open(net, error) < 0 ||
	    open_events(dev, error) < 0)
		return -1;
	net->existed = existing_kind(net, opts->dev) != NULL;
	if (attach(dev, opts->dev, error) < 0)
		return -1;
	net->ifindex = netdev_index(net, net->name);
	if (net->ifindex < 0)
		return netdev_fail(error, "%s: it has gone while it was set up", net->name);
	device_set_carrier(dev, 0);
	return 0;
}

static int configure(struct device *dev, const struct options *opts, struct owners *owners,
		     char error[DEVICE_ERROR_LEN])
{
	struct netdev *net = &dev->net;

	if (bridge_find(&dev->bridge, net, opts->bridge, error) < 0)
		return -1;
	if (opts->mtu && opts->mtu != net->mtu && set_mtu(net, opts->mtu, error) < 0)
		return -1;
	if (!opts->mtu && bridge_take_mtu(&dev->bridge, net, opts, error) < 0)
		return -1;
	query(dev);
	if (bridge_join(&dev->bridge, net, error) < 0)
		return -1;
	if (addresses_set(&dev->addresses, net, opts, error) < 0 || bring_up(net, error) < 0)
		return -1;
	/* Last, since what fails before leaves nothing behind. */
	if (opts->persist && make_persistent(dev, opts, owners, error) < 0)
		return -1;
	(void)was_down(dev); /* what we have done ourselves is no news */
	dev->is_settled = 0;
	sync_link(dev);
	query(dev);
	return 0;
}

/* @err: -errno of entering @path */
static int netns_error(const char *name, const char *path, int err, char error[DEVICE_ERROR_LEN])
{
	if (err == -ENOENT)
		return netdev_fail(error,
				   "-N %s: there is no %s; make it with \"ip netns add NAME\"",
				   name, path);
	if (err == -EPERM)
		return netdev_fail(error,
				   "-N %s: entering a namespace needs CAP_SYS_ADMIN; run as root",
				   name);
	return netdev_fail(error, "-N %s: cannot enter %s: %s", name, path,
			   err == -EINVAL ? "it is not a network namespace" : strerror(-err));
}

int device_open(struct device *dev, const struct options *opts, char error[DEVICE_ERROR_LEN])
{
	char path[PATH_MAX];
	struct owners owners;
	int home_fd = -1, err;

	memset(dev, 0, sizeof(*dev));
	dev->fd = dev->net.inet_fd = dev->net.inet6_fd = dev->events_fd = -1;
	dev->kind = opts->kind;
	dev->has_vnet = !opts->no_offload;
	/* Here, since names may come from a service that the other namespace does not reach. */
	if (find_owners(opts, &owners, error) < 0)
		return -1;
	if (opts->netns) {
		netns_path(opts->netns, path);
		home_fd = netns_enter(path);
	}
	if (opts->netns && home_fd < 0)
		return netns_error(opts->netns, path, home_fd, error);
	err = open_device(dev, opts, error);
	if (!err)
		err = configure(dev, opts, &owners, error);
	if (opts->netns) {
		int back = netns_leave(home_fd);

		if (back < 0)
			err = netdev_fail(error, "-N %s: cannot leave it again: %s", opts->netns,
					  strerror(-back));
	}
	if (err < 0)
		device_close(dev);
	return err;
}

void device_close(struct device *dev)
{
	int *const fds[] = {&dev->fd, &dev->events_fd};

	if (dev->net.existed && dev->is_visible && !dev->is_kept) {
		addresses_remove(&dev->addresses, &dev->net);
		bridge_leave(&dev->bridge, &dev->net);
	}
	netdev_close(&dev->net);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

int device_read(struct device *dev, struct device_packet *packet)
{
	size_t header_len = dev->has_vnet ? VNET_HEADER_LEN : 0;
	ssize_t n = read(dev->fd, dev->buf, sizeof(dev->buf));

	if (n < 0)
		return -errno;
	if ((size_t)n < header_len)
		return -EIO;
	memset(&packet->vnet, 0, sizeof(packet->vnet));
	memcpy(&packet->vnet, dev->buf, header_len);
	packet->data = dev->buf + header_len;
	packet->len = (size_t)n - header_len;
	return 0;
}

int device_write(const struct device *dev, const struct iovec *iov, unsigned niov)
{
	ssize_t n;

	if (dev->has_vnet)
		n = writev(dev->fd, iov, (int)niov);
	else
		n = write(dev->fd, iov[1].iov_base, iov[1].iov_len);
	return n < 0 ? -errno : 0;
}

void device_set_carrier(struct device *dev, int on)
{
	int err = dev->has_carrier_control ? tun_ioctl(dev, TUNSETCARRIER, (uintptr_t)&on) : 0;

	if (err == -EINVAL || err == -ENOTTY)
		dev->has_carrier_control = 0;
	sync_link(dev);
	query(dev);
}

unsigned device_refresh(struct device *dev)
{
	struct device_state {
		char name[IFNAMSIZ];
		int is_up, is_visible;
	} old = {.is_up = dev->is_up, .is_visible = dev->is_visible};
	int down = was_down(dev);
	unsigned changes = 0;
	struct ifreq req;

	memcpy(old.name, dev->net.name, sizeof(old.name));
	memset(&req, 0, sizeof(req));
	if (tun_ioctl(dev, TUNGETIFF, (uintptr_t)&req) < 0)
		return DEVICE_DELETED;
	memcpy(dev->net.name, req.ifr_name, IFNAMSIZ);
	query(dev);
	dev->is_settled = 1;
	/*
	 * The kernel shows IFF_RUNNING a moment before it lets packets pass, both under its rtnl
	 * lock. This call takes that lock, so after it they pass.
	 */
	(void)tun_ioctl(dev, TUNGETIFF, (uintptr_t)&req);
	if (strcmp(old.name, dev->net.name) != 0)
		changes |= DEVICE_RENAMED;
	if (old.is_visible && !dev->is_visible)
		changes |= DEVICE_MOVED;
	if (!dev->is_visible)
		return changes;
	if (old.is_up && (down || !dev->is_up))
		changes |= DEVICE_WENT_DOWN;
	if (dev->is_up && (down || !old.is_up))
		changes |= DEVICE_WENT_UP;
	if (changes & DEVICE_WENT_UP)
		addresses_restore(&dev->addresses, &dev->net);
	return changes;
}

int device_passes(const struct device *dev)
{
	if (!dev->is_visible || !dev->has_carrier_control)
		return 1; /* nothing better is known */
	return dev->is_running && dev->is_settled;
}
