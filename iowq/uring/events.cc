// SPDX-License-Identifier: MIT
// How a program hears of completions: by waiting in io_uring_enter, by an eventfd, and by polling
// the ring's descriptor.
#include "iowq/os/any_call.h"
#include "iowq/os/thread.h"
#include "iowq/uring/direct.h"
#include "iowq/uring/held.h"
#include "iowq/uring/inside.h"
#include "iowq/uring/instance.h"

namespace iowq::uring {

// Tells those who wait.
void instance::posted(by whom) {
    posts_.add();
    if (direct_io *d = direct_.load(acquire))
        d->wake();
    int event = event_.load(acquire);
    if (event >= 0 && rings_->wants_events() &&
        (whom != by::submitter || !event_async_only_.load(relaxed)))
        raise_event(event);
    if (descriptor_.tells())
        descriptor_.tell();
}

int instance::wait(unsigned min, const waiting &how) {
    min = std::min(min, rings_->cq_entries());
    take_direct(by::submitter);
    flush_overflow();
    if (rings_->ready() >= min)
        return 0;
    int error = 0;
    const uint32_t passed = passed_.load(relaxed);
    for (;;) {
        uint32_t seen = posts_.count();
        take_direct(by::submitter);
        flush_overflow();
        if (rings_->ready() >= min || passed_.load(relaxed) != passed)
            break;
        if (how.until && clock::now() >= *how.until) {
            error = -ETIME;
            break;
        }
        inside nothing(false); // so the program's handlers may call
        if (!sleep(seen, how)) {
            error = -EINTR;
            break;
        }
    }
    return rings_->ready() ? 0 : error;
}

void instance::wait_for_room() const {
    while (rings_->submitted() == rings_->sq_entries())
        yield();
}

// ---- the eventfd

int instance::set_event(int fd, bool async_only) {
    if (event_.load(relaxed) >= 0)
        return -EBUSY;
    int own = hold(fd);
    if (own < 0)
        return own;
    event_async_only_ = async_only;
    event_.store(own, release);
    return 0;
}

int instance::drop_event() {
    int fd = event_.exchange(-1, acq_rel);
    if (fd < 0)
        return -ENXIO;
    let_go(fd);
    return 0;
}

// ---- the descriptor

bool instance::has_completions() {
    locked hold(lock_);
    return rings_->ready() || !overflow_.empty();
}

bool instance::begin_to_tell() {
    if (!descriptor_.begin_to_tell())
        return false;
    // Whoever posts after this sees that somebody polls; what was posted before it is seen here, as
    // both take the lock.
    if (has_completions())
        descriptor_.tell();
    return true;
}

void instance::settle() {
    if (!descriptor_.told() || has_completions())
        return;
    descriptor_.take_back();
    if (has_completions())
        descriptor_.tell();
}

} // namespace iowq::uring
