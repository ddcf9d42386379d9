/* SPDX-License-Identifier: MIT */
/*
 * judge: is each packet on a tunnel's wire what a kernel would have sent? It knows packets by itself
 * and shares nothing with the program that it judges.
 *
 * judge super	 one packet out through DEV that is larger than its MTU, with the note that it is to be
 *		 cut into segments of SEGMENT bytes of payload: where DEV can do that, it gets the
 *		 packet and the note, where not, the kernel cuts. HEADERS is hex up to the payload:
 *		 with -a Ethernet with tags, then IP with extensions, then TCP or UDP. Lengths,
 *		 IPv4 checksum and the pseudo header's sum are filled in; then come PAYLOAD
 *		 pseudo-random bytes (-S: seed). SEGMENT 0: no segments, only a checksum that is still
 *		 to be made. -e: the note says that CWR is to be in the first segment only.
 * judge relay	 stands between two tunnels: takes a connection (says "listening PORT"), makes one
 *		 to HOST, and passes on what comes either way until both have ended. Each frame is
 *		 checked on its way: its length against -m MTU (1500), lengths and checksums of IPv4,
 *		 IPv6, TCP, UDP and ICMP. -a: they are Ethernet frames. At the end a line for each way,
 *		 "to" for the one to HOST and "from":
 *		 "to: P packets, T tcp, U udp, F fragments, longest L, G gaps, R repeats, J jumps".
 *		 Gaps are bytes of a TCP stream left out, repeats come again, jumps are TCP packets
 *		 with payload whose IPv4 ID is not its predecessor's and 1 (with UDP_SEGMENT the kernel
 *		 itself counts otherwise). Each fault is a line, and the status is 1 then; gaps, repeats
 *		 and jumps are none.
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>

#include "tool.h"

#define TUNNEL_PORT 55555
#define FRAME_MAX   65535
#define PACKET_MAX  (65535 + 64)
#define RELAY_ROOM  (1 << 20)
#define FLOWS_MAX   256
#define SAID_FAULTS 10
#define ETHER_MIN   60
#define UDP_L4	    5 /* VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2 */

#define PROTO_FRAGMENT 44
#define FLAG_FIN       0x01
#define FLAG_SYN       0x02

static unsigned load16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

