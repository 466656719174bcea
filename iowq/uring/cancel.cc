// SPDX-License-Identifier: MIT
// How operations are ended early: by another one, and when their time is up.
#include "iowq/uring/instance.h"
#include "iowq/uring/opcodes.h"

#include <cerrno>
#include <utility>

namespace iowq::uring {

// Lets go of it, too.
cancel_result instance::cancel_held(op &o) {
    o.asked_to_end.store(true, relaxed);
    cancel_result came_to = pool_->cancel(&o.item);
    locked hold(lock_);
    o.held--;
    if (o.released)
        recycle(o);
    return came_to;
}

op *instance::to_be_cancelled(const to_cancel &which, const op &asking, uint64_t pass) {
    for (op *o = in_flight_.first(); o; o = o->next) {
        bool meant =
            which.any || (which.by_fd ? o->fd == which.fd : o->user_data == which.user_data);
        if (o != &asking && o->on_pool && o->looked < pass && meant &&
            (!which.only || o->row == which.only))
            return o;
    }
    return nullptr;
}

// The kernel says 0 also where what runs will end at once, and -EALREADY where it may go on.
int32_t instance::cancel(const to_cancel &which, const op &asking) {
    int32_t found = 0;
    bool goes_on = false;
    lock_.lock();
    uint64_t pass = ++cancels_;
    while (op *o = to_be_cancelled(which, asking, pass)) {
        o->looked = pass;
        o->held++;
        bool for_others = o->for_others;
        lock_.unlock();
        cancel_result came_to = cancel_held(*o);
        lock_.lock();
        found += came_to != cancel_result::notfound;
        goes_on |= came_to == cancel_result::running && !for_others;
        if (!which.all)
            break;
    }
    lock_.unlock();
    return which.all ? found : goes_on ? -EALREADY : found ? 0 : -ENOENT;
}

// ---- link timeouts

// Takes the link timeout that follows an operation out of its chain. It is held; nullptr: none
// follows.
op *instance::arm_limit(op &o) {
    op *limit = o.linked && is_limit(*o.linked) && !o.linked->refused ? o.linked : nullptr;
    if (!limit)
        return nullptr;
    locked hold(lock_);
    o.linked = std::exchange(limit->linked, nullptr);
    o.limit = limit;
    limit->limited = &o;
    limit->held++;
    in_flight_.push_back(*limit);
    return limit;
}

void instance::start_limit(op &limit, by whom) {
    bool started = to_pool(limit), in_vain;
    {
        locked hold(lock_);
        in_vain = !limit.limited; // that was done before there was something to be cancelled
        if (started && in_vain)
            limit.held++;
        if (!started && limit.limited)
            std::exchange(limit.limited, nullptr)->limit = nullptr;
        if (--limit.held == 0 && limit.released)
            recycle(limit);
    }
    if (!started)
        (void)finish(limit, whom);
    else if (in_vain)
        (void)cancel_held(limit);
}

// Its time is up. What it comes to.
int32_t instance::limit_passed(op &limit) {
    op *o;
    {
        locked hold(lock_);
        o = std::exchange(limit.limited, nullptr);
        if (!o)
            return -ECANCELED;
        o->limit = nullptr;
        o->held++;
    }
    bool for_others = o->for_others;
    bool goes_on = cancel_held(*o) == cancel_result::running && !for_others;
    return goes_on ? -EALREADY : -ETIME;
}

} // namespace iowq::uring
