# SPDX-License-Identifier: MIT
# A segment with a bad checksum among good neighbours is not made good: the kernel drops it and counts
# it.
. tests/e2e/lib.sh
. tests/e2e/supers.sh
two_hosts
quiet_devices "$A"

# The segments of IPv4 and IPv6 TCP and UDP flows, to nobody who listens; of each 2 are damaged.
segments "$DIR/cut" "" --no-offload
grep -e 00011389 -e 000d1389 -e c0011389 -e c0021389 "$DIR/cut" |
	awk '{ match($0, /(000[1d]|c00[12])1389/); n = ++seen[substr($0, RSTART, 8)] }
		n == 7 || n == 25 { $0 = substr($0, 1, length($0) - 4) "beef" }
		{ print }' >"$DIR/in"

errors() { # errors GROUP: damaged ones that the kernel has seen
	on "$A" awk -v group="$1:" '
		$1 == group && !at { for (i = 2; i <= NF; i++) if ($i == "InCsumErrors") at = i; next }
		$1 == group { print $at }
		$1 == substr(group, 1, length(group) - 1) "InCsumErrors" { print $2 }
	' /proc/net/snmp /proc/net/snmp6
}

# An echo request, and what the reply will have in it: then all before it has been taken.
ECHO=4500002400010000400166d60a0000010a0000020800621f12340001feedfacecafebeef
ECHOED=feedfacecafebeef

on "$A" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
for option in "" --no-offload; do
	before="$(errors Tcp) $(errors Udp) $(errors Udp6)"
	tunnel server "$A" -s -i tun0 -l 10.0.0.2 -l fd00::2 $option
	on "$B" "$WIRE" connect 10.88.0.1 "frames:$DIR/in" "frame:$ECHO" \
		"skipframes-containing:$ECHOED" close >/dev/null
	merged=$(counter server rx_supers)
	stop server
	set -- $before
	[ "$(errors Tcp) $(errors Udp) $(errors Udp6)" = "$(($1 + 4)) $(($2 + 2)) $(($3 + 2))" ] ||
		fail "$before damaged ones became $(errors Tcp) $(errors Udp) $(errors Udp6)"
	[ "$option" ] || [ "$merged" -gt 3 ] || fail "only $merged super-packets were made"
done
