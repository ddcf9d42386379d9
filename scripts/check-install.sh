#!/bin/sh
# SPDX-License-Identifier: MIT
# "make install" and "make uninstall" with PREFIX and DESTDIR: the program runs from there, and
# afterwards nothing is left.
set -eu
cd "$(dirname "$0")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

make install DESTDIR="$root" PREFIX=/opt/t >/dev/null
"$root/opt/t/sbin/tunnel" -V
make uninstall DESTDIR="$root" PREFIX=/opt/t >/dev/null
left=$(find "$root" -type f)
[ -z "$left" ] || {
	echo "left behind: $left" >&2
	exit 1
}
