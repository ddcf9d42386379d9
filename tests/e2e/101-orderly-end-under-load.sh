# SPDX-License-Identifier: MIT
# An end that is told to end while both directions are full on a slow link: the other one hears of it, and
# neither a reset nor a cut comes first; with a key and without.
. tests/e2e/lib.sh
two_hosts
new_key key
for host in "$A" "$B"; do
	on "$host" tc qdisc add dev eth0 root tbf rate 20mbit burst 16k latency 100ms ||
		skip "this kernel cannot make a slow link"
done

# ends WHO OTHER OPTIONS...: WHO gets TERM
ends() {
	who=$1 other=$2
	shift 2
	pair -1 "$@"
	for host in "$A" "$B"; do
		start "sink-$host" "$host" "$PROBE" sink -w 30 -p 7001
		"$AWAIT" text "$DIR/sink-$host.out" listening
	done
	start source-a "$A" "$PROBE" source -w 30 -p 7001 -t 20 172.16.3.2
	start source-b "$B" "$PROBE" source -w 30 -p 7001 -t 20 172.16.3.1
	on "$B" "$PROBE" ping -n 20 -i 30 172.16.3.1 >"$DIR/pings.out" || fail "the link is too slow"
	stop "$who"
	expect_status "$other" 0
	says "$other" "closed the connection"
	for name in source-a source-b "sink-$A" "sink-$B"; do
		kill -9 "$(pid "$name")"
		status "$name"
	done
}

ends client server -k "$DIR/key"
ends server client -k "$DIR/key"
ends client server
ends server client
