/* uevent: what each event, in the forms that kernels really send, says to look at. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/uevent.h"

#define PORT "/devices/pci0000:80/0000:80:00.0"
#define NIC  PORT "/0000:81:00.0"

/* A hint as text: "device 0000:81:00.0 remade", "netdev eth0 2", "cpus". */
static void format_hint(const struct hint *hint, char *text, size_t size)
{
	char addr[PCI_ADDR_TEXT];

	switch (hint->kind) {
	case HINT_DEVICE:
		(void) snprintf(text, size, "device %s%s", pci_addr_format(&hint->addr, addr),
				hint->remade ? " remade" : "");
		break;
	case HINT_NETDEV:
		(void) snprintf(text, size, "netdev %s %d%s", hint->name, hint->ifindex,
				hint->remade ? " remade" : "");
		break;
	case HINT_CPUS:
		(void) snprintf(text, size, "cpus%s", hint->remade ? " remade" : "");
		break;
	case HINT_IRQ:
	case HINT_RESYNC:
		(void) snprintf(text, size, "unexpected");
		break;
	}
}

struct event_case {
	struct uevent_text event;
	const char *hints[3];
};

#define EVENT(action_, subsystem_, path) \
	.action = (action_), .subsystem = (subsystem_), .devpath = (path)

static void check(const struct event_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct hint hints[3];
		size_t got = uevent_hints(&cases[i].event, hints);

		for (size_t j = 0; j < 3; j++) {
			char text[64];

			if (j >= got) {
				assert_null(cases[i].hints[j]);
				continue;
			}
			format_hint(&hints[j], text, sizeof(text));
			assert_non_null(cases[i].hints[j]);
			assert_string_equal(text, cases[i].hints[j]);
			assert_int_equal(hints[j].from_udevd, cases[i].event.from_udevd);
		}
	}
}

/* virtio-net with several queue pairs, plugged in: the kernel's order. */
static void hotplug_of_a_nic_names_its_device_each_time(void **state)
{
	static const struct event_case cases[] = {
		{ { EVENT("add", "pci", NIC) }, { "device 0000:81:00.0 remade" } },
		{ { EVENT("add", "virtio", NIC "/virtio2") }, { "device 0000:81:00.0" } },
		{ { EVENT("add", "net", NIC "/virtio2/net/eth0"), .interface = "eth0",
		    .ifindex = "3" },
		  { "netdev eth0 3", "device 0000:81:00.0" } },
		{ { EVENT("add", "queues", NIC "/virtio2/net/eth0/queues/rx-0") },
		  { "netdev eth0 0", "device 0000:81:00.0" } },
		{ { EVENT("add", "queues", NIC "/virtio2/net/eth0/queues/tx-3") },
		  { "netdev eth0 0", "device 0000:81:00.0" } },
		{ { EVENT("bind", "virtio", NIC "/virtio2") }, { "device 0000:81:00.0 remade" } },
		{ { EVENT("bind", "pci", NIC) }, { "device 0000:81:00.0 remade" } },
		{ { EVENT("move", "net", NIC "/virtio2/net/ens4"),
		    .devpath_old = NIC "/virtio2/net/eth0", .interface = "ens4", .ifindex = "3" },
		  { "netdev ens4 3", "netdev eth0 0", "device 0000:81:00.0" } },
		{ { EVENT("add", "net", NIC "/virtio2/net/ens4"), .interface = "ens4",
		    .ifindex = "3", .from_udevd = true },
		  { "netdev ens4 3", "device 0000:81:00.0" } },
		{ { EVENT("bind", "pci", NIC), .from_udevd = true },
		  { "device 0000:81:00.0 remade" } },
	};

	(void) state;
	check(cases, ARRAY_SIZE(cases));
}

static void removal_and_unbind_name_the_device(void **state)
{
	static const struct event_case cases[] = {
		{ { EVENT("remove", "queues", NIC "/net/eth1/queues/rx-0") },
		  { "netdev eth1 0", "device 0000:81:00.0" } },
		{ { EVENT("remove", "net", NIC "/net/eth1"), .interface = "eth1", .ifindex = "4" },
		  { "netdev eth1 4", "device 0000:81:00.0" } },
		{ { EVENT("unbind", "virtio", NIC "/virtio2") }, { "device 0000:81:00.0 remade" } },
		{ { EVENT("remove", "virtio", NIC "/virtio2") }, { "device 0000:81:00.0" } },
		{ { EVENT("unbind", "pci", NIC) }, { "device 0000:81:00.0 remade" } },
		{ { EVENT("remove", "pci", NIC) }, { "device 0000:81:00.0 remade" } },
	};

	(void) state;
	check(cases, ARRAY_SIZE(cases));
}

static void change_and_synthetic_events_are_plain_looks(void **state)
{
	static const struct event_case cases[] = {
		{ { EVENT("change", "pci", NIC) }, { "device 0000:81:00.0" } },
		{ { EVENT("change", "pci", NIC), .synthetic = true }, { "device 0000:81:00.0" } },
		{ { EVENT("add", "pci", NIC), .synthetic = true }, { "device 0000:81:00.0" } },
		{ { EVENT("bind", "virtio", NIC "/virtio2"), .synthetic = true },
		  { "device 0000:81:00.0" } },
		{ { EVENT("move", "pci", NIC) }, { "device 0000:81:00.0" } },
	};

	(void) state;
	check(cases, ARRAY_SIZE(cases));
}

