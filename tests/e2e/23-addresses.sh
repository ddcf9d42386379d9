# SPDX-License-Identifier: MIT
# -l adds what is asked for and touches nothing else; -P makes a pair; none is none.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0 -l 10.1.0.1/30 -l 10.2.0.1/8 -l 10.3.0.1/32 -l fd01::1/127 -l fd02::1/48
for address in 10.1.0.1/30 10.2.0.1/8 10.3.0.1/32 fd01::1/127 fd02::1/48; do
	has "$address" ip -n "$A" addr show dev tun0
done
has_not 172.16.3.1 ip -n "$A" addr show dev tun0
stop server

tunnel server "$A" -s -i tun0 -l 10.9.0.1 -P 10.7.0.2 -l fd00::1/64
has "10.9.0.1 peer 10.7.0.2/32" ip -n "$A" addr show dev tun0
tunnel client "$B" -c 10.88.0.1 -i tun0 -l 10.7.0.2 -P 10.9.0.1 -l fd00::2/64
reaches "$B" 10.9.0.1
reaches "$A" 10.7.0.2
reaches "$A" fd00::2
stop client
stop server

tunnel server "$A" -s -a -i tun0 -l 10.9.0.1 -P 10.7.0.2
has "10.9.0.1 peer 10.7.0.2/32" ip -n "$A" addr show dev tun0
stop server

tunnel server "$A" -s -i tun0 -l none
has_not "inet " ip -n "$A" addr show dev tun0
has "UP" ip -n "$A" link show dev tun0
stop server
