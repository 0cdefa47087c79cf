/* The command line: options for all verbs, then a verb and its arguments. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"
#include "irqherd/ctl/client.h"
#include "irqherd/ctl/verbs.h"

enum {
	OPTION_JSON = 256,
	OPTION_JSON_LINES,
	OPTION_ROOT,
	OPTION_SOCKET,
	OPTION_NO_DAEMON,
	OPTION_COLOR,
	OPTION_PERSIST,
	OPTION_PAST,
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "conf", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "json-lines", no_argument, NULL, OPTION_JSON_LINES },
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "no-daemon", no_argument, NULL, OPTION_NO_DAEMON },
	{ "color", required_argument, NULL, OPTION_COLOR },
	{ "colour", required_argument, NULL, OPTION_COLOR },
	{ "persist", no_argument, NULL, OPTION_PERSIST },
	{ "past", required_argument, NULL, OPTION_PAST },
	{ NULL, 0, NULL, 0 },
};

struct command {
	struct ctl ctl;
	struct verb_options options;
	enum ctl_color color;
	bool done; /* help or version was printed */
};

static void print_usage(FILE *stream)
{
	fprintf(stream, "Usage: irqherdctl [OPTIONS] VERB [ARGUMENTS]\n\n"
			"Shows and steers where the interrupts of this machine go.\n\n");
	for (size_t i = 0; i < verb_count; i++) {
		int used = fprintf(stream, "  %s %s", verbs[i].name, verbs[i].arguments);

		fprintf(stream, "%*s%s\n", used < 34 ? 34 - used : 1, "", verbs[i].help);
	}
	fprintf(stream,
		"\n"
		"  -a, --all           nothing is left out or folded (devices, irqs, cpus)\n"
		"  -c, --conf PATH     configuration to read where irqherdctl reads it itself\n"
		"      --json          the answer as JSON\n"
		"      --json-lines    streams as one JSON object a line\n"
		"      --past N        watch: the last N events first\n"
		"      --persist       cpus, irq: into the configuration, too\n"
		"      --root DIR      of a captured machine, see snapshot\n"
		"      --socket PATH   of the daemon (" CLIENT_SOCKET ")\n"
		"      --no-daemon     reads the machine itself, whoever runs\n"
		"      --color WHEN    auto, always, never\n"
		"  -h, --help\n"
		"  -V, --version\n\n"
		"Exit codes: 0 fine, 1 failed or not as wanted, 2 usage, 3 irqherd is not running, "
		"4 permission.\n");
}

static int set_color(struct command *command, const char *when)
{
	static const struct {
		const char *word;
		enum ctl_color color;
	} words[] = {
		{ "auto", CTL_COLOR_AUTO },
		{ "always", CTL_COLOR_ALWAYS },
		{ "never", CTL_COLOR_NEVER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(when, words[i].word) != 0)
			continue;
		command->color = words[i].color;
		return CTL_OK;
	}
	fprintf(stderr, "irqherdctl: --color is auto, always or never, not '%s'\n", when);
	return CTL_USAGE;
}

static int set_past(struct command *command, const char *number)
{
	uint32_t past;

	if (parse_u32(number, 0, 1000000, &past) < 0) {
		fprintf(stderr, "irqherdctl: --past is a number of events, not '%s'\n", number);
		return CTL_USAGE;
	}
	command->options.has_past = true;
	command->options.past = past;
	return CTL_OK;
}

static int set_option(struct command *command, int option)
{
	struct ctl *ctl = &command->ctl;

	switch (option) {
	case 'a':
		command->options.all = true;
		return CTL_OK;
	case 'c':
		ctl->config_path = optarg;
		return CTL_OK;
	case 'h':
		print_usage(stdout);
		command->done = true;
		return CTL_OK;
	case 'V':
		printf("irqherdctl %s\n", IRQHERD_VERSION);
		command->done = true;
		return CTL_OK;
	case OPTION_JSON:
		ctl->json = true;
		return CTL_OK;
	case OPTION_JSON_LINES:
		ctl->json_lines = true;
		return CTL_OK;
	case OPTION_ROOT:
		ctl->root = optarg;
		return CTL_OK;
	case OPTION_SOCKET:
		ctl->socket = optarg;
		return CTL_OK;
	case OPTION_NO_DAEMON:
		ctl->no_daemon = true;
		return CTL_OK;
	case OPTION_COLOR:
		return set_color(command, optarg);
	case OPTION_PERSIST:
		ctl->persist = true;
		return CTL_OK;
	case OPTION_PAST:
		return set_past(command, optarg);
	default:
		return CTL_USAGE; /* getopt has said it */
	}
}

/* Up to the first word that is no option, or with permutation through all of it. */
static int parse_options(struct command *command, int argc, char **argv, const char *letters)
{
	int option, code;

	while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		code = set_option(command, option);
		if (code != CTL_OK || command->done)
			return code;
	}
	return CTL_OK;
}

static int unknown_verb(const char *name)
{
	const struct verb *guess = verb_guess(name);

	if (guess)
		fprintf(stderr, "irqherdctl: no verb '%s' (did you mean '%s'?)\n", name,
			guess->name);
	else
		fprintf(stderr, "irqherdctl: no verb '%s'; irqherdctl --help lists them\n", name);
	return CTL_USAGE;
}

static int run_verb(struct command *command, const struct verb *verb, int argc, char **argv)
{
	if (argc - 1 < (int) verb->least || argc - 1 > (int) verb->most) {
		fprintf(stderr, "usage: irqherdctl %s %s\n", verb->name, verb->arguments);
		return CTL_USAGE;
	}
	ctl_look_at_terminal(&command->ctl, command->color);
	return verb->run(&command->ctl, &command->options, argc, argv);
}

static int run(struct command *command, int argc, char **argv)
{
	const struct verb *verb;
	int first, code;

	code = parse_options(command, argc, argv, "+ac:hV");
	if (code != CTL_OK || command->done)
		return code;
	if (optind >= argc) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	verb = verb_find(argv[optind]);
	if (!verb)
		return unknown_verb(argv[optind]);
	first = optind;
	if (verb->own_options)
		return run_verb(command, verb, argc - first, argv + first);

	/* options may stand behind the verb as well; getopt takes the verb for the program's name
	 */
	argc -= first;
	argv += first;
	optind = 0;
	code = parse_options(command, argc, argv, "ac:hV");
	if (code != CTL_OK || command->done)
		return code;
	/* what is no option was moved to the end */
	argv[optind - 1] = argv[0];
	return run_verb(command, verb, argc - optind + 1, argv + optind - 1);
}

int main(int argc, char **argv)
{
	struct command command = { .color = CTL_COLOR_AUTO };
	int code;

	log_open(LOG_TO_STDERR, "irqherdctl", LOG_DAEMON);
	log_set_level(LOG_WARNING);
	if (ctl_init(&command.ctl) < 0) {
		fprintf(stderr, "irqherdctl: out of memory\n");
		return CTL_FAILED;
	}
	code = run(&command, argc, argv);
	ctl_deinit(&command.ctl);
	return code;
}
