# SPDX-License-Identifier: MIT
# Each family inside over each family outside, tun and tap; IPv6 on a tap is usable at once.
. tests/e2e/lib.sh
two_hosts

for outside in 10.88.0.1 fd88::1; do
	for kind in -u -a; do
		tunnel server "$A" -s $kind -i t0 -l 172.16.3.1/24 -l fd00::1/64
		[ "${ready#*address=}" = "172.16.3.1/24,fd00::1/64 pid=$(pid server)" ] || fail "$ready"
		tunnel client "$B" -c $outside $kind -i t0 -l 172.16.3.2/24 -l fd00::2/64
		reaches "$B" 172.16.3.1
		reaches "$B" fd00::1
		has_not tentative ip -n "$A" -6 addr show dev t0 scope global
		stop client
		stop server
	done
done
