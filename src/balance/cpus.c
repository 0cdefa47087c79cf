/*
 * One walk over the CPUs and one over the IRQs at the start of each decision; a quiet round ends
 * after it. So nothing here touches a CPU set per IRQ, and what only a decision needs (cores,
 * queues of a device) is counted when a decision asks for it.
 *
 * An IRQ sits where it fires: on its effective CPU. One that fires nowhere known sits nowhere.
 */
#include "irqherd/balance/cpus.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/balance/candidate.h"
#include "irqherd/balance/cost.h"

#define FULL_WAIT_MS     10000u
#define FULL_WAIT_MAX_MS 600000u

/* A thread above this load, or with an active IRQ, takes something from its sibling. */
#define BUSY_PPM (PPM / 20)

/* Assumed cost of an IRQ whose CPU tells nothing; also the least that any IRQ is assumed to cost,
 * so that a batch of them spreads. */
#define UNKNOWN_SHARE_PPM (PPM / 100)

/* What a move whose load was not seen yet counts for when targets are ranked. */
#define EXPECTED_PPM (PPM / 2)

/* Rounds that a CPU waits for one move away from it to show. */
#define UNSETTLED_ROUNDS 2

void cpu_table_deinit(struct cpu_table *table)
{
	free(table->rows);
	free(table->full_until_ms);
	free(table->full_wait_ms);
	free(table->next_irq);
	*table = CPU_TABLE_INIT;
}

static int reserve_chains(struct cpu_table *table, unsigned int slots)
{
	int *next;

	if (slots <= table->next_size)
		return 0;
	next = realloc(table->next_irq, slots * sizeof(next[0]));
	if (!next)
		return -ENOMEM;
	table->next_irq = next;
	table->next_size = slots;
	return 0;
}

static int reserve(struct cpu_table *table, unsigned int count)
{
	struct cpu_row *rows;
	uint64_t *until;
	uint32_t *wait;

	if (count <= table->size)
		return 0;

	rows = realloc(table->rows, count * sizeof(rows[0]));
	if (!rows)
		return -ENOMEM;
	table->rows = rows;

	until = realloc(table->full_until_ms, count * sizeof(until[0]));
	if (!until)
		return -ENOMEM;
	table->full_until_ms = until;

	wait = realloc(table->full_wait_ms, count * sizeof(wait[0]));
	if (!wait)
		return -ENOMEM;
	table->full_wait_ms = wait;

	memset(&until[table->size], 0, (count - table->size) * sizeof(until[0]));
	memset(&wait[table->size], 0, (count - table->size) * sizeof(wait[0]));
	table->size = count;
	return 0;
}

static void fill_cpus(struct cpu_table *table, const struct snapshot *now,
		      const struct policy *policy)
{
	const struct inventory *inventory = now->inventory;
	uint64_t allowed = 0;

	for (unsigned int i = 0; i < table->count; i++) {
		const struct cpu_load *load = load_cpu(now->load, (int) i);
		struct cpu_row *row = &table->rows[i];

		/* 64 CPUs at a time: this loop is the quiet round */
		if (i % 64 == 0)
			allowed = inventory->usable.bits[i / 64] & policy->allowed.bits[i / 64];
		*row = (struct cpu_row){ 0 };
		row->allowed = allowed >> (i % 64) & 1;
		row->target = row->allowed &&
			      (policy->all_threads || inventory->topology.cpus[i].first_thread);
		row->full = table->full_until_ms[i] > now->now_ms;
		if (load) {
			row->known = true;
			row->target &= policy->steal_limit_ppm == 0 ||
				       load->steal_ppm < policy->steal_limit_ppm;
			row->load_ppm = row->measured_ppm = load->load_ppm;
			row->irq_ppm = load->irq_ppm;
		}
	}
}

static bool is_for_load(const struct placement *placement)
{
	return placement->reason == REASON_OVERLOAD || placement->reason == REASON_GAIN;
}

