/*
 * The verb doctor: whether irqherd is of use on this machine, and what stands in its way. Each
 * check adds findings of its own: "ok", "note" (good to know), "warning" (something is lost by it)
 * or "problem" (irqherd cannot do its work). advice: what the administrator could do, if anything.
 */
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"
#include "irqherd/config/lines.h"
#include "irqherd/ctl/client.h"
#include "irqherd/ctl/doctor.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/local.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/verb_list.h"
#include "irqherd/outlet/words.h"
#include "irqherd/source/kernel.h"

#define OK      "ok"
#define NOTE    "note"
#define WARNING "warning"
#define PROBLEM "problem"

struct doctor {
	const struct ctl *ctl;
	struct local *local;
	json_t *findings;
};

_printf_(5, 6) static void find(struct doctor *doctor, const char *level, const char *topic,
				const char *advice, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list arguments;

	va_start(arguments, format);
	(void) buf_vprintf(&words, format, arguments);
	va_end(arguments);
	(void) json_array_append_new(doctor->findings,
				     json_pack("{s:s, s:s, s:s, s:s*}", "level", level, "topic",
					       topic, "words", buf_text(&words), "advice", advice));
	buf_deinit(&words);
}

static bool is_live(const struct doctor *doctor)
{
	return !doctor->ctl->root;
}

/* --------------------------------------------------------------------------------------------------
 * is there something to do? */

static void check_cpus(struct doctor *doctor)
{
	const struct topology *topology = &doctor->local->inventory.topology;
	unsigned int possible = cpumask_count(&topology->possible);
	unsigned int online = cpumask_count(&topology->online);

	if (possible == 1)
		find(doctor, PROBLEM, "cpus", NULL,
		     "one CPU only: there is nothing to balance, irqherd ends at once");
	else if (online == 1)
		find(doctor, WARNING, "cpus", NULL,
		     "one of %u possible CPUs is online: irqherd waits for more", possible);
	else
		find(doctor, OK, "cpus", NULL, "%u CPUs online, %u node%s", online,
		     topology->node_count ? topology->node_count : 1,
		     plural(topology->node_count ? topology->node_count : 1));
}

static void check_allowed(struct doctor *doctor)
{
	struct cpumask usable = cpumask_and(&doctor->local->policy.allowed,
					    &doctor->local->inventory.usable);
	unsigned int count = cpumask_count(&usable);

	if (count == 0)
		find(doctor, PROBLEM, "cpus", "irqherdctl config shows who said so",
		     "use-cpus, exclude-cpus and isolation leave no CPU for IRQs");
	else if (count == 1 && cpumask_count(&doctor->local->inventory.topology.online) > 1)
		find(doctor, WARNING, "cpus", "irqherdctl config shows who said so",
		     "use-cpus, exclude-cpus and isolation leave one CPU for all IRQs");
}

static void check_irqs(struct doctor *doctor)
{
	const struct inventory *inventory = &doctor->local->inventory;
	unsigned int requested = 0, managed = 0, movable = 0, active = 0;

	inventory_foreach_irq(irq, inventory) {
		requested += irq->requested;
		managed += irq->requested && irq->managed;
		movable += irq_movable(irq);
		active += irq_movable(irq) && doctor->local->load.valid &&
			  load_irq_count(&doctor->local->load, irq->number) > 0;
	}
	if (requested == 0)
		find(doctor, PROBLEM, "irqs", NULL, "no IRQ is in use, or /proc/irq is not there");
	else if (movable == 0)
		find(doctor, PROBLEM, "irqs", NULL,
		     "none of the %u IRQs in use can be moved (%u are managed by the kernel)",
		     requested, managed);
	else
		find(doctor, OK, "irqs", NULL,
		     "%u of %u IRQs in use can be moved, %u of these are active; %u are managed by "
		     "the "
		     "kernel",
		     movable, requested, active, managed);
}

/* --------------------------------------------------------------------------------------------------
 * others that write affinities */

