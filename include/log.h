/* SPDX-License-Identifier: MIT */
/*
 * Messages: a line an event, "tunnel: tun0: what happened; what to do".
 *
 * A message is printed once, by the floor that knows the intention (loop and main). Writing one
 * never blocks: when nobody reads standard error, lines are counted and the loss is told later, so
 * that a stalled terminal or pipe cannot stall the tunnel.
 */
#ifndef LOG_H
#define LOG_H

enum log_level {
	LEVEL_ANSWER, /* what was asked for, also with -q */
	LEVEL_ERROR,  /* the program or the peer failed */
	LEVEL_NOTICE, /* the default: what an administrator wants to know */
	LEVEL_DEBUG,  /* -d */
	LEVEL_PACKET, /* -dd: a line for each packet */
};

/**
 * log_open() - prepare standard error; call first
 *
 * A terminal or pipe is opened once more, nonblocking, since making the inherited descriptor so would
 * do it to whoever shares it. When standard error leads to systemd's journal (JOURNAL_STREAM), each
 * line begins with its priority: "<3>" an error, "<5>", or "<7>" with -d.
 */
void log_open(void);

/** log_set_level() - messages above @level are not printed */
void log_set_level(enum log_level level);

/** log_enabled() - would a message of @level be printed? For lines that cost work to make. */
int log_enabled(enum log_level level);

/** log_set_name() - what stands behind "tunnel: ", the device's name; copied */
void log_set_name(const char *name);

/**
 * log_to_syslog() - from now on send messages to /dev/log instead of standard error
 *
 * For a daemon that closes its standard error. While there is no syslog, messages are lost.
 */
void log_to_syslog(void);

/**
 * log_meter() - show @text on the terminal that standard error is, in a line that stays the last one
 *
 * Messages come above it. An empty one takes it away.
 */
void log_meter(const char *text);

/** log_print() - print one line; @fmt needs no newline, longer than 1 KB is cut */
void log_print(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	log_print(LEVEL_ERROR, __VA_ARGS__)
#define log_notice(...) log_print(LEVEL_NOTICE, __VA_ARGS__)
#define log_debug(...)	log_print(LEVEL_DEBUG, __VA_ARGS__)

#endif
