/* SPDX-License-Identifier: MIT */
/*
 * The fair queue with active queue management, RFC 8290 and 8289. Where this differs from the RFCs:
 *
 * - CoDel judges the head of a flow before it takes it away, so that a packet without room stays.
 *   The decisions are the same.
 * - Nothing may have been dequeued for seconds, when the outer TCP repaired a loss. CoDel would
 *   make up for all signals of that time at once and empty the flow; here it makes up for one
 *   interval.
 * - The limit is memory, not bytes: small packets occupy a whole chunk, and that is what the
 *   fattest flow is charged for.
 * - The moment the queue is empty, no flow is active any more. With nobody to share with, debts are
 *   void, and a packet that comes next is of a new flow.
 */
#include "fqcodel.h"

#include <string.h>

#include "bytes.h"

#define SOJOURN_STALE_US 1000000
#define BATCH_DROP_MAX	 64

/* A flow that slowed down less than this ago goes on with the count that it had reached. */
#define RECENT_US (16 * FQCODEL_INTERVAL_US)

/* Protocols whose header begins with what tells flows apart: ports, or ESP's SPI. IANA numbers. */
#define PROTO_DCCP    33
#define PROTO_ESP     50
#define PROTO_SCTP    132
#define PROTO_UDPLITE 136

#define ECN_MASK 3u
#define ECN_CE	 3u

_Static_assert(FQCODEL_NCHUNKS < FQCODEL_NONE && FQCODEL_NFLOWS < FQCODEL_NONE,
	       "an index is never FQCODEL_NONE");
_Static_assert((FQCODEL_PACKET_MAX - 1) / FQCODEL_CHUNK_SIZE + 1 <= FQCODEL_NCHUNKS,
	       "the largest packet fits into an empty queue");

/* ---- what is in a packet ---- */

/* Set the header checksum right after its first word has changed, RFC 1624 equation 3. */
static void ipv4_checksum_update(uint8_t *ip, uint16_t old_word, uint16_t new_word)
{
	uint32_t sum = (uint16_t)~be16_load(ip + IPV4_CSUM_AT);

	sum += (uint16_t)~old_word;
	sum += new_word;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	be16_store(ip + IPV4_CSUM_AT, (uint16_t)~sum);
}

/* Mark a packet CE. Return: 0 when its sender does not know ECN, and then nothing has changed. */
static int mark_ce(enum packet_kind kind, uint8_t *data, size_t len)
{
	struct headers h;
	uint8_t *ip;
	uint16_t word;

	headers_find(kind, data, len, &h);
	ip = data + h.l3;
	if (h.version == 4) {
		if (!(ip[IPV4_TOS_AT] & ECN_MASK))
			return 0;
		word = be16_load(ip);
		ip[IPV4_TOS_AT] |= ECN_CE;
		ipv4_checksum_update(ip, word, be16_load(ip));
		return 1;
	}
	/* The traffic class lies across the first two bytes, its lower half in the second. */
	if (h.version == 6 && ip[1] >> 4 & ECN_MASK) {
		ip[1] |= ECN_CE << 4;
		return 1;
	}
	return 0;
}

/*
 * What a flow is known by, from which the hash is made. The first word tells what the others are;
 * those not used are 0.
 */
struct flow_words {
	unsigned n;
	uint32_t word[FQCODEL_KEY_WORDS];
};

#define WORD_VERSION_AT 8	   /* the IP version, and the protocol below it */
#define WORD_ETHER	(1u << 16) /* and the type */

static void add_words(struct flow_words *words, const uint8_t *data, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		words->word[words->n++] = be32_load(data + 4 * i);
}

static int begins_with_ports(unsigned proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP ||
	       proto == PROTO_UDPLITE || proto == PROTO_DCCP || proto == PROTO_ESP;
}

static void add_ip(struct flow_words *words, const struct headers *h, const uint8_t *data)
{
	const uint8_t *ip = data + h->l3;

	words->word[0] = (uint32_t)h->version << WORD_VERSION_AT | h->proto;
	if (h->version == 4)
		add_words(words, ip + IPV4_ADDRESSES_AT, 2);
	else
		add_words(words, ip + IPV6_ADDRESSES_AT, 8);
	if (h->l4 && begins_with_ports(h->proto) && h->end - h->l4 >= 4)
		add_words(words, data + h->l4, 1);
}

