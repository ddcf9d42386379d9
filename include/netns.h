/* SPDX-License-Identifier: MIT */
/*
 * Step into another network namespace for a moment: what is opened there stays there.
 */
#ifndef NETNS_H
#define NETNS_H

#include <limits.h>

/** netns_path() - @name as a file: /run/netns/NAME as ip(8) has it, or @name itself with a '/' */
void netns_path(const char *name, char path[PATH_MAX]);

/**
 * netns_enter() - switch the calling thread into the namespace at @path
 *
 * Return: a descriptor of the namespace that was left, for netns_leave(), or -errno and then
 * nothing has changed.
 */
int netns_enter(const char *path);

/** netns_leave() - go back and close @home_fd. Return: 0 or -errno */
int netns_leave(int home_fd);

#endif
