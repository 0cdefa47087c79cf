/* Any bytes as /proc/stat, twice into one sample: what the first left must not hurt the second. */
#include "irqherd/source/proc_stat.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample sample = SAMPLE_INIT;
	size_t half = size / 2;

	for (int i = 0; i < 2; i++) {
		int r = proc_stat_parse((const char *) data + i * half, size - i * half, &sample);

		if (sample.valid != (r == 0))
			abort();
		if (sample.irq_slots > sample.irq_size || sample.cpu_count > sample.cpu_size)
			abort();
	}
	sample_deinit(&sample);
	return 0;
}
