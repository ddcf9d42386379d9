# SPDX-License-Identifier: MIT
# --genkey prints a key, another one each time, warns of a file that others can read, and does nothing
# else.
. tests/e2e/lib.sh
umask 077

"$TUNNEL" --genkey >"$DIR/one" 2>"$DIR/one.log"
"$TUNNEL" --genkey >"$DIR/two" 2>"$DIR/two.log"
[ ! -s "$DIR/one.log" ] || fail "$(cat "$DIR/one.log")"
for key in one two; do
	[ "$(wc -lc <"$DIR/$key" | tr -s ' ' | sed 's/^ //')" = "1 45" ] || fail "not a line of 44 characters"
	[ "$(base64 -d "$DIR/$key" | wc -c)" = 32 ] || fail "not 32 bytes"
done
! cmp -s "$DIR/one" "$DIR/two" || fail "the same key twice"

# through a pipe nobody can be warned; of a file that others can read one is, and it has a key all the same
[ "$("$TUNNEL" --genkey 2>&1 | wc -l)" = 1 ] || fail "says more than the key"
(umask 022 && "$TUNNEL" --genkey >"$DIR/open" 2>"$DIR/open.log") || fail "status $?"
has "the file is open to others, mode 0644; \"chmod 600\" it" cat "$DIR/open.log"
[ "$(wc -c <"$DIR/open")" = 45 ] || fail "no key"
! grep -q -F -e "$(cat "$DIR/open")" "$DIR/open.log" || fail "tells the key"

refuses 2 "--genkey: goes with no other option" "$TUNNEL" --genkey -s
refuses 2 "--genkey: goes with no other option" "$TUNNEL" -s --genkey
refuses 2 "--genkey: goes with no other option" "$TUNNEL" --genkey --genkey
refuses 2 "--genkey=x: takes no value" "$TUNNEL" --genkey=x
status=0
"$TUNNEL" --genkey >/dev/full 2>"$DIR/full.log" || status=$?
[ "$status" = 1 ] || fail "a full disk: status $status"
has "--genkey: No space left on device" cat "$DIR/full.log"
