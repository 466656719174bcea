// SPDX-License-Identifier: MIT
// Operations that wait for a file's events without a worker: the timers' thread tries them again
// once there are some. Until it does they can be cancelled, and while somebody tries one, whoever
// cancels it waits for the outcome.
#include "iowq/os/park.h"
#include "iowq/uring/instance.h"
#include "iowq/uring/instances.h"
#include "iowq/uring/opcodes.h"
#include "iowq/uring/prepare.h"

#include <cerrno>

namespace iowq::uring {

namespace {

// A ring's own descriptor is not held, as the ring would not end before this does.
bool may_be_held(int fd) { return !instances::all().has_one_of({&fd, 1}); }

} // namespace

// False: a worker is to wait, as no event would tell of the end, or there is no descriptor to wait
// on.
bool instance::arm_wait(op &o) {
    o.file.ready = file_is_ready;
    o.file.whose = &o;
    if (timers_->files().arm(o.file, file_of(o), events_for(o)))
        return false;
    use_file(o, o.file.fd);
    o.waits = op::armed;
    o.on_pool = false;
    return true;
}

// After a try that would have waited. False: see arm_wait.
bool instance::wait_for_file(op &o) {
    if (!o.for_events || !may_be_held(file_of(o)))
        return false;
    locked hold(lock_); // the timers' thread waits for it before it looks at what is set here
    return arm_wait(o);
}

// False: it was cancelled before.
bool instance::begin_try(op &o) {
    locked hold(lock_);
    if (o.waits == op::cancelled || o.asked_to_end.load(relaxed)) {
        o.result = -ECANCELED;
        return false;
    }
    o.waits = op::tried;
    o.for_events = o.tried_enough = false;
    return true;
}

void instance::end_try(op &o) {
    o.waits = op::nowhere;
    if (awaiting_try_) {
        tries_.fetch_add(1, relaxed);
        futex_wake_all(tries_);
    }
}

// Until one that is tried has been, or another one.
void instance::wait_for_try() {
    awaiting_try_++;
    uint32_t seen = tries_.load(relaxed);
    lock_.unlock();
    (void)futex_wait(tries_, seen, {});
    lock_.lock();
    awaiting_try_--;
}

// Not what has been tried by the submitter, nor what waits for storage.
bool instance::is_to_be_tried(const op &o) {
    return o.row->by == way::tried && o.for_others && !o.was_tried;
}

// By a worker, before it would make the plain call.
instance::tried instance::try_in_worker(op &o) {
    if (!begin_try(o))
        return tried::done;
    o.result = static_cast<int32_t>(try_call(o));
    bool would_wait = o.result == -EAGAIN && !o.tried_enough;
    bool for_events = would_wait && o.for_events && may_be_held(file_of(o));
    locked hold(lock_);
    end_try(o);
    o.was_tried = true;
    o.on_pool = would_wait; // else it is done
    return for_events && arm_wait(o) ? tried::waits
           : would_wait              ? tried::needs_a_worker
                                     : tried::done;
}

// In the timers' thread.
void instance::file_is_ready(void *whose, uint32_t) {
    op &o = *static_cast<op *>(whose);
    instance &its = *o.of;
    its.inside_.fetch_add(1, relaxed);
    tried came_to = its.try_again(o);
    if (came_to == tried::done || (came_to == tried::needs_a_worker && !its.to_pool(o)))
        its.go_on(its.finish(o, by::guest), by::guest);
    its.inside_.fetch_sub(1, release); // from here on it may be gone
}

instance::tried instance::try_again(op &o) {
    constexpr uint8_t most = 16; // then a worker waits for the file that tells wrongly
    poller &files = timers_->files();
    bool would_wait = false;
    if (begin_try(o)) {
        o.result = static_cast<int32_t>(try_call(o));
        would_wait = o.result == -EAGAIN && !o.tried_enough;
        if (would_wait) // another one of the file may have taken what there was
            o.told_wrongly = is_ready(file_of(o), events_for(o)) ? o.told_wrongly + 1 : 0;
    }
    locked hold(lock_);
    end_try(o);
    if (would_wait && o.for_events && o.told_wrongly < most) {
        o.waits = op::armed;
        files.arm_again(o.file, events_for(o));
        return tried::waits;
    }
    files.drop(o.file);
    o.on_pool = would_wait;
    return would_wait ? tried::needs_a_worker : tried::done;
}

// `notfound`: it is done. Where the timers' thread is about to try it, that ends it, though there
// are events: so does the kernel.
cancel_result instance::cancel_wait(op &o) {
    if (o.waits != op::armed)
        return cancel_result::notfound;
    if (!timers_->files().disarm(o.file)) {
        o.waits = op::cancelled;
        return cancel_result::ok;
    }
    o.waits = op::nowhere;
    in_flight_.remove(o);
    o.result = -ECANCELED;
    ended_.push_back(o);
    return cancel_result::ok;
}

} // namespace iowq::uring
