// SPDX-License-Identifier: MIT
// The invariants that headers number, asserted where they are about to be relied on. One that does
// not hold is a fault of the library, or a promise that its caller has broken; going on would lose
// or double somebody's I/O.
//
// iowq_assert: cheap, in every build. iowq_assert_all: in those with IOWQ_ASSERT_ALL only, which
// the sanitizers' test programs are; it may look at other threads' cache lines, or at every
// element.
#pragma once

namespace iowq {

// Says which in one line, and aborts.
[[noreturn, gnu::cold]] void assertion_failed(const char *what, const char *file, int line);

} // namespace iowq

#define iowq_assert(condition)                                                                     \
    (__builtin_expect(!(condition), 0) ? ::iowq::assertion_failed(#condition, __FILE__, __LINE__)  \
                                       : void())

#ifdef IOWQ_ASSERT_ALL
#define iowq_assert_all(condition) iowq_assert(condition)
#else
#define iowq_assert_all(condition) ((void)sizeof(!(condition)))
#endif