static void store16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* As slow as RFC 1071 tells it. */
static uint32_t sum_add(uint32_t sum, const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? buf[i] : (uint32_t)buf[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* ---- a packet ---- */

struct packet {
	const uint8_t *bytes;
	size_t len;
	size_t l3, l4, end; /* l4 and end are 0 when that cannot be told */
	size_t payload;	    /* of TCP and UDP */
	unsigned version, proto;
	int is_fragment;
	const char *fault; /* or NULL */
};

static uint32_t pseudo_sum(const struct packet *p)
{
	const uint8_t *ip = p->bytes + p->l3;
	uint32_t sum = p->version == 4 ? sum_add(0, ip + 12, 8) : sum_add(0, ip + 8, 32);
	uint8_t rest[4] = {0, (uint8_t)p->proto};

	store16(rest + 2, (unsigned)(p->end - p->l4));
	return sum_add(sum, rest, sizeof(rest));
}

static void look_at_transport(struct packet *p)
{
	size_t room = p->end - p->l4;
	size_t header_len = p->proto == IPPROTO_TCP ? 20 : 8;

	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP)
		return;
	if (room >= header_len && p->proto == IPPROTO_TCP)
		header_len = (p->bytes[p->l4 + 12] >> 4) * 4u;
	if (room < header_len || (p->proto == IPPROTO_TCP && header_len < 20))
		p->fault = "its TCP or UDP header is cut";
	else
		p->payload = p->l4 + header_len;
}

static void look_at_ipv4(struct packet *p)
{
	const uint8_t *ip = p->bytes + p->l3;

	p->proto = ip[9];
	p->l4 = p->l3 + (ip[0] & 15u) * 4;
	p->end = p->l3 + load16(ip + 2);
	p->is_fragment = (load16(ip + 6) & 0x3fff) != 0;
}

static void look_at_ipv6(struct packet *p)
{
	const uint8_t *ip = p->bytes + p->l3;

	p->proto = ip[6];
	p->l4 = p->l3 + 40;
	p->end = p->l4 + load16(ip + 4);
	while ((p->proto == IPPROTO_HOPOPTS || p->proto == IPPROTO_ROUTING ||
		p->proto == IPPROTO_DSTOPTS || p->proto == PROTO_FRAGMENT) &&
	       p->l4 + 8 <= p->len) {
		p->is_fragment |= p->proto == PROTO_FRAGMENT;
		p->proto = p->bytes[p->l4];
		p->l4 += p->is_fragment ? 8 : (p->bytes[p->l4 + 1] + 1u) * 8;
		if (p->is_fragment)
			return;
	}
}

/* Find the headers. @is_ether: it begins with an Ethernet header. */
static struct packet packet_look(const uint8_t *bytes, size_t len, int is_ether)
{
	struct packet p = {.bytes = bytes, .len = len};
	unsigned type = ETH_P_IP;

	if (is_ether) {
		for (p.l3 = 14; p.l3 <= len; p.l3 += 4) {
			type = load16(bytes + p.l3 - 2);
			if (type != ETH_P_8021Q && type != ETH_P_8021AD)
				break;
		}
		if (p.l3 > len)
			p.fault = "its Ethernet header is cut";
		if (p.fault || (type != ETH_P_IP && type != ETH_P_IPV6))
			return p;
	}
	if (p.l3 < len)
		p.version = bytes[p.l3] >> 4;
	if (p.version == 4 && len >= p.l3 + 20)
		look_at_ipv4(&p);
	else if (p.version == 6 && len >= p.l3 + 40)
		look_at_ipv6(&p);
	else
		p.fault = "it is not IP";
	if (!p.fault && (p.l4 > p.end || p.end > len))
		p.fault = "its IP length is wrong";
	if (!p.fault && !p.is_fragment)
		look_at_transport(&p);
	return p;
}

/* Are its lengths and checksums right? Return: what is wrong, or NULL. */
static const char *packet_judge(const struct packet *p, size_t mtu)
{
	uint32_t sum;

	if (p->fault)
		return p->fault;
	if (p->len > p->l3 + mtu)
		return "it is longer than the MTU";
	if (!p->version)
		return NULL;
	if (p->end != p->len && !(p->l3 && p->len == ETHER_MIN))
		return "its IP length is not the frame's";
	if (p->version == 4 && sum_add(0, p->bytes + p->l3, (p->bytes[p->l3] & 15u) * 4) != 0xffff)
		return "its IPv4 checksum is wrong";
	if (p->is_fragment)
		return NULL;
	if (p->proto == IPPROTO_UDP && load16(p->bytes + p->l4 + 4) != p->end - p->l4)
		return "its UDP length is wrong";
	if (p->proto == IPPROTO_UDP && !load16(p->bytes + p->l4 + 6))
		return "it has no UDP checksum";
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP && p->proto != IPPROTO_ICMPV6 &&
	    p->proto != IPPROTO_ICMP)
		return NULL;
	sum = p->proto == IPPROTO_ICMP ? 0 : pseudo_sum(p);
	if (sum_add(sum, p->bytes + p->l4, p->end - p->l4) != 0xffff)
		return p->proto == IPPROTO_TCP	 ? "its TCP checksum is wrong"
		       : p->proto == IPPROTO_UDP ? "its UDP checksum is wrong"
						 : "its ICMP checksum is wrong";
	return NULL;
}

/* ---- flows ---- */

struct flow {
	uint8_t key[38]; /* version, protocol, addresses, ports */
	uint32_t next_seq;
	unsigned last_id;
	int has_seq, has_id;
};

