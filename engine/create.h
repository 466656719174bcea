/* SPDX-License-Identifier: GPL-2.0-only */
// From a job's options to its backend. What is wrong with the options is said here, in one line.
#pragma once

#include "backend.h"
#include "options.h"
#include "placement.h"

struct thread_data;

namespace engine {

// 0, or -errno after having said why. `at`: where the job's work is to be done. May throw
// std::bad_alloc.
[[nodiscard]] int create_backend(const thread_data *td, const options &o,
                                 std::unique_ptr<backend> &out, placed &at);

} // namespace engine
