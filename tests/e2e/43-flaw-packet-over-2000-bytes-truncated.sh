# SPDX-License-Identifier: MIT
# simpletun: MTU 3000 loses every large packet without a word.
. tests/e2e/lib.sh
two_hosts

pair -m 3000
on "$B" "$PROBE" ping -n 5 -s 2972 172.16.3.1 >/dev/null || fail "large packets are lost"
stop client
stop server

# What a length cannot say is dropped with a line: a tagged frame on a tap of the largest MTU.
quiet_devices "$A"
tunnel server "$A" -s -a -i tun0 -m 65521
start peer "$B" "$WIRE" connect 10.88.0.1 quiet:300 recv:20 close
on "$A" "$AWAIT" device tun0 running
ip -n "$A" link add link tun0 name vlan7 type vlan id 7
ip -n "$A" link set vlan7 up
long=$(printf '%0131030d' 0)
on "$A" "$WIRE" inject vlan7 "02000000000202000000000188b5$long" 2>/dev/null || :
stop server
status peer
