# SPDX-License-Identifier: MIT
# simpletun: a peer that goes away while we send ends it with 0, 1 or 141, by luck.
# Here: --once tells how the connection ended, and without it nothing ends.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

for _ in 1 2 3 4 5; do
	tunnel server "$A" -s -1 -i tun0
	start peer "$B" "$WIRE" connect 10.88.0.1 recvframe rst
	on "$A" "$AWAIT" device tun0 running
	start flood "$A" "$PROBE" udp-source -p 9 -n 2000 -s 100 172.16.3.2
	expect_status server 5
	status flood
done
tunnel server "$A" -s -i tun0
start peer "$B" "$WIRE" connect 10.88.0.1 recvframe rst
on "$A" "$AWAIT" device tun0 running
start flood "$A" "$PROBE" udp-source -p 9 -n 2000 -s 100 172.16.3.2
says server "is lost"
runs server
status flood
stop server
