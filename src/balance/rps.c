#include "irqherd/balance/rps.h"

/* One CPU could serve it all, with room to spare, if all CPUs concerned together have less than
 * this share of the threshold. What else interrupts there counts against it, so it errs towards
 * leaving things as they are. */
#define CALM_SHARE 2u

/* Packets that were dropped tell of overload before the CPU's time does; but not on an idle one. */
#define DROPS_FROM_SHARE 2u

static bool wants(const struct inventory *inventory, const struct netdev *netdev)
{
	return netdev->rx_queues == 1 && netdev_rps_wish(inventory, netdev) == RPS_AUTO;
}

bool rps_is_wanted(const struct inventory *inventory)
{
	inventory_foreach_netdev(netdev, inventory) {
		if (netdev->rps.state == RPS_SPREAD || (netdev->up && wants(inventory, netdev)))
			return true;
	}
	return false;
}

/* Of the packets that a CPU worked on, a device that received fewer than this part is not what
 * fills it. */
#define PACKETS_SHARE 4u

static bool is_relieved(const struct plan *plan, int cpu)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->moves[i].from_cpu == cpu)
			return true;
	return false;
}

static uint32_t irq_ppm_of(const struct snapshot *now, int cpu)
{
	const struct cpu_load *load = load_cpu(now->load, cpu);

	return load ? load->irq_ppm : 0;
}

/* Drops and squeezes count from half of the threshold on. */
static bool is_short_of_time(const struct snapshot *now, const struct policy *policy,
			     const struct softnet *softnet, int cpu)
{
	struct softnet_cpu stack = softnet_cpu(softnet, cpu);

	return (stack.dropped > 0 || stack.squeezed > stack.processed / 1000) &&
	       irq_ppm_of(now, cpu) >= policy->threshold_ppm / DROPS_FROM_SHARE;
}

static bool is_hot(const struct snapshot *now, const struct policy *policy,
		   const struct softnet *softnet, int cpu)
{
	return irq_ppm_of(now, cpu) >= policy->threshold_ppm ||
	       is_short_of_time(now, policy, softnet, cpu);
}

/* ---------------------------------------------------------------------------------------------------------
 * watching */

static bool is_calm(const struct snapshot *now, const struct policy *policy,
		    const struct netdev *netdev, const struct irq *receiver)
{
	uint64_t total = 0;
	struct cpumask cpus;

	mask_get(&now->inventory->masks, netdev->rps.cpus, &cpus);
	if (receiver->effective_cpu != CPU_NONE)
		cpumask_set(&cpus, (unsigned int) receiver->effective_cpu);
	cpumask_foreach(cpu, &cpus)
		total += irq_ppm_of(now, cpu);
	return total < policy->threshold_ppm / CALM_SHARE;
}

static bool others_fire(const struct snapshot *now, const struct irq *receiver)
{
	inventory_foreach_irq(irq, now->inventory) {
		if (irq != receiver && irq->effective_cpu == receiver->effective_cpu &&
		    load_irq_count(now->load, irq->number) > 0)
			return true;
	}
	return false;
}

bool rps_is_suspected(const struct snapshot *now, const struct policy *policy,
		      const struct softnet *softnet, const struct netdev *netdev)
{
	const struct irq *receiver;

	if (netdev->rps.state != RPS_IDLE || !netdev->up || !wants(now->inventory, netdev))
		return false;
	receiver = netdev_only_receiver(netdev);
	return receiver && receiver->effective_cpu != CPU_NONE &&
	       is_hot(now, policy, softnet, receiver->effective_cpu);
}

/*
 * Interrupts do not tell: a queue that is polled without pause makes none, and some adapters make a
 * few although they receive nothing. The device's own count does. Where it is not to be had, the
 * packets of a silent queue's CPU are its own if nobody else interrupts there. One that is down is
 * silent, too.
 */
static bool is_receiving(const struct snapshot *now, const struct softnet *softnet,
			 const struct netdev *netdev, const struct irq *receiver)
{
	const struct received *received = &netdev->rps.received;
	uint32_t processed = softnet_cpu(softnet, receiver->effective_cpu).processed;

	if (!netdev->up)
		return false;
	if (received->readings == 1)
		return false;
	if (received->readings > 1)
		return received->packets > 0 && received->packets >= processed / PACKETS_SHARE;
	if (load_irq_count(now->load, receiver->number) > 0)
		return true;
	return processed > 0 && !others_fire(now, receiver);
}

