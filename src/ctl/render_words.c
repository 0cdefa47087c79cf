#include <stdio.h>
#include <string.h>
#include <time.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"

const char *rate_format(double count, double interval, char text[RATE_TEXT])
{
	static const char *const units[] = { "", "k", "M", "G" };
	double rate = interval > 0 ? count / interval : -1;
	unsigned int unit = 0;

	if (rate < 0 || count < 0) {
		(void) snprintf(text, RATE_TEXT, "-");
		return text;
	}
	/* never "1000k": rounding is looked ahead at */
	while (rate >= (unit ? 999.5 : 9999.5) && unit + 1 < 4) {
		rate /= 1000;
		unit++;
	}
	if (rate == 0)
		(void) snprintf(text, RATE_TEXT, "0");
	else if (rate < 99.95 && (unit > 0 || rate < 9.95))
		(void) snprintf(text, RATE_TEXT, "%.1f%s", rate, units[unit]);
	else
		(void) snprintf(text, RATE_TEXT, "%.0f%s", rate, units[unit]);
	return text;
}

const char *duration_format(double seconds, char text[MOMENT_TEXT])
{
	long whole = seconds > 0 ? (long) (seconds + 0.5) : 0;

	if (whole < 120)
		(void) snprintf(text, MOMENT_TEXT, "%ld s", whole);
	else if (whole < 7200)
		(void) snprintf(text, MOMENT_TEXT, "%ld min", whole / 60);
	else if (whole < 86400)
		(void) snprintf(text, MOMENT_TEXT, "%ld h %02ld min", whole / 3600,
				whole / 60 % 60);
	else
		(void) snprintf(text, MOMENT_TEXT, "%ld d %02ld:%02ld", whole / 86400,
				whole / 3600 % 24, whole / 60 % 60);
	return text;
}

const char *moment_format(double time, double now, char text[MOMENT_TEXT])
{
	time_t then = (time_t) time, today = (time_t) now;
	struct tm a, b;

	(void) localtime_r(&then, &a);
	(void) localtime_r(&today, &b);
	if (a.tm_year == b.tm_year && a.tm_yday == b.tm_yday)
		(void) strftime(text, MOMENT_TEXT, "%H:%M:%S", &a);
	else
		(void) strftime(text, MOMENT_TEXT, "%Y-%m-%d %H:%M:%S", &a);
	return text;
}

const char *percent_of(json_int_t ppm, char text[RATE_TEXT])
{
	if (ppm < 0)
		(void) snprintf(text, RATE_TEXT, "-");
	else /* rounded down: below the threshold must not read like at it */
		(void) snprintf(text, RATE_TEXT, "%lld.%lld%%", (long long) ppm / 10000,
				(long long) ppm / 1000 % 10);
	return text;
}

const char *memory_format(json_int_t kb, char text[RATE_TEXT])
{
	double gib = (double) kb / (1 << 20);

	if (gib >= 1024)
		(void) snprintf(text, RATE_TEXT, "%.1f TiB", gib / 1024);
	else if (gib >= 9.95)
		(void) snprintf(text, RATE_TEXT, "%.0f GiB", gib);
	else if (gib >= 0.95)
		(void) snprintf(text, RATE_TEXT, "%.1f GiB", gib);
	else
		(void) snprintf(text, RATE_TEXT, "%.0f MiB", gib * 1024);
	return text;
}

const char *device_name(const json_t *device, char *text, size_t size)
{
	const json_t *netdevs = json_object_get(device, "netdevs"), *netdev;
	size_t i, length = 0;

	if (json_array_size(netdevs) == 0) {
		(void) snprintf(text, size, "%s", field_text(device, "address"));
		return text;
	}
	text[0] = '\0';
	json_array_foreach(netdevs, i, netdev)
	{
		if (length >= size)
			break;
		length += (size_t) snprintf(text + length, size - length, "%s%s", i ? " " : "",
					    field_text(netdev, "name"));
	}
	return text;
}

const char *service_format(const json_t *irq, char *text, size_t size)
{
	const json_t *queue = json_object_get(irq, "queue");
	const char *netdev = field_text(irq, "netdev");
	const char *actions = field_text(irq, "actions");

	if (queue && *netdev)
		(void) snprintf(text, size, "%s %s-%lld", netdev, field_text(queue, "kind"),
				(long long) field_int(queue, "index", 0));
	else if (*netdev && !strstr(actions, netdev))
		(void) snprintf(text, size, "%s %s", netdev, actions);
	else
		(void) snprintf(text, size, "%s", actions);
	return text;
}

const char *cpus_format(const char *list, unsigned int room, char *text, size_t size)
{
	struct cpumask cpus;

	if (!*list)
		(void) snprintf(text, size, "none");
	else if (strlen(list) <= room || cpulist_parse(list, &cpus) < 0)
		(void) snprintf(text, size, "%s", list);
	else
		(void) snprintf(text, size, "%u CPUs", cpumask_count(&cpus));
	return text;
}
