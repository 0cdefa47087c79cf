/* genl: notifications and answers, whole and damaged, and how queues find their IRQs. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/genl.h"

enum {
	CHANNELS_NTF = 19,
	RINGS_NTF = 17,
	FEATURES_NTF = 13,
	DEV_ADD = 2,
	DEV_DEL = 3,
	DEV_CHANGE = 4
};
enum {
	QUEUE_GET = 10,
	NAPI_GET = 11
};
enum {
	FAMILY = 0x1c
};

struct datagram {
	_Alignas(8) unsigned char data[1024];
	size_t length;
	size_t message; /* where the last one starts */
};

static void append(struct datagram *datagram, const void *data, size_t length)
{
	assert_true(datagram->length + NLMSG_ALIGN(length) <= sizeof(datagram->data));
	memcpy(datagram->data + datagram->length, data, length);
	datagram->length += NLMSG_ALIGN(length);
	((struct nlmsghdr *) (datagram->data + datagram->message))->nlmsg_len =
		(uint32_t) (datagram->length - datagram->message);
}

static void append_message(struct datagram *datagram, uint8_t command)
{
	const struct nlmsghdr header = { .nlmsg_type = FAMILY };
	const struct genlmsghdr genl = { .cmd = command, .version = 1 };

	datagram->message = datagram->length;
	append(datagram, &header, sizeof(header));
	append(datagram, &genl, sizeof(genl));
}

static void append_attr(struct datagram *datagram, uint16_t type, const void *data, size_t length)
{
	const struct nlattr attr = { .nla_len = (uint16_t) (NLA_HDRLEN + length),
				     .nla_type = type };

	append(datagram, &attr, sizeof(attr));
	append(datagram, data, length);
}

static void append_u32(struct datagram *datagram, uint16_t type, uint32_t value)
{
	append_attr(datagram, type, &value, sizeof(value));
}

/* As the kernel sends it: the header nest, then attributes of its own. */
static void append_ethtool(struct datagram *datagram, uint8_t command, uint32_t ifindex,
			   const char *name)
{
	struct datagram nest = { 0 };

	append_message(&nest, 0);
	append_u32(&nest, 1, ifindex);
	append_attr(&nest, 2, name, strlen(name) + 1);

	append_message(datagram, command);
	append_attr(datagram, 1 | NLA_F_NESTED, nest.data + NLMSG_HDRLEN + GENL_HDRLEN,
		    nest.length - NLMSG_HDRLEN - GENL_HDRLEN);
	append_u32(datagram, 5, 4);
}

static int setup(void **state)
{
	static struct dirty dirty;

	*state = &dirty;
	return dirty_init(&dirty);
}

static int teardown(void **state)
{
	dirty_deinit(*state);
	return 0;
}

static void assert_netdev(struct dirty *dirty, const char *name, int ifindex)
{
	struct hint hint;
	bool relook;

	assert_true(dirty_take(dirty, 0, &hint, &relook));
	assert_int_equal(hint.kind, HINT_NETDEV);
	assert_string_equal(hint.name, name);
	assert_int_equal(hint.ifindex, ifindex);
}

static void assert_nothing(struct dirty *dirty)
{
	assert_true(dirty_next_due(dirty) == DIRTY_NEVER);
}

static void channels_and_rings_name_their_device(void **state)
{
	static const uint8_t commands[] = { CHANNELS_NTF, RINGS_NTF };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct datagram datagram = { 0 };

		append_ethtool(&datagram, commands[i], 7, i ? "eth1" : "eth0");
		assert_int_equal(genl_decode_event(datagram.data, datagram.length, GENL_ETHTOOL,
						   *state, 0),
				 1);
		assert_netdev(*state, i ? "eth1" : "eth0", 7);
	}
}

static void other_ethtool_messages_are_passed_over(void **state)
{
	struct datagram datagram = { 0 };

	append_ethtool(&datagram, FEATURES_NTF, 7, "eth0");
	append_message(&datagram, 2);
	assert_int_equal(genl_decode_event(datagram.data, datagram.length, GENL_ETHTOOL, *state, 0),
			 0);
	assert_nothing(*state);
}

static void netdev_notifications_know_only_the_index(void **state)
{
	static const uint8_t commands[] = { DEV_ADD, DEV_DEL, DEV_CHANGE };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct datagram datagram = { 0 };

		append_message(&datagram, commands[i]);
		append_u32(&datagram, 1, 7 + (uint32_t) i);
		assert_int_equal(genl_decode_event(datagram.data, datagram.length, GENL_NETDEV,
						   *state, 0),
				 1);
		assert_netdev(*state, "", 7 + (int) i);
	}
}

