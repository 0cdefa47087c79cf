/* slow_check: what it finds, and what a round of it costs. */
#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>

#include "host.h"
#include "irqherd/source/slow_check.h"

/* --- system calls, counted: the program's own definitions come before the C library's --- */

static unsigned int calls;

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	calls++;
	return syscall(SYS_pread64, fd, data, size, offset);
}

off_t lseek(int fd, off_t offset, int whence)
{
	calls++;
	return syscall(SYS_lseek, fd, offset, whence);
}

ssize_t getdents64(int fd, void *data, size_t size)
{
	calls++;
	return syscall(SYS_getdents64, fd, data, size);
}

int close(int fd)
{
	calls++;
	return (int) syscall(SYS_close, fd);
}

/* --- */

struct trial {
	struct host host;
	struct inventory inventory;
	struct machine machine;
	struct dirty dirty;
	struct slow_check check;
	const struct sample *sample;
	struct change_list changes;
	uint64_t now_ms;
};

static int trial_setup(void **state)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	if (!trial)
		return -1;
	host_init(&trial->host, false);
	*state = trial;
	if (inventory_init(&trial->inventory) < 0 || dirty_init(&trial->dirty) < 0 ||
	    slow_check_init(&trial->check) < 0)
		return -1;
	return machine_init(&trial->machine, &trial->host.tree.root, &trial->inventory, NULL);
}

static int trial_teardown(void **state)
{
	struct trial *trial = *state;

	slow_check_deinit(&trial->check);
	slow_check_deinit(&trial->check);
	dirty_deinit(&trial->dirty);
	change_list_deinit(&trial->changes);
	machine_deinit(&trial->machine);
	inventory_deinit(&trial->inventory);
	host_deinit(&trial->host);
	free(trial);
	return 0;
}

#define trial_test(function) cmocka_unit_test_setup_teardown(function, trial_setup, trial_teardown)

#define NIC    (&trial->host.devices[0])
#define VIRTIO (&trial->host.devices[2])
#define NVME   (&trial->host.devices[3])

/* Devices with three vectors each; the first NIC is up. */
static void fill(struct trial *trial)
{
	for (unsigned int i = 0; i < HOST_DEVICES; i++) {
		host_add(&trial->host, &trial->host.devices[i]);
		host_bind(&trial->host, &trial->host.devices[i], 3);
	}
	host_set_up(&trial->host, NIC, true);
	assert_int_equal(machine_read_all(&trial->machine, LOOK_START, NULL), 0);
}

static void step(struct trial *trial)
{
	assert_int_equal(slow_check_step(&trial->check, &trial->machine, &trial->dirty,
					 trial->sample, SLOW_CHECK_READS, trial->now_ms,
					 &trial->changes),
			 0);
}

/* Until the whole machine was gone over, whatever was in hand before. */
static void pass(struct trial *trial, unsigned int times)
{
	uint64_t until = trial->check.passes + times + 1;

	for (unsigned int steps = 0; trial->check.passes < until; steps++) {
		assert_true(steps < 1000 * (times + 1));
		step(trial);
	}
}

static struct irq *find_irq(struct trial *trial, unsigned int number)
{
	struct irq *irq = inventory_find_irq(&trial->inventory, number);

	assert_non_null(irq);
	return irq;
}

/* The only change so far is this one, of this IRQ. */
static void assert_change(const struct trial *trial, enum change_kind kind, unsigned int number)
{
	assert_int_equal(trial->changes.count, 1);
	assert_int_equal(trial->changes.items[0].kind, kind);
	assert_int_equal(trial->changes.items[0].irq, number);
}

/* Takes the one hint that was put. */
static struct hint take_hint(struct trial *trial)
{
	struct hint hint, more;
	bool again;

	trial->now_ms += 1000;
	assert_true(dirty_take(&trial->dirty, trial->now_ms, &hint, &again));
	dirty_looked(&trial->dirty, &hint, trial->now_ms, false, true);
	assert_false(dirty_take(&trial->dirty, trial->now_ms + 1000, &more, &again));
	return hint;
}

static void assert_hint_of(struct trial *trial, const struct host_device *device)
{
	struct hint hint = take_hint(trial);
	struct pci_addr addr;

	assert_int_equal(pci_addr_parse(device->addr, &addr), 0);
	assert_int_equal(hint.kind, HINT_DEVICE);
	assert_true(pci_addr_equal(&hint.addr, &addr));
}

/* ---------------------------------------------------------------------------------------------- */

