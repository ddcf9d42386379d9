# SPDX-License-Identifier: MIT
# Descriptors 0 to 2 as --ready-fd and --exit-fd: none becomes a socket, none is lost with -D.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

start server "$A" "$TUNNEL" -s -i tun0 --ready-fd 2
says server "ready dev=tun0"
on "$B" "$WIRE" connect 10.88.0.1 quiet:300 close >/dev/null || fail "messages on the wire"
says server "connection from" # standard error is still one
stop server

start server "$A" "$TUNNEL" -s -i tun0 --ready-fd 1
"$AWAIT" text "$DIR/server.out" "ready dev=tun0"
[ "$(readlink "/proc/$(pid server)/fd/1")" = /dev/null ] || fail "standard output is something else"
stop server

mkfifo "$DIR/fifo"
exec 5<>"$DIR/fifo"
on "$A" "$TUNNEL" -s -i tun0 -D --exit-fd 0 --pidfile "$DIR/pid" <"$DIR/fifo" 2>"$DIR/daemon.log"
daemon=$(cat "$DIR/pid")
PIDS="$PIDS $daemon"
on "$B" "$WIRE" connect 10.88.0.1 quiet:100 close >/dev/null || fail "the daemon has ended"
exec 5<&- # it has not kept our end open either
"$AWAIT" exit "$daemon" || fail "the daemon does not end"
