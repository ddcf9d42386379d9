# SPDX-License-Identifier: MIT
# The pid file holds the process id while it runs; a running one is not overwritten, a stale one is.
. tests/e2e/lib.sh
two_hosts

cd "$DIR"
tunnel server "$A" -s -i tun0 --pidfile server.pidfile
[ "$(cat server.pidfile)" = "$(pid server)" ] || fail "$(cat server.pidfile)"
refuses 1 "is running, process $(pid server)" \
	on "$A" "$TUNNEL" -s -i tun1 -p 7000 --pidfile server.pidfile
[ "$(cat server.pidfile)" = "$(pid server)" ] || fail "overwritten"
kill -9 "$(pid server)"
status server
tunnel server "$A" -s -i tun0 --pidfile server.pidfile
[ "$(cat server.pidfile)" = "$(pid server)" ] || fail "the stale one stays"
stop server
[ ! -e server.pidfile ] || fail "not removed"
refuses 1 "--pidfile /nonexistent/x: No such file or directory" \
	on "$A" "$TUNNEL" -s --pidfile /nonexistent/x
