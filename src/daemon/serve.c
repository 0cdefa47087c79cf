/*
 * The methods of io.irqherd. Answers about the machine are made by the views, which irqherdctl uses
 * as well; here is what only a daemon has: its settings as they are in force, streams, and the
 * methods that change something.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "irqherd/balance/plan.h"
#include "irqherd/base/clock.h"
#include "irqherd/base/log.h"
#include "irqherd/base/parse.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/outlet/interface.h"
#include "irqherd/outlet/target.h"

#define SOCKET_GROUP "irqherd"

#define NOT_FOUND      "io.irqherd.NotFound"
#define INVALID_CPUS   "io.irqherd.InvalidCpus"
#define NOT_MOVABLE    "io.irqherd.NotMovable"
#define CONFIG_INVALID "io.irqherd.ConfigInvalid"
#define STILL_FROZEN   "io.irqherd.StillFrozen"

#define FREEZE_LONGEST_S 31536000.

/* --------------------------------------------------------------------------------------------------
 * views */

/* Files that were read; what else set a key has no path. */
static json_t *config_files(const struct daemon *daemon)
{
	const struct config_origins *origins = &daemon->settings.config.origins;
	json_t *files = json_array();

	for (size_t i = 0; i < origins->name_count; i++)
		if (strchr(origins->names[i], '/'))
			(void) json_array_append_new(files, json_string(origins->names[i]));
	return files;
}

void sight_init(struct daemon *daemon, struct sight *sight)
{
	struct view_counts *counts = &daemon->counts;

	counts->rounds = daemon->rounds;
	counts->moves = daemon->moves;
	counts->events = daemon->uevents.received + daemon->links.received + daemon->genl.received;
	counts->events_by_source[0] = daemon->uevents.received;
	counts->events_by_source[1] = daemon->links.received;
	counts->events_by_source[2] = daemon->genl.received;
	counts->placed_after = &daemon->placed_after;
	counts->overruns = daemon->uevents.overruns + daemon->links.overruns +
			   daemon->genl.overruns;
	counts->looks = daemon->dirty.looks;

	sight->excluded = daemon_excluded(daemon);
	sight->files = config_files(daemon);
	sight->view = (struct view){
		.now_ms = clock_now_ms(),
		.now = clock_today_s(),
		.inventory = &daemon->inventory,
		.load = &daemon->load,
		.policy = &daemon->policy,
		.history = &daemon->history,
		.counts = counts,
		.version = IRQHERD_VERSION,
		.kernel = daemon->platform.release,
		.virtualization = daemon->platform.virtualization,
		.running = true,
		.apply = !daemon->options->dry_run && daemon->settings.config.mode == MODE_APPLY,
		.writes = daemon->actuator->writes,
		.frozen = daemon->frozen,
		.frozen_until_ms = daemon->steering.frozen_until_ms,
		.started_ms = daemon->started_ms,
		.config_loaded = daemon->config_loaded,
		.config_valid = daemon->config_errors.errors == 0,
		.config_files = sight->files,
		.remarks = daemon->remarks,
		.excluded = &sight->excluded,
	};
}

void sight_deinit(struct sight *sight)
{
	json_decref(sight->files);
}

/* What the balancer would do now. The next round is not to notice that it was asked. */
static void look_ahead(struct daemon *daemon, struct sight *sight)
{
	struct snapshot snapshot = { sight->view.now_ms, &daemon->inventory, &daemon->load };
	uint64_t heap_ms = daemon->cpus.heap_ms;
	struct rng rng = daemon->rng;

	plan_reset(&daemon->asked_plan);
	if (daemon->load.valid &&
	    balance_plan(&snapshot, &daemon->policy, &daemon->cpus, &rng, &daemon->asked_plan) == 0)
		sight->view.plan = &daemon->asked_plan;
	daemon->cpus.heap_ms = heap_ms;
}

/* --------------------------------------------------------------------------------------------------
 * parameters and errors */

