# SPDX-License-Identifier: MIT
# --meter: a live line on a terminal, below the messages; without a terminal it is refused.
. tests/e2e/lib.sh
command -v script >/dev/null || skip "script is missing: apt-get install bsdutils"
two_hosts

refuses 2 "--meter: standard error is not a terminal" on "$A" "$TUNNEL" -s --meter
refuses 2 "--meter goes with neither -D nor -q" on "$A" "$TUNNEL" -s --meter -D

start terminal "$A" script -qefc "$TUNNEL -s -i tun0 --meter" /dev/null
"$AWAIT" text "$DIR/terminal.out" "listening on port"
tunnel client "$B" -c 10.88.0.1 -i tun0
"$AWAIT" text "$DIR/terminal.out" "tun0 connected  >"
on "$A" "$PROBE" sink -w 20 >"$DIR/sink.out" &
PIDS="$PIDS $!"
"$AWAIT" text "$DIR/sink.out" listening
on "$B" "$PROBE" source -w 20 -t 1.5 172.16.3.1 >/dev/null
"$AWAIT" text "$DIR/terminal.out" "bit/s  rtt "
grep -a -q "< [0-9.]* [GM]bit/s  rtt [0-9.]* ms  queue [0-9.]* ms" "$DIR/terminal.out" ||
	fail "$(cat "$DIR/terminal.out")"
stop client
"$AWAIT" text "$DIR/terminal.out" "tun0 listening"