static void check_balancer_config(struct doctor *doctor, const char *pattern, const char *word,
				  const char *who, const char *advice)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	glob_t found;

	if (buf_printf(&path, "%s%s", doctor->ctl->root ? doctor->ctl->root : "", pattern) < 0 ||
	    glob(buf_text(&path), 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (word && (lines_read_file(found.gl_pathv[i], &text) < 0 ||
			     !strstr(buf_text(&text), word)))
			continue;
		find(doctor, WARNING, "balancers", advice, "%s: %s", found.gl_pathv[i], who);
	}
	globfree(&found);
}

struct process {
	const char *name;
	const char *level;
	const char *words;
	const char *advice;
};

static const struct process balancers[] = {
	{ "irqbalance", PROBLEM,
	  "would undo every move; in apply mode irqherd does not start beside it",
	  "systemctl disable --now irqbalance; irqherdctl import takes its settings over" },
	{ "birq", PROBLEM, "would undo every move", "stop it; irqherd reads its configuration" },
	{ "irqd", PROBLEM, "would undo every move", "stop it" },
	{ "tuned", NOTE,
	  "may set affinities by its [irq], [irqbalance] and [scheduler] plugins; irqherd leaves "
	  "alone "
	  "what it sets",
	  "isolated_cores of tuned belong into exclude-cpus, if they are not isolated by the "
	  "kernel" },
	{ "numad", NOTE, "moves processes towards their memory, not IRQs", NULL },
};

static int look_at_process(void *context, const char *name)
{
	struct doctor *doctor = context;
	_cleanup_(buf_deinit) struct buf comm = BUF_INIT;
	uint32_t pid;

	if (parse_u32(name, 1, INT32_MAX, &pid) < 0 ||
	    fsroot_read(&doctor->local->root, FSROOT_PROC, &comm, "%s/comm", name) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(balancers); i++) {
		const struct process *process = &balancers[i];
		size_t length = strlen(process->name);

		if (strncmp(buf_text(&comm), process->name, length) != 0 ||
		    buf_text(&comm)[length] != '\n')
			continue;
		find(doctor, process->level, "balancers", process->advice,
		     "%s (pid %u) is running: it %s", process->name, pid, process->words);
	}
	return 0;
}

/* Of tuned's profiles only the active ones count. */
static void check_tuned(struct doctor *doctor)
{
	static const char *const folders[] = { "/etc/tuned", "/etc/tuned/profiles",
					       "/usr/lib/tuned", "/usr/lib/tuned/profiles" };
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;

	if (doctor->local->settings.config.irqbalance_env ||
	    buf_printf(&path, "%s/etc/tuned/active_profile",
		       doctor->ctl->root ? doctor->ctl->root : "") < 0 ||
	    lines_read_file(buf_text(&path), &names) < 0)
		return;
	for (const char *name = buf_text(&names); *name;) {
		size_t length = strcspn(name, " \t\n");

		for (size_t i = 0; i < ARRAY_SIZE(folders) && length > 0; i++) {
			buf_reset(&path);
			if (buf_printf(&path, "%s/%.*s/tuned.conf", folders[i], (int) length,
				       name) == 0)
				check_balancer_config(
					doctor, buf_text(&path), "[irqbalance]",
					"the active profile of tuned tells "
					"irqbalance which CPUs are banned",
					"irqbalance-env=auto makes irqherd follow what it writes");
		}
		name += length;
		name += strspn(name, " \t\n");
	}
}

