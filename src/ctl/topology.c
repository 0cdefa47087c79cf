/* The verb topology: what CPUs, nodes and devices say, in one object. */
#include <string.h>

#include "irqherd/base/fsroot.h"
#include "irqherd/base/parse.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/verb_list.h"

/* The kernel tells how much memory a node has; the daemon has no use for that. -1: not told. */
static json_int_t node_memory_kb(struct fsroot *root, json_int_t node)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const char *total;
	json_int_t kb = 0;

	if (fsroot_read(root, FSROOT_SYS, &text, "devices/system/node/node%lld/meminfo",
			(long long) node) < 0)
		return -1;
	total = strstr(buf_text(&text), "MemTotal:");
	if (!total)
		return -1;
	total += strlen("MemTotal:");
	total += strspn(total, " \t");
	while (*total >= '0' && *total <= '9' && kb < (json_int_t) 1 << 50)
		kb = kb * 10 + (*total++ - '0');
	return kb;
}

static void add_memory(const struct ctl *ctl, json_t *nodes)
{
	struct fsroot root = FSROOT_INIT;
	json_t *node;
	size_t i;

	if (fsroot_init(&root, ctl->root) < 0)
		return;
	json_array_foreach(nodes, i, node)
	{
		json_int_t kb = node_memory_kb(&root, field_int(node, "node", -1));

		if (kb >= 0)
			(void) json_object_set_new(node, "memory_kb", json_integer(kb));
	}
	fsroot_deinit(&root);
}

VERB(verb_topology)
{
	json_t *topology, *devices;
	struct sheet sheet;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_ask(ctl, "ListCpus", NULL, &topology);
	if (code != CTL_OK)
		return code;
	code = ctl_ask(ctl, "ListDevices", NULL, &devices);
	if (code != CTL_OK) {
		json_decref(topology);
		return code;
	}
	(void) json_object_set(topology, "devices", json_object_get(devices, "devices"));
	json_decref(devices);
	add_memory(ctl, json_object_get(topology, "nodes"));

	sheet_init(&sheet, ctl->width, ctl->color, ctl->unicode);
	render_topology(&sheet, topology);
	code = show_sheet(ctl, &sheet, topology);
	sheet_deinit(&sheet);
	json_decref(topology);
	return code;
}
