// SPDX-License-Identifier: MIT
// What the shared library exports: only what is marked IOWQ_API. Each public header includes this
// before anything else.
#pragma once

#if __SIZEOF_POINTER__ < 8
#error "iowq is for 64-bit machines: there the offsets and results of system calls have 64 bits"
#endif

#define IOWQ_API __attribute__((visibility("default")))
