# SPDX-License-Identifier: MIT
# simpletun's descendants replace what the administrator had put on the device.
. tests/e2e/lib.sh
two_hosts

ip -n "$A" tuntap add dev tun0 mode tun
ip -n "$A" addr add 10.77.0.1/30 dev tun0
tunnel server "$A" -s -i tun0
has 10.77.0.1/30 ip -n "$A" addr show dev tun0
has_not 172.16.3.1 ip -n "$A" addr show dev tun0
stop server
has 10.77.0.1/30 ip -n "$A" addr show dev tun0
tunnel server "$A" -s -i tun0 -l 10.66.0.1/24
has 10.77.0.1/30 ip -n "$A" addr show dev tun0
has 10.66.0.1/24 ip -n "$A" addr show dev tun0
stop server
