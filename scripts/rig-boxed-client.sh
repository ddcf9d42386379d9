#!/bin/sh
# SPDX-License-Identifier: MIT
# A box that has a tunnel and no other way out: the client runs on host, which has the network, and
# -N puts its device into the box.
#
#	gate  192.0.2.1 ----- eth0 ----- 192.0.2.2  host	the network; the box has no part in it
#	     172.16.3.1 ===== tun0 ===== 172.16.3.2  box	the tunnel
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
gate=$rig-gate host=$rig-host box=$rig-box

# At the end, whatever happens: end the tunnels, by pid, and remove what was made.
clean_up() {
	trap '' HUP INT TERM
	set +e
	cat "$dir"/*.pid | xargs -r kill
	for ns in $gate $host $box; do
		ip netns del $ns
	done
	rm -rf "$dir"
} 2>/dev/null
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir -m 700 "$dir" # for the pid files

# The gate and the host, each a network namespace, and a cable between them.
ip netns add $gate
ip netns add $host
ip link add eth0 netns $gate type veth peer name eth0 netns $host
ip -n $gate addr add 192.0.2.1/24 dev eth0
ip -n $host addr add 192.0.2.2/24 dev eth0
ip -n $gate link set eth0 up
ip -n $host link set eth0 up

# The box, without a cable: whatever is started in it with "ip netns exec" has no network so far.
ip netns add $box

# -D returns when an end is ready; -w: or fails when there is no server for 10 seconds.
ip netns exec $gate "$tunnel" -s -D --pidfile "$dir/gate.pid"

# The connection is made from the host, the device and its address are in the box.
ip netns exec $host "$tunnel" -c 192.0.2.1 -N $box -D -w 10 --pidfile "$dir/host.pid"

# What is beyond the gate takes a gate that forwards, and a route:
#	ip -n $box route add default via 172.16.3.1
ip netns exec $box $ping 172.16.3.1 >/dev/null
echo "the box reaches the gate through the tunnel: 172.16.3.1 answers"

# The host reaches the network, and the box must not.
ip netns exec $host $ping 192.0.2.1 >/dev/null
if ip -n $box route get 192.0.2.1 >/dev/null 2>&1; then
	echo "the box has another way out" >&2
	exit 1
fi
echo "and nothing else: host reaches 192.0.2.1, the box has no route to it"
