# SPDX-License-Identifier: MIT
# A tunnel that is told to end does so when --down has run, for which the device is still there; what takes
# longer than 10 s is left to itself.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/go" "$DIR/never"
# shellcheck disable=SC2016 # for the hook
tunnel server "$A" -s -i tun0 \
	--down "echo begun >'$DIR/begun'; read -r word <'$DIR/go'; ip link show \$TUNNEL_DEV >'$DIR/device'"
tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10 \
	--down "echo \$PPID begun >'$DIR/left'; read -r word <'$DIR/never'; echo end >'$DIR/left'"
reaches "$B" 172.16.3.1
kill "$(pid client)"
"$AWAIT" text "$DIR/left" begun
"$AWAIT" text "$DIR/begun" begun
kill "$(pid server)"
kill "$(pid server)" # once is enough
runs server
echo go >"$DIR/go"
expect_status server 0
grep -q tun0 "$DIR/device" || fail "the device was not there, or it has not waited"

"$AWAIT" exit -w 20 "$(pid client)"
expect_status client 0
says client "--down is still running, it is left to itself"
read -r helper word <"$DIR/left"
echo go >"$DIR/never"
"$AWAIT" exit "$helper"
grep -q end "$DIR/left" || fail "its end did not come"