static const char *text_of(const struct interface_call *call, const char *name)
{
	return json_string_value(json_object_get(call->parameters, name));
}

static void fail_not_found(struct interface_call *call, const char *target)
{
	call->error = NOT_FOUND;
	call->reply = json_pack("{s:s}", "target", target);
}

static void fail_not_movable(struct interface_call *call, const char *target, const char *why)
{
	call->error = NOT_MOVABLE;
	call->reply = json_pack("{s:s, s:s}", "target", target, "why", why);
}

static void fail_parameter(struct interface_call *call, const char *name)
{
	call->error = VARLINK_INVALID_PARAMETER;
	call->reply = json_pack("{s:s}", "parameter", name);
}

static void fail_memory(struct interface_call *call)
{
	call->error = "io.irqherd.OutOfMemory";
}

static void fail_cpus(struct interface_call *call, const char *text, const char *accepted)
{
	call->error = INVALID_CPUS;
	call->reply = json_pack("{s:s, s:s}", "cpus", text, "accepted", accepted);
}

/* A list in words that holds a CPU of this machine at least. */
static bool take_cpus(struct interface_call *call, struct cpumask *ret_cpus)
{
	const struct daemon *daemon = call->context;
	const struct topology *topology = &daemon->inventory.topology;
	const char *text = text_of(call, "cpus");
	struct config_cpus words = { .text = NULL };
	struct cpumask cpus;

	if (config_cpus_parse_list(&words, text) < 0) {
		fail_cpus(call, text, "a list like 0-3,8, node0, isolated, or a mask like 0xff");
		return false;
	}
	cpus = settings_cpus(&words, topology);
	config_cpus_deinit(&words);
	cpus = cpumask_and(&cpus, &topology->possible);
	if (cpumask_empty(&cpus)) {
		char list[CPULIST_TEXT];

		(void) cpulist_format(&topology->possible, list, sizeof(list));
		fail_cpus(call, text, list);
		return false;
	}
	*ret_cpus = cpus;
	return true;
}

/* An IRQ that is there, or the slot of one that may come. */
struct named_irq {
	struct irq *irq; /* NULL: not there now */
	char slot[IRQ_SLOT_TEXT];
};

static bool take_irq(struct interface_call *call, struct named_irq *ret_irq)
{
	const struct daemon *daemon = call->context;
	const char *text = text_of(call, "target");
	struct target target = target_find(&daemon->inventory, text);

	if (target.kind == TARGET_IRQ) {
		ret_irq->irq = target.irq;
		(void) irq_slot(target.irq, ret_irq->slot);
		return true;
	}
	ret_irq->irq = NULL;
	if (target.kind == TARGET_NONE && target_parse_slot(text, ret_irq->slot))
		return true;
	fail_not_found(call, text);
	return false;
}

/* --------------------------------------------------------------------------------------------------
 * asking */

static void get_status(struct interface_call *call)
{
	struct sight sight;

	sight_init(call->context, &sight);
	look_ahead(call->context, &sight);
	call->reply = view_status(&sight.view);
	sight_deinit(&sight);
}

static void list_devices(struct interface_call *call)
{
	bool all = json_is_true(json_object_get(call->parameters, "all"));
	struct sight sight;

	sight_init(call->context, &sight);
	call->reply = view_devices(&sight.view, all);
	sight_deinit(&sight);
}

static void list_irqs(struct interface_call *call)
{
	json_t *cpu = json_object_get(call->parameters, "cpu");
	const char *device = text_of(call, "device");
	struct sight sight;
	int number = CPU_NONE, r = 0;
	char text[32];

	if (json_is_integer(cpu)) {
		json_int_t value = json_integer_value(cpu);

		if (value < 0 || value >= (json_int_t) CPU_LIMIT) {
			(void) snprintf(text, sizeof(text), "cpu%" JSON_INTEGER_FORMAT, value);
			fail_not_found(call, text);
			return;
		}
		number = (int) value;
	}
	sight_init(call->context, &sight);
	call->reply = view_irqs(&sight.view, device, number, &r);
	sight_deinit(&sight);
	if (r == -ENOENT) {
		(void) snprintf(text, sizeof(text), "cpu%d", number);
		fail_not_found(call, device ? device : text);
	}
}

