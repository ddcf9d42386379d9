# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What every scene begins with: ". tests/e2e/lib.sh", then hosts, then the story.
#
# A scene has hosts, which are network namespaces with names of its own ($A, $B, $C), joined by a
# switch, so that scenes can run beside each other. Each host has 10.88.0.N and fd88::N outside.
# At the end, whatever happens, its processes are ended and its namespaces removed.
#
# "sh tests/e2e/NAME.sh" runs one by itself, after "make check ONLY=none" has built what it needs.
#
# Nothing here sleeps: whoever waits waits for an event, through probe or a pipe.
set -eu

BUILD=${BUILD:-$PWD/build}
TUNNEL=${TUNNEL:-$PWD/tunnel} TUNNEL_REKEYS=$BUILD/tunnel-rekeys
PROBE=$BUILD/probe WIRE=$BUILD/wire AWAIT=$BUILD/await JUDGE=$BUILD/judge
ID=t$$
A=$ID-a B=$ID-b C=$ID-c SWITCH=$ID-x
DIR=$(mktemp -d)
PIDS=

# Whoever waits for a word through a pipe of ours, as a hook may, need not wait any longer.
release() {
	for fifo in "$DIR"/*; do
		[ ! -p "$fifo" ] || : <>"$fifo"
	done
}

cleanup() {
	trap - EXIT
	set +e
	for pid in $PIDS; do
		kill "$pid" 2>/dev/null || :
	done
	release
	for pid in $PIDS; do
		kill -CONT "$pid" 2>/dev/null || :
		"$AWAIT" exit -w 3 "$pid" 2>/dev/null || kill -9 "$pid" 2>/dev/null || :
	done
	for ns in "$A" "$B" "$C" "$SWITCH" "$ID-d"; do
		[ ! -e "/run/netns/$ns" ] || ip netns del "$ns"
	done
	release
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	echo "FAIL: $*"
	for log in "$DIR"/*.log; do
		[ ! -s "$log" ] || { echo "--- ${log##*/}"; tail -n 30 "$log"; }
	done
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# ---- hosts ----

# host NAME N: a namespace on the switch with addresses 10.88.0.N and fd88::N on its eth0.
host() {
	if [ ! -e "/run/netns/$SWITCH" ]; then
		ip netns add "$SWITCH"
		ip -n "$SWITCH" link add br0 type bridge
		ip -n "$SWITCH" link set br0 up
	fi
	ip netns add "$1"
	ip -n "$1" link set lo up
	ip link add eth0 netns "$1" type veth peer name "port$2" netns "$SWITCH"
	ip -n "$SWITCH" link set "port$2" master br0 up
	ip -n "$1" link set eth0 up
	ip -n "$1" addr add "10.88.0.$2/24" dev eth0
	ip -n "$1" addr add "fd88::$2/64" dev eth0 nodad
}

two_hosts() {
	host "$A" 1
	host "$B" 2
}

# quiet_devices HOST: devices made there from now on have no IPv6, so that the kernel sends nothing
# through them by itself.
quiet_devices() {
	ip netns exec "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
}

# Packets that no host answers: IPv4, protocol 253 (for experiments), to nobody and to host B.
# shellcheck disable=SC2034
TO_NOBODY=4500001c1234400040fdc941ac100302ac10034d0102030405060708
# shellcheck disable=SC2034
TO_B=4500001c1234400040fdc98dac100301ac1003020102030405060708

on() { # on HOST COMMAND...
	on_ns=$1
	shift
	ip netns exec "$on_ns" "$@"
}

# cut_off N, mend N: the switch silently drops all packets from and to host N, or no longer does.
cut_off() { ip -n "$SWITCH" link set "port$1" nomaster; }
mend() { ip -n "$SWITCH" link set "port$1" master br0; }

# ---- processes ----

