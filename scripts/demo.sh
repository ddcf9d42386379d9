#!/bin/sh
# SPDX-License-Identifier: MIT
# "make demo": two hosts on this machine with a tunnel between them, as a user would start it, and
# what passes through it beside what the bare link carries. Takes everything down again, also on
# Ctrl-C.
set -eu

BUILD=${BUILD:-build}
TUNNEL=${TUNNEL:-./tunnel}
SECONDS_EACH=${SECONDS_EACH:-3}

die() {
	echo "demo: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "network namespaces and tun devices need root: sudo make demo"
command -v ip >/dev/null || die "ip is missing: apt-get install iproute2"
[ -c /dev/net/tun ] || die "/dev/net/tun is missing: modprobe tun, or pass the device into the container"

server=demo$$-server client=demo$$-client
dir=$(mktemp -d)
pids=

clean_up() {
	trap '' INT TERM
	trap - EXIT
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
	done
	for pid in $pids; do
		wait "$pid" 2>/dev/null || :
	done
	for file in "$dir"/*.pid; do
		[ ! -s "$file" ] || kill "$(cat "$file")" 2>/dev/null || :
	done
	for file in "$dir"/*.pid; do
		[ ! -e "$file" ] || "$BUILD/await" gone "$file" || :
	done
	for ns in $server $client; do
		[ ! -e /run/netns/$ns ] || ip netns del $ns
	done
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Show a command and run it.
run() {
	echo "\$ $*"
	"$@"
}

echo "Two hosts, joined by a veth pair:"
run ip netns add $server || die "cannot make a network namespace here"
run ip netns add $client
run ip link add eth0 netns $server type veth peer name eth0 netns $client
for end in $server:1 $client:2; do
	run ip -n ${end%:*} addr add 10.88.0.${end#*:}/24 dev eth0
	run ip -n ${end%:*} link set eth0 up
	ip -n ${end%:*} link set lo up
done

echo
echo "The tunnel. Each command returns when its end is ready:"
run ip netns exec $server "$TUNNEL" -s -D --pidfile "$dir/server.pid"
run ip netns exec $client "$TUNNEL" -c 10.88.0.1 -D -w 10 --pidfile "$dir/client.pid"

# transfer ADDRESS: a bulk transfer from the client to the server's ADDRESS; prints the rate
transfer() {
	mkfifo "$dir/fifo"
	ip netns exec $server "$BUILD/probe" sink -w 60 -p 7000 -b "$1" >"$dir/fifo" &
	pids="$pids $!"
	{
		read -r _
		ip netns exec $client "$BUILD/probe" source -w 60 -p 7000 -t "$SECONDS_EACH" "$1" \
			>/dev/null
		sed -n 's/.* \([0-9.]* Mbit\/s\).*/\1/p'
	} <"$dir/fifo"
	rm "$dir/fifo"
}

echo
echo "Round trips:"
run ip netns exec $client "$BUILD/probe" ping -n 1000 10.88.0.1 | sed '/^\$/b; s/^/  the bare link: /'
run ip netns exec $client "$BUILD/probe" ping -n 1000 172.16.3.1 | sed '/^\$/b; s/^/  the tunnel:    /'

echo
echo "One TCP stream, $SECONDS_EACH seconds each:"
echo "  the bare link: $(transfer 10.88.0.1)"
echo "  the tunnel:    $(transfer 172.16.3.1)"

echo
echo "An end of the tunnel holds $("$BUILD/probe" rss "$(cat "$dir/server.pid")") kB in memory."
echo "Everything is taken down again."
