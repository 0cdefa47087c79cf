/* birq's options keep birq's meaning. Its legacy ones override the configuration file and say that
 * they are legacy. */
#include "irqherd/daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"
#include "irqherd/config/config.h"

enum {
	OPTION_CHECK_CONFIG = 256,
	OPTION_DRY_RUN,
	OPTION_ONESHOT,
	OPTION_ROOT,
	OPTION_SOCKET,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "debug", no_argument, NULL, 'd' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "conf", required_argument, NULL, 'c' },
	{ "pxm", required_argument, NULL, 'x' },
	{ "pid", required_argument, NULL, 'p' },
	{ "facility", required_argument, NULL, 'O' },
	{ "threshold", required_argument, NULL, 't' },
	{ "load-limit", required_argument, NULL, 'l' },
	{ "short-interval", required_argument, NULL, 'i' },
	{ "long-interval", required_argument, NULL, 'I' },
	{ "strategy", required_argument, NULL, 's' },
	{ "ht", no_argument, NULL, 'r' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "oneshot", no_argument, NULL, OPTION_ONESHOT },
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void print_help(void)
{
	printf("irqherd %s - keeps every interrupt on a good CPU while devices come and go\n"
	       "\n"
	       "usage: irqherd [options]\n"
	       "\n"
	       "  -f, --foreground        stay in the foreground, log to standard error\n"
	       "  -d, --debug             the same, as birq says it\n"
	       "  -v, --verbose           log more; with --oneshot print the machine, too\n"
	       "  -c, --conf PATH         configuration file (" CONFIG_DEFAULT_PATH ")\n"
	       "  -x, --pxm PATH          proximity file (overrides the key pxm)\n"
	       "  -p, --pid PATH          pid file (" OPTIONS_PID_PATH ")\n"
	       "      --socket PATH       control socket (" OPTIONS_SOCKET_PATH ", none if dry)\n"
	       "  -O, --facility NAME     syslog facility (daemon)\n"
	       "      --check-config      read all files, print what is wrong, exit 0 or 1\n"
	       "      --dry-run           work as usual, but write nothing\n"
	       "      --oneshot           measure one interval, make one round, exit\n"
	       "      --root DIR          work on a captured machine: DIR/proc, DIR/sys; implies "
	       "--dry-run\n"
	       "  -V, --version           print the version\n"
	       "  -h, --help              print this\n"
	       "\n"
	       "legacy, use the configuration file instead:\n"
	       "  -t, --threshold PERCENT   -l, --load-limit PERCENT   -s, --strategy NAME\n"
	       "  -i, --short-interval SEC  -I, --long-interval SEC    -r, --ht (does nothing)\n",
	       IRQHERD_VERSION);
}

static void put_legacy(struct options *options, const char *option, const char *key,
		       const char *value)
{
	if (options->legacy_count < ARRAY_SIZE(options->legacy))
		options->legacy[options->legacy_count++] = (struct legacy_option){ option, key,
										   value };
}

/* The given path if it is absolute, too long, or the folder unknown: opening it then says what is
 * wrong. */
static const char *absolute_path(struct options *options, const char *path)
{
	char folder[2048];
	char *absolute;

	if (path[0] == '/' || options->absolute_count == ARRAY_SIZE(options->absolute))
		return path;
	absolute = options->absolute[options->absolute_count];
	if (!getcwd(folder, sizeof(folder)) ||
	    snprintf(absolute, sizeof(options->absolute[0]), "%s/%s", folder, path) >=
		    (int) sizeof(options->absolute[0]))
		return path;
	options->absolute_count++;
	return absolute;
}

static enum options_result wrong(const char *what, const char *value, const char *accepted)
{
	fprintf(stderr, "irqherd: %s: %s; accepted: %s\n", what, value, accepted);
	return OPTIONS_WRONG;
}

enum options_result options_parse(int argc, char **argv, struct options *ret_options)
{
	struct options options = {
		.config_path = CONFIG_DEFAULT_PATH,
		.pid_path = OPTIONS_PID_PATH,
		.facility = LOG_DAEMON,
	};
	int option;

	optind = 0; /* getopt starts over: tests parse several command lines */
	while ((option = getopt_long(argc, argv, "hdvc:x:p:O:t:l:i:I:s:rfV", long_options, NULL)) !=
	       -1) {
		switch (option) {
		case 'h':
			print_help();
			return OPTIONS_DONE;
		case 'V':
			printf("irqherd %s\n", IRQHERD_VERSION);
			return OPTIONS_DONE;
		case 'd':
		case 'f':
			options.foreground = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'c':
			options.config_path = optarg;
			options.config_given = true;
			break;
		case 'x':
			options.pxm_path = optarg;
			break;
		case 'p':
			options.pid_path = optarg;
			break;
		case 'O':
			if (log_facility_parse(optarg, &options.facility) < 0)
				return wrong("--facility", optarg,
					     "local0 to local7, auth, authpriv, cron, daemon, ftp, "
					     "kern, lpr, "
					     "mail, news, syslog, user, uucp");
			break;
		case 't':
			put_legacy(&options, "--threshold", "threshold", optarg);
			break;
		case 'l':
			put_legacy(&options, "--load-limit", "load-limit", optarg);
			break;
		case 'i':
			put_legacy(&options, "--short-interval", "short-interval", optarg);
			break;
		case 'I':
			put_legacy(&options, "--long-interval", "long-interval", optarg);
			break;
		case 's':
			put_legacy(&options, "--strategy", "strategy", optarg);
			break;
		case 'r':
			put_legacy(&options, "--ht", NULL, NULL);
			break;
		case OPTION_CHECK_CONFIG:
			options.check_config = true;
			break;
		case OPTION_DRY_RUN:
			options.dry_run = true;
			break;
		case OPTION_ONESHOT:
			options.oneshot = true;
			options.foreground = true;
			break;
		case OPTION_SOCKET:
			options.socket_path = optarg;
			break;
		case OPTION_ROOT:
			options.root = optarg;
			options.dry_run = true;
			options.foreground = true;
			break;
		default:
			fprintf(stderr, "irqherd: see `irqherd --help'\n");
			return OPTIONS_WRONG;
		}
	}
	if (optind < argc)
		return wrong("argument", argv[optind], "options only, see `irqherd --help'");
	*ret_options = options;
	/* what writes nothing must not stand in the way of who does */
	if (!options.socket_path && !options.dry_run && !options.oneshot)
		options.socket_path = OPTIONS_SOCKET_PATH;
	if (options.socket_path && strcmp(options.socket_path, "none") == 0)
		options.socket_path = NULL;
	ret_options->socket_path = options.socket_path;
	ret_options->config_path = absolute_path(ret_options, options.config_path);
	ret_options->pid_path = absolute_path(ret_options, options.pid_path);
	if (options.socket_path)
		ret_options->socket_path = absolute_path(ret_options, options.socket_path);
	if (options.pxm_path)
		ret_options->pxm_path = absolute_path(ret_options, options.pxm_path);
	return OPTIONS_RUN;
}

struct settings_input options_settings(const struct options *options)
{
	return (struct settings_input){
		.config_path = options->config_path,
		.config_given = options->config_given,
		.pxm_path = options->pxm_path,
		.legacy = options->legacy,
		.legacy_count = options->legacy_count,
	};
}
