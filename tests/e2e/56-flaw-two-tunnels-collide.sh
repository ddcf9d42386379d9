# SPDX-License-Identifier: MIT
# simpletun's addresses are fixed, so that two tunnels on one host collide.
# Here: -l gives each its own, and a second default is refused with just that advice.
. tests/e2e/lib.sh
two_hosts

pair
refuses 3 "the default address 172.16.3.1/24 is on tun0 already; give this tunnel its own with -l" \
	on "$A" "$TUNNEL" -s -i tun1 -p 7000
has "does not exist" ip -n "$A" link show tun1
tunnel server2 "$A" -s -i tun1 -p 7000 -l 172.16.4.1/24
tunnel client2 "$B" -c 10.88.0.1 -i tun1 -p 7000 -l 172.16.4.2/24
reaches "$B" 172.16.3.1
reaches "$B" 172.16.4.1
# the refused and the second one have not disturbed the first
silent_about client "closed the connection"
stop client2
stop server2
stop client
stop server
