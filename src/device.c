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
#include <ifaddrs.h>
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
		return fail(error,
			    CLONE_DEVICE
			    ": %s; load the driver with \"modprobe tun\"; in a "
			    "container pass the device in, as with docker's --device " CLONE_DEVICE,
			    strerror(errno));
	case EACCES:
	case EPERM:
		return fail(error,
			    CLONE_DEVICE ": %s; run as root or make it accessible with \"chmod "
					 "666 " CLONE_DEVICE "\"",
			    strerror(errno));
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
		return fail(error,
			    "%s is in use by another program; choose another name with -i, or "
			    "none for the first free one",
			    name);
	case EPERM:
		if (existing)
			return fail(error,
				    "%s belongs to another user; run as root or as its owner",
				    name);
		return fail(error,
			    "making a device needs CAP_NET_ADMIN; run as root, or have root "
			    "prepare one with \"ip tuntap add dev NAME mode %s user $USER\" and "
			    "name it with -i",
			    kind);
	case EINVAL:
		if (existing && strcmp(existing + 2, kind) != 0)
			return fail(error, "%s is %s, not a %s; choose another name with -i%s",
				    name, existing, kind,
				    strcmp(existing, "a tap") && strcmp(existing, "a tun") ? ""
				    : dev->kind == PACKET_ETHER ? " or leave -a out"
								: " or use -a");
		if (existing)
			return fail(error,
				    "%s has several queues; make it again with \"ip tuntap add dev "
				    "%s mode %s\", without multi_queue",
				    name, name, kind);
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
	err = drop_filters(dev);
	if (err < 0)
		return fail(error, "%s: cannot drop its filters: %s", dev->name, strerror(-err));
	dev->has_carrier_control = 1;
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
		return fail(error,
			    "%s: -m %u: setting the MTU needs CAP_NET_ADMIN; run as root, or have "
			    "root set it with \"ip link set %s mtu %u\"",
			    dev->name, mtu, dev->name, mtu);
	if (err < 0)
		return fail(error, "%s: -m %u: cannot set the MTU: %s", dev->name, mtu,
			    strerror(-err));
	return 0;
}

/*
 * Is it one of our device's? For tun0 that is "tun0", "tun0:1" or, by ip(8)'s "label", anything that
 * begins with tun0 and is no device of its own.
 */
static int is_own_label(const struct device *dev, const char *label)
{
	size_t len = strlen(dev->name);
	struct ifreq req;

	if (strncmp(label, dev->name, len) != 0)
		return 0;
	if (!label[len] || label[len] == ':')
		return 1;
	request_init(&req, label);
	return device_ioctl(dev, SIOCGIFINDEX, &req) < 0;
}

/* An entry of getifaddrs() as an address; family AF_UNSPEC for what is none. */
static struct prefix entry_prefix(const struct ifaddrs *entry)
{
	struct prefix prefix = {.family = AF_UNSPEC};
	const uint8_t *mask;
	size_t len;

	if (!entry->ifa_addr || !entry->ifa_netmask)
		return prefix;
	switch (entry->ifa_addr->sa_family) {
	case AF_INET:
		prefix.in = ((struct sockaddr_in *)(void *)entry->ifa_addr)->sin_addr;
		mask = (uint8_t *)&((struct sockaddr_in *)(void *)entry->ifa_netmask)->sin_addr;
		len = sizeof(struct in_addr);
		break;
	case AF_INET6:
		prefix.in6 = ((struct sockaddr_in6 *)(void *)entry->ifa_addr)->sin6_addr;
		mask = (uint8_t *)&((struct sockaddr_in6 *)(void *)entry->ifa_netmask)->sin6_addr;
		len = sizeof(struct in6_addr);
		break;
	default:
		return prefix;
	}
	prefix.family = entry->ifa_addr->sa_family;
	for (size_t i = 0; i < len; i++)
		prefix.prefix_len += (unsigned)__builtin_popcount(mask[i]);
	return prefix;
}

static int same_address(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family &&
	       !memcmp(&a->in6, &b->in6, a->family == AF_INET ? sizeof(a->in) : sizeof(a->in6));
}

