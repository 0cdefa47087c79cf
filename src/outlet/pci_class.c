#include "irqherd/outlet/pci_class.h"

#include <stddef.h>

#include "irqherd/base/macro.h"

#define VENDOR_VIRTIO       0x1af4
#define VIRTIO_MODERN_FIRST 0x1040 /* 0x1040 plus the virtio device type */

struct word {
	uint32_t key;
	const char *text;
};

/* Base class, subclass and programming interface. */
static const struct word by_interface[] = {
	{ 0x010802, "NVMe" },       { 0x0c0300, "USB (UHCI)" }, { 0x0c0310, "USB (OHCI)" },
	{ 0x0c0320, "USB (EHCI)" }, { 0x0c0330, "USB (xHCI)" }, { 0x0c0340, "USB4" },
};

/* Base class and subclass. */
static const struct word by_subclass[] = {
	{ 0x0100, "SCSI" },
	{ 0x0101, "IDE" },
	{ 0x0104, "RAID" },
	{ 0x0105, "ATA" },
	{ 0x0106, "SATA" },
	{ 0x0107, "SAS" },
	{ 0x0108, "non-volatile memory" },
	{ 0x0200, "Ethernet" },
	{ 0x0207, "InfiniBand" },
	{ 0x0280, "network" },
	{ 0x0300, "VGA" },
	{ 0x0302, "3D graphics" },
	{ 0x0380, "display" },
	{ 0x0401, "audio" },
	{ 0x0403, "audio" },
	{ 0x0502, "CXL memory" },
	{ 0x0600, "host bridge" },
	{ 0x0601, "ISA bridge" },
	{ 0x0604, "PCI bridge" },
	{ 0x0700, "serial port" },
	{ 0x0780, "communication" },
	{ 0x0806, "IOMMU" },
	{ 0x0807, "event collector" },
	{ 0x0c03, "USB" },
	{ 0x0c04, "Fibre Channel" },
	{ 0x0c05, "SMBus" },
	{ 0x0c06, "InfiniBand" },
	{ 0x0c07, "IPMI" },
};

static const struct word by_base[] = {
	{ 0x01, "storage" },
	{ 0x02, "network" },
	{ 0x03, "display" },
	{ 0x04, "multimedia" },
	{ 0x05, "memory" },
	{ 0x06, "bridge" },
	{ 0x07, "communication" },
	{ 0x08, "system" },
	{ 0x09, "input" },
	{ 0x0a, "docking station" },
	{ 0x0b, "processor" },
	{ 0x0c, "serial bus" },
	{ 0x0d, "wireless" },
	{ 0x0e, "I/O processor" },
	{ 0x0f, "satellite" },
	{ 0x10, "encryption" },
	{ 0x11, "signal processing" },
	{ 0x12, "accelerator" },
};

static const struct word virtio_legacy[] = {
	{ 0x1000, "virtio network" }, { 0x1001, "virtio block" },
	{ 0x1002, "virtio balloon" }, { 0x1003, "virtio console" },
	{ 0x1004, "virtio SCSI" },    { 0x1005, "virtio random numbers" },
	{ 0x1009, "virtio 9P" },
};

static const struct word virtio_modern[] = {
	{ 1, "virtio network" },
	{ 2, "virtio block" },
	{ 3, "virtio console" },
	{ 4, "virtio random numbers" },
	{ 5, "virtio balloon" },
	{ 8, "virtio SCSI" },
	{ 9, "virtio 9P" },
	{ 16, "virtio GPU" },
	{ 18, "virtio input" },
	{ 19, "virtio vsock" },
	{ 20, "virtio crypto" },
	{ 24, "virtio memory" },
	{ 25, "virtio sound" },
	{ 26, "virtio file system" },
	{ 27, "virtio persistent memory" },
};

static const char *find(const struct word *words, size_t count, uint32_t key)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].key == key)
			return words[i].text;
	return NULL;
}

#define FIND(words, key) find(words, ARRAY_SIZE(words), key)

static const char *virtio_word(uint16_t device)
{
	const char *text;

	if (device >= VIRTIO_MODERN_FIRST)
		text = FIND(virtio_modern, device - VIRTIO_MODERN_FIRST);
	else
		text = FIND(virtio_legacy, device);
	return text ? text : "virtio";
}

const char *pci_class_word(uint32_t class, uint16_t vendor, uint16_t device)
{
	const char *text;

	/* Up to 0x107f; the vendor's other devices are no virtio. */
	if (vendor == VENDOR_VIRTIO && device >= 0x1000 && device < 0x1080)
		return virtio_word(device);

	text = FIND(by_interface, class);
	if (!text)
		text = FIND(by_subclass, class >> 8);
	if (!text)
		text = FIND(by_base, class >> 16);
	return text ? text : "other";
}
