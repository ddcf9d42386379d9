#!/bin/sh
# SPDX-License-Identifier: MIT
# "make bench": what the tunnel brings beside the bare link and beside the rivals that are installed
# here. Everything runs in network namespaces of its own and is taken down again, also on Ctrl-C.
#
# Two hosts have two links between them: a veth pair, as fast as the machine, and a way through a
# router that lets 20 Mbit/s pass and holds a queue of 200 ms in front of that, each way. RUNS times
# every row is set up, measured and taken down, one after the other, so that a slow minute of the
# machine hits all of them; the figures are medians (memory: the largest seen).
#
# A row is a function up_NAME below, which starts both ends; label NAME is what the table calls it.
# Inside every tunnel TCP is cubic, and so it is outside unless the row's name says otherwise.
#
# Environment: RUNS (3), SECONDS_EACH (3), ONLY (idle, streams, udp or load: that part alone),
#	SIMPLETUN (path of a simpletun; else a stand-in from tests/tools with the same I/O),
#	SVG (where the chart goes: build/bench.svg)
# Output: progress on standard error, tables in Markdown on standard output, the samples' medians in
#	build/bench.tsv (row, label, metric, value).
set -eu

BUILD=${BUILD:-build}
TUNNEL=${TUNNEL:-./tunnel}
RUNS=${RUNS:-3}
SECONDS_EACH=${SECONDS_EACH:-3}
ONLY=${ONLY:-}
SIMPLETUN=${SIMPLETUN:-}
SVG=${SVG:-$BUILD/bench.svg}
PROBE=$BUILD/probe WIRE=$BUILD/wire AWAIT=$BUILD/await

WARM_UP=2 # seconds of load before the round trips count
RATE=20mbit
QUEUE=200ms

die() {
	echo "bench: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "network namespaces and tun devices need root: sudo make bench"
command -v ip >/dev/null || die "ip is missing: apt-get install iproute2"
[ -c /dev/net/tun ] || die "/dev/net/tun is missing: modprobe tun, or pass the device into the container"
case $ONLY in
'' | idle | streams | udp | load) ;;
*) die "ONLY=$ONLY: the parts are idle, streams, udp and load" ;;
esac
[ -z "$SIMPLETUN" ] || [ -x "$SIMPLETUN" ] || die "SIMPLETUN=$SIMPLETUN is not a program"

A=bn$$-a B=bn$$-b ROUTER=bn$$-r
dir=$(mktemp -d)
samples=$dir/samples
: >"$samples"
: >"$dir/skipped"
a_pid='' b_pid=''         # the two ends of the row that is up
source_pid='' sink_pid='' # the transfer that runs
port=20000                # another one each time, so that nothing old is in the way

# end PID...: TERM, and KILL when that does not help
end() {
	for end_pid in "$@"; do
		kill "$end_pid" 2>/dev/null || :
	done
	for end_pid in "$@"; do
		"$AWAIT" exit -w 3 "$end_pid" 2>/dev/null || kill -KILL "$end_pid" 2>/dev/null || :
		wait "$end_pid" 2>/dev/null || :
	done
}

