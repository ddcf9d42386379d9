# SPDX-License-Identifier: MIT
# simpletun: a short write puts the stream out of step for good.
# Here: a peer that reads slowly gets whole frames, however the socket cut them.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0
# reads nothing while the sockets fill, and then every frame
start peer "$B" "$WIRE" connect -w 30 10.88.0.1 hold:1500 \
	skipframes-containing:feedc0de5eed close
on "$A" "$AWAIT" device tun0 running
on "$A" "$PROBE" udp-source -p 9 -n 20000 -s 1400 172.16.3.2 >/dev/null
start marks "$A" sh -c 'while :; do '"$WIRE"' inject tun0 4500001c1234400040fdc98dac100301ac100302feedc0de5eed0708; done'
expect_status peer 0
grep -q feedc0de5eed "$DIR/peer.out" || fail "the stream is out of step"
kill "$(pid marks)"
stop server
