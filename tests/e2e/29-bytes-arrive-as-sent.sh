# SPDX-License-Identifier: MIT
# A long transfer inside arrives byte for byte, both ways, over tun and tap.
. tests/e2e/lib.sh
two_hosts

for kind in -u -a; do
	pair $kind
	for way in "$B:172.16.3.1:$A" "$A:172.16.3.2:$B"; do
		from=${way%%:*} rest=${way#*:}
		start sink "${rest#*:}" "$PROBE" sink -w 30 -p 7000
		"$AWAIT" text "$DIR/sink.out" listening
		on "$from" "$PROBE" source -w 30 -p 7000 -n 30000000 "${rest%%:*}" >"$DIR/source.out"
		expect_status sink 0
		sum=$(sed -n 's/.*checksum \([0-9a-f]*\).*/\1/p' "$DIR/source.out")
		has "30000000 bytes" cat "$DIR/sink.out"
		[ -n "$sum" ] && has "$sum" cat "$DIR/sink.out"
	done
	stop client
	stop server
done