static void mask_that_somebody_changed_is_found_wherever_it_is(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	for (unsigned int n = 0; n < HOST_NUMBERS; n++) {
		const struct host_irq *irq = &trial->host.irqs[n];

		if (!irq->requested || irq->managed)
			continue;
		host_set_affinity(&trial->host, n, 1u << 6);
		pass(trial, 1);
		assert_change(trial, CHANGE_IRQ_MOVED_BY_OTHERS, n);
		assert_true(find_irq(trial, n)->external);
		assert_int_equal(mask_single(find_irq(trial, n)->asked), 6);
		change_list_reset(&trial->changes);
	}
	assert_int_equal(trial->check.found, 3 + 3 + 1 + 2);
	assert_int_equal(dirty_next_due(&trial->dirty), DIRTY_NEVER);
}

static void steady_machine_costs_few_calls_and_no_opens(void **state)
{
	struct trial *trial = *state;
	uint64_t opened, passes;

	fill(trial);
	pass(trial, 1);
	opened = trial->host.tree.root.opened;
	passes = trial->check.passes;
	for (unsigned int i = 0; i < 100; i++) {
		calls = 0;
		step(trial);
		assert_in_range(calls, 1, SLOW_CHECK_READS);
	}
	assert_int_equal(trial->host.tree.root.opened, opened);
	/* 9 IRQs by threes, 5 devices, the list of devices, the CPUs */
	assert_in_range(trial->check.passes - passes, 9, 12);
	assert_int_equal(trial->changes.count, 0);
	assert_int_equal(trial->check.found, 0);
	assert_int_equal(dirty_next_due(&trial->dirty), DIRTY_NEVER);
}

static void large_machine_opens_nothing_after_its_first_pass(void **state)
{
	struct trial *trial = *state;
	uint64_t opened;

	/* more IRQs than are opened ahead, and more vectors than usual */
	for (unsigned int i = 0; i < 64; i++)
		host_request(&trial->host, host_new_irq(&trial->host, -1, i), "x");
	host_add(&trial->host, NVME);
	NVME->bound = true;
	assert_int_equal(machine_read_all(&trial->machine, LOOK_START, NULL), 0);
	assert_true(trial->inventory.irq_count > 64);
	for (unsigned int i = 0; i < 20; i++) {
		calls = 0;
		step(trial);
		assert_in_range(calls, 1, SLOW_CHECK_READS);
	}
	pass(trial, 1);
	opened = trial->host.tree.root.opened;
	for (unsigned int i = 0; i < 100; i++) {
		calls = 0;
		step(trial);
		assert_in_range(calls, 1, SLOW_CHECK_READS);
	}
	assert_int_equal(trial->host.tree.root.opened, opened);
}

/* A folder is counted in one reading, however many vectors are in it. */
static void thousand_vectors_are_counted_in_one_go(void **state)
{
	enum {
		VECTORS = 1000
	};
	static struct irq_facts irqs[VECTORS];
	struct trial *trial = *state;
	struct device_facts facts = { .driver = "x", .irqs = irqs, .irq_count = VECTORS };

	host_add(&trial->host, NVME);
	assert_int_equal(pci_addr_parse(NVME->addr, &facts.addr), 0);
	for (unsigned int i = 0; i < VECTORS; i++) {
		host_put(&trial->host, "msix\n", "sys/devices/pci0000:00/%s/msi_irqs/%u",
			 NVME->addr, 100000 + i);
		irqs[i] = (struct irq_facts){ .number = 100000 + i,
					      .index = i,
					      .type = IRQ_MSIX,
					      .actions = "",
					      .effective_cpu = CPU_NONE };
	}
	assert_int_equal(machine_read_all(&trial->machine, LOOK_START, NULL), 0);
	assert_int_equal(inventory_put_device(&trial->inventory, &facts, LOOK_START, NULL), 0);
	pass(trial, 1);
	for (unsigned int i = 0; i < 20; i++) {
		calls = 0;
		step(trial);
		assert_in_range(calls, 1, SLOW_CHECK_READS);
	}
	assert_int_equal(trial->check.found, 0);
	tree_drop(&trial->host.tree, "sys/devices/pci0000:00/0000:04:00.0/msi_irqs/100999");
	pass(trial, 1);
	assert_hint_of(trial, NVME);
}

