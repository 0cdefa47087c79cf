/*
 * The verb snapshot: the machine as irqherd sees it, as a tar archive.
 *
 * What is needed is not listed here: the machine is read once more with a witness at its root, and
 * what it was asked for is what is captured. So a reader that learns a new file needs no change
 * here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "irqherd/base/map.h"
#include "irqherd/config/lines.h"
#include "irqherd/ctl/local.h"
#include "irqherd/ctl/tar.h"
#include "irqherd/ctl/verb_list.h"
#include "irqherd/source/kernel.h"
#include "irqherd/source/proc_stat.h"

#define FILE_LARGEST (64u << 20)
#define NAME_SIZE    (PATH_MAX + 512) /* in the archive: a path behind the folder of its own */

struct seen_path {
	enum fsroot_tree tree;
	bool listed;
	char *path;
};

struct snapshot_maker {
	struct fsroot_witness witness; /* the first member: it is found by it */
	struct seen_path *paths;
	size_t count;
	size_t size;
	struct map known;   /* paths in the list, by hash */
	struct map written; /* paths in the archive */
	struct fsroot *root;
	struct tar tar;
	char prefix[256]; /* "name/" */
	int error;
};

/* --------------------------------------------------------------------------------------------------
 * what was asked for */

static void saw(struct fsroot_witness *witness, enum fsroot_tree tree, const char *path,
		bool listed)
{
	struct snapshot_maker *maker = (struct snapshot_maker *) (void *) witness;
	uint64_t key = map_hash_text(path) * 4 + (tree == FSROOT_SYS ? 2 : 1) + listed;

	if (maker->error < 0 || map_find(&maker->known, key))
		return;
	if (maker->count == maker->size) {
		size_t size = maker->size ? 2 * maker->size : 256;
		struct seen_path *paths = realloc(maker->paths, size * sizeof(paths[0]));

		if (!paths) {
			maker->error = -ENOMEM;
			return;
		}
		maker->paths = paths;
		maker->size = size;
	}
	maker->paths[maker->count] = (struct seen_path){ tree, listed, strdup(path) };
	if (!maker->paths[maker->count].path || map_put(&maker->known, key, maker) < 0)
		maker->error = -ENOMEM;
	else
		maker->count++;
}

static int compare_paths(const void *a, const void *b)
{
	const struct seen_path *left = a, *right = b;

	if (left->tree != right->tree)
		return left->tree < right->tree ? -1 : 1;
	return strcmp(left->path, right->path);
}

/* All that any reader of a captured machine asks for. */
static int look_at_machine(struct snapshot_maker *maker, struct local *local)
{
	struct platform platform;
	int r;

	local->root.witness = &maker->witness;
	r = machine_read_all(&local->machine, LOOK_START, NULL);
	platform_read(&local->root, &platform);
	(void) kernel_accounts_irq_time(&local->root);
	(void) fsroot_exists(&local->root, FSROOT_PROC, "stat");
	(void) fsroot_exists(&local->root, FSROOT_PROC, "interrupts");
	/* other kernels have their names elsewhere, and a report is read by people as well */
	(void) fsroot_exists(&local->root, FSROOT_PROC, "softirqs");
	for (unsigned int i = 0; i < local->inventory.topology.node_count; i++)
		(void) fsroot_exists(&local->root, FSROOT_SYS, "devices/system/node/node%d/meminfo",
				     local->inventory.topology.nodes[i].number);
	local->root.witness = NULL;
	return r < 0 ? r : maker->error;
}

/* --------------------------------------------------------------------------------------------------
 * into the archive */

/* False: it is there already. */
static bool is_new(struct snapshot_maker *maker, const char *name)
{
	uint64_t key = map_hash_text(name);

	if (map_find(&maker->written, key))
		return false;
	if (map_put(&maker->written, key, maker) < 0)
		maker->error = -ENOMEM;
	return true;
}

static const char *archive_name(const struct snapshot_maker *maker, enum fsroot_tree tree,
				const char *path, char name[NAME_SIZE])
{
	(void) snprintf(name, NAME_SIZE, "%s%s%s%s", maker->prefix,
			tree == FSROOT_PROC ? "proc" : "sys", *path ? "/" : "", path);
	return name;
}

static int fd_of(const struct snapshot_maker *maker, enum fsroot_tree tree)
{
	return tree == FSROOT_PROC ? maker->root->proc_fd : maker->root->sys_fd;
}

/* Files that cannot be read (EIO, EOPNOTSUPP, for root only) are left out, as if they were missing.
 */
