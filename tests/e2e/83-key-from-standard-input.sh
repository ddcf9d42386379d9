# SPDX-License-Identifier: MIT
# "-k -" reads one line of standard input and no more, also with -D; what is wrong with it is told.
. tests/e2e/lib.sh
two_hosts
new_key key

# shellcheck disable=SC2016 # the inner shell knows $@
piped='exec "$@" <"$0"'
start server "$A" sh -c "$piped" "$DIR/key" "$TUNNEL" -s -i tun0 -k -
says server "listening"
tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
reaches "$B" 172.16.3.1
stop client
stop server

# the line's end is enough, and what follows is for whoever reads next
{
	cat "$DIR/key"
	echo "not for the tunnel"
} >"$DIR/lines"
on "$A" sh -c '"$@" 2>"$0" && cat' "$DIR/server.log" "$TUNNEL" -s -i tun0 -k - -D \
	--pidfile "$DIR/server.pid" <"$DIR/lines" >"$DIR/rest" || fail "-D: $(cat "$DIR/server.log")"
PIDS="$PIDS $(cat "$DIR/server.pid")"
[ "$(cat "$DIR/rest")" = "not for the tunnel" ] || fail "read more than a line: $(cat "$DIR/rest")"
mkfifo "$DIR/fifo"
exec 5<>"$DIR/fifo"
cat "$DIR/key" >&5 # and the pipe stays open
start client "$B" sh -c "$piped" "$DIR/fifo" "$TUNNEL" -c 10.88.0.1 -i tun0 --key - 5<&-
says client "connected to"
reaches "$B" 172.16.3.1
stop client

# the same faults as in a file
for line in "" "short" "$(cat "$DIR/key")longer"; do
	echo "$line" >"$DIR/line"
	refuses 1 "-k -: " on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -k - <"$DIR/line"
	grep -q genkey "$DIR/refused.log" || fail "no remedy: $(cat "$DIR/refused.log")"
done
refuses 1 "-k -: is empty" on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -k - </dev/null
refuses 1 "-k -: is empty" on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -k - <&-
refuses 2 "-k - and --exit-fd 0 both want standard input" "$TUNNEL" -s -k - --exit-fd 0
