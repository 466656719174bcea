/* SPDX-License-Identifier: GPL-2.0-only */
// The threads of this process by their names, the kernel's io workers among them. Any thread may
// ask. Allocates nothing.
#pragma once

#include <string_view>
#include <sys/types.h>

namespace engine {

using match_task = bool (*)(void *data, pid_t tid, std::string_view name);

// How many threads match; `match` is asked in the order of their creation. 0 where /proc cannot be
// read.
[[nodiscard]] unsigned count_tasks(match_task match, void *data);

} // namespace engine