static void put_file(struct snapshot_maker *maker, enum fsroot_tree tree, const char *path,
		     mode_t mode)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char name[NAME_SIZE];

	if (!is_new(maker, archive_name(maker, tree, path, name)) ||
	    fsroot_read(maker->root, tree, &text, "%s", path) < 0 || text.length > FILE_LARGEST)
		return;
	tar_file(&maker->tar, name, (mode & 0777) | 0400, buf_text(&text), text.length);
}

static void put_folder(struct snapshot_maker *maker, enum fsroot_tree tree, const char *path)
{
	char name[NAME_SIZE];

	if (is_new(maker, archive_name(maker, tree, path, name)))
		tar_folder(&maker->tar, name);
}

static void put_link(struct snapshot_maker *maker, enum fsroot_tree tree, const char *path,
		     const char *target)
{
	char name[NAME_SIZE];

	if (is_new(maker, archive_name(maker, tree, path, name)))
		tar_link(&maker->tar, name, target);
}

struct listing {
	struct snapshot_maker *maker;
	enum fsroot_tree tree;
	const char *path;
};

static bool is_number(const char *name)
{
	return *name && name[strspn(name, "0123456789")] == '\0';
}

/*
 * Folders and links for their names. Of files none is opened that no reader opened: reading some of
 * sysfs reaches into the device. Those whose names are numbers (msi_irqs) are there and empty.
 */
