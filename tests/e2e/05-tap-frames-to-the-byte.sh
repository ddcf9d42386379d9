# SPDX-License-Identifier: MIT
# A tap carries whole Ethernet frames, VLAN tags included.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
frame=02000000000202000000000188b5aabbccdd
tagged=0200000000020200000000018100000788b5aabbccdd

tunnel server "$A" -s -a -i tun0
for bytes in $frame $tagged; do
	capture captor "$A"
	on "$B" "$WIRE" connect 10.88.0.1 "frame:$bytes" close >/dev/null
	captured captor $bytes
	start peer "$B" "$WIRE" connect 10.88.0.1 "recv:$((${#bytes} / 2 + 2))" quiet:200 close
	on "$A" "$AWAIT" device tun0 running
	on "$A" "$WIRE" inject tun0 $bytes
	expect_status peer 0
	grep -q "^00..$bytes$" "$DIR/peer.out" || fail "$(cat "$DIR/peer.out")"
done
stop server
