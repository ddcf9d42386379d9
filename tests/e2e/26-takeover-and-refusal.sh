# SPDX-License-Identifier: MIT
# A newcomer from the peer's own address takes over, one from elsewhere is refused.
. tests/e2e/lib.sh
two_hosts
host "$C" 3

pair
on "$C" "$WIRE" connect 10.88.0.1 end >"$DIR/third.out" || fail "not refused"
says server "refused 10.88.0.3"
says server "the tunnel is in use by 10.88.0.2"
reaches "$B" 172.16.3.1

start newcomer "$B" "$WIRE" connect 10.88.0.1 hold:60000
says server "is replaced by a new connection from its address"
says client "closed the connection"
comes_back "$B" 172.16.3.1 # and the client takes it back in the same way
stop client
stop server
