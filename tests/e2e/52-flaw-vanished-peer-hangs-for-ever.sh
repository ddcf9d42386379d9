# SPDX-License-Identifier: MIT
# simpletun: no connect timeout, no keepalive: a vanished peer is never noticed.
. tests/e2e/lib.sh
two_hosts

# idle on both sides, so that only keepalive can notice
quiet_devices "$A"
quiet_devices "$B"
pair -t 2
cut_off 2
says server "has not answered for 2 s"
says client "has not answered for 2 s"
# and the next connection attempt, into the void, has an end
start_tunnel once "$B" -1 -c 10.88.0.1 -i tun1 -l 172.16.9.1/24
says once "cannot connect to 10.88.0.1:55555"
expect_status once 4
mend 2
comes_back "$B" 172.16.3.1 15
stop client
stop server
