/*
 * What a load costs is the work that is lost soon: a full CPU loses what it is asked for beyond its
 * time, and the fuller one is, the likelier the next big flow makes it full. The gain of a move is
 * by how much that gets less on both of its ends together. The most loaded CPU comes first, and of
 * each the move with the most gain.
 *
 * A move has a price, so that the gain is worth it: it doubles with each few moves made lately.
 * Thus a machine with few moves is levelled well, and one so full that no placement helps much
 * makes the few that help most.
 *
 * A costly queue on a full CPU is polled there without pause and stays for long whatever its
 * affinity says, the cheap ones go with their next interrupt: so the elephant's company leaves
 * first.
 *
 * Only a heap (a full CPU with far more IRQs than others, as some kernels and drivers leave it
 * behind) is dealt out by number, at no price: how much is asked of it is beyond guessing.
 */
#include "irqherd/balance/relief.h"

#include "irqherd/balance/candidate.h"
#include "irqherd/balance/cost.h"
#include "irqherd/balance/place.h"

#define PERCENT (PPM / 100)

/* What a load may change by before one looks again: as likely to be anything between as far up as
 * down. */
#define SWING_PPM (28 * PERCENT)

/* Going back where it came from must be worth it. */
#define CLEAR_GAIN_PPM (PPM / 5)

/* The higher of two loads must get lower by so much, or estimates that are a little wrong would
 * move an IRQ to and fro. */
#define CLEAR_RELIEF_PPM (15 * PERCENT)

/* An elephant that is polled goes late if at all: so much less is its move worth. */
#define ELEPHANT_PART 5

/* Each IRQ on a CPU may be the next to grow: a target counts it for so much. */
#define CROWD_PPM (2 * PERCENT)

/* How full a target may get by what a heap gives away. */
#define HEAP_ROOM_PPM (75 * PERCENT)

/* More than twice the mean of active IRQs and these. */
#define HEAP_IRQS 8

/* After a heap was seen its remains are looked after for so long: the moves that deal it out make
 * the others no dearer than half of the limit would. */
#define HEAP_MS 60000u

/* The least gain for which an IRQ moves. */
#define LOWEST_PRICE_PPM (PPM / 500)

/* At the limit of moves within RECENT_MS the price has doubled as often as that. */
#define DOUBLINGS     6
#define DOUBLINGS_MAX 12

/* The limit: so many, and the root of so many times the number of CPUs; on great machines one for
 * so many CPUs. */
#define MOVES_BASE    2
#define ROOT_OF       8u
#define CPUS_PER_MOVE 5

static uint32_t root_of(uint64_t square)
{
	uint64_t root = 0;

	for (uint64_t bit = 1u << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= square)
			root += bit;
	return (uint32_t) root;
}

static uint32_t limit_of_moves(const struct cpu_table *table)
{
	uint32_t limit = MOVES_BASE + root_of(ROOT_OF * table->count);

	return limit > table->count / CPUS_PER_MOVE ? limit : table->count / CPUS_PER_MOVE;
}

static uint32_t price_of_move(const struct cpu_table *table, uint64_t now_ms)
{
	uint32_t limit = limit_of_moves(table);
	uint32_t recent = table->recent, doublings, part;

	if (table->heap_ms != 0 && now_ms - table->heap_ms < HEAP_MS && recent > limit / 2)
		recent = limit / 2;
	doublings = recent * DOUBLINGS / limit;
	part = recent * DOUBLINGS % limit;
	if (doublings >= DOUBLINGS_MAX)
		return LOWEST_PRICE_PPM << DOUBLINGS_MAX;
	return (LOWEST_PRICE_PPM << doublings) + (LOWEST_PRICE_PPM << doublings) * part / limit;
}

/* Whoever sets a lower threshold sees a CPU as full from there on. */
static uint32_t knee_of(const struct policy *policy)
{
	return policy->threshold_ppm > SWING_PPM ? policy->threshold_ppm - SWING_PPM : 0;
}

/* Work that is lost soon with this load, on the mean. */
static uint32_t loss_at(uint64_t load_ppm, const struct policy *policy)
{
	uint64_t knee = knee_of(policy);
	uint64_t over = load_ppm > knee ? load_ppm - knee : 0;

	if (over >= 2u * SWING_PPM)
		return (uint32_t) (over - SWING_PPM);
	return (uint32_t) (over * over / (4u * SWING_PPM));
}

/* The load that loses as much. */
static uint32_t load_that_loses(uint32_t loss_ppm, const struct policy *policy)
{
	if (loss_ppm >= SWING_PPM)
		return knee_of(policy) + SWING_PPM + loss_ppm;
	return knee_of(policy) + root_of((uint64_t) (4u * SWING_PPM) * loss_ppm);
}

