/* SPDX-License-Identifier: MIT */
/* The command line: what is accepted, and that each refusal names the option, the value and why. */
#include "options.h"

#include <arpa/inet.h>

#include "unit.h"

static struct options opts;
static char error[OPTIONS_ERROR_LEN];

/* Split @line at blanks and parse it as tunnel's arguments. */
static enum options_result parse(const char *line)
{
	static char words[1024];
	static char *argv[64];
	static char program[] = "tunnel";
	int argc = 1;

	argv[0] = program;
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	error[0] = 0;
	return options_parse(argc, argv, &opts, error);
}

static int is_bad(const char *line, const char *message)
{
	if (parse(line) != OPTIONS_BAD) {
		fprintf(stderr, "\taccepted: %s\n", line);
		return 0;
	}
	if (!strcmp(error, message))
		return 1;
	fprintf(stderr, "\t%s\n\t\"%s\", not\n\t\"%s\"\n", line, error, message);
	return 0;
}

static int accepts(const char *line)
{
	if (parse(line) == OPTIONS_RUN)
		return 1;
	fprintf(stderr, "\t%s: %s\n", line, error);
	return 0;
}

TEST(options_simpletun_server_line_works_as_it_stands)
{
	CHECK(accepts("-i tun0 -s -u -d -p 8080"));
	CHECK(opts.role == ROLE_SERVER);
	CHECK(opts.kind == PACKET_IP);
	CHECK(opts.port == 8080);
	CHECK(opts.debug == 1);
	CHECK_TEXT(opts.dev, "tun0");
}

TEST(options_simpletun_client_line_works_as_it_stands)
{
	CHECK(accepts("-i tun0 -c 192.0.2.7 -d -p 8080"));
	CHECK(opts.role == ROLE_CLIENT);
	CHECK_TEXT(opts.host, "192.0.2.7");
	CHECK(accepts("-i tap0 -c 192.0.2.7 -a"));
	CHECK(opts.kind == PACKET_ETHER);
}

TEST(options_defaults_are_those_of_the_documents)
{
	char text[PREFIX_TEXT_LEN];

	CHECK(accepts("-s"));
	CHECK(opts.port == 55555);
	CHECK(opts.timeout_s == 30);
	CHECK(opts.wait_s == 0);
	CHECK(opts.default_address && opts.naddresses == 1);
	CHECK_TEXT(prefix_text(&opts.addresses[0], text), "172.16.3.1/24");
	CHECK_TEXT(opts.dev, "tun%d");
	CHECK(opts.ready == READY_LISTENING);
	CHECK(opts.ready_fd == OPTIONS_NO_FD && opts.exit_fd == OPTIONS_NO_FD);
	CHECK(accepts("-a -c host"));
	CHECK_TEXT(prefix_text(&opts.addresses[0], text), "172.16.3.2/24");
	CHECK_TEXT(opts.dev, "tap%d");
	CHECK(opts.ready == READY_CONNECTED);
}

TEST(options_values_may_be_attached_or_apart)
{
	CHECK(accepts("-sp8080") && opts.port == 8080);
	CHECK(accepts("-sdp 8080") && opts.port == 8080 && opts.debug == 1);
	CHECK(accepts("--server --port=8080") && opts.port == 8080);
	CHECK(accepts("--server --port 8080") && opts.port == 8080);
	CHECK(accepts("-s -dd") && opts.debug == 2);
	CHECK(accepts("-s -d -d") && opts.debug == 2);
}

TEST(options_every_long_name_is_taken)
{
	CHECK(accepts(
		"--client h --dev x%d --tap --address 10.0.0.1/8 --mtu 9000 --netns n "
		"--port 7 --bind 10.0.0.9 --ipv4 --once --wait 3 --timeout 9 --congestion bbr "
		"--fwmark 0xff --bind-dev eth0 --daemon --ready connected --ready-fd 5 "
		"--exit-fd 6 --pidfile f --debug"));
	CHECK(opts.mtu == 9000 && opts.once && opts.wait_s == 3 && opts.timeout_s == 9);
	CHECK(opts.has_fwmark && opts.fwmark == 255);
	CHECK(opts.family == AF_INET);
	CHECK(opts.daemon && opts.ready_fd == 5 && opts.exit_fd == 6);
	CHECK_TEXT(opts.netns, "n");
	CHECK_TEXT(opts.bind, "10.0.0.9");
	CHECK_TEXT(opts.congestion, "bbr");
	CHECK_TEXT(opts.bind_dev, "eth0");
	CHECK_TEXT(opts.pidfile, "f");
	CHECK(accepts("--server --tun --ipv6 --quiet --peer 10.0.0.2 --address 10.0.0.1"));
	CHECK(opts.quiet && opts.has_peer);
}

