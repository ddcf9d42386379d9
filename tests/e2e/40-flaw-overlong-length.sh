# SPDX-License-Identifier: MIT
# simpletun: a length up to 65535 is read into 2000 bytes, a remote stack overflow.
# Here: any length is a legal one; nothing happens but a packet that the kernel may not take.
. tests/e2e/lib.sh
two_hosts

tunnel server "$A" -s -i tun0
on "$B" "$WIRE" connect 10.88.0.1 send:ffff fill:65535:45 send:ffff fill:65535:61 \
	"frame:$TO_NOBODY" close >/dev/null
says server "closed the connection"
runs server
tunnel client "$B" -c 10.88.0.1 -i tun0
reaches "$B" 172.16.3.1
stop client
stop server
