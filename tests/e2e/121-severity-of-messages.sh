# SPDX-License-Identifier: MIT
# Each line has its severity under systemd, where JOURNAL_STREAM names standard error, and in syslog;
# elsewhere it has none. No line has a time.
. tests/e2e/lib.sh
two_hosts

# journal_stream FILE: as systemd sets it
journal_stream() { stat -c %d:%i "$1"; }

lines_begin() { # lines_begin PATTERN NAME
	[ -s "$DIR/$2.log" ] && ! grep -v -q "^$1" "$DIR/$2.log" || fail "not $1: $(cat "$DIR/$2.log")"
}

# start_journal NAME STREAM OPTIONS...: a server whose standard error is $DIR/NAME.log
start_journal() {
	start_journal_name=$1 start_journal_stream=$2
	shift 2
	: >"$DIR/$start_journal_name.log"
	[ -n "$start_journal_stream" ] || start_journal_stream=$(journal_stream "$DIR/$start_journal_name.log")
	ip netns exec "$A" env JOURNAL_STREAM="$start_journal_stream" "$TUNNEL" "$@" \
		2>>"$DIR/$start_journal_name.log" &
	PIDS="$PIDS $!"
	echo $! >"$DIR/$start_journal_name.pid"
}

start_journal server "" -s -d -i tun0
says server "<5>tunnel: tun0: address 172.16.3.1/24"
says server "<7>tunnel: "
start_journal second "" -s -i tun1 -l none
expect_status second 4
lines_begin "<3>tunnel: .*55555 is in use" second
stop server
lines_begin "<[57]>tunnel: " server

# Standard error is another file than the journal's; or there is no journal.
start_journal server "$(journal_stream /dev/null)" -s -d -i tun0
says server "listening on port"
stop server
lines_begin "tunnel: " server
start server "$A" env -u JOURNAL_STREAM "$TUNNEL" -s -d -i tun0
says server "listening on port"
stop server
lines_begin "tunnel: " server

# Syslog, in a mount namespace with a /dev of our own: severity and facility daemon (3).
mkdir -p "$DIR/dev/net"
for file in null net/tun; do
	: >"$DIR/dev/$file"
done
start syslog "$A" "$PROBE" datagrams "$DIR/dev/log"
"$AWAIT" text "$DIR/syslog.out" listening
# daemon OPTIONS...: in host A, where syslog is; its first process must return with status 0
daemon() {
	# shellcheck disable=SC2016 # for the inner shell
	on "$A" unshare -m sh -c '
		set -e
		dir=$1
		shift
		for file in null net/tun; do
			mount --bind /dev/$file "$dir/$file"
		done
		mount --rbind "$dir" /dev
		out=$("$@" 2>&1)
		printf "%s\n" "$out"' sh "$DIR/dev" "$TUNNEL" -s -D --pidfile "$DIR/pid" "$@" >"$DIR/daemon.log"
	daemon=$(cat "$DIR/pid")
	PIDS="$PIDS $daemon"
}
daemon -d -i tun0
says daemon "listening on port 55555"
tunnel client "$B" -c 10.88.0.1 -i tun0
"$AWAIT" text "$DIR/syslog.out" "<29>tunnel[$daemon]: tun0: connection from 10.88.0.2:" ||
	fail "syslog: $(cat "$DIR/syslog.out")"
ip -n "$A" link del tun0
"$AWAIT" text "$DIR/syslog.out" "<27>tunnel[$daemon]: tun0: the device was deleted" ||
	fail "syslog: $(cat "$DIR/syslog.out")"
"$AWAIT" exit "$daemon"
for line in "<31>tunnel\[$daemon\]: tun0: link: " "<29>tunnel\[$daemon\]: tun0: end: "; do
	grep -q "^$line" "$DIR/syslog.out" || fail "syslog: $(cat "$DIR/syslog.out")"
done
! grep -v -q -e '^listening ' -e "^<[0-9]*>tunnel\[$daemon\]: tun0: [a-z]" "$DIR/syslog.out" ||
	fail "syslog: $(cat "$DIR/syslog.out")"
