/* SPDX-License-Identifier: MIT */
/* The order of start-up, and the exit status. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon.h"
#include "device.h"
#include "helper.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "options.h"
#include "secret.h"
#include "status.h"
#include "transport.h"
#include "wipe.h"

#define VERSION "0.1"

static int print_help(void)
{
	char text[OPTIONS_HELP_LEN];

	options_help(text);
	return fputs(text, stdout) < 0 || fflush(stdout) ? EXIT_SYSTEM : EXIT_OK;
}

/* A descriptor that a script passes must be there: else whatever we open next would be taken for it. */
static int check_fd(const char *label, int fd, unsigned given)
{
	if (fd == OPTIONS_NO_FD ||
	    (fd <= STDERR_FILENO ? given >> fd & 1 : fcntl(fd, F_GETFD) >= 0))
		return 0;
	log_error("%s %d: there is no such open descriptor", label, fd);
	return -1;
}

/*
 * Standard descriptors that were closed would be given to the device, the socket or the log. Return: a
 * bit for each that was given.
 */
static unsigned fill_standard_fds(void)
{
	unsigned given = 0;
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		given |= (fcntl(fd, F_GETFD) >= 0 ? 1u : 0u) << fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return given;
}

/* With -D the standard descriptors become /dev/null, so what is watched must be another. */
static void keep_exit_fd(struct options *opts)
{
	int fd = opts->exit_fd;

	if (fd != OPTIONS_NO_FD && fd <= STDERR_FILENO)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd >= 0)
		opts->exit_fd = fd;
}

