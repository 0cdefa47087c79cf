#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/lines.h"

static void ends_of_lines_are_lf_or_cr_lf_or_missing(void **state)
{
	static const char text[] = "one\r\n\ntwo\nthree\t\r";
	static const struct {
		unsigned int number;
		const char *line;
	} expected[] = { { 1, "one" }, { 2, "" }, { 3, "two" }, { 4, "three\t" } };
	struct message_list messages = MESSAGE_LIST_INIT;
	struct lines lines;

	(void) state;
	lines_init(&lines, "file", text, strlen(text), &messages);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		char *line = lines_next(&lines);

		assert_non_null(line);
		assert_string_equal(line, expected[i].line);
		assert_int_equal(lines.number, expected[i].number);
	}
	assert_null(lines_next(&lines));
	assert_int_equal(lines_result(&lines), 0);
	lines_deinit(&lines);
}

static void no_text_has_no_line(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct lines lines;

	(void) state;
	lines_init(&lines, "file", "", 0, &messages);
	assert_null(lines_next(&lines));
	assert_int_equal(lines_result(&lines), 0);
	lines_deinit(&lines);
}

static void binary_input_is_one_error_and_ends_the_reading(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *message;
	} cases[] = {
		{ "ok\nna\0ught\n\0\n", 13, "not a text file (byte 0x00)" },
		{ "ok\n\177ELF\2\1\1\0\nmore\1\n", 18, "not a text file (byte 0x7f)" },
		{ "ok\nlone\rreturn\nnext\n", 20, "not a text file (byte 0x0d)" },
		{ "ok\n\033[31m\nnext\n", 14, "not a text file (byte 0x1b)" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct lines lines;

		lines_init(&lines, "file", cases[i].text, cases[i].length, &messages);
		assert_string_equal(lines_next(&lines), "ok");
		assert_null(lines_next(&lines));
		assert_null(lines_next(&lines));
		assert_int_equal(lines_result(&lines), -EINVAL);
		assert_int_equal(messages.count, 1);
		assert_int_equal(messages.items[0].line, 2);
		assert_string_equal(messages.items[0].text, cases[i].message);
		lines_deinit(&lines);
		message_list_deinit(&messages);
	}
}

static void letters_beyond_ascii_are_text(void **state)
{
	static const char text[] = "# \xcf\xe5\xf0 \xc3\xbc\n";
	struct message_list messages = MESSAGE_LIST_INIT;
	struct lines lines;

	(void) state;
	lines_init(&lines, "file", text, strlen(text), &messages);
	assert_non_null(lines_next(&lines));
	assert_int_equal(lines_result(&lines), 0);
	lines_deinit(&lines);
}

static void a_line_that_is_too_long_is_passed_over_with_an_error(void **state)
{
	static char text[LINE_LIMIT + 1 + 1 + LINE_LIMIT + 1 + 3];
	struct message_list messages = MESSAGE_LIST_INIT;
	struct lines lines;

	(void) state;
	memset(text, 'x', sizeof(text));
	text[LINE_LIMIT + 1] = '\n';
	text[LINE_LIMIT + 2 + LINE_LIMIT] = '\n';

	lines_init(&lines, "file", text, sizeof(text), &messages);
	assert_int_equal(strlen(lines_next(&lines)), LINE_LIMIT);
	assert_int_equal(lines.number, 2);
	assert_string_equal(lines_next(&lines), "xxx");
	assert_null(lines_next(&lines));
	assert_int_equal(messages.count, 1);
	assert_int_equal(messages.items[0].line, 1);
	assert_string_equal(messages.items[0].text, "line is longer than 65536 bytes");
	assert_int_equal(lines_result(&lines), -EINVAL);
	lines_deinit(&lines);
	message_list_deinit(&messages);
}

static void after_a_hundred_errors_the_rest_is_left(void **state)
{
	char text[300];
	struct message_list messages = MESSAGE_LIST_INIT;
	struct lines lines;
	unsigned int count = 0;

	(void) state;
	memset(text, '\n', sizeof(text));
	message_error(&messages, "another", 1, "not counted here");
	lines_init(&lines, "file", text, sizeof(text), &messages);
	while (lines_next(&lines)) {
		message_error(&messages, "file", lines.number, "wrong");
		count++;
	}
	assert_int_equal(count, LINES_ERROR_LIMIT);
	assert_int_equal(messages.count, 1 + LINES_ERROR_LIMIT + 1);
	assert_string_equal(messages.items[messages.count - 1].text,
			    "too many errors, the rest is not looked at");
	assert_int_equal(messages.items[messages.count - 1].line, LINES_ERROR_LIMIT + 1);
	lines_deinit(&lines);
	message_list_deinit(&messages);
}

static void errors_of_before_do_not_count(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct lines lines;

	(void) state;
	message_error(&messages, "another", 1, "old");
	lines_init(&lines, "file", "x", 1, &messages);
	assert_non_null(lines_next(&lines));
	message_warning(&messages, "file", 1, "only a warning");
	assert_int_equal(lines_result(&lines), 0);
	lines_deinit(&lines);
	message_list_deinit(&messages);
}

static void files_are_read_whole_and_nothing_is_waited_for(void **state)
{
	char directory[] = "/tmp/irqherd-lines-XXXXXX";
	struct buf text = BUF_INIT;
	char path[64];
	int fd;

	(void) state;
	assert_non_null(mkdtemp(directory));
	(void) snprintf(path, sizeof(path), "%s/file", directory);

	assert_int_equal(lines_read_file(path, &text), -ENOENT);
	assert_int_equal(lines_read_file(directory, &text), -EISDIR);
	assert_int_equal(lines_read_file("/dev/null", &text), 0);
	assert_int_equal(text.length, 0);
	assert_int_equal(lines_read_file("/dev/zero", &text), -EFBIG);

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	assert_int_equal(lines_read_file(path, &text), 0);
	assert_int_equal(text.length, 3);
	assert_memory_equal(text.data, "a\0b", 4);

	assert_int_equal(ftruncate(fd, LINES_FILE_LIMIT), 0);
	assert_int_equal(lines_read_file(path, &text), 0);
	assert_int_equal(text.length, LINES_FILE_LIMIT);
	assert_int_equal(ftruncate(fd, LINES_FILE_LIMIT + 1), 0);
	assert_int_equal(lines_read_file(path, &text), -EFBIG);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(lines_read_file(path, &text), -ENOTSUP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_of_lines_are_lf_or_cr_lf_or_missing),
		cmocka_unit_test(no_text_has_no_line),
		cmocka_unit_test(binary_input_is_one_error_and_ends_the_reading),
		cmocka_unit_test(letters_beyond_ascii_are_text),
		cmocka_unit_test(a_line_that_is_too_long_is_passed_over_with_an_error),
		cmocka_unit_test(after_a_hundred_errors_the_rest_is_left),
		cmocka_unit_test(errors_of_before_do_not_count),
		cmocka_unit_test(files_are_read_whole_and_nothing_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
