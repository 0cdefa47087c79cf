#include "irqherd/actuate/originals.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"

#define TITLE "irqherd originals"

static uint64_t key_of(unsigned int irq)
{
	return (uint64_t) irq + 1;
}

static struct original *original_free(struct original *original)
{
	if (!original)
		return NULL;
	free(original->list);
	free(original);
	return NULL;
}

static void forget_all(struct originals *originals)
{
	struct original *original;
	size_t cursor = 0;

	while ((original = map_next(&originals->by_irq, &cursor)))
		original_free(original);
	map_deinit(&originals->by_irq);
	originals->by_irq = MAP_INIT;
}

static int put(struct originals *originals, unsigned int irq, uint64_t identity, const char *list)
{
	struct original *original, *previous;
	int r;

	original = calloc(1, sizeof(*original));
	if (!original)
		return -ENOMEM;
	original->irq = irq;
	original->identity = identity;
	original->list = strdup(list);
	if (!original->list) {
		original_free(original);
		return -ENOMEM;
	}

	previous = map_find(&originals->by_irq, key_of(irq));
	r = map_put(&originals->by_irq, key_of(irq), original);
	original_free(r < 0 ? original : previous);
	return r;
}

/* Cuts the next word off a line of words with one blank between them. */
static char *take_word(char **rest)
{
	char *word = *rest;
	char *blank = strchr(word, ' ');

	if (!blank)
		return NULL;
	*blank = '\0';
	*rest = blank + 1;
	return word;
}

static int parse_identity(const char *text, uint64_t *ret_identity)
{
	uint64_t identity = 0;

	if (strlen(text) != 16)
		return -EINVAL;
	for (; *text; text++) {
		const char *digits = "0123456789abcdef";
		const char *digit = strchr(digits, *text);

		if (!digit)
			return -EINVAL;
		identity = identity << 4 | (uint64_t) (digit - digits);
	}

	*ret_identity = identity;
	return 0;
}

static int load_line(void *context, char *line)
{
	struct originals *originals = context;
	struct cpumask mask;
	uint64_t identity;
	uint32_t irq;
	char *word;

	word = take_word(&line);
	if (!word || parse_u32(word, 0, IRQ_NUMBER_LIMIT - 1, &irq) < 0)
		return -EBADMSG;
	if (map_find(&originals->by_irq, key_of(irq)))
		return -EBADMSG;

	word = take_word(&line);
	if (!word || parse_identity(word, &identity) < 0)
		return -EBADMSG;

	if (cpulist_parse(line, &mask) < 0 || cpumask_empty(&mask))
		return -EBADMSG;

	return put(originals, irq, identity, line);
}

int originals_init(struct originals *originals, struct fsroot *root, const char *path)
{
	int r;

	*originals = ORIGINALS_INIT;
	r = run_file_init(&originals->file, root, TITLE, path);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		log_warning("original affinities are not kept over a crash: no boot id: %s",
			    strerror(-r));
		return 0;
	}

	r = run_file_load(&originals->file, load_line, originals);
	if (r < 0)
		forget_all(originals);
	if (r == -ENOMEM) {
		originals_deinit(originals);
		return r;
	}
	run_file_log(&originals->file, r);
	return 0;
}

void originals_deinit(struct originals *originals)
{
	forget_all(originals);
	run_file_deinit(&originals->file);
	*originals = ORIGINALS_INIT;
}

uint64_t original_identity(const struct irq *irq)
{
	const struct device *device = irq_device(irq);
	char address[PCI_ADDR_TEXT] = "-";
	char place[PCI_ADDR_TEXT + 16];
	unsigned int index = 0;

	if (device) {
		pci_addr_format(&device->addr, address);
		list_foreach(vector, &irq->owners, struct vector, irq_link)
			if (vector->device == device)
				index = vector->index;
	}

	(void) snprintf(place, sizeof(place), "%s %u", address, index);
	/* Multiplied, lest two equal texts cancel each other out. */
	return map_hash_text(place) * 0x9e3779b97f4a7c15u ^ map_hash_text(irq->actions);
}

