# SPDX-License-Identifier: MIT
# Ended under load, a tunnel still sends the rest of a frame that has begun: its peer sees an end.
. tests/e2e/lib.sh
two_hosts
ip netns exec "$B" tc qdisc add dev eth0 root tbf rate 20mbit burst 10k latency 50ms

for signal in TERM HUP; do
	tunnel server "$A" -s -1 -i tun0
	tunnel client "$B" -c 10.88.0.1 -i tun0
	start sink "$A" "$PROBE" udp-sink -w 10 -p 9 -n 200
	"$AWAIT" text "$DIR/sink.out" listening
	start flood "$B" "$PROBE" udp-source -p 9 -n 1000000 -s 1400 172.16.3.1
	"$AWAIT" text "$DIR/sink.out" "200 datagrams" || fail "nothing passes"
	kill -$signal "$(pid client)"
	expect_status server 0
	kill "$(pid flood)" 2>/dev/null || : # it may have ended with the device
	[ $signal = TERM ] || kill "$(pid client)"
	expect_status client 0
done