clean_up() {
	trap '' INT TERM
	trap - EXIT
	set +e
	end $source_pid $sink_pid $b_pid $a_pid
	for ns in $A $B $ROUTER; do
		[ ! -e /run/netns/$ns ] || ip netns del $ns
	done
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# on HOST COMMAND...; one in the background says ip netns exec itself, so that $! is the command
on() {
	on_ns=$1
	shift
	ip netns exec "$on_ns" "$@"
}

# ---- the hosts ----

host() { # host NAME
	ip netns add "$1" || die "cannot make a network namespace here"
	ip -n "$1" link set lo up
	# No IPv6, so that the kernel sends nothing by itself.
	on "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
}

wire_up() { # wire_up HOST DEVICE ADDRESS OTHER-HOST DEVICE ADDRESS
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
	ip -n "$1" addr add "$3" dev "$2"
	ip -n "$4" addr add "$6" dev "$5"
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}

# Why the slow link cannot be made here, or nothing. It is a router's queue, as on a real path: one
# on the sender's own device would be kept short by the sender's TCP.
make_slow_link() {
	command -v tc >/dev/null || { echo "tc is missing: apt-get install iproute2"; return; }
	host $ROUTER
	wire_up $A slow0 10.89.1.1/24 $ROUTER to-a 10.89.1.254/24
	wire_up $B slow0 10.89.2.2/24 $ROUTER to-b 10.89.2.254/24
	on $ROUTER sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	congestion cubic
	for dev in to-a to-b; do
		tc -n $ROUTER qdisc add dev $dev root tbf rate $RATE burst 10k latency $QUEUE \
			2>"$dir/tc.log" || { head -n 1 "$dir/tc.log"; return; }
	done
}

# congestion NAME: what TCP connections outside any tunnel use from now on. A route can pin it where
# the namespace's setting cannot, since that takes only what the machine allows to everybody. It wins
# over what a program asks for, so the two must agree.
congestion() {
	ip -n $A route replace 10.88.0.0/24 dev eth0 src 10.88.0.1 congctl "$1"
	ip -n $B route replace 10.88.0.0/24 dev eth0 src 10.88.0.2 congctl "$1"
	[ -e /run/netns/$ROUTER ] || return 0
	ip -n $A route replace 10.89.2.0/24 via 10.89.1.254 congctl "$1"
	ip -n $B route replace 10.89.1.0/24 via 10.89.2.254 congctl "$1"
}

# ---- the rows ----

label() {
	case $1 in
	bare) echo "the bare link" ;;
	tunnel) echo "\`tunnel\`" ;;
	bbr) echo "\`tunnel --congestion bbr\`" ;;
	keyed) echo "\`tunnel -k\`" ;;
	no_offload) echo "\`tunnel --no-offload\`" ;;
	mtu) echo "\`tunnel -m 65000\`" ;;
	simpletun) [ -n "$SIMPLETUN" ] && echo "simpletun" || echo "simpletun (stand-in)" ;;
	socat) echo "socat TUN over TCP" ;;
	openvpn) echo "openvpn over TCP, no cipher" ;;
	esac
}

# Why a row cannot be measured here, or nothing.
cannot() {
	case $1 in
	socat | openvpn) command -v "$1" >/dev/null || echo "$1 is not installed" ;;
	bbr) grep -q -w bbr /proc/sys/net/ipv4/tcp_available_congestion_control ||
		echo "this kernel has no bbr (modprobe tcp_bbr?)" ;;
	esac
}

# start_a COMMAND..., start_b COMMAND...: the end on that host; its messages go to a log.
start_a() {
	ip netns exec $A "$@" >"$dir/a.log" 2>&1 </dev/null &
	a_pid=$!
}

start_b() {
	ip netns exec $B "$@" >"$dir/b.log" 2>&1 </dev/null &
	b_pid=$!
}

# For programs that want to find somebody listening when they connect.
listens() { on $A "$AWAIT" listener "$port" 2>>"$dir/a.log"; }

# up_NAME SERVER: server on host A, which is at SERVER for B; a device tun0 at both ends.
up_bare() { :; }

