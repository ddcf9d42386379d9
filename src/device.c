/* SPDX-License-Identifier: MIT */
/*
 * The tun or tap device.
 *
 * Addresses are set with the SIOCSIFADDR family, whose habits shape the code below: for IPv4,
 * SIOCSIFADDR *replaces* the address with the label it is called with, so one that is there already
 * is kept by using a free alias label, "tun0:1"; it knows no prefix length, so that on a tap the
 * address has a classful one for a moment, which is why a new device is brought up only afterwards,
 * before any route can follow from it.
 */
#include "device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdarg.h>
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

/* What ioctl() takes: an int in POSIX and musl, not so in glibc. */
#ifdef __GLIBC__
typedef unsigned long ioctl_op;
#else
typedef int ioctl_op;
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

/* The kernel's struct in6_ifreq, from linux/ipv6.h, which does not go with the libc's headers. */
struct inet6_request {
	struct in6_addr addr;
	uint32_t prefix_len;
	int ifindex;
};

__attribute__((format(printf, 2, 3))) static int fail(char error[DEVICE_ERROR_LEN], const char *fmt,
						      ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, DEVICE_ERROR_LEN, fmt, ap);
	va_end(ap);
	return -1;
}

static const char *kind_name(enum packet_kind kind)
{
	return kind == PACKET_ETHER ? "tap" : "tun";
}

static void request_init(struct ifreq *req, const char *name)
{
	memset(req, 0, sizeof(*req));
	memcpy(req->ifr_name, name, strnlen(name, IFNAMSIZ - 1));
}

/* An ioctl about the device's name. Return: 0 or -errno. */
static int device_ioctl(const struct device *dev, unsigned op, struct ifreq *req)
{
	return ioctl(dev->inet_fd, (ioctl_op)op, req) < 0 ? -errno : 0;
}

/* An ioctl of the tun driver. @arg: a pointer or a number. Return: 0 or -errno. */
static int tun_ioctl(const struct device *dev, unsigned op, uintptr_t arg)
{
	return ioctl(dev->fd, (ioctl_op)op, arg) < 0 ? -errno : 0;
}

/*
 * What the interface called @name is, or NULL when there is none. The tun driver tells through
 * ethtool; sysfs would show the wrong network namespace.
 */
static const char *existing_kind(const struct device *dev, const char *name)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq req;

	request_init(&req, name);
	if (device_ioctl(dev, SIOCGIFINDEX, &req) < 0)
		return NULL;
	req.ifr_data = (void *)&info;
	if (device_ioctl(dev, SIOCETHTOOL, &req) < 0 || strcmp(info.driver, "tun") != 0)
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
		return fail(error, CLONE_DEVICE ": %s; load the driver with \"modprobe tun\"; in a "
				   "container pass the device in, as with docker's --device "
				   CLONE_DEVICE, strerror(errno));
	case EACCES:
	case EPERM:
		return fail(error, CLONE_DEVICE ": %s; run as root or make it accessible with \"chmod "
				   "666 " CLONE_DEVICE "\"", strerror(errno));
	default:
		return fail(error, CLONE_DEVICE ": %s", strerror(errno));
	}
}

