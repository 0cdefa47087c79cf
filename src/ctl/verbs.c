#include "irqherd/ctl/verbs.h"

#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"
#include "irqherd/ctl/top.h"
#include "irqherd/ctl/verb_list.h"

static VERB(verb_top)
{
	(void) options;
	return top_run(ctl, argc, argv);
}

const struct verb verbs[] = {
	{ "status", "", "how irqherd and the machine are", 0, 0, false, verb_status },
	{ "top", "[OPTIONS]", "a live picture of IRQs and CPUs", 0, 64, true, verb_top },
	{ "devices", "", "PCI devices, their homes and how local they are", 0, 0, false,
	  verb_devices },
	{ "irqs", "[DEVICE|cpuN]", "IRQs: where they fire and where they may", 0, 1, false,
	  verb_irqs },
	{ "cpus", "[exclude|include LIST]", "CPUs and their loads; keeps IRQs off some", 0, 2,
	  false, verb_cpus },
	{ "topology", "", "a drawing of nodes, caches, cores and devices", 0, 0, false,
	  verb_topology },
	{ "explain", "IRQ|DEVICE|NETDEV|cpuN", "all about one of them, with reasons and advice", 1,
	  1, false, verb_explain },
	{ "advise", "DEVICE|NETDEV", "where a program that uses this device should run", 1, 1,
	  false, verb_advise },
	{ "import", "FILE", "a configuration made of birq's or irqbalance's", 1, 1, false,
	  verb_import },
	{ "plan", "", "what would move now, and why", 0, 0, false, verb_plan },
	{ "verify", "", "whether all affinities are as wanted", 0, 0, false, verb_verify },
	{ "doctor", "", "whether irqherd is of use here, and what hinders it", 0, 0, false,
	  verb_doctor },
	{ "watch", "", "events and moves as they happen", 0, 0, false, verb_watch },
	{ "irq", "IRQ pin CPUS|release|ban", "where one IRQ has to be, or that it is left alone", 2,
	  3, false, verb_irq },
	{ "rescan", "[DEVICE]", "reads a device again, or all", 0, 1, false, verb_rescan },
	{ "freeze", "[TIME]", "nothing is moved, for a while or until thaw", 0, 1, false,
	  verb_freeze },
	{ "thaw", "", "ends a freeze", 0, 0, false, verb_thaw },
	{ "reload", "", "reads the configuration again", 0, 0, false, verb_reload },
	{ "config", "", "the effective configuration, and who set what", 0, 0, false, verb_config },
	{ "metrics", "", "OpenMetrics text", 0, 0, false, verb_metrics },
	{ "snapshot", "FILE", "the machine as irqherd sees it, to replay with --root", 1, 1, false,
	  verb_snapshot },
};

const size_t verb_count = ARRAY_SIZE(verbs);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verb_count; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

const struct verb *verb_guess(const char *name)
{
	const struct verb *best = NULL;
	unsigned int best_distance = 3;

	for (size_t i = 0; i < verb_count; i++) {
		unsigned int distance = edit_distance(name, verbs[i].name);

		/* the start of a word is a good guess, too */
		if (strlen(name) >= 3 && strncmp(name, verbs[i].name, strlen(name)) == 0)
			distance = 0;
		if (distance < best_distance) {
			best = &verbs[i];
			best_distance = distance;
		}
	}
	return best;
}
