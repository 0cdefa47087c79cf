/*
 * The topology is put together from sets: a core, a package and a cache are each named by the set
 * of CPUs that share it, and never by the ids beside it (core_id repeats in every package,
 * physical_package_id may be -1). One member tells the set for all, so a set is read once, at its
 * lowest online CPU, and not again at its other members.
 *
 * Only online CPUs are asked: the kernel takes away the folders of the others, and their places in
 * the sets. But an offline CPU keeps the link to its node, and whoever belongs there has that
 * node's other CPUs as the nearest ones. What is missing, does not parse, or leaves out the very
 * CPU that was asked stays unknown; where two sets claim a CPU, the first one has it.
 */
#include "irqherd/source/sysfs_cpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"

#define CACHE_INDEX_LIMIT 16
#define DISTANCE_SELF     10
#define DISTANCE_FARTHEST 255

#define CPU_FOLDER  "devices/system/cpu"
#define NODE_FOLDER "devices/system/node"

struct set_file {
	const char *name;
	enum mask_form form;
};

/* Newest name first; the lists are the same as the hex files, only cheaper to write down. */
static const struct set_file core_files[] = {
	{ "topology/core_cpus_list", MASK_LIST },
	{ "topology/thread_siblings_list", MASK_LIST },
	{ "topology/core_cpus", MASK_HEX },
	{ "topology/thread_siblings", MASK_HEX },
};

static const struct set_file package_files[] = {
	{ "topology/package_cpus_list", MASK_LIST },
	{ "topology/core_siblings_list", MASK_LIST },
	{ "topology/package_cpus", MASK_HEX },
	{ "topology/core_siblings", MASK_HEX },
};

struct reader {
	struct fsroot *root;
	struct topology *topology;
	struct buf text;
	size_t core_file; /* the name that this kernel has, once one was found */
	size_t package_file;
	unsigned int llc_index; /* where the last CPU's last-level cache was */
};

static int read_cpu_list(struct reader *reader, const char *name, struct cpumask *ret_cpus)
{
	return attr_read_mask(reader->root, FSROOT_SYS, MASK_LIST, ret_cpus, CPU_FOLDER "/%s",
			      name);
}

static int take_cpu_folder(void *context, const char *name)
{
	struct cpumask *found = context;
	uint32_t cpu;

	if (strncmp(name, "cpu", 3) == 0 && attr_name_number(name + 3, CPU_LIMIT - 1, &cpu) == 0)
		cpumask_set(found, cpu);
	return 0;
}

/* Without the list, a CPU is online unless its own file says no (CPU 0 often has no such file). */
static int ask_each_cpu(struct reader *reader, const struct cpumask *present,
			struct cpumask *ret_online)
{
	struct cpumask online = *present;

	cpumask_foreach(cpu, present) {
		uint32_t value;
		int r;

		r = attr_read_u32(reader->root, FSROOT_SYS, 1, &value, CPU_FOLDER "/cpu%d/online",
				  cpu);
		if (attr_fatal(r))
			return r;
		if (r == 0 && value == 0)
			cpumask_clear(&online, (unsigned int) cpu);
	}

	*ret_online = online;
	return 0;
}

/* Each list stands in for one that is missing, broken or empty. */
static int read_cpu_lists(struct reader *reader)
{
	struct topology *topology = reader->topology;
	struct cpumask folders = CPUMASK_NONE;
	int r;

	r = read_cpu_list(reader, "possible", &topology->possible);
	if (attr_fatal(r))
		return r;
	r = read_cpu_list(reader, "present", &topology->present);
	if (attr_fatal(r))
		return r;
	r = read_cpu_list(reader, "online", &topology->online);
	if (attr_fatal(r))
		return r;

	if (cpumask_empty(&topology->present))
		topology->present = topology->online;
	if (cpumask_empty(&topology->present)) {
		r = fsroot_list(reader->root, FSROOT_SYS, take_cpu_folder, &folders, CPU_FOLDER);
		if (attr_fatal(r))
			return r;
		topology->present = folders;
	}
	if (cpumask_empty(&topology->present))
		topology->present = topology->possible;
	if (cpumask_empty(&topology->present))
		return -ENOENT;

	if (cpumask_empty(&topology->online)) {
		r = ask_each_cpu(reader, &topology->present, &topology->online);
		if (r < 0)
			return r;
	}

	topology->present = cpumask_or(&topology->present, &topology->online);
	topology->possible = cpumask_or(&topology->possible, &topology->present);
	return 0;
}