static void list_cpus(struct interface_call *call)
{
	struct sight sight;

	sight_init(call->context, &sight);
	call->reply = view_cpus(&sight.view);
	sight_deinit(&sight);
}

static void explain(struct interface_call *call)
{
	const char *target = text_of(call, "target");
	struct sight sight;
	int r = 0;

	sight_init(call->context, &sight);
	look_ahead(call->context, &sight);
	call->reply = view_explain(&sight.view, target, &r);
	sight_deinit(&sight);
	if (r == -ENOENT)
		fail_not_found(call, target);
}

static void advise(struct interface_call *call)
{
	const char *target = text_of(call, "target");
	struct sight sight;
	int r = 0;

	sight_init(call->context, &sight);
	call->reply = view_advise(&sight.view, target, &r);
	sight_deinit(&sight);
	if (r == -ENOENT)
		fail_not_found(call, target);
}

static void get_plan(struct interface_call *call)
{
	struct sight sight;

	sight_init(call->context, &sight);
	look_ahead(call->context, &sight);
	call->reply = view_plan(&sight.view);
	sight_deinit(&sight);
}

static void verify(struct interface_call *call)
{
	struct sight sight;

	sight_init(call->context, &sight);
	look_ahead(call->context, &sight);
	call->reply = view_verify(&sight.view);
	sight_deinit(&sight);
}

/* --------------------------------------------------------------------------------------------------
 * settings */

/* What clients said stands before what the files say, and in the same words. */
static void add_excluded(const struct daemon *daemon, struct buf *text)
{
	char list[CPULIST_TEXT];

	if (cpumask_empty(&daemon->steering.excluded))
		return;
	(void) cpulist_format(&daemon->steering.excluded, list, sizeof(list));
	(void) buf_printf(text, "cpus:%s", list);
}

static void add_pins(const struct daemon *daemon, struct buf *text)
{
	char list[CPULIST_TEXT];

	for (size_t i = 0; i < daemon->steering.pin_count; i++) {
		const struct pin *pin = daemon->steering.pins[i];

		(void) cpulist_format(&pin->cpus, list, sizeof(list));
		(void) buf_printf(text, "%s%s=%s", i ? " " : "", pin->slot, list);
	}
}

static void add_bans(const struct daemon *daemon, struct buf *text)
{
	for (size_t i = 0; i < daemon->steering.ban_count; i++)
		(void) buf_printf(text, "%s%s", i ? " " : "", daemon->steering.bans[i]);
}

static json_t *make_setting(const struct daemon *daemon, const struct config_key *key,
			    struct setting *setting)
{
	static const struct {
		const char *key, *between;
		void (*add)(const struct daemon *daemon, struct buf *text);
	} runtime[] = {
		{ "exclude-cpus", ",", add_excluded },
		{ "cpus", " ", add_pins },
		{ "ban-irq", " ", add_bans },
	};
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const char *origin = setting->origin;

	settings_get(&daemon->settings, key, setting);
	for (size_t i = 0; i < ARRAY_SIZE(runtime); i++)
		if (strcmp(runtime[i].key, key->name) == 0)
			runtime[i].add(daemon, &text);
	if (text.length > 0)
		origin = "runtime";
	for (size_t i = 0; i < ARRAY_SIZE(runtime) && text.length > 0; i++)
		if (strcmp(runtime[i].key, key->name) == 0 && strcmp(setting->value, "none") != 0)
			(void) buf_printf(&text, "%s%s", runtime[i].between, setting->value);
	if (text.length == 0)
		(void) buf_puts(&text, setting->value);
	return json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s}", "key", key->name, "value",
			 buf_text(&text), "default", key->standard, "unit", key->unit, "origin",
			 origin, "help", key->help);
}