TEST(options_port_must_be_a_number_in_range)
{
	CHECK(is_bad("-s -p abc",
		     "-p abc: a port is a number from 1 to 65535, or 0 with -s for any "
		     "free one"));
	CHECK(is_bad("-s -p 70000",
		     "-p 70000: a port is a number from 1 to 65535, or 0 with -s for any "
		     "free one"));
	CHECK(parse("-s -p -1") == OPTIONS_BAD);
	CHECK(parse("-s -p 0x50") == OPTIONS_BAD);
	CHECK(parse("-s -p 80x") == OPTIONS_BAD);
	CHECK(parse("-s -p +80") == OPTIONS_BAD);
	CHECK(parse("-s -p 99999999999999999999") == OPTIONS_BAD);
	CHECK(is_bad("-c h -p 0", "-p 0: a client must know the server's port"));
	CHECK(accepts("-s -p 0") && opts.port == 0);
	CHECK(accepts("-s -p 65535") && opts.port == 65535);
}

TEST(options_device_name_must_be_one_the_kernel_takes)
{
	CHECK(is_bad("-s -i 0123456789abcdef", "-i 0123456789abcdef: a device name has 1 to 15 "
					       "characters, this has 16"));
	CHECK(accepts("-s -i 0123456789abcde"));
	CHECK(parse("-s -i a/b") == OPTIONS_BAD);
	CHECK(parse("-s -i a:1") == OPTIONS_BAD);
	CHECK(parse("-s -i .") == OPTIONS_BAD);
	CHECK(parse("-s -i ..") == OPTIONS_BAD);
	CHECK(parse("-s -i t%s") == OPTIONS_BAD);
	CHECK(parse("-s -i t%d%d") == OPTIONS_BAD);
	CHECK(parse("-s --dev=") == OPTIONS_BAD);
	CHECK(accepts("-s -i t%d"));
}

TEST(options_server_and_client_exclude_each_other)
{
	const char *message =
		"-s and -c HOST exclude each other: one end is the server, the other the "
		"client";

	CHECK(is_bad("-s -c 10.0.0.1", message));
	CHECK(is_bad("-c 10.0.0.1 -s", message));
	CHECK(is_bad("-p 80", "-s or -c HOST is missing: is this the server or the client?"));
	CHECK(is_bad("", "-s or -c HOST is missing: is this the server or the client?"));
}

TEST(options_host_is_an_address_or_a_name)
{
	CHECK(accepts("-c fd00::1"));
	CHECK(accepts("-c fe80::1%eth0"));
	CHECK(accepts("-c gate.example.org"));
	CHECK(is_bad("-c 10.0.0.300", "-c 10.0.0.300: not an IPv4 or IPv6 address"));
	CHECK(is_bad("-c 10.1", "-c 10.1: not an IPv4 or IPv6 address"));
	CHECK(is_bad("-c fd00::g", "-c fd00::g: not an IPv4 or IPv6 address"));
	CHECK(is_bad("-c a_b/c", "-c a_b/c: neither an address nor a host name"));
	CHECK(is_bad("-c -x", "-c -x: neither an address nor a host name"));
	CHECK(parse("-c fe80::1%") == OPTIONS_BAD);
	CHECK(parse("--client=") == OPTIONS_BAD);
}

TEST(options_addresses_must_be_addresses)
{
	CHECK(is_bad("-s -l 10.0.0", "-l 10.0.0: not an IPv4 or IPv6 address"));
	CHECK(is_bad("-s -l 10.0.0.1/33",
		     "-l 10.0.0.1/33: the prefix length is a number from 0 to 32"));
	CHECK(is_bad("-s -l fd00::1/129",
		     "-l fd00::1/129: the prefix length is a number from 0 to 128"));
	CHECK(is_bad("-s -l 10.0.0.1/",
		     "-l 10.0.0.1/: the prefix length is a number from 0 to 32"));
	CHECK(is_bad("-s -l 224.0.0.1/24", "-l 224.0.0.1/24: not an address that a host can have"));
	CHECK(is_bad("-s -l 0.0.0.0/0", "-l 0.0.0.0/0: not an address that a host can have"));
	CHECK(is_bad("-s -l ff02::1/64", "-l ff02::1/64: not an address that a host can have"));
	CHECK(is_bad("-s -l ::/64", "-l ::/64: not an address that a host can have"));
	CHECK(is_bad("-s -l 10.0.0.1/24 -l 10.0.0.1/8", "-l 10.0.0.1/8: given twice"));
	CHECK(is_bad("-s -l none -l 10.0.0.1", "-l none and another -l exclude each other"));
	CHECK(is_bad("-s -l 10.0.0.1 -l none", "-l none and another -l exclude each other"));
	CHECK(parse("-s -b 10.0.0") == OPTIONS_BAD);
	CHECK(parse("-s -b host") == OPTIONS_BAD);
}

