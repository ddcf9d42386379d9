# SPDX-License-Identifier: MIT
# --up and --down run in order as the peer comes and goes, and find in their environment what they need.
. tests/e2e/lib.sh
two_hosts

export HOOKS="$DIR/hooks"
# shellcheck disable=SC2016 # for the hooks
note='env >"$HOOKS.$TUNNEL_REASON"; echo "says $TUNNEL_REASON"
	fds=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); echo "$fds" >"$HOOKS.fds"
	# not grep, since a sh that starts it may block signals meanwhile
	while read -r name value; do echo "$name $value"; done <"/proc/$$/status" >"$HOOKS.signals"
	echo "$TUNNEL_REASON" >>"$HOOKS"'

# came N, went N: so many times
came() { "$AWAIT" text -n "$1" "$HOOKS" up; }
went() { "$AWAIT" text -n "$1" "$HOOKS" down; }

finds() { # finds REASON NAME=VALUE: that hook has found it in its environment
	grep -q -x -- "$2" "$HOOKS.$1" || fail "--$1: no $2: $(grep "^${2%%=*}=" "$HOOKS.$1")"
}

NOTIFY_SOCKET=$DIR/nobody tunnel server "$A" -s -i tun0 -l 10.9.0.1/24 -l fd00:9::1/64 -m 1400 \
	--up "$note" --down "$note"
server=$(pid server)
tunnel client "$B" -c 10.88.0.1 -i tun0 -l 10.9.0.2/24 -w 10
came 1
for reason in up down; do
	[ $reason = up ] || {
		reaches "$B" 10.9.0.1
		stop client
		went 1
	}
	says server "says $reason"
	finds $reason "TUNNEL_REASON=$reason"
	finds $reason "TUNNEL_DEV=tun0"
	finds $reason "TUNNEL_ADDRESS=10.9.0.1/24,fd00:9::1/64"
	finds $reason "TUNNEL_MTU=1400"
	finds $reason "TUNNEL_PEER=10.88.0.2:[0-9]*"
	finds $reason "TUNNEL_PID=$server"
	finds $reason "TUNNEL_RX_BYTES=[0-9]*"
	finds $reason "TUNNEL_TX_BYTES=[0-9]*"
	finds $reason "HOOKS=$HOOKS"
	! grep -q NOTIFY_SOCKET "$HOOKS.$reason" || fail "systemd could take it for the tunnel"
done
! grep -q -x "TUNNEL_RX_BYTES=0" "$HOOKS.down" || fail "there were packets"
[ "$(cat "$HOOKS.fds")" = "/dev/null
$DIR/server.log
$DIR/server.log" ] || fail "descriptors: $(cat "$HOOKS.fds")"
grep -q -x "SigBlk: 0*" "$HOOKS.signals" || fail "$(grep SigBlk "$HOOKS.signals")"
grep -q -x "SigIgn: .*[02468ace]..." "$HOOKS.signals" || fail "PIPE is ignored"

# replaced, HUP, the end of this end
tunnel client "$B" -c 10.88.0.1 -i tun0 -l 10.9.0.2/24 -w 10
came 2
kill -HUP "$server"
went 2
came 3
start_tunnel other "$B" -c 10.88.0.1 -i tun1 -l none -1
went 3
came 4
kill "$(pid client)"
kill "$(pid other)" 2>/dev/null || : # it may have been replaced in its turn
status client
status other
went 4
stop server
[ "$(uniq -d "$HOOKS")" = "" ] || fail "out of order: $(cat "$HOOKS")"
[ "$(head -n 1 "$HOOKS")" = up ] || fail "begins with down"
[ "$(tail -n 1 "$HOOKS")" = down ] || fail "ends with up"

# a client, with one of them only, and a server that turns it away: that is no coming up
for reason in up down; do
	rm -f "$HOOKS"
	tunnel server "$A" -s -i tun0
	start_tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 --$reason "$note"
	comes_back "$B" 172.16.3.1
	stop client
	[ "$(cat "$HOOKS")" = $reason ] || fail "only --$reason: $(cat "$HOOKS")"
	stop server
done
start full "$A" "$WIRE" listen -p 7000 close
"$AWAIT" text "$DIR/full.out" listening
rm -f "$HOOKS"
start_tunnel client "$B" -c 10.88.0.1 -p 7000 -i tun0 --up "$note" --down "$note"
says client "closed the connection at once"
stop client
[ ! -e "$HOOKS" ] || fail "turned away is up: $(cat "$HOOKS")"

# with a key
rm -f "$HOOKS"
new_key key
tunnel server "$A" -s -i tun0 -k "$DIR/key" --up "$note" --down "$note"
on "$B" "$WIRE" connect 10.88.0.1 "frame:$TO_B" end >/dev/null # a stranger is no peer
tunnel client "$B" -c 10.88.0.1 -i tun0 -k "$DIR/key" -w 10
reaches "$B" 172.16.3.1
came 1
stop server
[ "$(tr '\n' ' ' <"$HOOKS")" = "up down " ] || fail "keyed: $(cat "$HOOKS")"
stop client