/* A move whose load was not seen to follow: its source waits, its target is not taken for empty. */
static void note_unsettled(struct cpu_table *table, const struct irq *irq)
{
	const struct placement *placement = &irq->placement;
	struct cpu_row *source = cpu_table_row(table, placement->source_cpu);
	struct cpu_row *target = cpu_table_row(table, placement->target_cpu);
	uint32_t expected = irq->cost.known ? irq->cost.ppm : EXPECTED_PPM;

	if (!is_for_load(placement))
		return;
	if (source && placement->state != PLACEMENT_STUCK && placement->rounds < UNSETTLED_ROUNDS)
		source->unsettled++;
	if (target)
		target->expected_ppm += expected;
	if (target && placement->state == PLACEMENT_STUCK)
		target->stuck_ppm += expected;
}

static void note_cost(struct cpu_table *table, const struct snapshot *now, const struct irq *irq)
{
	struct cpu_row *row = cpu_table_row(table, cost_cpu(irq));

	if (!row)
		return;
	row->cost_ppm += irq->cost.ppm;
	row->weight += cost_weight(irq, row, now);
	if (!irq->cost.measured && cost_is_polled(irq, row, now))
		row->polled++;
}

static void fill_irq(struct cpu_table *table, const struct snapshot *now,
		     const struct policy *policy, const struct irq *irq)
{
	struct cpu_row *row;

	if (!irq->requested)
		return;
	if (irq->arrival && irq_movable(irq))
		table->arrivals++;
	if (irq->placement.state == PLACEMENT_REQUESTED ||
	    irq->placement.state == PLACEMENT_CONFIRMED || irq->placement.state == PLACEMENT_STUCK)
		note_unsettled(table, irq);

	/* an arrival or a new home makes no relief elsewhere dearer */
	if (irq->placement.moved_ms != 0 && is_for_load(&irq->placement) &&
	    now->now_ms - irq->placement.moved_ms < RECENT_MS)
		table->recent++;
	row = cpu_table_row(table, irq->effective_cpu);
	if (!row)
		return;
	row->irqs++;
	if (policy->choice == CHOICE_COST)
		note_cost(table, now, irq);
	if (load_irq_count(now->load, irq->number) == 0)
		return;
	row->active++;
	table->active++;
	if (irq->placement.away != AWAY_NO)
		table->away++;
	if (!row->allowed && irq_movable(irq))
		table->strays++;
	/* whose CPU is calm is nobody's candidate: most of a quiet round's IRQs end here */
	if (row->measured_ppm < policy->threshold_ppm)
		return;
	if (irq_is_candidate(irq, now))
		row->candidates++;
	else if (irq_is_external_candidate(irq, now))
		row->externals++;
}

int cpu_table_fill(struct cpu_table *table, const struct snapshot *now, const struct policy *policy)
{
	const struct inventory *inventory = now->inventory;
	int r;

	r = reserve(table, inventory->topology.cpu_count);
	if (r < 0)
		return r;
	if (policy->choice == CHOICE_COST) {
		r = reserve_chains(table, inventory->irq_slots);
		if (r < 0)
			return r;
	}
	table->count = inventory->topology.cpu_count;
	table->strays = 0;
	table->away = 0;
	table->recent = 0;
	table->active = 0;
	table->arrivals = 0;
	table->cores_counted = false;
	table->core_was_empty = false;
	table->counted = NULL;

	fill_cpus(table, now, policy);
	for (unsigned int i = 0; i < inventory->irq_slots; i++)
		if (inventory->irqs[i])
			fill_irq(table, now, policy, inventory->irqs[i]);
	return 0;
}

uint32_t cpu_table_share(const struct cpu_table *table, int cpu)
{
	const struct cpu_row *row = cpu_table_row(table, cpu);
	uint32_t load, share;

	if (!row || !row->known)
		return UNKNOWN_SHARE_PPM;
	/* an IRQ takes only interrupt time with it; where that is not accounted, all is suspect */
	load = row->irq_ppm && row->irq_ppm < row->measured_ppm ? row->irq_ppm : row->measured_ppm;
	share = load / (row->active ? row->active : 1);
	return share > UNKNOWN_SHARE_PPM ? share : UNKNOWN_SHARE_PPM;
}

struct cpu_row *cpu_table_core(const struct cpu_table *table, const struct topology *topology,
			       int cpu)
{
	struct cpu_row *row = cpu_table_row(table, topology->cpus[cpu].core);

	return row ? row : &table->rows[cpu];
}

static bool thread_is_busy(const struct cpu_row *row)
{
	return row->active > 0 || row->load_ppm >= BUSY_PPM;
}

