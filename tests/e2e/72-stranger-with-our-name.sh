# SPDX-License-Identifier: MIT
# After the device was moved away, another one of its name is not ours.
. tests/e2e/lib.sh
two_hosts
ip netns add "$C"

tunnel server "$A" -s -i tun0 -l 172.16.3.1/24 -l fd00::1/64
ip -n "$A" link set tun0 netns "$C"
says server "was moved into another network namespace"
ip -n "$A" tuntap add dev tun0 mode tun
ip -n "$A" link set tun0 up
ip -n "$A" link set tun0 down
ip -n "$A" link set tun0 up
kill -USR1 "$(pid server)"
says server "tx_packets="
has_not fd00::1 ip -n "$A" addr show dev tun0
silent_about server "is up again"
stop server
