#!/bin/sh
# SPDX-License-Identifier: MIT
# The speed of sealing on each path, beside openssl's, and of X25519. All are measured in turn,
# ROUNDS times, so that a busy moment hits all of them; what is printed is the median.
#
#   BUILD=build [ROUNDS=5] scripts/bench-crypto.sh
#
# openssl has three figures: "aead" does what sealing does, key, nonce and tag for each message;
# "update" goes on and on with one message and leaves those out; "noavx512" is "aead" without AVX-512,
# which is what our AVX2 path is to be compared with.
set -eu

BUILD=${BUILD:-build}
ROUNDS=${ROUNDS:-5}
SIZES='65536 1420'
MS=300
bench=$BUILD/bench-crypto
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
paths=$($bench paths)
openssl=
if ! command -v openssl >/dev/null; then
	echo "skipped: openssl is missing, apt-get install openssl"
elif openssl speed -help 2>&1 | grep -q -- -aead; then
	openssl='aead update noavx512'
else
	echo "skipped: this openssl cannot measure chacha20-poly1305"
fi

# openssl_speed KIND BYTES
openssl_speed() {
	aead=
	[ "$1" = update ] || aead=-aead
	ia32cap=
	[ "$1" != noavx512 ] || ia32cap=:~0xc0230000 # F, DQ, IFMA, BW, VL
	# shellcheck disable=SC2086 # no option when empty
	env ${ia32cap:+OPENSSL_ia32cap=$ia32cap} openssl speed -mr -seconds 1 -bytes "$2" $aead -evp chacha20-poly1305 2>/dev/null |
		awk -F: '/^\+F/ { print $NF }'
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for round in $(seq "$ROUNDS"); do
	for bytes in $SIZES; do
		for path in $paths; do
			$bench seal "$path" "$bytes" $MS >>"$out/$path.$bytes"
		done
		for kind in $openssl; do
			openssl_speed "$kind" "$bytes" >>"$out/openssl-$kind.$bytes"
		done
	done
	$bench x25519 $MS >>"$out/x25519"
	$bench handshake $MS >>"$out/handshake"
done

printf '%-8s %-16s %8s' bytes what GB/s
for kind in $openssl; do printf ' %12s' "of $kind"; done
echo
for bytes in $SIZES; do
	for what in $paths $(for kind in $openssl; do echo "openssl-$kind"; done); do
		ours=$(median "$out/$what.$bytes")
		echo "$bytes $what $ours" | awk '{ printf "%-8s %-16s %8.2f", $1, $2, $3 / 1e9 }'
		for kind in $openssl; do
			echo "$ours $(median "$out/openssl-$kind.$bytes")" |
				awk '{ printf " %11.0f%%", 100 * $1 / $2 }'
		done
		echo
	done
done
for what in x25519 handshake; do
	echo "$what $(median "$out/$what")" | awk '{ printf "%-9s %.1f us\n", $1, $2 / 1000 }'
done
