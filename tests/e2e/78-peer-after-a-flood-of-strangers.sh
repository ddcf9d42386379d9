# SPDX-License-Identifier: MIT
# Strangers that knock and go are rationed in the log; the real peer is told all the same.
. tests/e2e/lib.sh
two_hosts
host "$C" 3

tunnel server "$A" -s -i tun0
n=0
while [ $n -lt 80 ]; do
	on "$C" "$WIRE" connect 10.88.0.1 close >/dev/null
	n=$((n + 1))
done
[ "$(grep -c 10.88.0.3 "$DIR/server.log")" -lt 80 ] || fail "a line for every stranger"
tunnel client "$B" -c 10.88.0.1 -i tun0
says server "connection from 10.88.0.2"
stop client
stop server
