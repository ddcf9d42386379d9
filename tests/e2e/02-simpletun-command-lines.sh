# SPDX-License-Identifier: MIT
# The command lines that simpletun's users have in their scripts work as they stand.
. tests/e2e/lib.sh
two_hosts

start_tunnel server "$A" -i tun0 -s -u -d -p 8080
says server "listening on port 8080"
start_tunnel client "$B" -i tun0 -c 10.88.0.1 -d -p 8080
says client "connected to 10.88.0.1:8080"
comes_back "$B" 172.16.3.1
stop client
stop server
