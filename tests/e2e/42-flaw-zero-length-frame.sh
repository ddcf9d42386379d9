# SPDX-License-Identifier: MIT
# simpletun: a frame of length zero ends it.
# Here: it is skipped, and what follows arrives; none is ever sent.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

tunnel server "$A" -s -i tun0
capture captor "$A"
on "$B" "$WIRE" connect 10.88.0.1 send:0000 send:00000000 "frame:$TO_NOBODY" close >/dev/null
captured captor "$TO_NOBODY"
runs server
stop server
