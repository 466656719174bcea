// SPDX-License-Identifier: MIT
// Coroutines on a ring: co_await of an operation gives its result, and the coroutine goes on in
// ring::dispatch, or at once where the operation is completed by submit. Whatever starts coroutines
// will do; `task` is the smallest. iowq/example/copy.cc shows it.
#pragma once

#include "iowq/ring/ring.h"

#include <coroutine>
#include <exception>

namespace iowq {

// A request that a coroutine waits for. `prepare(request &)` says what to do (prepare.h).
class operation : request {
  public:
    template <class Prepare>
    operation(ring &on, Prepare prepare) : on_(on) {
        prepare(static_cast<request &>(*this));
    }

    [[nodiscard]] bool await_ready() const { return false; }
    // False: it is over, and the coroutine goes on.
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiting) {
        waiting_ = waiting;
        then = [](request &r) { static_cast<operation &>(r).waiting_.resume(); };
        if (on_.has_room())
            return on_.submit(*this) == ring::submitted::queued;
        on_.start(*this);
        return true;
    }
    [[nodiscard]] int64_t await_resume() const { return result; }

  private:
    ring &on_;
    std::coroutine_handle<> waiting_;
};

inline operation async_read(ring &on, file &from, void *data, uint64_t bytes, uint64_t at) {
    return {on, [=, &from](request &r) { r.prepare(opcode::read, from, data, bytes, at); }};
}
inline operation async_write(ring &on, file &to, const void *data, uint64_t bytes, uint64_t at) {
    return {on, [=, &to](request &r) {
                r.prepare(opcode::write, to, const_cast<void *>(data), bytes, at);
            }};
}
inline operation async_fdatasync(ring &on, file &of) {
    return {on, [&of](request &r) { r.prepare(opcode::fdatasync, of); }};
}

// A coroutine that runs as soon as it is called, and that nobody waits for. An exception that
// leaves it ends the program.
struct task {
    // What the compiler asks of it.
    struct promise_type {
        task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

} // namespace iowq
