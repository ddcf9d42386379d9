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
for file in man/man8/tunnel.8 bash-completion/completions/tunnel doc/tunnel/README.md; do
	[ -s "$root/opt/t/share/$file" ] || {
		echo "not installed: share/$file" >&2
		exit 1
	}
done
make uninstall DESTDIR="$root" PREFIX=/opt/t >/dev/null
left=$(find "$root" -type f)
[ -z "$left" ] || {
	echo "left behind: $left" >&2
	exit 1
}
