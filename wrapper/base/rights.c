// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/rights.h"

#include <unistd.h>

const char *rights_remedy(const char *of_others)
{
	return geteuid() ? of_others : "this root lacks capabilities: run it on the host itself";
}
