/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of calls: packets come out in the order of their flow, whole, or are counted. The
 * input is a script, four bytes a step: what, flow, and the length or the time that passes.
 */
#include <stdlib.h>
#include <string.h>

#include "fqcodel.h"

int LLVMFuzzerTestOneInput(const uint8_t *script, size_t size);

static struct fqcodel q;
static uint8_t packet[FQCODEL_PACKET_MAX], out[FQCODEL_PACKET_MAX];

/* Flow and number are at a packet's end, which no mark touches; the rest is of the script. */
#define TRAILER 3

static void require(int claim)
{
	if (!claim)
		abort();
}

static void recount(void)
{
	uint32_t packets = 0, bytes = 0, chunks = 0;

	for (unsigned i = 0; i < FQCODEL_NFLOWS; i++)
		for (uint16_t p = q.flows[i].first; p != FQCODEL_NONE; p = q.chunk[p].next_packet) {
			packets++;
			bytes += q.chunk[p].len;
			for (uint16_t c = p; chunks++, c != q.chunk[p].last_chunk;)
				c = q.chunk[c].next_chunk;
		}
	require(packets == q.packets && bytes == q.bytes && chunks == q.chunks);
}

int LLVMFuzzerTestOneInput(const uint8_t *script, size_t size)
{
	uint16_t sent[256] = {0}, seen[256] = {0};
	uint64_t enqueued = 0, dequeued = 0, now_us = 0;

	if (size < 1)
		return 0;
	fqcodel_init(&q, script[0] & 1 ? PACKET_ETHER : PACKET_IP, script[0] * 16u, script[0]);
	for (script++, size--; size >= 4; script += 4, size -= 4) {
		uint8_t flow = script[1];
		size_t n = (size_t)script[2] << 8 | script[3], head = n < size ? n : size;

		fqcodel_hash(&q, script, head);
		switch (script[0] % 8) {
		case 0: /* time passes, or jumps either way */
			now_us = script[1] == 255 ? n << 40 : now_us + n;
			break;
		case 1:
			if (script[1] % 16)
				break;
			fqcodel_reset(&q);
			break;
		case 2:
		case 3:
		case 4:
			n = fqcodel_dequeue(&q, out, script[0] & 8 ? n : sizeof(out), now_us);
			if (!n)
				break;
			flow = out[n - 3];
			n = (uint16_t)(out[n - 2] << 8 | out[n - 1]);
			require(n > seen[flow]);
			seen[flow] = (uint16_t)n;
			dequeued++;
			break;
		default:
			if (n < TRAILER || sent[flow] == UINT16_MAX)
				break;
			memset(packet, 0, n);
			memcpy(packet, script, head);
			sent[flow]++;
			packet[n - 3] = flow;
			packet[n - 2] = (uint8_t)(sent[flow] >> 8);
			packet[n - 1] = (uint8_t)sent[flow];
			fqcodel_enqueue(&q, packet, n, flow * 0x10001u, now_us);
			enqueued++;
		}
		require(enqueued ==
			dequeued + q.drops_overflow + q.drops_codel + q.drops_reset + q.packets);
		require(q.chunks <= FQCODEL_NCHUNKS);
	}
	recount();
	while (fqcodel_dequeue(&q, out, sizeof(out), now_us))
		;
	require(!q.packets && !q.bytes && !q.chunks);
	return 0;
}