TEST(options_address_without_length_gets_the_usual_one)
{
	char text[PREFIX_TEXT_LEN];

	CHECK(accepts("-s -l 10.0.0.1 -l fd00::1"));
	CHECK(opts.naddresses == 2 && !opts.default_address);
	CHECK_TEXT(prefix_text(&opts.addresses[0], text), "10.0.0.1/24");
	CHECK_TEXT(prefix_text(&opts.addresses[1], text), "fd00::1/64");
	CHECK(accepts("-s -l 10.0.0.1/0 -l fd00::1/128"));
	CHECK_TEXT(prefix_text(&opts.addresses[0], text), "10.0.0.1/0");
	CHECK_TEXT(prefix_text(&opts.addresses[1], text), "fd00::1/128");
	CHECK(accepts("-s -l none") && opts.no_address && !opts.naddresses);
}

TEST(options_at_most_sixteen_addresses)
{
	char line[1024] = "-s";

	for (int i = 1; i <= OPTIONS_MAX_ADDRESSES; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " -l 10.0.0.%d", i);
	CHECK(accepts(line) && opts.naddresses == OPTIONS_MAX_ADDRESSES);
	strcat(line, " -l 10.0.0.99");
	CHECK(is_bad(line, "-l 10.0.0.99: more than 16 addresses"));
}

TEST(options_a_pair_takes_one_ipv4_address_each)
{
	char text[PREFIX_TEXT_LEN];

	CHECK(accepts("-s -l 10.0.0.1 -P 10.0.0.2 -l fd00::1"));
	CHECK_TEXT(prefix_text(&opts.addresses[0], text), "10.0.0.1/32");
	CHECK(accepts("-s -l 10.0.0.1/32 -P 10.9.0.2"));
	CHECK(is_bad("-s -P fd00::2 -l fd00::1",
		     "-P fd00::2: the kernel makes point-to-point pairs with IPv4 only; give IPv6 "
		     "addresses a prefix with -l"));
	CHECK(is_bad("-s -P 10.0.0.2", "-P goes with one IPv4 address of this end, -l ADDR"));
	CHECK(is_bad("-s -P 10.0.0.2 -l none",
		     "-P goes with one IPv4 address of this end, -l ADDR"));
	CHECK(is_bad("-s -P 10.0.0.2 -l 10.0.0.1 -l 10.0.0.3",
		     "-P goes with one IPv4 address of this end, -l ADDR"));
	CHECK(is_bad("-s -P 10.0.0.2 -l 10.0.0.1/24",
		     "-l 10.0.0.1/24: with -P the pair has no prefix, leave /24 out"));
	CHECK(is_bad("-s -P 10.0.0.1 -l 10.0.0.1", "-l and -P name the same address, 10.0.0.1/32"));
	CHECK(is_bad("-s -P 10.0.0 -l 10.0.0.1",
		     "-P 10.0.0: not an IPv4 address that a host can have"));
}

TEST(options_mtu_must_be_in_range_for_what_it_carries)
{
	CHECK(is_bad("-s -m 67", "-m 67: not a number from 68 to 65535"));
	CHECK(is_bad("-s -m 65536", "-m 65536: not a number from 68 to 65535"));
	CHECK(is_bad("-s -m 1500b", "-m 1500b: not a number from 68 to 65535"));
	CHECK(accepts("-s -m 68") && accepts("-s -m 65535"));
	CHECK(is_bad("-s -a -m 65522", "-m 65522: with -a at most 65521, since the Ethernet header "
				       "counts for the 16-bit length"));
	CHECK(accepts("-s -a -m 65521"));
	CHECK(is_bad("-s -m 1279 -l fd00::1/64",
		     "-m 1279: too small for -l fd00::1/64, IPv6 needs 1280"));
	CHECK(accepts("-s -m 1280 -l fd00::1/64"));
}

