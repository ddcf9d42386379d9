# SPDX-License-Identifier: MIT
# With -D no hook keeps the script waiting that has started the tunnel, even one that hangs; messages about
# hooks go where the tunnel's go.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/go"
# shellcheck disable=SC2016 # for the hooks
up="fds=\$(readlink /proc/\$\$/fd/1 /proc/\$\$/fd/2 /proc/\$\$/cwd); echo \"\$fds\" >'$DIR/up'; read -r word <'$DIR/go'; exit 5"
down="echo a word; fds=\$(readlink /proc/\$\$/fd/1 /proc/\$PPID/fd/2)
	echo \"\$fds\" >'$DIR/down'"
tunnel server "$A" -s -i tun0

background() { # background: in the background, with hooks
	on "$B" "$TUNNEL" -c 10.88.0.1 -i tun0 -w 10 -D --pidfile "$DIR/pid" --up "$up" --down "$down"
	PIDS="$PIDS $(cat "$DIR/pid")"
	"$AWAIT" text -n 3 "$DIR/up" /
	reaches "$B" 172.16.3.1
}

end() { # when --up may end
	kill "$(cat "$DIR/pid")"
	echo go >"$DIR/go"
	"$AWAIT" gone "$DIR/pid"
}

# a substitution ends with the end of the tunnel's output, so that of all its children
out=$(background 2>&1) || fail "$out"
PIDS="$PIDS $(cat "$DIR/pid")"
case $out in *"connected to"*) ;; *) fail "it says: $out" ;; esac
[ "$(tr '\n' ' ' <"$DIR/up")" = "/dev/null /dev/null / " ] || fail "$(cat "$DIR/up")"
end
[ "$(tr '\n' ' ' <"$DIR/down")" = "/dev/null /dev/null " ] || fail "$(cat "$DIR/down")"

# a file keeps messages and the hooks' output
background 2>"$DIR/client.log" >"$DIR/out"
end
says client "a word"
says client "tun0: --up: exit status 5"
[ ! -s "$DIR/out" ] || fail "standard output: $(cat "$DIR/out")"

# killed
background 2>"$DIR/client.log"
kill -9 "$(cat "$DIR/pid")"
rm "$DIR/pid"
echo go >"$DIR/go"
says client "a word"
stop server

# killed before it was ready, while --up hangs: nobody waits for that either
rm -f "$DIR/up"
(
	out=$(on "$A" "$TUNNEL" -s -i tun0 -D --ready connected --pidfile "$DIR/pid" --up "$up" \
		--down "$down" 2>&1) || echo "$out" >"$DIR/failed"
) &
waits=$!
on "$A" "$AWAIT" device -a tun0 up
on "$A" ip link set tun0 down # so it does not get ready
start peer "$B" "$WIRE" connect 10.88.0.1 hold:300 drain
"$AWAIT" text -n 3 "$DIR/up" /
kill -9 "$(cat "$DIR/pid")"
wait $waits
grep -q "connection from" "$DIR/failed" || fail "it was no failure"
echo go >"$DIR/go"
