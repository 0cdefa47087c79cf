/*
 * Prefixes are compared as text, because they may end in the middle of a field: "0000:0" names the
 * buses 00 to 0f of domain 0. Addresses are compared by their fields.
 */
#include "irqherd/base/pci_addr.h"

#include <errno.h>
#include <string.h>

#define DOMAIN_DIGITS_MIN 4
#define DOMAIN_DIGITS_MAX 8

static const char hex_digits[] = "0123456789abcdefABCDEF";

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads that many hex digits; answers the text behind them, NULL when there are fewer. */
static const char *read_hex(const char *text, size_t digits, uint32_t *value)
{
	for (*value = 0; digits > 0; digits--, text++) {
		int digit = hex_digit(*text);

		if (digit < 0)
			return NULL;
		*value = *value << 4 | (uint32_t) digit;
	}
	return text;
}

/* The kernel prints at least four digits, and no more zeros than those need. */
static bool is_domain(const char *text, size_t digits)
{
	return digits >= DOMAIN_DIGITS_MIN && digits <= DOMAIN_DIGITS_MAX &&
	       (digits == DOMAIN_DIGITS_MIN || text[0] != '0');
}

/* Reads one address at the start of text; answers the text behind it, NULL when there is none. */
static const char *read_addr(const char *text, struct pci_addr *addr)
{
	size_t digits = strspn(text, hex_digits);
	uint32_t domain, bus, device, function;

	if (!is_domain(text, digits))
		return NULL;
	text = read_hex(text, digits, &domain);
	if (!text || *text != ':')
		return NULL;
	text = read_hex(text + 1, 2, &bus);
	if (!text || *text != ':')
		return NULL;
	text = read_hex(text + 1, 2, &device);
	if (!text || *text != '.' || device > 31)
		return NULL;
	text = read_hex(text + 1, 1, &function);
	if (!text || function > 7)
		return NULL;

	*addr = (struct pci_addr){ domain, (uint8_t) bus, (uint8_t) device, (uint8_t) function };
	return text;
}

int pci_addr_parse(const char *text, struct pci_addr *ret_addr)
{
	struct pci_addr addr;
	const char *end = read_addr(text, &addr);

	if (!end || *end != '\0')
		return -EINVAL;

	*ret_addr = addr;
	return 0;
}

static char *put_hex(char *text, uint32_t value, unsigned int digits)
{
	while (digits-- > 0)
		*text++ = hex_digits[value >> digits * 4 & 15];
	return text;
}

/* By hand, because every proximity rule that is tried formats its device. */
const char *pci_addr_format(const struct pci_addr *addr, char text[PCI_ADDR_TEXT])
{
	unsigned int domain_digits = DOMAIN_DIGITS_MIN;
	char *p = text;

	while (domain_digits < DOMAIN_DIGITS_MAX && addr->domain >> domain_digits * 4)
		domain_digits++;

	p = put_hex(p, addr->domain, domain_digits);
	*p++ = ':';
	p = put_hex(p, addr->bus, 2);
	*p++ = ':';
	p = put_hex(p, addr->device, 2);
	*p++ = '.';
	p = put_hex(p, addr->function, 1);
	*p = '\0';
	return text;
}

/* Bit 48 lies above every address and keeps 0000:00:00.0 from being 0. */
uint64_t pci_addr_key(const struct pci_addr *addr)
{
	return UINT64_C(1) << 48 | (uint64_t) addr->domain << 16 | (uint64_t) addr->bus << 8 |
	       (uint64_t) (addr->device << 3) | addr->function;
}

int pci_addr_compare(const struct pci_addr *a, const struct pci_addr *b)
{
	uint64_t left = pci_addr_key(a), right = pci_addr_key(b);

	return (left > right) - (left < right);
}

bool pci_addr_equal(const struct pci_addr *a, const struct pci_addr *b)
{
	return pci_addr_compare(a, b) == 0;
}

int pci_addr_from_devpath(const char *devpath, struct pci_addr *ret_addr)
{
	struct pci_addr addr, found;
	bool any = false;

	while (*devpath) {
		const char *end = read_addr(devpath, &addr);

		if (end && (*end == '/' || *end == '\0')) {
			found = addr;
			any = true;
		}
		devpath += strcspn(devpath, "/");
		devpath += *devpath == '/';
	}
	if (!any)
		return -ENOENT;

	*ret_addr = found;
	return 0;
}

/* What may stand behind the domain: 'x' a hex digit, '1' 0 or 1, '7' 0 to 7, the rest themselves.
 */
static bool is_rest_start(const char *text)
{
	static const char shape[] = ":xx:1x.7";
	size_t length = strlen(text);

	if (length >= sizeof(shape))
		return false;
	for (size_t i = 0; i < length; i++) {
		int digit = hex_digit(text[i]);

		switch (shape[i]) {
		case 'x':
			if (digit < 0)
				return false;
			break;
		case '1':
		case '7':
			if (digit < 0 || digit > shape[i] - '0')
				return false;
			break;
		default:
			if (text[i] != shape[i])
				return false;
		}
	}
	return true;
}

int pci_prefix_parse(const char *text, struct pci_prefix *ret_prefix)
{
	struct pci_prefix prefix = { .length = 0 };
	size_t length = strlen(text);
	size_t digits = strspn(text, hex_digits);
	bool cut_domain = digits > 0 && digits < DOMAIN_DIGITS_MIN && !text[digits];

	if (!cut_domain && !is_domain(text, digits))
		return -EINVAL;
	if (!is_rest_start(text + digits))
		return -EINVAL;

	for (size_t i = 0; i < length; i++)
		prefix.text[i] = text[i] >= 'A' && text[i] <= 'F' ? (char) (text[i] - 'A' + 'a')
								  : text[i];
	prefix.length = (uint8_t) length;

	*ret_prefix = prefix;
	return 0;
}

bool pci_prefix_match(const struct pci_prefix *prefix, const struct pci_addr *addr)
{
	char text[PCI_ADDR_TEXT];

	return strncmp(pci_addr_format(addr, text), prefix->text, prefix->length) == 0;
}
