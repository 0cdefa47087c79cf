/* rtnl: link messages, whole and damaged. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/rtnl.h"

struct datagram {
	_Alignas(8) unsigned char data[1024];
	size_t length;
};

static void append(struct datagram *datagram, const void *data, size_t length)
{
	assert_true(datagram->length + NLMSG_ALIGN(length) <= sizeof(datagram->data));
	memcpy(datagram->data + datagram->length, data, length);
	datagram->length += NLMSG_ALIGN(length);
}

static void append_attr(struct datagram *datagram, uint16_t type, const void *data, size_t length)
{
	const struct nlattr attr = { .nla_len = (uint16_t) (NLA_HDRLEN + length),
				     .nla_type = type };

	append(datagram, &attr, sizeof(attr));
	append(datagram, data, length);
}

/* A link message; name NULL: without IFLA_IFNAME. */
static void append_link(struct datagram *datagram, uint16_t type, unsigned char family, int ifindex,
			const char *name, bool wireless)
{
	const struct ifinfomsg link = { .ifi_family = family, .ifi_index = ifindex };
	size_t start = datagram->length;
	struct nlmsghdr header = { .nlmsg_type = type };
	const uint32_t mtu = 1500;

	append(datagram, &header, sizeof(header));
	append(datagram, &link, sizeof(link));
	append_attr(datagram, IFLA_MTU, &mtu, sizeof(mtu));
	if (name)
		append_attr(datagram, IFLA_IFNAME, name, strlen(name) + 1);
	if (wireless)
		append_attr(datagram, IFLA_WIRELESS, &mtu, sizeof(mtu));

	header.nlmsg_len = (uint32_t) (datagram->length - start);
	memcpy(datagram->data + start, &header, sizeof(header));
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

static void link_that_comes_or_goes_is_named(void **state)
{
	static const uint16_t types[] = { RTM_NEWLINK, RTM_DELLINK };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct datagram datagram = { 0 };

		append_link(&datagram, types[i], AF_UNSPEC, 7 + (int) i, i ? "eth1" : "eth0",
			    false);
		assert_int_equal(rtnl_decode(datagram.data, datagram.length, *state, 0), 1);
		assert_netdev(*state, i ? "eth1" : "eth0", 7 + (int) i);
	}
}

static void link_without_a_name_is_known_by_its_index(void **state)
{
	struct datagram datagram = { 0 };

	append_link(&datagram, RTM_NEWLINK, AF_UNSPEC, 7, NULL, false);
	assert_int_equal(rtnl_decode(datagram.data, datagram.length, *state, 0), 1);
	assert_netdev(*state, "", 7);
}

static void several_messages_in_one_datagram_all_count(void **state)
{
	struct datagram datagram = { 0 };

	append_link(&datagram, RTM_NEWLINK, AF_UNSPEC, 7, "eth0", false);
	append_link(&datagram, RTM_NEWLINK, AF_UNSPEC, 8, "fifteen-letters", false);
	assert_int_equal(rtnl_decode(datagram.data, datagram.length, *state, 0), 2);
	assert_int_equal(((struct dirty *) *state)->entries.used, 2);
}

static void what_is_no_link_of_ours_is_passed_over(void **state)
{
	struct datagram datagram = { 0 };

	append_link(&datagram, RTM_NEWLINK, AF_BRIDGE, 7, "eth0", false);
	append_link(&datagram, RTM_NEWLINK, AF_UNSPEC, 7, "wlan0", true);
	append_link(&datagram, RTM_NEWLINK, AF_UNSPEC, 0, "none", false);
	append_link(&datagram, RTM_NEWADDR, AF_UNSPEC, 7, "eth0", false);
	assert_int_equal(rtnl_decode(datagram.data, datagram.length, *state, 0), 0);
	assert_nothing(*state);
}

static void name_that_is_too_long_or_has_no_end_is_damage(void **state)
{
	struct datagram too_long = { 0 }, endless = { 0 };
	struct nlattr *attr;

	append_link(&too_long, RTM_NEWLINK, AF_UNSPEC, 7, "sixteen-letters-", false);
	assert_int_equal(rtnl_decode(too_long.data, too_long.length, *state, 0), -EBADMSG);

	append_link(&endless, RTM_NEWLINK, AF_UNSPEC, 7, "eth", false);
	attr = (struct nlattr *) (endless.data + endless.length - 8);
	assert_int_equal(attr->nla_type, IFLA_IFNAME);
	endless.data[endless.length - 1] = 'x';
	assert_int_equal(rtnl_decode(endless.data, endless.length, *state, 0), -EBADMSG);
	assert_nothing(*state);
}

/* On a heap copy of the exact size, so that a sanitizer sees each byte too far. */
static int decode_exactly(const void *data, size_t length, struct dirty *dirty)
{
	void *copy = malloc(length ? length : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, data, length);
	r = rtnl_decode(copy, length, dirty, 0);
	free(copy);
	return r;
}

static void every_truncation_is_damage_or_less(void **state)
{
	struct datagram datagram = { 0 };

	append_link(&datagram, RTM_NEWLINK, AF_UNSPEC, 7, "eth0", false);
	for (size_t length = 1; length < datagram.length; length++)
		assert_int_equal(decode_exactly(datagram.data, length, *state), -EBADMSG);
	assert_int_equal(decode_exactly(datagram.data, 0, *state), 0);
	assert_nothing(*state);
}

static void lying_lengths_are_never_followed(void **state)
{
	static const uint32_t lengths[] = {
		0, 1, 15, 16, 17, 31, 33, 4096, 0x7fffffff, 0xffffffff
	};
	struct datagram datagram = { 0 };

	append_link(&datagram, RTM_NEWLINK, AF_UNSPEC, 7, "eth0", false);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct datagram lying = datagram;

		memcpy(lying.data, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(decode_exactly(lying.data, lying.length, *state), -EBADMSG);
	}

	/* The length of the first attribute: what it hides is not seen, and nothing else. */
	for (uint32_t length = 0; length < 65536; length += 13) {
		struct datagram lying = datagram;
		uint16_t short_length = (uint16_t) length;

		memcpy(lying.data + NLMSG_HDRLEN + sizeof(struct ifinfomsg), &short_length,
		       sizeof(short_length));
		assert_in_range(decode_exactly(lying.data, lying.length, *state) + EBADMSG, 0,
				EBADMSG + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(link_that_comes_or_goes_is_named),
		TEST(link_without_a_name_is_known_by_its_index),
		TEST(several_messages_in_one_datagram_all_count),
		TEST(what_is_no_link_of_ours_is_passed_over),
		TEST(name_that_is_too_long_or_has_no_end_is_damage),
		TEST(every_truncation_is_damage_or_less),
		TEST(lying_lengths_are_never_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
