/*
 * Targets are ranked by what a target has now, and what this plan and unseen earlier moves will
 * bring to it, so that a batch spreads and an empty-looking CPU is not filled twice. Ranking goes
 * over the CPUs of one set; the sets are tried from home outwards.
 */
#include "irqherd/balance/place.h"

/* Going back where it came from must be worth it. */
#define CLEAR_GAIN_PPM (PPM / 5)

struct request {
	const struct snapshot *now;
	const struct policy *policy;
	const struct cpu_table *table;
	const struct irq *irq;
	int avoid;
	const struct cpu_row *better_than; /* NULL: any load will do */
};

bool place_may_leave_home(const struct policy *policy, const struct irq *irq)
{
	return policy->non_local_cpus && irq->home.origin != HOME_RULE;
}

static bool is_better_than_source(const struct request *request, int cpu)
{
	const struct cpu_row *row = &request->table->rows[cpu];
	const struct placement *placement = &request->irq->placement;
	uint32_t gain = 1;

	if (!row->known || !request->better_than->known)
		return false;
	if (placement->moved_ms != 0 && placement->source_cpu == cpu)
		gain = CLEAR_GAIN_PPM;
	return (uint64_t) row->load_ppm + gain <= request->better_than->measured_ppm;
}

static bool may_receive(const struct request *request, int cpu)
{
	const struct cpu_row *row = cpu_table_row(request->table, cpu);

	if (!row || !row->target || row->full || cpu == request->avoid)
		return false;
	if (row->known && row->load_ppm >= request->policy->load_limit_ppm)
		return false;
	if (!request->better_than)
		return true;
	/* what is stuck elsewhere may come at any time: its room is not given away twice */
	if (row->known &&
	    (uint64_t) row->load_ppm + row->stuck_ppm >= request->policy->load_limit_ppm)
		return false;
	return is_better_than_source(request, cpu);
}

/* Whether cpu is a better target than best; both may receive, cpu has the higher number. */
static bool ranks_before(const struct request *request, int cpu, int best)
{
	const struct topology *topology = &request->now->inventory->topology;
	const struct cpu_row *a = &request->table->rows[cpu];
	const struct cpu_row *b = &request->table->rows[best];
	uint64_t load_a = (uint64_t) a->load_ppm + a->expected_ppm;
	uint64_t load_b = (uint64_t) b->load_ppm + b->expected_ppm;

	if (a->known != b->known)
		return a->known;
	if (load_a != load_b)
		return load_a < load_b;
	if (a->irqs != b->irqs)
		return a->irqs < b->irqs;
	return !cpu_table_sibling_is_busy(request->table, topology, cpu) &&
	       cpu_table_sibling_is_busy(request->table, topology, best);
}

static int place_among(const struct request *request, const struct cpumask *cpus)
{
	int best = CPU_NONE;

	cpumask_foreach(cpu, cpus) {
		if (!may_receive(request, cpu))
			continue;
		if (best == CPU_NONE || ranks_before(request, cpu, best))
			best = cpu;
	}
	return best;
}

/* All CPUs that policy and system allow, outside a home. */
static struct cpumask strangers(const struct request *request, const struct cpumask *home)
{
	struct cpumask cpus = cpumask_and(&request->now->inventory->usable,
					  &request->policy->allowed);

	return cpumask_andnot(&cpus, home);
}

static int place_outwards(const struct request *request)
{
	const struct inventory *inventory = request->now->inventory;
	struct cpumask home, others;
	int cpu;

	mask_get(&inventory->masks, request->irq->home.cpus, &home);
	cpu = place_among(request, &home);
	if (cpu != CPU_NONE || !place_may_leave_home(request->policy, request->irq))
		return cpu;

	others = strangers(request, &home);
	while (cpu == CPU_NONE && !cpumask_empty(&others)) {
		struct cpumask ring = topology_nearest(&inventory->topology,
						       request->irq->home.node, &others);

		cpu = place_among(request, &ring);
		others = cpumask_andnot(&others, &ring);
	}
	return cpu;
}

int place_irq(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
	      const struct irq *irq, int avoid)
{
	const struct request request = {
		.now = now, .policy = policy, .table = table, .irq = irq, .avoid = avoid
	};

	cpu_table_count_cores(table, &now->inventory->topology);
	return place_outwards(&request);
}

int place_home(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
	       const struct irq *irq, int avoid)
{
	const struct request request = {
		.now = now, .policy = policy, .table = table, .irq = irq, .avoid = avoid
	};
	struct cpumask home;

	cpu_table_count_cores(table, &now->inventory->topology);
	mask_get(&now->inventory->masks, irq->home.cpus, &home);
	return place_among(&request, &home);
}

int place_better(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 const struct irq *irq, int from)
{
	const struct request request = { .now = now,
					 .policy = policy,
					 .table = table,
					 .irq = irq,
					 .avoid = from,
					 .better_than = cpu_table_row(table, from) };

	if (!request.better_than)
		return CPU_NONE;
	cpu_table_count_cores(table, &now->inventory->topology);
	return place_outwards(&request);
}

/* --------------------------------------------------------------------------------------------------
 * arrivals */

/* What the first count of an arrival is made of: queues of its device on a core, itself aside. */
static uint32_t queues_beside(const struct request *request, int cpu)
{
	const struct topology *topology = &request->now->inventory->topology;
	const struct irq *irq = request->irq;
	const struct cpu_row *core = cpu_table_core(request->table, topology, cpu);
	int cpu_now = irq_bound_cpu(irq);
	const struct cpu_row *present = cpu_table_row(request->table, cpu_now);

	if (irq->queue.kind == QUEUE_NONE || !irq_device(irq))
		return 0;
	if (present && core == cpu_table_core(request->table, topology, cpu_now) &&
	    core->queues > 0)
		return core->queues - 1;
	return core->queues;
}