static int attach_error(const struct device *dev, const char *name, int err,
			char error[DEVICE_ERROR_LEN])
{
	const char *kind = kind_name(dev->kind);
	const char *existing = existing_kind(dev, name);

	switch (err) {
	case EBUSY:
		return fail(error, "%s is in use by another program; choose another name with -i, or "
				   "none for the first free one", name);
	case EPERM:
		if (existing)
			return fail(error, "%s belongs to another user; run as root or as its owner", name);
		return fail(error, "making a device needs CAP_NET_ADMIN; run as root, or have root "
				   "prepare one with \"ip tuntap add dev NAME mode %s user $USER\" and "
				   "name it with -i", kind);
	case EINVAL:
		if (existing && strcmp(existing + 2, kind) != 0)
			return fail(error, "%s is %s, not a %s; choose another name with -i%s", name,
				    existing, kind,
				    strcmp(existing, "a tap") && strcmp(existing, "a tun") ? "" :
				    dev->kind == PACKET_ETHER ? " or leave -a out" : " or use -a");
		if (existing)
			return fail(error, "%s has several queues; make it again with \"ip tuntap add dev "
					   "%s mode %s\", without multi_queue", name, name, kind);
		return fail(error, "%s: the kernel does not take this name", name);
	default:
		return fail(error, "%s: cannot attach: %s", name, strerror(err));
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

	request_init(&req, name);
	req.ifr_flags = (short)((dev->kind == PACKET_ETHER ? IFF_TAP : IFF_TUN) | IFF_NO_PI |
				(dev->has_vnet ? IFF_VNET_HDR : 0) | IFF_NO_CARRIER);
	err = tun_ioctl(dev, TUNSETIFF, (uintptr_t)&req);
	if (err < 0)
		return attach_error(dev, name, -err, error);
	memcpy(dev->name, req.ifr_name, IFNAMSIZ);
	dev->name[IFNAMSIZ - 1] = 0;
	err = set_offload(dev);
	if (err < 0)
		return fail(error, "%s: cannot set offloads: %s", dev->name, strerror(-err));
	dev->has_carrier_control = 1;
	device_set_carrier(dev, 0);
	return 0;
}

/* Sockets of the namespace that the caller is in. */
static int open_sockets(struct device *dev, char error[DEVICE_ERROR_LEN])
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};

	dev->inet_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (dev->inet_fd < 0)
		return fail(error, "cannot make an IPv4 socket: %s", strerror(errno));
	dev->inet6_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	dev->events_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (dev->events_fd < 0 || bind(dev->events_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail(error, "cannot watch links through netlink: %s", strerror(errno));
	return 0;
}

static int set_mtu(struct device *dev, unsigned mtu, char error[DEVICE_ERROR_LEN])
{
	struct ifreq req;
	int err;

	request_init(&req, dev->name);
	req.ifr_mtu = (int)mtu;
	err = device_ioctl(dev, SIOCSIFMTU, &req);
	if (err == -EPERM)
		return fail(error, "%s: -m %u: setting the MTU needs CAP_NET_ADMIN; run as root, or have "
				   "root set it with \"ip link set %s mtu %u\"", dev->name, mtu,
			    dev->name, mtu);
	if (err < 0)
		return fail(error, "%s: -m %u: cannot set the MTU: %s", dev->name, mtu, strerror(-err));
	return 0;
}

/* The namespace's IPv4 addresses with their labels, as SIOCGIFCONF tells them. */
struct label_list {
	struct ifreq *entries;
	size_t n;
};

static int labels_read(const struct device *dev, struct label_list *list)
{
	struct ifconf conf = {0};

	list->entries = NULL;
	list->n = 0;
	if (ioctl(dev->inet_fd, SIOCGIFCONF, &conf) < 0)
		return -errno;
	conf.ifc_len += (int)(16 * sizeof(struct ifreq)); /* some may come meanwhile */
	conf.ifc_buf = malloc((size_t)conf.ifc_len);
	if (!conf.ifc_buf)
		return -ENOMEM;
	if (ioctl(dev->inet_fd, SIOCGIFCONF, &conf) < 0) {
		int err = -errno;

		free(conf.ifc_buf);
		return err;
	}
	list->entries = conf.ifc_req;
	list->n = (size_t)conf.ifc_len / sizeof(struct ifreq);
	return 0;
}

/* Is "tun0" or "tun0:1" a label of the device called tun0? */
static int is_label_of(const char *label, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(label, name, len) && (!label[len] || label[len] == ':');
}

static struct in_addr request_addr(const struct ifreq *req)
{
	struct sockaddr_in sin;

	memcpy(&sin, &req->ifr_addr, sizeof(sin));
	return sin.sin_addr;
}

static void request_set_addr(struct ifreq *req, struct in_addr addr)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = addr};

	memcpy(&req->ifr_addr, &sin, sizeof(sin));
}

static int label_in_use(const struct label_list *list, const char *label)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strncmp(list->entries[i].ifr_name, label, IFNAMSIZ))
			return 1;
	return 0;
}

/* "tun0", or the first free of "tun0:0", "tun0:1" and so on. Return: 0, or -1 for none. */
static int label_find_free(const struct label_list *list, const char *name, char label[IFNAMSIZ])
{
	memset(label, 0, IFNAMSIZ);
	memcpy(label, name, strlen(name));
	for (unsigned i = 0; label_in_use(list, label); i++)
		if (snprintf(label, IFNAMSIZ, "%.*s:%u", IFNAMSIZ - 1, name, i) >= IFNAMSIZ)
			return -1;
	return 0;
}

static void note_address(struct device *dev, const struct prefix *prefix)
{
	if (dev->naddresses < OPTIONS_MAX_ADDRESSES)
		dev->addresses[dev->naddresses++] = *prefix;
}

static struct in_addr netmask(unsigned prefix_len)
{
	struct in_addr mask = {.s_addr = prefix_len ? htonl(~UINT32_C(0) << (32 - prefix_len)) : 0};

