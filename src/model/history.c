#include "irqherd/model/history.h"

#include <errno.h>
#include <stdlib.h>

int history_init(struct history *history, size_t size)
{
	*history = HISTORY_INIT;
	if (size == 0)
		return 0;
	/* not cleared: memory that no event has filled yet is not used */
	history->entries = reallocarray(NULL, size, sizeof(history->entries[0]));
	if (!history->entries)
		return -ENOMEM;
	history->size = size;
	return 0;
}

void history_deinit(struct history *history)
{
	free(history->entries);
	*history = HISTORY_INIT;
}

void history_put(struct history *history, const struct history_entry *entry)
{
	uint64_t sequence = history->next++;
	struct history_entry *place;

	if (history->size == 0)
		return;
	place = &history->entries[sequence % history->size];
	*place = *entry;
	place->sequence = sequence;
}

uint64_t history_oldest(const struct history *history)
{
	return history->next > history->size ? history->next - history->size : 1;
}

const struct history_entry *history_from(const struct history *history, uint64_t sequence)
{
	uint64_t oldest = history_oldest(history);

	if (sequence < oldest)
		sequence = oldest;
	if (sequence >= history->next || history->size == 0)
		return NULL;
	return &history->entries[sequence % history->size];
}