static void watch_netdev(struct netdev *netdev, const struct snapshot *now,
			 const struct policy *policy, const struct softnet *softnet,
			 const struct plan *plan)
{
	const struct irq *receiver = netdev_only_receiver(netdev);
	struct rps *rps = &netdev->rps;
	int cpu = receiver ? receiver->effective_cpu : CPU_NONE;

	switch (rps->state) {
	case RPS_IDLE:
		if (cpu == CPU_NONE || !is_hot(now, policy, softnet, cpu) ||
		    is_relieved(plan, cpu) || !is_receiving(now, softnet, netdev, receiver))
			rps->hot_rounds = 0;
		else
			rps->hot_rounds++;
		return;
	case RPS_SPREAD:
		if (!receiver || !is_calm(now, policy, netdev, receiver))
			rps->calm_since_ms = 0;
		else if (rps->calm_since_ms == 0)
			rps->calm_since_ms = now->now_ms;
		return;
	case RPS_FOREIGN:
	case RPS_REFUSED:
		return;
	}
}

void rps_watch(struct inventory *inventory, const struct snapshot *now, const struct policy *policy,
	       const struct softnet *softnet, const struct plan *plan)
{
	inventory_foreach_netdev(netdev, inventory) {
		if (netdev->rps.state == RPS_SPREAD || wants(inventory, netdev))
			watch_netdev(netdev, now, policy, softnet, plan);
	}
}

/* ---------------------------------------------------------------------------------------------------------
 * the set */

struct choice_of_cpus {
	const struct snapshot *now;
	const struct topology *topology;
	struct cpumask left;
};

static bool is_first_thread(const struct topology *topology, int cpu)
{
	return (unsigned int) cpu >= topology->cpu_count || topology->cpus[cpu].first_thread;
}

/* First threads before their siblings, then the lower load, then the lower number. */
static int best_of(const struct choice_of_cpus *choice)
{
	int best = CPU_NONE;

	cpumask_foreach(cpu, &choice->left) {
		bool first = is_first_thread(choice->topology, cpu);
		bool best_first = best != CPU_NONE && is_first_thread(choice->topology, best);

		if (best == CPU_NONE || (first && !best_first) ||
		    (first == best_first &&
		     irq_ppm_of(choice->now, cpu) < irq_ppm_of(choice->now, best)))
			best = cpu;
	}
	return best;
}

static struct cpumask siblings_of(const struct topology *topology, int cpu,
				  const struct cpumask *among)
{
	struct cpumask siblings = CPUMASK_NONE;
	int core;

	if (cpu < 0 || (unsigned int) cpu >= topology->cpu_count)
		return siblings;
	core = topology->cpus[cpu].core;
	cpumask_foreach(other, among) {
		if ((unsigned int) other < topology->cpu_count && core != CPU_NONE &&
		    topology->cpus[other].core == core)
			cpumask_set(&siblings, (unsigned int) other);
	}
	return siblings;
}

struct cpumask rps_place(const struct snapshot *now, const struct policy *policy,
			 const struct irq *receiver)
{
	const struct inventory *inventory = now->inventory;
	struct choice_of_cpus choice = { .now = now, .topology = &inventory->topology };
	struct cpumask cpus, siblings, others, chosen = CPUMASK_NONE;

	inventory_home(inventory, receiver, &cpus);
	cpus = cpumask_and(&cpus, &inventory->usable);
	cpus = cpumask_and(&cpus, &policy->allowed);
	if (receiver->effective_cpu != CPU_NONE)
		cpumask_clear(&cpus, (unsigned int) receiver->effective_cpu);

	siblings = siblings_of(choice.topology, receiver->effective_cpu, &cpus);
	others = cpumask_andnot(&cpus, &siblings);
	if (!cpumask_empty(&others))
		cpus = others;

	cpumask_foreach(cpu, &cpus) {
		const struct cpu_load *load = load_cpu(now->load, cpu);

		if (!load || load->load_ppm < policy->load_limit_ppm)
			cpumask_set(&choice.left, (unsigned int) cpu);
	}
	for (unsigned int i = 0; i < RPS_CPUS_MOST && !cpumask_empty(&choice.left); i++) {
		int cpu = best_of(&choice);

		cpumask_set(&chosen, (unsigned int) cpu);
		cpumask_clear(&choice.left, (unsigned int) cpu);
	}
	return chosen;
}

