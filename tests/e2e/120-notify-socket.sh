# SPDX-License-Identifier: MIT
# A service manager is told (NOTIFY_SOCKET): ready when ready and not before, the peer as it comes and
# goes, the end. A path or an abstract name.
. tests/e2e/lib.sh
two_hosts

# listen NAME HOST ADDR: a notify socket there; each message is a line in $DIR/NAME.out
listen() {
	start "$1" "$2" "$PROBE" datagrams "$3"
	"$AWAIT" text "$DIR/$1.out" listening
}

# told NAME LINE: wait until it has been told LINE
told() { "$AWAIT" text "$DIR/$1.out" "
$2
" || fail "$1 is not told $2, but: $(cat "$DIR/$1.out")"; }

listen manager "$A" "$DIR/notify"
listen other "$B" "@$ID/notify"

# A client without a server is not ready.
start client "$B" env NOTIFY_SOCKET="@$ID/notify" "$TUNNEL" -c 10.88.0.1 -i tun0
says client "Connection refused"
told other "STATUS=connecting to 10.88.0.1 port 55555"
has_not READY cat "$DIR/other.out"

# A server is, before its peer comes.
start server "$A" env NOTIFY_SOCKET="$DIR/notify" "$TUNNEL" -s -i tun0
told manager "READY=1|STATUS=listening on port 55555"
told other "READY=1|STATUS=connected to 10.88.0.1:55555"
"$AWAIT" text "$DIR/manager.out" "STATUS=connection from 10.88.0.2:" || fail "$(cat "$DIR/manager.out")"
reaches "$B" 172.16.3.1

# A loss and a return are told, and ready only once.
kill -HUP "$(pid server)"
"$AWAIT" text -n 2 "$DIR/other.out" "STATUS=connected to 10.88.0.1:55555" || fail "no way back"
"$AWAIT" text -n 2 "$DIR/other.out" "STATUS=connecting to" || fail "the loss is not told"
[ "$(grep -c READY "$DIR/other.out")" = 1 ] || fail "ready twice"

stop client
told other "STOPPING=1|STATUS=ending"
"$AWAIT" text -n 2 "$DIR/manager.out" "STATUS=listening on port 55555" || fail "$(cat "$DIR/manager.out")"
stop server
told manager "STOPPING=1|STATUS=ending"
[ "$(tail -n 1 "$DIR/manager.out")" = "STOPPING=1|STATUS=ending" ] || fail "more after the end"

# With -D the process that goes on is named, and told before the first one returns.
on "$A" env NOTIFY_SOCKET="$DIR/notify" "$TUNNEL" -s -i tun0 -D --pidfile "$DIR/pid" 2>"$DIR/daemon.log"
daemon=$(cat "$DIR/pid")
PIDS="$PIDS $daemon"
told manager "MAINPID=$daemon|READY=1|STATUS=listening on port 55555"
kill "$daemon"
"$AWAIT" exit "$daemon" || fail "the daemon stays"

# A socket that is not there, not read or no socket does no harm, and is a line with -d.
for socket in "$DIR/none" relative vsock:2:1234 @ "$DIR/$(printf '%0200d' 0)" ""; do
	start server "$A" env NOTIFY_SOCKET="$socket" "$TUNNEL" -d -s -i tun0 -p 0
	says server "listening on port"
	says server "NOTIFY_SOCKET"
	stop server
	[ "$(grep -c NOTIFY_SOCKET "$DIR/server.log")" = 1 ] || fail "$socket: $(cat "$DIR/server.log")"
done
kill -STOP "$(pid manager)"
n=0
while [ $n -lt 40 ]; do # until its queue is full
	on "$A" env NOTIFY_SOCKET="$DIR/notify" "$TUNNEL" -c 127.0.0.1 -1 -i tun1 -p 9 2>/dev/null || :
	n=$((n + 1))
done
start server "$A" env NOTIFY_SOCKET="$DIR/notify" "$TUNNEL" -s -i tun0 -p 7001
says server "listening on port"
kill -CONT "$(pid manager)"
told manager "READY=1|STATUS=listening on port 7001" # later, but not lost
stop server

# hooks do not inherit it
start hooked "$A" env NOTIFY_SOCKET="$DIR/nobody" "$TUNNEL" -s -i tun5 -l none -p 7005 \
	--up "env >$DIR/hook.new; mv $DIR/hook.new $DIR/hook.env"
says hooked "listening on port"
start caller "$B" "$WIRE" connect -p 7005 10.88.0.1 "frame:$TO_B" hold:500
"$AWAIT" text -w 10 "$DIR/hooked.log" "connection from"
status caller
stop hooked
has TUNNEL_REASON=up cat "$DIR/hook.env"
has_not NOTIFY_SOCKET cat "$DIR/hook.env"