up_tunnel() { # up_tunnel SERVER OPTIONS...
	server=$1
	shift
	[ $# -gt 0 ] || set -- --congestion cubic
	start_a "$TUNNEL" -s -i tun0 -p $port "$@"
	start_b "$TUNNEL" -c "$server" -i tun0 -p $port "$@"
}
up_bbr() { up_tunnel "$1" --congestion bbr; }
up_keyed() { up_tunnel "$1" --congestion cubic -k "$dir/key"; }
up_no_offload() { up_tunnel "$1" --congestion cubic --no-offload; }
up_mtu() { up_tunnel "$1" --congestion cubic -m 65000; }

up_simpletun() {
	for end in $A:1 $B:2; do
		ip -n ${end%:*} tuntap add dev tun0 mode tun
		ip -n ${end%:*} addr add 172.16.3.${end#*:}/24 dev tun0
		ip -n ${end%:*} link set tun0 up
	done
	if [ -n "$SIMPLETUN" ]; then
		start_a "$SIMPLETUN" -i tun0 -s -p $port
		listens || return 1
		start_b "$SIMPLETUN" -i tun0 -c "$1" -p $port
		# It may have put an address without a network in the place of ours.
		on $B "$PROBE" ping -u -w 2 172.16.3.1 >/dev/null 2>&1 ||
			for end in $A:1 $B:2; do
				ip -n ${end%:*} addr flush dev tun0
				ip -n ${end%:*} addr add 172.16.3.${end#*:}/24 dev tun0
			done
	else
		start_a "$WIRE" simpletun -i tun0 -s -p $port
		listens || return 1
		start_b "$WIRE" simpletun -i tun0 -c "$1" -p $port
	fi
}

# It has no framing: packets that meet in the stream are written to the device as one.
up_socat() {
	start_a socat "TUN:172.16.3.1/24,tun-name=tun0,iff-no-pi,iff-up" \
		"TCP-LISTEN:$port,reuseaddr,nodelay"
	listens || return 1
	start_b socat "TUN:172.16.3.2/24,tun-name=tun0,iff-no-pi,iff-up" "TCP:$1:$port,nodelay"
}

up_openvpn() {
	start_a openvpn --dev tun0 --dev-type tun --ifconfig 172.16.3.1 172.16.3.2 --port $port \
		--proto tcp4-server --cipher none --auth none --socket-flags TCP_NODELAY
	listens || return 1
	start_b openvpn --dev tun0 --dev-type tun --ifconfig 172.16.3.2 172.16.3.1 --port $port \
		--proto tcp4-client --remote "$1" --nobind --cipher none --auth none \
		--socket-flags TCP_NODELAY
}

# The end of what the two ends said, without date and time.
last_words() {
	tail -q -n 1 "$dir/a.log" "$dir/b.log" |
		sed -e 's/^[0-9/-]* [0-9:]* //' -e 's/|/ /g' | paste -s -d '|' - | sed 's/|/; /'
}

is_ours() {
	case $1 in
	simpletun | socat | openvpn) return 1 ;;
	esac
}

# up ROW fast|slow: then a packet sent to $to_a or $to_b takes that row's way.
up() {
	port=$((port + 1))
	case $2 in
	fast) server=10.88.0.1 to_a=10.88.0.1 to_b=10.88.0.2 ;;
	slow) server=10.89.1.1 to_a=10.89.1.1 to_b=10.89.2.2 ;;
	esac
	[ "$1" = bare ] || to_a=172.16.3.1 to_b=172.16.3.2
	case $1 in
	bbr) congestion bbr ;;
	*) congestion cubic ;;
	esac
	: >"$dir/a.log"
	: >"$dir/b.log"
	up_"$1" $server && on $B "$PROBE" ping -u -w 10 $to_a >/dev/null 2>>"$dir/b.log" && return
	is_ours "$1" && die "$1 does not come up: $(last_words)"
	skip "$1" "it does not come up ($(last_words))"
	down
	return 1
}

# The client first, so that the server's port is free at once.
down() {
	end $b_pid $a_pid
	a_pid='' b_pid=''
	for ns in $A $B; do
		ip -n $ns link del tun0 2>/dev/null || :
	done
}

# A row that failed is left out from then on.
skip() { # skip ROW REASON
	rows=$(without "$1" $rows)
	load_rows=$(without "$1" $load_rows)
	printf '%s\t%s\n' "$(label "$1")" "$2" >>"$dir/skipped"
}

without() { # without NAME NAMES...
	without=$1
	shift
	for name in "$@"; do
		[ "$name" = "$without" ] || printf '%s ' "$name"
	done
}

# ---- measuring ----

wanted() { [ -z "$ONLY" ] || [ "$ONLY" = "$1" ]; } # wanted PART

# sample METRIC VALUE: of $row; a measurement that failed has no value, and counts as none
sample() { [ -z "$2" ] || printf '%s\t%s\t%s\n' "$row" "$1" "$2" >>"$samples"; }

