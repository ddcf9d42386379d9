# SPDX-License-Identifier: MIT
# The key is in no message, not on the command line and not in the environment, and a crash writes no
# core.
. tests/e2e/lib.sh
two_hosts
new_key key
key=$(cat "$DIR/key")

tunnel server "$A" -dd -s -i tun0 -k "$DIR/key"
echo "$ready" >"$DIR/ready"
tunnel client "$B" -dd -c 10.88.0.1 -i tun0 -w 10 -k "$DIR/key"
echo "$ready" >>"$DIR/ready"
reaches "$B" 172.16.3.1
counter server peers >/dev/null
counter client peers >/dev/null
hex=$(base64 -d "$DIR/key" | od -An -v -tx1 | tr -d ' \n')
for end in server client; do
	tr '\0' '\n' <"/proc/$(pid $end)/cmdline" >"$DIR/$end.cmdline"
	tr '\0' '\n' <"/proc/$(pid $end)/environ" >"$DIR/$end.environ"
done
[ -s "$DIR/server.cmdline" ] && [ -s "$DIR/server.log" ] || fail "nothing to look at"
for text in "$key" "${key%?????}" "$hex"; do
	for file in server.log client.log server.out client.out ready server.cmdline server.environ \
		client.cmdline client.environ; do
		! grep -q -i -F -e "$text" "$DIR/$file" || fail "the key is in $file"
	done
done
for end in server client; do
	has "Max core file size        0                    0 " cat "/proc/$(pid $end)/limits"
done
stop client
stop server

# A process that may be dumped belongs to its user in /proc, else to root; so not as root.
owner= # of the last one
as_nobody() { # as_nobody OPTIONS...: a server on A
	start nobody "$A" sh -c 'exec setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps "$1" --ambient-caps "$1" "$2" -s -i tun0 $3 <"$0"' \
		"$DIR/key" +net_admin,+dac_override "$TUNNEL" "$*"
	says nobody "listening"
	owner=$(stat -c %u "/proc/$(pid nobody)/status")
	stop nobody
}
if setpriv --reuid 65534 --clear-groups "$TUNNEL" -V >/dev/null 2>&1; then
	as_nobody
	[ "$owner" = 65534 ] || fail "without a key it belongs to user $owner"
	as_nobody -k -
	[ "$owner" = 0 ] || fail "user $owner may dump it"
fi

# with a core_pattern like "core" the file would be in the working directory
case $(cat /proc/sys/kernel/core_pattern) in "|"* | /*) skip "core_pattern leads elsewhere" ;; esac
mkdir "$DIR/cwd"
crash() { # crash OPTIONS...: ended by SEGV; $cores are there then
	start crashing "$A" sh -c 'ulimit -c unlimited 2>/dev/null; cd "$0" && exec "$@"' \
		"$DIR/cwd" "$TUNNEL" -s -i tun0 "$@"
	says crashing "listening"
	kill -SEGV "$(pid crashing)"
	status crashing
	[ "$status" = 139 ] || fail "SEGV: status $status"
	cores=$(find "$DIR/cwd" -type f | wc -l)
}
crash -k "$DIR/key"
[ "$cores" = 0 ] || fail "a core is there"
crash
[ "$cores" = 1 ] || skip "no program leaves a core here"
