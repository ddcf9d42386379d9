# SPDX-License-Identifier: MIT
# simpletun: while a peer does not read, it does not read either.
# Here: what the peer sends still arrives, and memory does not grow.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0 -t 60
start peer "$B" "$WIRE" connect -w 30 10.88.0.1 hold:2000 "frame:$TO_NOBODY" hold:60000
on "$A" "$AWAIT" device tun0 running
on "$A" "$PROBE" udp-source -p 9 -n 30000 -s 1400 172.16.3.2 >/dev/null
before=$("$PROBE" rss "$(pid server)")
capture captor "$A" "$TO_NOBODY"
on "$A" "$PROBE" udp-source -p 9 -n 30000 -s 1400 172.16.3.2 >/dev/null
expect_status captor 0
after=$("$PROBE" rss "$(pid server)")
[ "$after" -le $((before + 64)) ] || fail "memory grew from $before kB to $after kB"
stop server
