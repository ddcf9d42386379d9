# SPDX-License-Identifier: MIT
# -D returns when the tunnel is ready, or fails with the reason; the daemon lives on.
. tests/e2e/lib.sh
two_hosts

on "$A" "$TUNNEL" -s -i tun0 -D --pidfile "$DIR/a.pid" 2>"$DIR/a.log" || fail "server: status $?"
has "UP" ip -n "$A" link show tun0
on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -D --pidfile "$DIR/b.pid" 2>"$DIR/b.log" || fail "client"
reaches "$B" 172.16.3.1

for end in a b; do
	PIDS="$PIDS $(cat "$DIR/$end.pid")"
	kill "$(cat "$DIR/$end.pid")"
	"$AWAIT" gone "$DIR/$end.pid" || fail "the pid file stays"
done

# What goes wrong is said, and the status is the one of the foreground.
refuses 4 "Connection refused" on "$B" "$TUNNEL" -c 10.88.0.1 -1 -i tun0 -D -p 7001
refuses 3 "there is no /run/netns/$ID-none" on "$A" "$TUNNEL" -s -D -N "$ID-none"

# Whoever waits for it and is killed takes it along.
start waiting "$B" "$TUNNEL" -c 10.88.0.1 -i tun9 -D --pidfile "$DIR/c.pid" -p 7009
says waiting "Connection refused"
kill "$(pid waiting)"
"$AWAIT" gone "$DIR/c.pid" || fail "the daemon stays"

# Its output is not held open: a command substitution returns.
out=$(on "$A" "$TUNNEL" -s -i tun0 -D --pidfile "$DIR/d.pid" 2>&1)
PIDS="$PIDS $(cat "$DIR/d.pid")"
case $out in *"listening on port 55555"*) ;; *) fail "$out" ;; esac