static void check_balancers(struct doctor *doctor)
{
	static const char *const links[] = { "/etc/systemd/network/*.link",
					     "/run/systemd/network/*.link",
					     "/usr/lib/systemd/network/*.link" };
	static const char *const scripts[] = { "/etc/init.d/mlnx_affinity",
					       "/usr/sbin/mlnx_affinity",
					       "/usr/bin/google_set_multiqueue" };
	size_t before = json_array_size(doctor->findings);

	(void) fsroot_list(&doctor->local->root, FSROOT_PROC, look_at_process, doctor, ".");
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		check_balancer_config(
			doctor, links[i], "IRQAffinity",
			"udev sets affinities by IRQAffinity= when the device appears",
			"one of both is enough: the key cpus of irqherd.conf says the same");
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		check_balancer_config(
			doctor, scripts[i], NULL,
			"this script sets affinities at boot or when a device appears",
			"irqherd leaves alone for external-time what it sets");
	check_tuned(doctor);
	if (json_array_size(doctor->findings) == before)
		find(doctor, OK, "balancers", NULL, "no other balancer was found");
}

/* --------------------------------------------------------------------------------------------------
 * what the kernel tells and lets do */

static void check_rights(struct doctor *doctor)
{
	const struct inventory *inventory = &doctor->local->inventory;

	if (!is_live(doctor) || geteuid() != 0)
		return;
	inventory_foreach_irq(irq, inventory) {
		int r;

		if (!irq_movable(irq))
			continue;
		r = fsroot_may_write(&doctor->local->root, FSROOT_PROC, "irq/%u/smp_affinity_list",
				     irq->number);
		if (r < 0)
			find(doctor, PROBLEM, "rights",
			     "in a container mount /proc/irq writable; mode=observe works without",
			     "/proc/irq can't be written: %s", strerror(-r));
		return;
	}
}

static void check_kernel(struct doctor *doctor)
{
	struct fsroot *root = &doctor->local->root;

	switch (kernel_accounts_irq_time(root)) {
	case KERNEL_YES:
		find(doctor, OK, "kernel", NULL, "time in interrupts is measured");
		break;
	case KERNEL_NO:
		find(doctor, WARNING, "kernel",
		     "a kernel with CONFIG_IRQ_TIME_ACCOUNTING tells true loads",
		     "time in interrupts is not measured, only sampled by the tick: loads by "
		     "load-metric=irq "
		     "may be far too low");
		break;
	case KERNEL_UNKNOWN:
		find(doctor, NOTE, "kernel", NULL,
		     "this kernel does not tell whether it measures time in interrupts");
		break;
	}
	if (is_live(doctor) && kernel_foreign_netns(root) == KERNEL_YES)
		find(doctor, WARNING, "namespace", "run irqherd in the host's network namespace",
		     "in another network namespace than the first process: events of the host's "
		     "network "
		     "devices may not come");
}

static void check_events(struct doctor *doctor)
{
	const struct local *local = doctor->local;

	if (!is_live(doctor))
		return;
	if (!local->has_uevents)
		find(doctor, WARNING, "events", NULL,
		     "device events can't be received here: new devices are found by sampling");
	else if (!udevd_running())
		find(doctor, NOTE, "events", NULL,
		     "no udevd: events come from the kernel, udev properties are not there");
	if (!local->has_genl || local->genl.netdev_family < 0)
		find(doctor, NOTE, "events", NULL,
		     "the kernel does not tell which IRQ serves which queue (netdev netlink, Linux "
		     "6.7 on): "
		     "it is read from the names of actions");
}

static void check_steal(struct doctor *doctor)
{
	const struct local *local = doctor->local;
	const char *guest = local->platform.virtualization;
	uint64_t steal = 0;
	unsigned int measured = 0;

	for (unsigned int i = 0; local->load.valid && i < local->load.cpu_count; i++) {
		const struct cpu_load *load = load_cpu(&local->load, (int) i);

		if (!load)
			continue;
		steal += load->steal_ppm;
		measured++;
	}
	if (*guest)
		find(doctor, NOTE, "guest", NULL,
		     "a guest of %s: placement here is of virtual CPUs; nodes are what the host "
		     "shows",
		     guest);
	if (measured && steal / measured >= PPM / 20)
		find(doctor, WARNING, "guest",
		     "the host has too little for its guests; no balancing inside can change that",
		     "the host takes %u%% of the CPUs' time (steal)",
		     (unsigned int) (steal / measured / (PPM / 100)));
}

