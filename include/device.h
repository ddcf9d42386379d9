/* SPDX-License-Identifier: MIT */
/*
 * The tun or tap device: open, configure, read, write, and notice what others do to it.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "addresses.h"
#include "bridge.h"
#include "netdev.h"
#include "options.h"
#include "split.h"
#include "vnet.h"

#define DEVICE_ERROR_LEN NETDEV_ERROR_LEN

struct device {
	int fd;	       /* /dev/net/tun, nonblocking */
	int events_fd; /* readable when some link changed: call device_refresh() */
	struct netdev net;
	struct addresses addresses;
	struct bridge bridge;
	enum packet_kind kind;
	int is_kept;	/* --persist: it stays as it is, with what we have set */
	int is_up;	/* administratively, IFF_UP */
	int is_running; /* up and with carrier: packets pass. IFF_RUNNING */
	int is_settled; /* is_running can be believed: it was off, or an event came */
	int is_visible; /* 0 after it was moved into another namespace: then only fd works */
	int has_carrier_control; /* the kernel knows TUNSETCARRIER, Linux 5.0 */
	int has_vnet;		 /* packets have a vnet header, both ways */
	unsigned offload;	 /* TUN_F_...: what the kernel may leave to us */
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
 * A device that was created goes away with device_close(), but not with --persist: then it stays,
 * however the process ends, up, with its addresses and in its bridge, so that the next device_open()
 * with the same options finds all as it wants it and needs no privilege but to be the owner. A new one
 * that is given neither owner nor group gets the caller as its owner.
 *
 * What lacks privilege fails, with the command for root, when it was asked for and is not so already;
 * that the device is down, or without the default address, is said and no failure.
 *
 * A tap takes the MTU of the bridge it is put into unless one was asked for; that this changes the
 * bridge's own is said.
 *
 * Return: 0, or -1 and then everything is closed again.
 */
int device_open(struct device *dev, const struct options *opts, char error[DEVICE_ERROR_LEN]);

/**
 * device_close() - detach
 *
 * A device that stays and is not to be kept as it is leaves the bridge that we have put it into, gets
 * back the MTU that it had before, and loses the addresses that we have set.
 */
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
 * When the device has been down and is up, the IPv6 addresses that device_open() was asked for are put
 * back: the kernel removes those of a device that goes down.
 */
unsigned device_refresh(struct device *dev);

/** device_passes() - will the kernel take packets for this device now, as far as we can tell? */
int device_passes(const struct device *dev);

#endif