void cpu_table_count_cores(struct cpu_table *table, const struct topology *topology)
{
	if (table->cores_counted)
		return;
	for (unsigned int i = 0; i < table->count; i++) {
		struct cpu_row *core = cpu_table_core(table, topology, (int) i);

		core->core_ppm += table->rows[i].load_ppm;
		if (thread_is_busy(&table->rows[i]))
			core->busy_threads++;
	}
	table->cores_counted = true;
}

bool cpu_table_sibling_is_busy(const struct cpu_table *table, const struct topology *topology,
			       int cpu)
{
	uint32_t self = thread_is_busy(&table->rows[cpu]) ? 1 : 0;

	return cpu_table_core(table, topology, cpu)->busy_threads > self;
}

static bool is_queue(const struct irq *irq)
{
	return irq->requested && irq->queue.kind != QUEUE_NONE;
}

void cpu_table_count_queues(struct cpu_table *table, const struct inventory *inventory,
			    const struct device *device)
{
	const struct topology *topology = &inventory->topology;
	struct cpumask home;

	for (unsigned int i = 0; i < table->count; i++)
		table->rows[i].queues = table->rows[i].judged = table->rows[i].own_queues = 0;

	list_foreach(vector, &device->vectors, struct vector, device_link) {
		const struct irq *irq = vector->irq;
		struct cpu_row *row;

		if (!is_queue(irq) || !cpu_table_row(table, irq_bound_cpu(irq)))
			continue;
		table->rows[irq_bound_cpu(irq)].own_queues++;
		row = cpu_table_core(table, topology, irq_bound_cpu(irq));
		row->queues++;
		if (!irq->arrival || !irq_movable(irq))
			row->judged++;
	}

	table->counted = device;
	table->core_was_empty = false;
	mask_get(&inventory->masks, device->home.cpus, &home);
	cpumask_foreach(cpu, &home) {
		if ((unsigned int) cpu < table->count && table->rows[cpu].target &&
		    cpu_table_core(table, topology, cpu)->queues == 0) {
			table->core_was_empty = true;
			break;
		}
	}
}

void cpu_table_move_queue(struct cpu_table *table, const struct topology *topology, int from,
			  int to)
{
	cpu_table_core(table, topology, from)->queues--;
	table->rows[from].own_queues--;
	cpu_table_core(table, topology, to)->queues++;
	table->rows[to].own_queues++;
}

void cpu_table_note_move(struct cpu_table *table, const struct topology *topology,
			 const struct move *move, bool active, uint32_t load_ppm)
{
	struct cpu_row *from = cpu_table_row(table, move->from_cpu);
	struct cpu_row *to = cpu_table_row(table, move->to_cpu);
	bool was_busy;

	assert(to);
	was_busy = thread_is_busy(to);

	/* the source keeps its load: what leaves it is a guess, and no one should fill the gap */
	if (from)
		from->irqs--;
	to->irqs++;
	if (active)
		to->active++;
	to->load_ppm += load_ppm;
	if (table->cores_counted)
		cpu_table_core(table, topology, move->to_cpu)->core_ppm += load_ppm;
	if (table->cores_counted && !was_busy && thread_is_busy(to))
		cpu_table_core(table, topology, move->to_cpu)->busy_threads++;
}

void cpu_table_note_full(struct cpu_table *table, int cpu, uint64_t now_ms)
{
	uint32_t wait;

	if (cpu < 0 || (unsigned int) cpu >= table->size)
		return;
	wait = table->full_wait_ms[cpu] ? 2 * table->full_wait_ms[cpu] : FULL_WAIT_MS;
	if (wait > FULL_WAIT_MAX_MS)
		wait = FULL_WAIT_MAX_MS;
	table->full_wait_ms[cpu] = wait;
	table->full_until_ms[cpu] = now_ms + wait;
	if ((unsigned int) cpu < table->count)
		table->rows[cpu].full = true;
}

void cpu_table_note_room(struct cpu_table *table, int cpu)
{
	if (cpu < 0 || (unsigned int) cpu >= table->size)
		return;
	table->full_wait_ms[cpu] = 0;
	table->full_until_ms[cpu] = 0;
	if ((unsigned int) cpu < table->count)
		table->rows[cpu].full = false;
}
