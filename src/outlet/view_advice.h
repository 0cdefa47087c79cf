/* view_advice: what the administrator could do about an IRQ, a device, a CPU: arrays of sentences.
 */
#pragma once

#include "view_parts.h"

json_t *make_irq_advice(struct maker *maker, const struct irq *irq);
json_t *make_device_advice(struct maker *maker, const struct device *device);
json_t *make_cpu_advice(struct maker *maker, int cpu);
