# SPDX-License-Identifier: MIT
# --exit-fd ends the tunnel with whoever holds the other end, and reads nothing into what is said.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/fifo"
exec 5<>"$DIR/fifo"
start server "$A" "$TUNNEL" -s -i tun0 --exit-fd 6 6<"$DIR/fifo" 5<&-
says server "listening"
echo "hello" >&5
tunnel client "$B" -c 10.88.0.1 -i tun0 5<&-
reaches "$B" 172.16.3.1
exec 5<&-
expect_status server 0

# the writing end of a pipe does as well
exec 5<>"$DIR/fifo" 4<"$DIR/fifo"
start server "$A" "$TUNNEL" -s -i tun0 --exit-fd 6 6>"$DIR/fifo" 5<&- 4<&-
says server "listening"
exec 5<&-
comes_back "$B" 172.16.3.1
exec 4<&-
expect_status server 0
stop client
