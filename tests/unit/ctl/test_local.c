#include "unit/source/tree.h"

#include <errno.h>

#include "irqherd/ctl/ctl.h"
#include "irqherd/ctl/doctor.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/local.h"

/* Two nodes with a CPU each; a NIC without a node, with two vectors on CPU 0. */
static void make_machine(struct tree *tree)
{
	tree_make(tree);
	tree_put(tree, "sys/devices/system/cpu/possible", "0-1\n");
	tree_put(tree, "sys/devices/system/cpu/present", "0-1\n");
	tree_put(tree, "sys/devices/system/cpu/online", "0-1\n");
	tree_put(tree, "sys/devices/system/node/online", "0-1\n");
	tree_put(tree, "sys/devices/system/node/node0/cpulist", "0\n");
	tree_put(tree, "sys/devices/system/node/node1/cpulist", "1\n");
	tree_put(tree, "sys/bus/pci/devices/0000:01:00.0/class", "0x020000\n");
	tree_put(tree, "sys/bus/pci/devices/0000:01:00.0/numa_node", "-1\n");
	tree_put(tree, "sys/bus/pci/devices/0000:01:00.0/msi_irqs/30", "msix\n");
	tree_put(tree, "sys/bus/pci/devices/0000:01:00.0/msi_irqs/31", "msix\n");
	for (unsigned int irq = 30; irq < 32; irq++) {
		char path[64];

		(void) snprintf(path, sizeof(path), "proc/irq/%u/smp_affinity_list", irq);
		tree_put(tree, path, "0-1\n");
		(void) snprintf(path, sizeof(path), "proc/irq/%u/effective_affinity_list", irq);
		tree_put(tree, path, "0\n");
		(void) snprintf(path, sizeof(path), "sys/kernel/irq/%u/actions", irq);
		tree_put(tree, path, "nic\n");
	}
}

static void put_stat(const struct tree *tree, const char *name, unsigned int busy,
		     unsigned int irqs)
{
	char text[1024], zeros[128] = "";

	for (int i = 0; i < 30; i++)
		strcat(zeros, " 0");
	(void) snprintf(text, sizeof(text),
			"cpu0 0 0 0 100 0 0 %u 0 0 0\ncpu1 0 0 0 %u 0 0 0 0 0 0\nintr %u%s %u 0\n",
			busy, 100 + busy, irqs, zeros, irqs);
	tree_put(tree, name, text);
}

struct scene {
	struct tree tree;
	struct ctl ctl;
	struct local *local;
};

static void open_scene(struct scene *scene)
{
	assert_int_equal(ctl_init(&scene->ctl), 0);
	scene->ctl.root = scene->tree.path;
	scene->local = ctl_machine(&scene->ctl, true);
	assert_non_null(scene->local);
}

static void close_scene(struct scene *scene)
{
	ctl_deinit(&scene->ctl);
	tree_remove(&scene->tree);
}

static void two_samples_of_a_captured_machine_are_loads(void **state)
{
	struct scene scene;

	(void) state;
	make_machine(&scene.tree);
	put_stat(&scene.tree, "proc/stat.before", 0, 0);
	put_stat(&scene.tree, "proc/stat", 50, 1000);
	open_scene(&scene);
	assert_true(scene.local->load.valid);
	assert_int_equal(scene.local->load.interval_ms, 500); /* 50 ticks of 10 ms */
	assert_int_equal(scene.local->load.cpus[0].irq_ppm, 1000000);
	assert_int_equal(load_irq_count(&scene.local->load, 30), 1000);
	close_scene(&scene);
}

static void one_sample_is_no_load(void **state)
{
	struct scene scene;

	(void) state;
	make_machine(&scene.tree);
	put_stat(&scene.tree, "proc/stat", 50, 1000);
	open_scene(&scene);
	assert_false(scene.local->load.valid);
	close_scene(&scene);

	/* nor are two from the same moment */
	make_machine(&scene.tree);
	put_stat(&scene.tree, "proc/stat", 50, 1000);
	put_stat(&scene.tree, "proc/stat.before", 50, 1000);
	open_scene(&scene);
	assert_false(scene.local->load.valid);
	close_scene(&scene);
}

static void a_captured_machine_has_its_own_configuration(void **state)
{
	struct scene scene;
	json_t *reply;

	(void) state;
	make_machine(&scene.tree);
	tree_put(&scene.tree, "etc/irqherd/irqherd.conf",
		 "exclude-cpus = cpus:1\npxm = /etc/irqherd/proximity\n");
	tree_put(&scene.tree, "etc/irqherd/proximity", "0000:01 node 1\n");
	open_scene(&scene);
	assert_int_equal(cpumask_single(&scene.local->policy.allowed), 0);
	assert_int_equal(local_answer(scene.local, "ListDevices", NULL, &reply), 0);
	assert_string_equal(
		field_text(json_object_get(json_array_get(json_object_get(reply, "devices"), 0),
					   "home"),
			   "origin"),
		"proximity");
	json_decref(reply);

	/* files are called as they are there */
	assert_int_equal(local_answer(scene.local, "GetConfig", NULL, &reply), 0);
	assert_string_equal(json_string_value(json_array_get(json_object_get(reply, "files"), 0)),
			    "/etc/irqherd/irqherd.conf");
	json_decref(reply);
	close_scene(&scene);
}

static void what_only_a_daemon_knows_is_not_answered(void **state)
{
	struct scene scene;
	json_t *parameters, *reply = NULL;

	(void) state;
	make_machine(&scene.tree);
	open_scene(&scene);
	assert_int_equal(local_answer(scene.local, "Freeze", NULL, &reply), -EOPNOTSUPP);
	parameters = json_pack("{s:s}", "target", "eth9");
	assert_int_equal(local_answer(scene.local, "Explain", parameters, &reply), -ENOENT);
	assert_null(reply);
	json_decref(parameters);
	close_scene(&scene);
}

