# SPDX-License-Identifier: MIT
# A device that stays keeps the settings of who used it last, offload and a longer header in front of
# packets among them; all that matter are set anew. "ip tuntap" is no such user, "older left" is.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts

for kind in tun tap; do
	ip -n "$A" tuntap add dev tun0 mode $kind
	letter=$([ $kind = tun ] || echo -a)
	for option in "" --no-offload; do
		on "$A" "$BUILD/older" left $letter tun0
		tunnel server "$A" -s $letter -i tun0 -l 172.16.3.1 -l fd00::1 $option
		tunnel client "$B" -c 10.88.0.1 $letter -i tun0 -w 10 -l 172.16.3.2 -l fd00::2
		everything
		uses_offload server "$option"
		uses_offload client ""
		stop client
		stop server
	done
	ip -n "$A" link del tun0
done
