/* irq_number_list: a growing array of IRQ numbers, as folders list them. Owned by who declares it.
 */
#pragma once

#include <stddef.h>

struct irq_number_list {
	unsigned int *items;
	size_t count;
	size_t size;
};

#define IRQ_NUMBER_LIST_INIT ((struct irq_number_list){ NULL, 0, 0 })

void irq_number_list_deinit(struct irq_number_list *list);
int irq_number_list_append(struct irq_number_list *list, unsigned int number); /* -ENOMEM */
void irq_number_list_sort(struct irq_number_list *list);
