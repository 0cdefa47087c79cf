/*
 * Whatever a host goes through, and however its events reach us (late, doubled, shuffled, or lost
 * with a resync for them), what we know in the end is what a fresh reading finds.
 *
 * Histories are made from a seed, which a failure prints. IRQHERD_SEED and IRQHERD_HISTORIES in the
 * environment choose others.
 */
#include "host.h"
#include "irqherd/base/rng.h"
#include "irqherd/source/dirty.h"
#include "irqherd/source/machine.h"

#define HISTORIES 150u
#define STEPS     40u

enum delivery {
	IN_ORDER,
	DOUBLED,
	SHUFFLED,
	LOST,
	DELIVERIES,
};

struct history {
	struct host host;
	struct inventory inventory;
	struct machine machine;
	struct dirty dirty;
	struct rng rng;
	enum delivery delivery;
	uint64_t now_ms;
	struct hint waiting[512]; /* told by the host, not heard yet */
	size_t waiting_count;
	char said[16384]; /* what happened, for a failure */
	size_t said_length;
};

/* --- the story --- */

__attribute__((format(printf, 2, 3))) static void say(struct history *history, const char *format,
						      ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(history->said + history->said_length,
			   sizeof(history->said) - history->said_length, format, arguments);
	va_end(arguments);
	if (length > 0 && history->said_length + (size_t) length < sizeof(history->said))
		history->said_length += (size_t) length;
}

static void keep_hint(void *context, const struct hint *hint)
{
	struct history *history = context;
	unsigned int times = history->delivery == DOUBLED ? 2 : 1;

	if (history->delivery == LOST && rng_below(&history->rng, 3) == 0)
		return;
	for (unsigned int i = 0; i < times; i++) {
		assert_true(history->waiting_count < ARRAY_SIZE(history->waiting));
		history->waiting[history->waiting_count++] = *hint;
	}
}

/* Any number of the waiting hints is heard, from the front or from anywhere. */
static void hear(struct history *history, size_t count)
{
	while (count-- && history->waiting_count) {
		size_t at = 0;

		if (history->delivery == SHUFFLED)
			at = rng_below(&history->rng, (uint32_t) history->waiting_count);
		assert_int_equal(dirty_put(&history->dirty, &history->waiting[at], history->now_ms),
				 0);
		history->waiting_count--;
		memmove(&history->waiting[at], &history->waiting[at + 1],
			(history->waiting_count - at) * sizeof(history->waiting[0]));
	}
}

/* --- looks, as the daemon makes them --- */

static void look(struct history *history, const struct hint *hint, bool again)
{
	enum look why = hint->remade ? LOOK_REMADE : again ? LOOK_AGAIN : LOOK_HINT;
	struct change_list changes = CHANGE_LIST_INIT;
	struct hint also;
	bool gone, changed;

	assert_int_equal(machine_look(&history->machine, hint, why, &changes, &gone, &also), 0);
	changed = changes.count > 0;
	dirty_looked(&history->dirty, hint, history->now_ms, changed, gone);
	if (also.kind != HINT_RESYNC && (changed || !again))
		assert_int_equal(dirty_put(&history->dirty, &also, history->now_ms), 0);
	change_list_deinit(&changes);
}

static void look_at_what_is_due(struct history *history)
{
	struct hint hint;
	bool again;

	while (dirty_take(&history->dirty, history->now_ms, &hint, &again))
		look(history, &hint, again);
}

static void pass_time(struct history *history, uint64_t ms)
{
	uint64_t until = history->now_ms + ms;

	while (dirty_next_due(&history->dirty) <= until) {
		uint64_t due = dirty_next_due(&history->dirty);

		if (due > history->now_ms)
			history->now_ms = due;
		look_at_what_is_due(history);
	}
	history->now_ms = until;
}

static void come_to_rest(struct history *history)
{
	hear(history, history->waiting_count);
	if (history->delivery == LOST)
		assert_int_equal(dirty_put(&history->dirty, &(struct hint){ .kind = HINT_RESYNC },
					   history->now_ms),
				 0);
	pass_time(history, 60000);
	assert_int_equal(dirty_next_due(&history->dirty), DIRTY_NEVER);
}

/* --- what may happen --- */

static unsigned int some_vectors(struct history *history)
{
	return 1 + rng_below(&history->rng, HOST_VECTORS);
}

static bool name_is_free(const struct host *host, const char *name)
{
	for (unsigned int i = 0; i < HOST_DEVICES; i++)
		if (strcmp(host->devices[i].name, name) == 0)
			return false;
	return true;
}

