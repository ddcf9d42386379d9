# SPDX-License-Identifier: MIT
# simpletun: one byte from a peer blocks it in a read, and the other direction stands still for ever.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

tunnel server "$A" -s -i tun0
start peer "$B" "$WIRE" connect 10.88.0.1 send:00 recvframe send:1c45 recvframe \
	"send:00001c1234400040fdc941ac100302ac10034d0102030405060708" recvframe close
capture captor "$A"
on "$A" "$AWAIT" device tun0 running
on "$A" "$WIRE" inject tun0 "$TO_B"
"$AWAIT" text -n 1 "$DIR/peer.out" "$TO_B" || fail "stalled by one byte"
on "$A" "$WIRE" inject tun0 "$TO_B"
"$AWAIT" text -n 2 "$DIR/peer.out" "$TO_B" || fail "stalled in the middle of a frame"
captured captor "$TO_NOBODY" # which came in three pieces
on "$A" "$WIRE" inject tun0 "$TO_B"
expect_status peer 0
stop server
