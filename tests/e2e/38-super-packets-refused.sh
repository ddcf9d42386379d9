# SPDX-License-Identifier: MIT
# A kernel that refuses super-packets (6.1.103, 6.6.44 and 6.10.3 do) gets their packets one by one,
# none is lost, and after some refusals no more are made.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts

"$BUILD/older" run true || skip "this kernel has no seccomp"

# A writev() of 3 parts has the headers and 2 payloads.
printf '#!/bin/sh\nexec "%s" run -v 3 "%s" "$@"\n' "$BUILD/older" "$TUNNEL" >"$DIR/older"
chmod +x "$DIR/older"
for kind in -u -a; do
	ours=$TUNNEL
	TUNNEL=$DIR/older
	tunnel server "$A" $kind -s -i tun0 -l 172.16.3.1 -l fd00::1
	TUNNEL=$ours
	tunnel client "$B" $kind -c 10.88.0.1 -i tun0 -w 10 -l 172.16.3.2 -l fd00::2
	everything
	says server "does not take super-packets"
	[ "$(counter server rx_supers)" = 0 ] || fail "some were taken"
	[ "$(counter server rx_refused)" = 0 ] || fail "packets were lost"
	[ "$(counter server tx_supers)" != 0 ] || fail "it no longer cuts"
	uses_offload client ""
	[ "$(grep -c "does not take super-packets" "$DIR/server.log")" -le 3 ] || fail "it goes on trying"
	stop client
	stop server
done
