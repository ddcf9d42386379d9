#!/bin/sh
# SPDX-License-Identifier: MIT
# All scripts through shellcheck, warnings and errors. Left out:
#   SC1091 the library that scenes source is checked by itself
#   SC2154 variables that the library sets: ready, status
#   SC2034 variables that the library sets for scenes
#   SC2086 names of namespaces and lists of options are split on purpose; none has a blank in it
set -eu
cd "$(dirname "$0")/.."
list=$(mktemp)
trap 'rm -f "$list"' EXIT
command -v shellcheck >/dev/null || {
	echo "check-shell: shellcheck is missing, apt-get install shellcheck" >&2
	exit 1
}
check() { shellcheck -S warning -e SC1091,SC2154,SC2034,SC2086 "$@"; }
find scripts tests -name '*.sh' >"$list"
# shellcheck disable=SC2046 # no file name has a blank in it
check -s sh $(cat "$list")
check .ci/run
check -s bash src/completion/tunnel
echo "check-shell: clean"