/*
 * `isolated` only knows isolcpus=; partitions made at run time are told by the root of cgroup v2.
 * Some kernels print " (null)" for an unset nohz_full: no CPU list, and so nothing.
 */
static int read_isolated(struct reader *reader)
{
	static const char *const paths[] = {
		CPU_FOLDER "/isolated",
		CPU_FOLDER "/nohz_full",
		"fs/cgroup/cpuset.cpus.isolated",
	};
	struct topology *topology = reader->topology;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct cpumask cpus;
		int r;

		r = attr_read_mask(reader->root, FSROOT_SYS, MASK_LIST, &cpus, "%s", paths[i]);
		if (attr_fatal(r))
			return r;
		if (r < 0)
			continue;
		topology->isolated = cpumask_or(&topology->isolated, &cpus);
		if (i == ARRAY_SIZE(paths) - 1)
			topology->partitions = cpus;
	}
	topology->isolated = cpumask_and(&topology->isolated, &topology->possible);
	return 0;
}

/* The set that one CPU's files tell, cut to online CPUs. -ENOENT: unknown. */
static int read_set(struct reader *reader, int cpu, const struct set_file *files, size_t count,
		    size_t *known, struct cpumask *ret_cpus)
{
	for (size_t i = 0; i < count; i++) {
		size_t candidate = (*known + i) % count;
		struct cpumask cpus;
		int r;

		r = attr_read_mask(reader->root, FSROOT_SYS, files[candidate].form, &cpus,
				   CPU_FOLDER "/cpu%d/%s", cpu, files[candidate].name);
		if (attr_fatal(r))
			return r;
		if (r < 0 || !cpumask_test(&cpus, cpu))
			continue;

		*known = candidate;
		*ret_cpus = cpumask_and(&cpus, &reader->topology->online);
		return 0;
	}
	return -ENOENT;
}

/* The highest-level unified cache of a CPU among index<first> and up; -ENOENT: none. */
static int find_llc(struct reader *reader, int cpu, unsigned int first, unsigned int *ret_index)
{
	uint32_t highest = 0;

	for (unsigned int index = first; index < CACHE_INDEX_LIMIT; index++) {
		uint32_t level;
		int r;

		r = attr_read_u32(reader->root, FSROOT_SYS, UINT32_MAX, &level,
				  CPU_FOLDER "/cpu%d/cache/index%u/level", cpu, index);
		if (attr_fatal(r))
			return r;
		if (attr_gone(r))
			break;
		if (r < 0 || level <= highest)
			continue;

		r = attr_read_text(reader->root, &reader->text,
				   CPU_FOLDER "/cpu%d/cache/index%u/type", cpu, index);
		if (attr_fatal(r))
			return r;
		if (r < 0 || strcmp(buf_text(&reader->text), "Unified") != 0)
			continue;
		highest = level;
		*ret_index = index;
	}
	return highest > 0 ? 0 : -ENOENT;
}

/* All CPUs of one kind number their caches alike, so the search starts where it last ended. */
static int read_llc(struct reader *reader, int cpu, struct cpumask *ret_cpus)
{
	static const struct set_file files[] = {
		{ "shared_cpu_list", MASK_LIST },
		{ "shared_cpu_map", MASK_HEX },
	};
	unsigned int index = 0;
	int r;

	r = find_llc(reader, cpu, reader->llc_index, &index);
	if (r == -ENOENT && reader->llc_index > 0)
		r = find_llc(reader, cpu, 0, &index);
	if (r < 0)
		return r;
	reader->llc_index = index;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct cpumask cpus;

		r = attr_read_mask(reader->root, FSROOT_SYS, files[i].form, &cpus,
				   CPU_FOLDER "/cpu%d/cache/index%u/%s", cpu, index, files[i].name);
		if (attr_fatal(r))
			return r;
		if (r == 0 && cpumask_test(&cpus, cpu)) {
			*ret_cpus = cpumask_and(&cpus, &reader->topology->online);
			return 0;
		}
	}
	return -ENOENT;
}

enum level {
	LEVEL_CORE,
	LEVEL_PACKAGE,
	LEVEL_LLC,
	LEVELS,
};

static int16_t *name_at(struct cpu *cpu, enum level level)
{
	switch (level) {
	case LEVEL_CORE:
		return &cpu->core;
	case LEVEL_PACKAGE:
		return &cpu->package;
	case LEVEL_LLC:
	case LEVELS:
		break;
	}
	return &cpu->llc;
}

