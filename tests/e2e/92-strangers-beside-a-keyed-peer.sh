# SPDX-License-Identifier: MIT
# Who does not hold the key does not disturb the peer, also from the peer's own address, also with what
# was recorded of a real client: not a packet is lost meanwhile.
. tests/e2e/lib.sh
two_hosts
host "$C" 3
new_key key

hex() { # hex FILE SKIP COUNT
	od -An -v -tx1 -j "$2" -N "$3" "$DIR/$1" | tr -d ' \n'
}

# What a client has said, recorded on the way.
tunnel server "$A" -s -i tun0 -k "$DIR/key"
relay "$C" 10.88.0.1 -o "$DIR/passed"
tunnel client "$B" -c 10.88.0.3 -i tun0 -w 10 -k "$DIR/key"
reaches "$B" 172.16.3.1
order go
stop client
hello=$(hex passed.up 0 83) confirm=$(hex passed.up 83 21)
case $hello$confirm in 005140*0013*) ;; *) fail "recorded $hello $confirm" ;; esac
stop server

tunnel server "$A" -s -i tun0 -k "$DIR/key"
tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
reaches "$B" 172.16.3.1
start pings "$B" "$PROBE" ping -n 250 -i 25 172.16.3.1
forged=005140$(hex passed.down 3 80)
garbage=0013$(hex passed.down 10 19)
for host in "$C" "$B"; do
	start "silent-$host" "$host" "$WIRE" connect 10.88.0.1 end
	on "$host" "$WIRE" connect 10.88.0.1 "frame:$TO_B" end >/dev/null || fail "plain packet"
	on "$host" "$WIRE" connect 10.88.0.1 send:deadbeef end >/dev/null || fail "garbage"
	on "$host" "$WIRE" connect 10.88.0.1 "send:$forged" end >/dev/null || fail "forged handshake"
	# the answer to a recorded handshake is worth nothing without the key
	for second in "$confirm" "$garbage"; do
		on "$host" "$WIRE" connect 10.88.0.1 "send:$hello" recv:83 "send:$second" end \
			>"$DIR/answer" || fail "recorded handshake"
		grep -q ^005141 "$DIR/answer" || fail "$(cat "$DIR/answer")"
	done
done
# and it is given only once at a time
start waiting "$C" "$WIRE" connect 10.88.0.1 "send:$hello" recv:83 end
"$AWAIT" text "$DIR/waiting.out" 005141
on "$B" "$WIRE" connect 10.88.0.1 "send:$hello" end >/dev/null || fail "recorded handshake"
says server "repeats a handshake that is under way"
expect_status waiting 0
for host in "$C" "$B"; do
	expect_status "silent-$host" 0
	address=10.88.0.3
	[ "$host" = "$C" ] || address=10.88.0.2
	grep "peer $address" "$DIR/server.log" >"$DIR/told.log"
	has "does not use a key and this end does" cat "$DIR/told.log"
	has "uses another key than this end" cat "$DIR/told.log"
	has "repeats a handshake that it has recorded, and does not hold the key" cat "$DIR/told.log"
	has "has not shown the key within 5 s" cat "$DIR/told.log"
done
expect_status pings 0
[ "$(counter server peers)" = 1 ] || fail "a stranger was taken"
silent_about server "is replaced"
silent_about client "closed"
stop client
stop server
