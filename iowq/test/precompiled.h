// SPDX-License-Identifier: MIT
// What most tests include, compiled once: half of the time that a test takes to compile.
#include "iowq/test/ring/requests.h"