static void virtual_devices_name_no_pci_device(void **state)
{
	static const struct event_case cases[] = {
		{ { EVENT("add", "net", "/devices/virtual/net/v0"), .interface = "v0",
		    .ifindex = "12" },
		  { "netdev v0 12" } },
		{ { EVENT("add", "queues", "/devices/virtual/net/v0/queues/rx-1") },
		  { "netdev v0 0" } },
		{ { EVENT("bind", "virtio", "/devices/platform/a003e00.virtio_mmio/virtio0") },
		  { NULL } },
	};

	(void) state;
	check(cases, ARRAY_SIZE(cases));
}

static void nearest_pci_ancestor_counts_behind_bridges_and_in_long_domains(void **state)
{
	static const struct event_case cases[] = {
		{ { EVENT("bind", "pci",
			  "/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:01.0/"
			  "10000:e1:00.0") },
		  { "device 10000:e1:00.0 remade" } },
		{ { EVENT("add", "net",
			  "/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/net/enx0"),
		    .interface = "enx0" },
		  { "netdev enx0 0", "device 0000:00:14.0" } },
	};

	(void) state;
	check(cases, ARRAY_SIZE(cases));
}

static void cpus_and_nodes_are_one_topology(void **state)
{
	static const char *const actions[] = { "online", "offline", "add",   "remove",
					       "bind",   "unbind",  "change" };
	static const struct event_case node[] = {
		{ { EVENT("add", "node", "/devices/system/node/node1") }, { "cpus" } },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		const struct event_case cpu[] = {
			{ { EVENT(actions[i], "cpu", "/devices/system/cpu/cpu3") }, { "cpus" } },
		};

		check(cpu, 1);
	}
	check(node, 1);
}

static void odd_events_are_dropped(void **state)
{
	static const struct event_case cases[] = {
		{ { 0 }, { NULL } },
		{ { EVENT(NULL, "pci", NIC) }, { NULL } },
		{ { EVENT("add", NULL, NIC) }, { NULL } },
		{ { EVENT("add", "pci", NULL) }, { NULL } },
		{ { EVENT("add", "pci", "") }, { NULL } },
		{ { EVENT("add", "block", NIC "/block/vda") }, { NULL } },
		{ { EVENT("add", "net", ""), .interface = "" }, { NULL } },
		{ { EVENT("add", "net", ""), .interface = "sixteen-letters-" }, { NULL } },
		{ { EVENT("add", "net", ""), .interface = "fifteen-letters" },
		  { "netdev fifteen-letters 0" } },
		{ { EVENT("add", "net", ""), .interface = "a/b" }, { NULL } },
		{ { EVENT("add", "net", ""), .interface = "a b" }, { NULL } },
		{ { EVENT("add", "net", ""), .interface = ".." }, { NULL } },
		{ { EVENT("add", "net", ""), .interface = "v0", .ifindex = "-1" },
		  { "netdev v0 0" } },
		{ { EVENT("add", "net", ""), .interface = "v0", .ifindex = "4294967296" },
		  { "netdev v0 0" } },
		{ { EVENT("add", "net", "/devices/virtual/net/v1") }, { "netdev v1 0" } },
		{ { EVENT("add", "queues", "/devices/virtual/net/") }, { NULL } },
		{ { EVENT("add", "queues", "/devices/virtual/queues/rx-0") }, { NULL } },
		{ { EVENT("move", "net", "/devices/virtual/net/v1"), .devpath_old = "nothing" },
		  { "netdev v1 0" } },
	};

	(void) state;
	check(cases, ARRAY_SIZE(cases));
}

static void properties_are_strict(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		int result;
	} cases[] = {
		{ "IRQHERD_NODE", "1", 0 },           { "IRQHERD_NODE", "-1", 0 },
		{ "IRQHERD_NODE", "-2", -EINVAL },    { "IRQHERD_NODE", "one", -EINVAL },
		{ "IRQHERD_NODE", "", -EINVAL },      { "IRQHERD_IGNORE", "1", 0 },
		{ "IRQHERD_RPS", "auto", 0 },         { "IRQHERD_RPS", "off", 0 },
		{ "IRQHERD_RPS", "on", -EINVAL },     { "IRQHERD_RPS", "", -EINVAL },
		{ "IRQHERD_IGNORE", "0", 0 },         { "IRQHERD_IGNORE", "yes", -EINVAL },
		{ "IRQHERD_CPUS", "0-3", 0 },         { "IRQHERD_CPUS", "", -EINVAL },
		{ "ID_MODEL", "anything at all", 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct udev_properties properties = { 0 };

		assert_int_equal(udev_properties_set(&properties, cases[i].name, cases[i].value),
				 cases[i].result);
		if (cases[i].result < 0)
			assert_false(properties.has_node || properties.has_cpus ||
				     properties.ignore);
	}
}

static void cpus_property_that_is_too_long_is_broken(void **state)
{
	struct udev_properties properties = { 0 };
	char value[sizeof(properties.cpus) + 1];

	(void) state;
	memset(value, '1', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(udev_properties_set(&properties, "IRQHERD_CPUS", value), -EINVAL);

	value[sizeof(value) - 2] = '\0';
	assert_int_equal(udev_properties_set(&properties, "IRQHERD_CPUS", value), 0);
	assert_true(properties.has_cpus);
	assert_string_equal(properties.cpus, value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hotplug_of_a_nic_names_its_device_each_time),
		cmocka_unit_test(removal_and_unbind_name_the_device),
		cmocka_unit_test(change_and_synthetic_events_are_plain_looks),
		cmocka_unit_test(virtual_devices_name_no_pci_device),
		cmocka_unit_test(nearest_pci_ancestor_counts_behind_bridges_and_in_long_domains),
		cmocka_unit_test(cpus_and_nodes_are_one_topology),
		cmocka_unit_test(odd_events_are_dropped),
		cmocka_unit_test(properties_are_strict),
		cmocka_unit_test(cpus_property_that_is_too_long_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
