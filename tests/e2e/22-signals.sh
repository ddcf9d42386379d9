# SPDX-License-Identifier: MIT
# HUP drops the peer and starts over, in both roles; USR1 prints the counters.
. tests/e2e/lib.sh
two_hosts

pair
reaches "$B" 172.16.3.1
kill -USR1 "$(pid server)"
says server "tx_packets="
kill -HUP "$(pid server)"
says server "HUP: starting over"
comes_back "$B" 172.16.3.1 3
kill -HUP "$(pid client)"
says client "HUP: starting over"
comes_back "$B" 172.16.3.1 3
kill -INT "$(pid client)"
expect_status client 0
stop server
