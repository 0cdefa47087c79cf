/*
 * What clients, files and the kernel's command line say over the configuration's head. All of it is
 * in struct steering and lasts as long as the daemon; here it is put into force.
 */
#include <errno.h>

#include "irqherd/balance/plan.h"
#include "irqherd/base/clock.h"
#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"

/* --------------------------------------------------------------------------------------------------
 * freeze */

const char *daemon_why_frozen(const struct daemon *daemon)
{
	if (freeze_file_folder(&daemon->freeze_file))
		return "file";
	if (daemon->steering.frozen)
		return "client";
	return daemon->steering.frozen_by_kernel ? "kernel command line" : NULL;
}

void daemon_update_freeze(struct daemon *daemon)
{
	const char *why = daemon_why_frozen(daemon);
	const char *folder = freeze_file_folder(&daemon->freeze_file);
	uint64_t now_ms = clock_now_ms();

	if (daemon->frozen == (why != NULL))
		return;
	daemon->frozen = why != NULL;
	daemon_choose_actuator(daemon);
	if (!why)
		daemon_record(daemon, HISTORY_STEER, "thawed: what is decided is written again");
	else if (folder)
		daemon_record(daemon, HISTORY_STEER,
			      "frozen: nothing is written until thawed: file=%s/freeze", folder);
	else if (daemon->steering.frozen_until_ms > now_ms)
		daemon_record(daemon, HISTORY_STEER,
			      "frozen: nothing is written for a while: by=%s seconds=%llu", why,
			      (unsigned long long) (daemon->steering.frozen_until_ms - now_ms +
						    999) /
				      1000);
	else
		daemon_record(daemon, HISTORY_STEER,
			      "frozen: nothing is written until thawed: by=%s", why);
	daemon_hurry(daemon);
}

/* --------------------------------------------------------------------------------------------------
 * pins and bans */

static int apply_rules(struct daemon *daemon)
{
	int r = daemon_apply_rules(daemon, &daemon->settings);

	daemon_take_changes(daemon, clock_now_ms());
	daemon_hurry(daemon);
	return r;
}

int daemon_pin(struct daemon *daemon, struct irq *irq, const char *slot, const struct cpumask *cpus)
{
	struct snapshot snapshot = { clock_now_ms(), &daemon->inventory, &daemon->load };
	char list[CPULIST_TEXT];
	int r;

	r = steering_pin(&daemon->steering, slot, cpus);
	if (r < 0)
		return r;
	(void) cpulist_format(cpus, list, sizeof(list));
	daemon_record(daemon, HISTORY_STEER, "%s pinned to CPUs %s: uid=%u", slot, list,
		      (unsigned int) daemon->caller);
	r = apply_rules(daemon);
	if (r < 0 || !irq)
		return r;
	r = balance_pinned(&snapshot, &daemon->policy, &daemon->cpus, irq, &daemon->plan);
	if (r == 0)
		daemon_act(daemon, snapshot.now_ms);
	return r;
}

int daemon_ban(struct daemon *daemon, const char *slot)
{
	int r = steering_ban(&daemon->steering, slot);

	if (r < 0)
		return r;
	daemon_record(daemon, HISTORY_STEER, "%s banned: uid=%u", slot,
		      (unsigned int) daemon->caller);
	return apply_rules(daemon);
}

int daemon_release(struct daemon *daemon, const char *slot)
{
	if (!steering_release(&daemon->steering, slot))
		return 0;
	daemon_record(daemon, HISTORY_STEER, "%s released: uid=%u", slot,
		      (unsigned int) daemon->caller);
	return apply_rules(daemon);
}

/* --------------------------------------------------------------------------------------------------
 * CPUs */

struct cpumask daemon_excluded(const struct daemon *daemon)
{
	struct cpumask excluded = settings_excluded(&daemon->settings, &daemon->inventory.topology);

	return cpumask_or(&excluded, &daemon->steering.excluded);
}

static void set_excluded(struct daemon *daemon, const struct cpumask *excluded, const char *what,
			 const struct cpumask *cpus)
{
	char list[CPULIST_TEXT];

	daemon->steering.excluded = *excluded;
	(void) cpulist_format(cpus, list, sizeof(list));
	daemon_record(daemon, HISTORY_STEER, "CPUs %s %s: uid=%u", list, what,
		      (unsigned int) daemon->caller);
	daemon_refresh_policy(daemon);
	daemon_hurry(daemon);
}

bool daemon_exclude(struct daemon *daemon, const struct cpumask *cpus)
{
	struct cpumask excluded = cpumask_or(&daemon->steering.excluded, cpus);
	struct cpumask left = cpumask_and(&daemon->policy.allowed, &daemon->inventory.usable);

	left = cpumask_andnot(&left, cpus);
	if (cpumask_empty(&left))
		return false;
	set_excluded(daemon, &excluded, "excluded", cpus);
	return true;
}

void daemon_include(struct daemon *daemon, const struct cpumask *cpus)
{
	struct cpumask excluded = cpumask_andnot(&daemon->steering.excluded, cpus);

	if (cpumask_intersects(&daemon->steering.excluded, cpus))
		set_excluded(daemon, &excluded, "included again", cpus);
}

/* --------------------------------------------------------------------------------------------------
 * looks */

unsigned int daemon_rescan(struct daemon *daemon, const struct pci_addr *addr)
{
	struct hint hint = { .kind = addr ? HINT_DEVICE : HINT_RESYNC };
	char text[PCI_ADDR_TEXT];

	if (addr)
		hint.addr = *addr;
	daemon_record(daemon, HISTORY_STEER, "reading %s again: uid=%u",
		      addr ? pci_addr_format(addr, text) : "everything",
		      (unsigned int) daemon->caller);
	(void) dirty_put(&daemon->dirty, &hint, clock_now_ms());
	daemon_look_now(daemon);
	return addr ? 1 : daemon->inventory.device_count;
}
