# SPDX-License-Identifier: MIT
# The device is set down and up, renamed and deleted under the program.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0 -l 172.16.3.1/24 -l fd00::1/64
tunnel client "$B" -c 10.88.0.1 -i tun0 -l 172.16.3.2/24 -l fd00::2/64
ip -n "$A" link set tun0 down
says server "the device was set down"
ip -n "$A" link set tun0 up
says server "the device is up again"
comes_back "$B" 172.16.3.1
comes_back "$B" fd00::1 # the kernel has taken it away with the link, and the server put it back

ip -n "$A" link set tun0 down
ip -n "$A" link set tun0 name office
ip -n "$A" link set office up
says server "tunnel: tun0: the device is called office now"
comes_back "$B" 172.16.3.1

ip -n "$A" link del office
expect_status server 3
says server "the device was deleted"
says client "closed the connection"
stop client

# While there is no peer, too.
tunnel server "$A" -s -i tun0
ip -n "$A" link del tun0
expect_status server 3
