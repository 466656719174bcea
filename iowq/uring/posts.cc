// SPDX-License-Identifier: MIT
#include "iowq/uring/posts.h"

#include "iowq/os/any_call.h"
#include "iowq/os/park.h"
#include "iowq/os/thread.h"
#include "iowq/uring/held.h"
#include "iowq/uring/masked.h"

#include <climits>
#include <poll.h>
#include <sys/eventfd.h>

namespace iowq::uring {

int posts::create() {
    int event = open_event();
    event_ = event < 0 ? event : set_aside(event);
    return event_ < 0 ? event_ : 0;
}

posts::~posts() {
    if (event_ >= 0)
        let_go(event_);
}

void posts::add() {
    count_.fetch_add(1, seq_cst);
    if (waiters_.load(seq_cst))
        futex_wake_all(count_);
    if (polls_.load(seq_cst) && polls_.exchange(false, seq_cst))
        raise_event(event_);
}

bool posts::wait(uint32_t seen, deadline until, const sigset_t *mask) {
    pid_t self = this_task(), poller = 0;
    if (mask && (poller_.compare_exchange_strong(poller, self, acq_rel) || poller == self))
        return poll(seen, until, *mask);
    // Without an end it would go on after a handler with SA_RESTART.
    constexpr std::chrono::hours long_time{24 * 365};
    masked swapped(mask);
    waiters_.fetch_add(1, seq_cst);
    bool undisturbed = futex_wait(count_, seen, until ? *until : clock::now() + long_time);
    waiters_.fetch_sub(1, relaxed);
    return undisturbed;
}

bool posts::poll(uint32_t seen, deadline until, const sigset_t &mask) {
    bool undisturbed = true;
    polls_.store(true, seq_cst);
    if (count() == seen) {
        // The plain call, as the C library's looks after rings that are polled.
        pollfd raised{event_, POLLIN, 0};
        sigset_t own;
        timespec most = until ? time_left(*until) : timespec{};
        undisturbed = syscall(SYS_ppoll, &raised, 1, until ? &most : nullptr,
                              without_sigsys(&mask, own), _NSIG / CHAR_BIT) >= 0 ||
                      errno != EINTR;
        eventfd_t told;
        if (raised.revents)
            (void)eventfd_read(event_, &told);
    }
    if (poller_.load(relaxed) == this_task()) { // else a handler's own wait has let go of it
        polls_.store(false, relaxed);
        poller_.store(0, release);
    }
    return undisturbed;
}

} // namespace iowq::uring
