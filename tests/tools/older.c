/* SPDX-License-Identifier: MIT */
/*
 * older: a past that a program may meet. An older kernel can do less with tun devices: the calls that
 * it would refuse are refused with EINVAL, by a seccomp filter. And someone has used a device before.
 *
 * older run	 -o MASK: TUNSETOFFLOAD with any of these bits is refused. -v N: so is a writev() of N
 *		 parts or more, which is a super-packet. Status 77 when the kernel has no seccomp.
 * older left	 leaves DEV, which is there to stay, with settings that nobody expects: all offload, a
 *		 longer vnet header, a send buffer of a byte. -a: it is a tap, and
 *		 there are two filters that let no frame through.
 */
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tool.h"

/* The filter sees 64-bit arguments as two words. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_WORD 0
#else
#define LOW_WORD 4
#endif

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define LOAD_ARG(i)                        \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		 (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (i) + LOW_WORD))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL)
#define ALLOW  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int run_run(int argc, char **argv)
{
	uint64_t mask = 0, nparts = UINT32_MAX;
	const struct arg args[] = {
		NUMBER_ARG('o', &mask, UINT32_MAX),
		NUMBER_ARG('v', &nparts, UINT32_MAX),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc == optind)
		misused("a program");

	struct sock_filter filter[] = {
		LOAD(nr),    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 5),
		LOAD_ARG(1), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TUNSETOFFLOAD, 0, 7),
		LOAD_ARG(2), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)mask, 0, 5),
		REFUSE,	     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_writev, 0, 3),
		LOAD_ARG(2), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)nparts, 0, 1),
		REFUSE,	     ALLOW,
	};
	struct sock_fprog program = {.len = COUNT(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		fprintf(stderr, "older: seccomp: %s\n", strerror(errno));
		return 77;
	}
	execvp(argv[optind], argv + optind);
	die("%s: %s", argv[optind], strerror(errno));
}

#define SET(fd, op, value)                                   \
	do {                                                 \
		if (ioctl(fd, op, value) < 0)                \
			die("%s: %s", #op, strerror(errno)); \
	} while (0)

static int run_left(int argc, char **argv)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), is_tap = 0;
	int header_len = 12, sndbuf = 1, little_endian = 1;
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog program = {.len = COUNT(nothing), .filter = nothing};
	struct tun_filter head = {.count = 1};
	uint8_t nobody[sizeof(head) + 6] = {0}; /* a filter and its one address */
	struct ifreq ifr = {.ifr_flags = IFF_NO_PI | IFF_VNET_HDR};
	const struct arg args[] = {
		FLAG_ARG('a', &is_tap),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 1)
		misused("one device");
	strncpy(ifr.ifr_name, argv[optind], sizeof(ifr.ifr_name) - 1);
	ifr.ifr_flags |= is_tap ? IFF_TAP : IFF_TUN;
	SET(fd, TUNSETIFF, &ifr);
	SET(fd, TUNSETVNETHDRSZ, &header_len);
	SET(fd, TUNSETVNETLE, &little_endian);
	SET(fd, TUNSETSNDBUF, &sndbuf);
	/* Checksums, TCP and, where the kernel knows it, UDP. */
	if (ioctl(fd, TUNSETOFFLOAD, 0x67) < 0 && ioctl(fd, TUNSETOFFLOAD, 0x07) < 0)
		die("TUNSETOFFLOAD: %s", strerror(errno));
	if (is_tap) {
		memcpy(nobody, &head, sizeof(head));
		SET(fd, TUNSETTXFILTER, nobody);
		SET(fd, TUNATTACHFILTER, &program);
	}
	return 0;
}

static const struct command commands[] = {
	{"left", "[-a] DEV", run_left},
	{"run", "[-o MASK] [-v PARTS] PROGRAM ARGUMENT...", run_run},
};

int main(int argc, char **argv)
{
	return tool_main(argc, argv, commands, COUNT(commands));
}
