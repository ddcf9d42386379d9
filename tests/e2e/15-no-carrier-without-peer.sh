# SPDX-License-Identifier: MIT
# Without a peer the device shows no carrier; with one it does.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0
has NO-CARRIER ip -n "$A" link show tun0
tunnel client "$B" -c 10.88.0.1 -i tun0
on "$A" "$AWAIT" device tun0 running
has_not NO-CARRIER ip -n "$A" link show tun0
stop client
says server "closed the connection"
has NO-CARRIER ip -n "$A" link show tun0
stop server
