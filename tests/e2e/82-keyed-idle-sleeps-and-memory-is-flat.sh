# SPDX-License-Identifier: MIT
# With a key, too, an idle tunnel does not wake up, and traffic does not make it grow.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
quiet_devices "$B"

keyed_pair
transfer "$B" "$A" 172.16.3.1 20000000
before=$("$PROBE" rss "$(pid server)") sender=$("$PROBE" rss "$(pid client)")
transfer "$B" "$A" 172.16.3.1 100000000
after=$("$PROBE" rss "$(pid server)")
[ "$after" -le "$((before + 64))" ] || fail "the server grew from $before kB to $after kB"
# what has to wait is in buffers of fixed size, which take memory when they are first filled
after=$("$PROBE" rss "$(pid client)")
[ "$after" -le "$((sender + 2048))" ] || fail "the client grew from $sender kB to $after kB"

# the last acknowledgements have passed when a new round trip has
reaches "$B" 172.16.3.1
for end in server client; do
	"$PROBE" switches "$(pid $end)" >"$DIR/$end.before"
done
on "$A" "$WIRE" listen -w 2 -p 7999 hold:60000 >/dev/null 2>&1 </dev/null || : # two idle seconds
for end in server client; do
	before=$(cat "$DIR/$end.before") after=$("$PROBE" switches "$(pid $end)")
	[ $((after - before)) -le 2 ] || fail "$end woke up $((after - before)) times while idle"
done
stop client
stop server
