# SPDX-License-Identifier: MIT
# --bridge makes the tap a port of a bridge: two sites are one Ethernet. The bridge keeps its MTU, or
# it is said what happens; a device that was there before leaves the bridge again.
. tests/e2e/lib.sh
two_hosts

mtu_of() { on "$1" cat "/sys/class/net/$2/mtu"; }
is_mtu() { [ "$(mtu_of "$1" "$2")" = "$3" ] || fail "the MTU of $2 is $(mtu_of "$1" "$2"), not $3"; }

for ns in "$A" "$B"; do
	ip -n "$ns" link add br0 type bridge
	ip -n "$ns" link set br0 up
done
# Behind the bridge of A is C, with an MTU that makes the bridge's; B's bridge is a host itself.
ip netns add "$C"
ip link add eth0 netns "$C" type veth peer name port1 netns "$A"
ip -n "$C" link set eth0 mtu 1400 up
ip -n "$C" addr add 10.1.0.1/24 dev eth0
ip -n "$A" link set port1 mtu 1400 master br0 up
is_mtu "$A" br0 1400
ip -n "$B" addr add 10.1.0.2/24 dev br0
ip -n "$B" link set br0 mtu 1400

tunnel server "$A" -s -a -i tap0 --bridge br0
case $ready in *" address=none "*) ;; *) fail "$ready" ;; esac
tunnel client "$B" -c 10.88.0.1 -a -i tap0 --bridge br0 -w 10
comes_back "$C" 10.1.0.2
transfer "$C" "$B" 10.1.0.2 1000000
for ns in "$A" "$B"; do
	has "master br0" ip -n "$ns" link show tap0
	is_mtu "$ns" tap0 1400
	is_mtu "$ns" br0 1400
done
silent_about server MTU.of
stop client
stop server
has "does not exist" ip -n "$A" link show tap0

# ---- the MTU ----

tunnel server "$A" -s -a -i tap0 --bridge br0 -m 1300
says server "the MTU of br0 is 1300 now, it was 1400: a bridge follows its smallest port"
is_mtu "$A" br0 1300
stop server
is_mtu "$A" br0 1400
# one that was set by hand follows no port
tunnel server "$B" -s -a -i tap0 --bridge br0 -m 1300
says server "the MTU of br0 is 1400: what is longer than the 1300 of tap0 does not pass tap0"
is_mtu "$B" br0 1400
stop server
ip -n "$B" link set br0 mtu 65535
refuses 3 "--bridge br0: its MTU is 65535, and this tunnel's can be 65521; choose one for tap0 with -m" \
	on "$B" "$TUNNEL" -s -a -i tap0 --bridge br0

# ---- a device that was there before ----

ip -n "$A" tuntap add dev tap0 mode tap
tunnel server "$A" -s -a -i tap0 --bridge br0 -l 10.5.0.1/24
is_mtu "$A" tap0 1400
has 10.5.0.1/24 ip -n "$A" addr show dev tap0
ip -n "$A" link set br0 name office # the index counts
stop server
ip -n "$A" link set office name br0
is_mtu "$A" tap0 1500
has_not "master" ip -n "$A" link show tap0
has_not "inet " ip -n "$A" addr show dev tap0

# with --persist it stays in the bridge, and is found there
for nth in 1 2; do
	tunnel server "$A" -s -a -i tap0 --bridge br0 --persist
	stop server
	has "master br0" ip -n "$A" link show tap0
	is_mtu "$A" tap0 1400
	is_mtu "$A" br0 1400
done
# it was there already
tunnel server "$A" -s -a -i tap0 --bridge br0
stop server
has "master br0" ip -n "$A" link show tap0

# ---- what is refused ----

ip -n "$A" link add br1 type bridge
refuses 3 '--bridge br1: tap0 is in br0 already; take it out with "ip link set tap0 nomaster"' \
	on "$A" "$TUNNEL" -s -a -i tap0 --bridge br1
ip -n "$A" link set tap0 nomaster
refuses 3 '--bridge br9: there is no such device where tap0 is; make it with "ip link add br9 type bridge"' \
	on "$A" "$TUNNEL" -s -a -i tap0 --bridge br9
refuses 3 "--bridge eth0: it is not a bridge" on "$A" "$TUNNEL" -s -a -i tap0 --bridge eth0
has_not "master" ip -n "$A" link show tap0
tunnel server "$A" -s -a -i tap0 --bridge br1
says server '--bridge br1: it is down; set it up with "ip link set br1 up"'
stop server

# ---- in the device's namespace ----

ip -n "$C" link add br2 type bridge
ip -n "$C" link set br2 up
tunnel server "$A" -s -a -i tap2 -N "$C" --bridge br2
has "master br2" ip -n "$C" link show tap2
stop server
refuses 3 "--bridge br0: there is no such device where tap2 is" \
	on "$A" "$TUNNEL" -s -a -i tap2 -N "$C" --bridge br0
