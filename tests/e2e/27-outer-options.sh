# SPDX-License-Identifier: MIT
# The outer connection's options reach the socket, or are refused with the reason.
. tests/e2e/lib.sh
two_hosts
ip -n "$B" addr add 10.88.0.22/24 dev eth0

tunnel server "$A" -s -i tun0 -b 10.88.0.1 --congestion reno
tunnel client "$B" -c 10.88.0.1 -i tun0 -b 10.88.0.22 --congestion reno --fwmark 0x2a --bind-dev eth0
says server "connection from 10.88.0.22:"
reaches "$B" 172.16.3.1
stop client
stop server

refuses 1 "--congestion nonesuch: the kernel does not have it" \
	on "$B" "$TUNNEL" -c 10.88.0.1 --congestion nonesuch
refuses 4 "--congestion nonesuch: the kernel does not have it" \
	on "$A" "$TUNNEL" -s --congestion nonesuch
refuses 1 "--bind-dev nonesuch: there is no such device" \
	on "$B" "$TUNNEL" -c 10.88.0.1 --bind-dev nonesuch
refuses 4 "-b 10.88.0.99: this host does not have that address" \
	on "$A" "$TUNNEL" -s -b 10.88.0.99

# one family only
tunnel server "$A" -s -6 -i tun0
refuses 4 "Connection refused" on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i tun0
tunnel client "$B" -6 -c fd88::1 -i tun0
reaches "$B" 172.16.3.1
stop client
stop server

# the mark decides the route: without it the server cannot be reached
ip -n "$B" rule add pref 100 fwmark 42 to 10.88.0.1 lookup main
ip -n "$B" rule add pref 101 to 10.88.0.1 prohibit
refuses 4 "cannot connect" on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i tun0
tunnel server "$A" -s -i tun0
tunnel client "$B" -c 10.88.0.1 -i tun0 --fwmark 42
reaches "$B" 172.16.3.1
stop client
stop server
