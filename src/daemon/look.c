/*
 * From hints to readings, from readings to arrivals.
 *
 * Everything that is due is looked at, then the changes are said and acted on, then new IRQs are
 * placed: all within the wake-up that brought the event.
 */
#include <stdlib.h>
#include <string.h>

#include "irqherd/balance/plan.h"
#include "irqherd/balance/settle.h"
#include "irqherd/base/clock.h"
#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/outlet/report.h"

#define PATIENCE_MS 1000u

/* --------------------------------------------------------------------------------------------------
 * changes */

static int change_log_level(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_DEVICE_ARRIVED:
	case CHANGE_DEVICE_GONE:
	case CHANGE_DEVICE_REHOMED:
	case CHANGE_NETDEV_ARRIVED:
	case CHANGE_NETDEV_GONE:
	case CHANGE_NETDEV_RENAMED:
	case CHANGE_NETDEV_QUEUES:
	case CHANGE_CPU_ONLINE:
	case CHANGE_CPU_OFFLINE:
	case CHANGE_IRQ_MOVED_BY_OTHERS:
		return LOG_INFO;
	case CHANGE_DEVICE_UPDATED:
	case CHANGE_IRQ_ARRIVED:
	case CHANGE_IRQ_GONE:
	case CHANGE_IRQ_REMADE:
	case CHANGE_IRQ_REQUESTED:
	case CHANGE_IRQ_RELEASED:
	case CHANGE_IRQ_RENAMED:
	case CHANGE_IRQ_REHOMED:
	case CHANGE_IRQ_MOVED_BY_KERNEL:
	case CHANGE_NETDEV_LINK:
	case CHANGE_TOPOLOGY:
		return LOG_DEBUG;
	}
	return LOG_DEBUG;
}

static void act_on_change(struct daemon *daemon, const struct change *change, uint64_t now_ms)
{
	struct irq *irq;

	switch (change->kind) {
	case CHANGE_IRQ_MOVED_BY_OTHERS:
		irq = inventory_find_irq(&daemon->inventory, change->irq);
		if (irq)
			settle_foreign(irq, &daemon->policy, now_ms);
		break;
	case CHANGE_TOPOLOGY:
		daemon->policy_is_stale = true;
		break;
	default:
		break;
	}
}

void daemon_take_changes(struct daemon *daemon, uint64_t now_ms)
{
	for (size_t i = 0; i < daemon->changes.count; i++) {
		const struct change *change = &daemon->changes.items[i];
		int level = change_log_level(change->kind);

		act_on_change(daemon, change, now_ms);
		buf_reset(&daemon->line);
		if (report_change(&daemon->inventory, change, &daemon->line) < 0)
			buf_reset(&daemon->line);
		daemon_record_change(daemon, change, buf_text(&daemon->line));
		if (log_enabled(level) && daemon->line.length > 0)
			log_at(level, "%s", buf_text(&daemon->line));
	}
	change_list_reset(&daemon->changes);
	if (daemon->policy_is_stale)
		daemon_refresh_policy(daemon);
}

/* --------------------------------------------------------------------------------------------------
 * looks */

static enum look look_of(const struct hint *hint, bool again)
{
	if (hint->remade)
		return LOOK_REMADE;
	return again ? LOOK_AGAIN : LOOK_HINT;
}

static void note_told_irq(struct daemon *daemon, const struct change *change, uint64_t told_ms)
{
	struct irq *irq = NULL;

	if (change->kind == CHANGE_IRQ_ARRIVED || change->kind == CHANGE_IRQ_REQUESTED ||
	    change->kind == CHANGE_IRQ_REMADE || change->kind == CHANGE_IRQ_MOVED_BY_KERNEL)
		irq = inventory_find_irq(&daemon->inventory, change->irq);
	if (irq && irq->arrival)
		irq->told_ms = told_ms;
}

/* An arrival keeps when it was told of, until it is placed. One that waits for its action, its
 * driver or udevd is told of again by each event of its device. */
static void note_told(struct daemon *daemon, const struct hint *hint, size_t changes_before)
{
	const struct device *device = NULL;

	if (hint->kind == HINT_DEVICE)
		device = inventory_find_device(&daemon->inventory, &hint->addr);
	if (device) {
		list_foreach(vector, &device->vectors, struct vector, device_link) {
			if (vector->irq->arrival)
				vector->irq->told_ms = hint->told_ms;
		}
	}
	for (size_t i = changes_before; i < daemon->changes.count; i++)
		note_told_irq(daemon, &daemon->changes.items[i], hint->told_ms);
}

