/*
 * IRQs come first, one after the other by number; then the vector folders of the devices; then the
 * list of devices; then all over again. An IRQ costs one pread, a folder a seek and a reading. A
 * vector folder that goes away with its driver leaves a descriptor that reads empty: that is a
 * difference like any other, and the descriptor is opened anew next time.
 */
#include "irqherd/source/slow_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "irqherd/base/parse.h"

#define OPENS_A_STEP 64u
#define FOLDERS_KEPT 256u

int slow_check_init(struct slow_check *check, unsigned int kept_limit)
{
	struct rlimit limit;

	*check = (struct slow_check){ .kept_limit = kept_limit };
	/* leave room for sockets and passing files */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < kept_limit + 64u)
		check->kept_limit = limit.rlim_cur > 128 ? (unsigned int) limit.rlim_cur - 64u : 0;
	return buf_reserve(&check->text, 512);
}

static void entry_close(struct slow_check *check, struct slow_check_entry *entry)
{
	if (entry->fd < 0)
		return;
	(void) close(entry->fd);
	entry->fd = -1;
	check->kept--;
}

void slow_check_deinit(struct slow_check *check)
{
	void *kept;

	for (unsigned int i = 0; i < check->irq_slots; i++)
		entry_close(check, &check->irqs[i]);
	for (size_t cursor = 0; (kept = map_next(&check->folders, &cursor));)
		(void) close((int) (intptr_t) kept - 1);
	map_deinit(&check->folders);
	free(check->irqs);
	buf_deinit(&check->text);
	*check = (struct slow_check){ 0 };
}

static int reserve(struct slow_check *check, unsigned int slots)
{
	struct slow_check_entry *irqs;

	if (slots <= check->irq_slots)
		return 0;
	irqs = realloc(check->irqs, slots * sizeof(irqs[0]));
	if (!irqs)
		return -ENOMEM;
	for (unsigned int i = check->irq_slots; i < slots; i++)
		irqs[i] = (struct slow_check_entry){ .fd = -1 };
	check->irqs = irqs;
	check->irq_slots = slots;
	return 0;
}

static bool worth_checking(const struct irq *irq)
{
	return irq && irq->requested && !irq->managed;
}

/* Descriptors of IRQs that went, or were made anew under the same number, are closed; new ones are
 * opened. */
static void keep_descriptor(struct slow_check *check, struct machine *machine,
			    const struct irq *irq, struct slow_check_entry *entry)
{
	if (entry->fd >= 0 && entry->generation != irq->generation)
		entry_close(check, entry);
	if (entry->fd >= 0)
		return;
	entry->fd = fsroot_open(machine->root, FSROOT_PROC, O_RDONLY | O_CLOEXEC,
				"irq/%u/smp_affinity_list", irq->number);
	entry->generation = irq->generation;
	if (entry->fd >= 0)
		check->kept++;
}

static int affinity_changed(struct slow_check *check, struct machine *machine, struct irq *irq,
			    struct change_list *changes)
{
	check->found++;
	return machine_read_irq(machine, irq->number, LOOK_SLOW_CHECK, changes);
}

static int check_irq(struct slow_check *check, struct machine *machine, struct irq *irq,
		     struct change_list *changes, unsigned int *calls)
{
	struct slow_check_entry *entry = &check->irqs[irq->number];
	struct cpumask cpus;
	mask_id asked;
	int r;

	if (entry->fd < 0 || entry->generation != irq->generation) {
		keep_descriptor(check, machine, irq, entry);
		*calls += 1;
	}
	if (entry->fd < 0)
		return affinity_changed(check, machine, irq, changes);

	r = file_read_record(entry->fd, &check->text);
	*calls += 1;
	if (check->kept > check->kept_limit) {
		entry_close(check, entry);
		*calls += 1;
	}
	if (r < 0) {
		/* EIO, ENODEV: this IRQ was freed; what is there now has another history */
		entry_close(check, entry);
		return affinity_changed(check, machine, irq, changes);
	}
	if (cpulist_parse(check->text.data, &cpus) < 0)
		return 0;
	r = mask_intern(&machine->inventory->masks, &cpus, &asked);
	if (r < 0 || asked == irq->asked)
		return r;
	return affinity_changed(check, machine, irq, changes);
}

static int check_next_irq(struct slow_check *check, struct machine *machine,
			  struct change_list *changes, unsigned int *calls)
{
	struct inventory *inventory = machine->inventory;

	for (; check->cursor < inventory->irq_slots; check->cursor++) {
		struct irq *irq = inventory->irqs[check->cursor];

		if (!worth_checking(irq)) {
			entry_close(check, &check->irqs[check->cursor]);
			continue;
		}
		check->cursor++;
		return check_irq(check, machine, irq, changes, calls);
	}
	check->cursor = 0;
	check->devices_turn = true;
	return 0;
}

static struct device *next_device(const struct inventory *inventory, const struct pci_addr *after)
{
	inventory_foreach_device(device, inventory) {
		if (pci_addr_compare(&device->addr, after) > 0)
			return device;
	}
	return NULL;
}