static int put_listed(void *context, const char *entry)
{
	const struct listing *listing = context;
	struct snapshot_maker *maker = listing->maker;
	char path[PATH_MAX], target[PATH_MAX], name[NAME_SIZE];
	struct stat st;
	ssize_t length;

	if (snprintf(path, sizeof(path), "%s%s%s", listing->path, *listing->path ? "/" : "",
		     entry) >= (int) sizeof(path) ||
	    fstatat(fd_of(maker, listing->tree), path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		put_folder(maker, listing->tree, path);
	} else if (S_ISREG(st.st_mode) && is_number(entry)) {
		if (is_new(maker, archive_name(maker, listing->tree, path, name)))
			tar_file(&maker->tar, name, (st.st_mode & 0777) | 0400, "", 0);
	} else if (S_ISLNK(st.st_mode)) {
		length = readlinkat(fd_of(maker, listing->tree), path, target, sizeof(target) - 1);
		if (length > 0) {
			target[length] = '\0';
			put_link(maker, listing->tree, path, target);
		}
	}
	return maker->error;
}

/* Takes the last component off. */
static void go_up(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Goes from `real`, which has no links in it, along `rest`; -ELOOP where links lead out or around.
 */
static int walk(struct snapshot_maker *maker, enum fsroot_tree tree, char real[PATH_MAX],
		const char *rest, unsigned int depth)
{
	char target[PATH_MAX];

	if (depth > 16)
		return -ELOOP;
	while (*rest) {
		size_t length = strcspn(rest, "/"), used = strlen(real);
		ssize_t size;
		int r;

		if (length == 2 && strncmp(rest, "..", 2) == 0) {
			if (!used)
				return -ELOOP;
			go_up(real);
		} else if (length > 0 && !(length == 1 && *rest == '.')) {
			if (snprintf(real + used, PATH_MAX - used, "%s%.*s", used ? "/" : "",
				     (int) length, rest) >= (int) (PATH_MAX - used))
				return -ENAMETOOLONG;
			size = readlinkat(fd_of(maker, tree), real, target, sizeof(target) - 1);
			if (size > 0) {
				target[size] = '\0';
				put_link(maker, tree, real, target);
				go_up(real);
				if (*target == '/')
					return -ELOOP;
				r = walk(maker, tree, real, target, depth + 1);
				if (r < 0)
					return r;
			}
		}
		rest += length;
		rest += strspn(rest, "/");
		if (*rest)
			put_folder(maker, tree, real);
	}
	return 0;
}

/* What was opened comes first: a listing must not leave an empty file in its place. */
static void put_path(struct snapshot_maker *maker, const struct seen_path *seen, bool listings)
{
	struct listing listing = { maker, seen->tree, NULL };
	char real[PATH_MAX] = "";
	struct stat st;

	if (walk(maker, seen->tree, real, seen->path, 0) < 0 ||
	    fstatat(fd_of(maker, seen->tree), *real ? real : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISREG(st.st_mode) && !listings)
		put_file(maker, seen->tree, real, st.st_mode);
	if (!S_ISDIR(st.st_mode))
		return;
	put_folder(maker, seen->tree, real);
	listing.path = real;
	if (seen->listed && listings)
		(void) fsroot_list(maker->root, seen->tree, put_listed, &listing, "%s",
				   *real ? real : ".");
}

static void put_paths(struct snapshot_maker *maker, bool listings)
{
	for (size_t i = 0; i < maker->count && maker->error == 0; i++)
		put_path(maker, &maker->paths[i], listings);
}

/* --------------------------------------------------------------------------------------------------
 * what no file of /proc and /sys holds */

static void put_text(struct snapshot_maker *maker, const char *path, const struct buf *text)
{
	char name[NAME_SIZE];

	if (snprintf(name, sizeof(name), "%s%s", maker->prefix, path) < (int) sizeof(name) &&
	    is_new(maker, name))
		tar_file(&maker->tar, name, 0644, buf_text(text), text->length);
}

/* As `udevadm info --export-db` prints them; of devices that udevd knows, what irqherd asks for. */
static int export_properties(struct local *local, struct buf *text)
{
	int r = 0;

	inventory_foreach_device(device, &local->inventory) {
		struct udev_properties properties = { 0 };
		char address[PCI_ADDR_TEXT];

		if (!local->has_uevents || r < 0 ||
		    udev_properties_read(&local->uevents, &device->addr, &properties) < 0 ||
		    !properties.known)
			continue;
		r = buf_printf(text, "P: /devices/%s\nE: SUBSYSTEM=pci\n",
			       pci_addr_format(&device->addr, address));
		if (r == 0 && properties.ignore)
			r = buf_puts(text, "E: IRQHERD_IGNORE=1\n");
		if (r == 0 && properties.has_node)
			r = buf_printf(text, "E: IRQHERD_NODE=%d\n", properties.node);
		if (r == 0 && properties.has_cpus)
			r = buf_printf(text, "E: IRQHERD_CPUS=%s\n", properties.cpus);
		if (r == 0)
			r = buf_puts(text, "\n");
	}
	return r;
}

static const char *kind_of(enum queue_kind kind)
{
	switch (kind) {
	case QUEUE_RX:
		return "rx";
	case QUEUE_TX:
		return "tx";
	case QUEUE_COMBINED:
		return "combined";
	case QUEUE_NONE:
	case QUEUE_OTHER:
		break;
	}
	return "other";
}

static int export_queues(const struct local *local, struct buf *text)
{
	json_t *object = json_object();
	char *dump;
	int r;

	inventory_foreach_netdev(netdev, &local->inventory) {
		json_t *queues = json_array();

		for (unsigned int i = 0; i < netdev->queue_count; i++)
			(void) json_array_append_new(
				queues, json_pack("{s:s, s:i, s:i}", "kind",
						  kind_of(netdev->queues[i].kind), "index",
						  (int) netdev->queues[i].index, "irq",
						  (int) netdev->queues[i].irq));
		(void) json_object_set_new(object, netdev->name, queues);
	}
	dump = json_dumps(object, JSON_INDENT(1));
	r = dump ? buf_printf(text, "%s\n", dump) : -ENOMEM;
	free(dump);
	json_decref(object);
	return r;
}

static void put_config_file(struct snapshot_maker *maker, const char *path)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char folder[NAME_SIZE];

	if (*path != '/' || lines_read_file(path, &text) < 0)
		return;
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void) snprintf(folder, sizeof(folder), "%s%.*s", maker->prefix,
				(int) (slash - path - 1), path + 1);
		if (is_new(maker, folder))
			tar_folder(&maker->tar, folder);
	}
	put_text(maker, path + 1, &text);
}

/* Counters as they were an interval earlier. */
struct earlier {
	struct buf stat;
	struct buf interrupts;
};

static void earlier_deinit(struct earlier *earlier)
{
	buf_deinit(&earlier->stat);
	buf_deinit(&earlier->interrupts);
}

static void put_extras(struct snapshot_maker *maker, struct local *local,
		       const struct earlier *earlier)
{
	const struct config_origins *origins = &local->settings.config.origins;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	/* what `stat` and `interrupts` count from */
	put_text(maker, "proc/stat.before", &earlier->stat);
	if (earlier->interrupts.length > 0)
		put_text(maker, "proc/interrupts.before", &earlier->interrupts);
	if (export_properties(local, &text) < 0)
		maker->error = -ENOMEM;
	put_text(maker, "udev-properties", &text);
	buf_reset(&text);
	if (export_queues(local, &text) < 0)
		maker->error = -ENOMEM;
	put_text(maker, "netdev-queues.json", &text);

	for (size_t i = 0; i < origins->name_count; i++)
		put_config_file(maker, origins->names[i]);
	if (local->settings.proximity.path)
		put_config_file(maker, local->settings.proximity.path);
}

