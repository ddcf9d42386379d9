/* SPDX-License-Identifier: MIT */
/* Hooks, run by a process of their own. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "log.h"

#define FINISH_MS 10000

/* What the tunnel sends, a packet each. */
struct message {
	enum hook hook; /* HOOK_NONE: let go of standard error */
	struct helper_facts facts;
};

/* ---- the helper ---- */

/* The helper's own state. */
struct runner {
	const char *commands[NHOOKS]; /* NULL: none was given */
	int fd;			      /* the tunnel is at its other end */
	int has_tunnel;		      /* it is still there */
	int holds_stderr;	      /* with -D, for which somebody may wait */
	int child_fd;		      /* a signalfd of CHLD */
	int out_fd;		      /* the hooks' standard output and error */
	pid_t tunnel_pid, hook_pid;
	sigset_t signals; /* the mask that the tunnel was started with */
	struct hookqueue queue;
	struct helper_facts facts[NHOOKS]; /* of those that wait; of an up also afterwards */
};

static const char *const option[NHOOKS] = {[HOOK_UP] = "--up", [HOOK_DOWN] = "--down"};

static void set_number(const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	setenv(name, text, 1);
}

/* The process that becomes the hook. */
static void exec_hook(const struct runner *r, enum hook hook)
{
	const struct helper_facts *facts = &r->facts[hook];

	setenv("TUNNEL_REASON", hook == HOOK_UP ? "up" : "down", 1);
	setenv("TUNNEL_DEV", facts->dev, 1);
	setenv("TUNNEL_ADDRESS", facts->address, 1);
	set_number("TUNNEL_MTU", facts->mtu);
	setenv("TUNNEL_PEER", facts->peer, 1);
	set_number("TUNNEL_PID", (uint64_t)r->tunnel_pid);
	set_number("TUNNEL_RX_BYTES", facts->rx_bytes);
	set_number("TUNNEL_TX_BYTES", facts->tx_bytes);
	dup2(r->out_fd, STDOUT_FILENO);
	dup2(r->out_fd, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &r->signals, NULL);
	execl("/bin/sh", "sh", "-c", r->commands[hook], (char *)NULL);
	_exit(127);
}

static void start_hooks(struct runner *r)
{
	enum hook hook;

	while ((hook = hookqueue_next(&r->queue)) != HOOK_NONE) {
		if (!r->commands[hook]) {
			hookqueue_ended(&r->queue);
			continue;
		}
		log_set_name(r->facts[hook].dev);
		r->hook_pid = fork();
		if (!r->hook_pid)
			exec_hook(r, hook);
		if (r->hook_pid > 0)
			return;
		log_error("%s: cannot run it: %s", option[hook], strerror(errno));
		hookqueue_ended(&r->queue);
	}
}

static void say_how_it_ended(const char *name, int status)
{
	if (WIFSIGNALED(status))
		log_error("%s: killed by signal %d", name, WTERMSIG(status));
	else
		log_print(WEXITSTATUS(status) ? LEVEL_ERROR : LEVEL_DEBUG, "%s: exit status %d",
			  name, WEXITSTATUS(status));
}

static void reap_hook(struct runner *r)
{
	struct signalfd_siginfo info;
	int status;

	while (read(r->child_fd, &info, sizeof(info)) > 0)
		continue;
	if (r->hook_pid <= 0 || waitpid(r->hook_pid, &status, WNOHANG) != r->hook_pid)
		return;
	say_how_it_ended(option[r->queue.running], status);
	r->hook_pid = 0;
	hookqueue_ended(&r->queue);
}

static void take(struct runner *r, enum hook hook, const struct helper_facts *facts)
{
	if (hookqueue_tell(&r->queue, hook))
		r->facts[hook] = *facts;
}

static void leave_stderr(struct runner *r)
{
	if (r->holds_stderr)
		daemon_leave_stderr();
	r->holds_stderr = 0;
}

static void take_message(struct runner *r)
{
	struct message m;
	ssize_t len = recv(r->fd, &m, sizeof(m), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len != (ssize_t)sizeof(m)) {
		r->has_tunnel = 0; /* it has ended or was killed */
		leave_stderr(r);
		take(r, HOOK_DOWN, &r->facts[HOOK_UP]);
	} else if (m.hook == HOOK_NONE) {
		leave_stderr(r);
	} else {
		/* A down that did not reach us, see helper_tell(). */
		if (m.hook == HOOK_UP)
			take(r, HOOK_DOWN, &r->facts[HOOK_UP]);
		take(r, m.hook, &m.facts);
	}
}