/* Counts the entries of an open folder, and how many of them `known` says yes to. */
static int count_entries(int fd, unsigned int *calls,
			 bool (*known)(const void *context, const char *name), const void *context,
			 unsigned int *ret_entries, unsigned int *ret_known)
{
	char buffer[8192] __attribute__((aligned(8)));
	unsigned int entries = 0, found = 0;
	ssize_t length;

	*calls += 2;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while ((length = getdents64(fd, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + length;) {
			const struct dirent64 *entry = (const struct dirent64 *) (const void *) at;

			if (entry->d_name[0] != '.') {
				entries++;
				found += known(context, entry->d_name);
			}
			at += entry->d_reclen;
		}
		/* a short answer was the last: the next would only say so */
		if ((size_t) length < sizeof(buffer) - sizeof(struct dirent64))
			break;
		*calls += 1;
	}
	if (length < 0)
		return -errno;
	*ret_entries = entries;
	*ret_known = found;
	return 0;
}

struct vectors_of {
	const struct inventory *inventory;
	const struct device *device;
};

static bool is_vector_of(const void *context, const char *name)
{
	const struct vectors_of *of = context;
	const struct irq *irq;
	uint32_t number;

	if (parse_u32(name, 0, IRQ_NUMBER_LIMIT - 1, &number) < 0)
		return false;
	irq = inventory_find_irq(of->inventory, number);
	return irq && irq_device(irq) == of->device;
}

static bool is_known_device(const void *context, const char *name)
{
	struct pci_addr addr;

	return pci_addr_parse(name, &addr) == 0 && inventory_find_device(context, &addr);
}

/* Descriptors in the map are stored plus one: NULL means none. */
static int folder_fd(struct slow_check *check, struct machine *machine, const struct device *device,
		     unsigned int *calls)
{
	uint64_t key = device ? pci_addr_key(&device->addr) : UINT64_MAX;
	intptr_t kept = (intptr_t) map_find(&check->folders, key);
	char addr[PCI_ADDR_TEXT];
	int fd;

	if (kept)
		return (int) kept - 1;
	*calls += 1;
	if (device)
		fd = fsroot_open(machine->root, FSROOT_SYS, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				 "bus/pci/devices/%s/msi_irqs",
				 pci_addr_format(&device->addr, addr));
	else
		fd = fsroot_open(machine->root, FSROOT_SYS, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				 "bus/pci/devices");
	if (fd >= 0 && map_put(&check->folders, key, (void *) ((intptr_t) fd + 1)) < 0) {
		(void) close(fd);
		return -ENOMEM;
	}
	return fd;
}

static void folder_close(struct slow_check *check, const struct device *device)
{
	uint64_t key = device ? pci_addr_key(&device->addr) : UINT64_MAX;
	intptr_t kept = (intptr_t) map_drop(&check->folders, key);

	if (kept)
		(void) close((int) kept - 1);
}

static int check_device_list(struct slow_check *check, struct machine *machine, struct dirty *dirty,
			     uint64_t now_ms, unsigned int *calls)
{
	struct hint hint = { .kind = HINT_RESYNC };
	unsigned int entries, known;
	int fd = folder_fd(check, machine, NULL, calls);

	if (fd < 0)
		return 0;
	if (count_entries(fd, calls, is_known_device, machine->inventory, &entries, &known) < 0) {
		folder_close(check, NULL);
		return 0;
	}
	if (entries == known && known == machine->inventory->device_count)
		return 0;
	check->found++;
	return dirty_put(dirty, &hint, now_ms);
}

static int check_next_device(struct slow_check *check, struct machine *machine, struct dirty *dirty,
			     uint64_t now_ms, unsigned int *calls)
{
	struct device *device = next_device(machine->inventory, &check->device_cursor);
	struct vectors_of of = { machine->inventory, device };
	struct hint hint = { .kind = HINT_DEVICE };
	unsigned int entries = 0, known = 0, vectors = 0;
	int fd, r;

	if (!device) {
		check->device_cursor = (struct pci_addr){ 0 };
		check->devices_turn = false;
		check->passes++;
		return check_device_list(check, machine, dirty, now_ms, calls);
	}
	check->device_cursor = device->addr;
	list_foreach(vector, &device->vectors, struct vector, device_link)
		vectors += vector->irq->type != IRQ_INTX;

	/* most devices have no vectors and no folder; that they get one is told by an event */
	if (!vectors) {
		folder_close(check, device);
		return 0;
	}
	fd = folder_fd(check, machine, device, calls);
	r = fd < 0 ? fd : count_entries(fd, calls, is_vector_of, &of, &entries, &known);
	if (r == 0 && entries == vectors && known == vectors) {
		if (check->folders.used > FOLDERS_KEPT)
			folder_close(check, device);
		return 0;
	}
	folder_close(check, device);
	check->found++;
	hint.addr = device->addr;
	return dirty_put(dirty, &hint, now_ms);
}

/* Opens ahead for the IRQs that have no descriptor yet, so that later rounds only read. */
static void open_ahead(struct slow_check *check, struct machine *machine)
{
	unsigned int opened = 0;

	inventory_foreach_irq(irq, machine->inventory) {
		struct slow_check_entry *entry = &check->irqs[irq->number];

		if (opened == OPENS_A_STEP || check->kept >= check->kept_limit)
			return;
		if (!worth_checking(irq) ||
		    (entry->fd >= 0 && entry->generation == irq->generation))
			continue;
		keep_descriptor(check, machine, irq, entry);
		opened++;
	}
}

int slow_check_step(struct slow_check *check, struct machine *machine, struct dirty *dirty,
		    unsigned int reads, uint64_t now_ms, struct change_list *changes)
{
	unsigned int calls = 0;
	int r;

	r = reserve(check, machine->inventory->irq_slots);
	if (r < 0)
		return r;
	if (machine->inventory->irq_count <= OPENS_A_STEP)
		open_ahead(check, machine);
	while (r == 0 && calls < reads) {
		if (check->devices_turn) {
			/* a look at a device is several calls: only where a round is not to be
			 * cheap */
			r = check_next_device(check, machine, dirty, now_ms, &calls);
			break;
		}
		r = check_next_irq(check, machine, changes, &calls);
	}
	return r;
}
