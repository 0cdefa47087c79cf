/*
 * Advice is given where the administrator knows or can do something that irqherd does not or
 * cannot: where a device is, how many queues it should have, who else writes affinities.
 */
#include "view_advice.h"

#include <stdlib.h>

#include "irqherd/outlet/words.h"

/* --------------------------------------------------------------------------------------------------
 * IRQ */

static void advise_by_state(struct maker *maker, json_t *advice, const struct irq *irq)
{
	const struct view *view = maker->view;

	switch (irq_state_of(view, irq)) {
	case IRQ_STATE_MANAGED:
		add_words(maker, advice,
			  "Its driver let the kernel spread its vectors over all CPUs: nobody can "
			  "move "
			  "it. What keeps it off some CPUs is isolcpus=managed_irq at boot, or a "
			  "lower "
			  "number of queues.");
		break;
	case IRQ_STATE_EXTERNAL:
		add_printf(maker, advice,
			   "If it is to stay there for good: irqherdctl irq %u pin CPUS. If nobody "
			   "should "
			   "have moved it, look for another balancer: irqherdctl doctor.",
			   irq->number);
		break;
	case IRQ_STATE_STUCK:
		add_words(maker, advice,
			  "Its driver polls as long as there is work, and only a new interrupt "
			  "takes it to "
			  "the other CPU. More queues, or fewer of its neighbours, help.");
		break;
	case IRQ_STATE_BANNED:
		add_words(maker, advice,
			  "ban-irq, ban-driver, ban-device, a client, or the udev property "
			  "IRQHERD_IGNORE "
			  "says that it is left alone.");
		break;
	case IRQ_STATE_UNREQUESTED:
	case IRQ_STATE_REFUSED:
	case IRQ_STATE_ACTIVE:
	case IRQ_STATE_IDLE:
		break;
	}
}

static bool is_shared(const struct irq *irq)
{
	return !list_empty(&irq->owners) && irq->owners.next->next != &irq->owners;
}

json_t *make_irq_advice(struct maker *maker, const struct irq *irq)
{
	const struct view *view = maker->view;
	json_t *advice = make_array(maker);

	advise_by_state(maker, advice, irq);
	if (is_shared(irq))
		add_words(maker, advice,
			  "Several devices share this line. Message signalled interrupts (MSI) "
			  "would give "
			  "each its own, if driver and firmware can.");
	if (irq->placement.away == AWAY_NO && irq_movable(irq) && irq->effective_cpu != CPU_NONE &&
	    valid_load(view) && load_irq_count(view->load, irq->number) > 0 &&
	    !mask_test(&view->inventory->masks, irq->home.cpus, irq->effective_cpu))
		add_printf(maker, advice,
			   "It was found out of its home and stays until its CPU is busy. To have "
			   "it home "
			   "at once: irqherdctl irq %u pin CPUS, then release.",
			   irq->number);
	return advice;
}

/* --------------------------------------------------------------------------------------------------
 * device */

struct queues {
	unsigned int count;    /* vectors of queues that irqherd may move */
	unsigned int combined; /* of them */
	unsigned int managed;  /* vectors that the kernel manages */
	unsigned int together; /* queues beside another of the same device on one CPU */
	struct cpumask cpus;   /* where they fire */
};

static struct queues queues_of(const struct device *device)
{
	struct queues queues = { .cpus = CPUMASK_NONE };

	list_foreach(vector, &device->vectors, struct vector, device_link) {
		const struct irq *irq = vector->irq;

		queues.managed += irq->managed;
		if (irq->queue.kind == QUEUE_NONE || !irq_movable(irq))
			continue;
		queues.count++;
		queues.combined += irq->queue.kind == QUEUE_COMBINED;
		if (irq->effective_cpu == CPU_NONE)
			continue;
		queues.together += cpumask_test(&queues.cpus, irq->effective_cpu);
		cpumask_set(&queues.cpus, (unsigned int) irq->effective_cpu);
	}
	return queues;
}

/* Proximity rules name devices by the start of their address; a slot's functions are in one place.
 */
static void advise_on_node(struct maker *maker, json_t *advice, const struct device *device)
{
	char address[PCI_ADDR_TEXT];

	if (device->home.origin != HOME_ALL || maker->view->inventory->topology.node_count < 2)
		return;
	(void) pci_addr_format(&device->addr, address);
	add_printf(maker, advice,
		   "The firmware does not tell on which node it is. A line \"%s node N\" in the "
		   "proximity "
		   "file (key pxm) does.",
		   address);
}

