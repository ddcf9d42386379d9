# SPDX-License-Identifier: MIT
# A simpletun that meets a key gets nothing, and our end says why and names -k.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"
quiet_devices "$B"
new_key key

for kind in tun tap; do
	flag=-u
	[ $kind = tun ] || flag=-a
	ip -n "$B" tuntap add dev s0 mode $kind
	ip -n "$B" addr add 172.16.3.2/24 dev s0
	ip -n "$B" link set s0 up

	tunnel server "$A" -s $flag -i t0 -k "$DIR/key"
	start pings "$B" "$PROBE" ping -a -i 5 -n 100000 -t 30 172.16.3.1
	start simple "$B" "$WIRE" simpletun -i s0 -c 10.88.0.1 $flag
	says server "does not use a key and this end does: give it the same key with -k"
	status simple # by luck, see 49: it may be writing just then
	nothing_came "$A" t0
	nothing_came "$B" s0
	tunnel right "$B" -c 10.88.0.1 -w 10 $flag -i t1 -l 172.16.5.2/24 -k "$DIR/key"
	stop right
	stop server

	start simple "$B" "$WIRE" simpletun -i s0 -s $flag
	"$AWAIT" text "$DIR/simple.out" listening
	refuses 6 "does not use a key and this end does: give it the same key with -k" \
		on "$A" "$TUNNEL" -1 -c 10.88.0.2 $flag -i t0 -w 10 -k "$DIR/key"
	kill "$(pid pings)"
	status simple
	ip -n "$B" link del s0
done
