# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For scenes about offload, after lib.sh: large packets with the note to cut them, of every shape.

ADDRESSES=0a0000010a000002
ADDRESSES6=fd000000000000000000000000000001fd000000000000000000000000000002
IP4_TCP=45000000fffe400040060000$ADDRESSES # DF; its ID wraps around
IP4_TCP_NO_DF=4502000012340000ff060000$ADDRESSES
IP4_TCP_OPTIONS=460000000001400040060000${ADDRESSES}01010100
IP4_UDP=45000000fffe400040110000$ADDRESSES
IP4_UDP_NO_DF=450000001234000040110000$ADDRESSES
IP6_TCP=6123456700000640$ADDRESSES6
IP6_UDP=6000000000001140$ADDRESSES6
IP6_EXTENSIONS=6000000000000040${ADDRESSES6}3c00010400000000 # hop-by-hop, destination, TCP
IP6_EXTENSIONS_TCP=${IP6_EXTENSIONS}0600010400000000
IP6_EXTENSIONS_UDP=${IP6_EXTENSIONS}1100010400000000
TIMESTAMPS=0101080a1122334455667788
SACK=0101080a11223344556677880101051a000000010000000200000003000000040000000500000006

UDP4=c001138900000000
UDP6=c002138900000000

# tcp PORT FLAGS [OPTIONS]: a header whose sequence number wraps around
tcp() {
	set -- "$1" "$2" "${3:-}"
	printf '%04x1389fffff00087654321%x0%s020000000000%s' "$1" $((5 + ${#3} / 8)) "$2" "$3"
}

# Every shape: headers, payload, segment and options of judge. Each TCP is a flow of its own.
supers() {
	cat <<END
$IP4_TCP$(tcp 1 10 $TIMESTAMPS) 65483 1448
$IP4_TCP$(tcp 2 18 $TIMESTAMPS) 5000 1448
$IP4_TCP$(tcp 3 19) 2921 1460
$IP4_TCP$(tcp 4 11 $TIMESTAMPS) 2896 1448
$IP4_TCP$(tcp 5 50 $SACK) 9999 1420
$IP4_TCP$(tcp 6 98 $TIMESTAMPS) 5000 1448 -e
$IP4_TCP$(tcp 7 90 $TIMESTAMPS) 5000 1448
$IP4_TCP$(tcp 8 38) 4000 1001
$IP4_TCP$(tcp 9 10) 90 1
$IP4_TCP$(tcp 10 18) 700 0
$IP4_TCP_NO_DF$(tcp 11 18 $TIMESTAMPS) 20000 536
$IP4_TCP_OPTIONS$(tcp 12 18 $TIMESTAMPS) 20000 1444
$IP6_TCP$(tcp 13 10 $TIMESTAMPS) 65503 1428
$IP6_TCP$(tcp 14 19 $TIMESTAMPS) 4285 1428
$IP6_TCP$(tcp 15 d8) 5000 1440 -e
$IP6_TCP$(tcp 16 18) 701 0
$IP6_EXTENSIONS_TCP$(tcp 17 18 $TIMESTAMPS) 30000 1412
$IP4_UDP$UDP4 48000 1200
$IP4_UDP_NO_DF$UDP4 1473 1472
$IP4_UDP$UDP4 63 1
$IP4_UDP$UDP4 701 0
$IP6_UDP$UDP6 48001 1452
$IP6_UDP$UDP6 700 0
$IP6_EXTENSIONS_UDP$UDP6 30000 1436
END
}

# lookalikes: packets, not to be cut, of flows in which every second one has something that sets it
# apart, though its sequence number is the next.
lookalikes() {
	port=100
	for change in tos ttl df id seq ack flags ae window urgent option class label hops; do
		port=$((port + 1))
		for i in 0 1 2 3 4 5; do
			tos=00 ttl=40 df=40 id=$i seq=$((i * 100)) ack=1 flags=10 ae=0 window=200
			urgent=0 option=1 class=0 label=1 hops=40
			[ $((i % 2)) = 0 ] || case $change in
			tos) tos=04 ;; ttl) ttl=41 ;; df) df=00 ;; id) id=$((i + 9)) ;;
			seq) seq=$((seq + 1)) ;; ack) ack=2 ;; flags) flags=50 ;; ae) ae=1 ;;
			window) window=201 ;; urgent) urgent=1 ;; option) option=2 ;;
			class) class=4 ;; label) label=2 ;; hops) hops=41 ;;
			esac
			case $change in
			class | label | hops) printf '6%x00000%x000006%s%s' $class $label $hops $ADDRESSES6 ;;
			*) printf '45%s0000%04x%s00%s060000%s' $tos $id $df $ttl $ADDRESSES ;;
			esac
			printf '%04x1389%08x%08x8%x%s%04x0000%04x0101080a00000000%08x 100 0\n' \
				$port $seq $ack $ae $flags 0x$window $urgent $option
		done
	done
}

# How many packets supers or lookalikes become.
packets_count() {
	count=0
	while read -r _ payload segment _; do
		[ "$segment" != 0 ] || segment=$payload
		count=$((count + (payload + segment - 1) / segment))
	done <<END
$1
END
	echo $count
}

# segments FILE ETHERNET OPTIONS...: what a tunnel on A makes of them all, or of those that $SHAPES
# names, a line for each packet.
SHAPES=supers
# ETHERNET: the frame's header without its type. How many of them it has cut is then in $cut.
segments() {
	segments_file=$1 ethernet=$2 last=${2:+${2}88b50102}
	last=${last:-$TO_B}
	shift 2
	shapes=$($SHAPES)
	start peer "$B" "$WIRE" listen -w 20 -p 7000 "recvframes:$(packets_count "$shapes")" recvframe close
	"$AWAIT" text "$DIR/peer.out" listening
	tunnel cutter "$A" -c 10.88.0.2 -p 7000 -i tun0 -l none "$@"
	ip -n "$A" link set tun0 txqueuelen 5000
	echo "$shapes" | while read -r headers payload segment options; do
		case $headers in 4*) type=0800 ;; *) type=86dd ;; esac
		echo "$JUDGE super ${ethernet:+-a} $options tun0" \
			"${ethernet:+$ethernet$type}$headers $payload $segment"
	done >"$DIR/inject.sh"
	on "$A" sh -e "$DIR/inject.sh"
	on "$A" "$WIRE" inject tun0 "$last"
	expect_status peer 0
	cut=$(counter cutter tx_supers)
	stop cutter
	grep '^[0-9a-f]*$' "$DIR/peer.out" >"$segments_file"
	[ "$(tail -n 1 "$segments_file")" = "$last" ] || fail "it made more packets"
	sed -i '$d' "$segments_file"
}
