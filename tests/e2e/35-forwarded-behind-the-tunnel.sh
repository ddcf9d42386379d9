# SPDX-License-Identifier: MIT
# A host (C) behind the tunnel's end (B), which is a router with a smaller MTU to either side than the
# others know of: it must be able to cut, to refuse and to fragment what the tunnel has merged, and the
# tunnel to cut what comes from there.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts
ip netns add "$C"
ip link add link0 netns "$B" type veth peer name link0 netns "$C"
ip -n "$B" addr add 10.99.0.2/24 dev link0
ip -n "$C" addr add 10.99.0.3/24 dev link0
ip -n "$B" addr add fd99::2/64 dev link0 nodad
ip -n "$C" addr add fd99::3/64 dev link0 nodad
ip -n "$B" link set link0 up
ip -n "$C" link set link0 up
ip -n "$C" link set lo up
ip -n "$C" route add default via 10.99.0.2
ip -n "$C" route add default via fd99::2
on "$B" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'

# routed TUNNEL_MTU MTU OPTIONS...: a tunnel between A and B, and what B lets pass to either side
routed() {
	tunnel_mtu=$1 mtu=$2
	shift 2
	tunnel server "$A" -s -i tun0 -m "$tunnel_mtu" -l 172.16.3.1 -l fd00::1
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 -m "$tunnel_mtu" -l 172.16.3.2 -l fd00::2 "$@"
	ip -n "$A" route add 10.99.0.0/24 via 172.16.3.2
	ip -n "$A" route add fd99::/64 via fd00::2
	for address in 10.99.0.3@link0 172.16.3.1@tun0 fd99::3@link0 fd00::1@tun0; do
		case $address in *::*) [ "$mtu" -ge 1280 ] || continue ;; esac
		ip -n "$B" route replace "${address%@*}" dev "${address#*@}" mtu "$mtu"
	done
	for ns in "$A" "$C"; do # nothing is known about the way yet
		ip -n "$ns" route flush cache
		ip -n "$ns" -6 route flush cache
	done
}

done_routing() {
	for end in server client; do
		[ "$(counter $end rx_refused)" = 0 ] || fail "$end: rx_refused"
		[ "$(counter $end tx_bad)" = 0 ] || fail "$end: tx_bad"
	done
	merged=$(counter client rx_supers) cut=$(counter client tx_supers)
	stop client
	stop server
}

snmp() { # snmp HOST GROUP KEY
	on "$1" awk -v group="$2:" -v key="$3" '
		$1 == group && !at { for (i = 2; i <= NF; i++) if ($i == key) at = i; next }
		$1 == group { print $at }' /proc/net/snmp
}

both_ways() { # both_ways BYTES
	begin there tcp "$A" "$C" 10.99.0.3 7001 -n "$1"
	begin back tcp "$C" "$A" 172.16.3.1 7002 -n "$1" -m 3
	arrived there back
}

both_ways6() {
	begin there6 tcp "$A" "$C" fd99::3 7003 -n "$1"
	begin back6 tcp "$C" "$A" fd00::1 7004 -n "$1" -m 3
	begin udp6 udp "$A" "$C" fd99::3 7005 -n 160 -s 1200 -G 40
	arrived there6 back6 udp6
}

for case in "1500 1280" "65535 1400" "1500 1280 --no-offload"; do
	routed $case
	refused=$(snmp "$B" Icmp OutDestUnreachs)
	both_ways 400000
	both_ways6 400000
	[ "$(snmp "$B" Icmp OutDestUnreachs)" -gt "$refused" ] || fail "$case: nothing was refused"
	done_routing
	case $case in *offload) continue ;; esac
	[ "$merged" -gt 0 ] || fail "$case: nothing was merged"
	[ "$cut" -gt 0 ] || fail "$case: nothing was cut"
done

routed 1500 576
both_ways 300000
done_routing

routed 1500 68
both_ways 30000
done_routing

# Senders that let routers fragment.
routed 1500 1000
on "$A" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
on "$C" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc'
fragments=$(snmp "$B" Ip FragCreates)
both_ways 300000
begin udp udp "$A" "$C" 10.99.0.3 7006 -n 160 -s 1300 -G 40
begin udp1 udp "$A" "$C" 10.99.0.3 7007 -n 160 -s 1400
arrived udp udp1
[ "$(snmp "$B" Ip FragCreates)" -gt "$fragments" ] || fail "nothing was fragmented"
done_routing
