# SPDX-License-Identifier: MIT
# A simpletun at the other end works, as client and as server, tun and tap, and survives us: it
# exits on whatever its device does not take, so we must send packets and nothing else.
. tests/e2e/lib.sh
two_hosts

for kind in tun tap; do
	flag=-u
	[ $kind = tun ] || flag=-a
	tunnel server "$A" -s $flag -i t0 -p 7000
	ip -n "$B" tuntap add dev s0 mode $kind
	ip -n "$B" addr add 172.16.3.2/24 dev s0
	ip -n "$B" link set s0 up
	start simple "$B" "$WIRE" simpletun -i s0 -c 10.88.0.1 -p 7000 $flag
	comes_back "$B" 172.16.3.1
	on "$A" "$PROBE" ping -n 20 -s 1400 172.16.3.2 >/dev/null || fail "$kind: to simpletun client"
	runs simple
	stop server
	status simple # by luck, see 49: it may be writing just then

	start simple "$B" "$WIRE" simpletun -i s0 -s -p 7001 $flag
	tunnel client "$A" -c 10.88.0.2 $flag -i t0 -p 7001 -l 172.16.3.1/24
	comes_back "$A" 172.16.3.2
	on "$B" "$PROBE" ping -n 20 -s 1400 172.16.3.1 >/dev/null || fail "$kind: to simpletun server"
	runs simple
	stop client
	status simple # by luck, see 49: it may be writing just then
	ip -n "$B" link del s0
done
