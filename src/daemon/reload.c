/* All files are parsed into fresh objects; only if everything is right are they swapped in, as a
 * whole. */
#include <errno.h>

#include "irqherd/base/clock.h"
#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/outlet/notify.h"

void daemon_log_messages(const struct message_list *messages)
{
	for (size_t i = 0; i < messages->count; i++) {
		const struct message *message = &messages->items[i];
		int level = message->warning ? LOG_WARNING : LOG_ERR;

		if (message->line)
			log_at(level, "%s:%u: %s", message->file, message->line, message->text);
		else
			log_at(level, "%s: %s", message->file, message->text);
	}
}

void daemon_refresh_policy(struct daemon *daemon)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct cpumask usable;

	settings_policy(&daemon->settings, &daemon->inventory.topology, &daemon->policy);
	daemon->policy.allowed = cpumask_andnot(&daemon->policy.allowed,
						&daemon->steering.excluded);
	daemon->policy_is_stale = false;
	usable = cpumask_and(&daemon->policy.allowed, &daemon->inventory.usable);
	if (cpumask_empty(&usable))
		log_warning("use-cpus and exclude-cpus leave no CPU of this machine, nothing will "
			    "be moved");
	settings_check_nodes(&daemon->settings, &daemon->inventory.topology, &messages);
	daemon_log_messages(&messages);
	message_list_deinit(&messages);
}

/* What clients said holds on top of what any configuration says. */
int daemon_apply_rules(struct daemon *daemon, const struct settings *settings)
{
	struct rules rules;

	settings_rules(settings, &rules);
	steering_add_rules(&daemon->steering, &rules);
	return inventory_set_rules(&daemon->inventory, &rules, &daemon->changes);
}

bool daemon_reload(struct daemon *daemon)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct settings_input input = options_settings(daemon->options);
	struct settings fresh;
	int r;

	r = settings_load(&fresh, &input, &messages);
	daemon_log_messages(&messages);
	message_list_deinit(&daemon->config_errors);
	daemon->config_errors = messages;
	if (r < 0) {
		settings_deinit(&fresh);
		daemon_record(daemon, HISTORY_RELOAD,
			      "reload refused, the configuration from before stays: errors=%zu",
			      messages.errors);
		log_error("the new configuration is not right, keeping the old one");
		return false;
	}

	daemon->config_loaded = clock_today_s();
	if (fresh.env_is_old)
		fresh.env = daemon->settings.env;
	r = daemon_apply_rules(daemon, &fresh);
	settings_deinit(&daemon->settings);
	daemon->settings = fresh;
	if (r == 0)
		r = machine_refresh_overrides(&daemon->machine, &daemon->changes);
	if (r < 0)
		log_error("out of memory while taking the new configuration over");
	daemon_refresh_policy(daemon);
	daemon_watch_env(daemon);
	freeze_file_look(&daemon->freeze_file);
	daemon_update_freeze(daemon);
	daemon_choose_actuator(daemon);
	daemon_record(daemon, HISTORY_RELOAD, "configuration reloaded");
	return true;
}
