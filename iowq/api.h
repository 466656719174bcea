// SPDX-License-Identifier: MIT
// What the shared library shows: everything is hidden but what says IOWQ_API.
#pragma once

#define IOWQ_API __attribute__((visibility("default")))