	return mask;
}

/* Return: 0 or -errno. With EPERM nothing has changed. */
static int ipv4_set(struct device *dev, const char *label, const struct prefix *prefix,
		    const struct in_addr *peer)
{
	struct ifreq req;
	int err;

	request_init(&req, label);
	request_set_addr(&req, prefix->in);
	err = device_ioctl(dev, SIOCSIFADDR, &req);
	if (err < 0)
		return err;
	request_set_addr(&req, netmask(prefix->prefix_len));
	err = device_ioctl(dev, SIOCSIFNETMASK, &req);
	if (err < 0 || !peer)
		return err;
	request_set_addr(&req, *peer);
	return device_ioctl(dev, SIOCSIFDSTADDR, &req);
}

static int address_error(const struct device *dev, const struct prefix *prefix, int err,
			 char error[DEVICE_ERROR_LEN])
{
	char text[PREFIX_TEXT_LEN];

	prefix_text(prefix, text);
	if (err == -EPERM)
		return fail(error, "%s: -l %s: setting an address needs CAP_NET_ADMIN; run as root, or "
				   "have root set it with \"ip addr add %s dev %s\" and use -l none",
			    dev->name, text, text, dev->name);
	if (err == -EACCES && prefix->family == AF_INET6)
		return fail(error, "%s: -l %s: IPv6 is disabled here; enable it with \"sysctl "
				   "net.ipv6.conf.%s.disable_ipv6=0\"", dev->name, text, dev->name);
	if (prefix->family == AF_INET6 && dev->mtu < 1280)
		return fail(error, "%s: -l %s: IPv6 needs an MTU of 1280, the device has %u", dev->name,
			    text, dev->mtu);
	return fail(error, "%s: -l %s: cannot set the address: %s", dev->name, text, strerror(-err));
}

static int ipv4_add(struct device *dev, const struct prefix *prefix, const struct in_addr *peer,
		    char error[DEVICE_ERROR_LEN])
{
	struct label_list list;
	char label[IFNAMSIZ];
	int err, is_there = 0;

	err = labels_read(dev, &list);
	if (err < 0)
		return fail(error, "cannot list addresses: %s", strerror(-err));
	for (size_t i = 0; i < list.n; i++)
		if (is_label_of(list.entries[i].ifr_name, dev->name) &&
		    request_addr(&list.entries[i]).s_addr == prefix->in.s_addr)
			is_there = 1;
	err = is_there ? 0 : label_find_free(&list, dev->name, label);
	free(list.entries);
	if (err < 0)
		return fail(error, "%s: the name is too long for a second IPv4 address, whose label needs "
				   "two more characters; choose a shorter one", dev->name);
	err = is_there ? 0 : ipv4_set(dev, label, prefix, peer);
	if (err < 0)
		return address_error(dev, prefix, err, error);
	note_address(dev, prefix);
	return 0;
}

static int device_index(const struct device *dev)
{
	struct ifreq req;

	request_init(&req, dev->name);
	return device_ioctl(dev, SIOCGIFINDEX, &req) < 0 ? 0 : req.ifr_ifindex;
}

