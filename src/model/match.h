/* match: which IRQs and devices an administrator's pattern names. Private to the model. */
#pragma once

#include <stdbool.h>

#include "irqherd/model/irq.h"
#include "irqherd/model/rules.h"

/* A slot ("0000:af:00.1/7"), a number or an action's name, the latter two also behind "irq:". All
 * may be shell patterns. */
bool match_irq(const char *pattern, const struct irq *irq);

bool match_any_irq(const struct pattern_list *patterns, const struct irq *irq);
bool match_any_slot(const struct pattern_list *slots, const struct irq *irq);
bool match_any_text(const struct pattern_list *patterns, const char *text);

/* By PCI address, vendor and device ("8086:10d3"), or the name of a network device. */
bool match_any_device(const struct pattern_list *patterns, const struct device *device);

/* Whether any rule for devices may mean the name of a network device. */
bool match_goes_by_netdev(const struct rules *rules);

/* The rule that says on which CPUs an IRQ or a device is kept: of the pins, then of the others the
 * first that fits. NULL: none. */
const struct cpu_rule *match_rule_of_irq(const struct rules *rules, const struct irq *irq);
const struct cpu_rule *match_rule_of_device(const struct rules *rules, const struct device *device);