# start NAME HOST COMMAND...: in the background; log in $DIR/NAME.log, output in $DIR/NAME.out.
start() {
	start_name=$1 start_ns=$2
	shift 2
	rm -f "$DIR/$start_name.out" "$DIR/$start_name.log" # or an earlier one's could be taken for its
	ip netns exec "$start_ns" "$@" >"$DIR/$start_name.out" 2>"$DIR/$start_name.log" &
	PIDS="$PIDS $!"
	echo $! >"$DIR/$start_name.pid"
}

pid() { cat "$DIR/$1.pid"; }

# tunnel NAME HOST OPTIONS...: start one and wait until it is ready; its line is then in $ready.
tunnel() {
	mkfifo "$DIR/$1.fifo"
	tunnel_name=$1 tunnel_ns=$2
	shift 2
	# Opened for both first, so that neither open waits; then only the tunnel can write, so that
	# its end is an end of file.
	exec 8<>"$DIR/$tunnel_name.fifo" 9<"$DIR/$tunnel_name.fifo"
	start "$tunnel_name" "$tunnel_ns" "$TUNNEL" "$@" --ready-fd 7 \
		7>"$DIR/$tunnel_name.fifo" 8<&- 9<&-
	exec 8<&-
	read -r ready <&9 || fail "$tunnel_name did not become ready"
	exec 9<&-
	rm "$DIR/$tunnel_name.fifo"
}

# start_tunnel NAME HOST OPTIONS...: start one without waiting.
start_tunnel() {
	start_tunnel_name=$1 start_tunnel_ns=$2
	shift 2
	start "$start_tunnel_name" "$start_tunnel_ns" "$TUNNEL" "$@"
}

# A server on host A and a client on host B, with tun0 and the default addresses.
pair() {
	tunnel server "$A" -s -i tun0 "$@"
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 "$@"
}

# new_key NAME: a key in $DIR/NAME, as the README says
new_key() { (umask 077 && "$TUNNEL" --genkey >"$DIR/$1"); }

# keyed_pair OPTIONS...: a pair with a key
keyed_pair() {
	[ -e "$DIR/key" ] || new_key key
	pair -k "$DIR/key" "$@"
}

# relay HOST TO OPTIONS...: a man in the middle, on HOST, of connections to TO; OPTIONS are the relay's
relay() {
	relay_ns=$1 relay_to=$2
	shift 2
	[ -e "$DIR/orders" ] || mkfifo "$DIR/orders"
	start relay "$relay_ns" "$WIRE" relay -f "$DIR/orders" "$@" "$relay_to"
	"$AWAIT" text "$DIR/relay.out" listening
}

order() { # order WORDS...: the relay does it; returns when it knows
	order_n=$(grep -c "^done " "$DIR/relay.out" || :)
	echo "$*" >"$DIR/orders"
	"$AWAIT" text -n $((order_n + 1)) "$DIR/relay.out" "done " || fail "relay: $*"
}

# transfer FROM TO ADDRESS BYTES: inside, and what arrives is what was sent
transfer() {
	transfer_to=$2 transfer_address=$3 transfer_bytes=$4
	start sink "$transfer_to" "$PROBE" sink -w 30 -p 7000
	"$AWAIT" text "$DIR/sink.out" listening
	on "$1" "$PROBE" source -w 30 -p 7000 -n "$transfer_bytes" "$transfer_address" \
		>"$DIR/source.out" || fail "the transfer to $transfer_address breaks off"
	expect_status sink 0
	transfer_sum=$(sed -n 's/.*checksum \([0-9a-f]*\).*/\1/p' "$DIR/source.out")
	[ -n "$transfer_sum" ] && has "$transfer_sum" cat "$DIR/sink.out"
	has "$transfer_bytes bytes" cat "$DIR/sink.out"
}

# nothing_came HOST DEVICE: the tunnel has written nothing into it
nothing_came() {
	[ "$(on "$1" cat "/sys/class/net/$2/statistics/rx_packets")" = 0 ] || fail "$2 has got packets"
}

