# SPDX-License-Identifier: MIT
# A pid file that was replaced by another tunnel's is not removed by the first.
. tests/e2e/lib.sh
two_hosts

tunnel first "$A" -s -i tun0 --pidfile "$DIR/pidfile"
rm "$DIR/pidfile"
tunnel second "$B" -s -i tun0 --pidfile "$DIR/pidfile"
stop first
[ "$(cat "$DIR/pidfile")" = "$(pid second)" ] || fail "it removed another's pid file"
stop second
[ ! -e "$DIR/pidfile" ] || fail "not removed"
