#include "irqherd/config/irqbalance_env.h"

#include <errno.h>
#include <string.h>

#include "irqherd/base/buf.h"
#include "irqherd/config/lines.h"

#define BLANKS " \t"

/* Where a value ends: behind its quotes, or at a comment after a blank. Cuts it; NULL: quotes are
 * open. */
static char *cut_value(char *value)
{
	char quote = *value;
	char *end;

	if (quote == '"' || quote == '\'') {
		end = strchr(value + 1, quote);
		if (!end || end[1 + strspn(end + 1, BLANKS)] != '\0')
			return NULL;
		*end = '\0';
		return value + 1;
	}
	for (end = value; *end; end++)
		if (*end == '#' && end > value && strchr(BLANKS, end[-1]))
			break;
	while (end > value && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	return value;
}

static bool is_name(const char *text, size_t length)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

	return length > 0 && strchr(letters, text[0]) &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") >=
		       length;
}

/* False: the line is empty. A broken one is said, and is false as well. */
static bool parse_line(char *text, struct lines *lines, struct env_line *ret_line)
{
	char *name = text + strspn(text, BLANKS);
	char *equals, *value;

	if (*name == '\0' || *name == '#' || *name == ';')
		return false;
	if (strncmp(name, "export", 6) == 0 && strspn(name + 6, BLANKS) > 0)
		name += 6 + strspn(name + 6, BLANKS);

	equals = strchr(name, '=');
	if (!equals || !is_name(name, (size_t) (equals - name))) {
		message_error(lines->messages, lines->file, lines->number,
			      "'%.80s' is no assignment (accepted: NAME=value)", name);
		return false;
	}
	*equals = '\0';
	value = cut_value(equals + 1);
	if (!value) {
		message_error(lines->messages, lines->file, lines->number,
			      "the value of %s does not end with its quote", name);
		return false;
	}
	*ret_line = (struct env_line){ .name = name, .value = value, .line = lines->number };
	return true;
}

int env_parse(const char *file, const char *text, size_t length, struct message_list *messages,
	      void (*each)(void *context, const struct env_line *line), void *context)
{
	struct env_line line;
	struct lines lines;
	char *raw;
	int r;

	lines_init(&lines, file, text, length, messages);
	while ((raw = lines_next(&lines)))
		if (parse_line(raw, &lines, &line))
			each(context, &line);
	r = lines_result(&lines);
	lines_deinit(&lines);
	return r;
}

int irqbalance_list_parse(const char *value, struct cpumask *ret_cpus)
{
	if (strcmp(value, "-") == 0)
		value = "";
	return cpulist_parse(value, ret_cpus);
}

struct env_reading {
	const char *file;
	struct message_list *messages;
	struct irqbalance_env env;
};

static void take_line(void *context, const struct env_line *line)
{
	struct env_reading *reading = context;
	struct cpumask cpus;
	const char *accepted;
	int r;

	if (strcmp(line->name, "IRQBALANCE_BANNED_CPULIST") == 0) {
		accepted = "a CPU list, 0-3,8";
		r = irqbalance_list_parse(line->value, &cpus);
	} else if (strcmp(line->name, "IRQBALANCE_BANNED_CPUS") == 0) {
		accepted = "a hexadecimal mask, 00000000,0000010f";
		r = 0;
		cpus = CPUMASK_NONE;
		if (*line->value)
			r = cpumask_parse(line->value, &cpus);
	} else {
		return;
	}
	if (r < 0) {
		message_error(reading->messages, reading->file, line->line,
			      "bad value '%.80s' for %s (accepted: %s)", line->value, line->name,
			      accepted);
		return;
	}
	reading->env.has_banned = true;
	reading->env.banned = cpumask_or(&reading->env.banned, &cpus);
}

int irqbalance_env_parse(const char *file, const char *text, size_t length,
			 struct irqbalance_env *ret_env, struct message_list *messages)
{
	struct env_reading reading = { .file = file, .messages = messages };
	size_t errors = messages->errors;

	(void) env_parse(file, text, length, messages, take_line, &reading);
	if (messages->errors > errors)
		return -EINVAL;
	*ret_env = reading.env;
	return 0;
}

int irqbalance_env_read(const char *path, struct irqbalance_env *ret_env,
			struct message_list *messages)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	r = lines_read_file(path, &text);
	if (r == -ENOENT) {
		*ret_env = (struct irqbalance_env){ .has_banned = false };
		return 0;
	}
	if (r < 0) {
		message_error(messages, path, 0, "can't be read: %s", strerror(-r));
		return -EINVAL;
	}
	return irqbalance_env_parse(path, buf_text(&text), text.length, ret_env, messages);
}
