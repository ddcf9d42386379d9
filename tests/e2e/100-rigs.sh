# SPDX-License-Identifier: MIT
# The rigs in scripts/ that people copy work as they stand and leave nothing behind, also when TERM
# ends them between two steps. In a network of our own, so that a device left there would be seen.
[ -n "${OWN_NETWORK:-}" ] || OWN_NETWORK=1 exec unshare -n sh "$0"
. tests/e2e/lib.sh

ip -o link >"$DIR/devices"
mkdir "$DIR/bin"

# rig STATUS COMMAND...: it must end with STATUS; nothing may be left. What it starts is known by
# SCENE in its environment.
rig() {
	rig_status=$1
	shift
	status=0
	env SCENE="$DIR" BUILD="$BUILD" "$@" >"$DIR/rig.out" 2>"$DIR/rig.log" &
	rig_pid=$!
	PIDS="$PIDS $rig_pid"
	wait "$rig_pid" || status=$?
	rig_left=
	for path in /run/netns/rig$rig_pid-*; do
		[ ! -e "$path" ] || { rig_left="$rig_left $path" && ip netns del "${path##*/}"; }
	done
	[ ! -e "/run/rig$rig_pid" ] || { rig_left="$rig_left /run/rig$rig_pid" && rm -rf "/run/rig$rig_pid"; }
	# The last ones have been told to end; that takes a moment.
	for path in $(grep -l -a -F "SCENE=$DIR" /proc/[0-9]*/environ 2>/dev/null); do
		pid=${path#/proc/} pid=${pid%/environ}
		PIDS="$PIDS $pid"
		"$AWAIT" exit -w 5 "$pid" || rig_left="$rig_left $pid"
	done
	[ "$status" = "$rig_status" ] || fail "$*: status $status, not $rig_status"
	[ -z "$rig_left" ] || fail "$*: leaves$rig_left"
	ip -o link | cmp -s - "$DIR/devices" || fail "$*: leaves $(ip -o link)"
}

shows() { # shows LINE, a regular expression, in the output of the last rig
	grep -q -x -- "$1" "$DIR/rig.out" || {
		cat "$DIR/rig.out"
		fail "the rig does not say: $1"
	}
}

# What a rig runs in our hands: it sends TERM to the rig when the Nth tunnel is ready, ...
cat >"$DIR/bin/tunnel" <<END
#!/bin/sh
"$TUNNEL" "\$@" || exit
case " \$* " in *" -D "*) echo >>"$DIR/started" ;; esac
[ "\$(cat "$DIR/started" 2>/dev/null | wc -l)" != "\$NTH" ] || kill "\$PPID"
END
# ... and when it begins to use them; what runs beside it then must end, too.
cat >"$DIR/bin/ping" <<END
#!/bin/sh
kill "\$PPID"
END
cat >"$DIR/bin/probe" <<END
#!/bin/sh
[ "\$1" != source ] || { kill "\$PPID" && exit 1; }
exec "$PROBE" "\$@"
END
chmod +x "$DIR"/bin/*

# In a user namespace tcpdump cannot run, since it insists on setting its groups.
tcpdump=
if command -v tcpdump >/dev/null; then
	tcpdump=yes
	! grep -q deny /proc/self/setgroups || tcpdump=no
fi

nrigs=0
for script in scripts/rig-*.sh; do
	name=${script#scripts/rig-} name=${name%.sh}
	[ "$name$tcpdump" != captureno ] || continue
	nrigs=$((nrigs + 1))

	rig 0 TUNNEL="$TUNNEL" "$script"
	case $name in
	two-hosts)
		shows "right reaches left through the tunnel, encrypted: 172.16.3.1 answers"
		;;
	bridged-sites)
		shows "west-host reaches east-host in its own subnet: 10.1.0.2 answers"
		shows "broadcasts pass: ARP at west-host has found east-host's own [0-9a-f:]*"
		;;
	two-tunnels)
		shows "hub reaches one through tun1, port 55556: 10.1.0.2 answers"
		shows "hub reaches two through tun2, port [1-9][0-9]*: 10.2.0.2 answers"
		;;
	boxed-client)
		shows "the box reaches the gate through the tunnel: 172.16.3.1 answers"
		shows "and nothing else: host reaches 192.0.2.1, the box has no route to it"
		;;
	routed)
		shows "the applications reach each other without NAT: 10.1.0.2 and 10.2.0.2 answer"
		shows "a TCP transfer from west-app to east-app: 10000000 bytes, .*"
		;;
	capture)
		case $tcpdump in
		yes) shows ".* 172.16.3.1 > 172.16.3.2: ICMP echo reply.*" ;;
		*) shows "nothing captured: tcpdump is missing.*" ;;
		esac
		;;
	*)
		fail "what does $script show?"
		;;
	esac

	for nth in 1 2; do
		rm -f "$DIR/started"
		rig 1 TUNNEL="$DIR/bin/tunnel" NTH=$nth "$script"
		[ "$(wc -l <"$DIR/started")" = $nth ] || fail "$script: goes on after TERM"
		has_not answer cat "$DIR/rig.out"
	done
	rig 1 TUNNEL="$TUNNEL" PATH="$DIR/bin:$PATH" BUILD="$DIR/bin" "$script"
	has_not transfer cat "$DIR/rig.out"
done
[ $nrigs -ge 5 ] || fail "there are $nrigs rigs"

# Copied to somewhere else, and with a tunnel that is installed.
cp scripts/rig-two-hosts.sh "$DIR/mine.sh"
mkdir "$DIR/installed"
cp "$TUNNEL" "$DIR/installed/tunnel"
cd "$DIR"
unset TUNNEL
rig 0 PATH="$DIR/installed:$PATH" ./mine.sh
shows "right reaches left .*"
