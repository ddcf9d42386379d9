#!/bin/sh
# SPDX-License-Identifier: MIT
# Does the time of the cryptography depend on a secret? tests/ctgrind.c under valgrind, built with gcc
# and clang at -O1, -O2 and -O3, with 64-bit and with 32-bit limbs; see there how it works.
#
#   BUILD=build [CCS="gcc clang"] scripts/ctgrind.sh
#
# valgrind does not know AVX-512. There the machine code is looked at instead: what is in vector
# registers reaches a branch or an address only through certain instructions, and of those there must
# be none. (Poly1305 has to take its lanes' sums out of vectors; what follows is the same source as
# with AVX2.)
set -eu
cd "$(dirname "$0")/.."

BUILD=${BUILD:-build}
CCS=${CCS:-gcc clang}
crypto='src/chacha20.c src/poly1305.c src/chacha20poly1305.c src/x25519.c src/blake2s.c src/noise.c
	src/keyed.c src/keyfile.c'
nruns=0 failed=0

if ! command -v valgrind >/dev/null; then
	echo "skipped: valgrind is missing, apt-get install valgrind"
	exit 0
fi
if [ ! -e /usr/include/valgrind/memcheck.h ] &&
   ! echo '#include <valgrind/memcheck.h>' | cc -E - >/dev/null 2>&1; then
	echo "skipped: valgrind/memcheck.h is missing, apt-get install valgrind"
	exit 0
fi
mkdir -p "$BUILD/ctgrind"

# From vectors to flags, masks or addresses; and to general registers.
deciding='v?pmovmsk|v?movmsk|v?ptest|vtest|kortest|ktest|kmov|vpcmp|vcomis|vucomis|[^ ]*gather|[^ ]*scatter'
leaving="$deciding|vpextr|vmov[dq] +%xmm[0-9]+,%[er]"

# look_at BINARY FUNCTION INSTRUCTIONS: there must be none of these
look_at() {
	objdump -d --no-show-raw-insn "$1" |
		awk -v f="<$2>:" '$2 == f { on = 1; next } /^$/ { on = 0 } on' >"$1.asm"
	lines=$(wc -l <"$1.asm")
	if [ "$lines" -lt 100 ]; then
		echo "$2: not found: WRONG"
		failed=$((failed + 1))
	elif grep -E "[[:space:]]($3)" "$1.asm"; then
		echo "$2: the above lets vectors decide: WRONG"
		failed=$((failed + 1))
	else
		echo "$2: $lines instructions, none that lets vectors decide"
	fi
}

for cc in $CCS; do
	if ! command -v "$cc" >/dev/null; then
		echo "skipped: $cc is missing"
		continue
	fi
	for level in -O1 -O2 -O3; do
		for limbs in '' '-DPOLY1305_LIMBS32 -DX25519_LIMBS32'; do
			name=$BUILD/ctgrind/$cc$level${limbs:+-limbs32}
			echo "== $cc $level $limbs"
			# shellcheck disable=SC2086 # lists
			$cc -std=gnu11 -D_GNU_SOURCE -DCRYPTO_CTGRIND $limbs -Iinclude $level -gdwarf-4 \
				-o "$name" tests/ctgrind.c $crypto
			nruns=$((nruns + 1))
			if ! valgrind -q --log-file="$name.log" "$name"; then
				failed=$((failed + 1))
				head -n 40 "$name.log"
			fi
			[ -z "$limbs" ] && [ "$(uname -m)" = x86_64 ] || continue
			look_at "$name" blocks_avx512 "$leaving"
			look_at "$name" absorb_lanes_avx512 "$deciding"
		done
	done
done
echo "ctgrind: $nruns builds, $failed failures"
[ $failed = 0 ]
