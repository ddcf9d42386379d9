#!/bin/sh
# SPDX-License-Identifier: MIT
# Do the unit tests notice when the cryptography is wrong? Each line of the table below breaks one
# thing in a copy; the tests must fail on it, or hang. Prints what was not caught, and "N caught of N".
#
#   [CC=gcc] [ONLY=PATTERN] scripts/mutate-crypto.sh
#
# Left out are changes that cannot matter: clearing bit 255 of X25519's scalar, which the ladder does
# not read, and its last exchange, which clamping makes idle (the RFC has both).
#
# A line: file ;; what it breaks ;; a sed script. The name of a file may be followed by
#   32	build with the 32-bit limbs
#   avx2, avx512	skipped where the CPU does not have that
set -eu
cd "$(dirname "$0")/.."

CC=${CC:-gcc}
ONLY=${ONLY:-}
modules='chacha20 poly1305 chacha20poly1305 x25519 blake2s noise keyfile keyed'
limbs32='-DPOLY1305_LIMBS32 -DX25519_LIMBS32'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/src" "$work/include" "$work/o" "$work/o32"

# compile OUT FLAGS: what has changed since OUT was made
compile() {
	for module in $modules; do
		[ -e "$1/$module.o" ] ||
			$CC -std=gnu11 -D_GNU_SOURCE -O2 -w $2 -I"$work/include" -c \
				-o "$1/$module.o" "$work/src/$module.c" || return 1
	done
	for test in wipe $modules keyed_model main; do
		[ -e "$1/t-$test.o" ] ||
			$CC -std=gnu11 -D_GNU_SOURCE -O2 -w $2 -I"$work/include" -Itests/unit -c \
				-o "$1/t-$test.o" "tests/unit/$test.c" || return 1
	done
	$CC -o "$1/tests" "$1"/*.o
}

restore() {
	cp -p src/poly1305.inc "$work/src/"
	for module in $modules; do
		cp -p "src/$module.c" "$work/src/"
	done
	cp -p include/*.h "$work/include/"
}

# forget FILE OUT: objects that FILE goes into
forget() {
	case $1 in
	include/*) rm -f "$2"/*.o ;;
	*) module=$(basename "${1%.*}"); rm -f "$2/$module.o" ;;
	esac
}

restore
compile "$work/o" ''
compile "$work/o32" "$limbs32"
"$work/o/tests" >"$work/log" 2>&1 && "$work/o32/tests" >"$work/log" 2>&1 || {
	cat "$work/log"
	echo "mutate-crypto: the tests fail without any change"
	exit 1
}

ntried=0 ncaught=0 nskipped=0
# mutate FILE KIND WHAT SCRIPT
mutate() {
	out=$work/o flags=''
	case $2 in
	32) out=$work/o32 flags=$limbs32 ;;
	avx*) grep -q "$2" /proc/cpuinfo || {
		nskipped=$((nskipped + 1))
		return
	} ;;
	esac
	sed -i "$4" "$work/$1"
	ntried=$((ntried + 1))
	if cmp -s "$1" "$work/$1"; then
		echo "changes nothing: $1: $3"
	else
		forget "$1" "$out"
		if ! compile "$out" "$flags" 2>"$work/log"; then
			echo "does not compile: $1: $3"
			head -n 3 "$work/log"
		elif timeout 60 "$out/tests" >"$work/log" 2>&1; then
			echo "NOT CAUGHT: $1: $3"
		else
			ncaught=$((ncaught + 1))
		fi
	fi
	cp -p "$1" "$work/$1"
	forget "$1" "$out"
}

sed -n '/^# TABLE$/,$p' "scripts/$(basename "$0")" | sed -n 's/^#: //p' |
	grep -e "$ONLY" >"$work/table"
while IFS= read -r line; do
	target=${line%% ;; *} rest=${line#* ;; }
	kind=${target#* }
	[ "$kind" != "$target" ] || kind=any
	mutate "${target%% *}" "$kind" "${rest%% ;; *}" "${rest#* ;; }"
done <"$work/table"
echo "mutate-crypto: $ncaught caught of $ntried, $nskipped skipped"
[ $ncaught = $ntried ]
exit

# TABLE
#: include/wipe.h ;; wiping can be left out ;; /"r"(p) : "memory"/d
#: include/wipe.h ;; wipes one byte too few ;; s/memset(p, 0, len)/memset(p, 0, len - (len > 0))/
#: include/wipe.h ;; wipes with another byte ;; s/memset(p, 0, len)/memset(p, 1, len)/
#: include/wipe.h ;; the stack stays ;; s/uint8_t below\[CRYPTO_STACK_LEN\]/uint8_t below[8]/
#: include/wipe.h ;; equal leaves the last byte out ;; s/i < len; i++/i + 1 < len; i++/
#: include/wipe.h ;; equal looks at the last byte only ;; s/diff |= /diff = /
#: include/wipe.h ;; equal adds up differences that cancel ;; s/diff |= (uint32_t)(x\[i\] ^ y\[i\])/diff = (uint8_t)(diff + x[i] - y[i])/
#: include/wipe.h ;; equal ignores the upper bit ;; s/x\[i\] ^ y\[i\])/(x[i] ^ y[i]) \& 127)/
#: include/wipe.h ;; equal says yes and no the wrong way round ;; s/(diff - 1) >> 31/1 - ((diff - 1) >> 31)/
#: include/wipe.h ;; equal ands ;; s/diff |= (uint32_t)(x\[i\] ^ y\[i\])/diff |= (uint32_t)(x[i] \& y[i])/
#: src/chacha20.c ;; a constant ;; s/0x79622d32/0x79622d33/
#: src/chacha20.c ;; 16-byte constant ;; s/0x61707865/0x61707866/
#: src/chacha20.c ;; rotation by 12 ;; s/ROTL(b, 12)/ROTL(b, 13)/
#: src/chacha20.c ;; rotation by 7 ;; s/ROTL(b, 7)/ROTL(b, 8)/
#: src/chacha20.c ;; rotation by 16 ;; s/ROTL(v, 16)/ROTL(v, 15)/
#: src/chacha20.c ;; rotation by 8 ;; s/ROTL(v, 8)/ROTL(v, 9)/
#: src/chacha20.c ;; 9 double rounds ;; s/DOUBLE_ROUNDS 10/DOUBLE_ROUNDS 9/
#: src/chacha20.c ;; a diagonal ;; s/x\[0\], x\[5\], x\[10\], x\[15\]/x[0], x[5], x[10], x[14]/
#: src/chacha20.c ;; a column ;; s/x\[3\], x\[7\], x\[11\], x\[15\]/x[3], x[7], x[15], x[11]/
#: src/chacha20.c ;; the key's words ;; s/le32_load(key + 4 \* i)/le32_load(key + 4 * (i ^ 1))/
#: src/chacha20.c ;; the nonce's words ;; s/le32_load(nonce + 4 \* i)/le32_load(nonce + 4 * (i \& 1))/
#: src/chacha20.c ;; the counter does not move on chunks ;; s/c->word\[12\] += (uint32_t)(chunk/c->word[12] += 0 * (uint32_t)(chunk/
#: src/chacha20.c ;; the counter forgets a broken block ;; s/(len + CHACHA20_BLOCK_LEN - 1) \/ CHACHA/(len) \/ CHACHA/
#: src/chacha20.c ;; the counter carries into the nonce ;; s/c->word\[12\] += (uint32_t)(chunk \/ CHACHA20_BLOCK_LEN);/c->word[12] += (uint32_t)(chunk \/ CHACHA20_BLOCK_LEN); c->word[13] += c->word[12] < chunk \/ CHACHA20_BLOCK_LEN;/
#: src/chacha20.c ;; the matrix is not added, portable ;; s/x\[i\] += first\[i\]/x[i] += 0/
#: src/chacha20.c ;; lanes of the portable code ;; s/{0, 1, 2, 3}/{0, 1, 2, 2}/
#: src/chacha20.c ;; the rest is one byte short ;; s/memcpy(dst, rest, len)/memcpy(dst, rest, len - 1)/
#: src/chacha20.c ;; the rest is written as a whole chunk ;; s/memcpy(dst, rest, len)/memcpy(dst, rest, len + 16)/
#: src/chacha20.c avx2 ;; the matrix is not added ;; /ROTL16, AVX2_ROTL8/,/lanes;/s/x\[i\] += c->word\[i\]/x[i] += 0/
#: src/chacha20.c avx2 ;; counters are not added at the end ;; /AVX2_ROTL16, AVX2_ROTL8/,/gather/s/x\[12\] += lanes;//
#: src/chacha20.c avx2 ;; lanes ;; s/{0, 1, 2, 3, 4, 5, 6, 7};/{0, 1, 2, 3, 4, 5, 7, 6};/
#: src/chacha20.c avx2 ;; halves of a block ;; s/(p, q, 0x20)/(q, p, 0x20)/
#: src/chacha20.c avx2 ;; upper blocks ;; s/(a, b, 0x31)/(a, b, 0x21)/
#: src/chacha20.c avx2 ;; unpacking ;; s/_mm256_unpackhi_epi32(c, d)/_mm256_unpackhi_epi32(d, c)/
#: src/chacha20.c avx2 ;; byte shuffle by 8 ;; s/_mm256_set_epi8(14, 13, 12, 15/_mm256_set_epi8(14, 13, 15, 12/
#: src/chacha20.c avx512f ;; a lane ;; s/13, 14, 15};/13, 14, 14};/
#: src/chacha20.c avx512f ;; a shuffle ;; s/(ab_high, pq_high, 0xdd)/(ab_high, pq_high, 0x88)/
#: src/chacha20.c avx512f ;; another shuffle ;; s/i32x4(a, b, 0xee)/i32x4(a, b, 0xe4)/
#: src/chacha20.c avx512f ;; unpacking ;; s/_mm512_unpacklo_epi64(ab23, cd23)/_mm512_unpacklo_epi64(cd23, ab23)/
#: src/poly1305.c ;; clamping of the lower half ;; s/0x0ffffffc0fffffff/0x0fffffff0fffffff/
#: src/poly1305.c ;; clamping of the upper half ;; s/0x0ffffffc0ffffffc/0x1ffffffc0ffffffc/
#: src/poly1305.c ;; no carry from limb 0 in adding ;; s/le64_load(block + 8) + (uint64_t)(sum >> 64)/le64_load(block + 8)/
#: src/poly1305.c ;; no carry from limb 1 in adding ;; s/h\[2\] += high + (uint64_t)(sum >> 64)/h[2] += high/
#: src/poly1305.c ;; no bit 128 ;; s/absorb(p, data, nblocks, 1)/absorb(p, data, nblocks, 0)/
#: src/poly1305.c ;; bit 128 for the last block ;; s/absorb(p, last, 1, 0)/absorb(p, last, 1, 1)/
#: src/poly1305.c ;; no one behind the last byte ;; /block\[len\] = 1/d
#: src/poly1305.c ;; a quarter of r that is a half ;; s/(r\[1\] >> 2)/(r[1] >> 1)/
#: src/poly1305.c ;; a product is missing ;; s/ + (u128)(h\[2\] \* r1_5)//
#: src/poly1305.c ;; the product's second carry ;; s/h\[2\] \* r\[0\] + (uint64_t)(d1 >> 64)/h[2] * r[0]/
#: src/poly1305.c ;; reduction by 4 instead of 5 ;; s/ + (d2 >> 2) + / + /
#: src/poly1305.c ;; the last carry of the reduction ;; s/h\[2\] = (d2 \& 3) + (uint64_t)(sum >> 64)/h[2] = (d2 \& 3)/
#: src/poly1305.c ;; the carry before that ;; s/(u128)(uint64_t)d1 + (uint64_t)(sum >> 64)/(u128)(uint64_t)d1/
#: src/poly1305.c ;; the prime is reduced too late ;; s/(u128)h\[0\] + 5;/(u128)h[0] + 4;/
#: src/poly1305.c ;; the prime is reduced too early ;; s/(u128)h\[0\] + 5;/(u128)h[0] + 6;/
#: src/poly1305.c ;; full reduction never ;; s/mask = 0 - ((h\[2\].*/mask = 0;/
#: src/poly1305.c ;; a carry in the full reduction ;; s/sum = (u128)h\[1\] + (uint64_t)(sum >> 64);/sum = h[1];/
#: src/poly1305.c ;; s is added without carry ;; s/sum >>= 32;/sum = 0;/
#: src/poly1305.c ;; the state stays ;; s/crypto_wipe(p, sizeof(\*p))/crypto_wipe(p, 8)/
#: src/poly1305.c 32 ;; a limb is loaded wrong ;; s/le32_load(block + 6) >> 4/le32_load(block + 6) >> 3/
#: src/poly1305.c 32 ;; bit 128 at the wrong place ;; s/high << 24/high << 23/
#: src/poly1305.c 32 ;; clamping ;; s/0xfc, 0xff, 0xff, 0x0f}/0xff, 0xff, 0xff, 0x0f}/
#: src/poly1305.c 32 ;; wrapping by 4 ;; s/r5\[i\] = r\[i\] \* 5/r5[i] = r[i] * 4/
#: src/poly1305.c 32 ;; the carry that wraps ;; s/h\[0\] + carry \* 5/h[0] + carry * 4/
#: src/poly1305.c 32 ;; the carry after that ;; s/h\[1\] += (uint32_t)(carry >> 26)/h[1] += 0/
#: src/poly1305.c 32 ;; no full carry at the end ;; s/carry_limbs(h);//
#: src/poly1305.c 32 ;; the prime is reduced too late ;; s/carry = 5, mask/carry = 4, mask/
#: src/poly1305.c 32 ;; the tag's words ;; s/h\[2\] >> 12/h[2] >> 13/
#: src/poly1305.inc avx2 ;; no bit 128 ;; s/high >> 40 | 1 << 24/high >> 40/
#: src/poly1305.inc avx2 ;; a limb's shift ;; s/high >> 14 \& LIMB26/high >> 15 \& LIMB26/
#: src/poly1305.inc avx2 ;; a limb between the halves ;; s/low >> 52 | high << 12/low >> 52 | high << 11/
#: src/poly1305.inc avx2 ;; a product ;; s/SUM5(r\[1\], r\[0\], r5\[4\]/SUM5(r[1], r[0], r5[3]/
#: src/poly1305.inc avx2 ;; wrapping by 3 ;; s/(x.limb\[i\] << 2)/(x.limb[i] << 1)/
#: src/poly1305.inc avx2 ;; the carry that wraps ;; s/top + (top << 2)/top/
#: src/poly1305.inc avx2 ;; a carry from limb 1 ;; s/CARRY(d1, d2);/d1 \&= LIMB26;/
#: src/poly1305.inc avx2 ;; limb 4 is not cut ;; s/d4 \&= LIMB26;//
#: src/poly1305.inc avx2 ;; lanes in the order of blocks ;; s/return block % (LANES \/ 2) \* 2 + block \/ (LANES \/ 2);/return block;/
#: src/poly1305.inc avx2 ;; what was before is forgotten ;; s/(vector){before\[i\]}/(vector){0 * before[i]}/
#: src/poly1305.inc avx2 ;; what was before joins each lane ;; s/(vector){before\[i\]}/(vector){0} + before[i]/
#: src/poly1305.inc avx2 ;; powers one too high ;; s/uint64_t h\[3\] = {1, 0, 0}/uint64_t h[3] = {r[0], r[1], 0}/
#: src/poly1305.inc avx2 ;; the sum's carry ;; s/limb\[i\] = carry;/limb[i] = 0;/
#: src/poly1305.inc avx2 ;; the sum's last carry ;; s/carry \* 5; \/\*/carry * 4; \/*/
#: src/poly1305.inc avx2 ;; the sum's upper word ;; s/h\[2\] = (uint64_t)(sum >> 64)/h[2] = 0/
#: src/poly1305.inc avx2 ;; one block too few at the end ;; s/nblocks -= whole;/nblocks -= whole + (nblocks > whole);/
#: src/chacha20poly1305.c ;; the nonce's zeros are at the end ;; s/le64_store(nonce + 4, counter)/le64_store(nonce, counter)/
#: src/chacha20poly1305.c ;; half a counter ;; s/le64_store(nonce + 4, counter)/le32_store(nonce + 4, (uint32_t)counter)/
#: src/chacha20poly1305.c ;; the text starts with block 0 ;; s/m->head + CHACHA20_BLOCK_LEN, head_len/m->head, head_len/
#: src/chacha20poly1305.c ;; the stream starts with block 1 ;; s/chacha20_init(&m->stream, key, 0, nonce)/chacha20_init(\&m->stream, key, 1, nonce)/
#: src/chacha20poly1305.c ;; the head is not of whole blocks ;; s/HEAD_TEXT_LEN (HEAD_LEN - CHACHA20_BLOCK_LEN)/HEAD_TEXT_LEN (HEAD_LEN - CHACHA20_BLOCK_LEN - 16)/
#: src/chacha20poly1305.c ;; no padding of a broken block ;; /memcpy(last, data + whole/,/mac_blocks/d
#: src/chacha20poly1305.c ;; the AAD is left out ;; s/mac_padded(m, aad, aad_len);//
#: src/chacha20poly1305.c ;; the lengths are left out ;; s/m->path->mac_blocks(&m->mac, lengths, 1);//
#: src/chacha20poly1305.c ;; the lengths are exchanged ;; s/le64_store(lengths, aad_len)/le64_store(lengths, len)/;s/le64_store(lengths + 8, len)/le64_store(lengths + 8, aad_len)/
#: src/chacha20poly1305.c ;; the ciphertext is not authenticated ;; s/mac_padded(m, ciphertext, len);//
#: src/chacha20poly1305.c ;; the plaintext is authenticated ;; s/aad, aad_len, dst, len);/aad, aad_len, src, len);/
#: src/chacha20poly1305.c ;; every tag is right ;; s/ok = crypto_equal(tag, sealed + len, sizeof(tag))/ok = true/
#: src/chacha20poly1305.c ;; half a tag ;; s/sealed + len, sizeof(tag))/sealed + len, 8)/
#: src/chacha20poly1305.c ;; decrypts before it looks ;; s/if (ok)$/if (1)/
#: src/chacha20poly1305.c ;; open clears what it refuses ;; s/if (ok)$/if (!ok) memset(dst, 0, len); else/
#: src/chacha20poly1305.c ;; a short message is not refused ;; s/if (sealed_len < CHACHA20POLY1305_TAG_LEN)/if (sealed_len < 1)/
#: src/chacha20poly1305.c ;; the last bytes of the head are not encrypted ;; s/for (size_t i = 0; i < len; i++)/for (size_t i = 0; i + 1 < len; i++)/
#: src/chacha20poly1305.c ;; the one-time key is wrong ;; s/poly1305_init(&m->mac, m->head)/poly1305_init(\&m->mac, m->head + 32)/
#: src/chacha20poly1305.c ;; the slowest path is chosen ;; s/path = CHACHA20POLY1305_NPATHS - 1/path = CHACHA20POLY1305_PORTABLE/
#: src/chacha20poly1305.c ;; nothing is wiped ;; s/crypto_wipe(m, sizeof(\*m));//;s/crypto_wipe_stack();//;s/crypto_wipe(tag, sizeof(tag));//
#: src/x25519.c ;; a24 ;; s/A24 121665/A24 121666/
#: src/x25519.c ;; the low bits are not cleared ;; s/k\[0\] \&= 248/k[0] \&= 249/
#: src/x25519.c ;; bit 254 is not set ;; s/k\[31\] |= 64/k[31] |= 0/
#: src/x25519.c ;; the last bit of the point counts ;; s/le64_load(bytes + 24) >> 12 \& LIMB51/le64_load(bytes + 24) >> 12/
#: src/x25519.c ;; a limb is loaded wrong ;; s/le64_load(bytes + 12) >> 6/le64_load(bytes + 12) >> 5/
#: src/x25519.c ;; no full reduction ;; s/carry \*= 19;/carry = 0;/
#: src/x25519.c ;; the prime is reduced too late ;; s/carry = 19;/carry = 18;/
#: src/x25519.c ;; a carry in multiplying ;; s/d2 += (uint64_t)(d1 >> 51);//
#: src/x25519.c ;; the carry that wraps ;; s/19 \* (uint64_t)(d4 >> 51)/18 * (uint64_t)(d4 >> 51)/
#: src/x25519.c ;; the carry after that ;; s/((uint64_t)d1 \& LIMB51) + (l0 >> 51)/((uint64_t)d1 \& LIMB51)/
#: src/x25519.c ;; a product ;; s/(u128)a1 \* b4_19/(u128)a1 * b4/
#: src/x25519.c ;; a square ;; s/(u128)(2 \* a3) \* a4_19/(u128)a3 * a4_19/
#: src/x25519.c ;; a square's factor ;; s/a2_2 = 2 \* a2/a2_2 = a2/
#: src/x25519.c ;; subtracting without 2p ;; s/ + two_p\[i\] - / - /
#: src/x25519.c ;; one point is not exchanged ;; s/swap_if(swap, \&l.z2, \&l.z3);//
#: src/x25519.c ;; the exchange's mask ;; s/limb_t mask = (limb_t)0 - bit/limb_t mask = ((limb_t)0 - bit) << 1/
#: src/x25519.c ;; the ladder leaves a bit out ;; s/int t = 254; t >= 0/int t = 254; t >= 1/
#: src/x25519.c ;; the ladder's sum ;; s/subtract(&l->z3, \&l->da, \&l->cb)/add(\&l->z3, \&l->da, \&l->cb)/
#: src/x25519.c ;; the ladder's bb for aa ;; s/add(&l->z2, \&l->aa, \&l->z2)/add(\&l->z2, \&l->bb, \&l->z2)/
#: src/x25519.c ;; the inversion ;; s/power_and_multiply(&x50, \&t, 10/power_and_multiply(\&x50, \&t, 11/
#: src/x25519.c ;; the base point ;; s/base_point\[X25519_LEN\] = {9}/base_point[X25519_LEN] = {8}/
#: src/x25519.c ;; low order is accepted ;; s/return !crypto_equal(shared, zeros, sizeof(zeros))/return true/
#: src/x25519.c ;; the scalar stays ;; s/crypto_wipe(k, sizeof(k));//;s/crypto_wipe_stack();//
#: src/x25519.c 32 ;; a product that counts twice ;; s/x_odd = x << i % 2/x_odd = x/
#: src/x25519.c 32 ;; wrapping by 18 ;; s/b_19\[i\] = 19 \*/b_19[i] = 18 */
#: src/x25519.c 32 ;; the carry that wraps ;; s/e->limb\[0\] + 19 \* carry/e->limb[0] + 18 * carry/
#: src/x25519.c 32 ;; the carry after that ;; s/e->limb\[1\] += (limb_t)(carry >> BITS(0))/e->limb[1] += 0/
#: src/x25519.c 32 ;; a limb is loaded wrong ;; s/{0, 2, 3, 5, 6, 0, 1, 3, 4, 6}/{0, 2, 3, 5, 6, 0, 1, 3, 4, 5}/
#: src/x25519.c 32 ;; a limb is stored wrong ;; s/l\[6\] >> 7 | l\[7\] << 19/l[6] >> 7 | l[7] << 18/
#: src/x25519.c 32 ;; 2p ;; s/LIMB26_2 - 36/LIMB26_2 - 38/
#: src/blake2s.c ;; the initial value ;; s/0x1f83d9ab/0x1f83d9ac/
#: src/blake2s.c ;; the schedule ;; s/{6, 15, 14, 9, 11, 3/{6, 15, 14, 9, 3, 11/
#: src/blake2s.c ;; the last row of the schedule ;; s/14, 3, 12, 13, 0}/14, 3, 12, 0, 13}/
#: src/blake2s.c ;; 9 rounds ;; s/ROUNDS 10/ROUNDS 9/;s/sigma\[ROUNDS\]/sigma[]/
#: src/blake2s.c ;; a rotation ;; s/rotr(v\[b\] ^ v\[c\], 12)/rotr(v[b] ^ v[c], 11)/
#: src/blake2s.c ;; another rotation ;; s/rotr(v\[d\] ^ v\[a\], 8)/rotr(v[d] ^ v[a], 9)/
#: src/blake2s.c ;; the second word of text ;; s/v\[b\] + y/v[b] + x/
#: src/blake2s.c ;; a diagonal ;; s/mix(v, 2, 7, 8, 13/mix(v, 2, 7, 8, 12/
#: src/blake2s.c ;; the counter ;; s/v\[12\] ^= (uint32_t)counter/v[12] ^= 0/
#: src/blake2s.c ;; the counter's upper word ;; s/v\[13\] ^= (uint32_t)(counter >> 32)/v[13] ^= 0/
#: src/blake2s.c ;; the last block is none ;; s/v\[14\] = ~v\[14\]/v[14] ^= 0/
#: src/blake2s.c ;; the feed-forward ;; s/h\[i\] ^= v\[i\] ^ v\[8 + i\]/h[i] ^= v[i]/
#: src/blake2s.c ;; the key's length ;; s/(uint32_t)key_len << 8/0/
#: src/blake2s.c ;; the hash's length ;; s/ ^ (uint32_t)out_len;/ ^ 32;/
#: src/blake2s.c ;; the buffer is compressed before it is full ;; s/if (n == 0) {/if (n == 0 || (n <= len \&\& n < 64)) { n = n;/
#: src/blake2s.c ;; the last block is not cleared ;; s/memset(b->buf + b->buf_len, 0, BLAKE2S_BLOCK_LEN - b->buf_len);//
#: src/blake2s.c ;; writes 32 bytes whatever is wanted ;; s/memcpy(out, hash, b->out_len)/memcpy(out, hash, 32)/
#: src/blake2s.c ;; the state stays ;; s/crypto_wipe(b, sizeof(\*b));/(void)b;/
#: src/blake2s.c ;; the inner pad ;; s/block, 0x36, data/block, 0x5c, data/
#: src/blake2s.c ;; the outer pad ;; s/block, 0x5c, inner/block, 0x36, inner/
#: src/blake2s.c ;; a long HMAC key ;; s/if (key_len > sizeof(block))/if (key_len > sizeof(block) + 1)/
#: src/blake2s.c ;; HKDF: the second output's number ;; s/text\[BLAKE2S_LEN\] = 2/text[BLAKE2S_LEN] = 1/
#: src/blake2s.c ;; HKDF: the third output leaves the second out ;; s/memcpy(text, out2, BLAKE2S_LEN)/memcpy(text, out1, BLAKE2S_LEN)/
#: src/blake2s.c ;; HKDF: key and material exchanged ;; s/hmac(temp, key, BLAKE2S_LEN, data, len)/hmac(temp, data, len, key, BLAKE2S_LEN)/
#: src/blake2s.c ;; HKDF: temporary key stays ;; s/crypto_wipe(temp, sizeof(temp));//;s/crypto_wipe_stack();//
#: src/noise.c ;; the protocol's name ;; s/Noise_NNpsk0_25519/Noise_NNpsk1_25519/
#: src/noise.c ;; nonces do not advance ;; s/c->counter++, ad/c->counter, ad/
#: src/noise.c ;; opening does not advance ;; s/^\tc->counter++;$//
#: src/noise.c ;; Rekey's nonce ;; s/#define NONCE_REKEY UINT64_MAX/#define NONCE_REKEY (UINT64_MAX - 1)/
#: src/noise.c ;; the last nonce may be used ;; s/return c->has_key \&\& c->counter != NONCE_REKEY/return c->has_key/
#: src/noise.c ;; the hash leaves the data out ;; s/blake2s_update(&b, data, len);//
#: src/noise.c ;; the hash leaves the last one out ;; s/blake2s_update(&b, h->hash, sizeof(h->hash));//
#: src/noise.c ;; the prologue is ignored ;; s/mix_hash(h, prologue, prologue_len);//
#: src/noise.c ;; the psk is ignored ;; s/mix_key_and_hash(h, psk);/uint8_t none[32] = {0}; mix_key_and_hash(h, psk ? none : none);/
#: src/noise.c ;; the psk does not get into the hash ;; /static void mix_key_and_hash/,/^}/s/mix_hash(h, hash, sizeof(hash));//
#: src/noise.c ;; ephemeral keys do not get into the key ;; /static void mix_ephemeral/,/^}/s/mix_key(h, public);//
#: src/noise.c ;; ephemeral keys do not get into the hash ;; /static void mix_ephemeral/,/^}/s/mix_hash(h, public, X25519_LEN);//
#: src/noise.c ;; no Diffie-Hellman ;; /static bool mix_shared/,/^}/s/mix_key(h, shared);//
#: src/noise.c ;; low order is borne ;; /static bool mix_shared/,/^}/s/return ok;/return true;/
#: src/noise.c ;; ciphertext is not hashed ;; /static bool encrypt_and_hash/,/^}/s/mix_hash(h, dst, len + NOISE_TAG_LEN);//
#: src/noise.c ;; payloads are not bound to the hash ;; s/h->hash, sizeof(h->hash), src, len))/NULL, 0, src, len))/
#: src/noise.c ;; both ends send with the first key ;; s/h->role == NOISE_INITIATOR ? 0 : 1; /0 * h->role; /
#: src/noise.c ;; the ephemeral key stays with the caller ;; s/crypto_wipe(ephemeral, X25519_LEN);//
#: src/noise.c ;; the ephemeral key stays in the handshake ;; s/crypto_wipe(h->ephemeral, sizeof(h->ephemeral));//
#: src/noise.c ;; a failed handshake stays ;; /static bool step_on/,/^}/s/noise_handshake_wipe(h);/;/
#: src/noise.c ;; a moved cipher stays ;; s/crypto_wipe(src, sizeof(\*src));//
#: src/keyfile.c ;; a digit ;; s/c - 'a' + 26/c - 'a' + 27/
#: src/keyfile.c ;; plus and slash ;; s/plus & 62) | (slash & 63/plus \& 63) | (slash \& 62/
#: src/keyfile.c ;; any character is a digit ;; s/\*bad |= ~(upper/*bad |= 0 \& (upper/
#: src/keyfile.c ;; spare bits ;; s/if (bits)$/if (0)/
#: src/keyfile.c ;; no equals sign needed ;; s/if (bad || line\[NDIGITS\] != '=')/if (bad)/
#: src/keyfile.c ;; zeros are a key ;; s/return any ? KEYFILE_OK : KEYFILE_ALL_ZERO/return KEYFILE_OK/
#: src/keyfile.c ;; a longer line is taken ;; s/else if (len > KEYFILE_LINE_LEN)/else if (0)/
#: src/keyfile.c ;; a faulty key stays ;; s/if (fault != KEYFILE_OK)/if (0)/
#: src/keyed.c ;; the client's type byte ;; s/#define TYPE_CLIENT_HELLO 0x40/#define TYPE_CLIENT_HELLO 0x60/
#: src/keyed.c ;; the prologue ;; s/"tunnel 1"/"tunnel 2"/
#: src/keyed.c ;; facts at another place ;; s/FACT_TIMEOUT = 4/FACT_TIMEOUT = 24/
#: src/keyed.c ;; the first fault does not stick ;; s/if (k->fault == KEYED_OK)$/if (1)/
#: src/keyed.c ;; a failed connection stays ;; /^static bool fail/,/^}/s/keyed_wipe(k);//
#: src/keyed.c ;; no random bytes and no matter ;; s/if (!k->random(ephemeral, sizeof(ephemeral)))/if (!k->random(ephemeral, sizeof(ephemeral)) \&\& 0)/
#: src/keyed.c ;; any kind goes with any ;; s/k->theirs.kind != k->mine.kind/0/
#: src/keyed.c ;; one's own id is taken ;; s/if (!memcmp(k->theirs.id, k->mine.id, KEYED_ID_LEN))/if (0)/
#: src/keyed.c ;; facts are not looked at ;; s/if (!load_facts(&k->theirs, facts))/if (!load_facts(\&k->theirs, facts) \&\& 0)/
#: src/keyed.c ;; the server believes at once ;; s/k->state = KEYED_AGREED;/k->state = KEYED_OPEN;/
#: src/keyed.c ;; any record confirms ;; s/if (memcmp(payload, keepalive, sizeof(keepalive)) != 0)/if (0)/
#: src/keyed.c ;; packets before the confirmation ;; s/ || k->confirm_due || !plain_len/ || !plain_len/
#: src/keyed.c ;; no Rekey when sending ;; /^static size_t seal(/,/^}/s/rekey_by_count(&k->send);//
#: src/keyed.c ;; no Rekey when receiving ;; /^bool keyed_open(/,/^}/s/rekey_by_count(&k->receive);//
#: src/keyed.c ;; a new handshake is bound to nothing ;; s/prologue, PROLOGUE_LEN, psk/prologue, PROLOGUE_LEN, psk/;s/k->role, k->hash, sizeof(k->hash), k->psk/k->role, k->hash, 0, k->psk/
#: src/keyed.c ;; a client answers REKEY1 ;; s/if (k->role != NOISE_RESPONDER || k->rekey != KEYED_REKEY_NONE)/if (k->rekey == KEYED_REKEY_ANSWERED)/
#: src/keyed.c ;; a second REKEY1 ;; s/k->role != NOISE_RESPONDER || k->rekey != KEYED_REKEY_NONE/k->role != NOISE_RESPONDER/
#: src/keyed.c ;; SWITCH out of its turn ;; s/k->role != NOISE_RESPONDER || k->rekey != KEYED_REKEY_ANSWERED/k->role != NOISE_RESPONDER/
#: src/keyed.c ;; the server goes on with its old key ;; s/noise_cipher_move(&k->send, &send);//
#: src/keyed.c ;; the client goes on with its old key ;; s/noise_cipher_move(&k->send, &k->next);//
#: src/keyed.c ;; the server goes on reading with the old key ;; s/noise_cipher_move(&k->receive, &k->next);//
#: src/keyed.c ;; items cut off ;; s/if (plain->left < len)/if (0)/
#: src/keyed.c ;; unknown items are passed over ;; /^\tdefault:$/,/BAD_ITEM/s/return fail(k, KEYED_BAD_ITEM)/return true/
#: src/keyed.c ;; frames beyond their record end it quietly ;; s/fail(k, KEYED_BAD_FRAME);/return KEYED_NO_MORE;/
#: src/keyed.c ;; close is no end ;; s/^\t\tk->state = KEYED_CLOSED;$//
#: src/keyed.c ;; sending goes on after a close ;; s/^\t\tk->state = KEYED_CLOSED;\n//;/^static size_t write_close/,/^}/s/k->state = KEYED_CLOSED;/;/
#: src/keyed.c ;; keepalives by one's own timeout ;; s/k->theirs.timeout_s \* 1000000ULL \/ KEEP/k->mine.timeout_s * 1000000ULL \/ KEEP/
#: src/keyed.c ;; life by the other's timeout ;; s/since_us + k->mine.timeout_s/since_us + k->theirs.timeout_s/
#: src/keyed.c ;; a trickle keeps a rekey waiting ;; s/has_asked && k->asked_at_us/0 \&\& has_asked \&\& k->asked_at_us/
#: src/keyed.c ;; no fresh handshake ;; s/return k->agreed_at_us + KEYED_REKEY_US;/return UINT64_MAX;/
