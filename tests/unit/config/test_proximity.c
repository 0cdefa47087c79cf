#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/proximity.h"

/* The example of birq's manual, unchanged. */
static const char manual_example[] = "0000: node 1\n"
				     "0000:08:00.0 node 0\n"
				     "0000:00:1c.6 cpumask ff\n"
				     "# it's comment\n"
				     "\n"
				     "# empty strings are ignored\n";

static int parse(struct proximity *proximity, const char *text, struct message_list *messages)
{
	return proximity_parse(proximity, "pxm", text, strlen(text), messages);
}

static const struct proximity_rule *find(const struct proximity *proximity, const char *address)
{
	struct pci_addr addr;

	assert_int_equal(pci_addr_parse(address, &addr), 0);
	return proximity_find(proximity, &addr);
}

static void the_manuals_example_means_what_the_manual_says(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;
	const struct proximity_rule *rule;
	struct cpumask eight = cpumask_range(0, 7);

	(void) state;
	assert_int_equal(parse(&proximity, manual_example, &messages), 0);
	assert_int_equal(messages.count, 0);
	assert_int_equal(proximity.count, 3);

	rule = find(&proximity, "0000:3b:00.0");
	assert_int_equal(rule->kind, PROXIMITY_NODE);
	assert_int_equal(rule->node, 1);
	assert_int_equal(rule->line, 1);
	assert_null(rule->cpus);

	rule = find(&proximity, "0000:08:00.0");
	assert_int_equal(rule->kind, PROXIMITY_NODE);
	assert_int_equal(rule->node, 0);
	assert_int_equal(find(&proximity, "0000:08:00.1")->node, 1);

	rule = find(&proximity, "0000:00:1c.6");
	assert_int_equal(rule->kind, PROXIMITY_CPUMASK);
	assert_true(cpumask_equal(rule->cpus, &eight));
	assert_int_equal(rule->line, 3);

	assert_null(find(&proximity, "0001:08:00.0"));
	proximity_deinit(&proximity);
}

static void longer_proximity_prefix_wins_wherever_it_stands(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;

	(void) state;
	assert_int_equal(parse(&proximity,
			       "0000:08:00.1 node 4\n0000:08:00 node 3\n0000:08 node 2\n"
			       "0000: node 1\n0000:08:0 node 5\n0 node 9\n",
			       &messages),
			 0);
	assert_int_equal(find(&proximity, "0000:08:00.1")->node, 4);
	assert_int_equal(find(&proximity, "0000:08:00.0")->node, 3);
	assert_int_equal(find(&proximity, "0000:08:01.0")->node, 5);
	assert_int_equal(find(&proximity, "0000:08:1c.0")->node, 2);
	assert_int_equal(find(&proximity, "0000:09:00.0")->node, 1);
	assert_int_equal(find(&proximity, "0001:00:00.0")->node, 9);
	assert_null(find(&proximity, "10000:e1:00.0"));
	proximity_deinit(&proximity);
}

static void the_first_of_equal_prefixes_wins(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;

	(void) state;
	assert_int_equal(parse(&proximity, "0000:0A node 1\n0000:0a node 2\n", &messages), 0);
	assert_int_equal(find(&proximity, "0000:0a:00.0")->node, 1);
	proximity_deinit(&proximity);
}

static void an_address_starts_with_the_prefix_and_does_not_only_hold_it(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;

	(void) state;
	assert_int_equal(parse(&proximity, "0000:00 node 1\n", &messages), 0);
	assert_null(find(&proximity, "0001:00:00.0"));
	assert_null(find(&proximity, "0000:08:00.0"));
	assert_non_null(find(&proximity, "0000:00:08.0"));
	proximity_deinit(&proximity);
}

