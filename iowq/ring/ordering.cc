// SPDX-License-Identifier: MIT
#include "iowq/ring/ordering.h"

#include "iowq/ring/syscalls.h"

#include <cerrno>
#include <utility>

namespace iowq {

namespace {

// Is something to be done when it is over?
bool is_watched(const request &r) { return r.behind || r.limit || r.drains || r.limits; }

// Does what is linked behind it go on?
bool goes_on(const request &r) {
    return r.link == linked::hard || (r.result >= 0 && static_cast<uint64_t>(r.result) >= whole(r));
}

} // namespace

// ---- in

bool ordering::submit(request &r) {
    bool limits_nothing = r.limits && (!open_ || newest_->limit);
    if (limits_nothing || (r.drains && open_)) {
        r.result = -EINVAL;
        return true;
    }
    // What submit completes is told at once, so nothing before it may be left to be handed out.
    if (!open_ && r.link == linked::none && waiting_.empty() && done_.empty() && may_go(r)) {
        if (issue_(ring_, r))
            return true;
        barrier_ |= r.drains;
        watched_ += r.drains;
        return false;
    }
    held_++;
    add_to_open(r);
    if (r.link == linked::none)
        close();
    return false;
}

void ordering::add_to_open(request &r) {
    if (!open_) {
        open_ = newest_ = &r;
    } else if (r.limits) {
        newest_->limit = &r;
        r.limit = newest_;
    } else {
        newest_->behind = &r;
        r.before = newest_;
        newest_ = &r;
    }
}

void ordering::close() {
    if (!open_)
        return;
    waiting_.push_back(*std::exchange(open_, nullptr));
    release();
}

void ordering::release() {
    while (!waiting_.empty() && may_go(*waiting_.oldest()))
        go(waiting_.pop_front());
}

// Issues it, and what is behind it, as far as that needs not be waited for.
void ordering::go(request *r) {
    while (r) {
        if (!has_room(*r)) {
            waiting_.push_front(*r);
            return;
        }
        held_--;
        barrier_ |= r->drains;
        if (!issue_(ring_, *r)) {
            watched_ += is_watched(*r);
            if (r->limit)
                limit(*r);
            return;
        }
        is_over(*r, r->result);
        r = next_behind(*r);
    }
}

void ordering::limit(request &r) {
    request &its = *r.limit;
    held_--;
    if (!issue_(ring_, its)) {
        watched_++;
        return;
    }
    r.limit = its.limit = nullptr;
    watched_ -= !is_watched(r);
    is_over(its, its.result);
}

// ---- out

void ordering::is_over(request &r, int64_t result) {
    r.result = result;
    held_++;
    done_.push_back(r);
}

// Ends what depends on a request that is over. Returns what is to be issued now.
request *ordering::next_behind(request &r) {
    if (r.drains)
        barrier_ = false;
    if (request *its = std::exchange(r.limit, nullptr)) {
        its->limit = nullptr;
        bool waits = its->where == place::nowhere; // the request has not waited itself
        if (waits)
            held_--;
        if (waits || issued_.cancel(*its)) {
            watched_ -= !waits;
            is_over(*its, -ECANCELED);
        }
    }
    request *next = std::exchange(r.behind, nullptr);
    if (!next)
        return nullptr;
    next->before = nullptr;
    if (goes_on(r))
        return next;
    cancel_all(next);
    return nullptr;
}

void ordering::cancel_all(request *linked) {
    while (request *r = linked) {
        linked = std::exchange(r->behind, nullptr);
        r->before = nullptr;
        held_--;
        is_over(*r, -ECANCELED);
        cancel_held_limit(*r);
    }
}

void ordering::cancel_held_limit(request &r) {
    if (request *its = std::exchange(r.limit, nullptr)) {
        its->limit = nullptr;
        held_--;
        is_over(*its, -ECANCELED);
    }
}

// A limit is over. Without a request that it limits, as that is over too, it came to nothing.
void ordering::time_is_up(request &limit) {
    request *limited = std::exchange(limit.limit, nullptr);
    if (!limited) {
        limit.result = -ECANCELED;
        return;
    }
    limited->limit = nullptr;
    if (limit.result == 0)
        limit.result = -ETIME;
    if (limit.result == -ETIME && issued_.cancel(*limited)) {
        watched_--;
        is_over(*limited, -ECANCELED);
        go(next_behind(*limited));
    } else if (!is_watched(*limited)) {
        watched_--;
    }
}

unsigned ordering::hand_out(std::span<request *> out) {
    unsigned n = 0;
    while (n < out.size() && !done_.empty()) {
        out[n++] = done_.pop_front();
        held_--;
    }
    return n;
}

// One at a time is waited for, as its end may be what others wait for.
unsigned ordering::reap(std::span<request *> out, unsigned min, deadline until) {
    close();
    unsigned n = hand_out(out);
    for (;;) {
        std::span<request *> rest = out.subspan(n);
        unsigned wanted = n < min && !rest.empty();
        unsigned got = rest.empty() ? 0 : issued_.reap(rest, wanted, until);
        for (request *r : rest.first(got)) {
            if (!is_watched(*r))
                continue;
            watched_--;
            if (r->limits)
                time_is_up(*r);
            else
                go(next_behind(*r));
        }
        release();
        n += got;
        n += hand_out(out.subspan(n));
        if (n >= min || n == out.size() || got < wanted)
            break;
    }
    issued_.commit(); // what goes on now
    return n;
}

// ---- cancelling

bool ordering::cancel(request &r) {
    if (r.where == place::nowhere)
        return take_out(r);
    if (!issued_.cancel(r))
        return false;
    if (!is_watched(r))
        return true;
    watched_--;
    if (r.limits) {
        if (r.limit)
            std::exchange(r.limit, nullptr)->limit = nullptr;
        return true;
    }
    r.result = -ECANCELED;
    go(next_behind(r));
    release();
    return true;
}

// Of one that is held and not over: what is behind it is cancelled with it.
bool ordering::take_out(request &r) {
    if (r.limits) {
        if (!r.limit)
            return false;
        std::exchange(r.limit, nullptr)->limit = nullptr;
        held_--;
        return true;
    }
    if (r.before) {
        std::exchange(r.before, nullptr)->behind = nullptr;
    } else if (open_ == &r) {
        open_ = nullptr;
    } else if (!waiting_.remove(r)) {
        return false;
    }
    held_--;
    r.result = -ECANCELED;
    cancel_held_limit(r);
    cancel_all(std::exchange(r.behind, nullptr));
    close(); // the last that was linked may be gone
    release();
    return true;
}

} // namespace iowq
