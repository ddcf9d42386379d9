# SPDX-License-Identifier: MIT
# An idle tunnel does not wake up, and traffic does not make it grow.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
quiet_devices "$B"

pair
start sink "$A" "$PROBE" sink -w 30 -p 7000
"$AWAIT" text "$DIR/sink.out" listening
on "$B" "$PROBE" source -w 30 -p 7000 -n 20000000 172.16.3.1 >/dev/null
before=$("$PROBE" rss "$(pid server)")
start sink2 "$A" "$PROBE" sink -w 30 -p 7001
"$AWAIT" text "$DIR/sink2.out" listening
on "$B" "$PROBE" source -w 30 -p 7001 -n 100000000 172.16.3.1 >/dev/null
after=$("$PROBE" rss "$(pid server)")
[ "$after" -le "$((before + 64))" ] || fail "memory grew from $before kB to $after kB"

# the last acknowledgements have passed when a new round trip has
reaches "$B" 172.16.3.1
expect_status sink2 0
before=$("$PROBE" switches "$(pid client)")
on "$A" "$WIRE" listen -w 2 -p 7999 hold:60000 >/dev/null 2>&1 </dev/null || : # two idle seconds
after=$("$PROBE" switches "$(pid client)")
[ $((after - before)) -le 2 ] || fail "woke up $((after - before)) times in two idle seconds"
stop client
stop server
