#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/fsroot.h"

struct tree {
	char path[64];
	struct fsroot root;
};

static void at(const struct tree *tree, char path[PATH_MAX], const char *name)
{
	(void) snprintf(path, PATH_MAX, "%s/%s", tree->path, name);
}

static void make_dir(const struct tree *tree, const char *name)
{
	char path[PATH_MAX];

	at(tree, path, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_file(const struct tree *tree, const char *name, const char *data, size_t length)
{
	char path[PATH_MAX];
	FILE *file;

	at(tree, path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static int make_tree(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	char path[PATH_MAX];

	assert_non_null(tree);
	(void) strcpy(tree->path, "/tmp/test_fsroot.XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	make_dir(tree, "proc");
	make_dir(tree, "proc/irq");
	make_dir(tree, "proc/irq/35");
	make_dir(tree, "sys");
	make_dir(tree, "sys/bus");
	make_dir(tree, "sys/empty");
	make_file(tree, "proc/irq/35/smp_affinity", "ff\n", 3);
	make_file(tree, "sys/bus/class", "0x020000\n", 9);
	make_file(tree, "outside", "secret", 6);
	at(tree, path, "sys/bus/driver");
	assert_int_equal(symlink("../../bus/pci/drivers/ixgbe", path), 0);
	assert_int_equal(fsroot_init(&tree->root, tree->path), 0);
	*state = tree;
	return 0;
}

static int remove_tree(void **state)
{
	struct tree *tree = *state;
	char command[PATH_MAX];

	fsroot_deinit(&tree->root);
	(void) snprintf(command, sizeof(command), "rm -r %s", tree->path);
	assert_int_equal(system(command), 0);
	free(tree);
	return 0;
}

static void files_are_read_from_both_trees(void **state)
{
	struct tree *tree = *state;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	assert_int_equal(fsroot_read(&tree->root, FSROOT_PROC, &text, "irq/%u/smp_affinity", 35u),
			 0);
	assert_string_equal(buf_text(&text), "ff\n");
	assert_int_equal(fsroot_read(&tree->root, FSROOT_SYS, &text, "bus/%s", "class"), 0);
	assert_string_equal(buf_text(&text), "0x020000\n");
	assert_int_equal(fsroot_read(&tree->root, FSROOT_SYS, &text, "/bus/class"), 0);
	assert_string_equal(buf_text(&text), "0x020000\n");
	assert_int_equal(tree->root.opened, 3);
	assert_false(tree->root.live);
}

static void missing_files_are_enoent_and_leave_no_text(void **state)
{
	struct tree *tree = *state;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	assert_int_equal(buf_puts(&text, "of before"), 0);
	assert_int_equal(fsroot_read(&tree->root, FSROOT_SYS, &text, "bus/vendor"), -ENOENT);
	assert_string_equal(buf_text(&text), "");
	assert_int_equal(fsroot_read(&tree->root, FSROOT_SYS, &text, "bus/class/x"), -ENOTDIR);
	assert_int_equal(fsroot_read(&tree->root, FSROOT_SYS, &text, "bus"), -EISDIR);
	assert_string_equal(buf_text(&text), "");
	assert_int_equal(fsroot_open(&tree->root, FSROOT_SYS, O_RDONLY, "nothing"), -ENOENT);
	assert_int_equal(fsroot_open(&tree->root, FSROOT_SYS, O_RDONLY, "/outside"), -ENOENT);
}

static void files_of_every_awkward_size_are_read_whole(void **state)
{
	static const size_t sizes[] = { 0,    1,    4094, 4095, 4096,  4097,
					8190, 8191, 8192, 8193, 65536, 1000003 };
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_(buf_deinit) struct buf text = BUF_INIT;
		char *data = malloc(sizes[i] + 1);
		int fd;

		assert_non_null(data);
		for (size_t n = 0; n < sizes[i]; n++)
			data[n] = (char) ('a' + n * 31 % 26);
		data[sizes[i]] = '\0';
		make_file(tree, "sys/file", data, sizes[i]);
		make_file(tree, "proc/file", data, sizes[i]);

		for (enum fsroot_tree which = FSROOT_PROC; which <= FSROOT_SYS; which++) {
			assert_int_equal(fsroot_read(&tree->root, which, &text, "file"), 0);
			assert_int_equal(text.length, sizes[i]);
			assert_string_equal(buf_text(&text), data);
		}

		fd = fsroot_open(&tree->root, FSROOT_PROC, O_RDONLY, "file");
		assert_true(fd >= 0);
		for (unsigned int again = 0; again < 2; again++) {
			buf_deinit(&text);
			assert_int_equal(file_read_again(fd, &text), 0);
			assert_int_equal(text.length, sizes[i]);
			assert_string_equal(buf_text(&text), data);
			assert_int_equal(file_read_record(fd, &text), 0);
			assert_int_equal(text.length, sizes[i]);
			assert_string_equal(buf_text(&text), data);
		}
		(void) close(fd);
		free(data);
	}
}

static void a_kept_file_is_read_as_it_is_now(void **state)
{
	struct tree *tree = *state;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int fd = fsroot_open(&tree->root, FSROOT_PROC, O_RDONLY, "irq/35/smp_affinity");

	assert_true(fd >= 0);
	assert_int_equal(file_read_again(fd, &text), 0);
	assert_string_equal(buf_text(&text), "ff\n");
	make_file(tree, "proc/irq/35/smp_affinity", "1\n", 2);
	assert_int_equal(file_read_again(fd, &text), 0);
	assert_string_equal(buf_text(&text), "1\n");
	make_file(tree, "proc/irq/35/smp_affinity", "", 0);
	assert_int_equal(file_read_record(fd, &text), 0);
	assert_string_equal(buf_text(&text), "");
	(void) close(fd);
}

static void failed_rereads_leave_no_text(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	(void) state;
	assert_int_equal(buf_puts(&text, "of before"), 0);
	assert_int_equal(file_read_again(-1, &text), -EBADF);
	assert_string_equal(buf_text(&text), "");
	assert_int_equal(file_read_record(-1, &text), -EBADF);
}

static void files_over_64_mib_are_too_big(void **state)
{
	struct tree *tree = *state;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char path[PATH_MAX];
	int fd;

	make_file(tree, "proc/big", "", 0);
	at(tree, path, "proc/big");
	assert_int_equal(truncate(path, (64L << 20) + 1), 0);
	assert_int_equal(fsroot_read(&tree->root, FSROOT_PROC, &text, "big"), -EFBIG);
	fd = fsroot_open(&tree->root, FSROOT_PROC, O_RDONLY, "big");
	assert_int_equal(file_read_again(fd, &text), -EFBIG);
	assert_int_equal(file_read_record(fd, &text), -EFBIG);
	assert_string_equal(buf_text(&text), "");

	assert_int_equal(truncate(path, 64L << 20), 0);
	assert_int_equal(fsroot_read(&tree->root, FSROOT_PROC, &text, "big"), 0);
	assert_int_equal(text.length, 64u << 20);
	assert_int_equal(file_read_again(fd, &text), 0);
	assert_int_equal(text.length, 64u << 20);
	(void) close(fd);
}

static void links_answer_their_target(void **state)
{
	struct tree *tree = *state;
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;

	assert_int_equal(fsroot_read_link(&tree->root, FSROOT_SYS, &target, "bus/driver"), 0);
	assert_string_equal(buf_text(&target), "../../bus/pci/drivers/ixgbe");
	assert_int_equal(fsroot_read_link(&tree->root, FSROOT_SYS, &target, "bus/class"), -EINVAL);
	assert_string_equal(buf_text(&target), "");
	assert_int_equal(fsroot_read_link(&tree->root, FSROOT_SYS, &target, "bus/none"), -ENOENT);
}

static void existence_is_answered_for_files_and_directories(void **state)
{
	struct tree *tree = *state;

	assert_true(fsroot_exists(&tree->root, FSROOT_SYS, "bus"));
	assert_true(fsroot_exists(&tree->root, FSROOT_SYS, "bus/%s", "class"));
	assert_true(fsroot_exists(&tree->root, FSROOT_PROC, "irq/35"));
	assert_false(fsroot_exists(&tree->root, FSROOT_PROC, "irq/36"));
	assert_false(fsroot_exists(&tree->root, FSROOT_PROC, "bus"));
}

struct names {
	unsigned int count;
	unsigned int stop_after;
	char seen[64];
};

static int collect(void *context, const char *name)
{
	struct names *names = context;

	(void) strcat(names->seen, name);
	names->count++;
	return names->count == names->stop_after ? 7 : 0;
}

static void lists_name_every_entry_but_the_dots(void **state)
{
	struct tree *tree = *state;
	struct names names = { 0 };

	assert_int_equal(fsroot_list(&tree->root, FSROOT_SYS, collect, &names, "bus"), 0);
	assert_int_equal(names.count, 2);
	assert_non_null(strstr(names.seen, "class"));
	assert_non_null(strstr(names.seen, "driver"));

	names = (struct names){ 0 };
	assert_int_equal(fsroot_list(&tree->root, FSROOT_SYS, collect, &names, "empty"), 0);
	assert_int_equal(names.count, 0);

	assert_int_equal(fsroot_list(&tree->root, FSROOT_SYS, collect, &names, "%s", ""), 0);
	assert_int_equal(names.count, 2);
}

static void a_list_ends_with_the_callers_answer(void **state)
{
	struct tree *tree = *state;
	struct names names = { .stop_after = 1 };

	assert_int_equal(fsroot_list(&tree->root, FSROOT_SYS, collect, &names, "bus"), 7);
	assert_int_equal(names.count, 1);
	assert_int_equal(fsroot_list(&tree->root, FSROOT_SYS, collect, &names, "none"), -ENOENT);
	assert_int_equal(fsroot_list(&tree->root, FSROOT_SYS, collect, &names, "bus/class"),
			 -ENOTDIR);
	assert_int_equal(names.count, 1);
}

static void paths_that_are_too_long_are_refused(void **state)
{
	struct tree *tree = *state;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct names names = { 0 };
	int wide = PATH_MAX;

	assert_int_equal(fsroot_read(&tree->root, FSROOT_SYS, &text, "%*d", wide, 1),
			 -ENAMETOOLONG);
	assert_int_equal(fsroot_open(&tree->root, FSROOT_SYS, O_RDONLY, "%*d", wide, 1),
			 -ENAMETOOLONG);
	assert_int_equal(fsroot_read_link(&tree->root, FSROOT_SYS, &text, "%*d", wide, 1),
			 -ENAMETOOLONG);
	assert_int_equal(fsroot_list(&tree->root, FSROOT_SYS, collect, &names, "%*d", wide, 1),
			 -ENAMETOOLONG);
	assert_false(fsroot_exists(&tree->root, FSROOT_SYS, "%*d", wide, 1));
	assert_int_equal(tree->root.opened, 0);
}

static void a_capture_needs_sys_but_not_proc(void **state)
{
	struct tree *tree = *state;
	_cleanup_(fsroot_deinit) struct fsroot root = FSROOT_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct names names = { 0 };
	char path[PATH_MAX];

	make_dir(tree, "sys/only");
	make_dir(tree, "sys/only/sys");
	at(tree, path, "sys/only");
	assert_int_equal(fsroot_init(&root, path), 0);
	assert_int_equal(fsroot_read(&root, FSROOT_PROC, &text, "stat"), -ENOENT);
	assert_int_equal(fsroot_read_link(&root, FSROOT_PROC, &text, "self"), -ENOENT);
	assert_int_equal(fsroot_list(&root, FSROOT_PROC, collect, &names, "irq"), -ENOENT);
	assert_false(fsroot_exists(&root, FSROOT_PROC, "stat"));
	assert_true(fsroot_exists(&root, FSROOT_SYS, "."));
	fsroot_deinit(&root);

	at(tree, path, "proc");
	assert_int_equal(fsroot_init(&root, path), -ENOENT);
	assert_int_equal(root.sys_fd, -1);
	assert_int_equal(fsroot_init(&root, "/nonexistent/tree"), -ENOENT);
}

static void deinit_may_be_called_twice(void **state)
{
	struct tree *tree = *state;

	fsroot_deinit(&tree->root);
	fsroot_deinit(&tree->root);
	assert_int_equal(tree->root.proc_fd, -1);
	assert_int_equal(tree->root.sys_fd, -1);
}

static void descriptors_are_not_inherited(void **state)
{
	struct tree *tree = *state;
	int fd = fsroot_open(&tree->root, FSROOT_SYS, O_RDONLY, "bus/class");

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(tree->root.sys_fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(tree->root.proc_fd, F_GETFD) & FD_CLOEXEC);
	(void) close(fd);
}

/* The reads that this process has asked for, from /proc/self/io; -1 where the kernel does not
 * count. */
static long reads_so_far(void)
{
	char text[512];
	const char *line;
	ssize_t length;
	int fd = open("/proc/self/io", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	length = read(fd, text, sizeof(text) - 1);
	(void) close(fd);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	line = strstr(text, "syscr: ");
	return line ? atol(line + strlen("syscr: ")) : -1;
}

static void small_files_of_the_kernel_cost_one_read(void **state)
{
	_cleanup_(fsroot_deinit) struct fsroot root = FSROOT_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	long before, after;
	int fd;

	(void) state;
	assert_int_equal(fsroot_init(&root, NULL), 0);
	assert_true(root.live);
	fd = fsroot_open(&root, FSROOT_PROC, O_RDONLY, "stat");
	assert_true(fd >= 0);
	assert_int_equal(file_read_record(fd, &text), 0); /* finds its room */
	before = reads_so_far();
	if (before < 0 || !fsroot_exists(&root, FSROOT_SYS, "devices/system/cpu/possible")) {
		(void) close(fd);
		skip();
	}

	/* one of each difference is the looking itself */
	before = reads_so_far();
	assert_int_equal(file_read_record(fd, &text), 0);
	after = reads_so_far();
	assert_int_equal(after - before, 2);
	assert_int_equal(strncmp(buf_text(&text), "cpu ", 4), 0);

	before = reads_so_far();
	assert_int_equal(fsroot_read(&root, FSROOT_SYS, &text, "devices/system/cpu/possible"), 0);
	after = reads_so_far();
	assert_int_equal(after - before, 2);
	assert_true(text.length > 0);
	(void) close(fd);
}

/*
 * /proc/kallsyms is printed record by record: each read answers less than a page, long before the
 * end. It is the one such file that is long on every machine and does not change meanwhile.
 */
static void files_that_come_in_pieces_are_read_to_their_end(void **state)
{
	_cleanup_(fsroot_deinit) struct fsroot root = FSROOT_INIT;
	_cleanup_(buf_deinit) struct buf once = BUF_INIT, again = BUF_INIT, expected = BUF_INIT;
	_cleanup_(buf_deinit) struct buf piece = BUF_INIT;
	char line[4096];
	FILE *file;
	int fd;

	(void) state;
	assert_int_equal(fsroot_init(&root, NULL), 0);
	file = fopen("/proc/kallsyms", "re");
	if (!file)
		skip();
	while (fgets(line, sizeof(line), file))
		assert_int_equal(buf_puts(&expected, line), 0);
	(void) fclose(file);

	assert_int_equal(fsroot_read(&root, FSROOT_PROC, &once, "kallsyms"), 0);
	assert_int_equal(once.length, expected.length);
	assert_string_equal(buf_text(&once), buf_text(&expected));

	fd = fsroot_open(&root, FSROOT_PROC, O_RDONLY, "kallsyms");
	assert_true(fd >= 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(file_read_again(fd, &again), 0);
		assert_int_equal(again.length, expected.length);
		assert_string_equal(buf_text(&again), buf_text(&expected));
	}

	/* the reason for having two functions */
	assert_int_equal(file_read_record(fd, &piece), 0);
	if (expected.length > 65536)
		assert_true(piece.length < expected.length);
	(void) close(fd);
}

struct notes {
	struct fsroot_witness witness;
	struct buf text;
};

static void note(struct fsroot_witness *self, enum fsroot_tree tree, const char *path, bool listed)
{
	struct notes *notes = (struct notes *) (void *) self;

	assert_int_equal(buf_printf(&notes->text, "%s %s%s\n", tree == FSROOT_PROC ? "proc" : "sys",
				    path, listed ? " listed" : ""),
			 0);
}

static int pass_over(void *context, const char *name)
{
	(void) context;
	(void) name;
	return 0;
}

static void a_witness_sees_all_that_is_asked_for(void **state)
{
	_cleanup_(fsroot_deinit) struct fsroot root = FSROOT_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct notes notes = { .witness.saw = note };

	(void) state;
	assert_int_equal(fsroot_init(&root, NULL), 0);
	root.witness = &notes.witness;
	assert_int_equal(fsroot_read(&root, FSROOT_PROC, &text, "self/%s", "stat"), 0);
	assert_int_equal(fsroot_read(&root, FSROOT_SYS, &text, "no/such"), -ENOENT);
	assert_int_equal(fsroot_read_link(&root, FSROOT_PROC, &text, "self"), 0);
	assert_true(fsroot_exists(&root, FSROOT_SYS, "/devices"));
	assert_int_equal(fsroot_list(&root, FSROOT_SYS, pass_over, NULL, "devices"), 0);
	assert_string_equal(buf_text(&notes.text), "proc self/stat\nsys no/such\nproc self\n"
						   "sys devices\nsys devices listed\n");
	buf_deinit(&notes.text);
}

int main(void)
{
#define with_tree(test) cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)
	const struct CMUnitTest tests[] = {
		with_tree(files_are_read_from_both_trees),
		with_tree(missing_files_are_enoent_and_leave_no_text),
		with_tree(files_of_every_awkward_size_are_read_whole),
		with_tree(a_kept_file_is_read_as_it_is_now),
		with_tree(failed_rereads_leave_no_text),
		with_tree(files_over_64_mib_are_too_big),
		with_tree(links_answer_their_target),
		with_tree(existence_is_answered_for_files_and_directories),
		with_tree(lists_name_every_entry_but_the_dots),
		with_tree(a_list_ends_with_the_callers_answer),
		with_tree(paths_that_are_too_long_are_refused),
		with_tree(a_capture_needs_sys_but_not_proc),
		with_tree(deinit_may_be_called_twice),
		with_tree(descriptors_are_not_inherited),
		cmocka_unit_test(a_witness_sees_all_that_is_asked_for),
		cmocka_unit_test(small_files_of_the_kernel_cost_one_read),
		cmocka_unit_test(files_that_come_in_pieces_are_read_to_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
