# SPDX-License-Identifier: MIT
# The process that runs hooks, and the hooks, hold open nothing that others wait for, and have no key.
. tests/e2e/lib.sh
two_hosts
new_key key
hex=$(base64 -d "$DIR/key" | od -An -v -tx1 | tr -d ' \n')

# memory PID: the memory that it has written to, as one line of hexadecimal digits
memory() {
	while read -r range rights _; do
		case $rights in rw*) ;; *) continue ;; esac
		first=$((0x${range%-*} / 4096)) end=$((0x${range#*-} / 4096))
		dd if="/proc/$1/mem" bs=4096 skip=$first count=$((end - first)) 2>/dev/null || :
	done <"/proc/$1/maps" | od -An -v -tx1 | tr -d ' \n'
}

# a script's pipes: life for --exit-fd, another one, and the key's through standard input
mkfifo "$DIR/go" "$DIR/life" "$DIR/other"
exec 4<>"$DIR/life" 5<>"$DIR/other"
# shellcheck disable=SC2016 # for the hook
up="readlink /proc/\$\$/fd/* >'$DIR/hook.fds'; echo \$PPID >'$DIR/helper'; read -r word <'$DIR/go'"
for keyed in "" "-k -"; do
	rm -f "$DIR/helper"
	# shellcheck disable=SC2086,SC2016 # words; for the inner sh
	start server "$A" sh -c 'key=$0; exec "$@" <"$key"' "$DIR/key" "$TUNNEL" -D -s -i tun0 $keyed \
		--exit-fd 4 --ready-fd 6 --pidfile "$DIR/pid" --up "$up" 6>"$DIR/ready"
	expect_status server 0
	daemon=$(cat "$DIR/pid")
	PIDS="$PIDS $daemon"
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 ${keyed:+-k "$DIR/key"} 4<&- 5<&-
	"$AWAIT" text "$DIR/helper" "
"
	helper=$(cat "$DIR/helper")
	# its socket and its signalfd, and the standard ones
	readlink "/proc/$helper/fd"/* | sed 's/[[:digit:]][[:digit:]]*\]$//' | sort | uniq -c | sed 's/^ *//' >"$DIR/fds"
	[ "$(cat "$DIR/fds")" = "2 /dev/null
1 $DIR/server.log
1 anon_inode:[signalfd]
1 socket:[" ] || fail "it holds: $(cat "$DIR/fds")"
	grep -v -x -e /dev/null -e "$DIR/server.log" -e "$DIR/hook.fds" "$DIR/hook.fds" >"$DIR/fds" || :
	[ ! -s "$DIR/fds" ] || fail "the hook holds: $(cat "$DIR/fds")"
	memory "$helper" >"$DIR/helper.memory"
	memory "$daemon" >"$DIR/daemon.memory"
	! grep -q "$hex" "$DIR/helper.memory" || fail "the helper has the key"
	if [ "$keyed" ] && [ -s "$DIR/daemon.memory" ]; then
		[ -s "$DIR/helper.memory" ] || fail "no memory to look into"
		grep -q "$hex" "$DIR/daemon.memory" || fail "the key is not found where it must be"
	fi
	kill -9 "$daemon"
	echo go >"$DIR/go"
	"$AWAIT" exit "$helper"
	rm "$DIR/pid"
	stop client
done

# no hook, no helper
tunnel server "$A" -s -i tun0
[ -z "$(cat "/proc/$(pid server)/task/$(pid server)/children" 2>/dev/null)" ] || fail "it has a child"
stop server
