# SPDX-License-Identifier: MIT
# A client without a key that has nothing to send is sent away each time after 5 s, and has been told
# nothing by then. It says so once, not each time.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
quiet_devices "$B"
new_key key

tunnel server "$A" -d -s -i tun0 -k "$DIR/key"
start_tunnel client "$B" -c 10.88.0.1 -i tun0
says client "does the server use a key (-k)?"
"$AWAIT" text -w 20 -n 2 "$DIR/server.log" "has not shown the key within 5 s" || fail "it gives up"
not_twice client
stop client
stop server
