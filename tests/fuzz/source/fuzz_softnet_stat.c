/* Any bytes as a line of /proc/net/softnet_stat. */
#include "irqherd/source/softnet_stat.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct softnet_cpu totals[8] = { 0 };
	int cpu = softnet_line_parse((const char *) data, size, 2, totals, 8);

	if (cpu >= 8)
		abort();
	return 0;
}
