# SPDX-License-Identifier: MIT
# Another client that holds the key replaces the one that is there, from any address; the replaced one
# is told, and takes its time to come back.
. tests/e2e/lib.sh
two_hosts
host "$C" 3

keyed_pair
reaches "$B" 172.16.3.1
tunnel third "$C" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
reaches "$C" 172.16.3.1
says server "is replaced by another client that holds the key"
says server "another client that holds the key"
says client "has taken another client that holds the key; it serves one at a time"
runs client
# it comes back by itself, and then the third one is told
says third "has taken another client that holds the key"
comes_back "$B" 172.16.3.1
stop third
reaches "$B" 172.16.3.1
stop client
stop server

# with --once the replaced one ends
tunnel server "$A" -s -i tun0 -k "$DIR/key"
tunnel client "$B" -1 -c 10.88.0.1 -i tun0 -k "$DIR/key"
tunnel third "$C" -1 -c 10.88.0.1 -i tun0 -k "$DIR/key"
expect_status client 5
says client "has taken another client"
reaches "$C" 172.16.3.1
stop third
stop server

# A client that has lost its server sooner than the server has lost it.
relay "$C" 10.88.0.1
tunnel server "$A" -s -i tun0 -k "$DIR/key"
tunnel client "$B" -t 1 -c 10.88.0.3 -i tun0 -w 10 -k "$DIR/key"
order hold
says client "has not answered for 1 s"
says server "is replaced by a new connection of the same client"
comes_back "$B" 172.16.3.1
silent_about client "another client"
stop client
stop server

# A confirmation that someone holds back replaces nobody who came later.
tunnel server "$A" -s -i tun0 -k "$DIR/key"
order hold up 83
start_tunnel first "$B" -t 60 -c 10.88.0.3 -i tun0 -k "$DIR/key"
"$AWAIT" text "$DIR/relay.out" "held up"
tunnel third "$C" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
reaches "$C" 172.16.3.1
kill -STOP "$(pid first)" # so that it does not come by itself
order go
reaches "$C" 172.16.3.1
on "$C" "$PROBE" ping -n 20 -i 10 172.16.3.1 >/dev/null || fail "the peer is disturbed"
[ "$(counter server peers)" = 1 ] || fail "who was held back is taken"
silent_about third "has taken another"
kill -9 "$(pid first)"
status first
stop third
stop server
