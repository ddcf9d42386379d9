# SPDX-License-Identifier: MIT
# A tunnel that is killed with -9 still has its --down, exactly once, also when --up was still running.
# When the process that runs hooks is killed, the tunnel goes on without them.
. tests/e2e/lib.sh
two_hosts
new_key key

HOOKS=$DIR/hooks
# shellcheck disable=SC2016 # for the hooks
up="echo \$PPID >'$DIR/helper'; echo up >>'$HOOKS'" down="echo \$TUNNEL_REASON \$TUNNEL_DEV >>'$HOOKS'"

begin() { # begin UP OPTIONS...: a server that has a peer, and the first --up has begun
	begin_up=$1
	shift
	rm -f "$HOOKS"
	tunnel server "$A" -s -i tun0 --up "$begin_up" --down "$down" "$@"
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 "$@"
	reaches "$B" 172.16.3.1
	"$AWAIT" text "$HOOKS" up
}

kill_server() {
	kill -9 "$(pid server)"
	status server
}

ended() { # the helper has ended, after both hooks
	"$AWAIT" exit "$(cat "$DIR/helper")" || fail "the helper stays"
	[ "$(tr '\n' ' ' <"$HOOKS")" = "up down tun0 " ] || fail "$(cat "$HOOKS")"
	stop client
}

begin "$up"
kill_server
ended
begin "$up" -k "$DIR/key"
kill_server
ended

mkfifo "$DIR/go"
begin "$up; read -r word <'$DIR/go'"
kill_server
echo go >"$DIR/go"
ended

# gone already: there is nothing left to do
begin "$up"
stop client
"$AWAIT" text "$HOOKS" down
kill_server
tunnel client "$B" -s -i tun0 # for ended()
ended

begin "$up"
kill -9 "$(cat "$DIR/helper")"
says server "--up or --down will not run any more"
reaches "$B" 172.16.3.1
kill -HUP "$(pid server)"
comes_back "$B" 172.16.3.1 3
stop client
stop server
[ "$(cat "$HOOKS")" = up ] || fail "$(cat "$HOOKS")"
not_twice server