# capture NAME HOST [HEX]: from now on wait for one packet out of HOST's tunnel that has HEX
capture() {
	start "$1" "$2" "$WIRE" capture tun0 1 ${3:+"$3"}
	"$AWAIT" text "$DIR/$1.out" capturing
}

captured() { # captured NAME HEX: it has come, and is exactly HEX
	expect_status "$1" 0
	grep -q -x -- "$2" "$DIR/$1.out" || fail "$1: $(cat "$DIR/$1.out"), not $2"
}

# status NAME: wait for its end; the exit status is then in $status.
status() {
	status=0
	wait "$(pid "$1")" || status=$?
}

# expect_status NAME STATUS
expect_status() {
	status "$1"
	[ "$status" = "$2" ] || fail "$1 ended with status $status, not $2"
}

stop() { # stop NAME: TERM, and it must end with status 0
	kill "$(pid "$1")"
	expect_status "$1" 0
}

runs() { # runs NAME: still there
	kill -0 "$(pid "$1")" 2>/dev/null || fail "$1 has ended"
}

# says NAME TEXT: wait until the log of NAME has TEXT
says() { "$AWAIT" text "$DIR/$1.log" "$2" || fail "$1 does not say: $2"; }

silent_about() { # silent_about NAME TEXT
	! grep -q -- "$2" "$DIR/$1.log" || fail "$1 says: $2"
}

# not_twice NAME: no line is there twice; that only the peer's port differs makes no other line
not_twice() {
	sed 's/\([0-9]\):[0-9][0-9]* /\1 /' "$DIR/$1.log" | sort | uniq -d >"$DIR/twice"
	[ ! -s "$DIR/twice" ] || fail "$1 repeats itself: $(cat "$DIR/twice")"
}

# counter NAME KEY: what NAME has counted until now
counter() {
	counter_lines=$(grep -c ' refused=' "$DIR/$1.log" || :)
	kill -USR1 "$(pid "$1")"
	"$AWAIT" text -n $((counter_lines + 1)) "$DIR/$1.log" ' refused=' || fail "$1 does not count"
	sed -n "s/.* $2=\([0-9]*\).*/\1/p" "$DIR/$1.log" | tail -n 1
}

# refuses STATUS TEXT COMMAND...: it must end with STATUS and say TEXT on standard error
refuses() {
	refuses_status=$1 refuses_text=$2
	shift 2
	status=0
	"$@" >"$DIR/refused.out" 2>"$DIR/refused.log" || status=$?
	[ "$status" = "$refuses_status" ] || fail "$*: status $status, not $refuses_status"
	grep -q -F -- "$refuses_text" "$DIR/refused.log" || fail "$*: does not say: $refuses_text"
	[ ! -s "$DIR/refused.out" ] || fail "$*: prints to standard output"
}

# reaches HOST ADDRESS: a round trip works now
reaches() { on "$1" "$PROBE" ping "$2" >/dev/null || fail "no answer from $2"; }

# comes_back HOST ADDRESS [SECONDS]: a round trip works soon
comes_back() { on "$1" "$PROBE" ping -u -w "${3:-10}" "$2" >/dev/null || fail "$2 does not come back"; }

# has TEXT COMMAND...: the output of COMMAND has TEXT
has() {
	has_text=$1
	shift
	"$@" >"$DIR/has.out" 2>&1 || :
	grep -q -F -- "$has_text" "$DIR/has.out" || {
		cat "$DIR/has.out"
		fail "$*: no \"$has_text\""
	}
}

has_not() {
	has_text=$1
	shift
	"$@" >"$DIR/has.out" 2>&1 || :
	! grep -q -F -- "$has_text" "$DIR/has.out" || {
		cat "$DIR/has.out"
		fail "$*: has \"$has_text\""
	}
}

# sh tests/e2e/lib.sh --can-run: are there namespaces and tun devices for us?
if [ "${1:-}" = --can-run ]; then
	ip netns add "$A"
	ip -n "$A" tuntap add dev tun0 mode tun
	exit 0
fi