static void managed_and_unrequested_irqs_are_let_be(void **state)
{
	struct trial *trial = *state;
	const struct irq_files *files = &trial->machine.files;

	fill(trial);
	pass(trial, 1);
	host_set_affinity(&trial->host, NVME->numbers[1], 1u << 7);
	for (unsigned int n = 0; n < HOST_NUMBERS; n++)
		assert_int_equal(n < files->slots && files->items[n].fd >= 0,
				 trial->host.irqs[n].requested && !trial->host.irqs[n].managed);
	pass(trial, 2);
	assert_int_equal(trial->check.found, 0);
}

static void our_own_writes_are_not_found(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	pass(trial, 1);
	number = NIC->numbers[1];
	host_set_affinity(&trial->host, number, 1u << 2);
	inventory_note_asked(&trial->inventory, find_irq(trial, number), 2);
	pass(trial, 1);
	assert_int_equal(trial->check.found, 0);
}

/* A driver changes masks a moment before its event is read. */
static void change_that_a_look_explains_is_no_foreign_hands(void **state)
{
	struct trial *trial = *state;
	struct hint hint = { .kind = HINT_DEVICE }, also;
	unsigned int number;
	bool gone;

	fill(trial);
	pass(trial, 1);
	number = NIC->numbers[1];
	assert_int_equal(pci_addr_parse(NIC->addr, &hint.addr), 0);
	host_set_affinity(&trial->host, number, 1u << 6);
	while (!trial->check.irqs[number].suspected)
		step(trial);
	assert_int_equal(trial->changes.count, 0);
	assert_int_equal(
		machine_look(&trial->machine, &hint, LOOK_HINT, &trial->changes, &gone, &also), 0);
	assert_change(trial, CHANGE_IRQ_MOVED_BY_KERNEL, number);
	pass(trial, 2);
	assert_int_equal(trial->check.found, 0);
	assert_false(find_irq(trial, number)->external);

	/* nobody explains the next one: the round that follows believes it */
	change_list_reset(&trial->changes);
	host_set_affinity(&trial->host, number, 1u << 5);
	while (!trial->check.irqs[number].suspected)
		step(trial);
	assert_int_equal(trial->changes.count, 0);
	step(trial);
	assert_change(trial, CHANGE_IRQ_MOVED_BY_OTHERS, number);
}

static void cpus_that_went_or_were_isolated_unheard_make_a_hint(void **state)
{
	struct trial *trial = *state;
	struct hint hint, also;
	uint64_t found;
	bool gone;

	host_put(&trial->host, "\n", "sys/fs/cgroup/cpuset.cpus.isolated");
	fill(trial);
	pass(trial, 1);
	host_put(&trial->host, "6-7\n", "sys/fs/cgroup/cpuset.cpus.isolated");
	pass(trial, 1);
	hint = take_hint(trial);
	assert_int_equal(hint.kind, HINT_CPUS);
	assert_int_equal(
		machine_look(&trial->machine, &hint, LOOK_HINT, &trial->changes, &gone, &also), 0);
	assert_true(cpumask_test(&trial->inventory.topology.isolated, 6));
	found = trial->check.found;
	pass(trial, 2);
	assert_int_equal(trial->check.found, found);
	host_put(&trial->host, "0-6\n", "sys/devices/system/cpu/online");
	pass(trial, 1);
	hint = take_hint(trial);
	assert_int_equal(hint.kind, HINT_CPUS);
	assert_int_equal(
		machine_look(&trial->machine, &hint, LOOK_HINT, &trial->changes, &gone, &also), 0);
	found = trial->check.found;
	pass(trial, 2);
	assert_int_equal(trial->check.found, found);
}

/* Before the first pass has read anything: a pass takes minutes on a large machine. */
static void cpus_isolated_before_the_first_pass_make_a_hint(void **state)
{
	struct trial *trial = *state;

	host_put(&trial->host, "\n", "sys/fs/cgroup/cpuset.cpus.isolated");
	fill(trial);
	host_put(&trial->host, "6-7\n", "sys/fs/cgroup/cpuset.cpus.isolated");
	pass(trial, 1);
	assert_int_equal(take_hint(trial).kind, HINT_CPUS);
}

