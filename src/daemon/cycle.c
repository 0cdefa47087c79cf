/*
 * One round: one reading of /proc/stat, what became of earlier moves, a plan, its moves, and a few
 * files of the slow check.
 *
 * A quiet round allocates nothing and touches no record of an idle IRQ.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/balance/cost.h"
#include "irqherd/balance/load.h"
#include "irqherd/balance/plan.h"
#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/source/proc_irq.h"

#define UNEXPLAINED_FIRST_MS   1000u
#define UNEXPLAINED_LONGEST_MS 600000u

int daemon_sample(struct daemon *daemon, uint64_t now_ms)
{
	unsigned int next = daemon->newest ^ 1;
	int r;

	r = proc_stat_read(&daemon->stat, now_ms, &daemon->samples[next]);
	if (r < 0)
		return r;
	daemon->newest = next;
	daemon->sampled_generation = daemon->inventory.generations;
	return load_update(&daemon->load, &daemon->samples[next ^ 1], &daemon->samples[next],
			   daemon->policy.metric);
}

/* --------------------------------------------------------------------------------------------------
 * what no event told */

static struct unexplained_irq *find_unexplained(struct daemon *daemon, unsigned int number)
{
	for (size_t i = 0; i < daemon->unexplained_count; i++)
		if (daemon->unexplained[i].number == number)
			return &daemon->unexplained[i];
	return NULL;
}

/* Asked about at growing distance: some numbers count and stay unexplained for ever. */
static bool ask_about(struct daemon *daemon, unsigned int number, uint64_t now_ms)
{
	struct unexplained_irq *entry = find_unexplained(daemon, number);
	uint64_t wait_ms;

	if (!entry) {
		if (daemon->unexplained_count == daemon->unexplained_size) {
			size_t size = daemon->unexplained_size ? 2 * daemon->unexplained_size : 8;
			struct unexplained_irq *entries = realloc(daemon->unexplained,
								  size * sizeof(entries[0]));

			if (!entries)
				return false;
			daemon->unexplained = entries;
			daemon->unexplained_size = size;
		}
		entry = &daemon->unexplained[daemon->unexplained_count++];
		*entry = (struct unexplained_irq){ .number = number };
	}
	if (now_ms < entry->until_ms)
		return false;
	wait_ms = UNEXPLAINED_FIRST_MS << (entry->tries < 10 ? entry->tries : 10);
	entry->until_ms = now_ms +
			  (wait_ms < UNEXPLAINED_LONGEST_MS ? wait_ms : UNEXPLAINED_LONGEST_MS);
	entry->tries++;
	return true;
}

static void forget_unexplained(struct daemon *daemon, unsigned int number)
{
	struct unexplained_irq *entry = find_unexplained(daemon, number);

	if (entry)
		*entry = daemon->unexplained[--daemon->unexplained_count];
}

/* Counts that grow on an IRQ that we do not know, or believed unrequested: a driver asked for it
 * and nobody told us. */
static bool find_unknown_irqs(struct daemon *daemon, uint64_t now_ms)
{
	const struct load *load = &daemon->load;
	const struct inventory *inventory = &daemon->inventory;
	bool found = false;

	for (unsigned int i = 0; i < load->active_count; i++) {
		unsigned int number = load->active[i];
		const struct irq *irq = inventory_find_irq(inventory, number);
		struct hint hint = { .kind = HINT_IRQ, .irq = number };

		if (irq && irq->requested)
			continue;
		if (ask_about(daemon, number, now_ms) &&
		    dirty_put(&daemon->dirty, &hint, now_ms) == 0)
			found = true;
	}
	return found;
}

/*
 * A mask takes effect with the IRQ's next interrupt: one read in between shows the CPU from before,
 * and no event tells when that changes. Reading again is due once it has fired.
 */
static void find_where_irqs_went(struct daemon *daemon, uint64_t now_ms)
{
	const struct load *load = &daemon->load;
	const struct mask_table *masks = &daemon->inventory.masks;

	for (unsigned int i = 0; i < load->active_count; i++) {
		unsigned int number = load->active[i];
		struct irq *irq = inventory_find_irq(&daemon->inventory, number);

		if (!irq || irq->effective_cpu == CPU_NONE || irq->asked == MASK_NONE ||
		    mask_test(masks, irq->asked, irq->effective_cpu) ||
		    !ask_about(daemon, number, now_ms))
			continue;
		(void) irq_read_effective(&daemon->root, number, &irq->effective_cpu);
		if (mask_test(masks, irq->asked, irq->effective_cpu))
			forget_unexplained(daemon, number);
	}
}

/* Totals that fell: the IRQ was freed and made anew between two rounds. Where an event has told so
 * since the last sample, that is nothing new. */
static bool find_remade_irqs(struct daemon *daemon, uint32_t last_generation, uint64_t now_ms)
{
	bool found = false;

	for (unsigned int i = 0; i < daemon->load.restarted_count; i++) {
		struct hint hint = { .kind = HINT_IRQ, .irq = daemon->load.restarted[i] };
		struct irq *irq = inventory_find_irq(&daemon->inventory, hint.irq);

		if (!irq || irq->generation > last_generation)
			continue;
		inventory_note_remade(&daemon->inventory, irq, &daemon->changes);
		found = dirty_put(&daemon->dirty, &hint, now_ms) == 0 || found;
	}
	return found;
}

/* --------------------------------------------------------------------------------------------------
 * the round */

void daemon_decide(struct daemon *daemon, uint64_t now_ms)
{
	struct snapshot snapshot = { now_ms, &daemon->inventory, &daemon->load };

	plan_reset(&daemon->plan);
	if (balance_plan(&snapshot, &daemon->policy, &daemon->cpus, &daemon->rng, &daemon->plan) <
	    0) {
		log_warning("out of memory, nothing is moved in this round");
		plan_reset(&daemon->plan);
	}
}

bool daemon_round(struct daemon *daemon, uint64_t now_ms)
{
	uint32_t last_generation = daemon->sampled_generation;
	bool unknown, remade;
	int r;

	daemon->rounds++;
	r = daemon_sample(daemon, now_ms);
	if (r < 0) {
		log_warning("could not read /proc/stat, skipping this round: %s", strerror(-r));
		return false;
	}
	if (!daemon->load.valid)
		return false;

	unknown = find_unknown_irqs(daemon, now_ms);
	remade = find_remade_irqs(daemon, last_generation, now_ms);
	if (unknown || remade)
		daemon_look(daemon, now_ms);
	daemon_settle(daemon, now_ms);
	find_where_irqs_went(daemon, now_ms);
	daemon_decide(daemon, now_ms);
	if (daemon->policy.choice == CHOICE_COST) {
		struct snapshot snapshot = { now_ms, &daemon->inventory, &daemon->load };

		cost_learn(&daemon->inventory, &snapshot, &daemon->cpus);
	}
	daemon_act(daemon, now_ms);
	daemon_rps(daemon, now_ms);

	r = slow_check_step(&daemon->slow_check, &daemon->machine, &daemon->dirty,
			    &daemon->samples[daemon->newest],
			    daemon->inventory.irq_count > SLOW_CHECK_MANY ? SLOW_CHECK_READS_MANY
									  : SLOW_CHECK_READS,
			    now_ms, &daemon->changes);
	if (r < 0)
		log_warning("the slow check failed, going on: %s", strerror(-r));
	daemon_take_changes(daemon, now_ms);
	return daemon->plan.hurry;
}
