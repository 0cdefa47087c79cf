/* Any bytes as another balancer's configuration: what comes out is always a right one of ours. */
#include "irqherd/config/import.h"

#include <stdint.h>
#include <stdlib.h>

#include "irqherd/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum import_format formats[] = { IMPORT_BIRQ, IMPORT_IRQBALANCE };

	for (size_t i = 0; i < 2; i++) {
		struct message_list messages = MESSAGE_LIST_INIT, wrong = MESSAGE_LIST_INIT;
		struct buf conf = BUF_INIT;
		struct config config;

		(void) import_config(formats[i], "old", (const char *) data, size, &conf,
				     &messages);
		config_init(&config);
		if (config_parse(&config, "new", buf_text(&conf), conf.length, &wrong) < 0)
			abort();
		config_deinit(&config);
		buf_deinit(&conf);
		message_list_deinit(&messages);
		message_list_deinit(&wrong);
	}
	return 0;
}