uint32_t relief_level(const struct cpu_table *table, const struct policy *policy, uint64_t now_ms)
{
	uint32_t level = load_that_loses(price_of_move(table, now_ms), policy);

	return level <= PPM ? level : RELIEF_NEVER;
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
	uint32_t demand = row->measured_ppm;

	if (is_full(row)) {
		if (demand < cost_asked(row))
			demand = cost_asked(row);
		if (demand < row->cost_ppm)
			demand = row->cost_ppm;
	}
	return demand > row->left_ppm ? demand - row->left_ppm : 0;
}

static bool wants_relief(const struct cpu_table *table, const struct cpu_row *row, uint32_t level)
{
	if (row->done || !row->known || !row->allowed || row->active < 2)
		return false;
	return demand_on(row) >= level || is_heap(table, row);
}

static int next_source(const struct cpu_table *table, uint32_t level)
{
	uint32_t best_demand = 0;
	int best = CPU_NONE;

	for (unsigned int i = 0; i < table->count; i++) {
		const struct cpu_row *row = &table->rows[i];

		if (!wants_relief(table, row, level) || demand_on(row) <= best_demand)
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

	return row->load_ppm + row->expected_ppm + siblings / 10 * 3 + row->active * CROWD_PPM;
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
	uint32_t gain_ppm;
	uint64_t higher_ppm; /* of the two loads afterwards */
	bool comes_home;
};

static struct option weigh(const struct cpu_table *table, const struct snapshot *now,
			   const struct policy *policy, const struct irq *irq, int target)
{
	const struct cpu_row *source = &table->rows[irq->effective_cpu];
	const struct cpu_row *there = &table->rows[target];
	uint32_t cost = cost_now(irq, source, now), demand = demand_on(source);
	uint32_t rest = demand > cost ? demand - cost : 0;
	uint64_t before = (uint64_t) there->load_ppm + there->expected_ppm;
	uint32_t saved = loss_at(demand, policy) - loss_at(rest, policy);
	uint32_t added = loss_at(before + cost, policy) - loss_at(before, policy);
	uint32_t gain = saved > added ? saved - added : 0;

	if (cost_is_polled(irq, source, now))
		gain /= ELEPHANT_PART;
	return (struct option){ .relief = { irq, irq->effective_cpu, target, cost },
				.gain_ppm = gain,
				.higher_ppm = rest > before + cost ? rest : before + cost,
				.comes_home = !mask_test(&now->inventory->masks, irq->home.cpus,
							 irq->effective_cpu) };
}

static bool is_worth_it(const struct cpu_table *table, const struct option *option, uint32_t price)
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
	if (!is_full(source) && option->higher_ppm + CLEAR_RELIEF_PPM > demand_on(source))
		return false;
	return option->gain_ppm >= price ||
	       (is_heap(table, source) && target->load_ppm + relief->cost_ppm < HEAP_ROOM_PPM);
}

static bool is_better(const struct option *option, const struct option *best)
{
	/* it costs less there, too */
	if (best->relief.irq && option->comes_home != best->comes_home)
		return option->comes_home;
	if (!best->relief.irq || option->gain_ppm != best->gain_ppm)
		return !best->relief.irq || option->gain_ppm > best->gain_ppm;
	/* nothing lost either way: the less is carried about */
	return option->relief.cost_ppm < best->relief.cost_ppm;
}

static bool find_move(const struct snapshot *now, const struct policy *policy,
		      struct cpu_table *table, uint32_t price, int cpu, struct relief *ret_relief)
{
	struct option best = { .relief.irq = NULL };
	mask_id home = MASK_NONE; /* of the one before: most of a CPU's IRQs share one */
	bool may_leave = false;
	int target = CPU_NONE;

	for (int i = table->rows[cpu].first_irq; i >= 0; i = table->next_irq[i]) {
		const struct irq *irq = now->inventory->irqs[i];
		bool leaves = place_may_leave_home(policy, irq);
		struct option option;

		if (home != irq->home.cpus || may_leave != leaves) {
			target = least_burdened(now, policy, table, irq, cpu);
			home = irq->home.cpus;
			may_leave = leaves;
		}
		if (target == CPU_NONE)
			continue;
		option = weigh(table, now, policy, irq, target);
		if (is_better(&option, &best) && is_worth_it(table, &option, price))
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
	uint32_t level;

	for (unsigned int i = 0; i < table->count; i++)
		if (is_heap(table, &table->rows[i]))
			table->heap_ms = now->now_ms;
	level = load_that_loses(price_of_move(table, now->now_ms), policy);
	if (next_source(table, level) == CPU_NONE)
		return false;
	cpu_table_count_cores(table, &now->inventory->topology);
	chain_candidates(table, now, plan);
	return true;
}

bool relief_next(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 struct relief *ret_relief)
{
	uint32_t price = price_of_move(table, now->now_ms);
	uint32_t level = load_that_loses(price, policy);
	int cpu;

	while ((cpu = next_source(table, level)) != CPU_NONE) {
		if (find_move(now, policy, table, price, cpu, ret_relief))
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