static void good_lines_are_taken_in_any_spelling(void **state)
{
	static const struct {
		const char *text;
		const char *address;
		int node;
		const char *cpus; /* cpulist; NULL: a node */
	} cases[] = {
		{ "0000:08:00.0\tnode\t0", "0000:08:00.0", 0, NULL },
		{ " \t0000:08:00.0  node \t 3 \t", "0000:08:00.0", 3, NULL },
		{ "0000:08:00.0 node 3\r\n", "0000:08:00.0", 3, NULL },
		{ "0000:08:00.0 node 3# three", "0000:08:00.0", 3, NULL },
		{ "0000:08:00.0 NODE 1023", "0000:08:00.0", 1023, NULL },
		{ "0000:08:00.0 Node -1", "0000:08:00.0", -1, NULL },
		{ "0000:00:1C.6 CpuMask FF", "0000:00:1c.6", -1, "0-7" },
		{ "0000:00:1c.6 cpumask ff,ffffffff", "0000:00:1c.6", -1, "0-39" },
		{ "0000:00:1c.6 cpumask 1,00000000", "0000:00:1c.6", -1, "32" },
		{ "0000:00:1c.6 cpumask 0x3", "0000:00:1c.6", -1, "0-1" },
		{ "10000:e1 node 2", "10000:e1:00.0", 2, NULL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct proximity proximity = PROXIMITY_INIT;
		const struct proximity_rule *rule;
		char list[CPULIST_TEXT];

		if (parse(&proximity, cases[i].text, &messages) < 0)
			fail_msg("'%s': %s", cases[i].text, messages.items[0].text);
		rule = find(&proximity, cases[i].address);
		assert_non_null(rule);
		assert_int_equal(rule->node, cases[i].node);
		assert_int_equal(rule->kind, cases[i].cpus ? PROXIMITY_CPUMASK : PROXIMITY_NODE);
		if (cases[i].cpus) {
			(void) cpulist_format(rule->cpus, list, sizeof(list));
			assert_string_equal(list, cases[i].cpus);
		}
		proximity_deinit(&proximity);
	}
}

#define BAD_ADDRESS(text)                                                                      \
	"bad PCI address '" text "' (accepted: how an address begins that lspci -D shows, as " \
	"0000:08:00.0, 0000:08 or 0000:)"
#define BAD_MASK(text)                                                                  \
	"bad cpumask '" text "' (accepted: hex groups with at least one CPU, as ff or " \
	"ff,ffffffff)"
#define INCOMPLETE "incomplete line (accepted: ADDRESS node N, ADDRESS cpumask HEX)"

static void every_kind_of_error_has_its_message(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "08:00 node 1", BAD_ADDRESS("08:00") },
		{ "1c.6 node 1", BAD_ADDRESS("1c.6") },
		{ "0000:08:00.8 node 1", BAD_ADDRESS("0000:08:00.8") },
		{ "0000:08:20 node 1", BAD_ADDRESS("0000:08:20") },
		{ "0000:08:00.00 node 1", BAD_ADDRESS("0000:08:00.00") },
		{ "eth0 node 1", BAD_ADDRESS("eth0") },
		{ "0000:08", INCOMPLETE },
		{ "0000:08 node", INCOMPLETE },
		{ "0000:08 cpumask # ff", INCOMPLETE },
		{ "0000:08 nod 1", "unknown word 'nod' (accepted: node, cpumask)" },
		{ "0000:08 nod", "unknown word 'nod' (accepted: node, cpumask)" },
		{ "0000:08 = node 1", "unknown word '=' (accepted: node, cpumask)" },
		{ "0000:08 node 1x", "bad node '1x' (accepted: -1 to 1023)" },
		{ "0000:08 node -2", "bad node '-2' (accepted: -1 to 1023)" },
		{ "0000:08 node 1024", "bad node '1024' (accepted: -1 to 1023)" },
		{ "0000:08 node node0", "bad node 'node0' (accepted: -1 to 1023)" },
		{ "0000:08 cpumask zz", BAD_MASK("zz") },
		{ "0000:08 cpumask 0", BAD_MASK("0") },
		{ "0000:08 cpumask 00000000,00000000", BAD_MASK("00000000,00000000") },
		{ "0000:08 cpumask 0x", BAD_MASK("0x") },
		{ "0000:08 cpumask 1ffffffff", BAD_MASK("1ffffffff") },
		{ "0000:08 cpumask 0-3", BAD_MASK("0-3") },
		{ "0000:08 node 1 2", "unexpected '2' after the node" },
		{ "0000:08 node 1 ; x", "unexpected ';' after the node" },
		{ "0000:08 cpumask ff ff", "unexpected 'ff' after the cpumask" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct proximity proximity = PROXIMITY_INIT;
		char text[128];

		(void) snprintf(text, sizeof(text), "# c\n%s\n0001: node 0\n", cases[i].text);
		assert_int_equal(parse(&proximity, text, &messages), -EINVAL);
		assert_int_equal(messages.count, 1);
		assert_string_equal(messages.items[0].text, cases[i].message);
		assert_string_equal(messages.items[0].file, "pxm");
		assert_int_equal(messages.items[0].line, 2);
		assert_false(messages.items[0].warning);
		assert_int_equal(proximity.count, 1);
		message_list_deinit(&messages);
		proximity_deinit(&proximity);
	}
}

