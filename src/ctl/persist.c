#include "irqherd/ctl/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "irqherd/base/file_replace.h"
#include "irqherd/config/lines.h"
#include "irqherd/ctl/client.h"
#include "irqherd/ctl/local.h"

#define VALUE_SIZE 65536

/* --------------------------------------------------------------------------------------------------
 * the file's text */

/* Whether a line sets the key: "exclude-cpus = …". */
static bool sets_key(const char *line, const char *key)
{
	size_t length = strlen(key);

	line += strspn(line, " \t");
	if (strncmp(line, key, length) != 0)
		return false;
	line += length;
	line += strspn(line, " \t");
	return *line == '=';
}

int persist_edit(const char *old, const char *key, const char *value, struct buf *ret_text)
{
	bool done = false;
	int r = 0;

	buf_reset(ret_text);
	if (!*old)
		r = buf_puts(ret_text, "# Written by irqherdctl --persist; may be edited.\n");
	while (*old && r == 0) {
		size_t length = strcspn(old, "\n");

		if (!sets_key(old, key))
			r = buf_printf(ret_text, "%.*s\n", (int) length, old);
		else if (!done)
			r = buf_printf(ret_text, "%s = %s\n", key, value);
		done = done || sets_key(old, key);
		old += length + (old[length] == '\n');
	}
	if (!done && r == 0)
		r = buf_printf(ret_text, "%s = %s\n", key, value);
	return r;
}

/* --------------------------------------------------------------------------------------------------
 * the file */

static int say_errno(const char *path, int r)
{
	fprintf(stderr, "irqherdctl: %s: %s\n", path, strerror(-r));
	return r == -EACCES || r == -EPERM ? CTL_PERMISSION : CTL_FAILED;
}

static int make_folder(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int make_folders(const char *folder)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	int r = buf_puts(&path, folder);

	for (char *slash = r < 0 ? NULL : strchr(path.data + 1, '/'); slash && r == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = make_folder(path.data);
		*slash = '/';
	}
	return r < 0 ? r : make_folder(path.data);
}

static void say_messages(const struct message_list *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		fprintf(stderr, "%s:%u: %s\n", messages->items[i].file, messages->items[i].line,
			messages->items[i].text);
}

/* What a reload would refuse is not written. */
static int check_text(const char *path, const struct buf *text)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;
	int r;

	config_init(&config);
	r = config_parse(&config, path, buf_text(text), text->length, &messages);
	if (r < 0)
		say_messages(&messages);
	config_deinit(&config);
	message_list_deinit(&messages);
	return r < 0 ? CTL_USAGE : CTL_OK;
}

static const char *config_path_of(const struct ctl *ctl)
{
	return ctl->config_path ? ctl->config_path : CONFIG_DEFAULT_PATH;
}

/* A file that is read after ours may say otherwise. */
static void warn_if_overruled(const struct ctl *ctl, const char *path, const char *key)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	const struct config_key *found = config_key_find(key);
	char origin[512];
	struct config config;

	config_init(&config);
	(void) config_read(&config, config_path_of(ctl), false, &messages);
	(void) config_format_origin(&config, found, origin, sizeof(origin));
	if (strncmp(origin, path, strlen(path)) != 0)
		fprintf(stderr, "irqherdctl: %s sets %s after %s, and wins\n", origin, key, path);
	config_deinit(&config);
	message_list_deinit(&messages);
}

static void text_free(char **text)
{
	free(*text);
}

static int persist_value(const struct ctl *ctl, const char *key, const char *value)
{
	_cleanup_(text_free) char *folder = NULL;
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	_cleanup_(buf_deinit) struct buf old = BUF_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r, code;

	r = config_drop_in_directory(config_path_of(ctl), &folder);
	if (r == 0)
		r = buf_printf(&path, "%s/%s", folder, PERSIST_NAME);
	if (r == 0)
		r = lines_read_file(buf_text(&path), &old);
	if (r == 0 || r == -ENOENT)
		r = persist_edit(buf_text(&old), key, value, &text);
	if (r < 0)
		return say_errno(buf_text(&path), r);
	code = check_text(buf_text(&path), &text);
	if (code != CTL_OK)
		return code;
	r = make_folders(folder);
	if (r == 0)
		r = file_replace(buf_text(&path), buf_text(&text), text.length, 0644,
				 FILE_SURVIVES_POWER);
	if (r < 0)
		return say_errno(buf_text(&path), r);
	printf("%s: %s = %s\n", buf_text(&path), key, value);
	warn_if_overruled(ctl, buf_text(&path), key);
	return CTL_OK;
}