/* The entry of our device with this address, or NULL. */
static const struct ifaddrs *find_entry(const struct device *dev, const struct ifaddrs *list,
					const struct prefix *prefix)
{
	for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
		struct prefix found = entry_prefix(entry);

		if (is_own_label(dev, entry->ifa_name) && same_address(&found, prefix))
			return entry;
	}
	return NULL;
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

static int label_in_use(const struct ifaddrs *list, const char *label)
{
	for (; list; list = list->ifa_next)
		if (entry_prefix(list).family == AF_INET && !strcmp(list->ifa_name, label))
			return 1;
	return 0;
}

/* "tun0", or the first free of "tun0:0", "tun0:1" and so on. Return: 0, or -1 for none. */
static int label_find_free(const struct ifaddrs *list, const char *name, char label[IFNAMSIZ])
{
	snprintf(label, IFNAMSIZ, "%s", name);
	for (unsigned i = 0; label_in_use(list, label); i++)
		if (snprintf(label, IFNAMSIZ, "%.*s:%u", IFNAMSIZ - 1, name, i) >= IFNAMSIZ)
			return -1;
	return 0;
}

/* @label: of an IPv4 address that we have set, "" for IPv6, NULL when it was there before */
static void note_address(struct device *dev, const struct prefix *prefix, const char *label)
{
	struct device_address *a = &dev->addresses[dev->naddresses];

	if (dev->naddresses == OPTIONS_MAX_ADDRESSES)
		return;
	dev->naddresses++;
	a->prefix = *prefix;
	a->is_ours = label != NULL;
	snprintf(a->label, sizeof(a->label), "%s", label ? label : "");
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
		return fail(error,
			    "%s: -l %s: setting an address needs CAP_NET_ADMIN; run as root, or "
			    "have root set it with \"ip addr add %s dev %s\" and use -l none",
			    dev->name, text, text, dev->name);
	if (err == -EACCES && prefix->family == AF_INET6)
		return fail(error,
			    "%s: -l %s: IPv6 is disabled here; enable it with \"sysctl "
			    "net.ipv6.conf.%s.disable_ipv6=0\"",
			    dev->name, text, dev->existed ? dev->name : "default");
	if (prefix->family == AF_INET6 && dev->mtu < 1280)
		return fail(error, "%s: -l %s: IPv6 needs an MTU of 1280, the device has %u",
			    dev->name, text, dev->mtu);
	return fail(error, "%s: -l %s: cannot set the address: %s", dev->name, text,
		    strerror(-err));
}

/* It is left as it is; what was asked for must not differ in what a user would miss. */
static int keep_address(struct device *dev, const struct ifaddrs *entry, const struct in_addr *peer,
			char error[DEVICE_ERROR_LEN])
{
	struct prefix found = entry_prefix(entry);
	const struct sockaddr_in *dst = (const struct sockaddr_in *)(void *)entry->ifa_dstaddr;
	char text[PREFIX_TEXT_LEN];

	if (peer && (!dst || dst->sin_addr.s_addr != peer->s_addr))
		return fail(error,
			    "%s: -P: %s is there already, with another peer or none; remove it "
			    "with \"ip addr del\", or leave -P out",
			    dev->name, prefix_text(&found, text));
	note_address(dev, &found, NULL);
	return 0;
}

static int ipv4_add(struct device *dev, const struct ifaddrs *list, const struct prefix *prefix,
		    const struct in_addr *peer, char error[DEVICE_ERROR_LEN])
{
	char label[IFNAMSIZ];
	int err;

	if (label_find_free(list, dev->name, label) < 0)
		return fail(error,
			    "%s: the name is too long for a second IPv4 address, whose label needs "
			    "two more characters; choose a shorter one",
			    dev->name);
	err = ipv4_set(dev, label, prefix, peer);
	if (err < 0)
		return address_error(dev, prefix, err, error);
	note_address(dev, prefix, label);
	return 0;
}