static void get_config(struct interface_call *call)
{
	const struct daemon *daemon = call->context;
	struct setting *setting = malloc(sizeof(*setting));
	json_t *settings = json_array();

	for (size_t i = 0; i < config_key_count && setting; i++)
		(void) json_array_append_new(settings,
					     make_setting(daemon, &config_keys[i], setting));
	free(setting);
	if (json_array_size(settings) == config_key_count)
		call->reply = json_pack("{s:O, s:o, s:s*}", "settings", settings, "files",
					config_files(daemon), "proximity",
					daemon->settings.proximity.path);
	json_decref(settings);
}

static void reload(struct interface_call *call)
{
	struct daemon *daemon = call->context;
	json_t *messages;

	if (daemon_reload_now(daemon))
		return;
	messages = json_array();
	for (size_t i = 0; i < daemon->config_errors.count; i++) {
		const struct message *message = &daemon->config_errors.items[i];

		if (message->warning)
			continue;
		if (message->line)
			(void) json_array_append_new(messages,
						     json_sprintf("%s:%u: %s", message->file,
								  message->line, message->text));
		else
			(void) json_array_append_new(messages, json_sprintf("%s: %s", message->file,
									    message->text));
	}
	call->error = CONFIG_INVALID;
	call->reply = json_pack("{s:o}", "messages", messages);
}

/* --------------------------------------------------------------------------------------------------
 * watching */

static void watch(struct interface_call *call)
{
	const struct daemon *daemon = call->context;
	json_t *past = json_object_get(call->parameters, "past");
	json_int_t count = past ? json_integer_value(past) : 0;
	uint64_t there = daemon->history.next - history_oldest(&daemon->history);

	if (count < 0) {
		fail_parameter(call, "past");
		return;
	}
	call->stream = true;
	call->sequence = daemon->history.next -
			 ((uint64_t) count < there ? (uint64_t) count : there);
}

static json_t *make_lost(uint64_t count)
{
	return json_pack("{s:{s:f, s:s, s:o}}", "event", "time", clock_today_s(), "kind", "lost",
			 "words",
			 json_sprintf("%llu entries were lost, since they were not read in time",
				      (unsigned long long) count));
}

static bool next_event(void *context, uint64_t *sequence, struct buf *out)
{
	const struct daemon *daemon = context;
	const struct history *history = &daemon->history;
	uint64_t oldest = history_oldest(history);
	const struct history_entry *entry;
	struct view view; /* what an event needs of it: there may be many, for many */
	json_t *event;
	int r;

	if (*sequence < oldest) {
		event = make_lost(oldest - *sequence);
		r = event ? varlink_put_reply(out, event, true) : -ENOMEM;
		json_decref(event);
		if (r == 0)
			*sequence = oldest;
		return r == 0;
	}
	entry = history_from(history, *sequence);
	if (!entry)
		return false;
	view = (struct view){ .now_ms = clock_now_ms(),
			      .now = clock_today_s(),
			      .inventory = &daemon->inventory };
	event = view_event(&view, entry);
	r = event ? varlink_put_reply(out, event, true) : -ENOMEM;
	json_decref(event);
	if (r == 0)
		*sequence = entry->sequence + 1;
	return r == 0;
}

/* --------------------------------------------------------------------------------------------------
 * steering */

static void answer_excluded(struct interface_call *call)
{
	struct cpumask excluded = daemon_excluded(call->context);
	char list[CPULIST_TEXT];

	(void) cpulist_format(&excluded, list, sizeof(list));
	call->reply = json_pack("{s:s}", "excluded", list);
}

static void exclude_cpus(struct interface_call *call)
{
	struct cpumask cpus;

	if (!take_cpus(call, &cpus))
		return;
	if (daemon_exclude(call->context, &cpus))
		answer_excluded(call);
	else
		fail_cpus(call, text_of(call, "cpus"),
			  "CPUs that leave another one for interrupts");
}

