#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/pci_addr.h"

static void addresses_are_read_and_printed_back(void **state)
{
	static const struct {
		const char *text;
		struct pci_addr addr;
		const char *canonical;
	} cases[] = {
		{ "0000:00:00.0", { 0, 0, 0, 0 }, "0000:00:00.0" },
		{ "0000:3b:00.1", { 0, 0x3b, 0, 1 }, "0000:3b:00.1" },
		{ "0000:3B:1F.7", { 0, 0x3b, 31, 7 }, "0000:3b:1f.7" },
		{ "FFFF:ff:1f.7", { 0xffff, 0xff, 31, 7 }, "ffff:ff:1f.7" },
		{ "10000:e1:00.0", { 0x10000, 0xe1, 0, 0 }, "10000:e1:00.0" },
		{ "ffffffff:00:01.2", { 0xffffffff, 0, 1, 2 }, "ffffffff:00:01.2" },
		{ "abcdef:00:01.2", { 0xabcdef, 0, 1, 2 }, "abcdef:00:01.2" },
	};
	char text[PCI_ADDR_TEXT];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_addr addr;

		assert_int_equal(pci_addr_parse(cases[i].text, &addr), 0);
		assert_true(pci_addr_equal(&addr, &cases[i].addr));
		assert_int_equal(addr.domain, cases[i].addr.domain);
		assert_int_equal(addr.bus, cases[i].addr.bus);
		assert_int_equal(addr.device, cases[i].addr.device);
		assert_int_equal(addr.function, cases[i].addr.function);
		assert_ptr_equal(pci_addr_format(&addr, text), text);
		assert_string_equal(text, cases[i].canonical);
	}
}

static void anything_but_one_whole_address_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"0",
		"0000",
		"0000:",
		"0000:3b",
		"0000:3b:00",
		"0000:3b:00.",
		"3b:00.0",
		"000:3b:00.0",
		"00000:3b:00.0",
		"0000:3b:00.8",
		"0000:3b:20.0",
		"0000:3b:00.00",
		"0000:3b:0.0",
		"0000:b:00.0",
		"0000:03b:00.0",
		"0000:3b:00.0 ",
		" 0000:3b:00.0",
		"0000:3b:00.0\n",
		"0000:3b:00.0/net",
		"0000-3b-00.0",
		"0000:3b:00:0",
		"0000.3b.00.0",
		"0000:3g:00.0",
		"123456789:3b:00.0",
		"pci0000:3b:00.0",
		"0000:3b:00.0x",
		"-000:3b:00.0",
		"0000:3b:-1.0",
		"0x0000:3b:00.0",
		"00010000:3b:00.0",
	};
	const struct pci_addr before = { 1, 2, 3, 4 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_addr addr = before;
		int r = pci_addr_parse(cases[i], &addr);

		if (r != -EINVAL)
			fail_msg("'%s' answers %d", cases[i], r);
		assert_true(pci_addr_equal(&addr, &before));
	}
}

