/*
 * The most loaded CPU first, and of each the move that leaves the lower maximum on both ends. Two
 * cases differ:
 *
 * A CPU that is not full: its load is known. One IRQ leaves, if the higher of the two loads gets
 * lower by a clear gain; the next sample shows what it was.
 *
 * A full CPU: what it is asked for beyond its time is lost, so it is relieved at once, by as many
 * as the estimates say. A costly queue is polled there without pause and stays for long whatever
 * its affinity says, the cheap ones go with their next interrupt: so the elephant's company leaves,
 * and an elephant only when nobody else is left.
 *
 * A move has a price that grows with the number of those made lately. So a machine with few moves
 * is levelled well, and one so full that no placement helps is not stirred for ever. Only a heap (a
 * full CPU with far more IRQs than others, as some kernels and drivers leave it behind) is dealt
 * out at no price.
 */
#include "irqherd/balance/relief.h"

#include "irqherd/balance/candidate.h"
#include "irqherd/balance/cost.h"
#include "irqherd/balance/place.h"

#define PERCENT (PPM / 100)

/* A full CPU is relieved down to this. */
#define GOAL_PPM (95 * PERCENT)

/* Going back where it came from must be worth it. */
#define CLEAR_GAIN_PPM (PPM / 5)

/* An elephant on a full CPU counts below this each second. */
#define POLLED_RATE 3

/* An elephant may go where nobody else may: it can only be better off. */
#define ELEPHANT_ROOM_PPM (90 * PERCENT)

/* Moves within RECENT_MS from which on none is made: so many, and one for so many CPUs. */
#define MOVES_BASE    12
#define CPUS_PER_MOVE 6

/* More than twice the mean of active IRQs and these. */
#define HEAP_IRQS 8

/* After a heap was seen its remains are looked after for so long at no price. */
#define HEAP_MS 90000u

/* What a move must bring. Between the two by the number of moves made lately. */
struct price {
	uint32_t level_ppm; /* load from which a CPU is looked at */
	uint32_t gain_ppm;  /* by how much the higher of two loads must get lower */
	uint32_t room_ppm;  /* how full its target may be with it */
	uint32_t cost_ppm;  /* an IRQ below this is not worth a move */
	bool prohibitive;
};

static const struct price lowest = { 75 * PERCENT, 15 * PERCENT, 75 * PERCENT, 0, false };
static const struct price highest = { 85 * PERCENT, 30 * PERCENT, 55 * PERCENT, 3 * PERCENT, true };

static uint32_t between(uint32_t low, uint32_t high, uint32_t part, uint32_t whole)
{
	return (uint32_t) (((uint64_t) low * (whole - part) + (uint64_t) high * part) / whole);
}

static bool price_is_waived(const struct cpu_table *table, uint64_t now_ms)
{
	return table->heap_ms != 0 && now_ms - table->heap_ms < HEAP_MS;
}

static struct price price_of_move(const struct cpu_table *table, const struct policy *policy,
				  uint64_t now_ms)
{
	uint32_t limit = MOVES_BASE + table->count / CPUS_PER_MOVE;
	uint32_t recent = table->recent < limit ? table->recent : limit;
	struct price price = highest;

	if (price_is_waived(table, now_ms))
		recent = 0;
	if (recent < limit) {
		price.level_ppm = between(lowest.level_ppm, highest.level_ppm, recent, limit);
		price.gain_ppm = between(lowest.gain_ppm, highest.gain_ppm, recent, limit);
		price.room_ppm = between(lowest.room_ppm, highest.room_ppm, recent, limit);
		price.cost_ppm = between(lowest.cost_ppm, highest.cost_ppm, recent, limit);
		price.prohibitive = false;
	}
	/* whoever sets a lower threshold wants relief from there on */
	if (price.level_ppm > policy->threshold_ppm)
		price.level_ppm = policy->threshold_ppm;
	return price;
}

uint32_t relief_level(const struct cpu_table *table, const struct policy *policy, uint64_t now_ms)
{
	struct price price = price_of_move(table, policy, now_ms);

	return price.prohibitive ? RELIEF_NEVER : price.level_ppm;
}

/* --------------------------------------------------------------------------------------------------
 * chains */

static void unchain(struct cpu_table *table, const struct irq *irq)
{
	struct cpu_row *row = cpu_table_row(table, cost_cpu(irq));

	if (!row)
		return;
	for (int *link = &row->first_irq; *link >= 0; link = &table->next_irq[*link]) {
		if ((unsigned int) *link != irq->number)
			continue;
		*link = table->next_irq[irq->number];
		return;
	}
}

