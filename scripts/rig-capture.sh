#!/bin/sh
# SPDX-License-Identifier: MIT
# Two hosts with a tunnel, and tcpdump, which shows what passes through it.
#
#	left  192.0.2.1 ----- eth0 ----- 192.0.2.2  right	the network between them
#	     172.16.3.1 ===== tun0 ===== 172.16.3.2		the tunnel, where tcpdump listens
#
# As root: in a checkout after make, or with TUNNEL=/path/to/tunnel, or with tunnel installed.
# Needs iproute2, and ping; where that is missing, the checkout's build/probe takes its place.
# Without tcpdump it says so and leaves that part out.
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
left=$rig-left right=$rig-right tcpdump=

# At the end, whatever happens: end what still runs, by pid, and remove what was made.
clean_up() {
	trap '' HUP INT TERM
	set +e
	cat "$dir"/*.pid | xargs -r kill
	[ -z "$tcpdump" ] || kill $tcpdump
	ip netns del $left
	ip netns del $right
	rm -rf "$dir"
} 2>/dev/null
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir -m 700 "$dir" # for the pid files and what tcpdump says

# A host is a network namespace; a pair of veth devices is the cable between two.
ip netns add $left
ip netns add $right
ip link add eth0 netns $left type veth peer name eth0 netns $right
ip -n $left addr add 192.0.2.1/24 dev eth0
ip -n $right addr add 192.0.2.2/24 dev eth0
ip -n $left link set eth0 up
ip -n $right link set eth0 up

# -D returns when an end is ready; -w: or fails when there is no server for 10 seconds.
ip netns exec $left "$tunnel" -s -D --pidfile "$dir/left.pid"
ip netns exec $right "$tunnel" -c 192.0.2.1 -D -w 10 --pidfile "$dir/right.pid"

# Where tunnel has --pcap, it can show its packets by itself, also in Wireshark:
#	tunnel -c 192.0.2.1 --pcap - | wireshark -k -i -
# By hand, on any device of any namespace, here what the network sees of the tunnel:
#	ip netns exec $right tcpdump -U -i eth0 -w - | wireshark -k -i -
if ! command -v tcpdump >/dev/null; then
	ip netns exec $right $ping 172.16.3.1 >/dev/null
	echo "right reaches left through the tunnel: 172.16.3.1 answers"
	echo "nothing captured: tcpdump is missing, apt-get install tcpdump"
	exit 0
fi

# Two packets, which are a round trip. -n: look no names up; -Z root: change to no other user.
mkfifo "$dir/said"
ip netns exec $right tcpdump -i tun0 -n -c 2 -Z root icmp >"$dir/packets" 2>"$dir/said" &
tcpdump=$!

# It captures as soon as it says "listening on tun0".
exec 3<"$dir/said"
while read -r line <&3; do
	echo "$line"
	case $line in *"listening on"*) break ;; esac
done

ip netns exec $right $ping 172.16.3.1 >/dev/null
wait $tcpdump
tcpdump=
echo "right reaches left through the tunnel, and tcpdump on tun0 sees:"
cat "$dir/packets"