# begin FROM TO ADDRESS STREAMS SECONDS: bytes from host FROM to ADDRESS on host TO
begin() {
	port=$((port + 1))
	ip netns exec "$2" "$PROBE" sink -p $port -m "$4" -t "$5" -w $(($5 + 10)) \
		>"$dir/sink.out" 2>>"$dir/probe.log" &
	sink_pid=$!
	ip netns exec "$1" "$PROBE" source -C cubic -p $port -m "$4" -t $(($5 + 60)) \
		-w $(($5 + 10)) "$3" >/dev/null 2>>"$dir/probe.log" &
	source_pid=$!
}

# Wait until the time is over; then $mbits and $bytes are what arrived, or empty.
finish() {
	wait $sink_pid || :
	sink_pid=
	end $source_pid
	source_pid=
	mbits=$(sed -n 's/.* \([0-9.]*\) Mbit\/s$/\1/p' "$dir/sink.out")
	bytes=$(sed -n 's/^\([0-9]*\) bytes,.*/\1/p' "$dir/sink.out")
}

# Milliseconds of both ends together, 0 where there are none; fails when one has ended.
cpu_ms() {
	cpu=0
	for end_pid in $a_pid $b_pid; do
		cpu_one=$("$PROBE" cpu $end_pid 2>/dev/null) || return 1
		cpu=$((cpu + cpu_one))
	done
	echo $cpu
}

sample_rss() {
	for end_pid in $a_pid $b_pid; do
		sample rss "$("$PROBE" rss $end_pid 2>/dev/null)"
	done
}

percentile() { # percentile 50 FILE
	sed -n "s/.*p$1 = \([0-9.]*\) ms.*/\1/p" "$2"
}

measure_idle() {
	on $B "$PROBE" ping -n 1000 -t 1 $to_a >"$dir/ping.out" 2>>"$dir/probe.log" || :
	sample idle "$(percentile 50 "$dir/ping.out")"
}

measure_streams() {
	total_bytes=0 total_ms=0
	for way in "s1_there $B $A $to_a 1" "s1_back $A $B $to_b 1" \
		"s4_there $B $A $to_a 4" "s4_back $A $B $to_b 4"; do
		set -- $way
		before_ms=$(cpu_ms) || return 0
		begin "$2" "$3" "$4" "$5" "$SECONDS_EACH"
		finish
		after_ms=$(cpu_ms) || return 0
		sample "$1" "$mbits"
		total_ms=$((total_ms + after_ms - before_ms))
		total_bytes=$((total_bytes + ${bytes:-0}))
	done
	sample_rss
	[ "$row" = bare ] || [ $total_bytes = 0 ] ||
		sample cpu "$(awk -v ms=$total_ms -v n=$total_bytes 'BEGIN { printf "%.3f", ms / n * 1e6 }')"
}

measure_udp() {
	port=$((port + 1))
	ip netns exec $A "$PROBE" udp-sink -p $port -t "$SECONDS_EACH" >"$dir/sink.out" \
		2>>"$dir/probe.log" &
	sink_pid=$!
	"$AWAIT" text "$dir/sink.out" listening
	ip netns exec $B "$PROBE" udp-source -p $port -s 64 -t $((SECONDS_EACH + 1)) $to_a \
		>/dev/null 2>>"$dir/probe.log" &
	source_pid=$!
	wait $sink_pid || :
	sink_pid=
	end $source_pid
	source_pid=
	sample udp "$(sed -n 's/.* \([0-9]*\) datagrams\/s$/\1/p' "$dir/sink.out")"
	sample_rss
}

measure_load() {
	pings=$((SECONDS_EACH * 2 * 50))
	begin $B $A $to_a 4 $((WARM_UP + SECONDS_EACH * 2 + 1))
	sleep $WARM_UP # a time, not an event: the queues fill
	on $B "$PROBE" ping -a -i 20 -n $pings $to_a >"$dir/ping.out" 2>>"$dir/probe.log" || :
	finish
	sample load_mbits "$mbits"
	for p in 50 95 99; do
		sample load_p$p "$(percentile $p "$dir/ping.out")"
	done
	sample load_lost "$(sed -n 's/^\([0-9]*\) sent, \([0-9]*\) received.*/\1 \2/p' "$dir/ping.out" |
		awk '{ printf "%.1f", ($1 - $2) * 100 / $1 }')"
	sample_rss
}

