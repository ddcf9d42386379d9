# SPDX-License-Identifier: MIT
# After trouble the connection is told when it has lasted, also when nothing passes through it.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
quiet_devices "$B"

start_tunnel client "$B" -c 10.88.0.1 -i tun0
says client "Connection refused"
tunnel server "$A" -s -i tun0
says client "connected to"
stop server
says client "closed the connection"
tunnel server "$A" -s -i tun0
"$AWAIT" text -n 2 "$DIR/client.log" "connected to" || fail "the second connection is not told"
stop client
stop server
