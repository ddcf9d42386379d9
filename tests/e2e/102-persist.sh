# SPDX-License-Identifier: MIT
# With --persist the device stays, up and with its addresses, however the tunnel ends, and the next
# start finds it so; without, what was there before stays, and what the tunnel has made is gone.
. tests/e2e/lib.sh
two_hosts

# stayed DEVICE ADDRESS...: it is on host A, up, without carrier, with these addresses and no other
stayed() {
	stayed_device=$1
	shift
	has ",UP" ip -n "$A" link show "$stayed_device"
	[ "$(on "$A" cat "/sys/class/net/$stayed_device/carrier")" = 0 ] ||
		fail "$stayed_device has carrier"
	for address; do
		has "$address" ip -n "$A" addr show dev "$stayed_device" scope global
	done
	[ "$(ip -n "$A" addr show dev "$stayed_device" scope global | grep -c "inet")" = $# ] ||
		fail "$stayed_device has other addresses"
}

persistent() {
	tunnel server "$A" -s -i tun0 -l 10.1.0.1/24 -l 10.2.0.1/30 -l fd01::1/64 "$@"
}

# ended by TERM
persistent --persist
start_tunnel client "$B" -c 10.88.0.1 -i tun0 -l 10.1.0.2/24 -l fd01::2/64
index=$(on "$A" cat /sys/class/net/tun0/ifindex)
comes_back "$B" 10.1.0.1
stop server
stayed tun0 10.1.0.1/24 10.2.0.1/30 fd01::1/64

# ended by KILL
persistent --persist
case $ready in *" address=10.1.0.1/24,10.2.0.1/30,fd01::1/64 "*) ;; *) fail "$ready" ;; esac
comes_back "$B" 10.1.0.1
reaches "$B" fd01::1
kill -9 "$(pid server)"
expect_status server 137
stayed tun0 10.1.0.1/24 10.2.0.1/30 fd01::1/64

# without --persist: nothing that was there is taken away, and down and up costs no address either
persistent -l 10.3.0.1/24
comes_back "$B" fd01::1
ip -n "$A" link set tun0 down
says server "the device was set down"
ip -n "$A" link set tun0 up
says server "the device is up again"
comes_back "$B" fd01::1
stop server
stayed tun0 10.1.0.1/24 10.2.0.1/30 fd01::1/64
[ "$(on "$A" cat /sys/class/net/tun0/ifindex)" = "$index" ] || fail "it is another device"
stop client

ip -n "$A" tuntap del dev tun0 mode tun
persistent
stop server
has "does not exist" ip -n "$A" link show tun0

# one that is made without a name, with the default address, and a tap, by the same command twice
tunnel server "$A" -s --persist
says server "--persist: tun0 stays; to use it again, name it with -i tun0"
stop server
for nth in 1 2; do
	tunnel server "$A" -s -i tun0 --persist
	case $ready in *" dev=tun0 "*" address=172.16.3.1/24 "*) ;; *) fail "$nth: $ready" ;; esac
	stop server
	stayed tun0 172.16.3.1/24
	tunnel server "$A" -s -a -i tap0 --persist -m 1400 -l fd02::1/64
	stop server
	stayed tap0 fd02::1/64
	has "mtu 1400" ip -n "$A" link show tap0
done
ip -n "$A" link del tap0

# one that was there and did not last to its first peer stays as well; what fails leaves nothing
refuses 124 "no peer within 1 s" on "$A" "$TUNNEL" -s -i tun1 -l none --persist -w 1
stayed tun1
refuses 3 "the default address 172.16.3.1/24 is on tun0 already" \
	on "$A" "$TUNNEL" -s -i tun2 --persist
has "does not exist" ip -n "$A" link show tun2

# in another namespace
ip netns add "$C"
tunnel server "$A" -s -i tun3 -N "$C" --persist -l 10.4.0.1/24
stop server
has 10.4.0.1/24 ip -n "$C" addr show tun3
has "does not exist" ip -n "$A" link show tun3
