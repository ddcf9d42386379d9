# SPDX-License-Identifier: MIT
# simpletun: whoever connects first owns the tunnel, it listens everywhere, on IPv4 only.
# Here: the server says so, -b and -4 or -6 limit it, and IPv6 works.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0 -b fd88::1
says server "whoever reaches port 55555 can use this tunnel"
refuses 4 "Connection refused" on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i tun0
tunnel client "$B" -c fd88::1 -i tun0
says client "connected to [fd88::1]:55555"
reaches "$B" 172.16.3.1
stop client
stop server
tunnel server "$A" -s -i tun0 -b 127.0.0.1
refuses 4 "Connection refused" on "$B" "$TUNNEL" -1 -c 10.88.0.1 -i tun0
stop server
