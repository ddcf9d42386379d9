# SPDX-License-Identifier: MIT
# TCP is kept alive by someone else while the peer is gone: with a key both ends notice within --timeout.
# And an idle pair stays together, whatever each end's --timeout is.
. tests/e2e/lib.sh
two_hosts
host "$C" 3
quiet_devices "$A"
quiet_devices "$B"
new_key key

relay "$C" 10.88.0.1
tunnel server "$A" -s -i tun0 -t 1 -k "$DIR/key"
tunnel client "$B" -c 10.88.0.3 -i tun0 -w 10 -t 60 -k "$DIR/key"
on "$A" "$WIRE" listen -w 3 -p 7999 hold:60000 >/dev/null 2>&1 </dev/null || : # three idle seconds
silent_about server "has not answered"
[ "$(counter server peers)" = 1 ] || fail "the idle client was lost"
stop client
tunnel client "$B" -c 10.88.0.3 -i tun0 -w 10 -t 2 -k "$DIR/key"
reaches "$B" 172.16.3.1

order stop
says server "has not answered for 1 s and is taken for gone"
says client "has not answered for 2 s and is taken for gone"
runs server
runs client
order go
comes_back "$B" 172.16.3.1 15
stop client
stop server

for gone in client server; do
	tunnel server "$A" -1 -s -i tun0 -t 1 -k "$DIR/key"
	tunnel client "$B" -1 -c 10.88.0.3 -i tun0 -w 10 -t 1 -k "$DIR/key"
	reaches "$B" 172.16.3.1
	kill -STOP "$(pid $gone)"
	[ $gone = client ] && there=server || there=client
	expect_status $there 5
	says $there "has not answered for 1 s"
	kill -9 "$(pid $gone)"
	status $gone
done
