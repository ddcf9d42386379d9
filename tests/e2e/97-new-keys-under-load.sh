# SPDX-License-Identifier: MIT
# Fresh handshakes inside a connection, here every 0.2 s, disturb nothing: not a packet is lost, neither
# idle nor under load both ways. A man in the middle counts them by their length.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts
host "$C" 3
new_key key
ASKS=67 # REKEY1 and REKEY2 as records, without the length in front; no packet here makes such a one

# handshakes: how many the relay has seen until now, of the end that has shown fewer
handshakes() {
	order frames $ASKS
	sed -n "s/^frames $ASKS: up \([0-9]*\), down \([0-9]*\)/\1 \2/p" "$DIR/relay.out" | tail -n 1 |
		awk '{ print $1 < $2 ? $1 : $2 }'
}

relay "$C" 10.88.0.1
TUNNEL=$TUNNEL_REKEYS
tunnel server "$A" -d -s -i tun0 -k "$DIR/key"
tunnel client "$B" -d -c 10.88.0.3 -i tun0 -w 10 -k "$DIR/key"
reaches "$B" 172.16.3.1

# a packet now and then
on "$B" "$PROBE" ping -n 100 -i 10 172.16.3.1 >/dev/null || fail "a packet is lost"
idle=$(handshakes)
[ "$idle" -ge 3 ] || fail "only $idle handshakes"

# all that it can carry, for 2 s, both ways
for way in "up $B $A 172.16.3.1 7001" "down $A $B 172.16.3.2 7002"; do
	set -- $way
	start "$1-sink" "$3" "$PROBE" sink -w 30 -p "$5"
	"$AWAIT" text "$DIR/$1-sink.out" listening
	start "$1" "$2" "$PROBE" source -w 30 -p "$5" -t 2 "$4"
done
arrived up down
loaded=$(handshakes)
[ $((loaded - idle)) -ge 3 ] || fail "only $((loaded - idle)) handshakes under load"

# datagrams, of which none is sent again, both ways, a steady stream, and pings beside it
begin udp-up udp "$B" "$A" 172.16.3.1 7003 -n 2000 -s 1000 -g 600
begin udp-down udp "$A" "$B" 172.16.3.2 7004 -n 2000 -s 1000 -g 600
on "$B" "$PROBE" ping -n 100 -i 10 172.16.3.1 >/dev/null || fail "a packet is lost"
arrived udp-up udp-down
streamed=$(handshakes)
[ $((streamed - loaded)) -ge 3 ] || fail "only $((streamed - loaded)) handshakes beside a stream"

[ "$(counter server peers)" = 1 ] || fail "it was another connection"
[ "$(counter client peers)" = 1 ] || fail "it was another connection"
stop client
says server "closed the connection"
stop server
