# SPDX-License-Identifier: MIT
# -D fails when the daemon ends before it was ready, however it ends.
. tests/e2e/lib.sh
two_hosts

start waiting "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -D --pidfile "$DIR/pid"
says waiting "Connection refused"
kill "$(cat "$DIR/pid")"
status waiting
[ "$status" != 0 ] || fail "status 0 for a tunnel that never was"

mkfifo "$DIR/fifo"
exec 5<>"$DIR/fifo"
start waiting "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -D --exit-fd 6 6<"$DIR/fifo" 5<&-
says waiting "Connection refused"
exec 5<&-
status waiting
[ "$status" != 0 ] || fail "status 0 for a tunnel that never was"
