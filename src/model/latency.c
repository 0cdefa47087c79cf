#include "irqherd/model/latency.h"

#include <stddef.h>

const unsigned int latency_bounds_ms[LATENCY_BOUNDS] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 };

void latency_put(struct latency *latency, uint64_t ms)
{
	size_t bucket = 0;

	while (bucket < LATENCY_BOUNDS && ms > latency_bounds_ms[bucket])
		bucket++;
	latency->counts[bucket]++;
	latency->sum_ms += ms;
}

uint64_t latency_count(const struct latency *latency)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= LATENCY_BOUNDS; i++)
		count += latency->counts[i];
	return count;
}

int latency_format(const struct latency *latency, struct buf *text)
{
	int r = 0;

	if (latency_count(latency) == 0)
		return buf_puts(text, " none");
	for (size_t i = 0; i < LATENCY_BOUNDS && r >= 0; i++)
		if (latency->counts[i])
			r = buf_printf(text, " %u:%llu", latency_bounds_ms[i],
				       (unsigned long long) latency->counts[i]);
	if (r >= 0 && latency->counts[LATENCY_BOUNDS])
		r = buf_printf(text, " more:%llu",
			       (unsigned long long) latency->counts[LATENCY_BOUNDS]);
	return r < 0 ? r : 0;
}
