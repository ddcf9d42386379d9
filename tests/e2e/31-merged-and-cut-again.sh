# SPDX-License-Identifier: MIT
# What neighbours are merged to, the kernel cuts into the same packets again, byte for byte and in
# each flow's order, damaged, doubled and misplaced ones included: between a tunnel with offload and
# one without, both in one host, everything passes a bridge or is routed.
. tests/e2e/lib.sh
. tests/e2e/supers.sh
two_hosts
quiet_devices "$A"
MACS=020000000002020000000001
GO=${MACS}88b50102

# by_flow FILE: its lines flow by flow, each flow's in their order
by_flow() {
	awk '{ match($0, /(00..|c00[12])1389/); print substr($0, RSTART, 8), $0 }' "$1" |
		sort -s -k 1,1 | sed 's/^[^ ]* //'
}

# spoil FILE: of each flow damage the payload of a packet, double one, leave one out, swap two. Two
# equal datagrams with DF would come out with other IDs, which mean nothing then, RFC 6864.
spoil() {
	by_flow "$1" | awk '
		{ match($0, /(00..|c00[12])1389/); flow = substr($0, RSTART, 8); n = ++seen[flow] }
		n == 5 { sub(/....$/, "beef") }
		n == 9 && flow !~ /^c001/ { print }
		n == 14 { next }
		n == 20 { kept = $0; next }
		{ print }
		kept { print kept; kept = "" }'
}

# mix FILE: a packet of each flow in turn. There are more flows than are gathered at a time.
mix() {
	awk '{ match($0, /(00..|c00[12])1389/); print ++seen[substr($0, RSTART, 8)], $0 }' "$1" |
		sort -s -n -k 1,1 | sed 's/^[^ ]* //'
}

# through OUTPUT INPUT KIND OPTIONS...: all lines of INPUT through both tunnels
through() {
	output=$1 input=$2 kind=$3
	shift 3
	start sink "$B" "$WIRE" listen -w 20 -p 7000 "recvframes:$(grep -c . "$input")" close
	"$AWAIT" text "$DIR/sink.out" listening
	tunnel second "$A" "$kind" -c 10.88.0.2 -p 7000 -i tun1 -l none --no-offload
	tunnel first "$A" "$kind" -s -i tun0 -l none "$@"
	start source "$B" "$WIRE" connect -w 20 10.88.0.1 recvframe "frames:$input" drain
	ip -n "$A" link set tun1 txqueuelen 5000
	on "$A" "$AWAIT" device tun0 running
	on "$A" "$AWAIT" device tun1 running
	if [ "$kind" = -a ]; then
		ip -n "$A" link add br0 type bridge mcast_snooping 0
		ip -n "$A" link set br0 up
		ip -n "$A" link set tun0 master br0
		ip -n "$A" link set tun1 master br0
		on "$A" "$WIRE" inject tun0 $GO
	else
		ip -n "$A" route add 10.0.0.2 dev tun1
		ip -n "$A" route add 10.0.0.1 dev tun0
		on "$A" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
		on "$A" "$WIRE" inject tun0 "$TO_B"
	fi
	expect_status sink 0
	merged=$(counter first rx_supers)
	[ "$(counter first rx_refused)" = 0 ] || fail "the kernel has refused some"
	silent_about first "does not take super-packets"
	stop first
	stop second
	expect_status source 0
	ip -n "$A" link del br0 2>/dev/null || :
	grep '^[0-9a-f]*$' "$DIR/sink.out" >"$output"
}

same_flows() {
	by_flow "$1" >"$DIR/flows1"
	by_flow "$2" >"$DIR/flows2"
	cmp -s "$DIR/flows1" "$DIR/flows2" || {
		diff "$DIR/flows1" "$DIR/flows2" | cut -c 1-160
		fail "ethernet header $ethernet: not the same packets"
	}
}

SHAPES=lookalikes
ethernet=$MACS
segments "$DIR/in" $MACS -a
through "$DIR/out" "$DIR/in" -a
same_flows "$DIR/in" "$DIR/out"
SHAPES=supers

for ethernet in $MACS ${MACS}88a8000781000008; do
	segments "$DIR/cut" "$ethernet" -a --no-offload
	spoil "$DIR/cut" >"$DIR/spoiled"
	for order in cat mix; do
		$order "$DIR/spoiled" >"$DIR/in"
		through "$DIR/out" "$DIR/in" -a
		[ "$merged" -ge 5 ] || fail "only $merged super-packets were made"
		same_flows "$DIR/in" "$DIR/out"
	done
done

# Routed, each has a hop less to live; so compare with what comes without merging.
ethernet=
segments "$DIR/cut" "" --no-offload
spoil "$DIR/cut" | grep '^4' >"$DIR/in"
through "$DIR/out" "$DIR/in" -u
[ "$merged" -ge 5 ] || fail "only $merged super-packets were made"
through "$DIR/plain" "$DIR/in" -u --no-offload
[ "$merged" = 0 ] || fail "a super-packet in spite of --no-offload"
same_flows "$DIR/plain" "$DIR/out"
