# SPDX-License-Identifier: MIT
# simpletun: -h goes to standard error and exits 1.
. tests/e2e/lib.sh

"$TUNNEL" -h >"$DIR/help" 2>"$DIR/err" || fail "status $?"
[ ! -s "$DIR/err" ] || fail "on standard error"
has "tunnel -c HOST [options]" cat "$DIR/help"
"$TUNNEL" --version >"$DIR/version" || fail "status $?"
has "tunnel " cat "$DIR/version"
status=0
"$TUNNEL" -h >/dev/full 2>/dev/null || status=$?
[ $status = 1 ] || fail "help that could not be written is status $status"
