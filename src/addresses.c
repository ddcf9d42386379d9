/* SPDX-License-Identifier: MIT */
/*
 * The addresses on the tunnel's device.
 *
 * They are set with the SIOCSIFADDR family, whose habits shape the code below: for IPv4,
 * SIOCSIFADDR *replaces* the address with the label it is called with, so one that is there already
 * is kept by using a free alias label, "tun0:1"; it knows no prefix length, so that on a tap the
 * address has a classful one for a moment, which is why a new device is brought up only afterwards,
 * before any route can follow from it.
 */
#include "addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

/* The kernel's struct in6_ifreq, from linux/ipv6.h, which does not go with the libc's headers. */
struct inet6_request {
	struct in6_addr addr;
	uint32_t prefix_len;
	int ifindex;
};

/*
 * Is it one of our device's? For tun0 that is "tun0", "tun0:1" or, by ip(8)'s "label", anything that
 * begins with tun0 and is no device of its own.
 */
static int is_own_label(const struct netdev *net, const char *label)
{
	size_t len = strlen(net->name);

	if (strncmp(label, net->name, len) != 0)
		return 0;
	if (!label[len] || label[len] == ':')
		return 1;
	return netdev_index(net, label) < 0;
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
static const struct ifaddrs *find_entry(const struct netdev *net, const struct ifaddrs *list,
					const struct prefix *prefix)
{
	for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
		struct prefix found = entry_prefix(entry);

		if (is_own_label(net, entry->ifa_name) && same_address(&found, prefix))
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
static void note_address(struct addresses *a, const struct prefix *prefix, const char *label)
{
	struct address *noted = &a->list[a->naddresses];

	if (a->naddresses == OPTIONS_MAX_ADDRESSES)
		return;
	a->naddresses++;
	noted->prefix = *prefix;
	noted->is_ours = label != NULL;
	snprintf(noted->label, sizeof(noted->label), "%s", label ? label : "");
}

static struct in_addr netmask(unsigned prefix_len)
{
	struct in_addr mask = {.s_addr = prefix_len ? htonl(~UINT32_C(0) << (32 - prefix_len)) : 0};

	return mask;
}

/* Return: 0 or -errno. With EPERM nothing has changed. */
static int ipv4_set(const struct netdev *net, const char *label, const struct prefix *prefix,
		    const struct in_addr *peer)
{
	struct ifreq req;
	int err;

	netdev_request_init(&req, label);
	request_set_addr(&req, prefix->in);
	err = netdev_ioctl(net, SIOCSIFADDR, &req);
	if (err < 0)
		return err;
	request_set_addr(&req, netmask(prefix->prefix_len));
	err = netdev_ioctl(net, SIOCSIFNETMASK, &req);
	if (err < 0 || !peer)
		return err;
	request_set_addr(&req, *peer);
	return netdev_ioctl(net, SIOCSIFDSTADDR, &req);
}

/* @peer: of IPv4, or NULL */
static int address_error(const struct netdev *net, const struct prefix *prefix,
			 const struct in_addr *peer, int err, char error[NETDEV_ERROR_LEN])
{
	char text[PREFIX_TEXT_LEN], pair[INET_ADDRSTRLEN] = "";

	prefix_text(prefix, text);
	if (peer)
		inet_ntop(AF_INET, peer, pair, sizeof(pair));
	if (err == -EPERM)
		return netdev_fail(
			error,
			"%s: -l %s: setting an address needs CAP_NET_ADMIN; run as root, or "
			"have root set it with \"ip addr add %.*s%s%s dev %s\", and it is left "
			"alone",
			net->name, text, peer ? (int)strcspn(text, "/") : (int)sizeof(text), text,
			peer ? " peer " : "", pair, net->name);
	if (err == -EACCES && prefix->family == AF_INET6)
		return netdev_fail(error,
				   "%s: -l %s: IPv6 is disabled here; enable it with \"sysctl "
				   "net.ipv6.conf.%s.disable_ipv6=0\"",
				   net->name, text, net->existed ? net->name : "default");
	if (prefix->family == AF_INET6 && net->mtu < 1280)
		return netdev_fail(error, "%s: -l %s: IPv6 needs an MTU of 1280, the device has %u",
				   net->name, text, net->mtu);
	return netdev_fail(error, "%s: -l %s: cannot set the address: %s", net->name, text,
			   strerror(-err));
}

/* It is left as it is; what was asked for must not differ in what a user would miss. */
static int keep_address(struct addresses *a, const struct netdev *net, const struct ifaddrs *entry,
			const struct in_addr *peer, char error[NETDEV_ERROR_LEN])
{
	struct prefix found = entry_prefix(entry);
	const struct sockaddr_in *dst = (const struct sockaddr_in *)(void *)entry->ifa_dstaddr;
	char text[PREFIX_TEXT_LEN];

	if (peer && (!dst || dst->sin_addr.s_addr != peer->s_addr))
		return netdev_fail(
			error,
			"%s: -P: %s is there already, with another peer or none; remove it "
			"with \"ip addr del\", or leave -P out",
			net->name, prefix_text(&found, text));
	note_address(a, &found, NULL);
	return 0;
}

static int ipv4_add(struct addresses *a, const struct netdev *net, const struct ifaddrs *list,
		    const struct prefix *prefix, const struct in_addr *peer,
		    char error[NETDEV_ERROR_LEN])
{
	char label[IFNAMSIZ];
	int err;

	if (label_find_free(list, net->name, label) < 0)
		return netdev_fail(
			error,
			"%s: the name is too long for a second IPv4 address, whose label needs "
			"two more characters; choose a shorter one",
			net->name);
	err = ipv4_set(net, label, prefix, peer);
	if (err < 0)
		return address_error(net, prefix, peer, err, error);
	note_address(a, prefix, label);
	return 0;
}

/* Return: 0 or -errno; an address that is there already is no error. */
static int ipv6_set(const struct netdev *net, const struct prefix *prefix)
{
	struct inet6_request req = {
		.addr = prefix->in6, .prefix_len = prefix->prefix_len, .ifindex = net->ifindex};
	int err;

	if (net->inet6_fd < 0)
		return -EAFNOSUPPORT;
	err = netdev_fd_ioctl(net->inet6_fd, SIOCSIFADDR, (uintptr_t)&req);
	return err == -EEXIST ? 0 : err;
}

static int ipv6_add(struct addresses *a, const struct netdev *net, const struct prefix *prefix,
		    char error[NETDEV_ERROR_LEN])
{
	int err = ipv6_set(net, prefix);

	if (err < 0)
		return address_error(net, prefix, NULL, err, error);
	note_address(a, prefix, "");
	return 0;
}

/* Add one that was asked for, unless it is there. */
static int add_address(struct addresses *a, const struct netdev *net, const struct prefix *prefix,
		       const struct in_addr *peer, char error[NETDEV_ERROR_LEN])
{
	const struct ifaddrs *entry;
	struct ifaddrs *list;
	int err;

	if (prefix->family == AF_INET6)
		peer = NULL;
	if (getifaddrs(&list) < 0)
		return netdev_fail(error, "cannot list addresses: %s", strerror(errno));
	entry = find_entry(net, list, prefix);
	if (entry)
		err = keep_address(a, net, entry, peer, error);
	else if (prefix->family == AF_INET6)
		err = ipv6_add(a, net, prefix, error);
	else
		err = ipv4_add(a, net, list, prefix, peer, error);
	freeifaddrs(list);
	return err;
}

/*
 * Note the device's own IPv4 addresses. Return: how many, or -1 when there are none and another device
 * has the default one.
 */
static int keep_own_addresses(struct addresses *a, const struct netdev *net,
			      const struct ifaddrs *list, const struct prefix *default_prefix,
			      char error[NETDEV_ERROR_LEN])
{
	const char *elsewhere = NULL;
	char text[PREFIX_TEXT_LEN];

	for (; list; list = list->ifa_next) {
		struct prefix found = entry_prefix(list);

		if (found.family != AF_INET)
			continue;
		if (is_own_label(net, list->ifa_name))
			note_address(a, &found, NULL);
		else if (same_address(&found, default_prefix))
			elsewhere = list->ifa_name;
	}
	if (a->naddresses || !elsewhere)
		return (int)a->naddresses;
	return netdev_fail(
		error,
		"the default address %s is on %s already; give this tunnel its own with -l, "
		"and its peer too, or use that device with -i",
		prefix_text(default_prefix, text), elsewhere);
}

/* The default address is for a device that has no IPv4 address yet. */
static int add_default_address(struct addresses *a, const struct netdev *net,
			       const struct prefix *prefix, char error[NETDEV_ERROR_LEN])
{
	char text[PREFIX_TEXT_LEN];
	struct ifaddrs *list;
	int err;

	if (getifaddrs(&list) < 0)
		return netdev_fail(error, "cannot list addresses: %s", strerror(errno));
	err = keep_own_addresses(a, net, list, prefix, error);
	freeifaddrs(list);
	if (err)
		return err < 0 ? -1 : 0;
	err = ipv4_set(net, net->name, prefix, NULL);
	if (err == -EPERM) {
		log_notice(
			"%s has no IPv4 address, and setting one needs CAP_NET_ADMIN; have root do "
			"it with \"ip addr add %s dev %s\"",
			net->name, prefix_text(prefix, text), net->name);
		return 0;
	}
	if (err < 0)
		return address_error(net, prefix, NULL, err, error);
	note_address(a, prefix, net->name);
	return 0;
}

/*
 * Duplicate address detection keeps an IPv6 address of a tap unusable for a second or two. With
 * accept_dad off while it is added, it is usable at once. Return: the former value, or -1.
 */
static int accept_dad_set(const struct netdev *net, int value)
{
	char path[64 + IFNAMSIZ], text[16];
	ssize_t len;
	int fd, old = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_dad", net->name);
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

static int has_ipv6(const struct options *opts)
{
	for (unsigned i = 0; i < opts->naddresses; i++)
		if (opts->addresses[i].family == AF_INET6)
			return 1;
	return 0;
}

int addresses_set(struct addresses *a, const struct netdev *net, const struct options *opts,
		  char error[NETDEV_ERROR_LEN])
{
	int old_dad, err = 0;

	if (opts->default_address)
		return add_default_address(a, net, &opts->addresses[0], error);
	old_dad = opts->kind == PACKET_ETHER && has_ipv6(opts) ? accept_dad_set(net, 0) : -1;
	for (unsigned i = 0; !err && i < opts->naddresses; i++)
		err = add_address(a, net, &opts->addresses[i], opts->has_peer ? &opts->peer : NULL,
				  error);
	if (net->existed && old_dad > 0)
		accept_dad_set(net, old_dad);
	return err;
}

void addresses_restore(const struct addresses *a, const struct netdev *net)
{
	for (unsigned i = 0; i < a->naddresses; i++)
		if (a->list[i].prefix.family == AF_INET6)
			(void)ipv6_set(net, &a->list[i].prefix);
}

static void ipv6_remove(const struct netdev *net, const struct prefix *prefix)
{
	struct inet6_request req = {
		.addr = prefix->in6, .prefix_len = prefix->prefix_len, .ifindex = net->ifindex};

	(void)netdev_fd_ioctl(net->inet6_fd, SIOCDIFADDR, (uintptr_t)&req);
}

/* Only if it is still what has this label: the kernel removes by label. */
static void ipv4_remove(const struct netdev *net, const struct address *address)
{
	struct in_addr none = {0};
	struct ifreq req;

	netdev_request_init(&req, address->label);
	if (!netdev_ioctl(net, SIOCGIFADDR, &req) &&
	    request_addr(&req).s_addr == address->prefix.in.s_addr) {
		request_set_addr(&req, none);
		(void)netdev_ioctl(net, SIOCSIFADDR, &req);
	}
}

void addresses_remove(const struct addresses *a, const struct netdev *net)
{
	for (unsigned i = 0; i < a->naddresses; i++) {
		const struct address *address = &a->list[i];

		if (address->is_ours && address->prefix.family == AF_INET6)
			ipv6_remove(net, &address->prefix);
		else if (address->is_ours)
			ipv4_remove(net, address);
	}
}

const char *addresses_text(const struct addresses *a, char text[ADDRESSES_TEXT_LEN])
{
	size_t len = 0;

	snprintf(text, ADDRESSES_TEXT_LEN, "none");
	for (unsigned i = 0; i < a->naddresses; i++) {
		char one[PREFIX_TEXT_LEN];

		len += (size_t)snprintf(text + len, ADDRESSES_TEXT_LEN - len, "%s%s", i ? "," : "",
					prefix_text(&a->list[i].prefix, one));
	}
	return text;
}
