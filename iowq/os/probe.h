// SPDX-License-Identifier: MIT
// Static probes (USDT): a no-op instruction each, until bpftrace or perf attaches to it. README.md
// lists them, and shows what to ask with them.
#pragma once

#if __has_include(<sys/sdt.h>)
#define SDT_USE_VARIADIC // for STAP_PROBEV
#include <sys/sdt.h>
#define IOWQ_PROBE(name, ...) STAP_PROBEV(iowq, name, __VA_ARGS__)
#else
#define IOWQ_PROBE(name, ...) ((void)0)
#endif
