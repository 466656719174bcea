// SPDX-License-Identifier: MIT
// From the end of an operation to its CQE: what ends with it, what may begin then, and CQEs without
// room.
#include "iowq/uring/held.h"
#include "iowq/uring/instance.h"
#include "iowq/uring/opcodes.h"
#include "iowq/uring/timeout.h"

#include <memory>
#include <utility>

namespace iowq::uring {

// Posts what has ended, and what ends with it. Returns what is to be begun next.
op *instance::finish(op &o, by whom) {
    let_go_of_files(o);
    if (o.file.fd >= 0)
        let_go(std::exchange(o.file.fd, -1));
    op *next, *limit;
    {
        locked hold(lock_);
        limit = std::exchange(o.limit, nullptr);
        if (limit) {
            limit->limited = nullptr;
            if (!timers_->disarm(timeout_of(*limit)))
                limit = nullptr; // whoever is about to start it, or the timers' thread, ends it
        }
        next = o.linked;
        if (next && is_limit(*next)) { // it has not begun
            op *unused = next;
            next = std::exchange(unused->linked, nullptr);
            in_flight_.push_back(*unused);
            complete(*unused, unused->refused ? unused->result : -ECANCELED);
        }
        bool broken = !succeeded(o) && !(o.flags & IOSQE_IO_HARDLINK);
        bool silent = o.flags & IOSQE_CQE_SKIP_SUCCESS;
        complete(o, o.result);
        if (limit)
            complete(*limit, -ECANCELED);
        if (broken)
            break_off(std::exchange(next, nullptr), silent);
    }
    posted(whom);
    return next;
}

// Ends what has not begun. `silent`: without CQEs, as the one that has broken the chain was to have
// none for success; else each has one.
void instance::break_off(op *o, bool silent) {
    for (op *next; o; o = next) {
        next = o->linked;
        o->flags &= static_cast<uint8_t>(~IOSQE_CQE_SKIP_SUCCESS);
        in_flight_.push_back(*o);
        complete(*o, o->refused ? o->result : -ECANCELED, silent);
    }
}

void instance::complete(op &o, int32_t result, bool silent) {
    o.result = result;
    active_--;
    in_flight_.remove(o);
    answer(o, silent);
}

void instance::answer(op &o, bool silent) {
    if (silent || (o.flags & IOSQE_CQE_SKIP_SUCCESS && succeeded(o)))
        recycle(o);
    else
        post(o);
}

void instance::post(op &o) {
    if (overflow_.empty() && put(o)) {
        recycle(o);
        return;
    }
    rings_->set_flags(IORING_SQ_CQ_OVERFLOW);
    overflow_.push_back(o);
    overflows_.store(true, release);
}

// False: there is no room.
bool instance::put(const op &o) {
    if (!rings_->post(o.user_data, o.result, 0))
        return false;
    if (is_timeout(o) && (o.result == 0 || o.result == -ETIME))
        passed_.fetch_add(1, relaxed);
    else
        counted_.store(counted_.load(relaxed) + 1, relaxed);
    return true;
}

void instance::recycle(op &o) {
    o.released = true;
    if (o.held)
        return; // whoever holds it releases it
    forget(o);
    std::destroy_at(&o);
    new (&o) op; // without its arrays, which construct_at would clear
    o.next = std::exchange(free_, &o);
}

// A chain that may begin now that others have ended; nullptr: none.
op *instance::next_deferred() {
    if (active_ == 0)
        draining_ = false;
    op *first = deferred_.first();
    bool drains = first && first->flags & IOSQE_IO_DRAIN;
    barred_.store(draining_ || first, release);
    if (!first || draining_ || (drains && active_))
        return nullptr;
    deferred_.remove(*first);
    draining_ = drains;
    barred_.store(draining_ || !deferred_.empty(), release);
    for (op *o = first; o; o = o->linked)
        active_++;
    return first;
}

void instance::flush_overflow() {
    if (!overflows_.load(acquire))
        return;
    {
        locked hold(lock_);
        if (overflow_.empty() || !put(*overflow_.first()))
            return;
        do
            recycle(*overflow_.pop_front());
        while (!overflow_.empty() && put(*overflow_.first()));
        if (overflow_.empty()) {
            rings_->clear_flags(IORING_SQ_CQ_OVERFLOW);
            overflows_.store(false, relaxed);
        }
    }
    go_on(nullptr, by::submitter); // timeouts may have waited for these
}

} // namespace iowq::uring
