/*
 * IRQs come first, one after the other by number; then the vector folders of the devices; then the
 * list of devices; then the CPU sets that change without an event; then all over again. An IRQ
 * costs one pread, a folder a seek and a reading. A vector folder that goes away with its driver
 * leaves a descriptor that reads empty: that is a difference like any other, and the descriptor is
 * opened anew next time.
 *
 * The order of a pass is that of numbers, so who is left out costs a comparison and no system call.
 */
#include "irqherd/source/slow_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/parse.h"

#define FOLDERS_KEPT 256u
#define FOLDER_COST  2u /* a seek and a reading */

/* An open folder: a device's vectors, or the list of devices (addr all zero). */
struct folder {
	struct pci_addr addr;
	uint64_t key; /* in slow_check::folders */
	int fd;
};

/* What a call of slow_check_step works with. */
struct step {
	struct slow_check *check;
	struct machine *machine;
	struct inventory *inventory;
	struct dirty *dirty;
	const struct sample *sample; /* NULL: nobody is left out */
	struct change_list *changes;
	uint64_t now_ms;
	unsigned int calls; /* system calls spent */
	unsigned int limit;
	bool enough; /* the rest is for the next round */
};

int slow_check_init(struct slow_check *check)
{
	*check = (struct slow_check){ 0 };
	return buf_reserve(&check->text, 512);
}

static void folder_close(struct slow_check *check, struct folder *folder)
{
	if (!folder)
		return;
	(void) map_drop(&check->folders, folder->key);
	(void) close(folder->fd);
	free(folder);
}

static void file_close(struct slow_check_file *file)
{
	if (file->tried && file->fd >= 0)
		(void) close(file->fd);
}

