/* list: an intrusive, circular, doubly linked list. The link sits in the owner's record; a comment
 * there says whose list it is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "irqherd/base/macro.h"

struct list_link {
	struct list_link *next;
	struct list_link *previous;
};

static inline void list_init(struct list_link *list)
{
	list->next = list->previous = list;
}

static inline bool list_empty(const struct list_link *list)
{
	return list->next == list || !list->next;
}

static inline void list_append(struct list_link *list, struct list_link *link)
{
	link->previous = list->previous;
	link->next = list;
	list->previous->next = link;
	list->previous = link;
}

/* A link that hangs nowhere may be removed again. */
static inline void list_remove(struct list_link *link)
{
	if (!link->next)
		return;
	link->previous->next = link->next;
	link->next->previous = link->previous;
	link->next = link->previous = NULL;
}

#define list_entry(link, type, member) container_of(link, type, member)

#define list_foreach(pos, list, type, member)                                            \
	for (type *pos = list_entry((list)->next, type, member); &pos->member != (list); \
	     pos = list_entry(pos->member.next, type, member))

#define list_foreach_safe(pos, following, list, type, member)              \
	for (type *pos = list_entry((list)->next, type, member),           \
		  *following = list_entry(pos->member.next, type, member); \
	     &pos->member != (list);                                       \
	     pos = following, following = list_entry(pos->member.next, type, member))