struct way {
	const char *name;
	int from_fd, to_fd;
	int has_ended;
	uint8_t *buf; /* RELAY_ROOM: what is to be passed on */
	size_t at, len;
	uint8_t frame[2 + FRAME_MAX]; /* with its length; so far */
	size_t have;
	unsigned long long packets, tcp, udp, fragments, gaps, repeats, jumps, faults;
	size_t longest;
	struct flow flows[FLOWS_MAX];
	size_t nflows;
};

static struct flow *find_flow(struct way *w, const struct packet *p)
{
	uint8_t key[38] = {(uint8_t)p->version, (uint8_t)p->proto};
	size_t at = p->l3 + (p->version == 4 ? 12 : 8), len = p->version == 4 ? 8 : 32;

	memcpy(key + 2, p->bytes + at, len);
	memcpy(key + 34, p->bytes + p->l4, 4);
	for (size_t i = 0; i < w->nflows; i++)
		if (!memcmp(w->flows[i].key, key, sizeof(key)))
			return &w->flows[i];
	if (w->nflows == FLOWS_MAX)
		die("more than %d flows", FLOWS_MAX);
	memcpy(w->flows[w->nflows].key, key, sizeof(key));
	return &w->flows[w->nflows++];
}

static void follow_tcp(struct way *w, struct flow *f, const struct packet *p)
{
	const uint8_t *tcp = p->bytes + p->l4;
	uint32_t seq = load32(tcp + 4);
	uint32_t len = (uint32_t)(p->end - p->payload) + (tcp[13] & FLAG_SYN ? 1 : 0) +
		       (tcp[13] & FLAG_FIN ? 1 : 0);
	int32_t ahead = (int32_t)(seq - f->next_seq);

	if (!len)
		return;
	if (!f->has_seq || tcp[13] & FLAG_SYN)
		ahead = 0;
	w->gaps += ahead > 0;
	w->repeats += ahead < 0;
	if (ahead >= 0)
		f->next_seq = seq + len;
	f->has_seq = 1;
}

static void follow(struct way *w, const struct packet *p)
{
	struct flow *f = find_flow(w, p);

	if (p->version == 4) {
		unsigned id = load16(p->bytes + p->l3 + 4);

		w->jumps += f->has_id && p->end > p->payload && id != ((f->last_id + 1) & 0xffff);
		f->last_id = id;
		/* The kernel sends SYN and ACK before there is a socket that counts. */
		f->has_id = !(p->bytes[p->l4 + 13] & FLAG_SYN);
	}
	follow_tcp(w, f, p);
}

struct relay {
	int64_t wait_us;
	uint64_t mtu;
	int is_ether;
};

static void judge_frame(const struct relay *r, struct way *w)
{
	struct packet p = packet_look(w->frame + 2, w->have - 2, r->is_ether);
	const char *fault = packet_judge(&p, r->mtu);

	w->packets++;
	if (p.len > w->longest)
		w->longest = p.len;
	if (fault) {
		if (w->faults++ < SAID_FAULTS) {
			printf("%s: packet %llu of %zu bytes: %s: ", w->name, w->packets, p.len,
			       fault);
			for (size_t i = 0; i < p.len && i < 120; i++)
				printf("%02x", p.bytes[i]);
			say("%s", "");
		}
		return;
	}
	w->fragments += p.is_fragment != 0;
	if (p.is_fragment || !p.payload)
		return;
	w->tcp += p.proto == IPPROTO_TCP;
	w->udp += p.proto == IPPROTO_UDP;
	if (p.proto == IPPROTO_TCP)
		follow(w, &p);
}

/* The stream's next bytes, to frames. */
static void judge_bytes(const struct relay *r, struct way *w, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t need = w->have < 2 ? 2 : 2 + load16(w->frame);
		size_t n = need - w->have < len ? need - w->have : len;

		memcpy(w->frame + w->have, bytes, n);
		w->have += n;
		bytes += n;
		len -= n;
		if (w->have >= 2 && w->have == 2 + load16(w->frame)) {
			judge_frame(r, w);
			w->have = 0;
		}
	}
}

