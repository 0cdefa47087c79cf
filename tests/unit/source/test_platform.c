#include "tree.h"

#include "irqherd/source/platform.h"

struct platform_case {
	const char *product, *vendor, *xen, *cpuinfo; /* NULL: no such file */
	const char *name;
};

static void hypervisors_are_known_by_their_names(void **state)
{
	static const char guest[] = "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n";
	static const char metal[] = "processor\t: 0\nflags\t\t: fpu vme hypervisors lahf_lm\n";
	static const struct platform_case cases[] = {
		{ NULL, NULL, NULL, NULL, "" },
		{ "PowerEdge R740\n", "Dell Inc.\n", NULL, metal, "" },
		{ "Standard PC (Q35 + ICH9, 2009)\n", "QEMU\n", NULL, guest, "KVM or QEMU" },
		{ "VMware Virtual Platform\n", "VMware, Inc.\n", NULL, guest, "VMware" },
		{ "Virtual Machine\n", "Microsoft Corporation\n", NULL, guest, "Hyper-V" },
		{ "m5.large\n", "Amazon EC2\n", NULL, guest, "Amazon EC2" },
		{ "m5.metal\n", "Amazon EC2\n", NULL, metal, "" },
		{ NULL, NULL, "xen\n", guest, "Xen" },
		{ NULL, NULL, NULL, guest, "an unknown hypervisor" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct platform platform;
		struct tree tree;

		tree_make(&tree);
		if (cases[i].product)
			tree_put(&tree, "sys/class/dmi/id/product_name", cases[i].product);
		if (cases[i].vendor)
			tree_put(&tree, "sys/class/dmi/id/sys_vendor", cases[i].vendor);
		if (cases[i].xen)
			tree_put(&tree, "sys/hypervisor/type", cases[i].xen);
		if (cases[i].cpuinfo)
			tree_put(&tree, "proc/cpuinfo", cases[i].cpuinfo);
		tree_put(&tree, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
		platform_read(&tree.root, &platform);
		assert_string_equal(platform.virtualization, cases[i].name);
		assert_string_equal(platform.release, "6.1.0-18-amd64");
		tree_remove(&tree);
	}
}

static void a_machine_that_tells_nothing_is_no_guest(void **state)
{
	struct platform platform;
	struct tree tree;

	(void) state;
	tree_make(&tree);
	platform_read(&tree.root, &platform);
	assert_string_equal(platform.release, "");
	assert_string_equal(platform.virtualization, "");
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hypervisors_are_known_by_their_names),
		cmocka_unit_test(a_machine_that_tells_nothing_is_no_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