static void addresses_sort_by_domain_bus_device_function(void **state)
{
	static const struct pci_addr ascending[] = {
		{ 0, 0, 0, 0 },
		{ 0, 0, 0, 1 },
		{ 0, 0, 0, 7 },
		{ 0, 0, 1, 0 },
		{ 0, 0, 31, 7 },
		{ 0, 1, 0, 0 },
		{ 0, 255, 31, 7 },
		{ 1, 0, 0, 0 },
		{ 0x10000, 0, 0, 0 },
		{ 0xffffffff, 0, 0, 0 },
		{ 0xffffffff, 255, 31, 7 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(ascending); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ascending); j++) {
			int order = pci_addr_compare(&ascending[i], &ascending[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(pci_addr_equal(&ascending[i], &ascending[j]), i == j);
			assert_int_equal(pci_addr_key(&ascending[i]) == pci_addr_key(&ascending[j]),
					 i == j);
		}
		assert_true(pci_addr_key(&ascending[i]) != 0);
	}
}

static void last_address_of_a_device_path_wins(void **state)
{
	static const struct {
		const char *path;
		const char *addr; /* NULL: none */
	} cases[] = {
		{ "/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/net/eth0", "0000:03:00.0" },
		{ "/devices/pci0000:00/0000:00:1c.0", "0000:00:1c.0" },
		{ "/devices/pci0000:00/0000:00:03.0/virtio1/net/ens3/queues/rx-0", "0000:00:03.0" },
		{ "0000:00:03.0", "0000:00:03.0" },
		{ "/0000:00:03.0/", "0000:00:03.0" },
		{ "/devices/pci0000:64/0000:64:00.5/pci10000:00/10000:00:02.0/10000:01:00.0/nvme",
		  "10000:01:00.0" },
		{ "/devices/0000:03:00.0/0000:03:00.0:pcie001", "0000:03:00.0" },
		{ "/devices/pci0000:00", NULL },
		{ "/devices/virtual/net/lo", NULL },
		{ "/devices/system/cpu/cpu3", NULL },
		{ "/", NULL },
		{ "", NULL },
		{ "/devices/x0000:03:00.0/net", NULL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct pci_addr before = { 1, 2, 3, 4 };
		struct pci_addr addr = before;
		char text[PCI_ADDR_TEXT];
		int r = pci_addr_from_devpath(cases[i].path, &addr);

		if (cases[i].addr) {
			assert_int_equal(r, 0);
			assert_string_equal(pci_addr_format(&addr, text), cases[i].addr);
		} else {
			assert_int_equal(r, -ENOENT);
			assert_true(pci_addr_equal(&addr, &before));
		}
	}
}

static void prefixes_match_the_addresses_that_start_so(void **state)
{
	static const struct {
		const char *prefix;
		const char *addr;
		bool match;
	} cases[] = {
		{ "0", "0000:08:00.0", true },
		{ "0000", "0000:08:00.0", true },
		{ "0000:", "0000:08:00.0", true },
		{ "0000:0", "0000:08:00.0", true },
		{ "0000:08", "0000:08:00.0", true },
		{ "0000:08:", "0000:08:00.0", true },
		{ "0000:08:0", "0000:08:00.0", true },
		{ "0000:08:00", "0000:08:00.0", true },
		{ "0000:08:00.", "0000:08:00.0", true },
		{ "0000:08:00.0", "0000:08:00.0", true },
		{ "0000:08:00.1", "0000:08:00.0", false },
		{ "0000:08:01", "0000:08:00.0", false },
		{ "0000:1", "0000:08:00.0", false },
		{ "0001:", "0000:08:00.0", false },
		{ "0000:3B", "0000:3b:00.0", true },
		{ "0000:af:1F.7", "0000:af:1f.7", true },
		{ "10000:", "10000:e1:00.0", true },
		{ "1000", "10000:e1:00.0", true },
		{ "1000:", "10000:e1:00.0", false },
		{ "10000:", "0000:e1:00.0", false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_prefix prefix;
		struct pci_addr addr;

		assert_int_equal(pci_prefix_parse(cases[i].prefix, &prefix), 0);
		assert_int_equal(pci_addr_parse(cases[i].addr, &addr), 0);
		assert_int_equal(prefix.length, strlen(cases[i].prefix));
		if (pci_prefix_match(&prefix, &addr) != cases[i].match)
			fail_msg("'%s' and '%s'", cases[i].prefix, cases[i].addr);
	}
}

static void texts_that_start_no_address_are_no_prefixes(void **state)
{
	static const char *const cases[] = {
		"",
		":",
		"0:",
		"000:08",
		"00000",
		"00000:08",
		"0000:0g",
		"0000:080",
		"0000:08.",
		"0000:08:2",
		"0000:08:20",
		"0000:08:000",
		"0000:08:00:",
		"0000:08:00.8",
		"0000:08:00.00",
		"0000:08:00.0 ",
		"0000 ",
		" 0000",
		"0000:08:00.0\n",
		"pci0000",
		"0000:*",
		"123456789",
		"0000:08:00.01234567890123456789",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_prefix prefix = { "0001", 4 };
		int r = pci_prefix_parse(cases[i], &prefix);

		if (r != -EINVAL)
			fail_msg("'%s' answers %d", cases[i], r);
		assert_string_equal(prefix.text, "0001");
		assert_int_equal(prefix.length, 4);
	}
}

static void every_cut_of_an_address_is_a_prefix_of_it(void **state)
{
	static const char *const cases[] = { "0000:3b:1f.7", "10000:e1:00.0", "ffffffff:ff:10.3" };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_addr addr;

		assert_int_equal(pci_addr_parse(cases[i], &addr), 0);
		for (size_t length = 1; length <= strlen(cases[i]); length++) {
			char text[PCI_ADDR_TEXT] = "";
			struct pci_prefix prefix;

			memcpy(text, cases[i], length);
			assert_int_equal(pci_prefix_parse(text, &prefix), 0);
			assert_true(pci_prefix_match(&prefix, &addr));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_printed_back),
		cmocka_unit_test(anything_but_one_whole_address_is_refused),
		cmocka_unit_test(addresses_sort_by_domain_bus_device_function),
		cmocka_unit_test(last_address_of_a_device_path_wins),
		cmocka_unit_test(prefixes_match_the_addresses_that_start_so),
		cmocka_unit_test(texts_that_start_no_address_are_no_prefixes),
		cmocka_unit_test(every_cut_of_an_address_is_a_prefix_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
