# SPDX-License-Identifier: MIT
# simpletun: "ip link set tun0 down" and one packet end both ends.
. tests/e2e/lib.sh
two_hosts

pair
ip -n "$A" link set tun0 down
on "$B" "$PROBE" ping -w 1 172.16.3.1 >/dev/null 2>&1 && fail "an answer from a device that is down"
says server "the device is down, packets from the peer are dropped"
runs server
runs client
ip -n "$A" link set tun0 up
comes_back "$B" 172.16.3.1
stop client
stop server
