/*
 * By hand rather than with strtoul and strtod: those accept signs and blanks that kernel files do
 * not have, stop silently at rubbish, and read a decimal comma where the locale says so.
 */
#include "irqherd/base/parse.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

static bool at_end(const char *text)
{
	text = skip_blanks(text);
	if (*text == '\n')
		text++;
	return *text == '\0';
}

/* Appends a digit; a number that outgrows 64 bits stays at the highest, which no caller allows. */
static uint64_t push_digit(uint64_t number, unsigned int base, unsigned int digit)
{
	if (__builtin_mul_overflow(number, base, &number) ||
	    __builtin_add_overflow(number, digit, &number))
		return UINT64_MAX;
	return number;
}

/* Reads the digits, of which there must be one, up to the end of the text. */
static int read_decimal(const char *text, uint64_t *number)
{
	if (!is_digit(*text))
		return -EINVAL;
	for (*number = 0; is_digit(*text); text++)
		*number = push_digit(*number, 10, (unsigned int) (*text - '0'));
	return at_end(text) ? 0 : -EINVAL;
}

int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t number;
	int r;

	r = read_decimal(skip_blanks(text), &number);
	if (r < 0)
		return r;
	if (number < min || number > max)
		return -ERANGE;

	*ret = (uint32_t) number;
	return 0;
}

int parse_i32(const char *text, int32_t min, int32_t max, int32_t *ret)
{
	uint64_t magnitude;
	int64_t number;
	bool negative;
	int r;

	text = skip_blanks(text);
	negative = *text == '-';

	r = read_decimal(text + negative, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > UINT64_C(1) << 31)
		return -ERANGE;
	number = negative ? -(int64_t) magnitude : (int64_t) magnitude;
	if (number < min || number > max)
		return -ERANGE;

	*ret = (int32_t) number;
	return 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_hex32(const char *text, uint32_t *ret)
{
	uint64_t number = 0;

	text = skip_blanks(text);
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;

	if (hex_digit(*text) < 0)
		return -EINVAL;
	for (; hex_digit(*text) >= 0; text++)
		number = push_digit(number, 16, (unsigned int) hex_digit(*text));
	if (!at_end(text))
		return -EINVAL;
	if (number > UINT32_MAX)
		return -ERANGE;

	*ret = (uint32_t) number;
	return 0;
}

/* The point needs a digit on both sides; UINT64_MAX stands for "too big" and is never accepted. */
int parse_decimal(const char *text, unsigned int digits, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	text = skip_blanks(text);
	if (!is_digit(*text))
		return -EINVAL;
	for (; is_digit(*text); text++)
		number = push_digit(number, 10, (unsigned int) (*text - '0'));

	if (*text == '.') {
		text++;
		if (!is_digit(*text))
			return -EINVAL;
		for (; is_digit(*text); text++) {
			if (digits == 0)
				continue;
			number = push_digit(number, 10, (unsigned int) (*text - '0'));
			digits--;
		}
	}
	for (; digits > 0; digits--)
		number = push_digit(number, 10, 0);

	if (!at_end(text))
		return -EINVAL;
	if (number == UINT64_MAX || number < min || number > max)
		return -ERANGE;

	*ret = number;
	return 0;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment. Three rows of the table are enough, since a swap looks back by two.
 * Words longer than any key or option are cut: they are far from all of them anyway.
 */
unsigned int edit_distance(const char *a, const char *b)
{
	enum {
		LONGEST = 64
	};
	unsigned int rows[3][LONGEST + 1];
	unsigned int *before = rows[0], *above = rows[1], *row = rows[2];
	size_t a_length = strlen(a), b_length = strlen(b);
	unsigned int cut = 0;

	if (a_length > LONGEST) {
		cut += (unsigned int) (a_length - LONGEST);
		a_length = LONGEST;
	}
	if (b_length > LONGEST) {
		cut += (unsigned int) (b_length - LONGEST);
		b_length = LONGEST;
	}

	for (size_t j = 0; j <= b_length; j++)
		above[j] = (unsigned int) j;

	for (size_t i = 1; i <= a_length; i++) {
		unsigned int *oldest = before;

		row[0] = (unsigned int) i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned int replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}

		before = above;
		above = row;
		row = oldest;
	}
	return above[b_length] + cut;
}
