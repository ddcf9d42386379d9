# SPDX-License-Identifier: MIT
# Either end is stopped or killed and started again; the other carries on with the new one.
. tests/e2e/lib.sh
two_hosts

pair
for i in 1 2 3; do
	stop server
	tunnel server "$A" -s -i tun0
	comes_back "$B" 172.16.3.1 3
done
kill -9 "$(pid server)"
status server
tunnel server "$A" -s -i tun0
comes_back "$B" 172.16.3.1 3

kill -9 "$(pid client)"
status client
tunnel client "$B" -c 10.88.0.1 -i tun0
reaches "$B" 172.16.3.1
stop client
tunnel client "$B" -c 10.88.0.1 -i tun0
reaches "$B" 172.16.3.1
stop client
stop server
