# SPDX-License-Identifier: MIT
# simpletun: an end inside a frame writes 0 bytes to the tun and exits 1; inside a length it exits 0.
# Here: the peer is lost, which is said, and the server lives on.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -d -i tun0
n=0
for part in send:00 send:001c send:001c450000; do
	on "$B" "$WIRE" connect 10.88.0.1 $part close >/dev/null
	n=$((n + 1))
	"$AWAIT" text -n $n "$DIR/server.log" "closed the connection in the middle of a frame" ||
		fail "$part is not told"
done
runs server
stop server
