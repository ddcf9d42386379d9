# SPDX-License-Identifier: MIT
# A key at one end only: each end says so and names -k, once; nothing is delivered, and the server is
# there for the right client afterwards.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
quiet_devices "$B"
new_key key
key="-k $DIR/key"

then_right() { # then_right KIND [OPTIONS]: a client with these options, the same as the server's
	nothing_came "$A" t0
	tunnel right "$B" -c 10.88.0.1 -i t1 -w 10 "$@"
	reaches "$B" 172.16.3.1
	stop right
	stop server
}

for kind in -u -a; do
	# the client alone; -d at the end that is not looked at shows that there were several tries
	tunnel server "$A" -s -i t0 $kind -d
	start_tunnel client "$B" -c 10.88.0.1 -i t0 $kind $key
	"$AWAIT" text -n 3 "$DIR/server.log" "uses a key and this end does not" || fail "gives up"
	says client "closed the connection instead of answering with the key"
	says client "give both ends the same key file with -k"
	not_twice client
	nothing_came "$B" t0
	stop client
	then_right $kind
	grep "uses a key and this end does not" "$DIR/server.log" >"$DIR/server-said.log"
	grep -q -e "-k" "$DIR/server-said.log" || fail "$kind: the server does not name -k"
	tunnel server "$A" -s -i t0 $kind
	start_tunnel client "$B" -c 10.88.0.1 -i t0 $kind $key -d
	"$AWAIT" text -n 3 "$DIR/client.log" "instead of answering with the key" || fail "gives up"
	not_twice server
	stop client
	then_right $kind
	tunnel server "$A" -s -i t0 $kind
	refuses 6 "give both ends the same key file with -k" \
		on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i t0 $kind $key
	stop server

	# the server alone; its client has something to send
	tunnel server "$A" -s -i t0 $kind $key -d
	start_tunnel client "$B" -c 10.88.0.1 -i t0 -l 172.16.4.2/24 $kind
	start pings "$B" "$PROBE" ping -a -i 5 -n 100000 -t 30 172.16.4.1
	"$AWAIT" text -n 3 "$DIR/server.log" "does not use a key and this end does" || fail "gives up"
	says client "use a key (-k)?"
	not_twice client
	says server "give it the same key with -k"
	nothing_came "$B" t0
	stop client
	then_right $kind $key
	tunnel server "$A" -s -i t0 $kind $key
	start_tunnel client "$B" -c 10.88.0.1 -i t0 -l 172.16.4.2/24 $kind -d
	"$AWAIT" text -n 3 "$DIR/client.log" "closed the connection" || fail "gives up"
	not_twice server
	stop client
	kill "$(pid pings)"
	then_right $kind $key
done