/* --------------------------------------------------------------------------------------------------
 * the values */

static struct local *machine_of(const struct ctl *ctl)
{
	if (ctl->root) {
		fprintf(stderr, "irqherdctl: --persist is not for captured machines\n");
		return NULL;
	}
	return ctl_machine(ctl, false);
}

int persist_cpus(const struct ctl *ctl, bool exclude, const char *list)
{
	struct local *local = machine_of(ctl);
	struct config_cpus named = { 0 };
	struct cpumask cpus, excluded;
	char text[CPULIST_TEXT + 8] = "cpus:";
	int code;

	if (!local)
		return CTL_FAILED;
	if (config_cpus_parse_list(&named, list) < 0) {
		fprintf(stderr, "irqherdctl: '%s' is no CPU list: 0-3,8, node0, isolated\n", list);
		return CTL_USAGE;
	}
	cpus = settings_cpus(&named, &local->inventory.topology);
	excluded = settings_excluded(&local->settings, &local->inventory.topology);
	/* words of the configuration ("node0") become the CPUs that they mean here and now */
	excluded = exclude ? cpumask_or(&excluded, &cpus) : cpumask_andnot(&excluded, &cpus);
	(void) cpulist_format(&excluded, text + strlen(text), sizeof(text) - strlen(text));
	code = persist_value(ctl, "exclude-cpus", cpumask_empty(&excluded) ? "none" : text);
	config_cpus_deinit(&named);
	return code;
}

/* The words of a list value but those that begin with `slot` and go on with `after` (0: end). */
static int words_without(const char *value, const char *slot, char after, struct buf *ret_text)
{
	size_t length = strlen(slot);
	int r = 0;

	if (strcmp(value, "none") == 0)
		return 0;
	while (*value && r == 0) {
		size_t word;

		value += strspn(value, " \t");
		word = strcspn(value, " \t");
		if (word > 0 && !(strncmp(value, slot, length) == 0 && word >= length &&
				  (after ? value[length] == after : word == length)))
			r = buf_printf(ret_text, "%s%.*s", ret_text->length ? " " : "", (int) word,
				       value);
		value += word;
	}
	return r;
}

/* The key's value in the files, without the slot's word and with `more` (NULL: nothing). */
static int persist_word(const struct ctl *ctl, const char *key, const char *slot, char after,
			const char *more)
{
	struct local *local = machine_of(ctl);
	const struct config_key *found = config_key_find(key);
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char *value;
	int r, code;

	if (!local)
		return CTL_FAILED;
	value = calloc(1, VALUE_SIZE);
	if (!value)
		return say_errno(key, -ENOMEM);
	(void) found->format(&local->settings.config, value, VALUE_SIZE);
	r = words_without(value, slot, after, &text);
	if (r == 0 && more)
		r = buf_printf(&text, "%s%s", text.length ? " " : "", more);
	if (r == 0 && text.length == 0)
		r = buf_puts(&text, "none");
	if (r < 0)
		code = say_errno(key, r);
	else if (strcmp(buf_text(&text), value) == 0)
		code = CTL_OK; /* a drop-in that says the same would hide later changes elsewhere */
	else
		code = persist_value(ctl, key, buf_text(&text));
	free(value);
	return code;
}

int persist_pin(const struct ctl *ctl, const char *slot, const char *cpus)
{
	_cleanup_(buf_deinit) struct buf word = BUF_INIT;

	if (buf_printf(&word, "%s=%s", slot, cpus) < 0)
		return say_errno("cpus", -ENOMEM);
	return persist_word(ctl, "cpus", slot, '=', buf_text(&word));
}

int persist_ban(const struct ctl *ctl, const char *slot)
{
	/* ban-irq has bare numbers for IRQs without a device */
	const char *word = strncmp(slot, "irq:", 4) == 0 ? slot + 4 : slot;

	return persist_word(ctl, "ban-irq", word, '\0', word);
}

int persist_release(const struct ctl *ctl, const char *slot)
{
	const char *word = strncmp(slot, "irq:", 4) == 0 ? slot + 4 : slot;
	int code = persist_word(ctl, "cpus", slot, '=', NULL);

	return code == CTL_OK ? persist_word(ctl, "ban-irq", word, '\0', NULL) : code;
}

int persist_take_effect(const struct ctl *ctl)
{
	if (!ctl_daemon_answers(ctl)) {
		printf("irqherd is not running: it takes effect when it starts\n");
		return CTL_OK;
	}
	return ctl_tell(ctl, "Reload", NULL, NULL);
}
