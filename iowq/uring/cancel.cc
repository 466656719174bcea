// SPDX-License-Identifier: MIT
// How operations are ended early by another one.
#include "iowq/uring/instance.h"
#include "iowq/uring/opcodes.h"

#include <cerrno>

namespace iowq::uring {

// It is not being tried. `running`: it may go on. The lock is let go of meanwhile.
cancel_result instance::end_early(op &o) {
    if (is_timeout(o))
        return cancel_timeout(o);
    if (!o.on_pool)
        return cancel_wait(o);
    bool ends = is_to_be_tried(o); // it looks whether it was asked to end
    bool ends_soon = o.for_others;
    o.held++;
    o.asked_to_end.store(true, relaxed);
    lock_.unlock();
    cancel_result came_to = pool_->cancel(&o.item);
    lock_.lock();
    o.held--;
    if (o.released)
        recycle(o);
    return ends || (ends_soon && came_to == cancel_result::running) ? cancel_result::ok : came_to;
}

op *instance::to_be_cancelled(const to_cancel &which, const op &asking, uint64_t pass) {
    auto meant = [&](const op &o) {
        return o.looked < pass && (!which.only || o.row == which.only) &&
               (which.any || (which.by_fd ? o.fd == which.fd : o.user_data == which.user_data));
    };
    for (op *o = in_flight_.first(); o; o = o->next)
        if (o != &asking && (o->on_pool || o->waits == op::armed || o->waits == op::tried) &&
            meant(*o))
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
        if (o->waits == op::tried) { // it has ended then, or waits for events
            wait_for_try();
            continue;
        }
        o->looked = pass;
        cancel_result came_to = end_early(*o);
        found += came_to != cancel_result::notfound;
        goes_on |= came_to == cancel_result::running;
        if (!which.all)
            break;
    }
    lock_.unlock();
    return which.all ? found : goes_on ? -EALREADY : found ? 0 : -ENOENT;
}

} // namespace iowq::uring
