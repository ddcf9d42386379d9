# SPDX-License-Identifier: MIT
# systemd understands the whole unit, and finds it closed: exposure below 2.5 of 10.
. tests/e2e/lib.sh
command -v systemd-analyze >/dev/null || skip "systemd-analyze is missing, apt-get install systemd"

mkdir "$DIR/bin"
cp "$TUNNEL" "$DIR/bin/tunnel"
unit=$DIR/tunnel@.service
sed "s|@sbindir@|$DIR/bin|" src/systemd/tunnel@.service >"$unit"
grep -q "^ExecStart=$DIR/bin/tunnel " "$unit" || fail "$(grep ExecStart "$unit")"
! grep -q @sbindir@ "$unit" || fail "$(grep @sbindir@ "$unit")"
# The manual page is not installed here.
systemd-analyze --man=no verify "$unit" >"$DIR/verify.log" 2>&1 || fail "systemd-analyze verify"
[ ! -s "$DIR/verify.log" ] || fail "systemd-analyze verify"

status=0
systemd-analyze security --offline=true --threshold=25 "$unit" >"$DIR/security.log" 2>&1 || status=$?
! grep -q "unrecognized option" "$DIR/security.log" || skip "systemd-analyze is older than 250"
[ "$status" = 0 ] || fail "systemd-analyze security"
