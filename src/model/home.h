/* home: where devices and IRQs belong. Private to the model: the inventory calls it whenever an
 * input changed. */
#pragma once

#include "irqherd/model/inventory.h"

/* The home of a device by its override, what sysfs says, and the rules. -ENOMEM. */
int home_of_device(struct inventory *inventory, const struct device *device, struct home *ret_home);

/* The home of an IRQ: its device's; of a shared line the intersection, else the union; without
 * device its node. */
int home_of_irq(struct inventory *inventory, const struct irq *irq, struct home *ret_home);
