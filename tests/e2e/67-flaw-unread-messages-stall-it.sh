# SPDX-License-Identifier: MIT
# simpletun: a line per packet to a standard error that nobody reads stalls the tunnel.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/stderr"
exec 5<>"$DIR/stderr" # opened, and never read
ip netns exec "$A" "$TUNNEL" -s -dd -i tun0 2>"$DIR/stderr" 5<&- &
PIDS="$PIDS $!"
tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10
on "$B" "$PROBE" ping -n 2000 172.16.3.1 >/dev/null || fail "packets are lost"