/* A storm that overruns us makes many: one a second tells it. */
static void note_resync(struct daemon *daemon, uint64_t now_ms)
{
	daemon->counts.resyncs++;
	if (daemon->resync_told_ms && now_ms - daemon->resync_told_ms < 1000)
		return;
	daemon->resync_told_ms = now_ms;
	daemon_record(daemon, HISTORY_RESYNC,
		      "everything is compared, and what differs is read again");
}

/* first: dirty::looks before those of this wake-up. */
static void look_at(struct daemon *daemon, const struct hint *hint, bool again, uint64_t first,
		    uint64_t now_ms)
{
	size_t before = daemon->changes.count;
	struct hint also;
	bool gone, changed;
	int r;

	if (hint->kind == HINT_RESYNC)
		note_resync(daemon, now_ms);

	r = machine_look(&daemon->machine, hint, look_of(hint, again), &daemon->changes, &gone,
			 &also);
	if (r < 0) {
		log_warning("could not read what an event named, its next event tries again: %s",
			    strerror(-r));
		gone = true;
	}
	changed = daemon->changes.count > before;
	note_told(daemon, hint, before);
	/* late vectors are a PCI device's matter: a virtual network device is done with one look */
	if (hint->kind == HINT_NETDEV && also.kind != HINT_DEVICE)
		gone = true;
	dirty_looked(&daemon->dirty, hint, now_ms, changed, gone);

	/* its PCI device was read before it, and after all events of this wake-up were received */
	if (hint->kind == HINT_NETDEV && dirty_looked_since(&daemon->dirty, &also, first))
		return;
	/* by schedule, an unchanged network device says nothing new of its PCI device, which has a
	 * schedule of its own */
	also.told_ms = hint->told_ms;
	if (also.kind != HINT_RESYNC && (changed || !again))
		(void) dirty_put(&daemon->dirty, &also, now_ms);
}

void daemon_look(struct daemon *daemon, uint64_t now_ms)
{
	uint64_t first = daemon->dirty.looks;
	struct hint hint;
	bool again, looked = false;

	while (dirty_take(&daemon->dirty, now_ms, &hint, &again)) {
		look_at(daemon, &hint, again, first, now_ms);
		looked = true;
	}
	if (!looked && !daemon->arrivals_wait)
		return;
	daemon_take_changes(daemon, now_ms);
	daemon_place_arrivals(daemon, now_ms);
}

/* --------------------------------------------------------------------------------------------------
 * arrivals */

/*
 * udevd's rules may decide where a new device belongs, as may the name that it gives. And a driver
 * that spreads its queues does so before it registers its network device, but after they can be
 * seen. Both have a moment for that, and an event tells when they are done.
 */
static bool waits(const struct inventory *inventory, const struct irq *irq, uint64_t now_ms)
{
	struct device *device = irq_device(irq);
	bool awaits_udevd;

	if (!device)
		return false;
	awaits_udevd = inventory_awaits_udevd(inventory, device);
	if (!awaits_udevd && !device->awaits_netdev) {
		device->awaited_since_ms = 0;
		return false;
	}
	if (!device->awaited_since_ms)
		device->awaited_since_ms = now_ms;
	return (awaits_udevd || irq->queue.kind != QUEUE_NONE) &&
	       now_ms - device->awaited_since_ms < PATIENCE_MS;
}

void daemon_place_arrivals(struct daemon *daemon, uint64_t now_ms)
{
	struct snapshot snapshot = { now_ms, &daemon->inventory, &daemon->load };
	struct irq **waiting = NULL;
	size_t count = 0, arrivals = 0, waiting_count = 0;

	daemon->arrivals_wait = false;
	inventory_foreach_irq(irq, &daemon->inventory)
		count += irq->arrival && irq->requested;
	if (!count)
		return;
	waiting = calloc(count, sizeof(waiting[0]));
	inventory_foreach_irq(irq, &daemon->inventory) {
		if (!irq->arrival || !irq->requested)
			continue;
		if (waiting && waits(&daemon->inventory, irq, now_ms)) {
			waiting[waiting_count++] = irq;
			irq->arrival = false;
		} else {
			arrivals++;
		}
	}

	plan_reset(&daemon->plan);
	if (arrivals &&
	    balance_arrivals(&snapshot, &daemon->policy, &daemon->cpus, &daemon->plan) < 0)
		log_warning("out of memory, new IRQs stay where the kernel put them");
	inventory_foreach_irq(irq, &daemon->inventory) {
		if (irq->requested)
			irq->arrival = false;
	}
	for (size_t i = 0; i < waiting_count; i++)
		waiting[i]->arrival = true;
	free(waiting);
	daemon->arrivals_wait = waiting_count > 0;
	daemon_act(daemon, now_ms);
	inventory_foreach_irq(irq, &daemon->inventory) {
		if (!irq->arrival)
			irq->told_ms = 0;
	}
}
