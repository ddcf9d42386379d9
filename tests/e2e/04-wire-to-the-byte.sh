# SPDX-License-Identifier: MIT
# The wire is a length and a packet, both ways, and nothing else: no hello, no keepalive.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

# A connection on which nothing has to be sent stays silent, longer than keepalives would take.
tunnel server "$A" -s -i tun0 -t 3
on "$B" "$WIRE" connect 10.88.0.1 quiet:2000 close >/dev/null || fail "the peer heard something"
"$AWAIT" text -n 1 "$DIR/server.log" "closed the connection"

# In: length and packet.
capture captor "$A"
on "$B" "$WIRE" connect 10.88.0.1 "frame:$TO_NOBODY" close >/dev/null
captured captor "$TO_NOBODY"
"$AWAIT" text -n 2 "$DIR/server.log" "closed the connection"

# Out: length and packet, and not a byte more.
start peer "$B" "$WIRE" connect 10.88.0.1 recv:30 quiet:300 close
on "$A" "$AWAIT" device tun0 running
on "$A" "$WIRE" inject tun0 "$TO_B"
expect_status peer 0
grep -q -x "001c$TO_B" "$DIR/peer.out" || fail "$(cat "$DIR/peer.out")"
stop server

# The same as a client.
start listener "$B" "$WIRE" listen -p 7000 recv:30 "frame:$TO_NOBODY" quiet:300 close
"$AWAIT" text "$DIR/listener.out" listening
tunnel client "$A" -1 -c 10.88.0.2 -p 7000 -i tun0
capture captor2 "$A"
on "$A" "$WIRE" inject tun0 "$TO_B"
captured captor2 "$TO_NOBODY"
expect_status listener 0
grep -q -x "001c$TO_B" "$DIR/listener.out" || fail "$(cat "$DIR/listener.out")"
expect_status client 0
