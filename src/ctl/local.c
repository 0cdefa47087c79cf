#include "irqherd/ctl/local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "irqherd/balance/load.h"
#include "irqherd/balance/plan.h"
#include "irqherd/base/clock.h"
#include "irqherd/source/proc_stat.h"

#ifndef IRQHERD_VERSION
#define IRQHERD_VERSION "unknown"
#endif

/* --------------------------------------------------------------------------------------------------
 * settings */

static void print_messages(const struct message_list *messages)
{
	for (size_t i = 0; i < messages->count; i++) {
		const struct message *message = &messages->items[i];
		const char *kind = message->warning ? "warning: " : "";

		if (message->line)
			fprintf(stderr, "%s:%u: %s%s\n", message->file, message->line, kind,
				message->text);
		else
			fprintf(stderr, "%s: %s%s\n", message->file, kind, message->text);
	}
}

/* As they are called on the machine that they are of. */
static json_t *list_config_files(const struct config *config, const char *root)
{
	size_t length = root ? strlen(root) : 0;
	json_t *files = json_array();

	for (size_t i = 0; i < config->origins.name_count; i++) {
		const char *name = config->origins.names[i];

		if (root && strncmp(name, root, length) == 0)
			name += length;
		if (*name == '/')
			(void) json_array_append_new(files, json_string(name));
	}
	return files;
}

/* The file that `pxm` names lies in the captured tree, too. */
static void find_captured_pxm(const struct ctl *ctl, const char *config_path, struct buf *ret_path)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	config_init(&config);
	if (config_read(&config, config_path, false, &messages) == 0 && config.pxm &&
	    buf_printf(ret_path, "%s%s", ctl->root, config.pxm) == 0 &&
	    access(buf_text(ret_path), R_OK) < 0)
		buf_reset(ret_path);
	config_deinit(&config);
	message_list_deinit(&messages);
}

/* A captured machine brings its own configuration, if it was captured with it. */
static int load_settings(struct local *local, const struct ctl *ctl)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	_cleanup_(buf_deinit) struct buf captured = BUF_INIT;
	_cleanup_(buf_deinit) struct buf pxm = BUF_INIT;
	struct settings_input input = { .config_path = CONFIG_DEFAULT_PATH };
	int r;

	if (ctl->root) {
		r = buf_printf(&captured, "%s%s", ctl->root, CONFIG_DEFAULT_PATH);
		if (r < 0)
			return r;
		input.config_path = buf_text(&captured);
	}
	if (ctl->config_path) {
		input.config_path = ctl->config_path;
		input.config_given = true;
	}
	if (ctl->root)
		find_captured_pxm(ctl, input.config_path, &pxm);
	if (pxm.length > 0)
		input.pxm_path = buf_text(&pxm);
	r = settings_load(&local->settings, &input, &messages);
	print_messages(&messages);
	message_list_deinit(&messages);
	local->config_files = list_config_files(&local->settings.config, ctl->root);
	return r;
}

/* --------------------------------------------------------------------------------------------------
 * the machine */

/* Only what the udev database and netdev's queues say is wanted: their events are not waited for.
 */
static void open_sources(struct local *local)
{
	local->has_uevents = uevent_init(&local->uevents, &local->dirty, 65536) >= 0;
	local->has_genl = genl_init(&local->genl, &local->dirty, 65536) >= 0;
	if (local->has_uevents)
		local->machine.uevents = &local->uevents;
	if (local->has_genl)
		local->machine.genl = &local->genl;
}

static int read_machine(struct local *local, const struct ctl *ctl)
{
	struct rules rules;
	int r;

	r = inventory_init(&local->inventory);
	if (r < 0)
		return r;
	r = dirty_init(&local->dirty);
	if (r < 0)
		return r;
	r = machine_init(&local->machine, &local->root, &local->inventory, ctl->root);
	if (r < 0)
		return r;
	local->machine.find_override = settings_find_override;
	local->machine.override_context = &local->settings;
	if (!ctl->root)
		open_sources(local);

	settings_rules(&local->settings, &rules);
	r = inventory_set_rules(&local->inventory, &rules, NULL);
	if (r < 0)
		return r;
	r = machine_read_all(&local->machine, LOOK_START, NULL);
	if (r < 0)
		return r;
	settings_policy(&local->settings, &local->inventory.topology, &local->policy);
	platform_read(&local->root, &local->platform);
	return 0;
}

