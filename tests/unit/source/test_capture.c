/* capture: the two answer files of a captured machine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/capture.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/uevent.h"

static const char export[] = "P: /devices/pci0000:00\n"
			     "E: DEVPATH=/devices/pci0000:00\n"
			     "\n"
			     "P: /devices/pci0000:00/0000:00:03.0\n"
			     "M: 0000:00:03.0\n"
			     "U: pci\n"
			     "E: DEVPATH=/devices/pci0000:00/0000:00:03.0\n"
			     "E: SUBSYSTEM=pci\n"
			     "E: DRIVER=virtio-pci\n"
			     "E: IRQHERD_NODE=1\n"
			     "E: IRQHERD_CPUS=cpus:0-3,8\n"
			     "\n"
			     "P: /devices/pci0000:00/0000:00:03.0/virtio2\n"
			     "E: SUBSYSTEM=virtio\n"
			     "E: IRQHERD_NODE=7\n"
			     "\n"
			     "P: /devices/odd/0000:00:04.0\n"
			     "E: SUBSYSTEM=odd\n"
			     "E: IRQHERD_NODE=7\n"
			     "\n"
			     "P: /devices/pci0000:00/0000:00:04.0\n"
			     "E: SUBSYSTEM=pci\n"
			     "E: IRQHERD_NODE=nonsense\n"
			     "E: IRQHERD_IGNORE=1\n"
			     "\n"
			     "P: /devices/pci0000:00/0000:00:05.0\n"
			     "E: IRQHERD_NODE=-1";

static int find(const char *addr_text, struct udev_properties *ret_properties)
{
	struct pci_addr addr;

	assert_int_equal(pci_addr_parse(addr_text, &addr), 0);
	return udev_export_find(export, &addr, ret_properties);
}

static void properties_are_those_of_the_device_itself(void **state)
{
	struct udev_properties properties;

	(void) state;
	assert_int_equal(find("0000:00:03.0", &properties), 0);
	assert_true(properties.known);
	assert_true(properties.has_node);
	assert_int_equal(properties.node, 1);
	assert_true(properties.has_cpus);
	assert_string_equal(properties.cpus, "cpus:0-3,8");
	assert_false(properties.ignore);
}

static void broken_property_is_ignored_and_other_subsystems_are_passed_over(void **state)
{
	struct udev_properties properties;

	(void) state;
	assert_int_equal(find("0000:00:04.0", &properties), 0);
	assert_false(properties.has_node);
	assert_false(properties.has_cpus);
	assert_true(properties.ignore);
}

static void last_record_needs_no_blank_line(void **state)
{
	struct udev_properties properties;

	(void) state;
	assert_int_equal(find("0000:00:05.0", &properties), 0);
	assert_true(properties.has_node);
	assert_int_equal(properties.node, -1);
}

static void device_without_a_record_is_not_found(void **state)
{
	struct udev_properties properties;
	struct pci_addr addr = { .device = 3 };

	(void) state;
	assert_int_equal(find("0000:00:06.0", &properties), -ENOENT);
	assert_int_equal(udev_export_find("", &addr, &properties), -ENOENT);
	assert_int_equal(udev_export_find("\n\nP:\nE: \nP: 0000:00:03.0", &addr, &properties),
			 -ENOENT);
}

static void queues_of_one_device_are_found(void **state)
{
	static const char text[] = "{ \"eth0\": [ {\"kind\":\"rx\",\"index\":0,\"irq\":38},"
				   " {\"kind\":\"combined\",\"index\":3,\"irq\":41,\"napi\":7},"
				   " {\"kind\":\"tx\",\"index\":1,\"irq\":39} ], \"eth1\": [] }";
	struct queue_list list;

	(void) state;
	assert_int_equal(netdev_queues_find(text, "eth0", &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].kind, QUEUE_RX);
	assert_int_equal(list.items[0].irq, 38);
	assert_int_equal(list.items[1].kind, QUEUE_COMBINED);
	assert_int_equal(list.items[1].index, 3);
	assert_int_equal(list.items[2].kind, QUEUE_TX);
	queue_list_deinit(&list);
	assert_int_equal(list.count, 0);

	assert_int_equal(netdev_queues_find(text, "eth1", &list), 0);
	assert_int_equal(list.count, 0);
	assert_int_equal(netdev_queues_find(text, "eth2", &list), 0);
	assert_int_equal(list.count, 0);
}

static void queues_text_of_another_shape_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"{\"eth0\": 3}",
		"{\"eth0\": [3]}",
		"{\"eth0\": [{}]}",
		"{\"eth0\": [{\"kind\":\"rx\",\"index\":0}]}",
		"{\"eth0\": [{\"kind\":\"rx\",\"index\":-1,\"irq\":3}]}",
		"{\"eth0\": [{\"kind\":\"rx\",\"index\":0,\"irq\":4294967296}]}",
		"{\"eth0\": [{\"kind\":\"rx\",\"index\":0,\"irq\":1.5}]}",
		"{\"eth0\": [{\"kind\":\"ry\",\"index\":0,\"irq\":1}]}",
		"{\"eth0\": [{\"kind\":\"rx\",\"index\":0,\"irq\":1}, {\"kind\":7}]}",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct queue_list list = QUEUE_LIST_INIT;

		assert_int_equal(netdev_queues_find(texts[i], "eth0", &list), -EBADMSG);
		assert_null(list.items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_are_those_of_the_device_itself),
		cmocka_unit_test(broken_property_is_ignored_and_other_subsystems_are_passed_over),
		cmocka_unit_test(last_record_needs_no_blank_line),
		cmocka_unit_test(device_without_a_record_is_not_found),
		cmocka_unit_test(queues_of_one_device_are_found),
		cmocka_unit_test(queues_text_of_another_shape_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
