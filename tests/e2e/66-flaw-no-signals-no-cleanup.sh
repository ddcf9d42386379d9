# SPDX-License-Identifier: MIT
# simpletun handles no signal, cleans nothing up, hands its descriptors on and counts nothing.
. tests/e2e/lib.sh
two_hosts

for signal in INT TERM; do
	tunnel server "$A" -s -i tun0 --pidfile "$DIR/pid"
	kill -$signal "$(pid server)"
	expect_status server 0
	has "does not exist" ip -n "$A" link show tun0
	[ ! -e "$DIR/pid" ] || fail "the pid file stays"
done

pair
on "$B" "$PROBE" ping -n 3 172.16.3.1 >/dev/null
kill -USR1 "$(pid server)"
says server "peer=10.88.0.2:"
says server "rx_packets="
# every descriptor of our own is closed on exec: bit 02000000 in octal
for fd in "/proc/$(pid server)/fd"/*; do
	n=${fd##*/}
	[ "$n" -gt 2 ] || continue
	case $(readlink "$fd") in
	*tun* | socket:* | anon_inode:*)
		grep -q '^flags:[[:space:]]*[0-9]*2[0-9]\{6\}$' "/proc/$(pid server)/fdinfo/$n" ||
			fail "descriptor $n, $(readlink "$fd"), is not closed on exec"
		;;
	esac
done
stop client
stop server
