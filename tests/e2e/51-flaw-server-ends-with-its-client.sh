# SPDX-License-Identifier: MIT
# simpletun: the server ends with its client, and the client ends when there is no server yet.
. tests/e2e/lib.sh
two_hosts

start_tunnel client "$B" -c 10.88.0.1 -i tun0
says client "Connection refused"
tunnel server "$A" -s -i tun0
comes_back "$B" 172.16.3.1
stop client
says server "closed the connection"
runs server
tunnel client "$B" -c 10.88.0.1 -i tun0
reaches "$B" 172.16.3.1
stop server
says client "closed the connection"
runs client
stop client
