#!/bin/sh
# SPDX-License-Identifier: MIT
# Routers at both ends of the tunnel: an application behind the one and an application behind the
# other reach each other by their own addresses, without NAT.
#
#	west-app ------ west  192.0.2.1 ----- eth0 ----- 192.0.2.2  east ------ east-app
#	10.1.0.2    10.1.0.1 172.16.3.1 ===== tun0 ===== 172.16.3.2 10.2.0.1    10.2.0.2
#
# As root: in a checkout after make, or with TUNNEL=/path/to/tunnel, or with tunnel installed.
# Needs iproute2, and the checkout's build/probe, which pings and transfers.
set -eu

tunnel=${TUNNEL:-$(command -v ./tunnel || command -v tunnel)} ||
	{ echo "no tunnel here: make, or TUNNEL=/path/to/tunnel" >&2; exit 1; }

probe=${BUILD:-build}/probe
[ -x "$probe" ] || make "$probe"

# Names that no other run has.
rig=rig$$ dir=/run/rig$$
west=$rig-west east=$rig-east sink=

# At the end, whatever happens: end what still runs, by pid, and remove what was made.
clean_up() {
	trap '' HUP INT TERM
	set +e
	cat "$dir"/*.pid | xargs -r kill
	[ -z "$sink" ] || kill $sink
	for host in $west-app $west $east $east-app; do
		ip netns del $host
	done
	rm -rf "$dir"
} 2>/dev/null
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir -m 700 "$dir" # for the pid files

# Each side: a router that forwards, and behind it a host whose way to everywhere is the router.
for router in $west $east; do
	case $router in
	"$west") net=10.1.0 ;;
	"$east") net=10.2.0 ;;
	esac
	ip netns add $router
	ip netns exec $router sh -c "echo 1 >/proc/sys/net/ipv4/ip_forward"
	ip netns add $router-app
	ip link add eth0 netns $router-app type veth peer name lan0 netns $router
	ip -n $router addr add $net.1/24 dev lan0
	ip -n $router-app addr add $net.2/24 dev eth0
	ip -n $router link set lan0 up
	ip -n $router-app link set eth0 up
	ip -n $router-app route add default via $net.1
done

# The network between the routers, which carries the tunnel and knows nothing of 10.1 and 10.2.
ip link add eth0 netns $west type veth peer name eth0 netns $east
ip -n $west addr add 192.0.2.1/24 dev eth0
ip -n $east addr add 192.0.2.2/24 dev eth0
ip -n $west link set eth0 up
ip -n $east link set eth0 up

# -D returns when an end is ready; -w: or fails when there is no server for 10 seconds.
ip netns exec $west "$tunnel" -s -D --pidfile "$dir/west.pid"
ip netns exec $east "$tunnel" -c 192.0.2.1 -D -w 10 --pidfile "$dir/east.pid"

# What is behind the other end is reached by its address in the tunnel. The tunnel sets no routes.
ip -n $west route add 10.2.0.0/24 via 172.16.3.2
ip -n $east route add 10.1.0.0/24 via 172.16.3.1

# Each by the other's own address: with NAT in between, that would not work both ways.
ip netns exec $west-app "$probe" ping -u 10.2.0.2 >/dev/null
ip netns exec $east-app "$probe" ping -u 10.1.0.2 >/dev/null
echo "the applications reach each other without NAT: 10.1.0.2 and 10.2.0.2 answer"

# A TCP transfer. The sink says "listening PORT", and then the source may begin; at the end it says
# what it has got.
mkfifo "$dir/said"
ip netns exec $east-app "$probe" sink -p 7000 >"$dir/said" &
sink=$!
exec 3<"$dir/said"
read -r _ <&3
ip netns exec $west-app "$probe" source -p 7000 -n 10000000 10.2.0.2 >/dev/null
read -r got <&3
wait $sink
sink=
echo "a TCP transfer from west-app to east-app: $got"