static void advise_on_queues(struct maker *maker, json_t *advice, const struct device *device)
{
	struct cpumask home, usable = usable_cpus(maker->view);
	struct queues queues = queues_of(device);
	const struct netdev *netdev;
	unsigned int cpus;

	mask_get(&maker->view->inventory->masks, device->home.cpus, &home);
	home = cpumask_and(&home, &usable);
	cpus = cpumask_count(&home);
	if (list_empty(&device->netdevs) || cpus == 0)
		return;
	netdev = list_entry(device->netdevs.next, struct netdev, device_link);

	if (queues.combined > cpus)
		add_printf(maker, advice,
			   "%u queues for %u home CPU%s: some share a CPU. `ethtool -L %s combined "
			   "%u` would "
			   "give each its own.",
			   queues.combined, cpus, plural(cpus), netdev->name, cpus);
	else if (queues.together > 0 && queues.count <= cpus)
		add_printf(maker, advice,
			   "%u of its %u queues sit on a CPU that another one has already, though "
			   "%u home CPUs "
			   "would have room for each. They part when that CPU is busy.",
			   queues.together, queues.count, cpus);
}

static void advise_on_locality(struct maker *maker, json_t *advice, const struct device *device)
{
	struct served served = served_of_device(maker->view, device);
	struct queues queues = queues_of(device);
	char percent[PERCENT_TEXT];
	uint64_t away = served.placed - served.at_home;

	if (served.placed == 0 || away * 10 < served.placed)
		return;
	(void) percent_format((uint32_t) (away * PPM / served.placed), percent);
	if (queues.managed > 0)
		add_printf(maker, advice,
			   "%s of its interrupts are served out of its home, by vectors that the "
			   "kernel "
			   "placed and nobody can move.",
			   percent);
	else
		add_printf(maker, advice,
			   "%s of its interrupts are served out of its home. They come home when "
			   "the CPUs "
			   "that serve them are busy.",
			   percent);
}

json_t *make_device_advice(struct maker *maker, const struct device *device)
{
	json_t *advice = make_array(maker);

	advise_on_node(maker, advice, device);
	advise_on_queues(maker, advice, device);
	advise_on_locality(maker, advice, device);
	if (device->ignored)
		add_words(
			maker, advice,
			"The udev property IRQHERD_IGNORE is set: none of its IRQs is ever moved.");
	return advice;
}

/* --------------------------------------------------------------------------------------------------
 * CPU */

json_t *make_cpu_advice(struct maker *maker, int cpu)
{
	const struct view *view = maker->view;
	const struct topology *topology = &view->inventory->topology;
	const struct load *load = valid_load(view);
	const struct cpu_load *measured = load ? load_cpu(load, cpu) : NULL;
	bool forbidden = !cpumask_test(&view->policy->allowed, cpu) ||
			 !cpumask_test(&view->inventory->usable, cpu);
	unsigned int firing = 0, managed = 0;
	json_t *advice = make_array(maker);

	inventory_foreach_irq(irq, view->inventory) {
		if (!irq->requested || irq->effective_cpu != cpu || !load ||
		    load_irq_count(load, irq->number) == 0)
			continue;
		firing++;
		managed += irq->managed;
	}
	if (forbidden && managed > 0)
		add_printf(maker, advice,
			   "%u interrupt%s that the kernel manages fire%s here though IRQs should "
			   "not. "
			   "isolcpus=managed_irq at boot keeps them off while other CPUs of theirs "
			   "are online.",
			   managed, plural(managed), managed == 1 ? "s" : "");
	if (cpumask_test(&topology->isolated, cpu) && view->inventory->rules.use_isolated &&
	    firing > 0)
		add_printf(maker, advice,
			   "It is isolated and %u IRQ%s fire%s here: isolated-cpus=avoid would "
			   "keep them off.",
			   firing, plural(firing), firing == 1 ? "s" : "");
	if (measured && measured->steal_ppm >= PPM / 10)
		add_words(maker, advice,
			  "The host takes more than a tenth of its time (steal): the cause is "
			  "outside of this "
			  "machine.");
	return advice;
}