static void all_errors_of_a_file_and_of_a_line_are_told(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;

	(void) state;
	assert_int_equal(parse(&proximity, "x node y z\n0000: node 0\n0000: cpumask zz\n",
			       &messages),
			 -EINVAL);
	assert_int_equal(messages.errors, 4);
	assert_int_equal(messages.items[0].line, 1);
	assert_int_equal(messages.items[1].line, 1);
	assert_int_equal(messages.items[2].line, 1);
	assert_int_equal(messages.items[3].line, 3);
	message_list_deinit(&messages);
	proximity_deinit(&proximity);
}

static void a_file_is_read_and_a_missing_one_is_an_error(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;
	char path[] = "/tmp/irqherd-proximity-XXXXXX";
	int fd = mkstemp(path);

	(void) state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, manual_example, strlen(manual_example)), strlen(manual_example));
	assert_int_equal(close(fd), 0);

	assert_int_equal(proximity_read(&proximity, path, &messages), 0);
	assert_int_equal(proximity.count, 3);
	assert_string_equal(proximity.path, path);
	proximity_deinit(&proximity);
	proximity_deinit(&proximity);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(proximity_read(&proximity, path, &messages), -EINVAL);
	assert_string_equal(messages.items[0].text, "cannot be read: No such file or directory");
	assert_string_equal(messages.items[0].file, path);
	assert_int_equal(messages.items[0].line, 0);
	assert_int_equal(proximity_read(&proximity, "/tmp", &messages), -EINVAL);
	assert_string_equal(messages.items[1].text, "cannot be read: Is a directory");
	message_list_deinit(&messages);
	proximity_deinit(&proximity);
}

/* Its rules stand in comments; with the comments taken away they are rules. */
static void the_example_that_is_installed_is_right(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;
	char line[256];
	FILE *file;

	(void) state;
	assert_int_equal(proximity_read(&proximity, FIXTURES "/../../packaging/examples/proximity",
					&messages),
			 0);
	assert_int_equal(proximity.count, 0);

	file = fopen(FIXTURES "/../../packaging/examples/proximity", "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "#0", 2) == 0)
			assert_int_equal(parse(&proximity, line + 1, &messages), 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(proximity.count, 4);
	proximity_deinit(&proximity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manuals_example_means_what_the_manual_says),
		cmocka_unit_test(longer_proximity_prefix_wins_wherever_it_stands),
		cmocka_unit_test(the_first_of_equal_prefixes_wins),
		cmocka_unit_test(an_address_starts_with_the_prefix_and_does_not_only_hold_it),
		cmocka_unit_test(good_lines_are_taken_in_any_spelling),
		cmocka_unit_test(every_kind_of_error_has_its_message),
		cmocka_unit_test(all_errors_of_a_file_and_of_a_line_are_told),
		cmocka_unit_test(a_file_is_read_and_a_missing_one_is_an_error),
		cmocka_unit_test(the_example_that_is_installed_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