/* Return: 0 or -errno; an address that is there already is no error. */
static int ipv6_set(const struct device *dev, const struct prefix *prefix)
{
	struct inet6_request req = {
		.addr = prefix->in6, .prefix_len = prefix->prefix_len, .ifindex = dev->ifindex};

	if (dev->inet6_fd < 0)
		return -EAFNOSUPPORT;
	if (ioctl(dev->inet6_fd, SIOCSIFADDR, &req) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int ipv6_add(struct device *dev, const struct prefix *prefix, char error[DEVICE_ERROR_LEN])
{
	int err = ipv6_set(dev, prefix);

	if (err < 0)
		return address_error(dev, prefix, err, error);
	note_address(dev, prefix, "");
	return 0;
}

/* Add one that was asked for, unless it is there. */
static int add_address(struct device *dev, const struct prefix *prefix, const struct in_addr *peer,
		       char error[DEVICE_ERROR_LEN])
{
	const struct ifaddrs *entry;
	struct ifaddrs *list;
	int err;

	if (prefix->family == AF_INET6)
		peer = NULL;
	if (getifaddrs(&list) < 0)
		return fail(error, "cannot list addresses: %s", strerror(errno));
	entry = find_entry(dev, list, prefix);
	if (entry)
		err = keep_address(dev, entry, peer, error);
	else if (prefix->family == AF_INET6)
		err = ipv6_add(dev, prefix, error);
	else
		err = ipv4_add(dev, list, prefix, peer, error);
	freeifaddrs(list);
	return err;
}

/*
 * Note the device's own IPv4 addresses. Return: how many, or -1 when there are none and another device
 * has the default one.
 */
static int keep_own_addresses(struct device *dev, const struct ifaddrs *list,
			      const struct prefix *default_prefix, char error[DEVICE_ERROR_LEN])
{
	const char *elsewhere = NULL;
	char text[PREFIX_TEXT_LEN];

	for (; list; list = list->ifa_next) {
		struct prefix found = entry_prefix(list);

		if (found.family != AF_INET)
			continue;
		if (is_own_label(dev, list->ifa_name))
			note_address(dev, &found, NULL);
		else if (same_address(&found, default_prefix))
			elsewhere = list->ifa_name;
	}
	if (dev->naddresses || !elsewhere)
		return (int)dev->naddresses;
	return fail(error,
		    "the default address %s is on %s already; give this tunnel its own with -l, "
		    "and its peer too",
		    prefix_text(default_prefix, text), elsewhere);
}

/* The default address is for a device that has no IPv4 address yet. */
static int add_default_address(struct device *dev, const struct prefix *prefix,
			       char error[DEVICE_ERROR_LEN])
{
	char text[PREFIX_TEXT_LEN];
	struct ifaddrs *list;
	int err;

	if (getifaddrs(&list) < 0)
		return fail(error, "cannot list addresses: %s", strerror(errno));
	err = keep_own_addresses(dev, list, prefix, error);
	freeifaddrs(list);
	if (err)
		return err < 0 ? -1 : 0;
	err = ipv4_set(dev, dev->name, prefix, NULL);
	if (err == -EPERM) {
		log_notice(
			"%s has no IPv4 address, and setting one needs CAP_NET_ADMIN; have root do "
			"it with \"ip addr add %s dev %s\"",
			dev->name, prefix_text(prefix, text), dev->name);
		return 0;
	}
	if (err < 0)
		return address_error(dev, prefix, err, error);
	note_address(dev, prefix, dev->name);
	return 0;
}

/* What we have set on a device that stays is taken away again. */
static void remove_addresses(const struct device *dev)
{
	for (unsigned i = 0; i < dev->naddresses; i++) {
		const struct device_address *a = &dev->addresses[i];
		struct inet6_request req6 = {.addr = a->prefix.in6,
					     .prefix_len = a->prefix.prefix_len,
					     .ifindex = dev->ifindex};
		struct in_addr none = {0};
		struct ifreq req;

		if (!a->is_ours)
			continue;
		if (a->prefix.family == AF_INET6) {
			(void)ioctl(dev->inet6_fd, SIOCDIFADDR, &req6);
			continue;
		}
		/* Only if it is still what has this label: the kernel removes by label. */
		request_init(&req, a->label);
		if (!device_ioctl(dev, SIOCGIFADDR, &req) &&
		    request_addr(&req).s_addr == a->prefix.in.s_addr) {
			request_set_addr(&req, none);
			(void)device_ioctl(dev, SIOCSIFADDR, &req);
		}
	}
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

static int set_addresses(struct device *dev, const struct options *opts,
			 char error[DEVICE_ERROR_LEN])
{
	int old_dad, err = 0;

	if (opts->default_address)
		return add_default_address(dev, &opts->addresses[0], error);
	old_dad = dev->kind == PACKET_ETHER ? accept_dad_set(dev, 0) : -1;
	for (unsigned i = 0; !err && i < opts->naddresses; i++)
		err = add_address(dev, &opts->addresses[i], opts->has_peer ? &opts->peer : NULL,
				  error);
	if (dev->existed && old_dad > 0)
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

	/* Another device may have got the name, after ours was moved into another namespace. */
	request_init(&req, dev->name);
	dev->is_visible = !device_ioctl(dev, SIOCGIFINDEX, &req) && req.ifr_ifindex == dev->ifindex;
	if (dev->is_visible)
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
		log_notice(
			"%s is down, and setting it up needs CAP_NET_ADMIN; have root do it with \"ip "
			"link set %s up\"",
			dev->name, dev->name);
		return 0;
	}
	if (err < 0)
		return fail(error, "%s: cannot set it up: %s", dev->name, strerror(-err));
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

			down |= msg->nlmsg_type == RTM_NEWLINK && info->ifi_index == dev->ifindex &&
				!(info->ifi_flags & IFF_UP);
		}
	}
	return down;
}

