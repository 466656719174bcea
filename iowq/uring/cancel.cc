// SPDX-License-Identifier: MIT
// How operations are ended early by another one.
#include "iowq/uring/instance.h"
#include "iowq/uring/opcodes.h"

#include <cerrno>

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
    auto meant = [&](const op &o) {
        return o.looked < pass && (!which.only || o.row == which.only) &&
               (which.any || (which.by_fd ? o.fd == which.fd : o.user_data == which.user_data));
    };
    for (op *o = in_flight_.first(); o; o = o->next)
        if (o != &asking && o->on_pool && meant(*o))
            return o;
    for (op *o = which.by_fd ? nullptr : timed_.first(); o; o = o->next)
        if (meant(*o))
            return o;
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
        bool for_others = o->for_others;
        cancel_result came_to;
        if (is_timeout(*o)) {
            came_to = cancel_timeout(*o);
        } else {
            o->held++;
            lock_.unlock();
            came_to = cancel_held(*o);
            lock_.lock();
        }
        found += came_to != cancel_result::notfound;
        goes_on |= came_to == cancel_result::running && !for_others;
        if (!which.all)
            break;
    }
    lock_.unlock();
    return which.all ? found : goes_on ? -EALREADY : found ? 0 : -ENOENT;
}

} // namespace iowq::uring