/* Return: 0 or -errno; an address that is there already is no error. */
static int ipv6_set(const struct device *dev, const struct prefix *prefix)
{
	struct inet6_request req = {.addr = prefix->in6, .prefix_len = prefix->prefix_len,
				    .ifindex = device_index(dev)};

	if (dev->inet6_fd < 0)
		return -EAFNOSUPPORT;
	if (ioctl(dev->inet6_fd, SIOCSIFADDR, &req) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* The default address is for a device that has no IPv4 address yet. */
static int default_address(struct device *dev, const struct prefix *prefix,
			   char error[DEVICE_ERROR_LEN])
{
	char text[PREFIX_TEXT_LEN];
	struct label_list list;
	int err, keeps_own = 0;

	err = labels_read(dev, &list);
	if (err < 0)
		return fail(error, "cannot list addresses: %s", strerror(-err));
	for (size_t i = 0; i < list.n; i++) {
		struct ifreq req = list.entries[i];
		struct prefix found = {.family = AF_INET, .in = request_addr(&req)};

		if (!is_label_of(req.ifr_name, dev->name)) {
			if (found.in.s_addr == prefix->in.s_addr)
				err = fail(error, "the default address %s is on %.*s already; give this "
						  "tunnel its own with -l, and its peer too",
					   prefix_text(prefix, text), IFNAMSIZ, req.ifr_name);
			continue;
		}
		if (!device_ioctl(dev, SIOCGIFNETMASK, &req))
			found.prefix_len =
				(unsigned)__builtin_popcount(request_addr(&req).s_addr);
		note_address(dev, &found);
		keeps_own = 1;
	}
	free(list.entries);
	if (keeps_own)
		return 0;
	if (err < 0)
		return -1;
	err = ipv4_set(dev, dev->name, prefix, NULL);
	if (err == -EPERM) {
		log_notice("%s has no IPv4 address, and setting one needs CAP_NET_ADMIN; have root do "
			   "it with \"ip addr add %s dev %s\"", dev->name, prefix_text(prefix, text),
			   dev->name);
		return 0;
	}
	if (err < 0)
		return address_error(dev, prefix, err, error);
	note_address(dev, prefix);
	return 0;
}

/*
 * Duplicate address detection keeps an IPv6 address of a tap unusable for a second or two. With
 * accept_dad off while it is added, it is usable at once. Return: the former value, or -1.
 */
static int accept_dad_set(const struct device *dev, int value)
{
	char path[64 + IFNAMSIZ], text[16];
	ssize_t len;
	int fd, old = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_dad", dev->name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, text, sizeof(text) - 1);
	if (len > 0) {
		text[len] = 0;
		old = atoi(text);
		len = snprintf(text, sizeof(text), "%d", value);
		if (pwrite(fd, text, (size_t)len, 0) < 0)
			old = -1;
	}
	close(fd);
	return old;
}

static int set_addresses(struct device *dev, const struct options *opts, int existed,
			 char error[DEVICE_ERROR_LEN])
{
	int old_dad = dev->kind == PACKET_ETHER ? accept_dad_set(dev, 0) : -1;
	int err = 0;

	if (opts->default_address)
		err = default_address(dev, &opts->addresses[0], error);
	for (unsigned i = 0; !opts->default_address && !err && i < opts->naddresses; i++) {
		const struct prefix *prefix = &opts->addresses[i];

		if (prefix->family == AF_INET) {
			err = ipv4_add(dev, prefix, opts->has_peer ? &opts->peer : NULL, error);
			continue;
		}
		err = ipv6_set(dev, prefix);
		if (err < 0)
			err = address_error(dev, prefix, err, error);
		else
			note_address(dev, prefix);
	}
	if (existed && old_dad > 0)
		accept_dad_set(dev, old_dad);
	return err;
}

/*
 * The kernel acts on a change of carrier a moment later, in its link watch; until then the flags may
 * still tell the old state. Asking for the link through ethtool makes it act now, since Linux 6.9.
 */
static void sync_link(const struct device *dev)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
	struct ifreq req;

	request_init(&req, dev->name);
	req.ifr_data = (void *)&value;
	(void)device_ioctl(dev, SIOCETHTOOL, &req);
}

static void query(struct device *dev)
{
	struct ifreq req;

	request_init(&req, dev->name);
	dev->is_visible = !device_ioctl(dev, SIOCGIFFLAGS, &req);
	dev->is_up = dev->is_visible && req.ifr_flags & IFF_UP;
	dev->is_running = dev->is_visible && req.ifr_flags & IFF_RUNNING;
	if (!dev->is_running)
		dev->is_settled = 1;
	if (dev->is_visible && !device_ioctl(dev, SIOCGIFMTU, &req))
		dev->mtu = (unsigned)req.ifr_mtu;
}

static int bring_up(struct device *dev, char error[DEVICE_ERROR_LEN])
{
	struct ifreq req;
	int err;

	request_init(&req, dev->name);
	err = device_ioctl(dev, SIOCGIFFLAGS, &req);
	if (!err && !(req.ifr_flags & IFF_UP)) {
		req.ifr_flags |= IFF_UP;
		err = device_ioctl(dev, SIOCSIFFLAGS, &req);
	}
	if (err == -EPERM) {
		log_notice("%s is down, and setting it up needs CAP_NET_ADMIN; have root do it with \"ip "
			   "link set %s up\"", dev->name, dev->name);
		return 0;
	}
	if (err < 0)
		return fail(error, "%s: cannot set it up: %s", dev->name, strerror(-err));
	return 0;
}

static int configure(struct device *dev, const struct options *opts, char error[DEVICE_ERROR_LEN])
{
	int existed;

	if (open_clone_device(dev, error) < 0 || open_sockets(dev, error) < 0)
		return -1;
	existed = existing_kind(dev, opts->dev) != NULL;
	if (attach(dev, opts->dev, error) < 0)
		return -1;
	if (opts->mtu && set_mtu(dev, opts->mtu, error) < 0)
		return -1;
	query(dev);
	if (set_addresses(dev, opts, existed, error) < 0 || bring_up(dev, error) < 0)
		return -1;
	dev->is_settled = 0;
	sync_link(dev);
	query(dev);
	return 0;
}

int device_open(struct device *dev, const struct options *opts, char error[DEVICE_ERROR_LEN])
{
	char path[PATH_MAX];
	int home_fd = -1, err;

	memset(dev, 0, sizeof(*dev));
	dev->fd = dev->inet_fd = dev->inet6_fd = dev->events_fd = -1;
	dev->kind = opts->kind;
	dev->has_vnet = !opts->no_offload;
	if (opts->netns) {
		netns_path(opts->netns, path);
		home_fd = netns_enter(path);
	}
	if (opts->netns && home_fd < 0) {
		if (home_fd == -ENOENT)
			return fail(error, "-N %s: there is no %s; make it with \"ip netns add NAME\"",
				    opts->netns, path);
		if (home_fd == -EPERM)
			return fail(error, "-N %s: entering a namespace needs CAP_SYS_ADMIN; run as root",
				    opts->netns);
		return fail(error, "-N %s: cannot enter %s: %s", opts->netns, path,
			    home_fd == -EINVAL ? "it is not a network namespace" :
						 strerror(-home_fd));
	}
	err = configure(dev, opts, error);
	if (opts->netns) {
		int back = netns_leave(home_fd);

		if (back < 0)
			err = fail(error, "-N %s: cannot leave it again: %s", opts->netns,
				   strerror(-back));
	}
	if (err < 0)
		device_close(dev);
	return err;
}

void device_close(struct device *dev)
{
	int *const fds[] = {&dev->fd, &dev->inet_fd, &dev->inet6_fd, &dev->events_fd};

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
	if (!dev->has_vnet) {
		iov++;
		niov--;
	}
	return writev(dev->fd, iov, (int)niov) < 0 ? -errno : 0;
}

void device_set_carrier(struct device *dev, int on)
{
	int err = dev->has_carrier_control ? tun_ioctl(dev, TUNSETCARRIER, (uintptr_t)&on) : 0;

	if (err == -EINVAL || err == -ENOTTY)
		dev->has_carrier_control = 0;
	sync_link(dev);
	query(dev);
}

/*
 * The events only say that something may have changed; what, is asked. So none can be missed by
 * misreading one, or when the socket overflows.
 */
unsigned device_refresh(struct device *dev)
{
	char buf[8192];
	struct device old = *dev;
	unsigned changes = 0;
	struct ifreq req;

	while (recv(dev->events_fd, buf, sizeof(buf), 0) > 0 || errno == ENOBUFS)
		;
	memset(&req, 0, sizeof(req));
	if (tun_ioctl(dev, TUNGETIFF, (uintptr_t)&req) < 0)
		return DEVICE_DELETED;
	memcpy(dev->name, req.ifr_name, IFNAMSIZ);
	query(dev);
	dev->is_settled = 1;
	/*
	 * The kernel shows IFF_RUNNING a moment before it lets packets pass, both under its rtnl
	 * lock. This call takes that lock, so after it they pass.
	 */
	(void)tun_ioctl(dev, TUNGETIFF, (uintptr_t)&req);
	if (strcmp(old.name, dev->name) != 0)
		changes |= DEVICE_RENAMED;
	if (old.is_visible && !dev->is_visible)
		changes |= DEVICE_MOVED;
	if (dev->is_visible && old.is_up != dev->is_up)
		changes |= dev->is_up ? DEVICE_WENT_UP : DEVICE_WENT_DOWN;
	if (changes & DEVICE_WENT_UP)
		for (unsigned i = 0; i < dev->naddresses; i++)
			if (dev->addresses[i].family == AF_INET6)
				(void)ipv6_set(dev, &dev->addresses[i]);
	return changes;
}

int device_passes(const struct device *dev)
{
	return (dev->is_running && dev->is_settled) || !dev->is_up || !dev->has_carrier_control;
}

const char *device_addresses_text(const struct device *dev, char *text, size_t size)
{
	size_t len = 0;

	snprintf(text, size, "none");
	for (unsigned i = 0; i < dev->naddresses; i++) {
		char one[PREFIX_TEXT_LEN];

		prefix_text(&dev->addresses[i], one);
		if (len + strlen(one) + 2 > size)
			break;
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? "," : "", one);
	}
	return text;
}
