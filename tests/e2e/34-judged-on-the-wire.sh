# SPDX-License-Identifier: MIT
# Each packet on the wire of a busy tunnel is right: lengths, checksums, no longer than the MTU; no byte
# of a stream is left out and IPv4 IDs count on.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts

for case in "-u 1500" "-a 1281" "-u 9000"; do
	kind=${case% *} mtu=${case#* } longest=$mtu
	[ "$kind" = -u ] || longest=$((mtu + 14))
	tunnel server "$A" "$kind" -s -i tun0 -m "$mtu" -l 172.16.3.1 -l fd00::1
	a=$([ "$kind" = -u ] || echo -a)
	start relay "$B" "$JUDGE" relay $a -m "$mtu" -p 7000 10.88.0.1
	"$AWAIT" text "$DIR/relay.out" listening
	tunnel client "$B" "$kind" -c 127.0.0.1 -p 7000 -i tun0 -m "$mtu" -w 10 -l 172.16.3.2 -l fd00::2
	everything
	dropped=0
	for end in server client; do
		uses_offload $end ""
		for key in tx_aqm tx_overflow; do
			dropped=$((dropped + $(counter $end $key)))
		done
	done
	stop client
	stop server
	expect_status relay 0
	[ "$(grep -c "longest $longest," "$DIR/relay.out")" = 2 ] || fail "$(cat "$DIR/relay.out")"
	[ $dropped != 0 ] || [ "$(grep -c ", 0 gaps, .* 0 jumps" "$DIR/relay.out")" = 2 ] ||
		fail "$(cat "$DIR/relay.out")"
done
