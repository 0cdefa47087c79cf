#include "irqherd/ctl/persist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/lines.h"
#include "irqherd/ctl/local.h"

static void one_key_is_set_and_the_rest_stays(void **state)
{
	static const struct {
		const char *old, *text;
	} cases[] = {
		{ "", "# Written by irqherdctl --persist; may be edited.\ncpus = a=1\n" },
		{ "cpus = b=2\n", "cpus = a=1\n" },
		{ "# mine\n\nht = y\ncpus=old\nban-irq = 9",
		  "# mine\n\nht = y\ncpus = a=1\nban-irq = 9\n" },
		{ "use-cpus = 0-3\n", "use-cpus = 0-3\ncpus = a=1\n" },
		{ "  cpus\t= x\ncpus = y\n", "cpus = a=1\n" },
		{ "#cpus = x\n", "#cpus = x\ncpus = a=1\n" },
	};
	struct buf text = BUF_INIT;

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(persist_edit(cases[i].old, "cpus", "a=1", &text), 0);
		assert_string_equal(buf_text(&text), cases[i].text);
	}
	buf_deinit(&text);
}

/* --------------------------------------------------------------------------------------------------
 * files */

struct folder {
	char path[64];
	char config[128];
	char drop_in[256];
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/test_persist.XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	assert_true(snprintf(folder->config, sizeof(folder->config), "%s/i.conf", folder->path) >
		    0);
	assert_true(snprintf(folder->drop_in, sizeof(folder->drop_in), "%s.d/%s", folder->config,
			     PERSIST_NAME) > 0);
	*state = folder;
	return 0;
}

static int remove_folder(void **state)
{
	struct folder *folder = *state;
	char command[128];

	assert_true(snprintf(command, sizeof(command), "rm -r %s", folder->path) > 0);
	assert_int_equal(system(command), 0);
	free(folder);
	return 0;
}

/* The verbs are run one by one: each reads the files anew. */
static int persist(const struct folder *folder,
		   int (*change)(const struct ctl *ctl, const char *, const char *), const char *a,
		   const char *b)
{
	struct ctl ctl;
	int code;

	assert_int_equal(ctl_init(&ctl), 0);
	ctl.config_path = folder->config;
	code = change(&ctl, a, b);
	ctl_deinit(&ctl);
	return code;
}

static int exclude(const struct ctl *ctl, const char *list, const char *unused)
{
	(void) unused;
	return persist_cpus(ctl, true, list);
}

static int include(const struct ctl *ctl, const char *list, const char *unused)
{
	(void) unused;
	return persist_cpus(ctl, false, list);
}

static int ban(const struct ctl *ctl, const char *slot, const char *unused)
{
	(void) unused;
	return persist_ban(ctl, slot);
}

static int release(const struct ctl *ctl, const char *slot, const char *unused)
{
	(void) unused;
	return persist_release(ctl, slot);
}

#define assert_drop_in(folder, wanted)                                                             \
	do {                                                                                       \
		struct buf text_ = BUF_INIT;                                                       \
                                                                                                   \
		assert_int_equal(lines_read_file((folder)->drop_in, &text_), 0);                   \
		assert_string_equal(buf_text(&text_),                                              \
				    "# Written by irqherdctl --persist; may be edited.\n" wanted); \
		buf_deinit(&text_);                                                                \
	} while (0)

static void excluded_cpus_add_to_those_of_the_files(void **state)
{
	struct folder *folder = *state;

	write_file(folder->config, "exclude-cpus = cpus:5\n");
	assert_int_equal(persist(folder, exclude, "0", NULL), CTL_OK);
	assert_drop_in(folder, "exclude-cpus = cpus:0,5\n");
	assert_int_equal(persist(folder, exclude, "7-8", NULL), CTL_OK);
	assert_drop_in(folder, "exclude-cpus = cpus:0,5,7-8\n");
	assert_int_equal(persist(folder, include, "5,8", NULL), CTL_OK);
	assert_drop_in(folder, "exclude-cpus = cpus:0,7\n");
	assert_int_equal(persist(folder, include, "0-9", NULL), CTL_OK);
	assert_drop_in(folder, "exclude-cpus = none\n");
	assert_int_equal(persist(folder, exclude, "x", NULL), CTL_USAGE);
	assert_drop_in(folder, "exclude-cpus = none\n");
}

static void pins_and_bans_are_of_their_slot_alone(void **state)
{
	struct folder *folder = *state;

	write_file(folder->config, "cpus = eth*=node0 0000:af:00.1/7=1\nban-irq = ttyS0\n");
	assert_int_equal(persist(folder, persist_pin, "0000:af:00.1/7", "2"), CTL_OK);
	assert_drop_in(folder, "cpus = eth*=node0 0000:af:00.1/7=2\n");
	assert_int_equal(persist(folder, persist_pin, "irq:9", "0-1"), CTL_OK);
	assert_int_equal(persist(folder, ban, "irq:4", NULL), CTL_OK);
	assert_int_equal(persist(folder, ban, "0000:af:00.1/70", NULL), CTL_OK);
	assert_drop_in(folder, "cpus = eth*=node0 0000:af:00.1/7=2 irq:9=0-1\n"
			       "ban-irq = ttyS0 4 0000:af:00.1/70\n");
	/* not /70 with /7 */
	assert_int_equal(persist(folder, release, "0000:af:00.1/7", NULL), CTL_OK);
	assert_int_equal(persist(folder, release, "irq:4", NULL), CTL_OK);
	assert_drop_in(folder, "cpus = eth*=node0 irq:9=0-1\nban-irq = ttyS0 0000:af:00.1/70\n");
}

static void what_a_reload_would_refuse_is_not_written(void **state)
{
	struct folder *folder = *state;

	write_file(folder->config, "");
	assert_int_equal(persist(folder, persist_pin, "irq:9", "nonsense"), CTL_USAGE);
	assert_int_equal(access(folder->drop_in, F_OK), -1);
}

static void what_changes_nothing_writes_nothing(void **state)
{
	struct folder *folder = *state;

	write_file(folder->config, "cpus = irq:9=1\n");
	assert_int_equal(persist(folder, release, "irq:10", NULL), CTL_OK);
	assert_int_equal(persist(folder, persist_pin, "irq:9", "1"), CTL_OK);
	assert_int_equal(access(folder->drop_in, F_OK), -1);
}

static void nothing_temporary_is_left(void **state)
{
	struct folder *folder = *state;
	char command[256];
	struct stat st;

	write_file(folder->config, "");
	assert_int_equal(persist(folder, exclude, "1", NULL), CTL_OK);
	assert_int_equal(stat(folder->drop_in, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_true(snprintf(command, sizeof(command), "test $(ls %s.d | wc -l) = 1",
			     folder->config) > 0);
	assert_int_equal(system(command), 0);
}

int main(void)
{
#define with_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_key_is_set_and_the_rest_stays),
		with_folder(excluded_cpus_add_to_those_of_the_files),
		with_folder(pins_and_bans_are_of_their_slot_alone),
		with_folder(what_a_reload_would_refuse_is_not_written),
		with_folder(what_changes_nothing_writes_nothing),
		with_folder(nothing_temporary_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
