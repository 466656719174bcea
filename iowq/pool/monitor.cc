// SPDX-License-Identifier: MIT
#include "iowq/pool/monitor.h"

#include "iowq/os/assert.h"
#include "iowq/os/thread.h"
#include "iowq/pool/wq.h"

#include <algorithm>
#include <array>

namespace iowq {

namespace {

// From one look to the next. While it finds no sleeper the monitor looks less and less often, so
// that a pool that is busy but never blocks hardly pays.
constexpr auto first_look = std::chrono::microseconds(50);
constexpr auto rarest_look = std::chrono::microseconds(5000);
constexpr auto rarest_hooked_look = std::chrono::microseconds(500); // a hook reads no files
constexpr int last_looks = 4; // in a row without a worker in such a call: then it stops looking

// From one signal to the next. They are repeated, as one that comes just before the system call
// that it is meant for is lost.
constexpr auto first_interrupt = std::chrono::microseconds(1000);
constexpr auto rarest_interrupt = std::chrono::microseconds(50000);

// As many suspects as one look at an acct takes.
using suspect_batch = std::array<worker_set::suspect, 16>;

deadline earlier(deadline a, deadline b) { return a && b ? std::min(*a, *b) : a ? a : b; }

} // namespace

int monitor::start(const cpu_mask &cpus) {
    iowq_assert(phase_.load(relaxed) == phase::starting);
    int error = start_thread(thread_, cpus, main, this);
    if (!error)
        phase_.store(phase::running, release);
    return error;
}

void monitor::stop() {
    if (phase_.load(acquire) != phase::running)
        return;
    stop_.store(true, release); // pairs with run's acquire
    park_.unpark();
    join(thread_);
    phase_.store(phase::absent, relaxed);
}

int monitor::set_affinity(const cpu_mask &cpus) {
    if (phase_.load(acquire) != phase::running)
        return 0;
    return move_thread(thread_, cpus);
}

void monitor::start_watching() {
    if (!watching_.exchange(true, seq_cst))
        park_.unpark();
}

void monitor::start_following() {
    if (!following_.exchange(true, relaxed))
        park_.unpark();
}

void monitor::interrupt_soon() {
    // seq_cst: the mark on the item comes before; pairs with interrupt's exchange.
    if (!interrupting_.exchange(true, seq_cst))
        park_.unpark();
}

void *monitor::main(void *arg) {
    name_this_thread("iowq-monitor");
    wake_on_time(); // the default slack of 50 us would double the wait for the first look
    auto &self = *static_cast<monitor *>(arg);
    become_monitor_of(self.pool_);
    self.pool_.its_threads().place_monitor();
    self.run();
    return nullptr;
}

void monitor::run() {
    deadline next;
    for (;;) {
        park_.park(next);
        if (stop_.load(acquire))
            return;
        auto now = clock::now();
        next = earlier(earlier(look(now), retry(now)), earlier(interrupt(now), reap(now)));
        next = earlier(next, follow(now));
    }
}

deadline monitor::look(clock::time_point now) {
    if (!watching_.load(seq_cst))
        return {};
    if (next_look_ && now < *next_look_)
        return next_look_;
    if (!next_look_)
        look_pause_ = first_look;

    bool found = false;
    empty_looks_ = look_round(found) ? 0 : empty_looks_ + 1;
    if (empty_looks_ == last_looks) {
        empty_looks_ = 0;
        // Pairs with watch: a worker that still saw true is seen by the last look, which follows.
        watching_.store(false, seq_cst);
        if (!look_round(found)) {
            next_look_.reset();
            return {};
        }
        watching_.store(true, seq_cst);
    }
    if (found)
        look_pause_ = first_look;
    next_look_ = now + look_pause_;
    look_pause_ = std::min(2 * look_pause_, hook_ ? rarest_hooked_look : rarest_look);
    return next_look_;
}

// Looks at one batch of each acct: those that `fill` finds behind the first `seen`. Returns whether
// there was one.
template <class Fill, class Look>
bool monitor::look_at_each(size_t &seen, Fill fill, Look look) {
    bool any = false, more = false;
    suspect_batch batch;
    for (auto &a : accts_) {
        size_t n = a->with_workers([&](worker_set &w) { return fill(w, batch, seen); });
        any |= n > 0;
        more |= n == batch.size();
        for (const worker_set::suspect &s : std::span(batch).first(n))
            look(*a, s);
    }
    seen = more ? seen + batch.size() : 0;
    return any;
}

// Counts as asleep the workers that are, and as running those that are no more; sets `found` if
// there was one. Returns whether any was in a call that may block.
bool monitor::look_round(bool &found) {
    auto suspects = [](worker_set &w, auto &batch, size_t skip) { return w.suspects(batch, skip); };
    auto sleepers = [](worker_set &w, auto &batch, size_t skip) { return w.found(batch, skip); };
    bool in_call = false;
    if (hook_) // without a hook a worker counts as asleep for the rest of the call, which is short
        in_call =
            look_at_each(sleepers_seen_, sleepers, [&](acct &a, const worker_set::suspect &s) {
                if (sleeps(s))
                    return;
                found = true;
                a.found_running(s);
            });
    in_call |= look_at_each(suspects_seen_, suspects, [&](acct &a, const worker_set::suspect &s) {
        if (!sleeps(s))
            return;
        found = true;
        pool_.act(a, a.found_asleep(s));
    });
    return in_call;
}

// A worker that copies, or waits for a CPU, does not sleep: it must not be replaced.
bool monitor::sleeps(const worker_set::suspect &s) const {
    if (s.place >= 0)
        return hook_->sleeps(s.place);
    // Where the thread's state cannot be known, a call that lasts from one look to the next counts
    // as sleep.
    return thread_sleeps(s.tid).value_or(s.again);
}

deadline monitor::retry(clock::time_point now) {
    deadline due;
    for (auto &a : accts_)
        pool_.act(*a, a->retry_creation(now, due));
    return due;
}

deadline monitor::interrupt(clock::time_point now) {
    if (!interrupting_.load(relaxed))
        return {};
    if (!next_interrupt_) { // the canceller has just sent the first signal
        interrupt_pause_ = first_interrupt;
        next_interrupt_ = now + interrupt_pause_;
        return next_interrupt_;
    }
    if (now < *next_interrupt_)
        return next_interrupt_;
    // Lowered before the look at the items: whoever marks one later raises the flag again.
    interrupting_.exchange(false, seq_cst);
    bool any = false;
    for (auto &a : accts_)
        any |= a->with_workers([&](worker_set &w) { return w.interrupt_again(signal_); });
    if (!any) {
        next_interrupt_.reset();
        return {};
    }
    interrupting_.store(true, relaxed);
    interrupt_pause_ = std::min(2 * interrupt_pause_, rarest_interrupt);
    next_interrupt_ = now + interrupt_pause_;
    return next_interrupt_;
}

deadline monitor::reap(clock::time_point now) {
    if (!reaping_.load(seq_cst))
        return {};
    if (!next_reap_) { // the first worker has just become free
        next_reap_ = now + idle_;
        return next_reap_;
    }
    if (now < *next_reap_)
        return next_reap_;
    next_reap_ = now + idle_;
    if (reap_round())
        return next_reap_;
    // Pairs with reap_later: a worker that still saw true is seen by the last round, which follows.
    reaping_.store(false, seq_cst);
    if (reap_round()) {
        reaping_.store(true, seq_cst);
        return next_reap_;
    }
    next_reap_.reset();
    return {};
}

deadline monitor::follow(clock::time_point now) {
    if (!following_.load(relaxed))
        return {};
    if (now < next_follow_)
        return next_follow_;
    next_follow_ = now + cpus_looked_at_every;
    pool_.follow_cpus();
    if (any_busy())
        return next_follow_;
    // Relaxed: any_busy takes the lock under which a worker becomes busy. One that does so after
    // this look sees the flag lowered, and raises it.
    following_.store(false, relaxed);
    if (!any_busy())
        return {};
    following_.store(true, relaxed);
    return next_follow_;
}

bool monitor::any_busy() const {
    return std::any_of(accts_.begin(), accts_.end(), [](auto &a) {
        return a->with_workers([](worker_set &w) { return w.any_busy(); });
    });
}

// Returns whether there are workers that may have to leave at the next round.
bool monitor::reap_round() {
    bool due = false;
    for (auto &a : accts_)
        wq::wake_all(a->with_workers([&](worker_set &w) { return w.reap(due); }));
    return due;
}

} // namespace iowq