static int configure(struct device *dev, const struct options *opts, char error[DEVICE_ERROR_LEN])
{
	struct ifreq req;

	if (open_clone_device(dev, error) < 0 || open_sockets(dev, error) < 0)
		return -1;
	dev->existed = existing_kind(dev, opts->dev) != NULL;
	if (attach(dev, opts->dev, error) < 0)
		return -1;
	request_init(&req, dev->name);
	if (device_ioctl(dev, SIOCGIFINDEX, &req) < 0)
		return fail(error, "%s: it has gone while it was set up", dev->name);
	dev->ifindex = req.ifr_ifindex;
	device_set_carrier(dev, 0);
	if (opts->mtu && opts->mtu != dev->mtu && set_mtu(dev, opts->mtu, error) < 0)
		return -1;
	query(dev);
	if (set_addresses(dev, opts, error) < 0 || bring_up(dev, error) < 0)
		return -1;
	(void)was_down(dev); /* what we have done ourselves is no news */
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
			return fail(error,
				    "-N %s: there is no %s; make it with \"ip netns add NAME\"",
				    opts->netns, path);
		if (home_fd == -EPERM)
			return fail(error,
				    "-N %s: entering a namespace needs CAP_SYS_ADMIN; run as root",
				    opts->netns);
		return fail(error, "-N %s: cannot enter %s: %s", opts->netns, path,
			    home_fd == -EINVAL ? "it is not a network namespace"
					       : strerror(-home_fd));
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

	if (dev->existed && dev->is_visible)
		remove_addresses(dev);
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

	memcpy(old.name, dev->name, sizeof(old.name));
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
	if (!dev->is_visible)
		return changes;
	if (old.is_up && (down || !dev->is_up))
		changes |= DEVICE_WENT_DOWN;
	if (dev->is_up && (down || !old.is_up))
		changes |= DEVICE_WENT_UP;
	if (changes & DEVICE_WENT_UP)
		for (unsigned i = 0; i < dev->naddresses; i++)
			if (dev->addresses[i].is_ours &&
			    dev->addresses[i].prefix.family == AF_INET6)
				(void)ipv6_set(dev, &dev->addresses[i].prefix);
	return changes;
}

int device_passes(const struct device *dev)
{
	if (!dev->is_visible || !dev->has_carrier_control)
		return 1; /* nothing better is known */
	return dev->is_running && dev->is_settled;
}

const char *device_addresses_text(const struct device *dev, char text[DEVICE_ADDRESSES_LEN])
{
	size_t len = 0;

	snprintf(text, DEVICE_ADDRESSES_LEN, "none");
	for (unsigned i = 0; i < dev->naddresses; i++) {
		char one[PREFIX_TEXT_LEN];

		len += (size_t)snprintf(text + len, DEVICE_ADDRESSES_LEN - len, "%s%s",
					i ? "," : "", prefix_text(&dev->addresses[i].prefix, one));
	}
	return text;
}
