# SPDX-License-Identifier: MIT
# The status file is always whole, follows the state, can be sourced by sh, and stays behind with the last
# state; USR1 tells the same in one line.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
quiet_devices "$B"

# told KEY: its value in the file of the server
told() {
	(
		. "$DIR/stats"
		eval "echo \"\$$1\""
	)
}
# becomes KEY VALUE: soon
becomes() {
	"$AWAIT" text "$DIR/stats" "$1=$2" || fail "$1 is not $2: $(cat "$DIR/stats")"
}

tunnel server "$A" -s -i tun0 --stats "$DIR/stats"
becomes state "'listening'"
[ "$(told peer)" = none ] || fail "peer $(told peer)"
[ "$(told pid)" = "$(pid server)" ] || fail "pid $(told pid)"
[ "$(told dev)" = tun0 ] || fail "dev $(told dev)"
tunnel client "$B" -c 10.88.0.1 -i tun0
becomes state "'connected'"
case $(told peer) in 10.88.0.2:*) ;; *) fail "peer $(told peer)" ;; esac
[ "$(told since)" -gt 1700000000 ] || fail "since $(told since)"
on "$B" "$PROBE" ping -n 7 -i 10 172.16.3.1 >/dev/null
becomes tx_packets 7 # at the latest a second after the last one
[ "$(told rx_packets)" = 7 ] || fail "rx_packets $(told rx_packets)"
[ "$(told rtt_us)" -gt 0 ] || fail "rtt_us $(told rtt_us)"
[ "$(counter server tx_packets)" = 7 ] || fail "USR1 tells something else"
has "state=connected peer=10.88.0.2:" cat "$DIR/server.log"
stop client
becomes state "'listening'"
becomes peers 1
stop server
becomes state "'ended'"
has "end: state=ended" cat "$DIR/server.log"
has_not .new ls "$DIR" # beside it

# a start that fails does not touch the file of a tunnel that runs
tunnel server "$A" -s -i tun0 --stats "$DIR/stats" --pidfile "$DIR/pid"
becomes state "'listening'"
refuses 1 "a tunnel with this pid file is running" \
	on "$A" "$TUNNEL" -s -i tun1 -p 7000 --stats "$DIR/stats" --pidfile "$DIR/pid"
becomes state "'listening'"
[ "$(told pid)" = "$(pid server)" ] || fail "the file was overwritten"
stop server
refuses 1 "--stats $DIR/none/stats: No such file or directory" \
	on "$A" "$TUNNEL" -s -i tun0 --stats "$DIR/none/stats"