/* ---------------------------------------------------------------------------------------------------------
 * deciding */

static int begin(const struct snapshot *now, const struct policy *policy,
		 const struct softnet *softnet, const struct netdev *netdev,
		 const struct irq *receiver, struct rps_plan *plan)
{
	int cpu = receiver->effective_cpu;
	struct rps_change change = {
		.ifindex = netdev->ifindex,
		.reason = irq_ppm_of(now, cpu) >= policy->threshold_ppm ? RPS_FOR_LOAD
									: RPS_FOR_DROPS,
		.cpus = rps_place(now, policy, receiver),
		.irq_cpu = cpu,
		.load_ppm = irq_ppm_of(now, cpu),
		.dropped = softnet_cpu(softnet, cpu).dropped,
	};

	return cpumask_empty(&change.cpus) ? 0 : rps_plan_add(plan, &change);
}

static int end(const struct snapshot *now, const struct netdev *netdev, const struct irq *receiver,
	       enum rps_reason reason, struct rps_plan *plan)
{
	int cpu = receiver ? receiver->effective_cpu : CPU_NONE;
	struct rps_change change = {
		.ifindex = netdev->ifindex,
		.reason = reason,
		.irq_cpu = cpu,
		.load_ppm = irq_ppm_of(now, cpu),
	};

	return rps_plan_add(plan, &change);
}

/* CPUs of the set that may not be used now; its own CPU among them, after its IRQ was moved there.
 */
static bool has_forbidden_cpu(const struct snapshot *now, const struct policy *policy,
			      const struct cpumask *cpus, const struct irq *receiver)
{
	struct cpumask allowed = cpumask_and(&now->inventory->usable, &policy->allowed);

	return !cpumask_subset(cpus, &allowed) || cpumask_test(cpus, receiver->effective_cpu);
}

static int go_on(const struct snapshot *now, const struct policy *policy,
		 const struct netdev *netdev, struct rps_plan *plan)
{
	const struct irq *receiver = netdev_only_receiver(netdev);
	const struct rps *rps = &netdev->rps;
	struct rps_change change;
	struct cpumask cpus;

	if (!wants(now->inventory, netdev))
		return end(now, netdev, receiver, RPS_UNWANTED, plan);
	if (rps->calm_since_ms != 0 && now->now_ms - rps->calm_since_ms >= policy->cooldown_ms)
		return end(now, netdev, receiver, RPS_CALM, plan);

	mask_get(&now->inventory->masks, rps->cpus, &cpus);
	if (!receiver || !has_forbidden_cpu(now, policy, &cpus, receiver))
		return 0;
	change = (struct rps_change){
		.ifindex = netdev->ifindex,
		.reason = RPS_FOR_CPUS,
		.cpus = rps_place(now, policy, receiver),
		.irq_cpu = receiver->effective_cpu,
		.load_ppm = irq_ppm_of(now, receiver->effective_cpu),
	};
	return rps_plan_add(plan, &change);
}

int balance_rps(const struct snapshot *now, const struct policy *policy,
		const struct softnet *softnet, struct rps_plan *ret_plan)
{
	inventory_foreach_netdev(netdev, now->inventory) {
		const struct irq *receiver;
		int r = 0;

		if (netdev->rps.state == RPS_SPREAD) {
			r = go_on(now, policy, netdev, ret_plan);
		} else if (netdev->rps.state == RPS_IDLE &&
			   netdev->rps.hot_rounds >= RPS_HOT_ROUNDS &&
			   wants(now->inventory, netdev)) {
			receiver = netdev_only_receiver(netdev);
			if (receiver && receiver->effective_cpu != CPU_NONE)
				r = begin(now, policy, softnet, netdev, receiver, ret_plan);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