static void include_cpus(struct interface_call *call)
{
	struct cpumask cpus;

	if (!take_cpus(call, &cpus))
		return;
	daemon_include(call->context, &cpus);
	answer_excluded(call);
}

/* One that the kernel or a ban keeps where it is can't be pinned: it would be a promise that is not
 * kept. */
static const char *why_not_movable(const struct irq *irq)
{
	const struct device *device = irq_device(irq);

	if (irq->managed)
		return "the kernel manages its affinity";
	if (irq->placement.refused)
		return "the kernel refused to move it";
	if (device && device->ignored)
		return "its device is ignored (IRQHERD_IGNORE)";
	return NULL;
}

static void answer_slot(struct interface_call *call, const struct named_irq *named, int result)
{
	if (result < 0)
		fail_memory(call);
	else
		call->reply = json_pack("{s:s}", "slot", named->slot);
}

static void pin_irq(struct interface_call *call)
{
	struct daemon *daemon = call->context;
	struct cpumask cpus, usable;
	struct named_irq named;
	const char *why;

	if (!take_irq(call, &named) || !take_cpus(call, &cpus))
		return;
	why = named.irq ? why_not_movable(named.irq) : NULL;
	if (why) {
		fail_not_movable(call, text_of(call, "target"), why);
		return;
	}
	usable = cpumask_and(&daemon->policy.allowed, &daemon->inventory.usable);
	if (!cpumask_intersects(&usable, &cpus)) {
		char list[CPULIST_TEXT];

		(void) cpulist_format(&usable, list, sizeof(list));
		fail_cpus(call, text_of(call, "cpus"), list);
		return;
	}
	/* the configuration's ban is somebody's word, too */
	if (named.irq && named.irq->banned) {
		(void) daemon_release(daemon, named.slot);
		if (named.irq->banned) {
			fail_not_movable(call, text_of(call, "target"),
					 "the configuration bans it");
			return;
		}
	}
	answer_slot(call, &named, daemon_pin(daemon, named.irq, named.slot, &cpus));
}

static void release_irq(struct interface_call *call)
{
	struct named_irq named;

	if (take_irq(call, &named))
		answer_slot(call, &named, daemon_release(call->context, named.slot));
}

static void ban_irq(struct interface_call *call)
{
	struct named_irq named;

	if (take_irq(call, &named))
		answer_slot(call, &named, daemon_ban(call->context, named.slot));
}

static void rescan(struct interface_call *call)
{
	struct daemon *daemon = call->context;
	const char *name = text_of(call, "device");
	struct target target;

	if (!name) {
		call->reply = json_pack("{s:I}", "devices",
					(json_int_t) daemon_rescan(daemon, NULL));
		return;
	}
	target = target_find(&daemon->inventory, name);
	if (target.kind == TARGET_DEVICE && target.device) {
		struct pci_addr addr = target.device->addr;

		call->reply = json_pack("{s:I}", "devices",
					(json_int_t) daemon_rescan(daemon, &addr));
		return;
	}
	fail_not_found(call, name);
}

static void freeze(struct interface_call *call)
{
	struct daemon *daemon = call->context;
	json_t *seconds = json_object_get(call->parameters, "seconds");
	struct steering *steering = &daemon->steering;
	double limit = seconds ? json_number_value(seconds) : 0.;

	if (seconds && !json_is_null(seconds) && !(limit > 0. && limit <= FREEZE_LONGEST_S)) {
		fail_parameter(call, "seconds");
		return;
	}
	steering->frozen = true;
	steering->frozen_until_ms = limit > 0. ? clock_now_ms() + (uint64_t) (limit * 1e3) + 1 : 0;
	daemon_arm_thaw(daemon);
	daemon_update_freeze(daemon);
	if (limit > 0.)
		call->reply = json_pack("{s:f}", "until", clock_today_s() + limit);
	else
		call->reply = json_object();
}