int local_init(struct local *local, const struct ctl *ctl)
{
	int r;

	*local = (struct local){
		.root = FSROOT_INIT,
		.settings = SETTINGS_INIT,
		.samples = { SAMPLE_INIT, SAMPLE_INIT },
		.load = LOAD_INIT,
		.cpus = CPU_TABLE_INIT,
		.plan = PLAN_INIT,
		.now_ms = clock_now_ms(),
	};
	r = fsroot_init(&local->root, ctl->root);
	if (r < 0) {
		fprintf(stderr, "irqherdctl: %s: can't open /proc and /sys there: %s\n",
			ctl->root ? ctl->root : "/", strerror(-r));
		return r;
	}
	r = load_settings(local, ctl);
	if (r < 0)
		return r;
	r = read_machine(local, ctl);
	if (r < 0)
		fprintf(stderr, "irqherdctl: can't read this machine: %s\n", strerror(-r));
	return r;
}

void local_deinit(struct local *local)
{
	if (local->has_genl)
		genl_deinit(&local->genl);
	if (local->has_uevents)
		uevent_deinit(&local->uevents);
	machine_deinit(&local->machine);
	dirty_deinit(&local->dirty);
	inventory_deinit(&local->inventory);
	sample_deinit(&local->samples[0]);
	sample_deinit(&local->samples[1]);
	load_deinit(&local->load);
	cpu_table_deinit(&local->cpus);
	plan_deinit(&local->plan);
	settings_deinit(&local->settings);
	fsroot_deinit(&local->root);
	json_decref(local->config_files);
}

/* --------------------------------------------------------------------------------------------------
 * loads */

static int sample_live(struct local *local)
{
	const struct timespec interval = {
		.tv_sec = LOCAL_INTERVAL_MS / 1000,
		.tv_nsec = LOCAL_INTERVAL_MS % 1000 * 1000000L,
	};
	struct proc_stat stat = PROC_STAT_INIT;
	int r;

	r = proc_stat_init(&stat, &local->root);
	if (r == 0)
		r = proc_stat_read(&stat, clock_now_ms(), &local->samples[0]);
	if (r == 0) {
		(void) nanosleep(&interval, NULL);
		r = proc_stat_read(&stat, clock_now_ms(), &local->samples[1]);
	}
	proc_stat_deinit(&stat);
	return r;
}

/* proc/stat is the later one; proc/stat.before, which no kernel has, the earlier. Their times are
 * not kept: they follow from the clock ticks that passed on the first CPU. */
static int sample_captured(struct local *local)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	uint64_t ticks[2] = { 0 };
	int r;

	for (unsigned int i = 0; i < 2; i++) {
		r = fsroot_read(&local->root, FSROOT_PROC, &text, i ? "stat" : "stat.before");
		if (r == 0)
			r = proc_stat_parse(buf_text(&text), text.length, &local->samples[i]);
		if (r < 0)
			return r;
		for (unsigned int cpu = 0; cpu < local->samples[i].cpu_count && !ticks[i]; cpu++)
			for (unsigned int k = 0; k < CPU_TIMES; k++)
				ticks[i] += local->samples[i].cpus[cpu].ticks[k];
	}
	if (ticks[1] <= ticks[0])
		return -ENODATA;
	local->samples[0].time_ms = local->now_ms;
	local->samples[1].time_ms = local->now_ms + (ticks[1] - ticks[0]) * 10;
	local->samples[0].valid = local->samples[1].valid = true;
	return 0;
}