static void rename_it(struct history *history, struct host_device *device)
{
	char name[NETDEV_NAME_SIZE];

	/* few names, so that they are taken over from each other; some are of those to come */
	(void) snprintf(name, sizeof(name), rng_below(&history->rng, 2) ? "lan%u" : "eth%u",
			rng_below(&history->rng, 4) + 2);
	if (!name_is_free(&history->host, name))
		return;
	say(history, "rename %s to %s\n", device->name, name);
	host_rename(&history->host, device, name);
}

/* A name that an earlier rename took is not given to a new interface. */
static bool may_bind(const struct host *host)
{
	char name[NETDEV_NAME_SIZE];

	(void) snprintf(name, sizeof(name), "eth%d", host->last_ifindex + 1);
	return name_is_free(host, name);
}

static void happen_to_device(struct history *history, struct host_device *device)
{
	struct host *host = &history->host;
	unsigned int dice = rng_below(&history->rng, 10);

	if (!device->present) {
		say(history, "add %s\n", device->addr);
		host_add(host, device);
		if (rng_below(&history->rng, 2))
			return;
	}
	if (!device->bound && (!host_has_netdev(device) || may_bind(host))) {
		say(history, "bind %s\n", device->addr);
		host_bind(host, device, some_vectors(history));
	} else if (!device->bound || dice == 0) {
		say(history, "remove %s\n", device->addr);
		host_remove(host, device);
	} else if (dice == 1) {
		say(history, "unbind %s\n", device->addr);
		host_unbind(host, device);
	} else if (host_has_netdev(device) && dice < 5) {
		say(history, "%s %s\n", device->name, device->up ? "down" : "up");
		host_set_up(host, device, !device->up);
	} else if (host_has_netdev(device) && dice < 7) {
		rename_it(history, device);
	} else if (host_has_netdev(device)) {
		unsigned int vectors = some_vectors(history);

		say(history, "channels of %s: %u\n", device->name, vectors);
		host_set_channels(host, device, vectors);
	} else if (device->vectors && host->irqs[device->numbers[0]].requested) {
		unsigned int cpus = 1u << rng_below(&history->rng, HOST_CPUS);

		if (!(cpus & host->online))
			return;
		say(history, "affinity of %u: %x\n", device->numbers[0], cpus);
		host_set_affinity(host, device->numbers[0], cpus);
		host_tell_device(host, device, false);
	}
}

static void happen_to_cpu(struct history *history)
{
	struct host *host = &history->host;
	unsigned int cpu = rng_below(&history->rng, HOST_CPUS);
	bool online = !(host->online >> cpu & 1);

	if (host->online == 1u << cpu)
		return;
	say(history, "CPU %u %s\n", cpu, online ? "online" : "offline");
	host_set_cpu(host, cpu, online);
}

/* A number taken or given back by something that is no PCI device; its counts tell. */
static void happen_to_platform(struct history *history)
{
	struct host *host = &history->host;
	unsigned int n;

	for (n = HOST_FIRST_MSI; n < HOST_NUMBERS; n++)
		if (host->irqs[n].exists && host->irqs[n].owner < 0)
			break;
	if (n < HOST_NUMBERS) {
		say(history, "platform frees %u\n", n);
		host_free_irq(host, n);
	} else {
		n = host_new_irq(host, -1, 5);
		say(history, "platform takes %u\n", n);
		host_request(host, n, "gpio-keys");
	}
	host_tell_irq(host, n);
}

static void happen(struct history *history)
{
	unsigned int dice = rng_below(&history->rng, 20);

	if (dice < 3)
		happen_to_cpu(history);
	else if (dice < 5)
		happen_to_platform(history);
	else
		happen_to_device(history,
				 &history->host.devices[rng_below(&history->rng, HOST_DEVICES)]);
}

/* --- comparing --- */

static char *known_now(const struct inventory *inventory)
{
	struct buf text = BUF_INIT;

	assert_int_equal(inventory_format(inventory, &text), 0);
	return text.data;
}

static char *found_afresh(struct history *history)
{
	struct inventory inventory;
	struct machine machine;
	char *text;

	assert_int_equal(inventory_init(&inventory), 0);
	assert_int_equal(machine_init(&machine, &history->host.tree.root, &inventory, NULL), 0);
	assert_int_equal(machine_read_all(&machine, LOOK_START, NULL), 0);
	text = known_now(&inventory);
	machine_deinit(&machine);
	inventory_deinit(&inventory);
	return text;
}

