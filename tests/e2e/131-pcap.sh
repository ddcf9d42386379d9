# SPDX-License-Identifier: MIT
# --pcap records what passes, as it is on the wire, and tcpdump reads it while it is written, from a file
# and from a pipe; a reader that is slow or goes away holds up nothing.
. tests/e2e/lib.sh
command -v tcpdump >/dev/null || skip "tcpdump is missing: apt-get install tcpdump"
two_hosts
quiet_devices "$A"
quiet_devices "$B"

# shows FILE OPTIONS...: what tcpdump makes of it
shows() {
	shows_file=$1
	shift
	tcpdump -n -r "$shows_file" "$@" 2>"$DIR/tcpdump.err" || fail "$(cat "$DIR/tcpdump.err")"
}

tunnel server "$A" -s -i tun0 --pcap "$DIR/tun.pcap"
tunnel client "$B" -c 10.88.0.1 -i tun0
on "$B" "$PROBE" ping -n 5 -i 10 172.16.3.1 >/dev/null
# the tunnel still runs
[ "$(shows "$DIR/tun.pcap" icmp | wc -l)" = 10 ] || fail "$(shows "$DIR/tun.pcap")"
has "172.16.3.2 > 172.16.3.1: ICMP echo request" shows "$DIR/tun.pcap"
has "172.16.3.1 > 172.16.3.2: ICMP echo reply" shows "$DIR/tun.pcap"
has "link-type RAW" cat "$DIR/tcpdump.err"
[ "$(stat -c %a "$DIR/tun.pcap")" = 600 ] || fail "others can read it"
# segments, not super-packets, with right checksums
on "$A" "$PROBE" sink -w 20 >"$DIR/sink.out" &
PIDS="$PIDS $!"
"$AWAIT" text "$DIR/sink.out" listening
on "$B" "$PROBE" source -w 20 -t 0.3 172.16.3.1 >/dev/null
shows "$DIR/tun.pcap" -v tcp >"$DIR/shown"
[ "$(grep -c "cksum 0x[0-9a-f]* (correct)" "$DIR/shown")" -gt 100 ] || fail "$(head "$DIR/shown")"
has_not incorrect cat "$DIR/shown"
[ -z "$(shows "$DIR/tun.pcap" "greater 1501")" ] || fail "$(shows "$DIR/tun.pcap" "greater 1501" | head)"
stop client
stop server
[ "$(shows "$DIR/tun.pcap" -tt | awk '$1 < last - 1 { n++ } { last = $1 } END { print n + 0 }')" = 0 ] ||
	fail "out of order"

# Ethernet, keyed: what is recorded is what the key hides outside; into a pipe
new_key key
mkfifo "$DIR/pipe"
tcpdump -n -l -e --immediate-mode -r "$DIR/pipe" >"$DIR/live" 2>"$DIR/tcpdump.err" &
PIDS="$PIDS $!"
tunnel server "$A" -s -a -i tap0 -k "$DIR/key" --pcap "$DIR/pipe"
tunnel client "$B" -a -c 10.88.0.1 -i tap0 -k "$DIR/key"
reaches "$B" 172.16.3.1
"$AWAIT" text "$DIR/live" "ICMP echo reply" || fail "it comes late: $(cat "$DIR/live" "$DIR/tcpdump.err")"
has "ethertype ARP" cat "$DIR/live"
stop client
stop server

# a reader that does not read: packets go on, and what finds no room is counted
mkfifo "$DIR/stuck"
exec 5<>"$DIR/stuck"
tunnel server "$A" -s -i tun0 --pcap "$DIR/stuck" 5<&-
tunnel client "$B" -c 10.88.0.1 -i tun0 5<&-
on "$A" "$PROBE" sink -w 20 -p 7002 >"$DIR/sink2.out" 5<&- &
PIDS="$PIDS $!"
"$AWAIT" text "$DIR/sink2.out" listening
on "$B" "$PROBE" source -w 20 -p 7002 -t 0.3 172.16.3.1 >/dev/null
reaches "$B" 172.16.3.1
[ "$(counter server pcap_lost)" -gt 0 ] || fail "nothing is counted"
exec 5<&- # and one that has gone
on "$B" "$PROBE" ping -n 3 -i 10 172.16.3.1 >/dev/null || fail "held up"
says server "--pcap: the recording has ended: its reader has gone"
stop client
stop server

# standard output
on "$A" "$TUNNEL" -s -i tun0 -w 1 --pcap - 2>/dev/null | tcpdump -r - 2>"$DIR/tcpdump.err" || fail "pipe"
has "link-type RAW" cat "$DIR/tcpdump.err"
refuses 1 "--pcap $DIR/none/x: No such file or directory" on "$A" "$TUNNEL" -s --pcap "$DIR/none/x"
