#include "temp_tree.h"

#include <errno.h>

#include "irqherd/actuate/affinity_null.h"
#include "irqherd/actuate/affinity_proc.h"
#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"

static void every_errno_has_its_meaning(void **state)
{
	static const struct {
		int error;
		enum move_result result;
	} cases[] = {
		{ 0, MOVE_APPLIED },          { -EAGAIN, MOVE_BUSY },
		{ -EBUSY, MOVE_BUSY },        { -EINTR, MOVE_BUSY },
		{ -ENOSPC, MOVE_NO_VECTOR },  { -EINVAL, MOVE_NO_ONLINE_CPU },
		{ -EPERM, MOVE_NOT_ALLOWED }, { -EIO, MOVE_NOT_ALLOWED },
		{ -ENOENT, MOVE_GONE },       { -ENODEV, MOVE_GONE },
		{ -EROFS, MOVE_READ_ONLY },   { -EACCES, MOVE_READ_ONLY },
		{ -EOVERFLOW, MOVE_FAILED },  { -ERANGE, MOVE_FAILED },
		{ -EMFILE, MOVE_FAILED },     { -ENFILE, MOVE_FAILED },
		{ -ENOMEM, MOVE_FAILED },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(move_result_of_errno(cases[i].error), cases[i].result);
}

static enum move_result apply(struct actuator *actuator, unsigned int irq, int cpu)
{
	struct move move = { .irq = irq, .from_cpu = CPU_NONE, .to_cpu = cpu };

	return actuator->apply(actuator, &move);
}

static int setup(void **state)
{
	struct temp_tree *tree = calloc(1, sizeof(*tree));

	assert_non_null(tree);
	tree_init(tree);
	tree_folder(tree, "proc/irq");
	tree_folder(tree, "proc/irq/7");
	*state = tree;
	return 0;
}

static int teardown(void **state)
{
	tree_deinit(*state);
	free(*state);
	return 0;
}

static void target_is_written_as_a_list_of_one(void **state)
{
	struct temp_tree *tree = *state;
	struct affinity_proc affinity;

	tree_file(tree, "proc/irq/7/smp_affinity_list", "", 0644);
	tree_file(tree, "proc/irq/7/smp_affinity", "", 0644);
	affinity_proc_init(&affinity, &tree->root);

	assert_int_equal(apply(&affinity.actuator, 7, 127), MOVE_APPLIED);
	assert_tree_file(tree, "proc/irq/7/smp_affinity_list", "127");
	assert_tree_file(tree, "proc/irq/7/smp_affinity", "");
	assert_int_equal(affinity.writes, 1);
	assert_int_equal(affinity.refused, 0);
	assert_true(affinity.actuator.writes);
}

static void hex_mask_is_written_where_there_is_no_list(void **state)
{
	struct temp_tree *tree = *state;
	struct affinity_proc affinity;

	tree_file(tree, "proc/irq/7/smp_affinity", "", 0644);
	affinity_proc_init(&affinity, &tree->root);

	assert_int_equal(apply(&affinity.actuator, 7, 33), MOVE_APPLIED);
	assert_tree_file(tree, "proc/irq/7/smp_affinity", "00000002,00000000");
}

static void vanished_irq_is_gone(void **state)
{
	struct temp_tree *tree = *state;
	struct affinity_proc affinity;

	affinity_proc_init(&affinity, &tree->root);
	assert_int_equal(apply(&affinity.actuator, 7, 1), MOVE_GONE);
	assert_int_equal(apply(&affinity.actuator, 8, 1), MOVE_GONE);
	assert_int_equal(affinity.writes, 0);
	assert_int_equal(affinity.refused, 2);
}

static void full_vector_table_is_no_vector(void **state)
{
	struct temp_tree *tree = *state;
	struct affinity_proc affinity;
	char path[256];

	tree_path(tree, "proc/irq/7/smp_affinity_list", path);
	assert_int_equal(symlink("/dev/full", path), 0);
	affinity_proc_init(&affinity, &tree->root);
	assert_int_equal(apply(&affinity.actuator, 7, 1), MOVE_NO_VECTOR);
	assert_int_equal(affinity.refused, 1);
}

static void unforeseen_error_is_failed(void **state)
{
	struct temp_tree *tree = *state;
	struct affinity_proc affinity;

	tree_folder(tree, "proc/irq/7/smp_affinity_list");
	affinity_proc_init(&affinity, &tree->root);
	assert_int_equal(apply(&affinity.actuator, 7, 1), MOVE_FAILED);
}

/* Root may write what has no write bit: the test is made as nobody. */
static bool leave_root(void)
{
	return geteuid() != 0 || seteuid(65534) == 0;
}

static void return_to_root(uid_t uid)
{
	if (geteuid() != uid)
		assert_int_equal(seteuid(uid), 0);
}

static void missing_rights_are_read_only(void **state)
{
	struct temp_tree *tree = *state;
	struct affinity_proc affinity;
	enum move_result result;
	uid_t uid = geteuid();
	int r;

	tree_file(tree, "proc/irq/7/smp_affinity_list", "0-3\n", 0644);
	affinity_proc_init(&affinity, &tree->root);
	if (uid != 0 || !leave_root())
		skip(); /* one's own file cannot refuse so */
	result = apply(&affinity.actuator, 7, 1);
	r = affinity_proc_probe(&tree->root);
	return_to_root(uid);

	assert_int_equal(result, MOVE_READ_ONLY);
	assert_int_equal(r, -EACCES);
	assert_tree_file(tree, "proc/irq/7/smp_affinity_list", "0-3\n");
}

static void irq_without_write_bit_is_not_allowed(void **state)
{
	struct temp_tree *tree = *state;
	struct affinity_proc affinity;
	enum move_result result;
	uid_t uid = geteuid();

	tree_file(tree, "proc/irq/7/smp_affinity_list", "0-3\n", 0444);
	affinity_proc_init(&affinity, &tree->root);
	if (!leave_root())
		skip();
	result = apply(&affinity.actuator, 7, 1);
	return_to_root(uid);
	assert_int_equal(result, MOVE_NOT_ALLOWED);
}

static void probe_passes_over_managed_irqs_and_other_names(void **state)
{
	struct temp_tree *tree = *state;
	uid_t uid = geteuid();
	int r;

	tree_file(tree, "proc/irq/default_smp_affinity", "3\n", 0644);
	tree_file(tree, "proc/irq/7/smp_affinity_list", "0\n", 0444);
	tree_folder(tree, "proc/irq/8");
	assert_int_equal(affinity_proc_probe(&tree->root), 0);

	/* Of those with a write bit the first is asked: it belongs to root, and we do not. */
	tree_folder(tree, "proc/irq/9");
	tree_file(tree, "proc/irq/9/smp_affinity_list", "0\n", 0644);
	if (!leave_root())
		skip();
	r = affinity_proc_probe(&tree->root);
	return_to_root(uid);
	assert_int_equal(r, -EACCES);
}

static void probe_writes_nothing(void **state)
{
	struct temp_tree *tree = *state;

	tree_file(tree, "proc/irq/7/smp_affinity_list", "0-3\n", 0644);
	assert_int_equal(affinity_proc_probe(&tree->root), 0);
	assert_tree_file(tree, "proc/irq/7/smp_affinity_list", "0-3\n");
}

static void probe_without_irqs_says_so(void **state)
{
	struct temp_tree tree;

	(void) state;
	tree_init(&tree);
	assert_int_equal(affinity_proc_probe(&tree.root), -ENOENT);
	tree_deinit(&tree);
}

static void dry_run_takes_every_move(void **state)
{
	struct affinity_null affinity;

	(void) state;
	affinity_null_init(&affinity);
	assert_false(affinity.actuator.writes);
	assert_int_equal(apply(&affinity.actuator, 7, 1), MOVE_APPLIED);
	assert_int_equal(apply(&affinity.actuator, 7, 0), MOVE_APPLIED);
	assert_int_equal(affinity.moves, 2);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_errno_has_its_meaning),
		WITH_TREE(target_is_written_as_a_list_of_one),
		WITH_TREE(hex_mask_is_written_where_there_is_no_list),
		WITH_TREE(vanished_irq_is_gone),
		WITH_TREE(full_vector_table_is_no_vector),
		WITH_TREE(unforeseen_error_is_failed),
		WITH_TREE(missing_rights_are_read_only),
		WITH_TREE(irq_without_write_bit_is_not_allowed),
		WITH_TREE(probe_passes_over_managed_irqs_and_other_names),
		WITH_TREE(probe_writes_nothing),
		cmocka_unit_test(probe_without_irqs_says_so),
		cmocka_unit_test(dry_run_takes_every_move),
	};

	log_set_level(LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