TEST(options_families_must_agree)
{
	CHECK(is_bad("-s -4 -6", "-4 and -6 exclude each other"));
	CHECK(is_bad("-c fd00::1 -4", "-c fd00::1: not an IPv4 address, but -4 was given"));
	CHECK(is_bad("-s -b 10.0.0.1 -6", "-b 10.0.0.1: not an IPv6 address, but -6 was given"));
	CHECK(is_bad("-c fd00::1 -b 10.0.0.1",
		     "-b 10.0.0.1 and -c fd00::1: one is IPv4, the other IPv6"));
	CHECK(accepts("-c name -b fd00::1"));
	CHECK(accepts("-c fd00::1 -b fd00::2 -6"));
}

TEST(options_combinations_without_sense_are_refused)
{
	CHECK(is_bad("-s -u -a", "-u and -a exclude each other"));
	CHECK(is_bad("-s -q -d", "-q and -d exclude each other"));
	CHECK(is_bad("-c h --ready listening", "--ready listening: a client does not listen"));
	CHECK(accepts("-s --ready connected") && opts.ready == READY_CONNECTED);
	CHECK(is_bad("-s --ready up", "--ready up: the state is \"listening\" or \"connected\""));
	CHECK(is_bad("-s --ready-fd 3 --exit-fd 3",
		     "--ready-fd and --exit-fd name the same descriptor, 3"));
	CHECK(is_bad("-s -p 1 -p 2", "-p 2: given twice"));
	CHECK(is_bad("-s -w 0", "-w 0: not a number from 1 to 86400"));
	CHECK(is_bad("-s -t 0", "-t 0: not a number from 1 to 86400"));
}

TEST(options_marks_are_decimal_or_hexadecimal)
{
	CHECK(accepts("-s --fwmark 0") && opts.has_fwmark && opts.fwmark == 0);
	CHECK(accepts("-s --fwmark 4294967295") && opts.fwmark == UINT32_MAX);
	CHECK(accepts("-s --fwmark 0xFFFFFFFF") && opts.fwmark == UINT32_MAX);
	CHECK(parse("-s --fwmark 4294967296") == OPTIONS_BAD);
	CHECK(parse("-s --fwmark 0x") == OPTIONS_BAD);
	CHECK(parse("-s --fwmark ten") == OPTIONS_BAD);
	CHECK(parse("-s --fwmark -1") == OPTIONS_BAD);
}

TEST(options_words_that_are_no_options_are_refused)
{
	CHECK(is_bad("-s left over", "left: an option was expected, see tunnel -h"));
	CHECK(is_bad("-s -", "-: an option was expected, see tunnel -h"));
	CHECK(is_bad("-s --", "--: an option was expected, see tunnel -h"));
	CHECK(is_bad("-s -x", "-x: no such option"));
	CHECK(is_bad("-sx", "-x: no such option, in -sx"));
	CHECK(is_bad("-s --nonsense=3", "--nonsense: no such option"));
	CHECK(is_bad("--server=yes", "--server=yes: takes no value"));
	CHECK(is_bad("-s -p", "-p: needs a value, N"));
	CHECK(is_bad("-s --port", "--port: needs a value, N"));
	CHECK(is_bad("-s --netns=", "--netns: the value is empty"));
	CHECK(is_bad("-s --device", "--device: no such option")); /* a heading of the help */
}

TEST(options_help_and_version_win_over_what_follows)
{
	CHECK(parse("-h -p abc") == OPTIONS_HELP);
	CHECK(parse("-sh") == OPTIONS_HELP);
	CHECK(parse("--help") == OPTIONS_HELP);
	CHECK(parse("-V") == OPTIONS_VERSION);
}

TEST(options_help_names_every_option_and_fits_a_terminal)
{
	static const char *const names[] = {"-i, --dev", "-l, --address", "--ready-fd",
					    "-1, --once"};
	static char text[OPTIONS_HELP_LEN];
	size_t column = 0;

	options_help(text);
	CHECK(strlen(text) < OPTIONS_HELP_LEN - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(strstr(text, names[i]) != NULL);
	for (const char *c = text; *c; c++) {
		column = *c == '\n' ? 0 : column + 1;
		CHECK(column <= 84);
	}
}
