/*
 * The kernel takes a hex mask with at most as many groups as it has CPUs for: leading zero groups
 * are left out. An empty write is silently nothing, so "off" is "0".
 */
#include "irqherd/actuate/rps_sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/log.h"

#define TITLE      "irqherd rps"
#define QUEUE_FILE "class/net/%s/queues/rx-0/rps_cpus"

/* --------------------------------------------------------------------------------------------------
 * what is ours */

static int remember(struct rps_sysfs *rps, const struct pci_addr *addr, const struct cpumask *cpus)
{
	struct rps_set *set = map_find(&rps->ours, pci_addr_key(addr));
	int r;

	if (!set) {
		set = calloc(1, sizeof(*set));
		if (!set)
			return -ENOMEM;
		r = map_put(&rps->ours, pci_addr_key(addr), set);
		if (r < 0) {
			free(set);
			return r;
		}
	}
	*set = (struct rps_set){ .addr = *addr, .cpus = *cpus };
	return 0;
}

static void forget_all(struct rps_sysfs *rps)
{
	struct rps_set *set;
	size_t cursor = 0;

	while ((set = map_next(&rps->ours, &cursor)))
		free(set);
	map_deinit(&rps->ours);
	rps->ours = MAP_INIT;
}

static int load_line(void *context, char *line)
{
	char *blank = strchr(line, ' ');
	struct cpumask cpus;
	struct pci_addr addr;

	if (!blank)
		return -EBADMSG;
	*blank = '\0';
	if (pci_addr_parse(line, &addr) < 0 || cpulist_parse(blank + 1, &cpus) < 0 ||
	    cpumask_empty(&cpus))
		return -EBADMSG;
	return remember(context, &addr, &cpus);
}

static int save(const struct rps_sysfs *rps)
{
	_cleanup_(buf_deinit) struct buf lines = BUF_INIT;
	const struct rps_set *set;
	size_t cursor = 0;

	if (rps->ours.used == 0) {
		run_file_remove(&rps->file);
		return 0;
	}
	while ((set = map_next(&rps->ours, &cursor))) {
		char addr[PCI_ADDR_TEXT], list[CPULIST_TEXT];
		int r;

		(void) cpulist_format(&set->cpus, list, sizeof(list));
		r = buf_printf(&lines, "%s %s\n", pci_addr_format(&set->addr, addr), list);
		if (r < 0)
			return r;
	}
	return run_file_save(&rps->file, &lines);
}

int rps_sysfs_init(struct rps_sysfs *rps, struct fsroot *root, const char *path)
{
	int r;

	*rps = RPS_SYSFS_INIT;
	rps->root = root;
	r = run_file_init(&rps->file, root, TITLE, path);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0; /* no boot id: told of by others */

	r = run_file_load(&rps->file, load_line, rps);
	if (r < 0)
		forget_all(rps);
	if (r == -ENOMEM) {
		rps_sysfs_deinit(rps);
		return r;
	}
	run_file_log(&rps->file, r);
	return 0;
}

void rps_sysfs_deinit(struct rps_sysfs *rps)
{
	forget_all(rps);
	run_file_deinit(&rps->file);
	*rps = RPS_SYSFS_INIT;
}

bool rps_sysfs_is_ours(const struct rps_sysfs *rps, const struct netdev *netdev,
		       const struct cpumask *cpus)
{
	const struct rps_set *set;

	set = netdev->has_device ? map_find(&rps->ours, pci_addr_key(&netdev->addr)) : NULL;
	return set && cpumask_equal(&set->cpus, cpus);
}

/* --------------------------------------------------------------------------------------------------
 * the kernel's file */

static enum rps_result result_of(int r)
{
	switch (r) {
	case 0:
		return RPS_DONE;
	case -ENOENT:
	case -ENODEV:
		return RPS_GONE;
	case -EPERM:
	case -EACCES:
	case -EROFS:
		return RPS_DENIED;
	default:
		return RPS_FAILED;
	}
}

enum rps_result rps_sysfs_read(struct rps_sysfs *rps, const struct netdev *netdev,
			       struct cpumask *ret_cpus)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	r = fsroot_read(rps->root, FSROOT_SYS, &text, QUEUE_FILE, netdev->name);
	if (r == 0)
		r = cpumask_parse(buf_text(&text), ret_cpus);
	return result_of(r);
}

static int write_mask(struct rps_sysfs *rps, const char *name, const struct cpumask *cpus)
{
	char text[CPUMASK_TEXT];
	size_t length = cpumask_format(cpus, text, sizeof(text));
	ssize_t written;
	int fd, r;

	fd = fsroot_open(rps->root, FSROOT_SYS, O_WRONLY | O_CLOEXEC, QUEUE_FILE, name);
	if (fd < 0)
		return fd;
	written = write(fd, text, length);
	r = written < 0 ? -errno : (size_t) written == length ? 0 : -EMSGSIZE;
	(void) close(fd);
	return r;
}

enum rps_result rps_sysfs_write(struct rps_sysfs *rps, const struct netdev *netdev,
				const struct cpumask *cpus)
{
	int r, kept = 0;

	/* Remembered first: a crash between the two leaves a set that we may take back. */
	if (!cpumask_empty(cpus)) {
		kept = remember(rps, &netdev->addr, cpus);
		if (kept == 0)
			kept = save(rps);
	}
	r = write_mask(rps, netdev->name, cpus);
	if (cpumask_empty(cpus) || r < 0) {
		free(map_drop(&rps->ours, pci_addr_key(&netdev->addr)));
		kept = save(rps);
	}
	if (kept < 0)
		log_warning("could not note whose packets are spread, they stay so after a crash: "
			    "%s",
			    strerror(-kept));
	if (result_of(r) == RPS_FAILED)
		log_error("writing rps_cpus failed, ignoring: netdev=%s error=\"%s\"", netdev->name,
			  strerror(-r));
	return result_of(r);
}
