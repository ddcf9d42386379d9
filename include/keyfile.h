/* SPDX-License-Identifier: MIT */
/*
 * The text of a key file: 32 bytes as one line of base64 (RFC 4648 section 4), as "wg genpsk" prints.
 *
 * Strict, because a key that two programs read differently is a riddle: exactly 44 characters. The line
 * may end in LF, in CR LF (an editor on Windows) or not at all; nothing else may stand in the file.
 */
#ifndef KEYFILE_H
#define KEYFILE_H

#include <stddef.h>
#include <stdint.h>

#define KEYFILE_KEY_LEN	 32
#define KEYFILE_LINE_LEN 44

/* A reader needs no more of the file: one byte longer than the longest that is taken. */
#define KEYFILE_READ_MAX (KEYFILE_LINE_LEN + 3)

/* What is wrong with a key file. */
enum keyfile_fault {
	KEYFILE_OK,
	KEYFILE_EMPTY,
	KEYFILE_TOO_SHORT,
	KEYFILE_TOO_LONG,
	KEYFILE_NOT_BASE64,    /* a character that does not belong, or no "=" at the end */
	KEYFILE_NOT_CANONICAL, /* the bits that the last digit has too many are not zero */
	KEYFILE_ALL_ZERO,
	KEYFILE_NFAULTS,
};

/**
 * keyfile_parse() - the key in a file's text
 * @key:	set to the key; zeros when there is a fault
 * @text:	the whole file, @len bytes, or its first KEYFILE_READ_MAX; need not be terminated
 *
 * The time depends on @len and on the verdict only.
 */
enum keyfile_fault keyfile_parse(uint8_t key[static KEYFILE_KEY_LEN], const char *text, size_t len);

/**
 * keyfile_format() - the text of a key, the reverse
 * @line:	set to KEYFILE_LINE_LEN characters, without a newline and not terminated; as secret as
 *		the key
 *
 * The time is always the same.
 */
void keyfile_format(char line[static KEYFILE_LINE_LEN], const uint8_t key[static KEYFILE_KEY_LEN]);

/** keyfile_fault_text() - what is wrong with the file and what to do, to stand behind its name; static */
const char *keyfile_fault_text(enum keyfile_fault fault);

#endif
