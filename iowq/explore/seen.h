// SPDX-License-Identifier: MIT
// What is seen outside of libexplore.so. All else is hidden, as it has its own copies of what the
// program has too.
#pragma once

#define EXPLORE_API __attribute__((visibility("default")))
