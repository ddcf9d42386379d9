# SPDX-License-Identifier: MIT
# --once ends with the first connection, and the status tells how that ended.
. tests/e2e/lib.sh
two_hosts

# the peer closes: 0, both roles
tunnel server "$A" -s -1 -i tun0
tunnel client "$B" -c 10.88.0.1 -1 -i tun0
stop client
expect_status server 0
tunnel server "$A" -s -i tun0
tunnel client "$B" -c 10.88.0.1 -1 -i tun0
stop server
expect_status client 0

# no server: 4, at once
refuses 4 "cannot connect to 10.88.0.1:55555: Connection refused" \
	on "$B" "$TUNNEL" -c 10.88.0.1 -1 -i tun0

# the peer resets: 5
tunnel server "$A" -s -1 -i tun0
on "$B" "$WIRE" connect 10.88.0.1 rst >/dev/null
expect_status server 5
says server "is lost"

# the peer ends in mid-frame: 5
tunnel server "$A" -s -1 -i tun0
on "$B" "$WIRE" connect 10.88.0.1 send:001c45 close >/dev/null
expect_status server 5
says server "in the middle of a frame"

# the peer breaks the protocol: 6
tunnel server "$A" -s -1 -i tun0
on "$B" "$WIRE" connect 10.88.0.1 frame:00112233 drain >/dev/null
expect_status server 6

# the peer falls silent: 5
tunnel server "$A" -s -1 -i tun0 -t 2
tunnel client "$B" -c 10.88.0.1 -i tun0
cut_off 2
expect_status server 5
mend 2
stop client

# HUP ends it
tunnel server "$A" -s -1 -i tun0
tunnel client "$B" -c 10.88.0.1 -1 -i tun0
kill -HUP "$(pid server)"
expect_status server 0
expect_status client 0

# a server that closes at once has closed all the same
start listener "$B" "$WIRE" listen -p 7000 close
"$AWAIT" text "$DIR/listener.out" listening
refuses 0 "closed the connection" on "$A" "$TUNNEL" -1 -c 10.88.0.2 -p 7000 -i tun0 -w 5
