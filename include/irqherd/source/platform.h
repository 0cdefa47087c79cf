/* platform: which kernel this is, and on what it runs. Read once. */
#pragma once

#include "irqherd/base/fsroot.h"

#define PLATFORM_TEXT 80

struct platform {
	char release[PLATFORM_TEXT];        /* "6.1.0-18-amd64"; "" unknown */
	char virtualization[PLATFORM_TEXT]; /* "KVM", "VMware"; "" none, or not known */
};

void platform_read(struct fsroot *root, struct platform *ret_platform);
