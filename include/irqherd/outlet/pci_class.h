/* pci_class: what kind of device this is, in a word that an administrator uses. Pure. */
#pragma once

#include <stdint.h>

/*
 * "Ethernet", "NVMe", "virtio network"; for the rest the word of its base class, and "other" at
 * worst. class has 24 bits, as in sysfs. virtio devices are told by vendor and device, since their
 * class says little.
 */
const char *pci_class_word(uint32_t class, uint16_t vendor, uint16_t device);
