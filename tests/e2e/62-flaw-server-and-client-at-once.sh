# SPDX-License-Identifier: MIT
# simpletun: with -s and -c the last one wins.
. tests/e2e/lib.sh
two_hosts

refuses 2 "-s and -c HOST exclude each other" on "$A" "$TUNNEL" -i tun0 -s -c 10.88.0.2
refuses 2 "-s and -c HOST exclude each other" on "$A" "$TUNNEL" -i tun0 -c 10.88.0.2 -s
refuses 2 "-u and -a exclude each other" on "$A" "$TUNNEL" -i tun0 -s -u -a
has "does not exist" ip -n "$A" link show tun0