/* Whoever may leave, by the CPU that serves it: one walk for all sources of a plan. */
static void chain_candidates(struct cpu_table *table, const struct snapshot *now,
			     const struct plan *plan)
{
	const struct inventory *inventory = now->inventory;

	for (unsigned int i = 0; i < table->count; i++)
		table->rows[i].first_irq = -1;
	for (unsigned int i = inventory->irq_slots; i-- > 0;) {
		const struct irq *irq = inventory->irqs[i];
		struct cpu_row *row;

		if (!irq || load_irq_count(now->load, i) == 0 ||
		    irq->effective_cpu != cost_cpu(irq))
			continue;
		row = cpu_table_row(table, irq->effective_cpu);
		if (!row ||
		    !(irq_is_candidate(irq, now) || (row->candidates == 0 && row->externals > 0 &&
						     irq_is_external_candidate(irq, now))))
			continue;
		table->next_irq[i] = row->first_irq;
		row->first_irq = (int) i;
	}
	for (size_t i = 0; i < plan->count; i++)
		unchain(table, inventory->irqs[plan->moves[i].irq]);
}

/* --------------------------------------------------------------------------------------------------
 * sources */

static bool is_full(const struct cpu_row *row)
{
	return row->irq_ppm >= COST_FULL_PPM;
}

static bool is_heap(const struct cpu_table *table, const struct cpu_row *row)
{
	return is_full(row) && row->active >= 2 * table->active / table->count + HEAP_IRQS;
}

/* What is asked of a CPU, the moves of this plan aside. A full one may be asked for more. */
static uint32_t demand_on(const struct cpu_row *row)
{
	uint32_t demand = is_full(row) && row->cost_ppm > row->measured_ppm ? row->cost_ppm
									    : row->measured_ppm;

	return demand > row->left_ppm ? demand - row->left_ppm : 0;
}

static bool wants_relief(const struct cpu_table *table, const struct cpu_row *row,
			 const struct price *price)
{
	if (row->done || !row->known || !row->allowed || row->active < 2)
		return false;
	/* how much is asked of a heap is beyond guessing: it is dealt out by number */
	if (is_heap(table, row))
		return true;
	if (price->prohibitive)
		return false;
	return demand_on(row) >= (is_full(row) ? GOAL_PPM : price->level_ppm);
}

static int next_source(const struct cpu_table *table, const struct price *price)
{
	uint32_t best_demand = 0;
	int best = CPU_NONE;

	for (unsigned int i = 0; i < table->count; i++) {
		const struct cpu_row *row = &table->rows[i];

		if (!wants_relief(table, row, price) || demand_on(row) <= best_demand)
			continue;
		best_demand = demand_on(row);
		best = (int) i;
	}
	return best;
}

/* --------------------------------------------------------------------------------------------------
 * targets */

/* A thread works at the cost of its siblings: what they do counts for a part. */
static uint32_t burden_of(const struct cpu_table *table, const struct topology *topology, int cpu)
{
	const struct cpu_row *row = &table->rows[cpu];
	uint32_t siblings = cpu_table_core(table, topology, cpu)->core_ppm - row->load_ppm;

	return row->load_ppm + row->expected_ppm + siblings / 10 * 3;
}

static int least_burdened(const struct snapshot *now, const struct policy *policy,
			  struct cpu_table *table, const struct irq *irq, int from)
{
	const struct topology *topology = &now->inventory->topology;
	uint32_t best_burden = 0;
	struct cpumask home;
	int best = CPU_NONE;

	mask_get(&now->inventory->masks, irq->home.cpus, &home);
	cpumask_foreach(cpu, &home) {
		const struct cpu_row *row = cpu_table_row(table, cpu);
		uint32_t burden;

		if (!row || !row->target || !row->known || row->full || cpu == from ||
		    row->load_ppm >= policy->load_limit_ppm)
			continue;
		burden = burden_of(table, topology, cpu);
		if (best != CPU_NONE && burden >= best_burden)
			continue;
		best = cpu;
		best_burden = burden;
	}
	if (best == CPU_NONE && place_may_leave_home(policy, irq))
		best = place_better(now, policy, table, irq, from);
	return best;
}

/* --------------------------------------------------------------------------------------------------
 * moves */

