# SPDX-License-Identifier: MIT
# simpletun cuts a long name to another device's.
. tests/e2e/lib.sh
two_hosts

refuses 2 "-i abcdefghijklmnop: a device name has 1 to 15 characters, this has 16" \
	on "$A" "$TUNNEL" -s -i abcdefghijklmnop
has "does not exist" ip -n "$A" link show abcdefghijklmno
