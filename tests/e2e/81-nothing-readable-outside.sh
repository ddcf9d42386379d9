# SPDX-License-Identifier: MIT
# Whoever sits between sees nothing of a packet when there is a key, and all of it when there is none.
. tests/e2e/lib.sh
two_hosts
host "$C" 3
quiet_devices "$A"
quiet_devices "$B"
new_key key

passed_has() { cat "$DIR/passed.up" "$DIR/passed.down" | od -An -v -tx1 | tr -d ' \n' | grep -q "$1"; }

for key in "" "-k $DIR/key"; do
	relay "$C" 10.88.0.1 -o "$DIR/passed"
	tunnel server "$A" -s -i tun0 $key
	tunnel client "$B" -c 10.88.0.3 -i tun0 -w 10 $key
	capture at_b "$B"
	on "$A" "$WIRE" inject tun0 "$TO_B"
	captured at_b "$TO_B"
	capture at_a "$A"
	on "$B" "$WIRE" inject tun0 "$TO_NOBODY"
	captured at_a "$TO_NOBODY"
	order go # what passed is in the file then
	[ -s "$DIR/passed.up" ] && [ -s "$DIR/passed.down" ] || fail "the relay has seen nothing"
	for packet in "$TO_B" "$TO_NOBODY"; do
		for part in "$packet" "${packet#????????????????????????????????????????}"; do
			if [ "$key" ]; then
				! passed_has "$part" || fail "readable with a key: $part"
			else
				passed_has "$part" || fail "the relay does not see $part"
			fi
		done
	done
	stop client
	stop server
	kill "$(pid relay)"
	status relay
done
