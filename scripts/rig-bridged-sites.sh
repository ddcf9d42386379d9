#!/bin/sh
# SPDX-License-Identifier: MIT
# Two sites, west and east, joined at layer 2: their bridges become one Ethernet with one subnet.
#
#	west-host ------ west  192.0.2.1 ----- eth0 ----- 192.0.2.2  east ------ east-host
#	10.1.0.1      br0, tap0 ============= tunnel ============= tap0, br0      10.1.0.2
#
# As root: in a checkout after make, or with TUNNEL=/path/to/tunnel, or with tunnel installed.
# Needs iproute2, and ping; where that is missing, the checkout's build/probe takes its place.
set -eu

tunnel=${TUNNEL:-$(command -v ./tunnel || command -v tunnel)} ||
	{ echo "no tunnel here: make, or TUNNEL=/path/to/tunnel" >&2; exit 1; }

# One answer is enough, and there are 10 seconds for it.
ping="ping -q -c 1 -w 10" probe=${BUILD:-build}/probe
if ! command -v ping >/dev/null; then
	[ -x "$probe" ] || make "$probe"
	ping="$probe ping -u -w 10"
fi

# Names that no other run has.
rig=rig$$ dir=/run/rig$$
west=$rig-west east=$rig-east

# At the end, whatever happens: end the tunnels, by pid, and remove what was made.
clean_up() {
	trap '' HUP INT TERM
	set +e
	cat "$dir"/*.pid | xargs -r kill
	for host in $west-host $west $east $east-host; do
		ip netns del $host
	done
	rm -rf "$dir"
} 2>/dev/null
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir -m 700 "$dir" # for the pid files

# Each site: a gateway with a bridge, and a host that is plugged into the bridge.
for site in $west $east; do
	ip netns add $site
	ip -n $site link add br0 type bridge
	ip -n $site link set br0 up
	ip netns add $site-host
	ip link add eth0 netns $site-host type veth peer name port1 netns $site
	ip -n $site link set port1 master br0 up
	ip -n $site-host link set eth0 up
done
# The hosts are in one subnet, and know of no gateway and no tunnel.
ip -n $west-host addr add 10.1.0.1/24 dev eth0
ip -n $east-host addr add 10.1.0.2/24 dev eth0

# The network between the gateways, which carries the tunnel.
ip link add eth0 netns $west type veth peer name eth0 netns $east
ip -n $west addr add 192.0.2.1/24 dev eth0
ip -n $east addr add 192.0.2.2/24 dev eth0
ip -n $west link set eth0 up
ip -n $east link set eth0 up

# -a: Ethernet frames, by a tap. --bridge: the tap becomes a port of the bridge, and has no address.
# -D returns when an end is ready; -w: or fails when there is no server for 10 seconds.
ip netns exec $west "$tunnel" -s -a -i tap0 --bridge br0 -D --pidfile "$dir/west.pid"
ip netns exec $east "$tunnel" -c 192.0.2.1 -a -i tap0 --bridge br0 -D -w 10 \
	--pidfile "$dir/east.pid"

ip netns exec $west-host $ping 10.1.0.2 >/dev/null
echo "west-host reaches east-host in its own subnet: 10.1.0.2 answers"

# To ask for an Ethernet address (ARP) is a broadcast; the answer came from the host itself.
mac=$(ip netns exec $east-host cat /sys/class/net/eth0/address)
ip -n $west-host neigh show 10.1.0.2 | grep -q "$mac"
echo "broadcasts pass: ARP at west-host has found east-host's own $mac"
