# SPDX-License-Identifier: MIT
# Different keys: each end says so, once, nothing is delivered, and the server is there for the right
# client afterwards.
. tests/e2e/lib.sh
two_hosts
new_key key
new_key other

# -d at the end that is not looked at shows that there were several tries
for looked_at in client server; do
	if [ $looked_at = client ]; then
		tunnel server "$A" -s -i t0 -k "$DIR/key" -d
		start_tunnel client "$B" -c 10.88.0.1 -i t0 -k "$DIR/other"
		"$AWAIT" text -n 3 "$DIR/server.log" "uses another key than this end" || fail "gives up"
		says client "closed the connection instead of answering with the key: it uses another key"
		says client "give both ends the same key file with -k"
	else
		tunnel server "$A" -s -i t0 -k "$DIR/key"
		start_tunnel client "$B" -c 10.88.0.1 -i t0 -k "$DIR/other" -d
		"$AWAIT" text -n 3 "$DIR/client.log" "it uses another key or none" || fail "gives up"
		says server "uses another key than this end: give both the same key file with -k"
	fi
	not_twice $looked_at
	silent_about client "connected to"
	silent_about server "connection from"
	nothing_came "$A" t0
	nothing_came "$B" t0
	[ "$(counter server peers)" = 0 ] || fail "the server has had a peer"
	[ "$(counter server strangers)" -ge 1 ] || fail "the server has not counted the strangers"
	stop client
	tunnel right "$B" -c 10.88.0.1 -i t1 -w 10 -k "$DIR/key"
	reaches "$B" 172.16.3.1
	stop right
	stop server
done

tunnel server "$A" -s -i t0 -k "$DIR/key"
refuses 6 "give both ends the same key file with -k" \
	on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i t0 -k "$DIR/other"
# a stranger is no peer: with --once the server goes on waiting
stop server
tunnel server "$A" -1 -s -i t0 -k "$DIR/key"
refuses 6 "give both ends the same key file with -k" \
	on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i t0 -k "$DIR/other"
tunnel client "$B" -1 -c 10.88.0.1 -i t0 -k "$DIR/key"
reaches "$B" 172.16.3.1
stop client
expect_status server 0
