# SPDX-License-Identifier: MIT
# simpletun has no IPv6 and no MTU, and gives a tap a classful /16 for a moment.
. tests/e2e/lib.sh
two_hosts

start monitor "$A" ip monitor route
tunnel server "$A" -s -a -i tun0 -l 172.16.3.1/24 -l fd00::1/64 -m 1400
tunnel client "$B" -a -i tun0 -c 10.88.0.1 -l 172.16.3.2/24 -l fd00::2/64 -m 1400
has "mtu 1400" ip -n "$A" link show tun0
reaches "$B" fd00::1
"$AWAIT" text "$DIR/monitor.out" "172.16.3.0/24 dev tun0" || fail "no route"
! grep -q "172.16.0.0/16" "$DIR/monitor.out" || fail "a classful route was there"
stop client
stop server
