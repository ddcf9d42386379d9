# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For scenes about offload, after lib.sh: transfers that may run beside each other.

# begin NAME tcp|udp FROM TO ADDRESS PORT OPTIONS...: the options are the source's.
begin() {
	begin_name=$1 begin_kind=$2 begin_from=$3 begin_to=$4 begin_address=$5 begin_port=$6
	shift 6
	case $begin_kind in
	tcp) begin_sink=sink begin_source=source begin_limit="-m $(option -m 1 "$@")" ;;
	udp) begin_sink=udp-sink begin_source=udp-source begin_limit="-n $(option -n 1 "$@")" ;;
	esac
	start "$begin_name-sink" "$begin_to" "$PROBE" $begin_sink -w 20 -p "$begin_port" $begin_limit
	"$AWAIT" text "$DIR/$begin_name-sink.out" listening
	start "$begin_name" "$begin_from" "$PROBE" $begin_source -w 20 -p "$begin_port" "$@" \
		"$begin_address"
}

option() { # option LETTER DEFAULT OPTIONS...: its value
	option_letter=$1 option_value=$2
	shift 2
	while [ $# -ge 2 ]; do
		[ "$1" != "$option_letter" ] || option_value=$2
		shift 2
	done
	echo "$option_value"
}

# arrived NAME...: the sinks have got exactly what the sources sent, datagrams in their order
arrived() {
	for transfer in "$@"; do
		expect_status "$transfer" 0
		expect_status "$transfer-sink" 0
		sum=$(sed -n 's/.*checksum \([0-9a-f]*\).*/\1/p' "$DIR/$transfer.out")
		[ -n "$sum" ] && grep -q "checksum $sum" "$DIR/$transfer-sink.out" ||
			fail "$transfer: $(cat "$DIR/$transfer.out" "$DIR/$transfer-sink.out")"
		! grep -q "out of order" "$DIR/$transfer-sink.out" || fail "$transfer is out of order"
	done
}

# everything: TCP in one and in many streams, and datagrams one by one and many at a time, over
# IPv4 and IPv6, at once and both ways between A (.1) and B (.2). Of datagrams there are so few that
# the queue, which drops what has waited for long, drops none.
everything() {
	begin tcp4 tcp "$B" "$A" 172.16.3.1 7001 -n 1200000
	begin tcp4s tcp "$A" "$B" 172.16.3.2 7002 -n 120000 -m 5
	begin tcp6 tcp "$A" "$B" fd00::2 7003 -n 1200000
	begin tcp6s tcp "$B" "$A" fd00::1 7004 -n 120000 -m 5
	begin udp4 udp "$B" "$A" 172.16.3.1 7005 -n 200 -s 1001 -g 500
	begin udp4s udp "$A" "$B" 172.16.3.2 7006 -n 160 -s 1200 -G 40
	begin udp6 udp "$A" "$B" fd00::2 7007 -n 200 -s 64 -g 500
	begin udp6s udp "$B" "$A" fd00::1 7008 -n 160 -s 1200 -G 40
	arrived tcp4 tcp4s tcp6 tcp6s udp4 udp4s udp6 udp6s
}

# matrix KIND: everything, with offload at both ends, at one and at none. An end that has it uses it.
matrix() {
	for server in "" --no-offload; do
		for client in "" --no-offload; do
			tunnel server "$A" "$1" -s -i tun0 -l 172.16.3.1 -l fd00::1 $server
			tunnel client "$B" "$1" -c 10.88.0.1 -i tun0 -w 10 -l 172.16.3.2 -l fd00::2 $client
			everything
			uses_offload server "$server"
			uses_offload client "$client"
			stop client
			stop server
		done
	done
}

uses_offload() { # uses_offload NAME ""|--no-offload
	for key in tx_bad rx_refused; do
		[ "$(counter "$1" $key)" = 0 ] || fail "$1: $key"
	done
	for key in tx_supers rx_supers; do
		case $2$(counter "$1" $key) in
		0) fail "$1 has no $key" ;;
		--no-offload0) ;;
		--no-offload*) fail "$1 has $key in spite of --no-offload" ;;
		esac
	done
}
