# SPDX-License-Identifier: MIT
# simpletun: MTU 3000 loses every large packet without a word.
. tests/e2e/lib.sh
two_hosts

pair -m 3000
on "$B" "$PROBE" ping -n 5 -s 2972 172.16.3.1 >/dev/null || fail "large packets are lost"
stop client
stop server

# What a length cannot say is dropped with a line: a tagged frame on a tap of the largest MTU.
quiet_devices "$A"
tunnel server "$A" -s -a -i tun0 -m 65521
start peer "$B" "$WIRE" connect 10.88.0.1 recv:20 close
on "$A" "$AWAIT" device tun0 running
zeros=$(printf '%064000d' 0)
on "$A" "$WIRE" inject tun0 02000000000202000000000181000007 "$zeros" "$zeros" "$(printf '%03046d' 0)"
says server "dropped a packet of 65539 bytes"
on "$A" "$WIRE" inject tun0 02000000000202000000000188b5 aabbccdd # what fits still passes
expect_status peer 0
grep -q "^001202000000000202000000000188b5aabbccdd$" "$DIR/peer.out" || fail "$(cat "$DIR/peer.out")"
stop server
