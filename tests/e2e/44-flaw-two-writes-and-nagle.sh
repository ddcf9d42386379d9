# SPDX-License-Identifier: MIT
# simpletun: two writes a packet with Nagle's delay make a round trip of 40 to 88 ms.
# Here: length and packet leave in one segment, at once.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

tunnel server "$A" -s -i tun0
start peer "$B" "$WIRE" connect 10.88.0.1 recvframes:3 close
on "$A" "$AWAIT" device tun0 running
# seen on host B's wire: the length right in front of the packet
start wire "$B" "$WIRE" capture eth0 1 "001c$TO_B"
"$AWAIT" text "$DIR/wire.out" capturing
for _ in 1 2 3; do
	on "$A" "$WIRE" inject tun0 "$TO_B" # the next is not held back until the last is acknowledged
done
expect_status wire 0
expect_status peer 0
stop server
