# SPDX-License-Identifier: MIT
# With a key an end says when it ends; so a connection that ends without that was cut off, whoever did
# it, and --once tells by its status.
. tests/e2e/lib.sh
two_hosts
host "$C" 3
new_key key

once_pair() { # through the man in the middle
	tunnel server "$A" -s -1 -i tun0 -k "$DIR/key"
	tunnel client "$B" -c 10.88.0.3 -1 -i tun0 -w 10 -k "$DIR/key"
	reaches "$B" 172.16.3.1
}

relay "$C" 10.88.0.1
once_pair
stop client
expect_status server 0
says server "closed the connection"
once_pair
stop server
expect_status client 0
says client "closed the connection"
once_pair
kill -HUP "$(pid server)"
expect_status server 0
expect_status client 0

once_pair
kill -9 "$(pid client)"
expect_status server 5
says server "is cut off: the connection has ended without a word of the peer"
status client
once_pair
kill -9 "$(pid server)"
expect_status client 5
says client "is cut off: the connection has ended without a word of the peer"
status server

once_pair
order cut
for end in server client; do
	expect_status $end 5
	says $end "is cut off: the connection has ended without a word of the peer"
done
once_pair
order reset
for end in server client; do
	expect_status $end 5
	says $end "is lost: Connection reset by peer"
done

# without --once it comes back, and the end that goes on says the same
tunnel server "$A" -s -i tun0 -k "$DIR/key"
tunnel client "$B" -c 10.88.0.3 -i tun0 -w 10 -k "$DIR/key"
reaches "$B" 172.16.3.1
order cut
says client "is cut off"
says server "is cut off"
comes_back "$B" 172.16.3.1
stop client
stop server
