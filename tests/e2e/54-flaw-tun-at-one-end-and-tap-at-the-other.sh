# SPDX-License-Identifier: MIT
# simpletun: undetected, and ends with EINVAL. Here: each end says what the other one is.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i dev0
start_tunnel client "$B" -c 10.88.0.1 -i dev0 -a
says server "it is a tap (-a) and this end a tun"
runs server
stop client
stop server

quiet_devices "$A"
tunnel server "$A" -s -i dev0 -a
start_tunnel client "$B" -c 10.88.0.1 -i dev0
says server "it is a tun and this end a tap (-a)"
runs server
runs client
stop client
stop server

# no retry floods the log, at neither end: -d shows what the other one hides
tunnel server "$A" -s -d -i dev0 -l none
start_tunnel client "$B" -c 10.88.0.1 -i dev0 -a
"$AWAIT" text -n 4 "$DIR/server.log" "it is a tap" || fail "the client gives up"
[ "$(grep -c "closed the connection" "$DIR/client.log")" = 1 ] || fail "the client repeats itself"
stop client
stop server
tunnel server "$A" -s -i dev0 -l none
start_tunnel client "$B" -c 10.88.0.1 -d -i dev0 -a
"$AWAIT" text -n 4 "$DIR/client.log" "closed the connection" || fail "the client gives up"
[ "$(grep -c "it is a tap" "$DIR/server.log")" = 1 ] || fail "the server repeats itself"
[ "$(grep -c "connection from" "$DIR/server.log")" = 1 ] || fail "the server repeats itself"
stop client
stop server
