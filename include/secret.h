/* SPDX-License-Identifier: MIT */
/*
 * The key of a keyed tunnel on its way from a file into memory, and where random bytes come from.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyfile.h"

#define SECRET_ERROR_LEN 512

/** secret_protect() - from now on no core dump and no tracer sees this process's memory */
void secret_protect(void);

/** secret_random() - @len random and secret bytes. Return: false when the system has none */
bool secret_random(uint8_t *out, size_t len) __attribute__((warn_unused_result));

/**
 * secret_read() - read a key file
 * @path:	"-" is standard input, of which one line is read
 * @key:	set to the key; to be wiped by the caller
 * @error:	filled on failure with cause and remedy
 *
 * A file must be a regular one, belong to root or to us, and be closed to everyone else.
 *
 * Return: 0 or -1.
 */
int secret_read(const char *path, uint8_t key[static KEYFILE_KEY_LEN],
		char error[SECRET_ERROR_LEN]);

/**
 * secret_print_new() - make a key and print its line to standard output
 * @error:	filled on failure; and on success too, unless it is empty then, with a warning
 *
 * Return: 0 or -1.
 */
int secret_print_new(char error[SECRET_ERROR_LEN]);

#endif
