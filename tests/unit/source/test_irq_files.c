/* irq_files: what is kept, for whom, and how many system calls a reading takes. */
#include <errno.h>
#include <sys/resource.h>

#include "irqherd/source/irq_files.h"
#include "tree.h"

static void put_irq(const struct tree *tree, unsigned int number, const char *asked)
{
	char name[64];

	(void) snprintf(name, sizeof(name), "proc/irq/%u/smp_affinity_list", number);
	tree_put(tree, name, asked);
}

static void assert_read(struct irq_files *files, struct tree *tree, const struct irq *irq,
			const char *wanted, unsigned int wanted_calls)
{
	struct buf text = BUF_INIT;
	unsigned int calls = 0;

	assert_int_equal(irq_files_read(files, &tree->root, irq, &text, &calls), 0);
	assert_string_equal(buf_text(&text), wanted);
	assert_int_equal(calls, wanted_calls);
	buf_deinit(&text);
}

static void kept_descriptor_is_read_with_one_call(void **state)
{
	struct tree *tree = *state;
	struct irq irq = { .number = 300, .generation = 7 };
	struct irq_files files;

	irq_files_init(&files, 4);
	put_irq(tree, 300, "0-7\n");
	assert_false(irq_files_has(&files, &irq));
	assert_read(&files, tree, &irq, "0-7\n", 3);
	assert_true(irq_files_has(&files, &irq));
	put_irq(tree, 300, "3\n");
	assert_read(&files, tree, &irq, "3\n", 1);
	assert_int_equal(files.kept, 1);
	irq_files_deinit(&files);
	irq_files_deinit(&files);
}

static void another_generation_opens_anew(void **state)
{
	struct tree *tree = *state;
	struct irq irq = { .number = 30, .generation = 7 };
	struct irq_files files;

	irq_files_init(&files, 4);
	put_irq(tree, 30, "0-7\n");
	assert_read(&files, tree, &irq, "0-7\n", 3);
	irq.generation++;
	assert_false(irq_files_has(&files, &irq));
	assert_read(&files, tree, &irq, "0-7\n", 3);
	assert_int_equal(files.kept, 1);
	irq_files_drop(&files, 30);
	irq_files_drop(&files, 30);
	irq_files_drop(&files, 100000);
	assert_int_equal(files.kept, 0);
	irq_files_deinit(&files);
}

static void no_more_are_kept_than_the_limit(void **state)
{
	struct tree *tree = *state;
	struct irq_files files;

	irq_files_init(&files, 3);
	for (int again = 0; again < 2; again++)
		for (unsigned int n = 0; n < 6; n++) {
			struct irq irq = { .number = n, .generation = 1 };

			put_irq(tree, n, "1\n");
			assert_read(&files, tree, &irq, "1\n", again && n < 3 ? 1 : 3);
		}
	assert_int_equal(files.kept, 3);
	irq_files_deinit(&files);
}

static void dead_descriptor_is_not_kept(void **state)
{
	struct tree *tree = *state;
	struct irq irq = { .number = 30, .generation = 7 };
	struct buf text = BUF_INIT;
	struct irq_files files;
	unsigned int calls;

	irq_files_init(&files, 3);
	assert_int_equal(irq_files_read(&files, &tree->root, &irq, &text, &calls), -ENOENT);
	assert_int_equal(calls, 1);
	put_irq(tree, 30, "1\n");
	irq_files_put(&files, &irq, open("/dev/null", O_WRONLY | O_CLOEXEC));
	assert_true(irq_files_has(&files, &irq));
	assert_true(irq_files_read(&files, &tree->root, &irq, &text, &calls) < 0);
	assert_false(irq_files_has(&files, &irq));
	assert_read(&files, tree, &irq, "1\n", 3);
	buf_deinit(&text);
	irq_files_deinit(&files);
}

static void room_is_left_below_the_process_limit(void **state)
{
	struct irq_files files;
	struct rlimit before, less;

	(void) state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	less = before;
	less.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	irq_files_init(&files, 4096);
	assert_int_equal(files.limit, 192);
	irq_files_deinit(&files);
	less.rlim_cur = 40;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	irq_files_init(&files, 4096);
	assert_int_equal(files.limit, 0);
	irq_files_deinit(&files);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(kept_descriptor_is_read_with_one_call),
		tree_test(another_generation_opens_anew),
		tree_test(no_more_are_kept_than_the_limit),
		tree_test(dead_descriptor_is_not_kept),
		cmocka_unit_test(room_is_left_below_the_process_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
