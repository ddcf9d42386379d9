# SPDX-License-Identifier: MIT
# A ^C, which goes to all processes of a terminal's foreground group, ends the tunnel and no hook: --down
# runs once, to its end. So does a TERM to all that there are, as systemd sends it.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/go"
# shellcheck disable=SC2016 # for the hooks
down="echo begun >>'$DIR/down'; read -r word <'$DIR/go'; echo ended >>'$DIR/down'"
for keyed in "" "-k $DIR/key"; do
	[ -z "$keyed" ] || new_key key
	rm -f "$DIR/down" "$DIR/up"
	# shellcheck disable=SC2086 # words
	start server "$A" setsid "$TUNNEL" -s -i tun0 $keyed --up "echo \$PPID up >'$DIR/up'" --down "$down"
	# shellcheck disable=SC2086
	tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 $keyed
	"$AWAIT" text "$DIR/up" up
	read -r helper word <"$DIR/up"
	kill "$helper"
	kill -HUP "$helper"
	kill -INT "-$(pid server)"
	"$AWAIT" text "$DIR/down" begun
	kill -INT "-$(pid server)"
	echo go >"$DIR/go"
	expect_status server 0
	[ "$(tr '\n' ' ' <"$DIR/down")" = "begun ended " ] || fail "$(cat "$DIR/down")"
	stop client
done