/* Nobody waits for a pass with them. */
static void isolated_cpus_are_seen_within_a_number_of_rounds(void **state)
{
	struct trial *trial = *state;
	unsigned int steps = 0;
	struct hint hint;
	bool again;

	host_put(&trial->host, "\n", "sys/fs/cgroup/cpuset.cpus.isolated");
	fill(trial);
	host_put(&trial->host, "6-7\n", "sys/fs/cgroup/cpuset.cpus.isolated");
	trial->check.turn = SLOW_CHECK_IRQS;
	while (!dirty_take(&trial->dirty, trial->now_ms, &hint, &again)) {
		trial->check.cursor = 0; /* a pass that never ends */
		step(trial);
		assert_true(++steps <= SLOW_CHECK_CPUS_EVERY);
	}
	assert_int_equal(hint.kind, HINT_CPUS);
	assert_int_equal(trial->check.passes, 0);
}

/* ---------------------------------------------------------------------------------------------- */

/* EIO on a kept descriptor means that the IRQ was freed. Here, one that cannot be read. */
static void dead_descriptor_means_an_irq_made_anew(void **state)
{
	struct trial *trial = *state;
	unsigned int number;
	uint32_t generation;
	int dead;

	fill(trial);
	pass(trial, 1);
	number = NIC->numbers[1];
	generation = find_irq(trial, number)->generation;
	find_irq(trial, number)->placement.refused = true;
	dead = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_true(dead >= 0);
	assert_int_equal(dup2(dead, trial->machine.files.items[number].fd),
			 trial->machine.files.items[number].fd);
	(void) close(dead);
	/* its mask is another now; nobody but the driver did that */
	host_set_affinity(&trial->host, number, 1u << 6);
	pass(trial, 1);

	assert_int_equal(trial->check.found, 1);
	assert_int_equal(trial->changes.items[0].kind, CHANGE_IRQ_REMADE);
	assert_int_equal(trial->changes.items[1].kind, CHANGE_IRQ_MOVED_BY_KERNEL);
	assert_int_equal(trial->changes.count, 2);
	assert_int_not_equal(find_irq(trial, number)->generation, generation);
	assert_false(find_irq(trial, number)->external);
	assert_false(find_irq(trial, number)->placement.refused);
	assert_true(find_irq(trial, number)->arrival);
	assert_hint_of(trial, NIC);
	pass(trial, 2);
	assert_int_equal(trial->check.found, 1);
}

static void irq_that_went_unseen_is_dropped_and_its_device_named(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	trial->machine.files.limit = 0; /* nothing is kept, all is opened when its turn comes */
	fill(trial);
	number = VIRTIO->numbers[2];
	host_free_irq(&trial->host, number);
	host_drop(&trial->host, "sys/devices/pci0000:00/%s/msi_irqs/%u", VIRTIO->addr, number);
	pass(trial, 1);
	assert_null(inventory_find_irq(&trial->inventory, number));
	assert_hint_of(trial, VIRTIO);
}

static void irq_without_a_device_that_went_is_named_itself(void **state)
{
	struct trial *trial = *state;
	unsigned int number;
	struct hint hint;

	number = host_new_irq(&trial->host, -1, 0);
	host_request(&trial->host, number, "gpio-keys");
	trial->machine.files.limit = 0;
	fill(trial);
	host_free_irq(&trial->host, number);
	pass(trial, 1);
	hint = take_hint(trial);
	assert_int_equal(hint.kind, HINT_IRQ);
	assert_int_equal(hint.irq, number);
}

static void descriptor_follows_the_generation(void **state)
{
	struct trial *trial = *state;
	unsigned int number;
	uint64_t opened;

	fill(trial);
	pass(trial, 1);
	number = NIC->numbers[1];
	opened = trial->host.tree.root.opened;
	inventory_note_remade(&trial->inventory, find_irq(trial, number), NULL);
	pass(trial, 1);
	assert_int_equal(trial->host.tree.root.opened, opened + 1);
	assert_true(irq_files_has(&trial->machine.files, find_irq(trial, number)));
	assert_int_equal(trial->check.found, 0);
}

static void descriptors_of_irqs_that_went_are_closed(void **state)
{
	struct trial *trial = *state;
	struct hint hint = { .kind = HINT_DEVICE };
	unsigned int kept;
	struct hint also;
	bool gone;

	fill(trial);
	pass(trial, 2);
	kept = trial->machine.files.kept + (unsigned int) trial->check.folders.used;
	host_remove(&trial->host, NIC);
	assert_int_equal(pci_addr_parse(NIC->addr, &hint.addr), 0);
	assert_int_equal(machine_look(&trial->machine, &hint, LOOK_REMADE, NULL, &gone, &also), 0);
	pass(trial, 2);
	/* three IRQs and a folder */
	assert_int_equal(trial->machine.files.kept + trial->check.folders.used, kept - 4);
	assert_int_equal(trial->check.found, 0);
}

