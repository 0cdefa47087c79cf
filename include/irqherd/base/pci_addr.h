/*
 * pci_addr: where a PCI function sits, "0000:3b:00.1" (domain:bus:device.function, hexadecimal),
 * and pci_prefix: the start of such an address, as the proximity file names devices.
 *
 * The domain has four digits or more ("10000:e1:00.0" behind a VMD controller).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pci_addr {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;   /* 0 … 31 */
	uint8_t function; /* 0 … 7 */
};

#define PCI_ADDR_TEXT 24 /* holds any address and its NUL */

/* Strict: the whole text is one address. -EINVAL otherwise. Any letter case. */
int pci_addr_parse(const char *text, struct pci_addr *ret_addr);
const char *pci_addr_format(const struct pci_addr *addr, char text[PCI_ADDR_TEXT]);

int pci_addr_compare(const struct pci_addr *a,
		     const struct pci_addr *b); /* <0, 0, >0: by domain, bus, device, function */
bool pci_addr_equal(const struct pci_addr *a, const struct pci_addr *b);
uint64_t pci_addr_key(const struct pci_addr *addr); /* unique, never 0 */

/*
 * The last component of a device path that is a PCI address, e.g. for
 * "/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/net/eth0" it is 0000:03:00.0. -ENOENT if there is
 * none.
 */
int pci_addr_from_devpath(const char *devpath, struct pci_addr *ret_addr);

/* An address cut anywhere from the right, lower case. */
struct pci_prefix {
	char text[PCI_ADDR_TEXT];
	uint8_t length; /* of text; longer is more specific */
};

/* -EINVAL unless the text is the start of some address: "0000:", "0000:08", "0000:08:00",
 * "0000:08:00.0". */
int pci_prefix_parse(const char *text, struct pci_prefix *ret_prefix);
bool pci_prefix_match(const struct pci_prefix *prefix, const struct pci_addr *addr);
