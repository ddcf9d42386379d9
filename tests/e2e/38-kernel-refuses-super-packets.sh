# SPDX-License-Identifier: MIT
# A kernel that refuses super-packets, as some releases do: their packets are written singly, and after
# a few refusals no more are made. strace plays that kernel.
. tests/e2e/lib.sh
command -v strace >/dev/null || skip "strace is missing, apt-get install strace"
two_hosts

tunnel server "$A" -s -i tun0
tunnel client "$B" -c 10.88.0.1 -i tun0
strace -o /dev/null -e trace=writev -e inject=writev:error=EINVAL:when=30..300+9 -p "$(pid server)" \
	2>"$DIR/strace.log" &
strace=$!
PIDS="$PIDS $strace"
"$AWAIT" text "$DIR/strace.log" attached 2>/dev/null || skip "strace cannot attach here"
start sink "$A" "$PROBE" sink -w 30 -p 7000
"$AWAIT" text "$DIR/sink.out" listening
on "$B" "$PROBE" source -w 30 -p 7000 -n 30000000 172.16.3.1 >"$DIR/source.out"
expect_status sink 0
sum=$(sed -n 's/.*checksum \([0-9a-f]*\).*/\1/p' "$DIR/source.out")
has "$sum" cat "$DIR/sink.out"
says server "the kernel does not take super-packets of this kind; going on without them"
kill "$strace"
"$AWAIT" exit "$strace"
stop client
stop server
