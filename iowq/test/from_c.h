// SPDX-License-Identifier: MIT
// For tests that are compiled as C: a function of theirs returns 0, or the number of the line whose
// expectation failed.
#pragma once

#define EXPECT(what)                                                                               \
    do {                                                                                           \
        if (!(what))                                                                               \
            return __LINE__;                                                                       \
    } while (0)
