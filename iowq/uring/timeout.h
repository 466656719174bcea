// SPDX-License-Identifier: MIT
// What an operation that waits for a time keeps, in its op's `little`.
#pragma once

#include "iowq/uring/op.h"
#include "iowq/uring/timers.h"

namespace iowq::uring {

class registered;

struct timeout : timer {
    op *of = nullptr;
    int64_t span = 0;       // ns: from when it begins, or an absolute time
    uint32_t flags = 0;     // IORING_TIMEOUT_*
    uint32_t count = 0;     // of completions; with `repeats`, of times that are still to come
    uint64_t from = begins; // the completions that came before those it counts
    bool repeats = false, last = false;

    static constexpr uint64_t begins = -1; // those until it begins

    // Does it end after so many completions, too?
    [[nodiscard]] bool counts() const { return count && !repeats; }
    [[nodiscard]] uint64_t target() const { return from + count; }
};

static_assert(sizeof(timeout) <= sizeof op::little);
[[nodiscard]] inline timeout &timeout_of(op &o) {
    return *reinterpret_cast<timeout *>(o.little.data());
}

// ---- rows of the table in opcodes.cc

[[nodiscard]] int prepare_timeout(op &o, const io_uring_sqe &sqe, const registered &);
[[nodiscard]] int prepare_limit(op &o, const io_uring_sqe &sqe, const registered &);
[[nodiscard]] int prepare_timeout_removal(op &o, const io_uring_sqe &sqe, const registered &);
[[nodiscard]] int32_t remove_timeout(instance &its, op &o);

} // namespace iowq::uring