static void no_more_is_kept_than_allowed(void **state)
{
	static const unsigned int limits[] = { 0, 1, 4, 12 };
	struct trial *trial = *state;

	fill(trial);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		slow_check_deinit(&trial->check);
		assert_int_equal(slow_check_init(&trial->check), 0);
		irq_files_deinit(&trial->machine.files);
		irq_files_init(&trial->machine.files, limits[i]);
		for (unsigned int k = 0; k < 60; k++) {
			step(trial);
			assert_true(trial->machine.files.kept <= limits[i]);
			assert_true(trial->check.folders.used == 0 ||
				    trial->machine.files.kept + trial->check.folders.used <=
					    limits[i]);
		}
		assert_true(trial->check.passes > 2);
		assert_int_equal(trial->check.found, 0);
	}
	host_set_affinity(&trial->host, NIC->numbers[2], 1u << 6);
	slow_check_deinit(&trial->check);
	assert_int_equal(slow_check_init(&trial->check), 0);
	irq_files_deinit(&trial->machine.files);
	irq_files_init(&trial->machine.files, 1);
	pass(trial, 1);
	assert_change(trial, CHANGE_IRQ_MOVED_BY_OTHERS, NIC->numbers[2]);
}

/* Who did not fire since its last reading is left out, but for one pass of many. */
static void silent_irqs_are_left_out(void **state)
{
	struct trial *trial = *state;
	unsigned int number, other;
	struct sample sample = SAMPLE_INIT;
	uint64_t pass_of_all;

	fill(trial);
	assert_int_equal(sample_reserve_irqs(&sample, HOST_NUMBERS), 0);
	sample.valid = true;
	trial->sample = &sample;
	number = NIC->numbers[1];
	other = NIC->numbers[2];
	while (trial->check.passes < 1)
		step(trial);

	/* nobody fires: neither change is looked at, and no IRQ costs a call */
	host_set_affinity(&trial->host, number, 1u << 6);
	host_set_affinity(&trial->host, other, 1u << 6);
	while (trial->check.passes < 3)
		step(trial);
	assert_int_equal(trial->changes.count, 0);

	sample.irq_totals[number]++;
	while (trial->check.passes < 5)
		step(trial);
	assert_change(trial, CHANGE_IRQ_MOVED_BY_OTHERS, number);
	change_list_reset(&trial->changes);

	pass_of_all = SLOW_CHECK_WHOLE + 1;
	while (trial->check.passes < pass_of_all)
		step(trial);
	assert_change(trial, CHANGE_IRQ_MOVED_BY_OTHERS, other);
	trial->sample = NULL;
	sample_deinit(&sample);
}

/* Whoever found another affinity than expected wants to know soon whose it is. */
static void irq_that_was_seen_to_differ_is_read_next(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	pass(trial, 2);
	number = NIC->numbers[1];
	host_set_affinity(&trial->host, number, 1u << 6);
	slow_check_next(&trial->check, find_irq(trial, number));
	step(trial);
	assert_int_equal(trial->changes.count, 0);
	assert_true(trial->check.irqs[number].suspected);
	step(trial);
	assert_change(trial, CHANGE_IRQ_MOVED_BY_OTHERS, number);
}

/* ---------------------------------------------------------------------------------------------- */

static void vectors_that_came_or_went_make_a_hint(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	pass(trial, 1);
	host_put(&trial->host, "msix\n", "sys/devices/pci0000:00/%s/msi_irqs/90", NVME->addr);
	pass(trial, 1);
	assert_hint_of(trial, NVME);
	host_drop(&trial->host, "sys/devices/pci0000:00/%s/msi_irqs/90", NVME->addr);
	pass(trial, 2);
	assert_int_equal(dirty_next_due(&trial->dirty), DIRTY_NEVER);

	/* as many, but others */
	host_drop(&trial->host, "sys/devices/pci0000:00/%s/msi_irqs/%u", NVME->addr,
		  NVME->numbers[0]);
	host_put(&trial->host, "msix\n", "sys/devices/pci0000:00/%s/msi_irqs/90", NVME->addr);
	pass(trial, 1);
	assert_hint_of(trial, NVME);

	/* the folder went with the driver */
	host_drop(&trial->host, "sys/devices/pci0000:00/%s/msi_irqs", NVME->addr);
	pass(trial, 1);
	assert_hint_of(trial, NVME);
}

