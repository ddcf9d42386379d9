/* SPDX-License-Identifier: MIT */
/*
 * The tun or tap device: open, configure, read, write, and notice what others do to it.
 *
 * Everything but the reads and writes goes through sockets that were made in the device's network
 * namespace, so that the caller stays in its own.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "options.h"
#include "split.h"
#include "vnet.h"

#define DEVICE_ERROR_LEN 512

struct device {
	int fd;		       /* /dev/net/tun, nonblocking */
	int inet_fd, inet6_fd; /* for ioctls; inet6_fd is -1 where the kernel has no IPv6 */
	int events_fd;	       /* readable when some link changed: call device_refresh() */
	char name[IFNAMSIZ];   /* follows a rename */
	int ifindex;	       /* in the namespace where it was opened */
	int existed;	       /* it was there before, and will be afterwards */
	enum packet_kind kind;
	unsigned mtu;
	int is_up;	/* administratively, IFF_UP */
	int is_running; /* up and with carrier: packets pass. IFF_RUNNING */
	int is_settled; /* is_running can be believed: it was off, or an event came */
	int is_visible; /* 0 after it was moved into another namespace: then only fd works */
	int has_carrier_control; /* the kernel knows TUNSETCARRIER, Linux 5.0 */
	int has_vnet;		 /* packets have a vnet header, both ways */
	unsigned offload;	 /* TUN_F_...: what the kernel may leave to us */
	unsigned naddresses;
	struct device_address {
		struct prefix prefix;
		int is_ours;	      /* set by us, not found on it */
		char label[IFNAMSIZ]; /* IPv4, ours: what the ioctls know it by */
	} addresses[OPTIONS_MAX_ADDRESSES];
	uint8_t buf[VNET_HEADER_LEN + SPLIT_PACKET_MAX]; /* of device_read() */
};

/* What the kernel hands over: a packet, or with offload a super-packet or one without checksum. */
struct device_packet {
	struct vnet_header vnet; /* all zero without offload */
	uint8_t *data;		 /* in the device's buffer until the next read; may be changed */
	size_t len;
};

/**
 * device_open() - attach to the device or create it, and configure it as @opts say
 * @error:	filled on failure: what failed, why, and the remedy
 *
 * The device is up afterwards and shows no carrier. An address that is on it already is left alone.
 * A device that was created goes away with device_close().
 *
 * Return: 0, or -1 and then everything is closed again.
 */
int device_open(struct device *dev, const struct options *opts, char error[DEVICE_ERROR_LEN]);

/** device_close() - detach; an existing device stays, without the addresses that we have set */
void device_close(struct device *dev);

/**
 * device_read() - one packet from the kernel
 *
 * Return: 0, or -errno: -EAGAIN for none, -EBADFD when the device was deleted.
 */
int device_read(struct device *dev, struct device_packet *packet);

/**
 * device_write() - one packet or super-packet to the kernel; never blocks
 * @iov:	first the vnet header and whatever follows it, then more; without has_vnet the first is
 *		passed over, and the second is the packet
 *
 * Return: 0 or -errno: -EIO while the device is down, -EBADFD when it was deleted, -EINVAL for what
 * the kernel does not take as a packet. None of them spoils the descriptor.
 */
int device_write(const struct device *dev, const struct iovec *iov, unsigned niov);

/** device_offload_text() - what is in use, for -d; static */
const char *device_offload_text(const struct device *dev);

/**
 * device_set_carrier() - show the world whether packets pass
 *
 * Without carrier the kernel drops what is sent into the device at once, so nothing stale waits for
 * the next peer. Before Linux 6.9, turning it on takes effect a moment later, which device_refresh()
 * notices, and turning it off up to a second later, so that packets may still come.
 */
void device_set_carrier(struct device *dev, int on);

/* What device_refresh() has found, ORed together. */
enum device_change {
	DEVICE_DELETED = 1, /* the descriptor is of no more use */
	DEVICE_RENAMED = 2,
	DEVICE_WENT_UP = 4,
	DEVICE_WENT_DOWN = 8,
	DEVICE_MOVED = 16, /* into another network namespace; packets still pass through fd */
};

/**
 * device_refresh() - read events_fd empty and look at the device again
 *
 * When the device has been down and is up, the IPv6 addresses that device_open() gave it are put back:
 * the kernel removes those of a device that goes down.
 */
unsigned device_refresh(struct device *dev);

/** device_passes() - will the kernel take packets for this device now, as far as we can tell? */
int device_passes(const struct device *dev);

#define DEVICE_ADDRESSES_LEN (OPTIONS_MAX_ADDRESSES * PREFIX_TEXT_LEN)

/** device_addresses_text() - "172.16.3.1/24,fd00::1/64" or "none"; returns @text */
const char *device_addresses_text(const struct device *dev, char text[DEVICE_ADDRESSES_LEN]);

#endif
