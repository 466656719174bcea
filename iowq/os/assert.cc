// SPDX-License-Identifier: MIT
#include "iowq/os/assert.h"

#include <cstdio>
#include <cstdlib>

namespace iowq {

void assertion_failed(const char *what, const char *file, int line) {
    fprintf(stderr, "iowq: %s:%d: %s does not hold\n", file, line, what);
    abort();
}

} // namespace iowq
