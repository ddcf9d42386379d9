# SPDX-License-Identifier: MIT
# What does not fit together is told by both ends of a keyed connection: tun and tap, which cannot work,
# and different MTUs, which do.
. tests/e2e/lib.sh
two_hosts
new_key key

for ends in "-u -a" "-a -u"; do
	tunnel server "$A" -s -i t0 -k "$DIR/key" ${ends% *} -d
	start_tunnel client "$B" -c 10.88.0.1 -i t0 -k "$DIR/key" ${ends#* }
	"$AWAIT" text -n 3 "$DIR/server.log" "uses this key, but one end is a tap (-a)" ||
		fail "the client gives up"
	says client "uses this key, but one end is a tap (-a) and the other a tun; use -a at both ends"
	not_twice client
	nothing_came "$A" t0
	nothing_came "$B" t0
	stop client
	refuses 6 "one end is a tap (-a) and the other a tun" \
		on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i t0 -k "$DIR/key" ${ends#* }
	tunnel right "$B" -c 10.88.0.1 -i t1 -w 10 -k "$DIR/key" ${ends% *}
	reaches "$B" 172.16.3.1
	stop right
	stop server
	tunnel server "$A" -s -i t0 -k "$DIR/key" ${ends% *}
	start_tunnel client "$B" -c 10.88.0.1 -i t0 -k "$DIR/key" ${ends#* } -d
	"$AWAIT" text -n 3 "$DIR/client.log" "uses this key, but one end is a tap (-a)" ||
		fail "the client gives up"
	not_twice server
	stop client
	stop server
done

tunnel server "$A" -s -i tun0 -k "$DIR/key" -m 1400
tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
says server "the MTU is 1400 here and 1500 at the peer; give both ends the same with -m"
says client "the MTU is 1500 here and 1400 at the peer; give both ends the same with -m"
reaches "$B" 172.16.3.1
stop client
# what counts is the MTU that the device has now
ip -n "$A" link set tun0 mtu 1500
tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
reaches "$B" 172.16.3.1
silent_about client "the MTU is"
[ "$(grep -c "the MTU is" "$DIR/server.log")" = 1 ] || fail "the server still minds the MTU"
stop client
stop server