static int read_level(struct reader *reader, int cpu, enum level level, struct cpumask *ret_cpus)
{
	switch (level) {
	case LEVEL_CORE:
		return read_set(reader, cpu, core_files, ARRAY_SIZE(core_files), &reader->core_file,
				ret_cpus);
	case LEVEL_PACKAGE:
		return read_set(reader, cpu, package_files, ARRAY_SIZE(package_files),
				&reader->package_file, ret_cpus);
	case LEVEL_LLC:
	case LEVELS:
		break;
	}
	return read_llc(reader, cpu, ret_cpus);
}

/* Names the members of the set that have no name yet by the lowest of them. */
static void name_set(struct topology *topology, enum level level, const struct cpumask *cpus)
{
	int name = CPU_NONE;

	cpumask_foreach(cpu, cpus) {
		int16_t *member = name_at(&topology->cpus[cpu], level);

		if (*member != CPU_NONE)
			continue;
		if (name == CPU_NONE)
			name = cpu;
		*member = (int16_t) name;
	}
}

static int read_cpus(struct reader *reader)
{
	struct topology *topology = reader->topology;
	unsigned int count = (unsigned int) cpumask_last(&topology->possible) + 1;

	topology->cpus = calloc(count, sizeof(topology->cpus[0]));
	if (!topology->cpus)
		return -ENOMEM;
	topology->cpu_count = count;
	for (unsigned int i = 0; i < count; i++)
		topology->cpus[i] = (struct cpu){ NODE_NONE, CPU_NONE, CPU_NONE, CPU_NONE, true };

	cpumask_foreach(cpu, &topology->online) {
		struct cpu *record = &topology->cpus[cpu];

		for (enum level level = LEVEL_CORE; level < LEVELS; level++) {
			struct cpumask cpus;
			int r;

			if (*name_at(record, level) != CPU_NONE)
				continue;
			r = read_level(reader, cpu, level, &cpus);
			if (attr_fatal(r))
				return r;
			if (r == 0)
				name_set(topology, level, &cpus);
		}
		record->first_thread = record->core == CPU_NONE || record->core == cpu;
	}
	return 0;
}

/* Grows by hand: few machines have more than eight nodes, and each holds a whole CPU set. */
static int take_node_folder(void *context, const char *name)
{
	struct topology *topology = context;
	struct node *nodes;
	uint32_t number;

	if (strncmp(name, "node", 4) != 0 || attr_name_number(name + 4, INT16_MAX, &number) < 0)
		return 0;

	nodes = realloc(topology->nodes, (topology->node_count + 1) * sizeof(nodes[0]));
	if (!nodes)
		return -ENOMEM;
	nodes[topology->node_count++] = (struct node){ .number = (int) number };
	topology->nodes = nodes;
	return 0;
}

static int compare_nodes(const void *a, const void *b)
{
	return ((const struct node *) a)->number - ((const struct node *) b)->number;
}

static int read_node_cpus(struct reader *reader, struct node *node)
{
	struct topology *topology = reader->topology;
	struct cpumask cpus;
	int r;

	r = attr_read_mask(reader->root, FSROOT_SYS, MASK_LIST, &cpus,
			   NODE_FOLDER "/node%d/cpulist", node->number);
	if (r < 0 && !attr_fatal(r))
		r = attr_read_mask(reader->root, FSROOT_SYS, MASK_HEX, &cpus,
				   NODE_FOLDER "/node%d/cpumap", node->number);
	if (attr_fatal(r))
		return r;
	if (r < 0)
		return 0;

	node->cpus = cpumask_and(&cpus, &topology->possible);
	cpumask_foreach(cpu, &node->cpus)
		if (topology->cpus[cpu].node == NODE_NONE)
			topology->cpus[cpu].node = (int16_t) node->number;
	return 0;
}

/* One number of a distance line; false at its end or where it is no distance. */
static bool next_distance(const char **text, uint8_t *ret_distance)
{
	const char *p = *text + strspn(*text, " \t");
	unsigned int value = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (unsigned int) (*p - '0');
		if (value > UINT8_MAX)
			return false;
	}

	*text = p;
	*ret_distance = (uint8_t) value;
	return true;
}

/* How many members of the set lie below a number. */
static unsigned int rank_of(const struct cpumask *set, int number)
{
	unsigned int rank = 0;

	for (int n = cpumask_first(set); n != CPU_NONE && n < number; n = cpumask_next(set, n))
		rank++;
	return rank;
}

/*
 * The line has a number for every online node. These are the nodes that have folders, but for a
 * moment while one comes or goes; `online` then tells whose the numbers are.
 */
