// SPDX-License-Identifier: MIT
#include "iowq/uring/timers.h"

#include "iowq/os/any_call.h"
#include "iowq/os/assert.h"
#include "iowq/os/clock.h"
#include "iowq/os/thread.h"
#include "iowq/uring/held.h"

#include <algorithm>
#include <new>
#include <poll.h>
#include <sys/timerfd.h>
#include <utility>

namespace iowq::uring {

namespace {

// ---- a pairing heap: arming takes a few steps, and disarming what is not among the first does too

bool before(const timer &a, const timer &b) {
    return std::pair(a.at, a.turn) < std::pair(b.at, b.turn);
}

// Of two roots the earlier one, which has the other one as its first child. Either may be missing.
timer *meld(timer *a, timer *b) {
    if (!a || !b)
        return a ? a : b;
    if (before(*b, *a))
        std::swap(a, b);
    b->next = a->child;
    if (b->next)
        b->next->prev = b;
    b->prev = a;
    a->child = b;
    return a;
}

// The root of what was below `t`.
timer *meld_children(timer &t) {
    timer *pairs = nullptr, *root = nullptr;
    for (timer *c = std::exchange(t.child, nullptr); c;) {
        timer *one = c, *two = std::exchange(one->next, nullptr);
        c = two ? std::exchange(two->next, nullptr) : nullptr;
        one = meld(one, two);
        one->next = std::exchange(pairs, one);
    }
    while (timer *one = pairs) {
        pairs = std::exchange(one->next, nullptr);
        root = meld(root, one);
    }
    if (root)
        root->prev = nullptr;
    return root;
}

void take_out(timer *&first, timer &t) {
    iowq_assert(t.armed);
    t.armed = false;
    timer *below = meld_children(t);
    if (&t == first) {
        first = below;
        return;
    }
    (t.prev->child == &t ? t.prev->child : t.prev->next) = t.next;
    if (t.next)
        t.next->prev = t.prev;
    t.next = t.prev = nullptr;
    first = meld(first, below);
}

} // namespace

int64_t now_of(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

int timers::create(std::unique_ptr<timers> &out) {
    std::unique_ptr<timers> t(new (std::nothrow) timers);
    if (!t)
        return -ENOMEM;
    for (one_clock &c : t->clocks_) {
        int fd = timerfd_create(c.id, TFD_CLOEXEC);
        c.fd = fd < 0 ? -errno : set_aside(fd);
        if (c.fd < 0)
            return c.fd;
    }
    if (int error = t->files_.open())
        return error;
    if (int error = start_thread(t->thread_, cpu_mask::all(), main, t.get()))
        return error;
    t->runs_ = true;
    out = std::move(t);
    return 0;
}

timers::~timers() {
    stop_.store(true, release);
    if (runs_) {
        {
            locked hold(lock_);
            set(clocks_[0], 0); // wakes it
        }
        join(thread_);
    }
    for (one_clock &c : clocks_) {
        iowq_assert(!c.first);
        if (c.fd >= 0)
            let_go(c.fd);
    }
}

void timers::set(one_clock &c, int64_t at) {
    constexpr int64_t earliest = 1; // 0 would stop it
    itimerspec then{};
    if (at != never)
        then.it_value = as_timespec(std::chrono::nanoseconds(std::max(at, earliest)));
    timerfd_settime(c.fd, TFD_TIMER_ABSTIME, &then, nullptr);
    c.set = at;
}

void timers::arm(timer &t, clockid_t clock, int64_t at) {
    locked hold(lock_);
    iowq_assert(!t.armed);
    for (t.clock = 0; clocks_[t.clock].id != clock; t.clock++)
        ;
    one_clock &c = clocks_[t.clock];
    t.armed = true;
    t.at = at;
    t.turn = turns_++;
    c.first = meld(c.first, &t);
    if (at < c.set)
        set(c, at);
}

bool timers::disarm(timer &t) {
    locked hold(lock_);
    if (!t.armed)
        return false;
    take_out(clocks_[t.clock].first, t);
    return true;
}

void *timers::main(void *its) {
    static_cast<timers *>(its)->run();
    return nullptr;
}

void timers::run() {
    name_this_thread("iowq-timers");
    std::array<pollfd, 4> ready;
    std::transform(clocks_.begin(), clocks_.end(), ready.begin(), [](const one_clock &c) {
        return pollfd{c.fd, POLLIN, 0};
    });
    ready.back() = {files_.fd(), POLLIN, 0};
    while (!stop_.load(acquire)) {
        uint64_t args[6] = {reinterpret_cast<uint64_t>(ready.data()), ready.size()};
        (void)make_any_call(SYS_ppoll, args); // the plain call (prepare.h)
        for (size_t i = 0; i < clocks_.size(); i++)
            if (ready[i].revents)
                pass(clocks_[i]);
        if (ready.back().revents)
            files_.pass();
    }
}

// Those that have passed by now. One that is armed anew waits its turn, whatever its time.
void timers::pass(one_clock &c) {
    for (const int64_t now = now_of(c.id);;) {
        timer *t;
        {
            locked hold(lock_);
            t = c.first;
            if (!t || t->at > now) {
                set(c, t ? t->at : never); // and it is ready no more
                return;
            }
            take_out(c.first, *t);
        }
        t->passed(*t);
    }
}

} // namespace iowq::uring