/* --------------------------------------------------------------------------------------------------
 * where things are */

static void check_isolated(struct doctor *doctor)
{
	const struct local *local = doctor->local;
	struct cpumask hit = CPUMASK_NONE;
	unsigned int managed = 0, others = 0;
	char list[CPULIST_TEXT];

	if (cpumask_empty(&local->inventory.topology.isolated))
		return;
	inventory_foreach_irq(irq, &local->inventory) {
		if (!irq->requested || !local->load.valid ||
		    load_irq_count(&local->load, irq->number) == 0 ||
		    !cpumask_test(&local->inventory.topology.isolated, irq->effective_cpu))
			continue;
		cpumask_set(&hit, (unsigned int) irq->effective_cpu);
		managed += irq->managed;
		others += !irq->managed;
	}
	(void) cpulist_format(&hit, list, sizeof(list));
	if (managed + others == 0)
		find(doctor, OK, "isolation", NULL, "no IRQ fires on an isolated CPU");
	if (others > 0)
		find(doctor, WARNING, "isolation",
		     "irqherd moves them off with isolated-cpus=avoid, once it runs",
		     "%u IRQ%s fire%s on isolated CPUs %s", others, plural(others),
		     others == 1 ? "s" : "", list);
	if (managed > 0)
		find(doctor, WARNING, "isolation",
		     "isolcpus=managed_irq,... at boot keeps them off",
		     "%u IRQ%s that the kernel manages fire%s on isolated CPUs %s", managed,
		     plural(managed), managed == 1 ? "s" : "", list);
}

#define DEVICES_NAMED 8u

static void check_nodes(struct doctor *doctor)
{
	const struct inventory *inventory = &doctor->local->inventory;
	unsigned int homeless = 0, told = 0, known = 0;
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	char address[PCI_ADDR_TEXT];

	if (inventory->topology.node_count < 2)
		return;
	inventory_foreach_device(device, inventory) {
		if (device->vector_count == 0)
			continue;
		if (device->home.origin != HOME_ALL) {
			known++;
			continue;
		}
		homeless++;
		if (told++ < DEVICES_NAMED)
			(void) buf_printf(&names, "%s%s", told > 1 ? ", " : "",
					  pci_addr_format(&device->addr, address));
	}
	if (homeless == 0)
		find(doctor, OK, "nodes", NULL, "the node of all %u devices is known", known);
	else
		find(doctor, WARNING, "nodes",
		     "find out in which slot they are, and tell it in the proximity file (key pxm)",
		     "the firmware does not tell the node of %u device%s: %s%s", homeless,
		     plural(homeless), buf_text(&names), homeless > DEVICES_NAMED ? ", ..." : "");
}

/* --------------------------------------------------------------------------------------------------
 * the daemon */

static void check_daemon(struct doctor *doctor)
{
	const char *path = doctor->ctl->socket ? doctor->ctl->socket : CLIENT_SOCKET;
	struct client client = CLIENT_INIT;
	json_t *reply;
	int r;

	if (!is_live(doctor))
		return;
	r = client_open(&client, path);
	if (r == -EACCES) {
		find(doctor, NOTE, "daemon", "root and the group irqherd may ask it",
		     "%s is not for this user", path);
		return;
	}
	if (r < 0) {
		find(doctor, WARNING, "daemon", "systemctl enable --now irqherd",
		     "irqherd is not running");
		return;
	}
	r = client_call(&client, "GetStatus", NULL, &reply);
	if (r < 0) {
		find(doctor, PROBLEM, "daemon", NULL, "%s does not answer: %s", path,
		     r == -EREMOTEIO ? client.error : strerror(-r));
	} else {
		const json_t *status = json_object_get(reply, "status");
		bool calm = strcmp(field_text(status, "state"), "calm") == 0;

		find(doctor, calm ? OK : WARNING, "daemon",
		     calm ? NULL : "irqherdctl status says why", "irqherd %s runs, mode %s, %s",
		     field_text(status, "version"), field_text(status, "mode"),
		     field_text(status, "state"));
		json_decref(reply);
	}
	client_close(&client);
}