static int parse_distances(const struct topology *topology, const char *text, struct node *node,
			   const struct cpumask *online_nodes)
{
	const char *p = text;
	unsigned int count = 0;
	uint8_t *values, *distances;
	uint8_t value;

	while (next_distance(&p, &value))
		count++;
	if (p[strspn(p, " \t\n")] != '\0' || count == 0)
		return 0;
	if (count != topology->node_count && count != cpumask_count(online_nodes))
		return 0;

	values = malloc(count);
	distances = malloc(topology->node_count);
	if (!values || !distances) {
		free(values);
		free(distances);
		return -ENOMEM;
	}

	p = text;
	for (unsigned int i = 0; i < count; i++)
		(void) next_distance(&p, &values[i]);

	for (unsigned int i = 0; i < topology->node_count; i++) {
		const struct node *other = &topology->nodes[i];

		if (count == topology->node_count)
			distances[i] = values[i];
		else if (cpumask_test(online_nodes, other->number))
			distances[i] = values[rank_of(online_nodes, other->number)];
		else
			distances[i] = other == node ? DISTANCE_SELF : DISTANCE_FARTHEST;
	}
	free(values);
	node->distances = distances;
	return 0;
}

static int read_nodes(struct reader *reader)
{
	struct topology *topology = reader->topology;
	struct cpumask online_nodes = CPUMASK_NONE;
	int r;

	r = fsroot_list(reader->root, FSROOT_SYS, take_node_folder, topology, NODE_FOLDER);
	if (attr_fatal(r))
		return r;
	if (topology->node_count == 0)
		return 0;
	qsort(topology->nodes, topology->node_count, sizeof(topology->nodes[0]), compare_nodes);

	/* A list of nodes looks like a list of CPUs. */
	r = attr_read_mask(reader->root, FSROOT_SYS, MASK_LIST, &online_nodes,
			   NODE_FOLDER "/online");
	if (attr_fatal(r))
		return r;

	for (unsigned int i = 0; i < topology->node_count; i++) {
		struct node *node = &topology->nodes[i];

		r = read_node_cpus(reader, node);
		if (r < 0)
			return r;

		r = fsroot_read(reader->root, FSROOT_SYS, &reader->text,
				NODE_FOLDER "/node%d/distance", node->number);
		if (attr_fatal(r))
			return r;
		if (r < 0)
			continue;
		r = parse_distances(topology, buf_text(&reader->text), node, &online_nodes);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_node_link(void *context, const char *name)
{
	uint32_t number;

	if (strncmp(name, "node", 4) != 0 || attr_name_number(name + 4, INT16_MAX, &number) < 0)
		return 0;
	*(int16_t *) context = (int16_t) number;
	return 1;
}

/* A node's own list has online CPUs only. */
static int read_nodes_of_offline_cpus(struct reader *reader)
{
	struct topology *topology = reader->topology;

	cpumask_foreach(cpu, &topology->present) {
		int r;

		if (topology->node_count == 0 || cpumask_test(&topology->online, cpu) ||
		    topology->cpus[cpu].node != NODE_NONE)
			continue;
		r = fsroot_list(reader->root, FSROOT_SYS, take_node_link, &topology->cpus[cpu].node,
				CPU_FOLDER "/cpu%d", cpu);
		if (attr_fatal(r))
			return r;
	}
	return 0;
}

int topology_read(struct fsroot *root, struct topology *ret_topology)
{
	struct topology topology = TOPOLOGY_INIT;
	struct reader reader = { .root = root, .topology = &topology, .text = BUF_INIT };
	int r;

	r = read_cpu_lists(&reader);
	if (r < 0)
		goto finish;
	r = read_isolated(&reader);
	if (r < 0)
		goto finish;
	r = read_cpus(&reader);
	if (r < 0)
		goto finish;
	r = read_nodes(&reader);
	if (r < 0)
		goto finish;
	r = read_nodes_of_offline_cpus(&reader);

finish:
	buf_deinit(&reader.text);
	if (r < 0)
		topology_deinit(&topology);
	else
		*ret_topology = topology;
	return r;
}

int possible_cpus_read(struct fsroot *root, struct cpumask *ret_possible)
{
	struct topology topology = TOPOLOGY_INIT;
	struct reader reader = { .root = root, .topology = &topology, .text = BUF_INIT };
	int r;

	r = read_cpu_lists(&reader);
	buf_deinit(&reader.text);
	if (r == 0)
		*ret_possible = topology.possible;
	return r;
}