/* --------------------------------------------------------------------------------------------------
 * doctor */

static const json_t *finding_of(const json_t *reply, const char *topic, const char *level)
{
	const json_t *findings = json_object_get(reply, "findings"), *finding;
	size_t i;

	json_array_foreach(findings, i,
			   finding) if (strcmp(field_text(finding, "topic"), topic) == 0 &&
					strcmp(field_text(finding, "level"), level) ==
						0) return finding;
	return NULL;
}

static void the_doctor_names_what_is_lost(void **state)
{
	struct scene scene;
	json_t *reply;

	(void) state;
	make_machine(&scene.tree);
	tree_put(&scene.tree, "sys/devices/system/cpu/isolated", "0\n");
	put_stat(&scene.tree, "proc/stat.before", 0, 0);
	put_stat(&scene.tree, "proc/stat", 50, 1000);
	tree_put(&scene.tree, "proc/sys/kernel/osrelease", "6.1.0\n");
	tree_put(&scene.tree, "proc/pressure/cpu", "some avg10=0.00 total=0\n");
	tree_put(&scene.tree, "etc/systemd/network/10-nic.link", "[Link]\nIRQAffinity=0\n");
	tree_put(&scene.tree, "etc/systemd/network/20-nic.link", "[Link]\nMTUBytes=9000\n");
	open_scene(&scene);
	reply = doctor_examine(&scene.ctl, scene.local);
	assert_true(field_true(reply, "useful"));
	assert_non_null(finding_of(reply, "cpus", "ok"));
	assert_non_null(finding_of(reply, "cpus", "warning")); /* one CPU is left for IRQs */
	assert_non_null(finding_of(reply, "kernel", "warning"));
	assert_non_null(finding_of(reply, "nodes", "warning"));
	assert_non_null(
		strstr(field_text(finding_of(reply, "nodes", "warning"), "words"), "0000:01:00.0"));
	assert_non_null(finding_of(reply, "isolation", "warning"));
	assert_non_null(strstr(field_text(finding_of(reply, "balancers", "warning"), "words"),
			       "10-nic.link"));
	json_decref(reply);
	close_scene(&scene);
}

static void another_balancer_is_a_problem(void **state)
{
	struct scene scene;
	json_t *reply;

	(void) state;
	make_machine(&scene.tree);
	tree_put(&scene.tree, "proc/812/comm", "irqbalance\n");
	tree_put(&scene.tree, "proc/813/comm", "irqbalance-ui\n");
	open_scene(&scene);
	reply = doctor_examine(&scene.ctl, scene.local);
	assert_false(field_true(reply, "useful"));
	assert_non_null(strstr(field_text(finding_of(reply, "balancers", "problem"), "words"),
			       "irqbalance (pid 812)"));
	json_decref(reply);
	close_scene(&scene);
}

static void of_tuneds_profiles_the_active_one_counts(void **state)
{
	struct scene scene;
	json_t *reply;

	(void) state;
	make_machine(&scene.tree);
	tree_put(&scene.tree, "etc/tuned/active_profile", "mine\n");
	tree_put(&scene.tree, "usr/lib/tuned/other/tuned.conf", "[irqbalance]\nbanned_cpus=1\n");
	tree_put(&scene.tree, "usr/lib/tuned/profiles/mine/tuned.conf", "[cpu]\n");
	open_scene(&scene);
	reply = doctor_examine(&scene.ctl, scene.local);
	assert_null(finding_of(reply, "balancers", "warning"));
	json_decref(reply);

	tree_put(&scene.tree, "usr/lib/tuned/profiles/mine/tuned.conf", "[irqbalance]\n");
	reply = doctor_examine(&scene.ctl, scene.local);
	assert_non_null(strstr(field_text(finding_of(reply, "balancers", "warning"), "words"),
			       "profiles/mine/tuned.conf"));
	json_decref(reply);
	close_scene(&scene);
}

static void nothing_to_balance_is_told(void **state)
{
	struct scene scene;
	json_t *reply;

	(void) state;
	make_machine(&scene.tree);
	tree_put(&scene.tree, "sys/devices/system/cpu/possible", "0\n");
	tree_put(&scene.tree, "sys/devices/system/cpu/present", "0\n");
	tree_put(&scene.tree, "sys/devices/system/cpu/online", "0\n");
	tree_mode(&scene.tree, "proc/irq/30/smp_affinity_list", 0444);
	tree_mode(&scene.tree, "proc/irq/31/smp_affinity_list", 0444);
	open_scene(&scene);
	reply = doctor_examine(&scene.ctl, scene.local);
	assert_false(field_true(reply, "useful"));
	assert_non_null(finding_of(reply, "cpus", "problem"));
	assert_non_null(strstr(field_text(finding_of(reply, "irqs", "problem"), "words"),
			       "none of the 2 IRQs in use can be moved"));
	json_decref(reply);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_samples_of_a_captured_machine_are_loads),
		cmocka_unit_test(one_sample_is_no_load),
		cmocka_unit_test(a_captured_machine_has_its_own_configuration),
		cmocka_unit_test(what_only_a_daemon_knows_is_not_answered),
		cmocka_unit_test(the_doctor_names_what_is_lost),
		cmocka_unit_test(another_balancer_is_a_problem),
		cmocka_unit_test(of_tuneds_profiles_the_active_one_counts),
		cmocka_unit_test(nothing_to_balance_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
