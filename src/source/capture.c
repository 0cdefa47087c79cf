/*
 * capture: one pass over the text for each question. A captured machine is looked at once or for a
 * test, so nothing is indexed. The only file that knows jansson here.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/pci_addr.h"
#include "irqherd/source/capture.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/uevent.h"

/* --- udev-properties --- */

#define PROPERTY_SIZE 1024 /* a longer line is none of ours */

struct export_record {
	bool right_path;
	bool other_subsystem;
	struct udev_properties properties;
};

static bool path_is_of(const char *path, const struct pci_addr *addr)
{
	const char *slash = strrchr(path, '/');
	struct pci_addr found;

	return slash && pci_addr_parse(slash + 1, &found) == 0 && pci_addr_equal(&found, addr);
}

static void record_line(struct export_record *record, const char *line, size_t length,
			const struct pci_addr *addr)
{
	char text[PROPERTY_SIZE];
	char *value;

	if (length < 3 || length - 3 >= sizeof(text) || line[1] != ':' || line[2] != ' ')
		return;
	memcpy(text, line + 3, length - 3);
	text[length - 3] = '\0';

	switch (line[0]) {
	case 'P':
		record->right_path = path_is_of(text, addr);
		break;
	case 'E':
		value = strchr(text, '=');
		if (!value)
			break;
		*value++ = '\0';
		if (strcmp(text, "SUBSYSTEM") == 0)
			record->other_subsystem = strcmp(value, "pci") != 0;
		else
			(void) udev_properties_set(&record->properties, text, value);
		break;
	}
}

int udev_export_find(const char *text, const struct pci_addr *addr,
		     struct udev_properties *ret_properties)
{
	struct export_record record = { .properties = { .known = true } };

	for (;;) {
		size_t length = strcspn(text, "\n");

		if (length > 0)
			record_line(&record, text, length, addr);

		/* A blank line or the text's end closes the record. */
		if (length == 0 || !text[length]) {
			if (record.right_path && !record.other_subsystem) {
				*ret_properties = record.properties;
				return 0;
			}
			record = (struct export_record){ .properties = { .known = true } };
		}
		if (!text[length])
			return -ENOENT;
		text += length + 1;
	}
}

/* --- netdev-queues.json --- */

static const struct kind {
	const char *name;
	enum queue_kind kind;
} kinds[] = {
	{ "rx", QUEUE_RX },
	{ "tx", QUEUE_TX },
	{ "combined", QUEUE_COMBINED },
	{ "other", QUEUE_OTHER },
};

static void json_free(json_t **json)
{
	json_decref(*json);
}

static bool get_number(const json_t *queue, const char *name, unsigned int *ret_number)
{
	const json_t *number = json_object_get(queue, name);

	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
	    json_integer_value(number) > INT_MAX)
		return false;
	*ret_number = (unsigned int) json_integer_value(number);
	return true;
}

static bool get_queue(const json_t *queue, struct queue_facts *ret_facts)
{
	const char *kind = json_string_value(json_object_get(queue, "kind"));
	struct queue_facts facts = { .kind = QUEUE_NONE };

	for (size_t i = 0; kind && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kind, kinds[i].name) == 0)
			facts.kind = kinds[i].kind;
	}
	if (facts.kind == QUEUE_NONE || !get_number(queue, "index", &facts.index) ||
	    !get_number(queue, "irq", &facts.irq))
		return false;

	*ret_facts = facts;
	return true;
}

int netdev_queues_find(const char *text, const char *name, struct queue_list *ret_queues)
{
	_cleanup_(json_free) json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	struct queue_list list = QUEUE_LIST_INIT;
	json_t *queues, *queue;
	size_t i;

	if (!json_is_object(root))
		return -EBADMSG;

	queues = json_object_get(root, name);
	if (queues && !json_is_array(queues))
		return -EBADMSG;

	if (json_array_size(queues) > 0) {
		list.size = json_array_size(queues);
		list.items = calloc(list.size, sizeof(*list.items));
		if (!list.items)
			return -ENOMEM;
	}

	json_array_foreach(queues, i, queue)
	{
		if (!get_queue(queue, &list.items[list.count])) {
			queue_list_deinit(&list);
			return -EBADMSG;
		}
		list.count++;
	}

	*ret_queues = list;
	return 0;
}
