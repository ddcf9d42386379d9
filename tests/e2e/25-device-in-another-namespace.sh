# SPDX-License-Identifier: MIT
# With -N the device and its addresses live there, by name or path, while the socket stays here.
. tests/e2e/lib.sh
two_hosts
ip netns add "$C"
ip -n "$C" link set lo up

tunnel server "$A" -s -i tun0
for where in "$C" "/run/netns/$C"; do
	tunnel client "$B" -c 10.88.0.1 -i tun0 -N "$where" -l 172.16.3.2/24 -l fd00::2/64
	has "does not exist" ip -n "$B" link show tun0
	has 172.16.3.2/24 ip -n "$C" addr show tun0
	has fd00::2/64 ip -n "$C" addr show tun0
	reaches "$C" 172.16.3.1
	# a device there is watched, too
	ip -n "$C" link set tun0 down
	says client "the device was set down"
	ip -n "$C" link set tun0 up
	comes_back "$C" 172.16.3.1
	has fd00::2/64 ip -n "$C" addr show tun0
	stop client
done
stop server
tunnel server "$A" -s -a -i tap0 -l fd00::1/64
tunnel client "$B" -c 10.88.0.1 -a -i tap0 -N "$C" -l fd00::2/64
has_not tentative ip -n "$C" -6 addr show dev tap0 scope global
reaches "$C" fd00::1
stop client
stop server

refuses 3 "-N $ID-none: there is no /run/netns/$ID-none; make it with" \
	on "$A" "$TUNNEL" -s -N "$ID-none"
refuses 3 "it is not a network namespace" on "$A" "$TUNNEL" -s -N /proc/self/ns/uts
refuses 3 "cannot enter" on "$A" "$TUNNEL" -s -N /dev/null

# moved by hand while it runs: packets still pass
pair
ip -n "$B" link set tun0 netns "$C"
says client "was moved into another network namespace"
ip -n "$C" addr add 172.16.3.2/24 dev tun0
ip -n "$C" link set tun0 up
comes_back "$C" 172.16.3.1
stop client
stop server