int originals_note(struct originals *originals, const struct inventory *inventory,
		   const struct irq *irq)
{
	const struct original *known = map_find(&originals->by_irq, key_of(irq->number));
	uint64_t identity = original_identity(irq);
	char text[CPULIST_TEXT];
	struct cpumask mask;
	int r;

	if (known && known->identity == identity)
		return 0;

	mask_get(&inventory->masks, irq->asked, &mask);
	if (cpumask_empty(&mask))
		return 0;
	(void) cpulist_format(&mask, text, sizeof(text));

	r = put(originals, irq->number, identity, text);
	if (r < 0)
		return r;
	originals->dirty = true;
	return 0;
}

static int compare_irqs(const void *a, const void *b)
{
	const struct original *const *left = a;
	const struct original *const *right = b;

	return (*left)->irq < (*right)->irq ? -1 : (*left)->irq > (*right)->irq;
}

/* By number, so that equal contents give equal files. The array is the caller's to free. */
static int sorted(const struct originals *originals, const struct original ***ret_items)
{
	const struct original **items;
	const struct original *original;
	size_t cursor = 0;
	size_t count = 0;

	items = calloc(originals->by_irq.used + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	while ((original = map_next(&originals->by_irq, &cursor)))
		items[count++] = original;
	assert(count == originals->by_irq.used);
	qsort(items, count, sizeof(*items), compare_irqs);

	*ret_items = items;
	return 0;
}

static int format_lines(const struct originals *originals, struct buf *text)
{
	const struct original **items;
	int r;

	r = sorted(originals, &items);
	if (r < 0)
		return r;

	for (size_t i = 0; i < originals->by_irq.used && r >= 0; i++)
		r = buf_printf(text, "%u %016" PRIx64 " %s\n", items[i]->irq, items[i]->identity,
			       items[i]->list);
	free(items);
	return r;
}

int originals_save(struct originals *originals)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	if (!originals->dirty || !originals->file.path)
		return 0;

	r = format_lines(originals, &text);
	if (r < 0)
		return r;

	r = run_file_save(&originals->file, &text);
	if (r < 0)
		return r;
	originals->dirty = false;
	return 0;
}

static int write_list(struct fsroot *root, const struct original *original)
{
	size_t length = strlen(original->list);
	ssize_t written;
	int fd, r;

	fd = fsroot_open(root, FSROOT_PROC, O_WRONLY | O_CLOEXEC, "irq/%u/smp_affinity_list",
			 original->irq);
	if (fd < 0)
		return fd;

	written = write(fd, original->list, length);
	r = written < 0 ? -errno : (size_t) written == length ? 0 : -EMSGSIZE;
	(void) close(fd);
	return r;
}

static bool differs(const struct inventory *inventory, const struct irq *irq,
		    const struct original *original)
{
	struct cpumask now, before;

	mask_get(&inventory->masks, irq->asked, &now);
	return cpulist_parse(original->list, &before) < 0 || !cpumask_equal(&now, &before);
}

int originals_restore(struct originals *originals, struct fsroot *root,
		      const struct inventory *inventory)
{
	unsigned int written = 0, gone = 0, kept = 0, failed = 0;
	const struct original **items;
	int last_error = 0;
	int r;

	r = sorted(originals, &items);
	if (r < 0)
		return r;

	for (size_t i = 0; i < originals->by_irq.used; i++) {
		const struct irq *irq = inventory_find_irq(inventory, items[i]->irq);

		if (!irq || original_identity(irq) != items[i]->identity) {
			gone++;
			continue;
		}
		if (irq->external || !differs(inventory, irq, items[i])) {
			kept++;
			continue;
		}

		r = write_list(root, items[i]);
		if (r == 0) {
			written++;
		} else if (r == -ENOENT) {
			gone++;
		} else {
			failed++;
			last_error = r;
		}
	}

	if (failed > 0)
		log_warning("put back original affinities: written=%u kept=%u gone=%u failed=%u "
			    "error=\"%s\"",
			    written, kept, gone, failed, strerror(-last_error));
	else if (originals->by_irq.used > 0)
		log_info("put back original affinities: written=%u kept=%u gone=%u", written, kept,
			 gone);

	free(items);
	forget_all(originals);
	originals->dirty = false;
	run_file_remove(&originals->file);
	return (int) written;
}