static void way_receive(const struct relay *r, struct way *w)
{
	ssize_t n = recv(w->from_fd, w->buf, RELAY_ROOM, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		w->has_ended = 1;
		shutdown(w->to_fd, SHUT_WR);
		return;
	}
	judge_bytes(r, w, w->buf, (size_t)n);
	w->at = 0;
	w->len = (size_t)n;
}

static void way_send(struct way *w)
{
	ssize_t n = send(w->to_fd, w->buf + w->at, w->len - w->at, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		w->len = 0; /* nobody is there to take it */
	if (n > 0)
		w->at += (size_t)n;
	if (w->at >= w->len)
		w->at = w->len = 0;
}

static void way_print(const struct way *w)
{
	say("%s: %llu packets, %llu tcp, %llu udp, %llu fragments, longest %zu, %llu gaps, "
	    "%llu repeats, %llu jumps",
	    w->name, w->packets, w->tcp, w->udp, w->fragments, w->longest, w->gaps, w->repeats,
	    w->jumps);
	if (w->have)
		say("%s: the stream ended inside a frame", w->name);
}

/* Has one reader and one writer at a time: it reads again when all is passed on. */
static void relay_run(const struct relay *r, struct way ways[2])
{
	while (!ways[0].has_ended || !ways[1].has_ended) {
		struct pollfd fds[2];

		for (int i = 0; i < 2; i++)
			fds[i] = (struct pollfd){.fd = ways[i].has_ended ? -1
						       : ways[i].len	 ? ways[i].to_fd
									 : ways[i].from_fd,
						 .events = ways[i].len ? POLLOUT : POLLIN};
		if (!poll_until(fds, 2, clock_us() + r->wait_us))
			die("nothing came for %g s", (double)r->wait_us / 1e6);
		for (int i = 0; i < 2; i++) {
			if (!fds[i].revents)
				continue;
			if (ways[i].len)
				way_send(&ways[i]);
			else
				way_receive(r, &ways[i]);
		}
	}
}

static int run_relay(int argc, char **argv)
{
	static struct way ways[2] = {{.name = "to"}, {.name = "from"}};
	struct relay r = {.wait_us = 30000000, .mtu = 1500};
	struct connect_setup setup = {.port = TUNNEL_PORT};
	uint16_t port = TUNNEL_PORT;
	struct deadline d;
	int listen_fd, on = 1, fds[2];
	const struct arg args[] = {
		SECONDS_ARG('w', &r.wait_us), PORT_ARG('p', &port),
		PORT_ARG('P', &setup.port),   NUMBER_ARG('m', &r.mtu, FRAME_MAX),
		FLAG_ARG('a', &r.is_ether),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 1)
		misused("one host");
	setup.host = argv[optind];
	listen_fd = tcp_listen(NULL, port);
	d = deadline_in(r.wait_us);
	fds[0] = tcp_accept(listen_fd, &d);
	close(listen_fd);
	fds[1] = tcp_connect(&setup, &d);
	for (int i = 0; i < 2; i++) {
		(void)setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		ways[i].from_fd = fds[i];
		ways[i].to_fd = fds[!i];
		ways[i].buf = allocate(RELAY_ROOM);
	}
	relay_run(&r, ways);
	way_print(&ways[0]);
	way_print(&ways[1]);
	return ways[0].faults || ways[1].faults;
}

/* ---- super ---- */

static size_t unhex(const char *text, uint8_t *out, size_t room)
{
	size_t ndigits = 0;

	for (; *text; text++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, *text);

		if (*text == ' ')
			continue;
		if (!at || ndigits / 2 >= room)
			misused("the headers are not hexadecimal, or too long");
		out[ndigits / 2] = (uint8_t)(out[ndigits / 2] << 4 | (at - digits));
		ndigits++;
	}
	if (ndigits % 2)
		misused("the headers have half a byte");
	return ndigits / 2;
}