/* What an arrival would share its thread with: IRQs that fire, and queues of its device, which
 * will. */
static uint32_t company(const struct request *request, int cpu)
{
	const struct cpu_row *row = &request->table->rows[cpu];
	const struct irq *irq = request->irq;

	return row->active +
	       (irq->queue.kind != QUEUE_NONE && irq_device(irq) ? row->own_queues : 0);
}

static bool arrival_ranks_before(const struct request *request, int cpu, int best)
{
	const struct topology *topology = &request->now->inventory->topology;
	const struct cpu_row *a = &request->table->rows[cpu];
	const struct cpu_row *b = &request->table->rows[best];
	uint32_t queues_a = queues_beside(request, cpu), queues_b = queues_beside(request, best);
	uint32_t busy_a = cpu_table_core(request->table, topology, cpu)->busy_threads;
	uint32_t busy_b = cpu_table_core(request->table, topology, best)->busy_threads;

	if (queues_a != queues_b)
		return queues_a < queues_b;
	/* of the core as a whole: a busy thread's idle sibling must not rank behind it */
	if (busy_a != busy_b)
		return busy_a < busy_b;
	if (company(request, cpu) != company(request, best))
		return company(request, cpu) < company(request, best);
	if (a->irqs != b->irqs)
		return a->irqs < b->irqs;
	return a->load_ppm < b->load_ppm;
}

static int place_arrival_among(const struct request *request, const struct cpumask *cpus)
{
	int present = irq_bound_cpu(request->irq), best = CPU_NONE;

	cpumask_foreach(cpu, cpus) {
		const struct cpu_row *row = cpu_table_row(request->table, cpu);

		/* where it is already there is a vector for it, and a second thread is not emptied
		 */
		if (!row || (cpu == present ? !row->allowed : !row->target || row->full))
			continue;
		if (best == CPU_NONE || arrival_ranks_before(request, cpu, best))
			best = cpu;
	}
	if (best != CPU_NONE && cpumask_test(cpus, present) &&
	    cpu_table_row(request->table, present) && request->table->rows[present].allowed &&
	    queues_beside(request, present) == queues_beside(request, best))
		return present;
	return best;
}

int place_arrival(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		  const struct irq *irq)
{
	const struct inventory *inventory = now->inventory;
	const struct request request = {
		.now = now, .policy = policy, .table = table, .irq = irq, .avoid = CPU_NONE
	};
	struct cpumask home, others;
	int cpu;

	cpu_table_count_cores(table, &inventory->topology);
	mask_get(&inventory->masks, irq->home.cpus, &home);
	cpu = place_arrival_among(&request, &home);
	if (cpu != CPU_NONE || !place_may_leave_home(policy, irq))
		return cpu;

	others = strangers(&request, &home);
	while (cpu == CPU_NONE && !cpumask_empty(&others)) {
		struct cpumask ring = topology_nearest(&inventory->topology, irq->home.node,
						       &others);

		cpu = place_arrival_among(&request, &ring);
		others = cpumask_andnot(&others, &ring);
	}
	return cpu;
}

bool mask_leads_away(const struct inventory *inventory, const struct irq *irq)
{
	bool ruled = irq->home.origin == HOME_RULE;
	struct cpumask asked, home;

	if (!ruled && (irq->effective_cpu == CPU_NONE ||
		       mask_test(&inventory->masks, irq->asked, irq->effective_cpu)))
		return false;
	mask_get(&inventory->masks, irq->asked, &asked);
	mask_get(&inventory->masks, irq->home.cpus, &home);
	if (!ruled)
		asked = cpumask_and(&asked, &inventory->topology.online);
	return !cpumask_subset(&asked, &home);
}

bool arrival_is_badly_placed(const struct snapshot *now, const struct cpu_table *table,
			     const struct irq *irq)
{
	const struct inventory *inventory = now->inventory;
	int cpu = irq_bound_cpu(irq);
	const struct cpu_row *row = cpu_table_row(table, cpu);

	if (!row)
		return false;
	if (!row->allowed || !mask_test(&inventory->masks, irq->home.cpus, cpu) ||
	    mask_leads_away(inventory, irq))
		return true;
	return irq->queue.kind != QUEUE_NONE && irq_device(irq) && table->core_was_empty &&
	       cpu_table_core(table, &inventory->topology, cpu)->judged > 0;
}

/* --------------------------------------------------------------------------------------------------
 * no_room */

bool no_room_for(const struct no_room *no_room, const struct irq *irq)
{
	for (unsigned int i = 0; i < no_room->home_count; i++)
		if (no_room->homes[i] == irq->home.cpus)
			return true;
	for (unsigned int i = 0; i < no_room->irq_count; i++)
		if (no_room->irqs[i] == irq->number)
			return true;
	return false;
}

bool no_room_add(struct no_room *no_room, const struct irq *irq)
{
	/* an IRQ that moved before may have been refused for its own past, one with a rule may not
	 * leave its home: says nothing of others */
	if (irq->placement.moved_ms != 0 || irq->home.origin == HOME_RULE) {
		if (no_room->irq_count == NO_ROOM_LIMIT)
			return false;
		no_room->irqs[no_room->irq_count++] = irq->number;
		return true;
	}
	if (no_room->home_count == NO_ROOM_LIMIT)
		return false;
	no_room->homes[no_room->home_count++] = irq->home.cpus;
	return true;
}
