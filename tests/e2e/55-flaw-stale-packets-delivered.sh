# SPDX-License-Identifier: MIT
# simpletun: what was sent before there was a connection is delivered to it, stale.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

tunnel server "$A" -s -i tun0
on "$A" "$WIRE" inject tun0 "$TO_B" 2>/dev/null || :
on "$A" "$PROBE" udp-source -p 9 -n 50 -s 100 172.16.3.2 >/dev/null 2>&1 || :
on "$B" "$WIRE" connect 10.88.0.1 quiet:500 close >/dev/null || fail "a stale packet came"

# after a peer has gone, the carrier may take a second to go: nothing is kept in that time either
"$AWAIT" text -n 1 "$DIR/server.log" "closed the connection"
on "$A" "$WIRE" inject tun0 "$TO_B" 2>/dev/null || :
on "$B" "$WIRE" connect 10.88.0.1 quiet:500 close >/dev/null || fail "a stale packet came"
stop server