# measure ROW fast|slow PART...
measure() {
	row=$1 link=$2
	shift 2
	echo "bench: run $run of $RUNS, $link link: $row" >&2
	up "$row" "$link" || return 0
	for part in "$@"; do
		wanted "$part" || continue
		measure_"$part"
		cpu_ms >/dev/null && continue
		is_ours "$row" && die "$row ended: $(last_words)"
		skip "$row" "it ended when it was to carry a load ($(last_words))"
		break
	done
	down
}

# ---- results ----

# The samples as "row, label, metric, value": medians, and the largest for memory.
reduce() {
	sort -t "$(printf '\t')" -k1,1 -k2,2 -k3,3n "$samples" | awk -F '\t' '
		function flush() {
			if (!n) return
			value = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
			print row "\t" metric "\t" (metric == "rss" ? v[n] : value)
			n = 0
		}
		$1 != row || $2 != metric { flush(); row = $1; metric = $2 }
		{ v[++n] = $3 }
		END { flush() }' >"$dir/medians"
	for row in $all_rows; do
		label=$(label "$row" | tr -d '`')
		awk -F '\t' -v row="$row" -v label="$label" '
			$1 == row { print row "\t" label "\t" $2 "\t" $3 }' "$dir/medians"
	done
}

value() { # value ROW METRIC
	awk -F '\t' -v row="$1" -v metric="$2" '$1 == row && $2 == metric { print $3 }' "$dir/medians"
}

# shown ROW METRIC [FORMAT [FACTOR]]: as the table has it, "-" where there is nothing
shown() {
	value "$1" "$2" | awk -v format="${3:-%.0f}" -v factor="${4:-1}" '
		{ printf format, $1 * factor; found = 1 }
		END { if (!found) printf "-" }'
}

print_tables() {
	if [ "$ONLY" != load ]; then
		echo "| | 1 stream there | back | 4 streams there | back | CPU s/GB | idle round trip | 64-byte UDP | memory |"
		echo "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
		for row in $all_rows; do
			[ "$row" != bbr ] || continue
			echo "| $(label "$row") | $(shown "$row" s1_there) | $(shown "$row" s1_back)" \
				"| $(shown "$row" s4_there) | $(shown "$row" s4_back)" \
				"| $(shown "$row" cpu %.2f) | $(shown "$row" idle %.3f)" \
				"| $(shown "$row" udp) | $(shown "$row" rss %.1f 0.0009765625) |"
		done
		echo
		echo "Streams in Mbit/s, CPU of both ends together, round trip in ms (p50), UDP in packets" \
			"delivered a second, memory in MB (the larger end)."
		echo
	fi
	wanted load && [ -n "$load_rows" ] || return 0
	echo "| four streams on 20 Mbit/s with a queue of 200 ms | Mbit/s | p50 | p95 | p99 | lost |"
	echo "|---|--:|--:|--:|--:|--:|"
	for row in $load_rows_shown; do
		name=$(label "$row")
		[ "$row" != tunnel ] || name="$name, cubic"
		echo "| $name | $(shown "$row" load_mbits %.1f) | $(shown "$row" load_p50 %.1f)" \
			"| $(shown "$row" load_p95 %.1f) | $(shown "$row" load_p99 %.1f)" \
			"| $(shown "$row" load_lost "%.1f %%") |"
	done
	echo
	echo "Round trips beside the load, in ms, asked for 50 times a second."
	echo
}

print_skipped() {
	[ -s "$dir/skipped" ] || return 0
	awk -F '\t' '{ print "Left out: " $1 ", " $2 "." }' "$dir/skipped"
	echo
}

# judge PART WHAT VALUE least|most LIMIT: reached or not
judge() {
	wanted "$1" || return 0
	if [ -z "$3" ] || [ -z "$5" ]; then
		echo "- not measured: $2"
		return
	fi
	awk -v what="$2" -v value="$3" -v which="$4" -v limit="$5" 'BEGIN {
		reached = which == "least" ? value + 0 >= limit + 0 : value + 0 <= limit + 0
		format = limit < 100 ? "%.3g" : "%.0f"
		printf "- %s: %s: " format ", wanted at %s " format "\n",
			reached ? "reached" : "not reached", what, value, which, limit
	}'
}

