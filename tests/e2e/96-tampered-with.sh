# SPDX-License-Identifier: MIT
# A man in the middle flips a bit anywhere in a record, or swallows bytes: nothing of that is delivered
# and the end that gets it says so. What he does to a handshake prevents a connection. Afterwards the
# tunnel comes back by itself.
. tests/e2e/lib.sh
two_hosts
host "$C" 3
quiet_devices "$A"
quiet_devices "$B"
new_key key
RECORD=104 # bytes: length, the packet of a ping with its own length, tag

# harmed up|down ORDER...: what the relay does to the first record with a packet
harmed() {
	[ "$1" = up ] && from=$B to=172.16.3.1 sender=client taker=server ||
		from=$A to=172.16.3.2 sender=server taker=client
	shift
	tunnel server "$A" -1 -d -s -i tun0 -k "$DIR/key"
	tunnel client "$B" -1 -d -c 10.88.0.3 -i tun0 -w 10 -k "$DIR/key"
	on "$from" "$AWAIT" device tun0 running
	order "$@"
	# a length that has become larger is reached soon
	start pings "$from" "$PROBE" ping -a -i 1 -n 1000000 -t 30 $to
	expect_status $taker 6
	says $taker "sent something that the key did not make: the connection was tampered with"
	says $taker "rx_packets=0 "
	kill "$(pid pings)"
	status $sender
	[ "$status" = 5 ] || fail "$sender: status $status"
}

relay "$C" 10.88.0.1
for way in up down; do
	# the length in front of it, the packet's length, the packet, the tag
	for at in 0 2 50 $((RECORD - 1)); do
		harmed $way flip $way $at
	done
	# a byte of it, and all of it
	harmed $way drop $way 0 1
	harmed $way drop $way 0 $RECORD
done

# handshakes: the client's part (83 bytes), its confirmation (21); the server's part
handshake() { # handshake WAY AT NAME TEXT
	tunnel server "$A" -s -i tun0 -k "$DIR/key"
	order flip "$1" "$2"
	start_tunnel client "$B" -c 10.88.0.3 -i tun0 -k "$DIR/key"
	says "$3" "$4"
	comes_back "$B" 172.16.3.1
	[ "$(counter server peers)" = 1 ] || fail "flip $1 $2: the server has believed it"
	stop client
	stop server
}
handshake up 0 server "does not use a key"
handshake up 2 server "sends back what this end has sent"
handshake up 5 server "uses another key"
handshake up 82 server "uses another key"
handshake up 85 server "repeats a handshake that it has recorded"
handshake up 103 server "repeats a handshake that it has recorded"
handshake down 1 client "does not use a key"
handshake down 3 client "tampered with"
handshake down 82 client "tampered with"

# Under load, and then it goes on.
tunnel server "$A" -s -i tun0 -k "$DIR/key"
tunnel client "$B" -c 10.88.0.3 -i tun0 -w 10 -k "$DIR/key"
for way in up down; do
	reaches "$B" 172.16.3.1
	order flip $way 1000000
	start sink "$A" "$PROBE" sink -w 30 -p 7000
	"$AWAIT" text "$DIR/sink.out" listening
	start sink_b "$B" "$PROBE" sink -w 30 -p 7001
	"$AWAIT" text "$DIR/sink_b.out" listening
	start source_b "$A" "$PROBE" source -w 30 -p 7001 -n 20000000 172.16.3.2
	on "$B" "$PROBE" source -w 30 -p 7000 -n 20000000 172.16.3.1 >"$DIR/source.out" ||
		fail "the transfer does not go on"
	for name in sink sink_b source_b; do
		expect_status $name 0
	done
	sum=$(sed -n 's/.*checksum \([0-9a-f]*\).*/\1/p' "$DIR/source.out")
	for name in sink sink_b source_b; do
		has "$sum" cat "$DIR/$name.out"
	done
done
says server "tampered with"
says client "tampered with"
runs server
runs client
stop client
stop server
