# SPDX-License-Identifier: MIT
# simpletun ignores what its ioctls say. Here a setting that fails ends it, with status 3 and why.
. tests/e2e/lib.sh
two_hosts
quiet_devices "$A"

refuses 3 "-l fd00::1/64: IPv6 is disabled here; enable it with" \
	on "$A" "$TUNNEL" -s -i tun0 -l fd00::1/64
has "does not exist" ip -n "$A" link show tun0
ip -n "$B" tuntap add dev tun456789012345 mode tun
ip -n "$B" addr add 10.1.0.1/24 dev tun456789012345
refuses 3 "too long for a second IPv4 address" \
	on "$B" "$TUNNEL" -s -i tun456789012345 -l 10.2.0.1/24
has 10.1.0.1/24 ip -n "$B" addr show dev tun456789012345