static void several_messages_in_one_datagram_all_count(void **state)
{
	struct datagram datagram = { 0 };

	append_ethtool(&datagram, CHANNELS_NTF, 7, "eth0");
	append_ethtool(&datagram, CHANNELS_NTF, 8, "fifteen-letters");
	assert_int_equal(genl_decode_event(datagram.data, datagram.length, GENL_ETHTOOL, *state, 0),
			 2);
}

static void damaged_events_are_refused(void **state)
{
	struct datagram headless = { 0 }, too_long = { 0 }, indexless = { 0 };

	append_message(&headless, CHANNELS_NTF);
	append_u32(&headless, 5, 4);
	assert_int_equal(genl_decode_event(headless.data, headless.length, GENL_ETHTOOL, *state, 0),
			 -EBADMSG);

	append_ethtool(&too_long, CHANNELS_NTF, 7, "sixteen-letters-");
	assert_int_equal(genl_decode_event(too_long.data, too_long.length, GENL_ETHTOOL, *state, 0),
			 -EBADMSG);

	append_message(&indexless, DEV_ADD);
	assert_int_equal(genl_decode_event(indexless.data, indexless.length, GENL_NETDEV, *state,
					   0),
			 -EBADMSG);
	assert_nothing(*state);
}

static void index_that_no_interface_can_have_is_unknown(void **state)
{
	struct datagram named = { 0 }, nameless = { 0 };

	append_ethtool(&named, CHANNELS_NTF, 0xffffffff, "eth0");
	assert_int_equal(genl_decode_event(named.data, named.length, GENL_ETHTOOL, *state, 0), 1);
	assert_netdev(*state, "eth0", 0);

	append_message(&nameless, DEV_ADD);
	append_u32(&nameless, 1, 0xffffffff);
	assert_int_equal(genl_decode_event(nameless.data, nameless.length, GENL_NETDEV, *state, 0),
			 0);
	assert_nothing(*state);
}

/* On heap copies of the exact size, so that a sanitizer sees each byte too far. */
static void decode_exactly(const void *data, size_t length, struct dirty *dirty, int results[4])
{
	void *copy = malloc(length ? length : 1);
	struct genl_queue queue;
	struct genl_napi napi;

	assert_non_null(copy);
	memcpy(copy, data, length);
	results[0] = genl_decode_event(copy, length, GENL_ETHTOOL, dirty, 0);
	results[1] = genl_decode_event(copy, length, GENL_NETDEV, dirty, 0);
	results[2] = genl_decode_queue(copy, length, &queue);
	results[3] = genl_decode_napi(copy, length, &napi);
	free(copy);
}

static void every_truncation_is_damage(void **state)
{
	struct datagram datagram = { 0 };
	int results[4];

	append_ethtool(&datagram, CHANNELS_NTF, 7, "eth0");
	for (size_t length = 1; length < datagram.length; length++) {
		decode_exactly(datagram.data, length, *state, results);
		for (size_t i = 0; i < ARRAY_SIZE(results); i++)
			assert_int_equal(results[i], -EBADMSG);
	}
	assert_nothing(*state);
}

static void lying_lengths_are_never_followed(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 15, 16, 17, 19, 4096, 0x7fffffff, 0xffffffff };
	struct datagram datagram = { 0 };
	int results[4];

	append_ethtool(&datagram, CHANNELS_NTF, 7, "eth0");
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct datagram lying = datagram;

		memcpy(lying.data, &lengths[i], sizeof(lengths[i]));
		decode_exactly(lying.data, lying.length, *state, results);
		assert_int_equal(results[0], -EBADMSG);
	}
	assert_nothing(*state);

	/* The header nest and the first attribute in it. */
	for (size_t offset = NLMSG_HDRLEN + GENL_HDRLEN; offset <= NLMSG_HDRLEN + GENL_HDRLEN + 4;
	     offset += 4) {
		for (uint32_t length = 0; length < 65536; length += 13) {
			struct datagram lying = datagram;
			uint16_t short_length = (uint16_t) length;

			memcpy(lying.data + offset, &short_length, sizeof(short_length));
			decode_exactly(lying.data, lying.length, *state, results);
			assert_in_range(results[0] + EBADMSG, 0, EBADMSG + 1);
		}
	}
}

static void queue_answer_is_read(void **state)
{
	struct datagram datagram = { 0 };
	struct genl_queue queue;
	struct genl_napi napi;

	(void) state;
	append_message(&datagram, QUEUE_GET);
	append_u32(&datagram, 1, 3);
	append_u32(&datagram, 2, 7);
	append_u32(&datagram, 3, 1);
	assert_int_equal(genl_decode_queue(datagram.data, datagram.length, &queue), 0);
	assert_int_equal(queue.id, 3);
	assert_int_equal(queue.type, 1);
	assert_int_equal(queue.napi, 0);

	append_u32(&datagram, 4, 257);
	assert_int_equal(genl_decode_queue(datagram.data, datagram.length, &queue), 0);
	assert_int_equal(queue.napi, 257);

	assert_int_equal(genl_decode_napi(datagram.data, datagram.length, &napi), -EBADMSG);
}