/* The signals of the loop wait for it in a descriptor; @old is for child processes. */
static int open_signal_fd(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void say_what_is(const struct options *opts, const struct device *dev, uint16_t port)
{
	char addresses[ADDRESSES_TEXT_LEN];

	addresses_text(&dev->addresses, addresses);
	if (opts->role == ROLE_CLIENT) {
		log_notice("address %s, MTU %u; connecting to %s port %u", addresses, dev->net.mtu,
			   opts->host, port);
		return;
	}
	log_notice("address %s, MTU %u; listening on port %u", addresses, dev->net.mtu, port);
	if (!opts->key)
		log_notice(
			"there is no key: whoever reaches port %u can use this tunnel; use -k at "
			"both ends, or limit that with -b or a firewall",
			port);
}

static int print_new_key(unsigned given)
{
	char error[SECRET_ERROR_LEN];
	int err;

	if (check_fd("--genkey: standard output", STDOUT_FILENO, given) < 0)
		return EXIT_SYSTEM;
	err = secret_print_new(error);

	if (error[0])
		log_print(err < 0 ? LEVEL_ERROR : LEVEL_NOTICE, "%s", error);
	return err < 0 ? EXIT_SYSTEM : EXIT_OK;
}

/* The device is there, and nothing stands in the way: now files may be overwritten. */
static int run_with_device(struct loop_setup *setup)
{
	static struct pcap pcap; /* large */
	const struct options *opts = setup->opts;
	struct stats stats = {.dir_fd = -1};
	char error[512];
	int status;

	if (pcap_open(&pcap, opts->pcap, opts->kind, error) < 0 ||
	    stats_open(&stats, opts->stats, error) < 0) {
		log_error("%s", error);
		status = EXIT_SYSTEM;
	} else {
		say_what_is(opts, setup->device, setup->port);
		log_debug("offload: %s", device_offload_text(setup->device));
		setup->pcap = &pcap;
		setup->stats = &stats;
		status = loop_run(setup);
	}
	pcap_close(&pcap);
	stats_close(&stats);
	return status;
}

/* From the pid file to the end. Everything that is opened here is closed here. */
static int run(const struct options *opts, struct daemon *daemon, struct helper *helper,
	       struct notify *notify, uint8_t *key)
{
	struct loop_setup setup = {.opts = opts,
				   .daemon = daemon,
				   .helper = helper,
				   .notify = notify,
				   .key = key,
				   .listen_fd = -1,
				   .port = opts->port};
	struct pidfile pidfile = {.fd = -1, .dir_fd = -1};
	struct device device;
	char error[512];
	sigset_t signals;
	int status;

	setup.signal_fd = open_signal_fd(&signals);
	setup.signals = &signals;
	setup.device = &device;
	if (setup.signal_fd < 0) {
		log_error("signalfd: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	if (opts->pidfile && pidfile_create(&pidfile, opts->pidfile, error) < 0) {
		log_error("%s", error);
		return EXIT_SYSTEM;
	}
	if (opts->role == ROLE_SERVER)
		setup.listen_fd = transport_listen(opts, &setup.port, error);
	if (opts->role == ROLE_SERVER ? setup.listen_fd < 0 : transport_check(opts, error) < 0) {
		log_error("%s", error);
		status = opts->role == ROLE_SERVER ? EXIT_CONNECT : EXIT_SYSTEM;
	} else if (device_open(&device, opts, error) < 0) {
		log_error("%s", error);
		status = EXIT_DEVICE;
		if (setup.listen_fd >= 0)
			close(setup.listen_fd);
	} else {
		log_set_name(device.net.name);
		status = run_with_device(&setup);
		helper_finish(helper); /* --down finds the device */
		device_close(&device);
	}
	pidfile_remove(&pidfile);
	close(setup.signal_fd);
	return status;
}

/* The key comes first: without it there is nothing to set up. */
static int run_with_key(const struct options *opts, struct daemon *daemon, struct helper *helper,
			struct notify *notify)
{
	uint8_t key[KEYFILE_KEY_LEN];
	char error[SECRET_ERROR_LEN];
	int status;

	if (!opts->key)
		return run(opts, daemon, helper, notify, NULL);
	secret_protect();
	if (secret_read(opts->key, key, error) < 0) {
		log_error("%s", error);
		return EXIT_SYSTEM;
	}
	status = run(opts, daemon, helper, notify, key);
	crypto_wipe(key, sizeof(key));
	return status;
}

/* The helper comes before the key, which it must not have. */
static int run_with_helper(const struct options *opts, struct daemon *daemon, struct notify *notify)
{
	struct helper helper;
	int err = helper_start(&helper, opts);
	int status;

	if (err < 0) {
		log_error("--up, --down: %s", strerror(-err));
		return EXIT_SYSTEM;
	}
	status = run_with_key(opts, daemon, &helper, notify);
	helper_finish(&helper);
	return status;
}

int main(int argc, char *argv[])
{
	struct daemon daemon = {.parent_fd = -1};
	struct notify notify;
	struct options opts;
	char error[OPTIONS_ERROR_LEN];
	unsigned given;
	int err, status;

	signal(SIGPIPE, SIG_IGN);
	given = fill_standard_fds();
	log_open();
	switch (options_parse(argc, argv, &opts, error)) {
	case OPTIONS_HELP:
		return print_help();
	case OPTIONS_VERSION:
		return puts("tunnel " VERSION) < 0 || fflush(stdout) ? EXIT_SYSTEM : EXIT_OK;
	case OPTIONS_GENKEY:
		return print_new_key(given);
	case OPTIONS_BAD:
		log_error("%s", error);
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	if (check_fd("--ready-fd", opts.ready_fd, given) < 0 ||
	    check_fd("--exit-fd", opts.exit_fd, given) < 0)
		return EXIT_USAGE;
	keep_exit_fd(&opts);
	if (opts.meter && !isatty(STDERR_FILENO)) {
		log_error("--meter: standard error is not a terminal");
		return EXIT_USAGE;
	}
	if (opts.quiet)
		log_set_level(LEVEL_ERROR);
	else if (opts.debug)
		log_set_level(opts.debug == 1 ? LEVEL_DEBUG : LEVEL_PACKET);
	notify_open(&notify);
	err = opts.daemon ? daemon_start(&daemon, opts.ready_fd, opts.exit_fd) : 0;
	if (err < 0) {
		log_error("-D: %s", strerror(-err));
		return EXIT_SYSTEM;
	}
	status = run_with_helper(&opts, &daemon, &notify);
	notify_close(&notify);
	return status;
}
