/*
 * Behind a row's counts come the chip, mostly a hwirq with the flow's name ("0-edge"), on some
 * machines the trigger ("Level", "Edge"), and then, up to the end and with blanks in it, the
 * actions.
 */
#include "interrupts_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/macro.h"

#define STREAM_CHUNK 65536u
#define STREAM_LINE  (1u << 20) /* a line of CPU_LIMIT CPUs has 90 kB */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int64_t hwirq_parse(const char *text, size_t length)
{
	bool negative = length > 0 && text[0] == '-';
	int64_t number = 0;

	if (length == negative)
		return -1;
	for (size_t i = negative; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || number > INT64_MAX / 10 - 9)
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return negative ? (int64_t) (uint32_t) -number : number;
}

struct token next_token(const char **text, const char *end)
{
	struct token token;

	while (*text < end && **text == ' ')
		(*text)++;
	token.text = *text;
	while (*text < end && **text != ' ')
		(*text)++;
	token.length = (size_t) (*text - token.text);
	return token;
}

static bool token_is(const struct token *token, const char *word)
{
	return token->length == strlen(word) && memcmp(token->text, word, token->length) == 0;
}

/* "524288-edge", "27", "2-fasteoi", as opposed to an action such as "0000:00:00.0". */
static bool token_is_hwirq(const struct token *token, int64_t *ret_hwirq)
{
	size_t i = token->length > 0 && token->text[0] == '-';
	size_t digits;

	while (i < token->length && is_digit(token->text[i]))
		i++;
	digits = i;
	if (digits == 0 || !is_digit(token->text[digits - 1]))
		return false;
	if (i < token->length && token->text[i++] != '-')
		return false;
	for (; i < token->length; i++)
		if ((token->text[i] < 'a' || token->text[i] > 'z') && token->text[i] != '_')
			return false;

	*ret_hwirq = hwirq_parse(token->text, digits);
	return true;
}

/* Before domains had hwirqs, the flow was part of the chip's column. */
static void cut_flow(struct token *chip)
{
	static const char *const flows[] = { "-edge", "-fasteoi", "-level" };

	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		size_t length = strlen(flows[i]);

		if (chip->length > length &&
		    memcmp(chip->text + chip->length - length, flows[i], length) == 0) {
			chip->length -= length;
			return;
		}
	}
}

struct row_tail row_tail_parse(const char *text, const char *end)
{
	struct row_tail tail = { .hwirq = -1 };
	struct token token;
	const char *mark;

	tail.chip = next_token(&text, end);
	if (tail.chip.length > 0 && token_is_hwirq(&tail.chip, &tail.hwirq)) {
		/* A chip without a name is shown as "-". */
		tail.chip.length = 0;
	} else {
		cut_flow(&tail.chip);
		mark = text;
		token = next_token(&text, end);
		if (!token_is_hwirq(&token, &tail.hwirq) &&
		    !(token.length > 0 && token.text[0] == '-'))
			text = mark;
	}

	mark = text;
	token = next_token(&text, end);
	if (!token_is(&token, "Level") && !token_is(&token, "Edge"))
		text = mark;

	tail.actions = (struct token){ text, (size_t) (end - text) };
	while (tail.actions.length > 0 && *tail.actions.text == ' ')
		tail.actions.text++, tail.actions.length--;
	while (tail.actions.length > 0 &&
	       strchr(" \t\r", tail.actions.text[tail.actions.length - 1]))
		tail.actions.length--;
	return tail;
}

size_t row_actions_copy(char *to, const struct token *actions)
{
	char *start = to;

	for (size_t i = 0; i < actions->length; i++) {
		*to++ = actions->text[i];
		if (actions->text[i] == ',' && i + 1 < actions->length &&
		    actions->text[i + 1] == ' ')
			i++;
	}
	*to = '\0';
	return (size_t) (to - start);
}

/* The lines that are whole; *ret_rest is where the others begin. */
static int whole_lines(const char *text, const char *end, line_taker each, void *context,
		       const char **ret_rest)
{
	const char *next;

	while (text < end && (next = memchr(text, '\n', (size_t) (end - text)))) {
		int r = each(context, text, next);

		if (r != 0)
			return r;
		text = next + 1;
	}
	*ret_rest = text;
	return 0;
}

int lines_of_text(const char *text, size_t length, line_taker each, void *context)
{
	const char *end = text + length;
	const char *rest;
	int r;

	r = whole_lines(text, end, each, context, &rest);
	if (r == 0 && rest < end)
		r = each(context, rest, end);
	return r;
}

/* Lines go over the ends of what one read gives; what is left of the last one is carried on. */
int lines_of_file(int fd, struct buf *text, line_taker each, void *context)
{
	buf_reset(text);
	for (;;) {
		const char *rest;
		size_t left;
		ssize_t got;
		int r;

		r = buf_reserve(text, STREAM_CHUNK);
		if (r < 0)
			return r;

		do
			got = read(fd, text->data + text->length, text->size - text->length - 1);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return -errno;
		if (got == 0)
			return text->length > 0
				       ? each(context, text->data, text->data + text->length)
				       : 0;
		text->length += (size_t) got;

		r = whole_lines(text->data, text->data + text->length, each, context, &rest);
		if (r != 0)
			return r;
		left = text->length - (size_t) (rest - text->data);
		if (left > STREAM_LINE)
			return -EFBIG;
		memmove(text->data, rest, left);
		text->length = left;
	}
}
