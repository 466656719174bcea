// SPDX-License-Identifier: MIT
// Assertions of the invariants that the headers number, each where the code relies on it. If one
// does not hold, the library has a bug or its caller has broken a promise; going on would lose or
// double somebody's I/O.
//
// iowq_assert is cheap, and in every build. iowq_assert_all is only in builds with IOWQ_ASSERT_ALL,
// as the sanitizers' test programs are: it may touch other threads' cache lines, or every element.
#pragma once

namespace iowq {

// Prints the assertion in one line, and aborts.
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
