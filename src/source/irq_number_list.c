#include "irqherd/source/irq_number_list.h"

#include <errno.h>
#include <stdlib.h>

void irq_number_list_deinit(struct irq_number_list *list)
{
	free(list->items);
	*list = IRQ_NUMBER_LIST_INIT;
}

int irq_number_list_append(struct irq_number_list *list, unsigned int number)
{
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 16;
		unsigned int *items = realloc(list->items, size * sizeof(items[0]));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->size = size;
	}
	list->items[list->count++] = number;
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	unsigned int left = *(const unsigned int *) a, right = *(const unsigned int *) b;

	return (left > right) - (left < right);
}

void irq_number_list_sort(struct irq_number_list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(list->items[0]), compare_numbers);
}
