# SPDX-License-Identifier: MIT
# A kernel that can do less is asked for less: each level of offload works with a peer that has it all,
# and -d says which one is in use.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts
CSUM=1 TSO=6 USO=96 # TUN_F_...

"$BUILD/older" run true || skip "this kernel has no seccomp"

# with_level MASK SUPERS TEXT: the kernel refuses what has bits of MASK; are large packets read?
with_level() {
	on_kernel=$TUNNEL
	printf '#!/bin/sh\nexec "%s" run -o %s "%s" "$@"\n' "$BUILD/older" "$1" "$TUNNEL" >"$DIR/older"
	chmod +x "$DIR/older"
	TUNNEL=$DIR/older
	tunnel server "$A" -d -s -i tun0 -l 172.16.3.1 -l fd00::1
	TUNNEL=$on_kernel
	says server "offload: $3"
	tunnel client "$B" -d -c 10.88.0.1 -i tun0 -w 10 -l 172.16.3.2 -l fd00::2
	says client "offload: TCP and UDP super-packets both ways"
	everything
	uses_offload client ""
	[ "$(counter server rx_supers)" != 0 ] || fail "$3: merges nothing"
	case $2$(counter server tx_supers) in
	yes0 | no[1-9]*) fail "$3: tx_supers is $(counter server tx_supers)" ;;
	esac
	stop client
	stop server
}

with_level 0 yes "TCP and UDP super-packets both ways"
with_level $USO yes "TCP super-packets both ways"
with_level $((TSO | USO)) no "TCP super-packets to the device, checksums from it"
with_level $((CSUM | TSO | USO)) no "TCP super-packets to the device"

tunnel server "$A" -d -s -i tun0 --no-offload
says server "offload: one packet a read and a write"
stop server