void slow_check_deinit(struct slow_check *check)
{
	struct folder *folder;

	for (size_t cursor = 0; (folder = map_next(&check->folders, &cursor));)
		folder_close(check, folder);
	map_deinit(&check->folders);
	file_close(&check->online);
	file_close(&check->isolated);
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
	memset(&irqs[check->irq_slots], 0, (slots - check->irq_slots) * sizeof(irqs[0]));
	check->irqs = irqs;
	check->irq_slots = slots;
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * IRQs */

static uint32_t total_of(const struct step *step, unsigned int number)
{
	return step->sample && number < step->sample->irq_slots ? step->sample->irq_totals[number]
								: 0;
}

static bool worth_checking(const struct step *step, const struct irq *irq)
{
	const struct slow_check_entry *entry = &step->check->irqs[irq->number];

	if (!irq->requested || irq->managed)
		return false;
	if (!step->sample || step->check->passes % SLOW_CHECK_WHOLE == 0)
		return true;
	return entry->generation != irq->generation || entry->suspected ||
	       entry->total != total_of(step, irq->number);
}

/* Freed, and perhaps requested again: whatever is there now has no history, and its sisters should
 * be looked at, too. */
static int irq_was_freed(struct step *step, struct irq *irq)
{
	struct hint hint = { .kind = HINT_IRQ, .irq = irq->number };
	int r;

	if (irq_device(irq)) {
		hint.kind = HINT_DEVICE;
		hint.addr = irq_device(irq)->addr;
	}
	step->check->found++;
	inventory_note_remade(step->inventory, irq, step->changes);
	r = machine_read_irq(step->machine, irq->number, LOOK_HINT, step->changes);
	return r < 0 ? r : dirty_put(step->dirty, &hint, step->now_ms);
}

/*
 * The driver's own doing has an event that may be on its way: a change is believed to be a foreign
 * hand's when the next round sees it, too, and no look in between explained it.
 */
static int compare_affinity(struct step *step, const struct irq *irq,
			    struct slow_check_entry *entry)
{
	struct cpumask cpus;
	mask_id asked;
	int r;

	if (cpulist_parse(buf_text(&step->check->text), &cpus) < 0)
		return 0;
	r = mask_intern(&step->inventory->masks, &cpus, &asked);
	if (r < 0)
		return r;
	if (asked == irq->asked) {
		entry->suspected = false;
		return 0;
	}
	entry->suspected = !entry->suspected;
	if (entry->suspected) {
		step->check->cursor = irq->number;
		step->enough = true;
		return 0;
	}
	step->check->found++;
	return machine_read_irq(step->machine, irq->number, LOOK_SLOW_CHECK, step->changes);
}

/* Failures that say nothing of the IRQ. */
static bool is_ours(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EACCES || r == -EPERM;
}

static int check_irq(struct step *step, struct irq *irq)
{
	struct slow_check *check = step->check;
	struct slow_check_entry *entry = &check->irqs[irq->number];
	unsigned int calls;
	int r;

	if (entry->generation != irq->generation)
		entry->suspected = false;
	entry->generation = irq->generation;
	entry->total = total_of(step, irq->number);
	r = irq_files_read(&step->machine->files, step->machine->root, irq, &check->text, &calls);
	step->calls += calls;
	if (r == 0)
		return compare_affinity(step, irq, entry);
	return is_ours(r) ? 0 : irq_was_freed(step, irq);
}

static unsigned int cost_of_irq(const struct step *step, const struct irq *irq)
{
	return irq_files_has(&step->machine->files, irq) ? 1 : 3;
}

/* False: no more in this round. */
static bool check_next_irq(struct step *step, int *ret_result)
{
	struct slow_check *check = step->check;

	for (; check->cursor < step->inventory->irq_slots; check->cursor++) {
		struct irq *irq = step->inventory->irqs[check->cursor];

		if (!irq || !worth_checking(step, irq)) {
			if (!irq || !irq->requested)
				irq_files_drop(&step->machine->files, check->cursor);
			continue;
		}
		if (step->calls > 0 && step->calls + cost_of_irq(step, irq) > step->limit)
			return false;
		check->cursor++;
		*ret_result = check_irq(step, irq);
		return *ret_result == 0 && !step->enough;
	}
	check->cursor = 0;
	check->turn = SLOW_CHECK_DEVICES;
	return false;
}

void slow_check_next(struct slow_check *check, const struct irq *irq)
{
	if (irq->number >= check->irq_slots)
		return;
	check->irqs[irq->number].generation = 0; /* nobody leaves it out */
	check->cursor = irq->number;
	check->turn = SLOW_CHECK_IRQS;
}

/* --------------------------------------------------------------------------------------------------
 * folders */

/* Counts the entries of an open folder, and how many of them `known` says yes to. expected: so many
 * are read in one go. */
static int count_entries(struct step *step, int fd, unsigned int expected,
			 bool (*known)(const void *context, const char *name), const void *context,
			 unsigned int *ret_entries, unsigned int *ret_known)
{
	struct buf *buffer = &step->check->text;
	unsigned int entries = 0, found = 0;
	ssize_t length;
	int r;

	buf_reset(buffer);
	r = buf_reserve(buffer, 2 * sizeof(struct dirent64) + (expected + 8) * (size_t) 40);
	if (r < 0)
		return r;
	step->calls++;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		step->calls++;
		length = getdents64(fd, buffer->data, buffer->size - 1);
		if (length <= 0)
			break;
		for (char *at = buffer->data; at < buffer->data + length;) {
			const struct dirent64 *entry = (const struct dirent64 *) (const void *) at;

			if (entry->d_name[0] != '.') {
				entries++;
				found += known(context, entry->d_name);
			}
			at += entry->d_reclen;
		}
		/* a short answer was the last: the next would only say so */
		if ((size_t) length + sizeof(struct dirent64) < buffer->size)
			break;
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

static int folder_open_fd(struct step *step, const struct device *device)
{
	char addr[PCI_ADDR_TEXT];

	step->calls++;
	if (!device)
		return fsroot_open(step->machine->root, FSROOT_SYS,
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC, "bus/pci/devices");
	return fsroot_open(step->machine->root, FSROOT_SYS, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
			   "bus/pci/devices/%s/msi_irqs", pci_addr_format(&device->addr, addr));
}

/* device NULL: the list of devices. */
static int folder_open(struct step *step, const struct device *device, struct folder **ret_folder)
{
	struct slow_check *check = step->check;
	uint64_t key = device ? pci_addr_key(&device->addr) : UINT64_MAX;
	struct folder *folder = map_find(&check->folders, key);
	int r;

	if (folder) {
		*ret_folder = folder;
		return 0;
	}
	folder = calloc(1, sizeof(*folder));
	if (!folder)
		return -ENOMEM;
	folder->key = key;
	if (device)
		folder->addr = device->addr;
	folder->fd = folder_open_fd(step, device);
	r = folder->fd < 0 ? folder->fd : map_put(&check->folders, key, folder);
	if (r < 0) {
		if (folder->fd >= 0)
			(void) close(folder->fd);
		free(folder);
		return r;
	}
	*ret_folder = folder;
	return 0;
}

static void folder_keep(struct step *step, struct folder *folder)
{
	const struct irq_files *files = &step->machine->files;
	size_t folders = step->check->folders.used;

	if (files->kept + folders <= files->limit && folders <= FOLDERS_KEPT)
		return;
	folder_close(step->check, folder);
	step->calls++;
}

static unsigned int count_vectors(const struct device *device)
{
	unsigned int vectors = 0;

	list_foreach(vector, &device->vectors, struct vector, device_link)
		vectors += vector->irq->type != IRQ_INTX;
	return vectors;
}

/* Folders of devices that went, or lost their vectors. */
static void close_stale_folders(struct step *step)
{
	struct map *folders = &step->check->folders;
	struct folder *folder;

	for (size_t cursor = 0; (folder = map_next(folders, &cursor));) {
		const struct device *device = inventory_find_device(step->inventory, &folder->addr);

		if (folder->key != UINT64_MAX && (!device || !count_vectors(device)))
			folder_close(step->check, folder);
	}
}

static int check_device_list(struct step *step)
{
	struct hint hint = { .kind = HINT_RESYNC };
	unsigned int entries = 0, known = 0, count = step->inventory->device_count;
	struct folder *folder;
	int r;

	r = folder_open(step, NULL, &folder);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = count_entries(step, folder->fd, count, is_known_device, step->inventory, &entries,
			  &known);
	if (r < 0) {
		folder_close(step->check, folder);
		return r == -ENOMEM ? r : 0;
	}
	folder_keep(step, folder);
	if (entries == known && known == count)
		return 0;
	step->check->found++;
	return dirty_put(step->dirty, &hint, step->now_ms);
}

static int check_vectors(struct step *step, const struct device *device)
{
	struct vectors_of of = { step->inventory, device };
	struct hint hint = { .kind = HINT_DEVICE, .addr = device->addr };
	unsigned int entries = 0, known = 0, vectors = count_vectors(device);
	struct folder *folder = NULL;
	int r;

	r = folder_open(step, device, &folder);
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
		return r == -ENOMEM ? r : 0;
	if (r == 0)
		r = count_entries(step, folder->fd, vectors, is_vector_of, &of, &entries, &known);
	if (r == -ENOMEM)
		return r;
	if (r == 0 && entries == vectors && known == vectors) {
		folder_keep(step, folder);
		return 0;
	}
	folder_close(step->check, folder);
	step->check->found++;
	return dirty_put(step->dirty, &hint, step->now_ms);
}

/* Most devices have no vectors and no folder; that they get one is told by an event. */
static const struct device *next_device(const struct inventory *inventory,
					const struct pci_addr *after)
{
	inventory_foreach_device(device, inventory) {
		if (pci_addr_compare(&device->addr, after) > 0 && count_vectors(device))
			return device;
	}
	return NULL;
}

/* False: no more in this round. */
static bool check_next_device(struct step *step, int *ret_result)
{
	struct slow_check *check = step->check;
	const struct device *device = next_device(step->inventory, &check->device_cursor);

	if (step->calls > 0 && step->calls + FOLDER_COST > step->limit)
		return false;
	if (device) {
		check->device_cursor = device->addr;
		*ret_result = check_vectors(step, device);
		return *ret_result == 0;
	}
	check->device_cursor = (struct pci_addr){ 0 };
	check->turn = SLOW_CHECK_CPUS;
	close_stale_folders(step);
	*ret_result = check_device_list(step);
	return false;
}

/* False: not there on this kernel. */
static bool read_file(struct step *step, struct slow_check_file *file, const char *path)
{
	if (!file->tried)
		file->fd = fsroot_open(step->machine->root, FSROOT_SYS, O_RDONLY | O_CLOEXEC, "%s",
				       path);
	file->tried = true;
	if (file->fd < 0)
		return false;
	step->calls++;
	return file_read_record(file->fd, &step->check->text) == 0;
}

/* What the topology was read with is not what a file says now. */
static bool cpus_differ(struct step *step, struct slow_check_file *file, const char *path,
			const struct cpumask *known)
{
	struct cpumask cpus;

	return read_file(step, file, path) &&
	       cpulist_parse(buf_text(&step->check->text), &cpus) == 0 &&
	       !cpumask_equal(&cpus, known);
}

static int check_cpus(struct step *step)
{
	struct hint hint = { .kind = HINT_CPUS };
	const struct topology *topology = &step->inventory->topology;
	/* an event that was lost */
	bool online = cpus_differ(step, &step->check->online, "devices/system/cpu/online",
				  &topology->online);
	/* isolated cpuset partitions come and go without any event */
	bool isolated = cpus_differ(step, &step->check->isolated, "fs/cgroup/cpuset.cpus.isolated",
				    &topology->partitions);

	if (!online && !isolated)
		return 0;
	step->check->found++;
	return dirty_put(step->dirty, &hint, step->now_ms);
}

int slow_check_step(struct slow_check *check, struct machine *machine, struct dirty *dirty,
		    const struct sample *sample, unsigned int reads, uint64_t now_ms,
		    struct change_list *changes)
{
	struct step step = {
		.check = check,
		.machine = machine,
		.inventory = machine->inventory,
		.dirty = dirty,
		.sample = sample && sample->valid ? sample : NULL,
		.changes = changes,
		.now_ms = now_ms,
		.limit = reads,
	};
	int r;

	inventory_tidy_masks(machine->inventory);
	r = reserve(check, machine->inventory->irq_slots);
	if (r < 0)
		return r;
	if (++check->rounds % SLOW_CHECK_CPUS_EVERY == 0 && check->turn != SLOW_CHECK_CPUS)
		r = check_cpus(&step);
	if (r < 0)
		return r;
	/* a pass may reach its next part for no call at all */
	if (check->turn == SLOW_CHECK_IRQS)
		while (check_next_irq(&step, &r))
			;
	if (check->turn == SLOW_CHECK_DEVICES && r == 0 && !step.enough) {
		while (check_next_device(&step, &r))
			;
	} else if (check->turn == SLOW_CHECK_CPUS) {
		check->turn = SLOW_CHECK_IRQS;
		check->passes++;
		r = check_cpus(&step);
	}
	return r;
}