/* Who may ask is what the folder and the socket say. */
static void check_socket(struct doctor *doctor)
{
	const char *path = doctor->ctl->socket ? doctor->ctl->socket : CLIENT_SOCKET;
	struct stat st;

	if (!is_live(doctor) || stat(path, &st) < 0)
		return;
	if (!S_ISSOCK(st.st_mode))
		find(doctor, PROBLEM, "socket", "remove it and restart irqherd", "%s is no socket",
		     path);
	else if (st.st_mode & S_IRWXO)
		find(doctor, WARNING, "socket", NULL,
		     "everybody may ask irqherd: the mode of %s is %03o", path,
		     (unsigned int) st.st_mode & 0777);
}

/* --------------------------------------------------------------------------------------------------
 * the verb */

void render_doctor(struct sheet *sheet, const json_t *reply)
{
	static const struct {
		const char *level, *mark;
		enum ink ink;
	} marks[] = {
		{ OK, "ok", INK_GOOD },
		{ NOTE, "note", INK_DIM },
		{ WARNING, "warning", INK_WARN },
		{ PROBLEM, "problem", INK_BAD },
	};
	const json_t *findings = json_object_get(reply, "findings"), *finding;
	size_t i;

	json_array_foreach(findings, i, finding)
	{
		for (size_t k = 0; k < ARRAY_SIZE(marks); k++)
			if (strcmp(field_text(finding, "level"), marks[k].level) == 0)
				sheet_ink(sheet, marks[k].ink, "%-9s", marks[k].mark);
		sheet_ink(sheet, INK_BOLD, "%-11s", field_text(finding, "topic"));
		sheet_printf(sheet, "%s", field_text(finding, "words"));
		sheet_end_line(sheet, 20);
		if (!field_is(finding, "advice"))
			continue;
		sheet_tab(sheet, 20);
		sheet_ink(sheet, INK_NODE, "→");
		sheet_printf(sheet, " %s", field_text(finding, "advice"));
		sheet_end_line(sheet, 22);
	}
	sheet_blank_line(sheet);
	if (field_true(reply, "useful"))
		sheet_ink(sheet, INK_BOLD, "irqherd is of use here.");
	else
		sheet_ink(sheet, INK_BOLD, "irqherd is of no use here as it is.");
	sheet_end_line(sheet, 0);
}

static bool has_level(const json_t *findings, const char *level)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding) if (strcmp(field_text(finding, "level"), level) ==
						     0) return true;
	return false;
}

json_t *doctor_examine(const struct ctl *ctl, struct local *local)
{
	struct doctor doctor = { .ctl = ctl, .local = local, .findings = json_array() };

	check_cpus(&doctor);
	check_allowed(&doctor);
	check_irqs(&doctor);
	check_balancers(&doctor);
	check_rights(&doctor);
	check_kernel(&doctor);
	check_events(&doctor);
	check_nodes(&doctor);
	check_isolated(&doctor);
	check_steal(&doctor);
	check_daemon(&doctor);
	check_socket(&doctor);
	return json_pack("{s:b, s:o}", "useful", !has_level(doctor.findings, PROBLEM), "findings",
			 doctor.findings);
}

VERB(verb_doctor)
{
	struct local *local = ctl_machine(ctl, true);
	struct sheet sheet;
	json_t *reply;
	bool useful;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	if (!local)
		return CTL_FAILED;
	reply = doctor_examine(ctl, local);
	useful = field_true(reply, "useful");
	sheet_init(&sheet, ctl->width, ctl->color, ctl->unicode);
	render_doctor(&sheet, reply);
	code = show_sheet(ctl, &sheet, reply);
	sheet_deinit(&sheet);
	json_decref(reply);
	return code == CTL_OK && !useful ? CTL_FAILED : code;
}
