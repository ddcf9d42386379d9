/* SPDX-License-Identifier: MIT */
/* The Internet checksum against a reference that is too short to be wrong. */
#include "checksum.h"

#include "bytes.h"
#include "slow.h"
#include "unit.h"

#define MAX_LEN	  65535
#define MAX_ALIGN 16

static uint8_t data[MAX_LEN + MAX_ALIGN], copy[MAX_LEN + MAX_ALIGN + 1];

static void fill_random(void)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)slow_random(&seed);
}

TEST(checksum_equals_the_reference_at_every_length_and_alignment)
{
	fill_random();
	for (size_t align = 0; align < MAX_ALIGN; align++)
		for (size_t len = 0; len <= 2048; len++)
			CHECK(checksum_fold(checksum_add(0, data + align, len)) ==
			      slow_sum(0, data + align, len));
}

TEST(checksum_equals_the_reference_for_long_data_of_all_ones_and_zeros)
{
	static const uint8_t fills[] = {0xff, 0x00, 0x80, 0x01};

	for (size_t i = 0; i < sizeof(fills); i++) {
		memset(data, fills[i], sizeof(data));
		for (size_t len = MAX_LEN - 70; len <= MAX_LEN; len++)
			CHECK(checksum_fold(checksum_add(0, data + 3, len)) ==
			      slow_sum(0, data + 3, len));
	}
}

TEST(checksum_takes_any_starting_sum)
{
	static const uint16_t starts[] = {0, 1, 0x00ff, 0xff00, 0x1234, 0xfffe, 0xffff};

	fill_random();
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (size_t len = 0; len < 100; len++)
			CHECK(checksum_fold(checksum_add(checksum_add16(0, starts[i]), data,
							 len)) == slow_sum(starts[i], data, len));
}

TEST(checksum_of_pieces_cut_at_even_offsets_is_that_of_the_whole)
{
	uint16_t whole;
	uint64_t sum;

	fill_random();
	for (size_t len = 0; len <= 300; len++) {
		whole = slow_sum(0, data, len);
		for (size_t cut = 0; cut <= len; cut += 2) {
			sum = checksum_add(0, data, cut);
			sum = checksum_add(sum, data + cut, len - cut);
			CHECK(checksum_fold(sum) == whole);
		}
	}
}

TEST(checksum_sums_of_many_packets_do_not_overflow)
{
	uint64_t sum = 0;
	uint32_t expected = 0;

	memset(data, 0xff, sizeof(data));
	data[MAX_LEN - 2] = 0xfe; /* so that the result is not the same for any number of rounds */
	for (int i = 0; i < 1000; i++) {
		sum = checksum_add(sum, data, MAX_LEN - 1);
		expected = slow_sum((uint16_t)expected, data, MAX_LEN - 1);
	}
	CHECK(checksum_fold(sum) == expected);
}

TEST(checksum_copy_copies_and_sums_and_touches_no_byte_more)
{
	fill_random();
	for (size_t align = 0; align < MAX_ALIGN; align++)
		for (size_t len = 0; len <= 300; len++) {
			memset(copy, 0xa5, sizeof(copy));
			CHECK(checksum_fold(checksum_copy(0, copy + 16 - align, data + align,
							  len)) == slow_sum(0, data + align, len));
			CHECK(!memcmp(copy + 16 - align, data + align, len));
			CHECK(copy[16 - align + len] == 0xa5);
			CHECK(copy[15 - align] == 0xa5 || align == 16);
		}
}

TEST(checksum_of_data_and_its_checksum_is_all_ones)
{
	fill_random();
	for (size_t len = 2; len <= 256; len++) {
		be16_store(data, 0);
		be16_store(data, checksum_finish(checksum_add(0, data, len)));
		CHECK(checksum_fold(checksum_add(0, data, len)) == 0xffff);
	}
}

TEST(checksum_finish_udp_is_never_zero)
{
	CHECK(checksum_finish(checksum_add16(0, 0xffff)) == 0);
	CHECK(checksum_finish_udp(checksum_add16(0, 0xffff)) == 0xffff);
	CHECK(checksum_finish_udp(checksum_add16(0, 0x1234)) == 0xedcb);
}

TEST(checksum_sub16_takes_out_what_add16_put_in)
{
	static const uint16_t values[] = {0, 1, 0x1234, 0xfffe, 0xffff};

	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 5; k++) {
			uint64_t sum = checksum_add16(checksum_add16(1, values[i]), values[k]);
			uint16_t left = checksum_fold(checksum_sub16(sum, values[k]));

			CHECK(left % 0xffff ==
			      checksum_fold(checksum_add16(1, values[i])) % 0xffff);
			CHECK(left != 0);
		}
}

TEST(checksum_pseudo_headers_are_those_of_the_rfcs)
{
	/* a UDP packet over IPv4 and one over IPv6, as tcpdump has seen them right */
	static const uint8_t ip4[20] = {0x45, 0, 0,  32, 0, 1, 0x40, 0,	  64,  17,
					0,    0, 10, 1,	 2, 3, 192,  168, 255, 254};
	uint8_t ip6[40] = {0x60, 0, 0, 0, 0, 12, 17, 64, 0xfd, 1};
	uint8_t pseudo[40] = {0};

	memcpy(pseudo, ip4 + 12, 8);
	pseudo[9] = 17;
	pseudo[11] = 12;
	CHECK(checksum_fold(checksum_pseudo(ip4, 17, 12)) == slow_sum(0, pseudo, 12));
	ip6[39] = 0xfe;
	memcpy(pseudo, ip6 + 8, 32);
	memcpy(pseudo + 32, (const uint8_t[]){0, 1, 0, 12, 0, 0, 0, 6}, 8);
	CHECK(checksum_fold(checksum_pseudo(ip6, 6, 65536 + 12)) == slow_sum(0, pseudo, 40));
}
