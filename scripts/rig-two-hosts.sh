#!/bin/sh
# SPDX-License-Identifier: MIT
# Two hosts, left and right, and a tunnel between them with a key that is made on the spot.
#
#	left  192.0.2.1 ----- eth0 ----- 192.0.2.2  right	the network between them
#	     172.16.3.1 ===== tun0 ===== 172.16.3.2		the tunnel
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
left=$rig-left right=$rig-right

# At the end, whatever happens: end the tunnels, by pid, and remove what was made.
clean_up() {
	trap '' HUP INT TERM
	set +e
	cat "$dir"/*.pid | xargs -r kill
	ip netns del $left
	ip netns del $right
	rm -rf "$dir"
} 2>/dev/null
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# For the key and the pid files; the key is nobody else's business.
mkdir -m 700 "$dir"

# A host is a network namespace; a pair of veth devices is the cable between two.
ip netns add $left
ip netns add $right
ip link add eth0 netns $left type veth peer name eth0 netns $right
ip -n $left addr add 192.0.2.1/24 dev eth0
ip -n $right addr add 192.0.2.2/24 dev eth0
ip -n $left link set eth0 up
ip -n $right link set eth0 up

# Both ends read the same key; between real hosts the file is copied, by scp for instance.
(umask 077 && "$tunnel" --genkey >"$dir/key")

# -D returns when this end listens, so that the client can be started at once.
ip netns exec $left "$tunnel" -s -k "$dir/key" -D --pidfile "$dir/left.pid"

# -D returns when this end is connected; -w: or fails when there is no server for 10 seconds.
ip netns exec $right "$tunnel" -c 192.0.2.1 -k "$dir/key" -D -w 10 --pidfile "$dir/right.pid"

# Packets pass now, the first one too.
ip netns exec $right $ping 172.16.3.1 >/dev/null
echo "right reaches left through the tunnel, encrypted: 172.16.3.1 answers"
