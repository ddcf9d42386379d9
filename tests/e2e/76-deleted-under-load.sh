# SPDX-License-Identifier: MIT
# A device that is deleted under load ends the tunnel with one line.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0
start flood "$B" "$WIRE" connect 10.88.0.1 flood:5:001c$TO_NOBODY drain
capture captor "$A" "$TO_NOBODY"
expect_status captor 0
ip -n "$A" link del tun0
expect_status server 3
[ "$(grep -c "the device was deleted" "$DIR/server.log")" = 1 ] || fail "said more than once"
status flood
