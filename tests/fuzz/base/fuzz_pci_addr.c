/* PCI addresses: what is accepted prints as it was written, but for the case of its letters. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "irqherd/base/pci_addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stays on when assertions are compiled out, and libFuzzer shows the input. */
static void must(bool truth)
{
	if (!truth)
		abort();
}

static void check_address(const char *text)
{
	char again[PCI_ADDR_TEXT];
	struct pci_prefix prefix;
	struct pci_addr addr;
	int r = pci_addr_parse(text, &addr);

	must(r == 0 || r == -EINVAL);
	if (r < 0)
		return;
	must(strcasecmp(pci_addr_format(&addr, again), text) == 0);
	must(pci_addr_key(&addr) != 0);
	must(pci_prefix_parse(text, &prefix) == 0 && pci_prefix_match(&prefix, &addr));
}

static void check_path(const char *path)
{
	char text[PCI_ADDR_TEXT];
	struct pci_addr addr, again;
	int r = pci_addr_from_devpath(path, &addr);

	must(r == 0 || r == -ENOENT);
	if (r < 0)
		return;
	must(pci_addr_parse(pci_addr_format(&addr, text), &again) == 0);
	must(pci_addr_equal(&addr, &again));
	must(strcasestr(path, text) != NULL);
}

/* A prefix that is accepted can be filled up to an address, which it then matches. */
static void check_prefix(const char *text)
{
	static const char filler[] = "0000:00:00.0";
	char full[2 * PCI_ADDR_TEXT];
	struct pci_prefix prefix;
	struct pci_addr addr;
	const char *colon;
	size_t behind;
	int r = pci_prefix_parse(text, &prefix);

	must(r == 0 || r == -EINVAL);
	if (r < 0)
		return;

	must(prefix.length == strlen(text) && strcasecmp(prefix.text, text) == 0);
	colon = strchr(text, ':');
	if (colon)
		behind = 4 + (size_t) (text + prefix.length - colon);
	else
		behind = prefix.length < 4 ? prefix.length : 4;
	must(behind < sizeof(filler));
	strcpy(full, prefix.text);
	strcat(full, filler + behind);
	must(pci_addr_parse(full, &addr) == 0);
	must(pci_prefix_match(&prefix, &addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';

	check_address(text);
	check_path(text);
	check_prefix(text);

	free(text);
	return 0;
}
