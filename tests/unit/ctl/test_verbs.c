#include "irqherd/ctl/verbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"

static void every_verb_is_whole_and_found(void **state)
{
	(void) state;
	for (size_t i = 0; i < verb_count; i++) {
		const struct verb *verb = &verbs[i];

		assert_ptr_equal(verb_find(verb->name), verb);
		assert_non_null(verb->run);
		assert_true(*verb->help);
		assert_true(verb->least <= verb->most);
		/* what takes arguments says which, and the other way round */
		assert_int_equal(verb->most > 0, *verb->arguments != '\0');
	}
}

static void mistyped_verbs_are_guessed(void **state)
{
	static const struct {
		const char *typed, *meant; /* NULL: no guess */
	} cases[] = {
		{ "statsu", "status" }, { "exlpain", "explain" }, { "device", "devices" },
		{ "topo", "topology" }, { "snap", "snapshot" },   { "irqz", "irqs" },
		{ "balderdash", NULL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct verb *guess = verb_guess(cases[i].typed);

		assert_null(verb_find(cases[i].typed));
		if (cases[i].meant)
			assert_string_equal(guess->name, cases[i].meant);
		else
			assert_null(guess);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_is_whole_and_found),
		cmocka_unit_test(mistyped_verbs_are_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
