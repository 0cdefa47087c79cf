/*
 * Spreading packets of network devices with one receive queue (rps): reading evidence, carrying
 * decisions out, taking them back at the end. Costs nothing where no device is to be looked after.
 */
#include "irqherd/balance/rps.h"

#include <string.h>

#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/outlet/report.h"
#include "irqherd/source/sysfs_net.h"

static void set_state(struct netdev *netdev, enum rps_state state, mask_id cpus, uint64_t now_ms)
{
	netdev->rps = (struct rps){ .state = state, .cpus = cpus, .since_ms = now_ms ? now_ms : 1 };
}

static void refused(struct netdev *netdev, enum rps_result result, uint64_t now_ms)
{
	if (result == RPS_DENIED)
		log_warning(
			"not allowed to spread packets (CAP_NET_ADMIN is needed, for the service "
			"by the drop-in packet-steering.conf, and a writable /sys), leaving "
			"them: netdev=%s",
			netdev->name);
	if (result != RPS_GONE)
		set_state(netdev, RPS_REFUSED, MASK_NONE, now_ms);
}

/* What is in force now is the truth: a queue made anew has none, and an administrator may have his
 * own. */
static void adopt(struct daemon *daemon, struct netdev *netdev, uint64_t now_ms)
{
	enum rps_result result;
	struct cpumask cpus;
	mask_id id;

	result = rps_sysfs_read(&daemon->rps, netdev, &cpus);
	if (result != RPS_DONE) {
		if (netdev->rps.state == RPS_SPREAD)
			set_state(netdev, RPS_IDLE, MASK_NONE, now_ms);
		return;
	}
	if (cpumask_empty(&cpus)) {
		if (netdev->rps.state == RPS_SPREAD || netdev->rps.state == RPS_FOREIGN)
			set_state(netdev, RPS_IDLE, MASK_NONE, now_ms);
		return;
	}
	if (mask_intern(&daemon->inventory.masks, &cpus, &id) < 0)
		return;
	if (netdev->rps.state == RPS_SPREAD && netdev->rps.cpus == id)
		return;
	if (rps_sysfs_is_ours(&daemon->rps, netdev, &cpus)) {
		log_info("packets of %s are spread over CPUs since an earlier run", netdev->name);
		set_state(netdev, RPS_SPREAD, id, now_ms);
		return;
	}
	if (netdev->rps.state != RPS_FOREIGN)
		log_info("rps_cpus of %s was set by somebody else, leaving it", netdev->name);
	set_state(netdev, RPS_FOREIGN, MASK_NONE, now_ms);
}

/* Not looked at yet, and either of interest or perhaps left behind by an earlier run. */
static bool is_to_be_met(const struct daemon *daemon, const struct netdev *netdev)
{
	return netdev->rps.since_ms == 0 && netdev->rx_queues == 1 &&
	       (daemon->rps.ours.used > 0 ||
		netdev_rps_wish(&daemon->inventory, netdev) == RPS_AUTO);
}

static void say(struct daemon *daemon, const struct rps_change *change, const char *verb)
{
	buf_reset(&daemon->line);
	if (report_rps(&daemon->inventory, change, verb, &daemon->line) == 0)
		log_info("%s", buf_text(&daemon->line));
}

static void carry_out(struct daemon *daemon, const struct rps_change *change, uint64_t now_ms)
{
	struct netdev *netdev = inventory_find_netdev(&daemon->inventory, change->ifindex);
	bool spreads = !cpumask_empty(&change->cpus);
	enum rps_result result;
	mask_id id = MASK_NONE;

	if (!netdev)
		return;
	if (!daemon->actuator->writes) {
		/* its count begins again, so that this is said now and then and not each round */
		say(daemon, change, "would ");
		set_state(netdev, RPS_IDLE, MASK_NONE, now_ms);
		return;
	}
	if (netdev->rps.state == RPS_IDLE) {
		adopt(daemon, netdev, now_ms);
		if (netdev->rps.state != RPS_IDLE)
			return;
	}
	if (mask_intern(&daemon->inventory.masks, &change->cpus, &id) < 0)
		return;
	result = rps_sysfs_write(&daemon->rps, netdev, &change->cpus);
	if (result != RPS_DONE) {
		refused(netdev, result, now_ms);
		return;
	}
	set_state(netdev, spreads ? RPS_SPREAD : RPS_IDLE, id, now_ms);
	say(daemon, change, "");
}

/* Only while its CPU is short of time: some drivers ask their hardware for it. */
static void count_received(struct daemon *daemon, const struct snapshot *snapshot)
{
	inventory_foreach_netdev(netdev, &daemon->inventory) {
		uint32_t total;

		if (rps_is_suspected(snapshot, &daemon->policy, &daemon->softnet, netdev) &&
		    netdev_read_received(&daemon->root, netdev->name, &total) == 0)
			received_count(&netdev->rps.received, total);
		else
			netdev->rps.received.readings = 0;
	}
}

void daemon_rps(struct daemon *daemon, uint64_t now_ms)
{
	struct snapshot snapshot = { now_ms, &daemon->inventory, &daemon->load };
	struct rps_plan plan = RPS_PLAN_INIT;
	int r;

	if (!daemon->live || (!daemon->rps.ours.used && !rps_is_wanted(&daemon->inventory))) {
		softnet_stat_forget(&daemon->softnet_stat);
		return;
	}
	r = softnet_stat_read(&daemon->softnet_stat, &daemon->root,
			      &daemon->inventory.topology.online, &daemon->softnet);
	if (r < 0) {
		daemon->softnet.valid = false;
		log_debug("no /proc/net/softnet_stat, judging by load alone: %s", strerror(-r));
	}
	inventory_foreach_netdev(netdev, &daemon->inventory) {
		if (netdev->rps.state == RPS_SPREAD || is_to_be_met(daemon, netdev)) {
			adopt(daemon, netdev, now_ms);
			if (netdev->rps.since_ms == 0)
				netdev->rps.since_ms = now_ms ? now_ms : 1;
		}
	}
	count_received(daemon, &snapshot);
	rps_watch(&daemon->inventory, &snapshot, &daemon->policy, &daemon->softnet, &daemon->plan);
	if (balance_rps(&snapshot, &daemon->policy, &daemon->softnet, &plan) == 0)
		for (size_t i = 0; i < plan.count; i++)
			carry_out(daemon, &plan.items[i], now_ms);
	rps_plan_deinit(&plan);
}

void daemon_end_rps(struct daemon *daemon)
{
	struct cpumask none = CPUMASK_NONE;

	inventory_foreach_netdev(netdev, &daemon->inventory) {
		struct cpumask cpus;

		if (netdev->rps.state != RPS_SPREAD ||
		    rps_sysfs_read(&daemon->rps, netdev, &cpus) != RPS_DONE ||
		    !rps_sysfs_is_ours(&daemon->rps, netdev, &cpus))
			continue;
		if (rps_sysfs_write(&daemon->rps, netdev, &none) == RPS_DONE)
			log_info("packets of %s are no longer spread: reason=stopping",
				 netdev->name);
	}
}
