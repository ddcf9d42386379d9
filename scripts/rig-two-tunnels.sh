#!/bin/sh
# SPDX-License-Identifier: MIT
# One host, hub, with two tunnels, one to each of its peers. A server has one peer at a time; so hub
# runs two, each with a port, a device and an address of its own.
#
#	hub    192.0.2.1 ----- to-one ----- 192.0.2.2     one
#	        10.1.0.1 ====== tun1 ====== 10.1.0.2
#	hub 198.51.100.1 ----- to-two ----- 198.51.100.2  two
#	        10.2.0.1 ====== tun2 ====== 10.2.0.2
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
hub=$rig-hub one=$rig-one two=$rig-two

# At the end, whatever happens: end the tunnels, by pid, and remove what was made.
clean_up() {
	trap '' HUP INT TERM
	set +e
	cat "$dir"/*.pid | xargs -r kill
	for host in $hub $one $two; do
		ip netns del $host
	done
	rm -rf "$dir"
} 2>/dev/null
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir -m 700 "$dir" # for the pid files

# A host is a network namespace; a pair of veth devices is the cable between two.
ip netns add $hub
ip netns add $one
ip netns add $two
ip link add to-one netns $hub type veth peer name eth0 netns $one
ip link add to-two netns $hub type veth peer name eth0 netns $two
ip -n $hub addr add 192.0.2.1/24 dev to-one
ip -n $one addr add 192.0.2.2/24 dev eth0
ip -n $hub addr add 198.51.100.1/24 dev to-two
ip -n $two addr add 198.51.100.2/24 dev eth0
ip -n $hub link set to-one up
ip -n $hub link set to-two up
ip -n $one link set eth0 up
ip -n $two link set eth0 up

# The first tunnel: a port that both ends are told. -D returns when an end is ready.
ip netns exec $hub "$tunnel" -s -p 55556 -i tun1 -l 10.1.0.1/24 -D --pidfile "$dir/hub1.pid"
ip netns exec $one "$tunnel" -c 192.0.2.1 -p 55556 -l 10.1.0.2/24 -D -w 10 \
	--pidfile "$dir/one.pid"

# The second: -p 0 takes any free port; --ready-fd tells which: "ready dev=tun2 port=N ...".
ip netns exec $hub "$tunnel" -s -p 0 -i tun2 -l 10.2.0.1/24 -D --pidfile "$dir/hub2.pid" \
	--ready-fd 3 3>"$dir/ready"
port=$(sed 's/.* port=\([0-9]*\) .*/\1/' "$dir/ready")
ip netns exec $two "$tunnel" -c 198.51.100.1 -p "$port" -l 10.2.0.2/24 -D -w 10 \
	--pidfile "$dir/two.pid"

ip netns exec $hub $ping 10.1.0.2 >/dev/null
echo "hub reaches one through tun1, port 55556: 10.1.0.2 answers"
ip netns exec $hub $ping 10.2.0.2 >/dev/null
echo "hub reaches two through tun2, port $port: 10.2.0.2 answers"
