/* Both texts of a CPU set: what is accepted prints as a text that means the same set. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/cpumask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stays on when assertions are compiled out, and libFuzzer shows the input. */
static void must(bool truth)
{
	if (!truth)
		abort();
}

static void check_texts(const struct cpumask *mask)
{
	static char hex[CPUMASK_TEXT], list[CPULIST_TEXT];
	struct cpumask again;
	unsigned int count = 0;
	int last = CPU_NONE;

	must(cpumask_format(mask, hex, sizeof(hex)) == strlen(hex));
	must(cpumask_parse(hex, &again) == 0 && cpumask_equal(mask, &again));
	must(cpulist_format(mask, list, sizeof(list)) == strlen(list));
	must(cpulist_parse(list, &again) == 0 && cpumask_equal(mask, &again));

	cpumask_foreach(cpu, mask) {
		must(cpumask_test(mask, cpu));
		last = cpu;
		count++;
	}
	must(cpumask_count(mask) == count);
	must(cpumask_last(mask) == last);
	must(cpumask_single(mask) == (count == 1 ? last : CPU_NONE));
}

static void check(int (*parse)(const char *text, struct cpumask *ret_mask), const char *text)
{
	const struct cpumask before = cpumask_one(77);
	struct cpumask mask = before;
	int r = parse(text, &mask);

	must(r == 0 || r == -EINVAL || r == -ERANGE);
	if (r == 0)
		check_texts(&mask);
	else
		must(cpumask_equal(&mask, &before));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';

	check(cpumask_parse, text);
	check(cpulist_parse, text);

	free(text);
	return 0;
}
