// SPDX-License-Identifier: MIT
#include "iowq/uring/sq_thread.h"

#include "iowq/uring/instance.h"

#include <new>
#include <pthread.h>
#include <system_error>
#include <utility>

namespace iowq::uring {

int sq_thread::create(instance &its, const io_uring_params &p, std::unique_ptr<sq_thread> &out) {
    constexpr unsigned usual_idle_ms = 1000;
    std::chrono::milliseconds idle{p.sq_thread_idle ? p.sq_thread_idle : usual_idle_ms};
    std::unique_ptr<sq_thread> t(new (std::nothrow) sq_thread(its, idle));
    if (!t)
        return -ENOMEM;
    try {
        t->thread_ = std::thread(&sq_thread::run, t.get());
    } catch (const std::system_error &e) {
        return -e.code().value();
    }
    int error = 0;
    if (p.flags & IORING_SETUP_SQ_AFF) {
        cpu_set_t one;
        CPU_ZERO(&one);
        if (p.sq_thread_cpu < CPU_SETSIZE)
            CPU_SET(p.sq_thread_cpu, &one);
        error = -pthread_setaffinity_np(t->thread_.native_handle(), sizeof one, &one);
    }
    out = std::move(t);
    return error;
}

sq_thread::~sq_thread() {
    stop_.store(true, release);
    wake();
    if (thread_.joinable())
        thread_.join();
}

bool sq_thread::nothing_to_do() const { return !its_.enabled() || !its_.rings_->submitted(); }

void sq_thread::run() {
    name_this_thread("iowq-sq");
    clock::time_point sleeps_at = clock::now() + idle_;
    for (bool was_busy = false; !stop_.load(acquire);) {
        its_.take_direct(instance::by::submitter);
        if (!nothing_to_do()) {
            (void)its_.submit(its_.rings_->submitted());
            was_busy = true;
        } else if (std::exchange(was_busy, false)) {
            sleeps_at = clock::now() + idle_; // not read at each turn, as that takes long
        } else if (clock::now() < sleeps_at) {
            cpu_relax();
        } else {
            its_.rings_->set_flags(IORING_SQ_NEED_WAKEUP);
            // Whoever put something there before it could see the flag is not to wake anybody.
            if (nothing_to_do() && !stop_.load(acquire))
                (void)parker_.park();
            its_.rings_->clear_flags(IORING_SQ_NEED_WAKEUP);
            was_busy = true;
        }
    }
}

} // namespace iowq::uring