/* --------------------------------------------------------------------------------------------------
 * the verb */

/* "web1/" of "/tmp/web1.tar": unpacking fills a folder of its own. */
static void make_prefix(struct snapshot_maker *maker, const char *file)
{
	const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	size_t length = strcspn(name, ".");

	if (strcmp(file, "-") == 0 || length == 0)
		(void) snprintf(maker->prefix, sizeof(maker->prefix), "snapshot/");
	else
		(void) snprintf(maker->prefix, sizeof(maker->prefix), "%.*s/", (int) length, name);
}

static int capture(struct snapshot_maker *maker, struct local *local)
{
	const struct timespec interval = { .tv_sec = LOCAL_INTERVAL_MS / 1000 };
	_cleanup_(earlier_deinit) struct earlier earlier = { BUF_INIT, BUF_INIT };
	int r;

	r = fsroot_read(&local->root, FSROOT_PROC, &earlier.stat, "stat");
	if (r < 0)
		return r;
	(void) fsroot_read(&local->root, FSROOT_PROC, &earlier.interrupts, "interrupts");
	(void) nanosleep(&interval, NULL);
	r = look_at_machine(maker, local);
	if (r < 0)
		return r;
	qsort(maker->paths, maker->count, sizeof(maker->paths[0]), compare_paths);

	tar_folder(&maker->tar, maker->prefix);
	put_folder(maker, FSROOT_PROC, "");
	put_folder(maker, FSROOT_SYS, "");
	put_paths(maker, false);
	put_paths(maker, true);
	put_extras(maker, local, &earlier);
	r = tar_finish(&maker->tar);
	return maker->error < 0 ? maker->error : r;
}

static void maker_deinit(struct snapshot_maker *maker)
{
	for (size_t i = 0; i < maker->count; i++)
		free(maker->paths[i].path);
	free(maker->paths);
	map_deinit(&maker->known);
	map_deinit(&maker->written);
}

static int say_snapshot(const struct ctl *ctl, const struct snapshot_maker *maker, const char *file)
{
	json_t *object;
	int code = CTL_OK;

	if (strcmp(file, "-") == 0)
		return CTL_OK;
	if (ctl->json || ctl->json_lines) {
		object = json_pack("{s:s, s:I, s:I}", "file", file, "entries",
				   (json_int_t) maker->tar.entries, "bytes",
				   (json_int_t) maker->tar.bytes);
		code = show_sheet(ctl, NULL, object);
		json_decref(object);
		return code;
	}
	printf("%s: %llu entries, %llu kB; look at it with\n"
	       "  tar xf %s && irqherdctl --root %s devices\n",
	       file, (unsigned long long) maker->tar.entries,
	       (unsigned long long) maker->tar.bytes / 1024, file, maker->prefix);
	return CTL_OK;
}

VERB(verb_snapshot)
{
	bool to_stdout = strcmp(argv[1], "-") == 0;
	struct snapshot_maker maker = { .witness.saw = saw };
	struct local *local;
	int r;

	(void) options;
	(void) argc;
	if (ctl->root) {
		fprintf(stderr, "irqherdctl: %s is a captured machine already\n", ctl->root);
		return CTL_USAGE;
	}
	local = ctl_machine(ctl, false);
	if (!local)
		return CTL_FAILED;
	maker.root = &local->root;
	maker.tar.stream = to_stdout ? stdout : fopen(argv[1], "we");
	maker.tar.time = (uint64_t) time(NULL);
	if (!maker.tar.stream) {
		r = errno;
		fprintf(stderr, "irqherdctl: %s: %s\n", argv[1], strerror(r));
		return r == EACCES || r == EPERM ? CTL_PERMISSION : CTL_FAILED;
	}
	make_prefix(&maker, argv[1]);
	r = capture(&maker, local);
	if (!to_stdout && fclose(maker.tar.stream) != 0 && r == 0)
		r = -errno;
	if (r < 0) {
		fprintf(stderr, "irqherdctl: %s: %s\n", argv[1], strerror(-r));
		if (!to_stdout)
			(void) unlink(argv[1]);
	} else {
		r = say_snapshot(ctl, &maker, argv[1]);
	}
	maker_deinit(&maker);
	return r < 0 ? CTL_FAILED : r;
}
