# SPDX-License-Identifier: MIT
# Every MTU up to what the length can say, on both kinds of device.
. tests/e2e/lib.sh
two_hosts

for mtu in 68 576 9000 65535; do
	pair -m $mtu
	has "mtu $mtu" ip -n "$A" link show tun0
	[ $mtu = 68 ] || on "$B" "$PROBE" ping -n 3 -s $((mtu - 28)) 172.16.3.1 >/dev/null ||
		fail "MTU $mtu: the largest packet does not pass"
	[ $mtu != 68 ] || on "$B" "$PROBE" ping -n 3 -s 40 172.16.3.1 >/dev/null || fail "MTU 68"
	stop client
	stop server
done
pair -a -m 65521
on "$B" "$PROBE" ping -n 3 -s $((65521 - 28)) 172.16.3.1 >/dev/null || fail "tap, MTU 65521"
stop client
stop server