uint32_t fqcodel_hash(const struct fqcodel *q, const uint8_t *data, size_t len)
{
	struct flow_words words = {.n = 1};
	uint64_t hash = q->key[0];
	struct headers h;

	headers_find(q->kind, data, len, &h);
	if (h.version) {
		add_ip(&words, &h, data);
	} else if (q->kind == PACKET_ETHER && len >= ETHER_HEADER_LEN) {
		words.word[0] = WORD_ETHER | be16_load(data + ETHER_TYPE_AT);
		add_words(&words, data, 3);
	}

	/* Multilinear hashing, which is strongly universal in the upper half of the sum. */
	for (unsigned i = 0; i < words.n; i++)
		hash += q->key[1 + i] * words.word[i];
	return (uint32_t)(hash >> 32);
}

/* ---- lists of flows, and packets in flows ---- */

static void list_append(struct fqcodel *q, struct fqcodel_list *list, uint16_t flow)
{
	q->flows[flow].next = FQCODEL_NONE;
	if (list->first == FQCODEL_NONE)
		list->first = flow;
	else
		q->flows[list->last].next = flow;
	list->last = flow;
}

/* @list is not empty */
static uint16_t list_take(struct fqcodel *q, struct fqcodel_list *list)
{
	uint16_t flow = list->first;

	list->first = q->flows[flow].next;
	return flow;
}

static void list_clear(struct fqcodel *q, struct fqcodel_list *list)
{
	while (list->first != FQCODEL_NONE)
		q->flows[list_take(q, list)].is_listed = 0;
}

static unsigned chunks_for(size_t len)
{
	return (unsigned)((len + FQCODEL_CHUNK_SIZE - 1) / FQCODEL_CHUNK_SIZE);
}

/* There is one. */
static uint16_t chunk_take(struct fqcodel *q)
{
	uint16_t c = q->free_chunk;

	if (c == FQCODEL_NONE)
		return q->unused++;
	q->free_chunk = q->chunk[c].next_chunk;
	return c;
}

static void chunks_all_free(struct fqcodel *q)
{
	q->free_chunk = FQCODEL_NONE;
	q->unused = 0;
}

/* Copy a packet into new chunks. Return: the first. */
static uint16_t packet_store(struct fqcodel *q, const uint8_t *data, size_t len)
{
	uint16_t first = chunk_take(q), c = first;

	q->chunk[first].len = (uint16_t)len;
	while (len > FQCODEL_CHUNK_SIZE) {
		memcpy(q->data[c], data, FQCODEL_CHUNK_SIZE);
		data += FQCODEL_CHUNK_SIZE;
		len -= FQCODEL_CHUNK_SIZE;
		q->chunk[c].next_chunk = chunk_take(q);
		c = q->chunk[c].next_chunk;
	}
	memcpy(q->data[c], data, len);
	q->chunk[first].last_chunk = c;
	return first;
}

static void packet_load(const struct fqcodel *q, uint16_t first, uint8_t *out)
{
	size_t len = q->chunk[first].len;
	uint16_t c = first;

	while (len > FQCODEL_CHUNK_SIZE) {
		memcpy(out, q->data[c], FQCODEL_CHUNK_SIZE);
		out += FQCODEL_CHUNK_SIZE;
		len -= FQCODEL_CHUNK_SIZE;
		c = q->chunk[c].next_chunk;
	}
	memcpy(out, q->data[c], len);
}

/* Remove the first packet of a flow that has one. */
static void packet_remove(struct fqcodel *q, uint16_t flow)
{
	struct fqcodel_flow *f = &q->flows[flow];
	struct fqcodel_chunk *packet = &q->chunk[f->first];
	unsigned n = chunks_for(packet->len);

	q->packets--;
	q->bytes -= packet->len;
	q->chunks -= n;
	q->flow_chunks[flow] = (uint16_t)(q->flow_chunks[flow] - n);
	f->bytes -= packet->len;

	q->chunk[packet->last_chunk].next_chunk = q->free_chunk;
	q->free_chunk = f->first;
	f->first = packet->next_packet;

	if (!q->packets) {
		list_clear(q, &q->new_flows);
		list_clear(q, &q->old_flows);
		chunks_all_free(q);
	}
}