struct option {
	struct relief relief;
	uint32_t value; /* the higher of the two loads afterwards: less is better */
	bool elephant;
};

static bool is_polled(const struct irq *irq, const struct snapshot *now)
{
	return (uint64_t) load_irq_count(now->load, irq->number) * 1000 <
	       POLLED_RATE * now->load->interval_ms;
}

static uint32_t load_with(const struct cpu_row *target, uint32_t cost_ppm)
{
	return target->load_ppm + target->expected_ppm + cost_ppm;
}

static bool is_worth_it(const struct cpu_table *table, const struct price *price,
			const struct option *option)
{
	const struct relief *relief = &option->relief;
	const struct cpu_row *source = &table->rows[relief->from_cpu];
	const struct cpu_row *target = &table->rows[relief->to_cpu];
	const struct placement *placement = &relief->irq->placement;

	if (target->load_ppm >= source->measured_ppm)
		return false;
	if (placement->moved_ms != 0 && placement->source_cpu == relief->to_cpu &&
	    target->load_ppm + CLEAR_GAIN_PPM > source->measured_ppm)
		return false;
	if (!is_full(source))
		return relief->cost_ppm >= price->cost_ppm &&
		       option->value + price->gain_ppm <= demand_on(source);
	if (option->elephant)
		return target->load_ppm + relief->cost_ppm < ELEPHANT_ROOM_PPM;
	return (relief->cost_ppm >= price->cost_ppm || is_heap(table, source)) &&
	       target->load_ppm + relief->cost_ppm < price->room_ppm;
}

static struct option weigh(const struct cpu_table *table, const struct snapshot *now,
			   const struct irq *irq, int target)
{
	const struct cpu_row *source = &table->rows[irq->effective_cpu];
	uint32_t cost = cost_now(irq, source, now), demand = demand_on(source);
	uint32_t rest = demand > cost ? demand - cost : 0;
	uint32_t there = load_with(&table->rows[target], cost);

	return (struct option){
		.relief = { irq, irq->effective_cpu, target, cost },
		.value = rest > there ? rest : there,
		.elephant = is_full(source) && is_polled(irq, now),
	};
}

static bool is_better(const struct option *option, const struct option *best)
{
	if (!best->relief.irq || option->elephant != best->elephant)
		return !best->relief.irq || best->elephant;
	return option->value < best->value;
}

static bool find_move(const struct snapshot *now, const struct policy *policy,
		      struct cpu_table *table, const struct price *price, int cpu,
		      struct relief *ret_relief)
{
	struct option best = { .relief.irq = NULL };
	mask_id home = MASK_NONE; /* of the one before: most of a CPU's IRQs share one */
	int target = CPU_NONE;

	for (int i = table->rows[cpu].first_irq; i >= 0; i = table->next_irq[i]) {
		const struct irq *irq = now->inventory->irqs[i];
		struct option option;

		if (home != irq->home.cpus) {
			target = least_burdened(now, policy, table, irq, cpu);
			home = irq->home.cpus;
		}
		if (target == CPU_NONE)
			continue;
		option = weigh(table, now, irq, target);
		if (is_better(&option, &best) && is_worth_it(table, price, &option))
			best = option;
	}
	if (!best.relief.irq)
		return false;
	*ret_relief = best.relief;
	return true;
}

bool relief_begin(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		  const struct plan *plan)
{
	struct price price;

	for (unsigned int i = 0; i < table->count; i++)
		if (is_heap(table, &table->rows[i]))
			table->heap_ms = now->now_ms;
	price = price_of_move(table, policy, now->now_ms);
	if (next_source(table, &price) == CPU_NONE)
		return false;
	cpu_table_count_cores(table, &now->inventory->topology);
	chain_candidates(table, now, plan);
	return true;
}

bool relief_next(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 struct relief *ret_relief)
{
	struct price price = price_of_move(table, policy, now->now_ms);
	int cpu;

	while ((cpu = next_source(table, &price)) != CPU_NONE) {
		if (find_move(now, policy, table, &price, cpu, ret_relief))
			return true;
		table->rows[cpu].done = true;
	}
	return false;
}

void relief_note(struct cpu_table *table, const struct relief *relief)
{
	struct cpu_row *source = &table->rows[relief->from_cpu];

	unchain(table, relief->irq);
	table->recent++;
	source->left_ppm += relief->cost_ppm;
	source->active--;
	/* of one that is not full the next sample tells more than any estimate */
	if (!is_full(source))
		source->done = true;
}
