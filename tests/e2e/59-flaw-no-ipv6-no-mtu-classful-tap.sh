# SPDX-License-Identifier: MIT
# simpletun has no IPv6 and no MTU, and gives a tap a classful /16 for a moment.
. tests/e2e/lib.sh
two_hosts

start monitor "$A" ip monitor route
n=0 # it does not tell when it has begun, but shows a route that came after that
until "$AWAIT" text -w 0.2 "$DIR/monitor.out" blackhole 2>/dev/null; do
	n=$((n + 1))
	[ $n -lt 50 ] || fail "ip monitor shows nothing"
	ip -n "$A" route add blackhole 198.51.100.$n
done
tunnel server "$A" -s -a -i tun0 -l 172.16.3.1/24 -l fd00::1/64 -m 1400
tunnel client "$B" -a -i tun0 -c 10.88.0.1 -l 172.16.3.2/24 -l fd00::2/64 -m 1400
has "mtu 1400" ip -n "$A" link show tun0
reaches "$B" fd00::1
"$AWAIT" text "$DIR/monitor.out" "172.16.3.0/24 dev tun0" || fail "no route"
! grep -q "172.16.0.0/16" "$DIR/monitor.out" || fail "a classful route was there"
stop client
stop server
