# SPDX-License-Identifier: MIT
# With the same key at both ends: tun and tap, IPv4 and IPv6 inside, over IPv4 and IPv6, both ways, byte
# for byte.
. tests/e2e/lib.sh
two_hosts
new_key key

for outside in "-u 10.88.0.1" "-a fd88::1"; do
	kind=${outside% *}
	tunnel server "$A" -s -i tun0 -k "$DIR/key" $kind -l 172.16.3.1 -l fd00::1
	tunnel client "$B" -c "${outside#* }" -i tun0 -w 10 -k "$DIR/key" $kind -l 172.16.3.2 -l fd00::2
	for host in "$A" "$B"; do
		on "$host" "$AWAIT" device -a tun0 running
	done
	for way in "$B $A 172.16.3.1" "$A $B 172.16.3.2" "$B $A fd00::1" "$A $B fd00::2"; do
		# shellcheck disable=SC2086 # three words
		transfer $way 5000000
		reaches "${way%% *}" "${way##* }"
	done
	on "$B" "$PROBE" ping -n 20 -s 1400 172.16.3.1 >/dev/null || fail "$kind: IPv4"
	on "$A" "$PROBE" ping -n 20 -s 1400 fd00::2 >/dev/null || fail "$kind: IPv6"
	says client "connected to"
	has "${outside#* }" grep "connected to" "$DIR/client.log"
	stop client
	says server "closed the connection"
	stop server
done