static void print_first_difference(const char *known, const char *found)
{
	size_t at = 0, start = 0;

	for (; known[at] && known[at] == found[at]; at++)
		if (known[at] == '\n')
			start = at + 1;
	print_message("known: %.*s\nfound: %.*s\n", (int) strcspn(known + start, "\n"),
		      known + start, (int) strcspn(found + start, "\n"), found + start);
}

static void begin(struct history *history, uint64_t seed, enum delivery delivery, bool old_kernel)
{
	*history = (struct history){ .rng = { seed }, .delivery = delivery, .now_ms = 1000 };
	host_init(&history->host, old_kernel);
	assert_int_equal(inventory_init(&history->inventory), 0);
	assert_int_equal(machine_init(&history->machine, &history->host.tree.root,
				      &history->inventory, NULL),
			 0);
	assert_int_equal(dirty_init(&history->dirty), 0);
	history->host.tell = keep_hint;
	history->host.context = history;
}

static void end(struct history *history)
{
	dirty_deinit(&history->dirty);
	machine_deinit(&history->machine);
	inventory_deinit(&history->inventory);
	host_deinit(&history->host);
}

static uint64_t number_of_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* ---------------------------------------------------------------------------------------------- */

static void play(uint64_t seed)
{
	static struct history history;
	enum delivery delivery = (enum delivery)(seed % DELIVERIES);
	bool old_kernel = seed / DELIVERIES % 4 == 0, equal;
	char *known, *found;

	begin(&history, seed, delivery, old_kernel);
	/* some of it is there before we are */
	for (unsigned int i = 0; i < 6; i++)
		happen(&history);
	history.waiting_count = 0;
	assert_int_equal(machine_read_all(&history.machine, LOOK_START, NULL), 0);
	say(&history, "we start\n");

	for (unsigned int i = 0; i < STEPS; i++) {
		happen(&history);
		if (rng_below(&history.rng, 3) == 0)
			hear(&history, rng_below(&history.rng, 6));
		if (rng_below(&history.rng, 3) == 0)
			pass_time(&history, rng_below(&history.rng, 400));
	}
	come_to_rest(&history);

	known = known_now(&history.inventory);
	found = found_afresh(&history);
	equal = strcmp(known, found) == 0;
	if (!equal) {
		print_message("%s", history.said);
		print_first_difference(known, found);
	}
	free(known);
	free(found);
	end(&history);
	if (!equal)
		fail_msg("IRQHERD_SEED=%llu IRQHERD_HISTORIES=1", (unsigned long long) seed);
}

static void any_history_ends_in_what_a_fresh_reading_finds(void **state)
{
	uint64_t seed = number_of_environment("IRQHERD_SEED", 1);
	uint64_t count = number_of_environment("IRQHERD_HISTORIES", HISTORIES);

	(void) state;
	for (uint64_t i = 0; i < count; i++)
		play(seed + i);
}

static void device_that_goes_and_comes_again_restores_the_text(void **state)
{
	static struct history history;
	char *before, *without, *after;

	(void) state;
	for (unsigned int delivery = 0; delivery < DELIVERIES; delivery++) {
		begin(&history, delivery, (enum delivery) delivery, false);
		for (unsigned int i = 0; i < HOST_DEVICES; i++) {
			host_add(&history.host, &history.host.devices[i]);
			host_bind(&history.host, &history.host.devices[i], 3);
		}
		host_set_up(&history.host, &history.host.devices[0], true);
		history.waiting_count = 0;
		assert_int_equal(machine_read_all(&history.machine, LOOK_START, NULL), 0);

		for (unsigned int i = 0; i < HOST_DEVICES; i++) {
			struct host_device *device = &history.host.devices[i];
			bool up = device->up;
			int last_ifindex = history.host.last_ifindex;

			before = known_now(&history.inventory);
			history.host.last_ifindex = device->ifindex - 1;
			host_remove(&history.host, device);
			come_to_rest(&history);
			without = known_now(&history.inventory);
			assert_string_not_equal(before, without);
			host_add(&history.host, device);
			host_bind(&history.host, device, 3);
			if (up)
				host_set_up(&history.host, device, true);
			come_to_rest(&history);
			after = known_now(&history.inventory);
			assert_string_equal(before, after);
			history.host.last_ifindex = last_ifindex;
			free(before);
			free(without);
			free(after);
		}
		end(&history);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_history_ends_in_what_a_fresh_reading_finds),
		cmocka_unit_test(device_that_goes_and_comes_again_restores_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
