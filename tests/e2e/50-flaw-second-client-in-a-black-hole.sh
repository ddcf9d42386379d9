# SPDX-License-Identifier: MIT
# simpletun: a second client prints "Connected" and hears nothing ever.
# Here: it is refused at once, and with --once the port is closed.
. tests/e2e/lib.sh
two_hosts
host "$C" 3

pair -d
start_tunnel third "$C" -c 10.88.0.1 -i tun0
says server "refused 10.88.0.3"
says third "closed the connection at once; does the server serve another peer, or use a key (-k)?"
reaches "$B" 172.16.3.1
# refused for ever, it says so once and not at every try
"$AWAIT" text -n 3 "$DIR/server.log" "refused 10.88.0.3" || fail "it does not try again"
[ "$(grep -c "closed the connection" "$DIR/third.log")" = 1 ] || fail "repeats itself"
stop third
refuses 0 "closed the connection at once" on "$C" "$TUNNEL" -1 -c 10.88.0.1 -i tun0
refuses 124 "no peer within 1 s" on "$C" "$TUNNEL" -c 10.88.0.1 -i tun0 -D -w 1
stop client
stop server

tunnel server "$A" -s -1 -i tun0
tunnel client "$B" -1 -c 10.88.0.1 -i tun0
refuses 4 "Connection refused" on "$C" "$TUNNEL" -1 -c 10.88.0.1 -i tun0
stop client
expect_status server 0
