# SPDX-License-Identifier: MIT
# A thousand strangers who come again and again neither disturb the peer nor fill the log nor the
# memory, nor keep out who holds the key; nor does a thousand that repeat what a client has said.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts
host "$C" 3

new_key key

relay "$C" 10.88.0.1 -o "$DIR/passed"
tunnel server "$A" -s -i tun0 -k "$DIR/key"
tunnel client "$B" -c 10.88.0.3 -i tun0 -w 10 -k "$DIR/key"
reaches "$B" 172.16.3.1
order go
recorded=$(od -An -v -tx1 -N 83 "$DIR/passed.up" | tr -d ' \n')
kill "$(pid relay)"
status relay
stop client
stop server

# crowd OPTIONS...: while a long transfer runs; then the client is stopped, and the next one gets in
crowd() {
	tunnel server "$A" -s -i tun0 -k "$DIR/key"
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
	transfer "$B" "$A" 172.16.3.1 20000000
	before=$("$PROBE" rss "$(pid server)")
	start long-sink "$A" "$PROBE" sink -w 30 -p 7001
	"$AWAIT" text "$DIR/long-sink.out" listening
	start long "$B" "$PROBE" source -w 30 -p 7001 -t 2 172.16.3.1
	start crowd "$C" "$WIRE" crowd "$@" 10.88.0.1 1000
	"$AWAIT" text -w 40 "$DIR/crowd.out" "opened 3000" || fail "the crowd does not come again"
	arrived long
	runs crowd
	[ "$(counter server peers)" = 1 ] || fail "the peer has changed"
	[ "$(counter server strangers)" -ge 1000 ] || fail "the crowd is not counted"
	after=$("$PROBE" rss "$(pid server)")
	[ "$after" -le "$((before + 200))" ] || fail "memory grew from $before kB to $after kB"
	stop client
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 20 -k "$DIR/key"
	reaches "$B" 172.16.3.1
	runs crowd
	[ "$(wc -l <"$DIR/server.log")" -lt 200 ] || fail "a line for every stranger"
	stop client
}

scatter() {
	kill "$(pid crowd)"
	status crowd
	stop server
}

# From far away: before the client has its answer, more strangers come than there are places.
far_client_gets_in() {
	relay "$B" 10.88.0.1 -l 200
	tunnel client "$B" -c 10.88.0.2 -i tun0 -w 20 -k "$DIR/key"
	comes_back "$B" 172.16.3.1
	runs crowd
	stop client
	kill "$(pid relay)"
	status relay
}

crowd # which has not had a single byte of an answer, else it would have ended
far_client_gets_in
scatter

crowd -r "$recorded"
far_client_gets_in
scatter
