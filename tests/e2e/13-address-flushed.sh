# SPDX-License-Identifier: MIT
# The client's host loses its address for a while, and then the server's.
. tests/e2e/lib.sh
two_hosts

pair -t 2
for end in "$B:2" "$A:1"; do
	ip -n "${end%:*}" addr flush dev eth0
	says client "has not answered for 2 s"
	ip -n "${end%:*}" addr add "10.88.0.${end#*:}/24" dev eth0
	comes_back "$B" 172.16.3.1
	"$AWAIT" text -w 1 "$DIR/client.log" "connected to" || fail "not reconnected"
	: >"$DIR/client.log"
done
runs server
stop client
stop server