/* ---- overflow ---- */

static uint16_t fattest_flow(const struct fqcodel *q)
{
	unsigned most = 0, flow = 0;

	for (unsigned i = 0; i < FQCODEL_NFLOWS; i++)
		most = q->flow_chunks[i] > most ? q->flow_chunks[i] : most;
	while (q->flow_chunks[flow] != most)
		flow++;
	return (uint16_t)flow;
}

/* Several packets at once, so that a flood does not cost a search each. The queue is not empty. */
static void drop_from_fattest(struct fqcodel *q)
{
	uint16_t flow = fattest_flow(q);
	unsigned enough = q->flow_chunks[flow] / 2;

	for (int i = 0; i < BATCH_DROP_MAX && q->flow_chunks[flow] > enough; i++) {
		packet_remove(q, flow);
		q->drops_overflow++;
	}
}

void fqcodel_enqueue(struct fqcodel *q, const uint8_t *data, size_t len, uint32_t flow_hash,
		     uint64_t now_us)
{
	uint16_t flow = flow_hash % FQCODEL_NFLOWS, packet;
	struct fqcodel_flow *f = &q->flows[flow];
	unsigned n = chunks_for(len);

	while (FQCODEL_NCHUNKS - q->chunks < n)
		drop_from_fattest(q);

	packet = packet_store(q, data, len);
	q->chunk[packet].enqueued_us = now_us;
	q->chunk[packet].next_packet = FQCODEL_NONE;
	if (f->first == FQCODEL_NONE)
		f->first = packet;
	else
		q->chunk[f->last].next_packet = packet;
	f->last = packet;

	q->packets++;
	q->bytes += (uint32_t)len;
	q->chunks += n;
	q->flow_chunks[flow] = (uint16_t)(q->flow_chunks[flow] + n);
	f->bytes += (uint32_t)len;

	if (!f->is_listed) {
		f->is_listed = 1;
		f->deficit = FQCODEL_QUANTUM;
		list_append(q, &q->new_flows, flow);
	}
}

/* ---- CoDel ---- */

static uint64_t isqrt(uint64_t x)
{
	uint64_t root = 0, bit = 1ull << 32;

	/* digit by digit, RFC 8289 leaves the method open; a signal is rare enough for the loop */
	while (bit >>= 1)
		if ((root + bit) * (root + bit) <= x)
			root += bit;
	return root;
}

uint32_t fqcodel_step_us(uint32_t count)
{
	return (uint32_t)isqrt((uint64_t)FQCODEL_INTERVAL_US * FQCODEL_INTERVAL_US / count);
}

/*
 * Is the packet at the head, with @rest bytes behind it, to tell its sender to slow down? After a
 * yes it must be marked or dropped: the signal counts as given.
 */
static int codel_signals(struct fqcodel_flow *f, uint64_t sojourn_us, uint32_t rest, uint32_t mtu,
			 uint64_t now_us)
{
	if (sojourn_us < FQCODEL_TARGET_US || rest <= mtu) {
		f->first_above_us = 0;
		f->is_dropping = 0;
		return 0;
	}
	if (!f->first_above_us)
		f->first_above_us = now_us + FQCODEL_INTERVAL_US;
	if (now_us < f->first_above_us)
		return 0;

	if (!f->is_dropping) {
		uint32_t delta = f->count - f->last_count;

		f->is_dropping = 1;
		f->count = delta > 1 && now_us < f->drop_next_us + RECENT_US ? delta : 1;
		f->last_count = f->count;
		f->drop_next_us = now_us;
	} else {
		if (now_us < f->drop_next_us)
			return 0;
		if (now_us - f->drop_next_us > FQCODEL_INTERVAL_US)
			f->drop_next_us = now_us - FQCODEL_INTERVAL_US;
		f->count += f->count < UINT32_MAX;
	}
	f->drop_next_us += fqcodel_step_us(f->count);
	return 1;
}

/* ---- DRR++ ---- */

