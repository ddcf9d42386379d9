# SPDX-License-Identifier: MIT
# The client may be first: it tries until the server is there.
. tests/e2e/lib.sh
two_hosts

start_tunnel client "$B" -c 10.88.0.1 -i tun0
says client "Connection refused; is the server running there"
tunnel server "$A" -s -i tun0
says client "connected to"
comes_back "$B" 172.16.3.1
stop client
stop server
