// SPDX-License-Identifier: MIT
// Timeouts, and link timeouts: how they begin, and how they end but by a cancel.
#include "iowq/uring/timeout.h"

#include "iowq/uring/instance.h"
#include "iowq/uring/newer.h"
#include "iowq/uring/opcodes.h"
#include "iowq/uring/user_memory.h"

#include <cerrno>
#include <new>
#include <utility>

namespace iowq::uring {

namespace {

// The program's timespec in ns; one too long for them is the longest. 0 or -errno.
int read_span(int64_t &into, uint64_t from) {
    timespec its;
    if (int error = copy_in(&its, from, sizeof its))
        return error;
    if (its.tv_sec < 0 || its.tv_nsec < 0)
        return -EINVAL;
    if (__builtin_mul_overflow(its.tv_sec, 1'000'000'000, &into) ||
        __builtin_add_overflow(into, its.tv_nsec, &into))
        into = INT64_MAX;
    return 0;
}

bool has_two_clocks(uint32_t flags) { return !(~flags & IORING_TIMEOUT_CLOCK_MASK); }

// Setting the time of day does not change how long a relative one takes.
clockid_t clock_of(uint32_t flags, bool absolute) {
    return flags & IORING_TIMEOUT_BOOTTIME               ? CLOCK_BOOTTIME
           : flags & IORING_TIMEOUT_REALTIME && absolute ? CLOCK_REALTIME
                                                         : CLOCK_MONOTONIC;
}

void arm(timers &with, timeout &t, int64_t span, bool absolute) {
    clockid_t clock = clock_of(t.flags, absolute);
    int64_t at = span;
    if (!absolute && __builtin_add_overflow(now_of(clock), span, &at))
        at = INT64_MAX;
    with.arm(t, clock, at);
}

void arm(timers &with, timeout &t) { arm(with, t, t.span, t.flags & IORING_TIMEOUT_ABS); }

} // namespace

// ---- what SQEs ask for

int prepare_timeout(op &o, const io_uring_sqe &sqe, const registered &) {
    constexpr uint32_t known = IORING_TIMEOUT_ABS | IORING_TIMEOUT_CLOCK_MASK |
                               IORING_TIMEOUT_ETIME_SUCCESS | timeout_multishot;
    if (sqe.len != 1 || sqe.ioprio || sqe.buf_index || sqe.splice_fd_in ||
        sqe.timeout_flags & ~known || has_two_clocks(sqe.timeout_flags) ||
        !(~sqe.timeout_flags & (timeout_multishot | IORING_TIMEOUT_ABS)))
        return -EINVAL;
    auto *t = new (o.little.data()) timeout;
    t->passed = instance::time_is_up;
    t->of = &o;
    t->flags = o.rw_flags = sqe.timeout_flags;
    t->count = static_cast<uint32_t>(sqe.off);
    t->repeats = t->flags & timeout_multishot;
    return read_span(t->span, sqe.addr);
}

// Of the operation before it, which may not be another one of these.
int prepare_limit(op &o, const io_uring_sqe &sqe, const registered &known) {
    return sqe.off ? -EINVAL : prepare_timeout(o, sqe, known);
}

int prepare_timeout_removal(op &o, const io_uring_sqe &sqe, const registered &) {
    constexpr uint32_t updates = IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE;
    if (sqe.len || sqe.ioprio || sqe.buf_index || sqe.splice_fd_in)
        return -EINVAL;
    o.args[0] = sqe.addr;
    o.rw_flags = sqe.timeout_flags;
    if (!o.rw_flags)
        return 0;
    if (!(o.rw_flags & updates) || o.rw_flags & ~(updates | IORING_TIMEOUT_ABS))
        return -EINVAL;
    int64_t span = 0;
    int error = read_span(span, sqe.addr2);
    o.args[1] = static_cast<uint64_t>(span);
    return error;
}

// A removal that says whose update it would be, but not that it is one, is a removal.
int32_t remove_timeout(instance &its, op &o) {
    if (o.rw_flags & IORING_TIMEOUT_UPDATE)
        return its.update_timeout(o.args[0], o.rw_flags, static_cast<int64_t>(o.args[1]));
    return its.cancel({.user_data = o.args[0], .only = row_of(IORING_OP_TIMEOUT)}, o);
}

// ---- timeouts

// From here on its CQE may come at any time.
void instance::start_timeout(op &o) {
    timeout &t = timeout_of(o);
    locked hold(lock_);
    if (t.from == timeout::begins)
        t.from = counted_.load(relaxed);
    in_flight_.remove(o);
    op *before = timed_.last();
    while (t.counts() && before) { // those that count are first, in the order of their targets
        timeout &other = timeout_of(*before);
        if (other.counts() && other.target() <= t.target())
            break;
        before = before->prev;
    }
    timed_.insert_after(before, o);
    arm(*timers_, t);
}

// It counts what is posted from when its submission began. Until that ends, none that counts does:
// what is posted meanwhile is posted in one go.
void instance::count_from_submission(op &o) {
    timeout_of(o).from = posted_before_;
    counting_ = true;
    hold_counts(true);
}

void instance::hold_counts(bool on) {
    locked hold(lock_);
    counts_held_ = on;
}

// What was cancelled, or has counted enough, and is to be finished; nullptr: none is.
op *instance::next_ended() {
    op *o = ended_.pop_front();
    for (op *each = timed_.first(); !o && !counts_held_ && each; each = each->next) {
        timeout &t = timeout_of(*each);
        if (!t.counts() || t.target() > counted_.load(relaxed))
            break;
        if (timers_->disarm(t)) {
            o = each;
            timed_.remove(*o);
            o->result = 0;
        }
    }
    if (o)
        in_flight_.push_back(*o);
    return o;
}

// `running`: it ends on its own.
cancel_result instance::cancel_timeout(op &o) {
    timeout &t = timeout_of(o);
    if (!timers_->disarm(t)) {
        t.last = true;
        return cancel_result::running;
    }
    timed_.remove(o);
    o.result = -ECANCELED;
    ended_.push_back(o);
    return cancel_result::ok;
}

// It counts no completions then.
int32_t instance::update_timeout(uint64_t user_data, uint32_t flags, int64_t span) {
    bool limit = flags & IORING_LINK_TIMEOUT_UPDATE;
    locked hold(lock_);
    op *o = limit ? in_flight_.first() : timed_.first();
    while (o && (o->user_data != user_data || (limit && !(is_limit(*o) && o->limited))))
        o = o->next;
    if (!o)
        return -ENOENT;
    timeout &t = timeout_of(*o);
    if (!timers_->disarm(t))
        return -EALREADY;
    if (!limit) {
        t.count = 0;
        t.span = span;
        timed_.remove(*o);
        timed_.push_back(*o);
    }
    arm(*timers_, t, span, flags & IORING_TIMEOUT_ABS);
    return 0;
}

// In the timers' thread, which is to make nothing that waits.
void instance::time_is_up(timer &t) {
    op &o = *static_cast<timeout &>(t).of;
    instance &its = *o.of;
    its.inside_.fetch_add(1, relaxed);
    if (is_limit(o)) {
        o.result = its.limit_passed(o);
        its.go_on(its.finish(o, by::guest), by::guest);
    } else if (its.repeat_timeout(o)) {
        its.posted(by::guest);
    } else {
        its.go_on(its.finish(o, by::guest), by::guest);
    }
    its.inside_.fetch_sub(1, release); // from here on it may be gone
}

// False: this was the last time, or there is no room for its CQE.
bool instance::repeat_timeout(op &o) {
    timeout &t = timeout_of(o);
    locked hold(lock_);
    bool again = t.repeats && !t.last && (!t.count || --t.count) && overflow_.empty() &&
                 rings_->post(o.user_data, -ETIME, IORING_CQE_F_MORE);
    if (again) {
        passed_.fetch_add(1, relaxed);
        arm(*timers_, t, t.span, false);
        return true;
    }
    timed_.remove(o);
    in_flight_.push_back(o);
    o.result = -ETIME;
    return false;
}

// ---- link timeouts

// Takes the link timeout that follows an operation out of its chain; nullptr: none follows.
op *instance::take_limit(op &o) {
    op *limit = o.linked && is_limit(*o.linked) && !o.linked->refused ? o.linked : nullptr;
    if (!limit)
        return nullptr;
    locked hold(lock_);
    o.linked = std::exchange(limit->linked, nullptr);
    o.limit = limit;
    limit->limited = &o;
    in_flight_.push_back(*limit);
    return limit;
}

void instance::start_limit(op &limit, by whom) {
    {
        locked hold(lock_);
        if (limit.limited) {
            arm(*timers_, timeout_of(limit));
            return;
        }
        complete(limit, -ECANCELED); // that was done before it could be limited
    }
    posted(whom);
}

// Its time is up. What it comes to.
int32_t instance::limit_passed(op &limit) {
    locked hold(lock_);
    while (limit.limited && limit.limited->waits == op::tried)
        wait_for_try();
    op *o = std::exchange(limit.limited, nullptr);
    if (!o)
        return -ECANCELED;
    o->limit = nullptr;
    cancel_result came_to = end_early(*o);
    return came_to == cancel_result::notfound  ? -ENOENT
           : came_to == cancel_result::running ? -EALREADY
                                               : -ETIME;
}

} // namespace iowq::uring