/* A file is somebody's word that a client does not take back. */
static void thaw(struct interface_call *call)
{
	struct daemon *daemon = call->context;
	const char *folder;

	daemon->steering.frozen = daemon->steering.frozen_by_kernel = false;
	daemon->steering.frozen_until_ms = 0;
	daemon_arm_thaw(daemon);
	daemon_update_freeze(daemon);
	folder = freeze_file_folder(&daemon->freeze_file);
	if (!folder)
		return;
	call->error = STILL_FROZEN;
	call->reply = json_pack("{s:o}", "file", json_sprintf("%s/freeze", folder));
}

static void get_metrics(struct interface_call *call)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	if (daemon_format_metrics(call->context, METRICS_OPENMETRICS, &text) < 0)
		fail_memory(call);
	else
		call->reply = json_pack("{s:s}", "text", buf_text(&text));
}

/* --------------------------------------------------------------------------------------------------
 * the socket */

/* clang-format off */
static const struct interface_method methods[] = {
	{ "GetStatus", "", false, false, true, get_status },
	{ "ListDevices", "all:?bool", false, false, true, list_devices },
	{ "ListIrqs", "device:?string cpu:?int", false, false, true, list_irqs },
	{ "ListCpus", "", false, false, true, list_cpus },
	{ "Explain", "target:string", false, false, true, explain },
	{ "Advise", "target:string", false, false, true, advise },
	{ "GetPlan", "", false, false, true, get_plan },
	{ "Verify", "", false, false, true, verify },
	{ "GetConfig", "", false, false, true, get_config },
	{ "GetMetrics", "", false, false, true, get_metrics },
	{ "Watch", "past:?int", false, true, true, watch },
	{ "Reload", "", true, false, false, reload },
	{ "ExcludeCpus", "cpus:string", true, false, true, exclude_cpus },
	{ "IncludeCpus", "cpus:string", true, false, true, include_cpus },
	{ "PinIrq", "target:string cpus:string", true, false, true, pin_irq },
	{ "ReleaseIrq", "target:string", true, false, true, release_irq },
	{ "BanIrq", "target:string", true, false, true, ban_irq },
	{ "Rescan", "device:?string", true, false, true, rescan },
	{ "Freeze", "seconds:?float", true, false, true, freeze },
	{ "Thaw", "", true, false, false, thaw },
};
/* clang-format on */

static const struct interface irqherd = {
	.name = "io.irqherd",
	.description = interface_irqherd,
	.methods = methods,
	.method_count = ARRAY_SIZE(methods),
	.vendor = "irqherd",
	.product = "irqherd",
	.version = IRQHERD_VERSION,
	.url = "",
};

static enum control_answer answer_call(void *context, const struct varlink_call *call, uid_t uid,
				       struct buf *out, uint64_t *ret_sequence)
{
	struct daemon *daemon = context;
	enum interface_answer answer;

	daemon->caller = uid;
	answer = interface_answer(&irqherd, call, uid == 0, daemon, out, ret_sequence);
	return answer == INTERFACE_STREAM ? CONTROL_STREAM : CONTROL_ANSWERED;
}

void daemon_open_control(struct daemon *daemon)
{
	const struct control_service service = { .context = daemon,
						 .call = answer_call,
						 .next = next_event };
	const char *path = daemon->options->socket_path;
	int r;

	if (!path)
		return;
	if (strcmp(path, OPTIONS_SOCKET_PATH) == 0)
		(void) mkdir(OPTIONS_RUN_FOLDER, 0755);
	r = control_new(daemon->loop, path, SOCKET_GROUP, &service, &daemon->control);
	if (r == -EADDRINUSE)
		log_warning("another irqherd answers there, this one does not: socket=%s", path);
	else if (r < 0)
		log_warning("no control socket, irqherdctl will not reach this daemon: socket=%s: "
			    "%s",
			    path, strerror(-r));
}

void daemon_close_control(struct daemon *daemon)
{
	daemon->control = control_free(daemon->control);
}
