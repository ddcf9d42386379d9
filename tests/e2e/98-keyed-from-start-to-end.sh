# SPDX-License-Identifier: MIT
# With a key: any order of start, either end restarted or killed, HUP, -D, --ready-fd, and -w, for which
# a stranger is no peer.
. tests/e2e/lib.sh
two_hosts
host "$C" 3
new_key key

# someone who takes the connection and says nothing is given 5 s, and looked at in the end
start mute "$A" "$WIRE" listen -p 7000 -w 20 drain
"$AWAIT" text "$DIR/mute.out" listening
start_tunnel patient "$C" -1 -c 10.88.0.1 -p 7000 -i tun1 -l none -w 20 -k "$DIR/key"

start_tunnel client "$B" -c 10.88.0.1 -i tun0 -k "$DIR/key"
says client "Connection refused"
tunnel server "$A" -s -i tun0 -k "$DIR/key"
says client "connected to"
comes_back "$B" 172.16.3.1

for signal in TERM KILL; do
	kill -$signal "$(pid server)"
	status server
	tunnel server "$A" -s -i tun0 -k "$DIR/key"
	comes_back "$B" 172.16.3.1 3
	kill -$signal "$(pid client)"
	status client
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
	reaches "$B" 172.16.3.1
done
for end in server client; do
	kill -HUP "$(pid $end)"
	says $end "HUP: starting over"
	comes_back "$B" 172.16.3.1 3
done
stop client
stop server

# in the background
on "$A" "$TUNNEL" -s -i tun0 -D --pidfile "$DIR/a.pid" -k "$DIR/key" 2>"$DIR/a.log" || fail "server"
PIDS="$PIDS $(cat "$DIR/a.pid")"
on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -D --pidfile "$DIR/b.pid" -k "$DIR/key" 2>"$DIR/b.log" ||
	fail "client"
PIDS="$PIDS $(cat "$DIR/b.pid")"
reaches "$B" 172.16.3.1
for end in b a; do
	kill "$(cat "$DIR/$end.pid")"
	"$AWAIT" gone "$DIR/$end.pid" || fail "the pid file stays"
done

# ready is who has a peer that holds the key, and -w waits for such a one
mkfifo "$DIR/fifo"
exec 5<>"$DIR/fifo"
start server "$A" "$TUNNEL" -s -i tun0 -w 2 -k "$DIR/key" --ready connected --ready-fd 7 7>"$DIR/fifo"
says server "listening"
start plain "$C" "$WIRE" connect 10.88.0.1 "frame:$TO_B" end
start silent "$C" "$WIRE" connect 10.88.0.1 end
start_tunnel other "$C" -c 10.88.0.1 -i tun0
expect_status server 124
says server "no peer within 2 s (-w)"
[ "$(grep -c "does not use a key" "$DIR/server.log")" -ge 1 ] || fail "there was no stranger"
expect_status plain 0
expect_status silent 0
stop other
echo end >&5
read -r line <&5
[ "$line" = end ] || fail "it was ready: $line"

tunnel server "$A" -s -i tun0 # has no key
refuses 124 "no peer within 1 s (-w)" on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -w 1 -k "$DIR/key"
refuses 124 "no peer within 1 s (-w)" on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -w 1 -D -k "$DIR/key"
stop server

expect_status patient 6
says patient "does not answer with the key: it uses none, or is no tunnel"
expect_status mute 0
