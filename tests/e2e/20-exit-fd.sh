# SPDX-License-Identifier: MIT
# --exit-fd ends the tunnel with whoever holds the other end, and reads nothing into what is said.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/fifo"
exec 8<>"$DIR/fifo"
start server "$A" "$TUNNEL" -s -i tun0 --exit-fd 6 6<"$DIR/fifo" 8<&-
says server "listening"
echo "hello" >&8
tunnel client "$B" -c 10.88.0.1 -i tun0
reaches "$B" 172.16.3.1
exec 8<&-
expect_status server 0

# the writing end of a pipe does as well
exec 8<>"$DIR/fifo" 9<"$DIR/fifo"
start server "$A" "$TUNNEL" -s -i tun0 --exit-fd 6 6>"$DIR/fifo" 8<&- 9<&-
says server "listening"
exec 8<&-
comes_back "$B" 172.16.3.1
exec 9<&-
expect_status server 0
stop client
