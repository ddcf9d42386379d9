/* SPDX-License-Identifier: MIT */
/* A recording of what passes. */
#include "pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The file's header and each packet's, in the byte order of who writes: the magic number tells. */
struct file_header {
	uint32_t magic; /* of nanosecond stamps */
	uint16_t major, minor;
	uint32_t zone, accuracy;
	uint32_t snap_len;
	uint32_t link_type;
};

struct packet_header {
	uint32_t sec, nsec;
	uint32_t captured_len, len;
};

#define MAGIC_NSEC	0xa1b23c4d
#define SNAP_LEN	262144
#define LINK_ETHERNET	1
#define LINK_RAW	101  /* IPv4 or IPv6, told by the first half byte */
#define PIPE_ATOMIC_LEN 4096 /* what a pipe that polls writable takes without blocking */
#define CLOSE_TRIES	100
#define CLOSE_TRY_MS	10

static int fail(char error[PCAP_ERROR_LEN], const char *path, const char *why)
{
	snprintf(error, PCAP_ERROR_LEN, "--pcap %s: %s", path, why);
	return -1;
}

/* A pipe is opened once more, since making the inherited one nonblocking would do so for others. */
static int open_stdout(struct pcap *p)
{
	struct stat st;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return -1;
	if (S_ISFIFO(st.st_mode))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	p->may_block = !S_ISREG(st.st_mode);
	return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static void put(struct pcap *p, const void *bytes, size_t len)
{
	memcpy(p->buf + p->end, bytes, len);
	p->end += len;
}

int pcap_open(struct pcap *p, const char *path, enum packet_kind kind, char error[PCAP_ERROR_LEN])
{
	const struct file_header header = {
		.magic = MAGIC_NSEC,
		.major = 2,
		.minor = 4,
		.snap_len = SNAP_LEN,
		.link_type = kind == PACKET_ETHER ? LINK_ETHERNET : LINK_RAW,
	};
	const int is_stdout = path && !strcmp(path, "-");
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	p->fd = -1;
	if (!path)
		return 0;
	if (is_stdout && isatty(STDOUT_FILENO))
		return fail(
			error, path,
			"standard output is a terminal; pipe it into \"tcpdump -r -\" or a file");
	/* What passes is nobody else's business: 0600. */
	p->fd = is_stdout ? open_stdout(p) : open(path, flags, 0600);
	if (p->fd < 0)
		return fail(error, path,
			    errno == ENXIO ? "nobody reads that fifo yet; start its reader first"
					   : strerror(errno));
	put(p, &header, sizeof(header));
	pcap_flush(p);
	return p->err ? fail(error, path, strerror(-p->err)) : 0;
}

/* See that @need bytes fit behind what waits. */
static int make_room(struct pcap *p, size_t need)
{
	if (PCAP_BUF_LEN - p->end < need && p->start) {
		memmove(p->buf, p->buf + p->start, p->end - p->start);
		p->end -= p->start;
		p->start = 0;
	}
	return PCAP_BUF_LEN - p->end >= need;
}

void pcap_add(struct pcap *p, const uint8_t *packet, size_t len)
{
	struct packet_header header = {.captured_len = (uint32_t)len, .len = (uint32_t)len};
	struct timespec now;

	if (p->fd < 0)
		return;
	if (!make_room(p, sizeof(header) + len)) {
		pcap_flush(p);
		if (p->fd < 0 || !make_room(p, sizeof(header) + len)) {
			p->lost++;
			return;
		}
	}
	clock_gettime(CLOCK_REALTIME, &now);
	header.sec = (uint32_t)now.tv_sec;
	header.nsec = (uint32_t)now.tv_nsec;
	put(p, &header, sizeof(header));
	put(p, packet, len);
}

int pcap_is_pending(const struct pcap *p)
{
	return p->fd >= 0 && p->start != p->end;
}

/* Return: bytes written, or -errno. */
static ssize_t write_some(const struct pcap *p)
{
	struct pollfd ready = {.fd = p->fd, .events = POLLOUT};
	size_t len = p->end - p->start;
	ssize_t n;

	if (p->may_block && poll(&ready, 1, 0) != 1)
		return -EAGAIN;
	if (p->may_block && len > PIPE_ATOMIC_LEN)
		len = PIPE_ATOMIC_LEN;
	n = write(p->fd, p->buf + p->start, len);
	return n < 0 ? -errno : n;
}

void pcap_flush(struct pcap *p)
{
	while (pcap_is_pending(p)) {
		ssize_t n = write_some(p);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n < 0) {
			p->err = (int)n;
			close(p->fd);
			p->fd = -1;
			return;
		}
		p->start += (size_t)n;
	}
	p->start = p->end = 0;
}

void pcap_close(struct pcap *p)
{
	struct pollfd ready = {.fd = p->fd, .events = POLLOUT};

	pcap_flush(p);
	for (int i = 0; i < CLOSE_TRIES && pcap_is_pending(p); i++) {
		poll(&ready, 1, CLOSE_TRY_MS);
		pcap_flush(p);
	}
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
