# SPDX-License-Identifier: MIT
# A hook that hangs holds up no packets. However often the peer comes and goes meanwhile, each --up that
# runs has its --down.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/go"
HOOKS=$DIR/hooks
# shellcheck disable=SC2016 # for the hooks
tunnel server "$A" -s -i tun0 --down "echo down >>'$HOOKS'" \
	--up "echo up >>'$HOOKS'; read -r word <'$DIR/go'; echo \$word >>'$HOOKS'"
for i in 1 2 3 4 5; do
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10
	reaches "$B" 172.16.3.1
	[ $i -lt 5 ] || break
	stop client
	"$AWAIT" text -n $i "$DIR/server.log" "closed the connection"
done
transfer "$B" "$A" 172.16.3.1 3000000
[ "$(cat "$HOOKS")" = up ] || fail "$(cat "$HOOKS")"
echo first >"$DIR/go"
"$AWAIT" text "$HOOKS" first
echo last >"$DIR/go"
"$AWAIT" text "$HOOKS" last
stop server
[ "$(tr '\n' ' ' <"$HOOKS")" = "up first down up last down " ] || fail "$(cat "$HOOKS")"
stop client
