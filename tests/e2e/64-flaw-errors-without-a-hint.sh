# SPDX-License-Identifier: MIT
# simpletun says "ioctl(TUNSETIFF): Device or resource busy". Here each says what to do.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0
refuses 3 "tun0 is in use by another program; choose another name with -i" \
	on "$A" "$TUNNEL" -s -i tun0 -p 7000
refuses 4 "port 55555 is in use, maybe by another tunnel" on "$A" "$TUNNEL" -s -i tun1 -l 10.9.0.1/24
stop server

ip -n "$A" tuntap add dev tap0 mode tap
ip -n "$A" tuntap add dev tun0 mode tun
ip -n "$A" tuntap add dev many0 mode tun multi_queue
refuses 3 "tap0 is a tap, not a tun; choose another name with -i or use -a" \
	on "$A" "$TUNNEL" -s -i tap0
refuses 3 "tun0 is a tun, not a tap; choose another name with -i or leave -a out" \
	on "$A" "$TUNNEL" -s -a -i tun0
refuses 3 "eth0 is an interface of another kind, not a tun" on "$A" "$TUNNEL" -s -i eth0
refuses 3 "many0 has several queues" on "$A" "$TUNNEL" -s -i many0

# without privileges, where the device node is open to all as it usually is
if [ "$(stat -c %a /dev/net/tun)" = 666 ] && [ -z "${IN_USER_NAMESPACE:-}" ]; then
	cp "$TUNNEL" "$DIR/tunnel"
	chmod 755 "$DIR" "$DIR/tunnel"
	refuses 3 "making a device needs CAP_NET_ADMIN" \
		on "$A" chroot --userspec=65534:65534 / "$DIR/tunnel" -s -i tun5
	refuses 4 "ports below 1024 need root" \
		on "$A" chroot --userspec=65534:65534 / "$DIR/tunnel" -s -p 80
fi
