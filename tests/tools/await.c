/* SPDX-License-Identifier: MIT */
/*
 * await: wait for an event, never by sleeping and looking again. Status 0 when it has come, 1 with
 * a line that says what is missing when it has not within -w SECONDS (10).
 *
 * await text	 until FILE, which may not exist yet (its directory must), contains TEXT; -n: until
 *		 it contains it COUNT times
 * await gone	 until FILE does not exist
 * await exit	 until process PID has ended, whoever its parent is
 * await listener  until something listens on TCP PORT here. Nothing tells of that, so this one does
 *		 look again and again.
 * await device	 until network device NAME is up (set up), running (IFF_RUNNING: and has carrier) or
 *		 gone (does not exist). -a: and until it has an address and none is tentative, that
 *		 is, until IPv6 has found no duplicate.
 */
#include <ifaddrs.h>
#include <libgen.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tool.h"

#define READ_STEP 65536

/* Whatever is reported, the answer is to look again: so the content does not matter. */
static void drain(int fd)
{
	char buf[READ_STEP];

	/* ENOBUFS of netlink: events were lost, and looking again is right just the same. */
	while (read(fd, buf, sizeof(buf)) > 0 || errno == ENOBUFS || errno == EINTR)
		continue;
}

/* ---- files ---- */

/* An inotify descriptor that reports changes of names and content in the directory of @file. */
static int watch_directory_of(const char *file)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char path[PATH_MAX];

	if (fd < 0)
		die("inotify: %s", strerror(errno));
	if (snprintf(path, sizeof(path), "%s", file) >= (int)sizeof(path))
		die("%s: %s", file, strerror(ENAMETOOLONG));
	if (inotify_add_watch(fd, dirname(path),
			      IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVE | IN_CLOSE_WRITE |
				      IN_DELETE_SELF) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static uint64_t count_in(const char *buf, size_t len, const char *text)
{
	size_t text_len = strlen(text);
	uint64_t count = 0;
	const char *hit;

	while ((hit = memmem(buf, len, text, text_len))) {
		count++;
		len -= (size_t)(hit - buf) + text_len;
		buf = hit + text_len;
	}
	return count;
}

static uint64_t count_in_file(const char *file, const char *text)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	size_t len = 0, room = 0;
	char *buf = NULL;
	uint64_t count;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	do {
		if (room - len < READ_STEP)
			buf = realloc(buf, room = room * 2 + READ_STEP);
		if (!buf)
			die("out of memory");
		n = read(fd, buf + len, room - len);
		if (n < 0)
			die("%s: %s", file, strerror(errno));
		len += (size_t)n;
	} while (n);
	close(fd);
	count = count_in(buf, len, text);
	free(buf);
	return count;
}

static int run_text(int argc, char **argv)
{
	int64_t wait_us = DEFAULT_WAIT_US;
	uint64_t want = 1, count;
	struct deadline d;
	int fd;
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),
		NUMBER_ARG('n', &want, INT64_MAX),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 2 || !*argv[optind + 1])
		misused("a file and a text");
	fd = watch_directory_of(argv[optind]);
	if (fd < 0)
		die("the directory of %s: %s", argv[optind], strerror(-fd));
	d = deadline_in(wait_us);
	for (;;) {
		/* The directory does not report writes to a file elsewhere that a link leads to. */
		(void)inotify_add_watch(fd, argv[optind], IN_MODIFY);
		count = count_in_file(argv[optind], argv[optind + 1]);
		if (count >= want)
			return 0;
		if (!wait_fd(fd, POLLIN, &d))
			die("%s has \"%s\" %llu times of %llu after %g s", argv[optind],
			    argv[optind + 1], (unsigned long long)count, (unsigned long long)want,
			    deadline_s(&d));
		drain(fd);
	}
}

static struct deadline only_wait(int argc, char **argv)
{
	int64_t wait_us = DEFAULT_WAIT_US;
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 1)
		misused("one argument");
	return deadline_in(wait_us);
}

static int run_gone(int argc, char **argv)
{
	struct deadline d = only_wait(argc, argv);
	const char *file = argv[optind];
	struct stat st;
	int fd = watch_directory_of(file);

	if (fd == -ENOENT)
		return 0; /* not even its directory */
	if (fd < 0)
		die("the directory of %s: %s", file, strerror(-fd));
	while (lstat(file, &st) == 0) {
		if (!wait_fd(fd, POLLIN, &d))
			die("%s still exists after %g s", file, deadline_s(&d));
		drain(fd);
	}
	if (errno != ENOENT && errno != ENOTDIR)
		die("%s: %s", file, strerror(errno));
	return 0;
}

/* ---- a process ---- */