/* Hold nothing that anyone waits for; the key may come through standard input. */
static void let_go(struct runner *r, int is_daemon)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct stat st;

	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	daemon_close_all_but(r->fd, -1, -1, 1);
	log_open(); /* its descriptor was closed with the rest */
	r->out_fd = STDERR_FILENO;
	r->holds_stderr = is_daemon;
	if (!is_daemon)
		return;
	/* Who waits for the end of -D's standard error must not wait for a hook. */
	if (fstat(STDERR_FILENO, &st) < 0 || !S_ISREG(st.st_mode))
		r->out_fd = STDOUT_FILENO;
	if (chdir("/") < 0)
		log_debug("cannot change to /: %s", strerror(errno));
}

static void run_helper(struct runner *r, int is_daemon)
{
	sigset_t child;

	setsid();
	prctl(PR_SET_NAME, "tunnel-hooks");
	let_go(r, is_daemon);
	unsetenv("NOTIFY_SOCKET");
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	r->child_fd = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
	if (r->child_fd < 0) {
		log_error("--up, --down: signalfd: %s", strerror(errno));
		return;
	}
	r->has_tunnel = 1;
	while (r->has_tunnel || !hookqueue_is_idle(&r->queue)) {
		/* The socket stays open to the end, which the tunnel may wait for. */
		struct pollfd fds[] = {
			{.fd = r->has_tunnel ? r->fd : -1, .events = POLLIN},
			{.fd = r->child_fd, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			reap_hook(r);
		if (fds[0].revents)
			take_message(r);
		start_hooks(r);
	}
}

/* ---- the tunnel's side ---- */

int helper_start(struct helper *h, const struct options *opts)
{
	struct runner runner = {.commands = {[HOOK_UP] = opts->up, [HOOK_DOWN] = opts->down},
				.tunnel_pid = getpid()};
	sigset_t all;
	int fds[2], err;

	h->fd = -1;
	if (!opts->up && !opts->down)
		return 0;
	h->names = opts->up && opts->down ? "--up or --down" : opts->up ? "--up" : "--down";
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	runner.fd = fds[1];
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &runner.signals);
	h->pid = fork();
	err = -errno;
	if (!h->pid) {
		close(fds[0]); /* or we would not see its end */
		run_helper(&runner, opts->daemon);
		_exit(0);
	}
	sigprocmask(SIG_SETMASK, &runner.signals, NULL);
	close(fds[1]);
	if (h->pid < 0) {
		close(fds[0]);
		return err;
	}
	h->fd = fds[0];
	return 0;
}

static int send_message(const struct helper *h, const struct message *m)
{
	return send(h->fd, m, sizeof(*m), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/*
 * The helper reads whatever a hook does, so only one that was stopped has no room. What is lost then
 * does no harm to the order: an up tells it of the down before, and a down without an up is passed over.
 */
void helper_tell(const struct helper *h, enum hook hook, const struct helper_facts *facts)
{
	struct message m;
	int err;

	if (h->fd < 0)
		return;
	memset(&m, 0, sizeof(m));
	m.hook = hook;
	m.facts = *facts;
	err = send_message(h, &m);
	if (err < 0)
		log_debug("%s: the helper does not hear of it: %s", option[hook], strerror(-err));
}

void helper_detach(const struct helper *h)
{
	struct message m;

	if (h->fd < 0)
		return;
	memset(&m, 0, sizeof(m));
	m.hook = HOOK_NONE;
	(void)send_message(h, &m);
}

/* It has closed its socket, so it is about to exit, and waiting for that does not take long. */
static void reap_helper(struct helper *h)
{
	close(h->fd);
	h->fd = -1;
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

void helper_is_gone(struct helper *h)
{
	reap_helper(h);
	log_error("the process that runs hooks has ended: %s will not run any more", h->names);
}

void helper_finish(struct helper *h)
{
	int64_t left_ms, until_ms = clock_ms() + FINISH_MS;
	struct pollfd p = {.fd = h->fd};

	if (h->fd < 0)
		return;
	shutdown(h->fd, SHUT_WR);
	while (!p.revents && (left_ms = until_ms - clock_ms()) > 0)
		if (poll(&p, 1, (int)left_ms) < 0)
			p.revents = 0;
	if (p.revents) {
		reap_helper(h);
		return;
	}
	log_error("%s is still running, it is left to itself", h->names);
	close(h->fd);
	h->fd = -1;
}
