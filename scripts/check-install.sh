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
for file in share/man/man8/tunnel.8 share/bash-completion/completions/tunnel share/doc/tunnel/README.md \
	lib/systemd/system/tunnel@.service; do
	[ -s "$root/opt/t/$file" ] || {
		echo "not installed: $file" >&2
		exit 1
	}
done
unit=$root/opt/t/lib/systemd/system/tunnel@.service
grep -q '^ExecStart=/opt/t/sbin/tunnel ' "$unit" || {
	echo "the unit does not start what is installed: $(grep ExecStart "$unit")" >&2
	exit 1
}
make uninstall DESTDIR="$root" PREFIX=/opt/t >/dev/null
left=$(find "$root" -type f)
[ -z "$left" ] || {
	echo "left behind: $left" >&2
	exit 1
}
