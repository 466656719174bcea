// SPDX-License-Identifier: MIT
// The program's memory, which may not be there: then -EFAULT, and no signal.
#pragma once

#include <cstddef>
#include <cstdint>

namespace iowq::uring {

// 0 or -EFAULT.
[[nodiscard]] int copy_in(void *into, uint64_t from, size_t bytes);
[[nodiscard]] int copy_out(uint64_t into, const void *from, size_t bytes);
// A string with its end; its length without it, -EFAULT, or -ENAMETOOLONG where it has no end
// within `room`.
[[nodiscard]] int64_t copy_string(char *into, uint64_t from, size_t room);

} // namespace iowq::uring
