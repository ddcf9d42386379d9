# SPDX-License-Identifier: MIT
# A server, a client, defaults: IPv4 passes both ways as soon as the client is ready.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s
[ "$ready" = "ready dev=tun0 port=55555 address=172.16.3.1/24 pid=$(pid server)" ] || fail "$ready"
tunnel client "$B" -c 10.88.0.1
[ "$ready" = "ready dev=tun0 port=55555 address=172.16.3.2/24 pid=$(pid client)" ] || fail "$ready"
on "$B" "$PROBE" ping -n 3 172.16.3.1 >/dev/null || fail "client to server"
on "$A" "$PROBE" ping -n 3 -s 1400 172.16.3.2 >/dev/null || fail "server to client"

stop client
says server "closed the connection"
stop server
has "does not exist" ip -n "$A" link show tun0
has "does not exist" ip -n "$B" link show tun0