static void folder_that_was_made_anew_is_opened_anew(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	pass(trial, 1);
	host_drop(&trial->host, "sys/devices/pci0000:00/%s/msi_irqs", NVME->addr);
	host_show_vectors(&trial->host, NVME);
	/* the old descriptor reads empty: looked at for nothing, once */
	pass(trial, 1);
	assert_hint_of(trial, NVME);
	pass(trial, 3);
	assert_int_equal(dirty_next_due(&trial->dirty), DIRTY_NEVER);
	assert_int_equal(trial->check.found, 1);
}

static void device_list_that_changed_asks_for_a_resync(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	host_remove(&trial->host, NVME);
	assert_int_equal(machine_resync(&trial->machine, NULL), 0);
	pass(trial, 1);
	assert_int_equal(trial->check.found, 0);

	host_add(&trial->host, NVME);
	pass(trial, 1);
	assert_int_equal(take_hint(trial).kind, HINT_RESYNC);
	assert_int_equal(machine_resync(&trial->machine, NULL), 0);
	pass(trial, 1);
	assert_int_equal(dirty_next_due(&trial->dirty), DIRTY_NEVER);

	/* one for another */
	host_remove(&trial->host, NVME);
	NVME->addr = "0000:44:00.0";
	host_add(&trial->host, NVME);
	pass(trial, 1);
	assert_int_equal(take_hint(trial).kind, HINT_RESYNC);
}

static void machine_without_pci_is_gone_over_too(void **state)
{
	struct trial *trial = *state;

	host_drop(&trial->host, "sys/bus");
	assert_int_equal(machine_read_all(&trial->machine, LOOK_START, NULL), 0);
	pass(trial, 3);
	assert_int_equal(trial->check.found, 0);
	host_set_affinity(&trial->host, 17, 1u << 6);
	pass(trial, 1);
	assert_change(trial, CHANGE_IRQ_MOVED_BY_OTHERS, 17);
}

static void empty_inventory_is_no_trouble(void **state)
{
	struct trial *trial = *state;

	host_drop(&trial->host, "sys/bus");
	host_drop(&trial->host, "sys/devices/system/cpu/online");
	pass(trial, 3);
	assert_int_equal(trial->check.found, 0);
}

/* Containers that give themselves CPU sets of their own for ever. */
static void ever_new_masks_do_not_fill_the_memory(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	number = NIC->numbers[1];
	for (unsigned int i = 0; i < 3000; i++) {
		char list[64];

		(void) snprintf(list, sizeof(list), "%u,%u,6\n", i % 60 + 7, i / 60 + 100);
		host_put(&trial->host, list, "proc/irq/%u/smp_affinity_list", number);
		pass(trial, 0);
		change_list_reset(&trial->changes);
	}
	assert_true(trial->check.found >= 2900);
	assert_true(trial->inventory.masks.used <= 256);
	assert_true(trial->inventory.masks.size <= 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		trial_test(mask_that_somebody_changed_is_found_wherever_it_is),
		trial_test(steady_machine_costs_few_calls_and_no_opens),
		trial_test(large_machine_opens_nothing_after_its_first_pass),
		trial_test(thousand_vectors_are_counted_in_one_go),
		trial_test(managed_and_unrequested_irqs_are_let_be),
		trial_test(our_own_writes_are_not_found),
		trial_test(change_that_a_look_explains_is_no_foreign_hands),
		trial_test(cpus_that_went_or_were_isolated_unheard_make_a_hint),
		trial_test(cpus_isolated_before_the_first_pass_make_a_hint),
		trial_test(isolated_cpus_are_seen_within_a_number_of_rounds),
		trial_test(dead_descriptor_means_an_irq_made_anew),
		trial_test(irq_that_went_unseen_is_dropped_and_its_device_named),
		trial_test(irq_without_a_device_that_went_is_named_itself),
		trial_test(descriptor_follows_the_generation),
		trial_test(descriptors_of_irqs_that_went_are_closed),
		trial_test(no_more_is_kept_than_allowed),
		trial_test(silent_irqs_are_left_out),
		trial_test(irq_that_was_seen_to_differ_is_read_next),
		trial_test(vectors_that_came_or_went_make_a_hint),
		trial_test(folder_that_was_made_anew_is_opened_anew),
		trial_test(device_list_that_changed_asks_for_a_resync),
		trial_test(machine_without_pci_is_gone_over_too),
		trial_test(empty_inventory_is_no_trouble),
		trial_test(ever_new_masks_do_not_fill_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
