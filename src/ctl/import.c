/* The verb import: another balancer's configuration as ours, on standard output; remarks on
 * standard error, too. */
#include <stdio.h>
#include <string.h>

#include "irqherd/config/import.h"
#include "irqherd/config/lines.h"
#include "irqherd/ctl/verb_list.h"

static json_t *make_remarks(const struct message_list *messages)
{
	json_t *remarks = json_array();

	for (size_t i = 0; i < messages->count; i++)
		(void) json_array_append_new(remarks, json_pack("{s:i, s:s}", "line",
								(int) messages->items[i].line,
								"words", messages->items[i].text));
	return remarks;
}

static void say(const struct message_list *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		fprintf(stderr, "%s:%u: %s\n", messages->items[i].file, messages->items[i].line,
			messages->items[i].text);
}

static int print(const struct ctl *ctl, const struct buf *conf, const struct message_list *messages)
{
	struct sheet unused = { 0 };
	json_t *answer;
	int code;

	if (!ctl->json && !ctl->json_lines) {
		say(messages);
		return fputs(buf_text(conf), stdout) < 0 || fflush(stdout) != 0 ? CTL_FAILED
										: CTL_OK;
	}
	answer = json_pack("{s:s, s:o}", "configuration", buf_text(conf), "remarks",
			   make_remarks(messages));
	code = answer ? show_sheet(ctl, &unused, answer) : CTL_FAILED;
	json_decref(answer);
	return code;
}

VERB(verb_import)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct buf text = BUF_INIT, conf = BUF_INIT;
	int code = CTL_FAILED, r;

	(void) options;
	(void) argc;
	r = lines_read_file(argv[1], &text);
	if (r < 0) {
		fprintf(stderr, "irqherdctl: %s: %s\n", argv[1], strerror(-r));
	} else {
		r = import_config(IMPORT_GUESS, argv[1], buf_text(&text), text.length, &conf,
				  &messages);
		if (r == 0) {
			code = print(ctl, &conf, &messages);
		} else {
			say(&messages);
			fprintf(stderr,
				"irqherdctl: %s: neither a birq.conf nor an environment file of "
				"irqbalance\n",
				argv[1]);
		}
	}
	buf_deinit(&text);
	buf_deinit(&conf);
	message_list_deinit(&messages);
	return code;
}
