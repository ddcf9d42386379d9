# SPDX-License-Identifier: MIT
# What is cut from a super-packet is what the kernel itself would have cut, byte for byte: the same
# packets go into a tunnel with offload and into one without, where the kernel must cut them.
. tests/e2e/lib.sh
. tests/e2e/supers.sh
two_hosts
quiet_devices "$A"
MACS=020000000002020000000001

# As IP packets, as Ethernet frames, and those with one and with two VLAN tags.
for ethernet in "" $MACS ${MACS}81000007 ${MACS}88a8000781000008; do
	segments "$DIR/ours" "$ethernet" ${ethernet:+-a}
	[ "$cut" -ge 10 ] || fail "only $cut super-packets reached the tunnel"
	segments "$DIR/kernels" "$ethernet" ${ethernet:+-a} --no-offload
	[ "$cut" = 0 ] || fail "a super-packet in spite of --no-offload"
	cmp "$DIR/ours" "$DIR/kernels" || fail "ethernet header $ethernet: other segments"
done
