# SPDX-License-Identifier: MIT
# simpletun: "-p abc" listens on a random port, 70000 becomes 4464, a name becomes 255.255.255.255.
. tests/e2e/lib.sh
two_hosts

refuses 2 "-p abc: a port is a number" on "$A" "$TUNNEL" -i tun0 -s -p abc
refuses 2 "-p 70000: a port is a number" on "$A" "$TUNNEL" -i tun0 -s -p 70000
refuses 2 "-c 10.0.0.256: not an IPv4 or IPv6 address" on "$A" "$TUNNEL" -i tun0 -c 10.0.0.256
refuses 2 "left: an option was expected" on "$A" "$TUNNEL" -s left
has "does not exist" ip -n "$A" link show tun0

# a name is looked up, also one that is not there yet
tunnel server "$A" -s -i tun0
tunnel client "$A" -c localhost -i tun1 -l 172.16.4.1/24
stop client
stop server
refuses 4 "cannot look up nonesuch.invalid: " on "$A" "$TUNNEL" -1 -c nonesuch.invalid -i tun0
