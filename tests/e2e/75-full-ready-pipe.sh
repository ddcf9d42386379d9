# SPDX-License-Identifier: MIT
# A --ready-fd that nobody empties does not hold the tunnel up.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/fifo"
exec 5<>"$DIR/fifo"
dd if=/dev/zero of="$DIR/fifo" bs=65536 count=1 2>/dev/null
start server "$A" "$TUNNEL" -s -i tun0 --ready-fd 6 6>"$DIR/fifo" 5<&-
says server "--ready-fd 6: Resource temporarily unavailable"
tunnel client "$B" -c 10.88.0.1 -i tun0
reaches "$B" 172.16.3.1
stop client
stop server