int local_sample(struct local *local)
{
	struct snapshot snapshot = { .inventory = &local->inventory, .load = &local->load };
	int r;

	r = local->root.live ? sample_live(local) : sample_captured(local);
	if (r < 0)
		return r == -ENOENT || r == -ENODATA ? 0 : r;
	r = load_update(&local->load, &local->samples[0], &local->samples[1], local->policy.metric);
	if (r < 0)
		return r;
	local->now_ms = local->samples[1].time_ms;
	snapshot.now_ms = local->now_ms;
	return balance_plan(&snapshot, &local->policy, &local->cpus, &local->rng, &local->plan);
}

/* --------------------------------------------------------------------------------------------------
 * answers */

void local_view(const struct local *local, struct view *ret_view)
{
	bool loaded = local->load.valid;

	*ret_view = (struct view){
		.now_ms = local->now_ms,
		.now = clock_today_s(),
		.inventory = &local->inventory,
		.load = loaded ? &local->load : NULL,
		.policy = &local->policy,
		.plan = loaded ? &local->plan : NULL,
		.version = IRQHERD_VERSION,
		.kernel = local->platform.release,
		.virtualization = local->platform.virtualization,
		.apply = local->settings.config.mode == MODE_APPLY,
		.writes = local->settings.config.mode == MODE_APPLY,
		.config_valid = true,
		.config_files = local->config_files,
	};
}

static int local_irqs(const struct view *view, const json_t *parameters, json_t **ret_reply)
{
	const char *device = json_string_value(json_object_get(parameters, "device"));
	const json_t *cpu = json_object_get(parameters, "cpu");
	int error;

	*ret_reply = view_irqs(view, device, cpu ? (int) json_integer_value(cpu) : CPU_NONE,
			       &error);
	return error;
}

static int local_explain(const struct view *view, const json_t *parameters, json_t **ret_reply)
{
	const char *target = json_string_value(json_object_get(parameters, "target"));
	int error;

	*ret_reply = view_explain(view, target ? target : "", &error);
	return error;
}

static int local_advise(const struct view *view, const json_t *parameters, json_t **ret_reply)
{
	const char *target = json_string_value(json_object_get(parameters, "target"));
	int error;

	*ret_reply = view_advise(view, target ? target : "", &error);
	return error;
}

static json_t *local_config(const struct local *local)
{
	json_t *settings = json_array();
	struct setting setting;

	for (size_t i = 0; i < config_key_count; i++) {
		settings_get(&local->settings, &config_keys[i], &setting);
		(void) json_array_append_new(
			settings, json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s}", "key",
					    setting.key->name, "value", setting.value, "default",
					    setting.key->standard, "unit", setting.key->unit,
					    "origin", setting.origin, "help", setting.key->help));
	}
	return json_pack("{s:o, s:O, s:s*}", "settings", settings, "files", local->config_files,
			 "proximity", local->settings.proximity.path);
}

int local_answer(struct local *local, const char *method, const json_t *parameters,
		 json_t **ret_reply)
{
	struct view view;
	int r = 0;

	local_view(local, &view);
	*ret_reply = NULL;
	if (strcmp(method, "GetStatus") == 0)
		*ret_reply = view_status(&view);
	else if (strcmp(method, "ListDevices") == 0)
		*ret_reply = view_devices(&view, json_is_true(json_object_get(parameters, "all")));
	else if (strcmp(method, "ListCpus") == 0)
		*ret_reply = view_cpus(&view);
	else if (strcmp(method, "GetPlan") == 0)
		*ret_reply = view_plan(&view);
	else if (strcmp(method, "Verify") == 0)
		*ret_reply = view_verify(&view);
	else if (strcmp(method, "GetConfig") == 0)
		*ret_reply = local_config(local);
	else if (strcmp(method, "ListIrqs") == 0)
		r = local_irqs(&view, parameters, ret_reply);
	else if (strcmp(method, "Explain") == 0)
		r = local_explain(&view, parameters, ret_reply);
	else if (strcmp(method, "Advise") == 0)
		r = local_advise(&view, parameters, ret_reply);
	else
		r = -EOPNOTSUPP;
	if (r < 0)
		return r;
	return *ret_reply ? 0 : -ENOMEM;
}
