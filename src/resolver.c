/* SPDX-License-Identifier: MIT */
/* Names to addresses in a child process. */
#include "resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child writes, in one piece: the pipe takes PIPE_BUF bytes or none. */
struct answer {
	int gai_error; /* of getaddrinfo(), 0 for success */
	int sys_error; /* errno for EAI_SYSTEM */
	struct endpoint_list list;
};

_Static_assert(sizeof(struct answer) <= 4096, "an answer is written in one piece, PIPE_BUF");

static void lookup(const char *host, uint16_t port, int family, struct answer *answer)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;

	answer->gai_error = getaddrinfo(host, NULL, &hints, &found);
	answer->sys_error = errno;
	if (answer->gai_error)
		return;
	for (struct addrinfo *ai = found; ai; ai = ai->ai_next) {
		struct endpoint *e = &answer->list.endpoints[answer->list.n];

		if (answer->list.n == RESOLVER_MAX_ENDPOINTS ||
		    (ai->ai_family != AF_INET && ai->ai_family != AF_INET6))
			continue;
		endpoint_from(e, ai->ai_addr);
		if (e->sa.sa_family == AF_INET)
			e->in.sin_port = htons(port);
		else
			e->in6.sin6_port = htons(port);
		answer->list.n++;
	}
	freeaddrinfo(found);
}

int resolver_ask(struct resolver *r, const char *host, uint16_t port, int family,
		 const sigset_t *signals)
{
	struct answer answer = {0};
	pid_t parent = getpid();
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r->pid = fork();
	if (r->pid < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!r->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		sigprocmask(SIG_SETMASK, signals, NULL);
		lookup(host, port, family, &answer);
		_exit(write(fds[1], &answer, sizeof(answer)) != (ssize_t)sizeof(answer));
	}
	close(fds[1]);
	r->fd = fds[0];
	return 0;
}

/* The child is about to exit or was killed, so waiting for it does not take long. */
static void finish(struct resolver *r)
{
	close(r->fd);
	r->fd = -1;
	while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

const char *resolver_answer(struct resolver *r, struct endpoint_list *list)
{
	struct answer answer;
	ssize_t len = read(r->fd, &answer, sizeof(answer));

	finish(r);
	if (len != (ssize_t)sizeof(answer))
		return "the look-up was interrupted";
	if (answer.gai_error)
		return answer.gai_error == EAI_SYSTEM ? strerror(answer.sys_error)
						      : gai_strerror(answer.gai_error);
	*list = answer.list;
	return list->n ? NULL : "it has no address of the family that was asked for";
}

void resolver_cancel(struct resolver *r)
{
	if (r->fd < 0)
		return;
	kill(r->pid, SIGKILL);
	finish(r);
}
