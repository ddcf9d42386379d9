/* SPDX-License-Identifier: MIT */
/* X25519: the vectors of RFC 7748, and a ladder in slow arithmetic to hold it against. */
#include "x25519.h"

#include "big.h"
#include "unit.h"
#include "vectors.h"

static const char iterated_1[] = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079";
static const char iterated_1000[] =
	"684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51";

TEST(x25519_rfc7748_section_5_2)
{
	static const char *const vectors[][3] = {
		{"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		 "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
		{"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		 "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
	};
	uint8_t scalar[32], point[32], shared[32];

	for (size_t i = 0; i < 2; i++) {
		hex_bytes(scalar, 32, vectors[i][0]);
		hex_bytes(point, 32, vectors[i][1]);
		CHECK(x25519_shared(shared, scalar, point));
		CHECK(hex_equal(shared, 32, vectors[i][2]));
	}
}

TEST(x25519_rfc7748_iterated_1_and_1000_times)
{
	uint8_t k[32] = {9}, u[32] = {9}, next[32];

	for (int i = 1; i <= 1000; i++) {
		CHECK(x25519_shared(next, k, u));
		memcpy(u, k, 32);
		memcpy(k, next, 32);
		if (i == 1)
			CHECK(hex_equal(k, 32, iterated_1));
	}
	CHECK(hex_equal(k, 32, iterated_1000));
}

TEST(x25519_rfc7748_section_6_1_diffie_hellman)
{
	uint8_t a[32], b[32], public_a[32], public_b[32], shared[32];

	hex_bytes(a, 32, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	hex_bytes(b, 32, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	x25519_public(public_a, a);
	x25519_public(public_b, b);
	CHECK(hex_equal(public_a, 32,
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
	CHECK(hex_equal(public_b, 32,
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
	CHECK(x25519_shared(shared, a, public_b));
	CHECK(hex_equal(shared, 32,
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
	CHECK(x25519_shared(shared, b, public_a));
	CHECK(hex_equal(shared, 32,
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
}

/* The points of order 1, 2, 4 and 8 on the curve and its twist, also those that are not reduced. */
TEST(x25519_refuses_each_point_of_low_order)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	static const uint8_t zeros[32];
	uint8_t secret[32], point[32], shared[32];
	uint64_t seed = 1;

	for (size_t i = 0; i < 2 * sizeof(points) / sizeof(points[0]); i++) {
		hex_bytes(point, 32, points[i / 2]);
		point[31] = (uint8_t)(point[31] | (i % 2) << 7);
		random_bytes(&seed, secret, 32);
		memset(shared, 0xff, 32);
		CHECK(!x25519_shared(shared, secret, point));
		CHECK(memcmp(shared, zeros, 32) == 0);
	}
}

TEST(x25519_ignores_the_last_bit_and_clamps_the_secret)
{
	uint8_t secret[32], other[32], point[32], a[32], b[32];
	uint64_t seed = 3;

	random_bytes(&seed, secret, 32);
	random_bytes(&seed, point, 32);
	point[31] &= 0x7f;
	CHECK(x25519_shared(a, secret, point));
	point[31] |= 0x80;
	CHECK(x25519_shared(b, secret, point));
	CHECK(memcmp(a, b, 32) == 0);
	memcpy(other, secret, 32);
	other[0] ^= 7;
	other[31] ^= 0xc0;
	CHECK(x25519_shared(b, other, point));
	CHECK(memcmp(a, b, 32) == 0);
	other[0] ^= 8;
	CHECK(x25519_shared(b, other, point));
	CHECK(memcmp(a, b, 32) != 0);
}

TEST(x25519_writes_over_its_arguments_and_not_into_them)
{
	uint8_t secret[32], copy[32], point[32], want[32];
	uint64_t seed = 4;

	random_bytes(&seed, secret, 32);
	random_bytes(&seed, point, 32);
	memcpy(copy, secret, 32);
	CHECK(x25519_shared(want, secret, point));
	CHECK(memcmp(copy, secret, 32) == 0);
	CHECK(x25519_shared(copy, copy, point));
	CHECK(memcmp(copy, want, 32) == 0);
	CHECK(x25519_shared(point, secret, point));
	CHECK(memcmp(point, want, 32) == 0);
	x25519_public(want, secret);
	x25519_public(secret, secret);
	CHECK(memcmp(secret, want, 32) == 0);
}

/* ---- the same in school arithmetic ---- */

static struct big mod_p(struct big x)
{
	return big_mod(x, 255, 19);
}

static struct big times(struct big a, struct big b)
{
	return mod_p(big_multiply(a, b));
}

static struct big plus(struct big a, struct big b)
{
	return mod_p(big_add(a, b));
}

static struct big minus(struct big a, struct big b)
{
	const struct big p = big_subtract(big_power_of_2(255), big_small(19));

	return mod_p(big_subtract(big_add(a, p), b));
}

static struct big inverse(struct big z)
{
	struct big x = big_small(1);

	for (int bit = 254; bit >= 0; bit--) { /* p - 2 has bits 254 to 5, 3, 1 and 0 */
		x = times(x, x);
		if (bit != 4 && bit != 2)
			x = times(x, z);
	}
	return x;
}

static void reference(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32])
{
	struct big x1, x2 = big_small(1), z2 = big_small(0), x3, z3 = big_small(1);
	uint8_t k[32], u[32];

	memcpy(k, scalar, 32);
	k[0] &= 248;
	k[31] = (uint8_t)((k[31] & 127) | 64);
	memcpy(u, point, 32);
	u[31] &= 127;
	x1 = x3 = mod_p(big_load(u, 32));
	for (int t = 254; t >= 0; t--) {
		int bit = k[t / 8] >> t % 8 & 1;
		struct big p = bit ? x3 : x2, q = bit ? z3 : z2, r = bit ? x2 : x3,
			   s = bit ? z2 : z3;
		struct big aa = times(plus(p, q), plus(p, q)), bb = times(minus(p, q), minus(p, q));
		struct big e = minus(aa, bb);
		struct big da = times(minus(r, s), plus(p, q)), cb = times(plus(r, s), minus(p, q));
		struct big sum = plus(da, cb), difference = minus(da, cb);

		r = times(sum, sum);
		s = times(x1, times(difference, difference));
		p = times(aa, bb);
		q = times(e, plus(aa, times(big_small(121665), e)));
		x2 = bit ? r : p;
		z2 = bit ? s : q;
		x3 = bit ? p : r;
		z3 = bit ? q : s;
	}
	big_store(out, 32, times(x2, inverse(z2)));
}

TEST(x25519_agrees_with_school_arithmetic)
{
	uint8_t scalar[32], point[32], want[32], got[32];
	static const uint8_t zeros[32];
	uint64_t seed = 5;

	for (int i = 0; i < 64; i++) {
		(i % 2 ? extreme_bytes : random_bytes)(&seed, scalar, 32);
		(i % 4 < 3 ? extreme_bytes : random_bytes)(&seed, point, 32);
		if (i < 40) { /* 2^255 - 20 to 2^255 - 1, around and above p */
			memset(point, 0xff, 32);
			point[0] = (uint8_t)(0xff - i / 2);
			point[31] = i % 2 ? 0xff : 0x7f;
		}
		reference(want, scalar, point);
		CHECK(x25519_shared(got, scalar, point) == (memcmp(want, zeros, 32) != 0));
		CHECK(memcmp(want, got, 32) == 0);
	}
}