/*
 * The flow whose turn it is, at the head of its list, with a packet; FQCODEL_NONE when there is
 * none.
 *
 * A flow that has sent a large packet is passed over until quanta have made up for it: that is a
 * visit for each 1514 bytes sent before, and no flow is visited without having sent or having been
 * filled.
 */
static uint16_t flow_to_serve(struct fqcodel *q)
{
	for (;;) {
		int is_new = q->new_flows.first != FQCODEL_NONE;
		struct fqcodel_list *list = is_new ? &q->new_flows : &q->old_flows;
		struct fqcodel_flow *f;

		if (list->first == FQCODEL_NONE)
			return FQCODEL_NONE;
		f = &q->flows[list->first];
		if (f->deficit <= 0) {
			f->deficit += FQCODEL_QUANTUM;
			list_append(q, &q->old_flows, list_take(q, list));
		} else if (f->first != FQCODEL_NONE) {
			return list->first;
		} else if (is_new) {
			/* Else a flow of single packets could be new, and first, each time. */
			list_append(q, &q->old_flows, list_take(q, list));
		} else {
			list_take(q, list);
			f->is_listed = 0;
		}
	}
}

static void note_sojourn(struct fqcodel *q, uint64_t sojourn_us, uint64_t now_us)
{
	uint32_t us = sojourn_us < UINT32_MAX ? (uint32_t)sojourn_us : UINT32_MAX;

	q->sojourn_us = q->sojourn_us - q->sojourn_us / 8 + us / 8;
	q->sojourn_at_us = now_us;
}

size_t fqcodel_dequeue(struct fqcodel *q, uint8_t *out, size_t room, uint64_t now_us)
{
	uint16_t flow;

	while ((flow = flow_to_serve(q)) != FQCODEL_NONE) {
		struct fqcodel_flow *f = &q->flows[flow];
		uint16_t packet = f->first;
		uint16_t len = q->chunk[packet].len;
		uint64_t enqueued_us = q->chunk[packet].enqueued_us;
		uint64_t sojourn_us = now_us > enqueued_us ? now_us - enqueued_us : 0;
		size_t contiguous = len < FQCODEL_CHUNK_SIZE ? len : FQCODEL_CHUNK_SIZE;

		if (len > room)
			return 0;
		if (codel_signals(f, sojourn_us, f->bytes - len, q->mtu, now_us)) {
			if (!mark_ce(q->kind, q->data[packet], contiguous)) {
				packet_remove(q, flow);
				q->drops_codel++;
				continue;
			}
			q->marks++;
		}
		packet_load(q, packet, out);
		f->deficit -= len;
		packet_remove(q, flow);
		note_sojourn(q, sojourn_us, now_us);
		return len;
	}
	return 0;
}

uint32_t fqcodel_sojourn_us(const struct fqcodel *q, uint64_t now_us)
{
	int is_stale = now_us > q->sojourn_at_us && now_us - q->sojourn_at_us > SOJOURN_STALE_US;

	return is_stale && !q->packets ? 0 : q->sojourn_us;
}

/* ---- beginning and end ---- */

/* SplitMix64: a sequence of well mixed numbers from a seed that need not be. */
static uint64_t next_key(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void forget_everything(struct fqcodel *q)
{
	q->packets = 0;
	q->bytes = 0;
	q->chunks = 0;
	q->sojourn_us = 0;
	q->sojourn_at_us = 0;
	q->new_flows = q->old_flows = (struct fqcodel_list){FQCODEL_NONE, FQCODEL_NONE};
	chunks_all_free(q);
	memset(q->flow_chunks, 0, sizeof(q->flow_chunks));
	for (unsigned i = 0; i < FQCODEL_NFLOWS; i++)
		q->flows[i] = (struct fqcodel_flow){.first = FQCODEL_NONE};
}

void fqcodel_init(struct fqcodel *q, enum packet_kind kind, uint32_t mtu, uint64_t seed)
{
	q->drops_overflow = q->drops_codel = q->drops_reset = q->marks = 0;
	q->kind = kind;
	q->mtu = mtu;
	for (unsigned i = 0; i < 1 + FQCODEL_KEY_WORDS; i++)
		q->key[i] = next_key(&seed);
	forget_everything(q);
}

void fqcodel_reset(struct fqcodel *q)
{
	q->drops_reset += q->packets;
	forget_everything(q);
}
