# SPDX-License-Identifier: MIT
# A device that was made before stays afterwards, with its addresses; -l adds to them.
. tests/e2e/lib.sh
two_hosts

ip -n "$A" tuntap add dev tun0 mode tun
ip -n "$A" addr add 10.77.0.1/30 dev tun0
ip -n "$A" addr add 10.78.0.1/30 dev tun0
ip -n "$A" link set tun0 up
tunnel server "$A" -s -i tun0
case $ready in *" address=10.77.0.1/30,10.78.0.1/30 "*) ;; *) fail "$ready" ;; esac
has_not 172.16.3 ip -n "$A" addr show dev tun0
stop server
has 10.77.0.1/30 ip -n "$A" addr show dev tun0

tunnel server "$A" -s -i tun0 -l 10.79.0.1/24 -l 10.77.0.1/30 -l fd00::1/64
for address in 10.77.0.1/30 10.78.0.1/30 10.79.0.1/24 fd00::1/64; do
	has "$address" ip -n "$A" addr show dev tun0
done
tunnel client "$B" -c 10.88.0.1 -i tun0 -l 10.79.0.2/24
reaches "$B" 10.79.0.1
stop client
stop server
# what it added is gone again, what was there is not
has_not 10.79.0.1 ip -n "$A" addr show dev tun0
has_not fd00::1 ip -n "$A" addr show dev tun0
has 10.77.0.1/30 ip -n "$A" addr show dev tun0
has 10.78.0.1/30 ip -n "$A" addr show dev tun0

# the default address does not stay to be taken for the administrator's next time
ip -n "$B" tuntap add dev tun0 mode tun
tunnel server "$B" -s -i tun0
stop server
has_not "inet " ip -n "$B" addr show dev tun0

# what differs from what is there is said, or refused
tunnel server "$A" -s -i tun0 -l 10.77.0.1/24
case $ready in *" address=10.77.0.1/30 "*) ;; *) fail "$ready" ;; esac
stop server
refuses 3 "-P: 10.77.0.1/30 is there already, with another peer or none" \
	on "$A" "$TUNNEL" -s -i tun0 -l 10.77.0.1 -P 10.9.0.1
ip -n "$B" addr add 10.7.0.1/30 dev tun0 label tun0home
tunnel server "$B" -s -i tun0
case $ready in *" address=10.7.0.1/30 "*) ;; *) fail "$ready" ;; esac
stop server