static void napi_answer_may_have_no_irq(void **state)
{
	struct datagram datagram = { 0 };
	struct genl_napi napi;

	(void) state;
	append_message(&datagram, NAPI_GET);
	append_u32(&datagram, 1, 7);
	assert_int_equal(genl_decode_napi(datagram.data, datagram.length, &napi), -EBADMSG);

	append_u32(&datagram, 2, 257);
	assert_int_equal(genl_decode_napi(datagram.data, datagram.length, &napi), 0);
	assert_int_equal(napi.id, 257);
	assert_int_equal(napi.irq, 0);

	append_u32(&datagram, 3, 41);
	append_u32(&datagram, 4, 1234);
	append_attr(&datagram, 5, "12345678", 8);
	assert_int_equal(genl_decode_napi(datagram.data, datagram.length, &napi), 0);
	assert_int_equal(napi.irq, 41);
}

struct join_case {
	struct genl_queue queues[5];
	struct genl_napi napis[4];
	struct queue_facts expected[4];
};

static void queues_find_their_irq_by_napi(void **state)
{
	static const struct join_case cases[] = {
		/* one NAPI for each pair: combined */
		{ { { 0, 0, 10 }, { 1, 0, 11 }, { 0, 1, 10 }, { 1, 1, 11 } },
		  { { 10, 40 }, { 11, 41 } },
		  { { QUEUE_COMBINED, 0, 40 }, { QUEUE_COMBINED, 1, 41 } } },
		/* NAPIs of their own for both directions */
		{ { { 0, 0, 10 }, { 0, 1, 20 } },
		  { { 20, 50 }, { 10, 40 } },
		  { { QUEUE_RX, 0, 40 }, { QUEUE_TX, 0, 50 } } },
		/* tx without a NAPI */
		{ { { 0, 0, 10 }, { 0, 1, 0 } }, { { 10, 40 } }, { { QUEUE_RX, 0, 40 } } },
		/* the driver tells no IRQ */
		{ { { 0, 0, 10 }, { 0, 1, 10 } }, { { 10, 0 } }, { { QUEUE_NONE, 0, 0 } } },
		/* one NAPI serves two queues of each direction, and another type of queue */
		{ { { 0, 0, 10 }, { 1, 0, 10 }, { 0, 1, 10 }, { 1, 1, 10 }, { 0, 2, 10 } },
		  { { 10, 40 } },
		  { { QUEUE_COMBINED, 0, 40 }, { QUEUE_COMBINED, 1, 40 } } },
		/* one NAPI, but other indexes */
		{ { { 0, 0, 10 }, { 4, 1, 10 } },
		  { { 10, 40 } },
		  { { QUEUE_RX, 0, 40 }, { QUEUE_TX, 4, 40 } } },
		/* doubled answers, and a NAPI that nobody described */
		{ { { 0, 0, 10 }, { 0, 0, 10 }, { 0, 1, 10 }, { 0, 1, 10 }, { 1, 0, 99 } },
		  { { 10, 40 } },
		  { { QUEUE_COMBINED, 0, 40 } } },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct join_case *c = &cases[i];
		struct queue_list list;
		size_t n = 0;

		assert_int_equal(genl_join(c->queues, ARRAY_SIZE(c->queues), c->napis,
					   ARRAY_SIZE(c->napis), &list),
				 0);
		while (n < ARRAY_SIZE(c->expected) && c->expected[n].kind != QUEUE_NONE)
			n++;
		assert_int_equal(list.count, n);
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(list.items[j].kind, c->expected[j].kind);
			assert_int_equal(list.items[j].index, c->expected[j].index);
			assert_int_equal(list.items[j].irq, c->expected[j].irq);
		}
		queue_list_deinit(&list);
	}
}

static void nothing_joins_to_nothing(void **state)
{
	struct queue_list list = { .count = 3 };

	(void) state;
	assert_int_equal(genl_join(NULL, 0, NULL, 0, &list), 0);
	assert_int_equal(list.count, 0);
	queue_list_deinit(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(channels_and_rings_name_their_device),
		TEST(other_ethtool_messages_are_passed_over),
		TEST(netdev_notifications_know_only_the_index),
		TEST(several_messages_in_one_datagram_all_count),
		TEST(damaged_events_are_refused),
		TEST(index_that_no_interface_can_have_is_unknown),
		TEST(every_truncation_is_damage),
		TEST(lying_lengths_are_never_followed),
		TEST(queue_answer_is_read),
		TEST(napi_answer_may_have_no_irq),
		TEST(queues_find_their_irq_by_napi),
		TEST(nothing_joins_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
