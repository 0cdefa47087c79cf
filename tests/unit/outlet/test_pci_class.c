#include "irqherd/outlet/pci_class.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"

static void devices_have_their_usual_names(void **state)
{
	static const struct {
		uint32_t class;
		uint16_t vendor;
		uint16_t device;
		const char *word;
	} cases[] = {
		{ 0x020000, 0x8086, 0x1533, "Ethernet" },
		{ 0x010802, 0x144d, 0xa808, "NVMe" },
		{ 0x010800, 0x144d, 0xa808, "non-volatile memory" },
		{ 0x010601, 0x8086, 0xa182, "SATA" },
		{ 0x010700, 0x1000, 0x0097, "SAS" },
		{ 0x0c0330, 0x8086, 0xa1af, "USB (xHCI)" },
		{ 0x0c03fe, 0x8086, 0xa1af, "USB" },
		{ 0x030000, 0x102b, 0x0536, "VGA" },
		{ 0x020000, 0x1af4, 0x1000, "virtio network" },
		{ 0x020000, 0x1af4, 0x1041, "virtio network" },
		{ 0x00ff00, 0x1af4, 0x1005, "virtio random numbers" },
		{ 0x00ff00, 0x1af4, 0x105a, "virtio file system" },
		{ 0x00ff00, 0x1af4, 0x107f, "virtio" },
		{ 0x050000, 0x1af4, 0x1110, "memory" }, /* the vendor's, but no virtio */
		{ 0x02ff00, 0x8086, 0x0001, "network" },
		{ 0xff0000, 0x8086, 0x0001, "other" },
		{ 0, 0, 0, "other" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(pci_class_word(cases[i].class, cases[i].vendor,
						   cases[i].device),
				    cases[i].word);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(devices_have_their_usual_names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