# of VALUE FACTOR [PLUS]: VALUE * FACTOR + PLUS, or nothing where there is no value
of() { [ -z "$1" ] || awk -v v="$1" -v f="$2" -v p="${3:-0}" 'BEGIN { printf "%.6g", v * f + p }'; }

print_judgement() {
	for ways in "s1_there:one stream" "s4_back:four streams back"; do
		metric=${ways%%:*} what=${ways#*:}
		judge streams "$what, 50 times simpletun (Mbit/s)" "$(value tunnel $metric)" \
			least "$(of "$(value simpletun $metric)" 50)"
		judge streams "$what, half of the bare link (Mbit/s)" "$(value tunnel $metric)" \
			least "$(of "$(value bare $metric)" 0.5)"
	done
	judge streams "one stream with a key, 0.7 of without (Mbit/s)" "$(value keyed s1_there)" \
		least "$(of "$(value tunnel s1_there)" 0.7)"
	judge idle "idle round trip with a key, that without + 0.05 (ms)" "$(value keyed idle)" \
		most "$(of "$(value tunnel idle)" 1 0.05)"
	judge streams "CPU, a third of --no-offload (s/GB)" "$(value tunnel cpu)" \
		most "$(of "$(value no_offload cpu)" 0.333333)"
	judge idle "idle round trip, the bare link's + 0.15 (ms)" "$(value tunnel idle)" \
		most "$(of "$(value bare idle)" 1 0.15)"
	judge load "p99 under load, the bare link's + 10, cubic (ms)" "$(value tunnel load_p99)" \
		most "$(of "$(value bare load_p99)" 1 10)"
	judge load "p99 under load, half of the bare link's, bbr (ms)" "$(value bbr load_p99)" \
		most "$(of "$(value bare load_p99)" 0.5)"
	judge udp "64-byte UDP, half of the bare link (packets/s)" "$(value tunnel udp)" \
		least "$(of "$(value bare udp)" 0.5)"
	[ "$ONLY" = idle ] ||
		judge "$ONLY" "memory (MB)" "$(of "$(value tunnel rss)" 0.0009765625)" most 8
}

machine() {
	model=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
	cores=$(grep -c '^processor' /proc/cpuinfo)
	echo "${model:-$(uname -m)}, $cores cores, Linux $(uname -r), $(date +%Y-%m-%d)"
}

# ---- the run ----

all_rows="bare tunnel keyed bbr no_offload mtu simpletun socat openvpn"
rows="bare tunnel keyed no_offload mtu simpletun socat openvpn"
load_rows="bare tunnel bbr simpletun socat openvpn"
for row in $all_rows; do
	reason=$(cannot "$row")
	[ -z "$reason" ] || skip "$row" "$reason"
done
[ "$ONLY" != load ] || rows=
wanted load || load_rows=

(umask 077; "$TUNNEL" --genkey >"$dir/key")
host $A
host $B
wire_up $A eth0 10.88.0.1/24 $B eth0 10.88.0.2/24
congestion cubic 2>/dev/null || die "this kernel has no TCP congestion control called cubic"
if [ -n "$load_rows" ]; then
	reason=$(make_slow_link)
	if [ -n "$reason" ]; then
		load_rows=
		printf '%s\t%s\n' "the slow link" "$reason" >>"$dir/skipped"
	fi
fi
load_rows_shown=$load_rows

run=1
while [ $run -le "$RUNS" ]; do
	for row in $rows; do
		measure "$row" fast idle streams udp
	done
	for row in $load_rows; do
		measure "$row" slow load
	done
	run=$((run + 1))
done

reduce >"$BUILD/bench.tsv"
print_tables
print_skipped
print_judgement
echo
echo "Measured on $(machine): medians of RUNS=$RUNS, SECONDS_EACH=$SECONDS_EACH."
"$(dirname "$0")/bench-chart.sh" "$BUILD/bench.tsv" "$(machine)" >"$dir/bench.svg"
cp "$dir/bench.svg" "$SVG"
echo "bench: the chart is in $SVG, the figures in $BUILD/bench.tsv" >&2
