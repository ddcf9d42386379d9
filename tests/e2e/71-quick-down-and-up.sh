# SPDX-License-Identifier: MIT
# A device that is down and up again before anybody has looked gets its IPv6 addresses back, and
# one that the administrator removes stays removed.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0 -l 172.16.3.1/24 -l fd00::1/64
tunnel client "$B" -c 10.88.0.1 -i tun0 -l 172.16.3.2/24 -l fd00::2/64
kill -STOP "$(pid server)"
ip -n "$A" link set tun0 down
ip -n "$A" link set tun0 up
kill -CONT "$(pid server)"
comes_back "$B" fd00::1

ip -n "$A" addr del fd00::1/64 dev tun0
ip -n "$A" link set tun0 mtu 1400
kill -USR1 "$(pid server)"
says server "tx_packets="
has_not fd00::1 ip -n "$A" addr show dev tun0
stop client
stop server
