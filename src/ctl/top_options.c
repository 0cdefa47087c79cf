#include "irqherd/ctl/top_options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "irqherd/base/parse.h"
#include "irqherd/ctl/top.h"

#define DAY_MS UINT64_C(86400000)

const char top_usage[] =
	"usage: irqherdctl top [options]\n"
	"\n"
	"Shows where interrupts fire, IRQs x CPUs, second by second; h in it lists its keys.\n"
	"\n"
	"  -i, --interval SECONDS  time between two frames (1)\n"
	"  -c, --cpus LIST         columns for these CPUs only\n"
	"  -z, --zoom LEVEL        columns are cpus, cores, caches, nodes, or auto: what fits "
	"(auto)\n"
	"  -s, --sort ORDER        rate, cost, name, irq, moves (rate)\n"
	"  -f, --filter WORDS      rows that have all these words in number, device or name\n"
	"  -a, --all               quiet rows, too\n"
	"  -k, --kernel            rows of the kernel's own interrupts, too\n"
	"  -b, --batch N           print N plain frames instead of a screen\n"
	"      --json-lines        frames are JSON objects, one a line; with --batch, or endless\n"
	"      --size COLSxROWS    size of a plain frame (100 columns, as many rows as needed)\n"
	"      --replay DIR        read proc/interrupts and proc/stat of this folder instead; "
	"given\n"
	"                          several times, one after the other\n"
	"  -h, --help              this text\n";

enum {
	OPTION_JSON_LINES = 256,
	OPTION_SIZE,
	OPTION_REPLAY,
};

static const struct option long_options[] = {
	{ "interval", required_argument, NULL, 'i' },
	{ "cpus", required_argument, NULL, 'c' },
	{ "zoom", required_argument, NULL, 'z' },
	{ "sort", required_argument, NULL, 's' },
	{ "filter", required_argument, NULL, 'f' },
	{ "all", no_argument, NULL, 'a' },
	{ "kernel", no_argument, NULL, 'k' },
	{ "batch", required_argument, NULL, 'b' },
	{ "json-lines", no_argument, NULL, OPTION_JSON_LINES },
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "replay", required_argument, NULL, OPTION_REPLAY },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int parse_zoom(const char *text, enum heat_zoom *ret)
{
	static const struct {
		const char *name;
		enum heat_zoom zoom;
	} words[] = {
		{ "auto", HEAT_AUTO },   { "nodes", HEAT_NODES }, { "caches", HEAT_LLCS },
		{ "cores", HEAT_CORES }, { "cpus", HEAT_CPUS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i].name) == 0) {
			*ret = words[i].zoom;
			return 0;
		}
	return -EINVAL;
}

static int parse_sort(const char *text, enum heat_sort *ret)
{
	for (unsigned int sort = 0; sort < HEAT_SORTS; sort++)
		if (strcmp(text, heat_sort_name((enum heat_sort) sort)) == 0) {
			*ret = (enum heat_sort) sort;
			return 0;
		}
	return -EINVAL;
}

static int parse_size(const char *text, struct heat_view *view)
{
	const char *by = strchr(text, 'x');
	char columns[16];

	if (!by || (size_t) (by - text) >= sizeof(columns))
		return -EINVAL;
	memcpy(columns, text, (size_t) (by - text));
	columns[by - text] = '\0';
	if (parse_u32(columns, 20, 10000, &view->width) < 0)
		return -EINVAL;
	return parse_u32(by + 1, 5, 100000, &view->height);
}

static int parse_interval(const char *text, uint32_t *ret_ms)
{
	uint64_t ms;
	int r = parse_decimal(text, 3, 100, DAY_MS, &ms);

	if (r == 0)
		*ret_ms = (uint32_t) ms;
	return r;
}

/* 0, or negative with the accepted form in *ret_accepted. */
static int take_option(struct top_options *options, int option, const char *value,
		       const char **ret_accepted)
{
	switch (option) {
	case 'i':
		*ret_accepted = "seconds, 0.1 to 86400";
		return parse_interval(value, &options->interval_ms);
	case 'c':
		*ret_accepted = "a list of CPUs, as 0-3,8";
		options->has_cpus = true;
		if (cpulist_parse(value, &options->cpus) < 0 || cpumask_empty(&options->cpus))
			return -EINVAL;
		return 0;
	case 'z':
		*ret_accepted = "auto, nodes, caches, cores, cpus";
		return parse_zoom(value, &options->view.zoom);
	case 's':
		*ret_accepted = "rate, cost, name, irq, moves";
		return parse_sort(value, &options->view.sort);
	case 'f':
		*ret_accepted = "words, 63 characters at most";
		if (strlen(value) >= sizeof(options->view.filter))
			return -EINVAL;
		(void) strcpy(options->view.filter, value);
		return 0;
	case 'a':
		options->view.all = true;
		return 0;
	case 'k':
		options->view.kernel = true;
		return 0;
	case 'b':
		*ret_accepted = "a number of frames, 1 or more";
		return parse_u32(value, 1, UINT32_MAX, &options->batch);
	case OPTION_JSON_LINES:
		options->json_lines = true;
		return 0;
	case OPTION_SIZE:
		*ret_accepted = "columns x rows, as 120x40";
		return parse_size(value, &options->view);
	case OPTION_REPLAY:
		*ret_accepted = "16 folders at most";
		if (options->replay_count == TOP_REPLAYS)
			return -EINVAL;
		options->replays[options->replay_count++] = value;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	}
	return -EINVAL;
}

int top_options_parse(int argc, char **argv, struct top_options *ret_options, struct buf *problem)
{
	struct top_options options = { .interval_ms = 1000 };
	int option;

	optind = 0; /* others may have parsed before us */
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:i:c:z:s:f:akb:h", long_options, NULL)) != -1) {
		const char *accepted = NULL;

		if (option == ':') {
			(void) buf_printf(problem, "'%s' wants a value", argv[optind - 1]);
			return -EINVAL;
		}
		if (option == '?') {
			(void) buf_printf(problem, "unknown option '%s'", argv[optind - 1]);
			return -EINVAL;
		}
		if (take_option(&options, option, optarg, &accepted) < 0) {
			(void) buf_printf(problem, "bad value '%s' (accepted: %s)", optarg,
					  accepted ? accepted : "none");
			return -EINVAL;
		}
	}
	if (optind < argc) {
		(void) buf_printf(problem, "'%s' is one word too many", argv[optind]);
		return -EINVAL;
	}
	*ret_options = options;
	return 0;
}
