#include "tree.h"

#include "irqherd/source/kernel.h"

struct irq_time_case {
	const char *release;
	bool psi;     /* /proc/pressure/cpu exists */
	bool psi_irq; /* and /proc/pressure/irq */
	enum kernel_answer answer;
};

static void irq_time_accounting_is_told_by_pressure_irq(void **state)
{
	static const struct irq_time_case cases[] = {
		{ "6.12.1\n", true, true, KERNEL_YES },
		{ "6.1.0-18-amd64\n", true, false, KERNEL_NO },
		{ "6.12.1\n", false, false, KERNEL_UNKNOWN },
		{ "6.0.9\n", true, false, KERNEL_UNKNOWN },
		{ "5.10.0\n", true, false, KERNEL_UNKNOWN },
		{ "garbage\n", true, false, KERNEL_UNKNOWN },
		{ "", true, false, KERNEL_UNKNOWN },
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tree tree;

		tree_make(&tree);
		tree_put(&tree, "proc/sys/kernel/osrelease", cases[i].release);
		if (cases[i].psi)
			tree_put(&tree, "proc/pressure/cpu", "some avg10=0.00 total=0\n");
		if (cases[i].psi_irq)
			tree_put(&tree, "proc/pressure/irq", "full avg10=0.00 total=0\n");
		assert_int_equal(kernel_accounts_irq_time(&tree.root), cases[i].answer);
		tree_remove(&tree);
	}
}

static void another_namespace_than_the_first_process_is_foreign(void **state)
{
	static const struct {
		const char *ours, *first;
		enum kernel_answer answer;
	} cases[] = {
		{ "net:[1]", "net:[1]", KERNEL_NO },
		{ "net:[2]", "net:[1]", KERNEL_YES },
		{ "net:[2]", NULL, KERNEL_UNKNOWN },
		{ NULL, "net:[1]", KERNEL_UNKNOWN },
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tree tree;

		tree_make(&tree);
		tree_dir(&tree, "proc/self");
		if (cases[i].ours)
			tree_link(&tree, "proc/self/ns/net", cases[i].ours);
		if (cases[i].first)
			tree_link(&tree, "proc/1/ns/net", cases[i].first);
		assert_int_equal(kernel_foreign_netns(&tree.root), cases[i].answer);
		tree_remove(&tree);
	}
}

static void words_of_the_command_line_are_whole_words(void **state)
{
	static const struct {
		const char *cmdline;
		bool there;
	} cases[] = {
		{ "root=/dev/sda irqherd.freeze quiet\n", true },
		{ "irqherd.freeze", true },
		{ "irqherd.freeze\n", true },
		{ "quiet irqherd.freeze=0\n", false },
		{ "quiet xirqherd.freeze\n", false },
		{ "quiet irqherd.freezer irqherd.freeze\n", true },
		{ "", false },
		{ "\n", false },
		{ "   quiet  \n", false },
	};
	struct tree empty;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tree tree;

		tree_make(&tree);
		tree_put(&tree, "proc/cmdline", cases[i].cmdline);
		assert_int_equal(kernel_has_word(&tree.root, "irqherd.freeze"), cases[i].there);
		tree_remove(&tree);
	}
	tree_make(&empty);
	assert_false(kernel_has_word(&empty.root, "irqherd.freeze"));
	tree_remove(&empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(irq_time_accounting_is_told_by_pressure_irq),
		cmocka_unit_test(another_namespace_than_the_first_process_is_foreign),
		cmocka_unit_test(words_of_the_command_line_are_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
