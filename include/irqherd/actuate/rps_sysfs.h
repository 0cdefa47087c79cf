/*
 * rps_sysfs: writes rps_cpus, and remembers over a crash what was ours.
 *
 * Only queues whose set was empty are ever written, so that putting back is writing the empty set.
 * The file in /run (run_file.h, title "irqherd rps") says which sets are ours: lines "PCI-ADDRESS
 * CPU-LIST".
 */
#pragma once

#include "irqherd/actuate/run_file.h"
#include "irqherd/base/cpumask.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/base/map.h"
#include "irqherd/model/inventory.h"

enum rps_result {
	RPS_DONE,
	RPS_GONE,   /* no such queue (any more), or in another network namespace */
	RPS_DENIED, /* no CAP_NET_ADMIN, or a file system that is read-only */
	RPS_FAILED, /* anything else; said in the log */
};

struct rps_set {
	struct pci_addr addr;
	struct cpumask cpus;
};

struct rps_sysfs {
	struct fsroot *root; /* borrowed */
	struct run_file file;
	struct map ours; /* pci_addr_key to struct rps_set; owned */
};

#define RPS_SYSFS_INIT ((struct rps_sysfs){ .ours = MAP_INIT })

/* Loads what an earlier run of this boot left; a file of another boot, or a broken one, is ignored.
 * -ENOMEM. path NULL: nothing is kept on disk. */
int rps_sysfs_init(struct rps_sysfs *rps, struct fsroot *root, const char *path);
void rps_sysfs_deinit(struct rps_sysfs *rps);

/* The set that is in force. */
enum rps_result rps_sysfs_read(struct rps_sysfs *rps, const struct netdev *netdev,
			       struct cpumask *ret_cpus);

/* cpus empty: off. */
enum rps_result rps_sysfs_write(struct rps_sysfs *rps, const struct netdev *netdev,
				const struct cpumask *cpus);

/* Whether this set is one that an earlier run wrote for this device. */
bool rps_sysfs_is_ours(const struct rps_sysfs *rps, const struct netdev *netdev,
		       const struct cpumask *cpus);