static int run_exit(int argc, char **argv)
{
	struct deadline d = only_wait(argc, argv);
	pid_t pid = (pid_t)number_arg(argv[optind], INT32_MAX);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 && errno == ESRCH)
		return 0;
	if (fd < 0)
		die("process %d: %s", (int)pid, strerror(errno));
	if (!wait_fd(fd, POLLIN, &d))
		die("process %d still runs after %g s", (int)pid, deadline_s(&d));
	return 0;
}

/* ---- a port ---- */

#define PROC_LISTEN 10 /* the kernel's TCP_LISTEN */

static int listens_in(const char *table, unsigned port)
{
	FILE *f = fopen(table, "re");
	unsigned local, state;
	char line[256];
	int found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %*[^:]:%x %*s %x", &local, &state) == 2 && local == port &&
		    state == PROC_LISTEN)
			found = 1;
	}
	if (f)
		fclose(f);
	return found;
}

static int run_listener(int argc, char **argv)
{
	struct deadline d = only_wait(argc, argv);
	unsigned port = (unsigned)number_arg(argv[optind], UINT16_MAX);

	while (!listens_in("/proc/net/tcp", port) && !listens_in("/proc/net/tcp6", port)) {
		if (clock_us() >= d.at_us)
			die("nobody listens on port %u after %g s", port, deadline_s(&d));
		pause_until(clock_us() + RETRY_US);
	}
	return 0;
}

/* ---- a device ---- */

static int open_events(void)
{
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK,
				 .nl_groups =
					 RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0)
		die("netlink: %s", strerror(errno));
	return fd;
}

/* Return: IFF_ flags, -1 when there is no such device. */
static int device_flags(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};
	int flags = -1;

	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) == 0)
		flags = (unsigned short)ifr.ifr_flags;
	else if (errno != ENODEV)
		die("%s: %s", name, strerror(errno));
	close(fd);
	return flags;
}

static int has_tentative(const char *name)
{
	FILE *f = fopen("/proc/net/if_inet6", "re");
	char line[256], device[IF_NAMESIZE];
	unsigned flags;
	int found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %*s %*s %*s %x %15s", &flags, device) == 2 &&
		    !strcmp(device, name) && flags & IFA_F_TENTATIVE)
			found = 1;
	}
	if (f)
		fclose(f);
	return found;
}

static int has_usable_address(const char *name)
{
	struct ifaddrs *all, *a;
	int found = 0;

	if (getifaddrs(&all) < 0)
		die("addresses: %s", strerror(errno));
	for (a = all; a; a = a->ifa_next) {
		if (a->ifa_addr && !strcmp(a->ifa_name, name) &&
		    (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6))
			found = 1;
	}
	freeifaddrs(all);
	return found && !has_tentative(name);
}

static const struct state {
	const char *name;
	int flags; /* that it needs; 0: no device */
} states[] = {
	{"up", IFF_UP},
	{"running", IFF_UP | IFF_RUNNING},
	{"gone", 0},
};

static int is_in_state(const char *device, const struct state *state, int with_address)
{
	int flags = device_flags(device);

	if (flags < 0 || !state->flags)
		return flags < 0 && !state->flags;
	return (flags & state->flags) == state->flags &&
	       (!with_address || has_usable_address(device));
}

static int run_device(int argc, char **argv)
{
	int64_t wait_us = DEFAULT_WAIT_US;
	const struct state *state = NULL;
	int fd, with_address = 0;
	struct deadline d;
	const struct arg args[] = {
		SECONDS_ARG('w', &wait_us),
		FLAG_ARG('a', &with_address),
	};

	parse_args(argc, argv, args, COUNT(args));
	for (size_t i = 0; argc - optind == 2 && i < COUNT(states); i++)
		if (!strcmp(argv[optind + 1], states[i].name))
			state = &states[i];
	if (!state)
		misused("a device and a state");
	fd = open_events();
	d = deadline_in(wait_us);
	while (!is_in_state(argv[optind], state, with_address)) {
		if (!wait_fd(fd, POLLIN, &d))
			die("%s is not %s%s after %g s", argv[optind], state->name,
			    with_address ? " with an address in use" : "", deadline_s(&d));
		drain(fd);
	}
	return 0;
}

static const struct command commands[] = {
	{"text", "[-w S] [-n COUNT] FILE TEXT", run_text},
	{"gone", "[-w S] FILE", run_gone},
	{"exit", "[-w S] PID", run_exit},
	{"listener", "[-w S] PORT", run_listener},
	{"device", "[-w S] [-a] NAME up|running|gone", run_device},
};

int main(int argc, char **argv)
{
	return tool_main(argc, argv, commands, COUNT(commands));
}