/* Lengths and sums of a packet whose payload is in place. */
static void complete_headers(uint8_t *bytes, struct packet *p)
{
	uint8_t *ip = bytes + p->l3, *l4 = bytes + p->l4;

	p->end = p->len;
	if (p->version == 4) {
		store16(ip + 2, (unsigned)(p->end - p->l3));
		store16(ip + 10, 0);
		store16(ip + 10, ~sum_add(0, ip, p->l4 - p->l3) & 0xffff);
	} else {
		store16(ip + 4, (unsigned)(p->end - p->l3 - 40));
	}
	if (p->proto == IPPROTO_UDP)
		store16(l4 + 4, (unsigned)(p->end - p->l4));
	store16(l4 + (p->proto == IPPROTO_TCP ? 16 : 6), pseudo_sum(p));
}

static int run_super(int argc, char **argv)
{
	static uint8_t bytes[PACKET_MAX + 8];
	struct sockaddr_ll ll = {.sll_family = AF_PACKET};
	struct virtio_net_hdr vnet = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM};
	uint64_t seed = 1, payload, segment;
	struct packet p;
	struct iovec iov[2] = {{&vnet, sizeof(vnet)}, {bytes, 0}};
	struct msghdr msg = {
		.msg_name = &ll, .msg_namelen = sizeof(ll), .msg_iov = iov, .msg_iovlen = 2};
	size_t header_len;
	int fd, on = 1, is_ether = 0, ecn = 0;
	const struct arg args[] = {
		NUMBER_ARG('S', &seed, UINT64_MAX),
		FLAG_ARG('e', &ecn),
		FLAG_ARG('a', &is_ether),
	};

	parse_args(argc, argv, args, COUNT(args));
	if (argc - optind != 4)
		misused("a device, headers, payload and segment size");
	header_len = unhex(argv[optind + 1], bytes, 512);
	payload = number_arg(argv[optind + 2], 65535);
	segment = number_arg(argv[optind + 3], 65535);
	if (header_len + payload > PACKET_MAX)
		misused("that is too long");
	random_fill(&seed, bytes + header_len, payload);
	/* The lengths in the headers are still to be made: only where they lie is of use. */
	p = packet_look(bytes, header_len + payload, is_ether);
	if (!p.l4 || (p.proto != IPPROTO_TCP && p.proto != IPPROTO_UDP))
		misused("those headers are not understood");
	complete_headers(bytes, &p);
	vnet.csum_start = (uint16_t)p.l4;
	vnet.csum_offset = p.proto == IPPROTO_TCP ? 16 : 6;
	vnet.hdr_len = (uint16_t)header_len;
	vnet.gso_size = (uint16_t)segment;
	if (segment)
		vnet.gso_type = (uint8_t)((p.proto == IPPROTO_UDP ? UDP_L4
					   : p.version == 4	  ? VIRTIO_NET_HDR_GSO_TCPV4
								  : VIRTIO_NET_HDR_GSO_TCPV6) |
					  (ecn ? VIRTIO_NET_HDR_GSO_ECN : 0));
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0)
		die("packet socket: %s", strerror(errno));
	ll.sll_ifindex = (int)if_nametoindex(argv[optind]);
	ll.sll_protocol = htons((uint16_t)(is_ether	    ? load16(bytes + 12)
					   : p.version == 4 ? ETH_P_IP
							    : ETH_P_IPV6));
	iov[1].iov_len = p.len;
	if (sendmsg(fd, &msg, 0) < 0)
		die("%s: %s", argv[optind], strerror(errno));
	return 0;
}

static const struct command commands[] = {
	{"super", "[-S SEED] [-e] [-a] DEV HEADERS PAYLOAD SEGMENT", run_super},
	{"relay", "[-w S] [-p PORT] [-P PORT] [-m MTU] [-a] HOST", run_relay},
};

int main(int argc, char **argv)
{
	return tool_main(argc, argv, commands, COUNT(commands));
}
