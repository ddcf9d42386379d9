# SPDX-License-Identifier: MIT
# -w bounds the wait for the first peer, in both roles, with --once and with -D.
. tests/e2e/lib.sh
two_hosts

refuses 124 "no peer within 1 s (-w)" on "$A" "$TUNNEL" -s -i tun0 -w 1 -q
refuses 124 "no peer within 1 s (-w)" on "$A" "$TUNNEL" -c 10.88.0.2 -i tun0 -w 1 -q
refuses 124 "no peer within 1 s (-w)" on "$A" "$TUNNEL" -c 10.88.0.2 -i tun0 -w 1 -1 -q
refuses 124 "no peer within 1 s (-w)" on "$A" "$TUNNEL" -c 10.88.0.2 -i tun0 -w 1 -D -q

# A peer that came and went was a peer.
tunnel server "$A" -s -i tun0 -w 1
on "$B" "$WIRE" connect 10.88.0.1 quiet:1200 close >/dev/null || :
runs server
stop server
