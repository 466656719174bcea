// SPDX-License-Identifier: MIT
#include "iowq/pool/acct.h"

#include "iowq/os/probe.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace iowq {

namespace {

void raise_to(atomic<int> &peak, int value) {
    int old = peak.load(relaxed);
    while (old < value && !peak.compare_exchange_weak(old, value, relaxed)) {
    }
}

} // namespace

wq_counters &wq_counters::operator+=(const wq_counters &other) {
    enqueued += other.enqueued;
    chain_waits += other.chain_waits;
    wakes += other.wakes;
    workers_created += other.workers_created;
    workers_reaped += other.workers_reaped;
    nr_workers += other.nr_workers;
    nr_running += other.nr_running;
    nr_blocked += other.nr_blocked;
    peak_running += other.peak_running;
    peak_blocked += other.peak_blocked;
    return *this;
}

bool acct::has_incoming(memory_order order) const {
    work *top = incoming_.load(order);
    return top && top != &closed_;
}

bool acct::has_work() const {
    // seq_cst: pairs with push's CAS; the caller has lowered nr_running_ before (README, orders).
    return has_incoming(seq_cst) || listed_.load(seq_cst);
}

int acct::push(work *w) {
    work *top = incoming_.load(relaxed);
    do {
        if (top == &closed_)
            return -ESHUTDOWN;
        w->next = top;
        // seq_cst: publishes the item to drain, and comes before pushed()'s look at nr_running_.
    } while (!incoming_.compare_exchange_weak(top, w, seq_cst, relaxed));
    return 0;
}

acct::action acct::pushed(bool concurrent) {
    // Pairs with the fetch_sub in go_idle and sleeping: either this sees 0, or they see the item.
    if (!concurrent && nr_running_.load(seq_cst) > 0)
        return {};
    return settle(concurrent);
}

acct::action acct::settle(bool concurrent) {
    locked guard(lock_);
    return settle_locked(concurrent);
}

acct::action acct::settle_locked(bool concurrent) {
    int running = nr_running_.load(seq_cst);
    if (concurrent && running >= max_running_) {
        // seq_cst: comes before the second look; pairs with sleeping(), which lowers nr_running_
        // first.
        concurrent_waits_.fetch_add(1, seq_cst);
        running = nr_running_.load(seq_cst);
        if (running < max_running_)
            concurrent_waits_.fetch_sub(1, relaxed);
    }
    if ((running > 0 && !concurrent) || running >= max_running_ ||
        (!has_work() && !called_.load(seq_cst)))
        return {};
    action todo = employ(concurrent);
    retry_concurrent_ |= todo.what == action::elsewhere && concurrent && failed_creations_ > 0;
    return todo;
}

// A worker, if there is one to be had.
acct::action acct::employ(bool concurrent) {
    action todo;
    if (free_) {
        todo = {action::wake, free_, concurrent};
        free_ = free_->next_free;
        counted_.wakes++;
    } else if (nr_workers_ < max_workers_ && failed_creations_ == 0) {
        todo = {action::create, nullptr, concurrent};
        nr_workers_++;
        counted_.workers_created++;
    } else {
        return {action::elsewhere};
    }
    raise_to(peak_running_, nr_running_.fetch_add(1, seq_cst) + 1);
    return todo;
}

acct::action acct::called() {
    locked guard(lock_);
    if (exiting_)
        return {};
    // seq_cst, as the looks at it: comes before the look at nr_running_, which sleeping() has lowered before.
    called_.store(true, seq_cst);
    return nr_running_.load(seq_cst) > 0 ? action{} : employ(false);
}

void acct::list(work *top) {
    // The stack is newest first; the queue takes the oldest first.
    work *oldest = nullptr;
    while (top) {
        work *older = top->next;
        top->next = oldest;
        oldest = top;
        top = older;
    }
    while (oldest) {
        work *newer = oldest->next;
        oldest->where.store(this, relaxed);
        counted_.enqueued += oldest->func != nullptr; // a token is none, its chain's items are
        queue_.push_back(oldest);
        oldest = newer;
    }
    listed_.store(!queue_.empty(), seq_cst);
}

void acct::drain() {
    // close() replaces the stack under lock_ too, so it cannot become closed in between.
    if (!has_incoming(relaxed))
        return;
    // Before the exchange, so that has_work, which looks at the stack first, never sees both empty.
    listed_.store(true, seq_cst);
    list(incoming_.exchange(nullptr, seq_cst)); // pairs with push
}

work *acct::take(worker &self, work_list &passed) {
    locked guard(lock_);
    return crowded() && !exiting_ ? nullptr : take_locked(self, passed);
}

work *acct::take_away(worker &other, work_list &passed) {
    if (other.home.crowded() || !has_work())
        return nullptr;
    locked guard(lock_);
    return take_locked(other, passed);
}

work *acct::take_locked(worker &by, work_list &passed) {
    if (queue_.empty())
        drain();
    work *w = queue_.pop_front();
    if (!w)
        return nullptr;
    queue_.pop_markers(passed);
    if (queue_.empty()) {
        listed_.store(false, relaxed);
        // Then nobody is left who waits. Looked at first: it lies beside what every push reads.
        if (concurrent_waits_.load(relaxed) > 0 && !has_incoming(relaxed))
            concurrent_waits_.store(0, relaxed);
    }
    if (w->func) // a token is none to be cancelled
        by.current.publish(w);
    // Release: a canceller who sees that it is not queued any more sees it published.
    w->where.store(work::nowhere, release);
    return w;
}

work *acct::take_to_help(work_list &passed) {
    locked guard(lock_);
    drain();
    work *w = queue_.front();
    if (!w || !(w->flags & work_helpable) || helped_.get())
        return nullptr;
    work *other = w->next;
    while (other && other->flags & work_marker)
        other = other->next;
    if (!other)
        return nullptr;
    queue_.remove(w);
    queue_.pop_markers(passed);
    helped_.publish(w);
    w->where.store(work::nowhere, release); // as in take
    return w;
}

bool acct::publish(worker &self, work *w) {
    locked guard(lock_);
    if (exiting_ && w->flags & work_unbound)
        return false;
    self.current.publish(w);
    return true;
}

void acct::requeue(work *token) {
    locked guard(lock_);
    drain(); // what was pushed before goes first
    token->where.store(this, relaxed);
    queue_.push_back(token);
    listed_.store(true, seq_cst);
}

bool acct::spin_for_work(worker &self) {
    if (crowded() || spinning_.exchange(true, relaxed))
        return false;
    bool found = self.spin.until([&] { return incoming_.load(relaxed); });
    spinning_.store(false, relaxed);
    return found && has_work();
}

acct::idle acct::go_idle(worker &self) {
    locked guard(lock_);
    int before = nr_running_.fetch_sub(1, seq_cst); // pairs with pushed()
    if ((before <= max_running_ || exiting_) && (has_work() || called_.exchange(false))) {
        nr_running_.fetch_add(1, seq_cst);
        return idle::retry;
    }
    if (exiting_ || nr_workers_ > max_workers_) {
        forget(self);
        return idle::leave;
    }
    self.rested = false;
    self.next_free = free_;
    free_ = &self;
    return idle::parked;
}

worker *acct::reap(bool &due) {
    locked guard(lock_);
    worker *to_leave = nullptr;
    // The first on the list is the last to have parked.
    for (worker **link = free_ && last_stays_ ? &free_->next_free : &free_; *link;) {
        worker *w = *link;
        if (!std::exchange(w->rested, true)) {
            due = true;
            link = &w->next_free;
            continue;
        }
        dismiss(link, to_leave);
    }
    return to_leave;
}

void acct::dismiss(worker **free, worker *&to_leave) {
    worker *w = *free;
    *free = w->next_free;
    forget(*w);
    w->leaving = true;
    w->next_free = to_leave;
    to_leave = w;
}

void acct::started(worker &self, int place) {
    locked guard(lock_);
    failed_creations_ = 0;
    self.tid = this_task();
    self.place = place;
    self.next_known = known_;
    known_ = &self;
}

void acct::forget(worker &self) {
    nr_workers_--;
    counted_.workers_reaped += !exiting_;
    for (worker **link = &known_; *link; link = &(*link)->next_known) {
        if (*link == &self) {
            *link = self.next_known;
            return;
        }
    }
}

acct::action acct::sleeping() {
    raise_to(peak_blocked_, nr_blocked_.fetch_add(1, relaxed) + 1);
    int others = nr_running_.fetch_sub(1, seq_cst) - 1; // pairs with pushed()
    IOWQ_PROBE(sleep, node, bound, others);
    bool waits = concurrent_waits_.load(seq_cst) > 0; // pairs with settle_locked
    if ((others > 0 && !waits) || (!has_work() && !called_.load(seq_cst)))
        return {};
    locked guard(lock_);
    waits = concurrent_waits_.load(relaxed) > 0;
    if (waits)
        concurrent_waits_.fetch_sub(1, relaxed);
    return settle_locked(waits);
}

void acct::running_again() {
    nr_blocked_.fetch_sub(1, relaxed);
    raise_to(peak_running_, nr_running_.fetch_add(1, seq_cst) + 1);
}

size_t acct::suspects(std::span<suspect> out) {
    locked guard(lock_);
    size_t n = 0;
    for (worker *w = known_; w && n < out.size(); w = w->next_known) {
        uint32_t call = w->call.load(seq_cst); // pairs with blocking's store
        bool again = call == w->seen_call;
        w->seen_call = call;
        if (call & worker::in_call && !(call & worker::asleep))
            out[n++] = {w, call, w->tid, w->place, again};
    }
    return n;
}

size_t acct::found(std::span<suspect> out, size_t skip) {
    locked guard(lock_);
    size_t n = 0;
    for (worker *w = known_; w && n < out.size(); w = w->next_known) {
        uint32_t call = w->call.load(relaxed); // found_running's CAS looks again
        if (!(call & worker::asleep))
            continue;
        if (skip)
            skip--;
        else
            out[n++] = {w, call, w->tid, w->place, true};
    }
    return n;
}

acct::action acct::found_asleep(const suspect &s) {
    // The record is there as long as the wq, and a call's number comes back only after 2^30 others.
    uint32_t call = s.call;
    if (!s.who->call.compare_exchange_strong(call, call | worker::asleep, acq_rel))
        return {};
    sleeps_.assume(surest / 2);
    return sleeping();
}

void acct::found_running(const suspect &s) {
    uint32_t call = s.call;
    // Acquire and release as the worker's exchange: whoever takes the mark away counts it as running.
    if (s.who->call.compare_exchange_strong(call, call & ~worker::asleep, acq_rel))
        running_again();
}

acct::action acct::retry_creation(clock::time_point now, deadline &due) {
    locked guard(lock_);
    if (failed_creations_ == 0)
        return {};
    if (now < retry_at_) {
        due = due ? std::min(*due, retry_at_) : retry_at_;
        return {};
    }
    int failed = std::exchange(failed_creations_, 0);
    action todo = settle_locked(std::exchange(retry_concurrent_, false));
    if (todo.what == action::create)
        failed_creations_ = failed;
    return todo;
}

bool acct::mark(work *marker) {
    locked guard(lock_);
    drain();
    if (queue_.empty())
        return false;
    queue_.push_back(marker);
    return true;
}

void acct::count_hashed(bool waits) {
    hashed_.fetch_add(1, relaxed);
    if (waits)
        chain_waits_.fetch_add(1, relaxed);
}

unsigned acct::set_max_workers(unsigned most, action &todo, worker *&to_leave) {
    locked guard(lock_);
    unsigned old = max_workers_;
    if (most) {
        max_workers_ = most;
        while (nr_workers_ > most && free_) // the last to have parked is the last to go
            dismiss(free_->next_free ? &free_->next_free : &free_, to_leave);
        todo = settle_locked(false); // what waited for a worker at the old limit
    }
    return old;
}

int acct::set_affinity(const cpu_mask &cpus) {
    locked guard(lock_);
    int error = 0;
    for (worker *w = known_; w; w = w->next_known)
        if (int e = move_task(w->tid, cpus); e && !error)
            error = e;
    return error;
}

worker *acct::close(work_list &cancelled, action &todo) {
    locked guard(lock_);
    exiting_ = true;
    listed_.store(true, seq_cst); // as in drain
    work *top = incoming_.exchange(&closed_, seq_cst);
    list(top == &closed_ ? nullptr : top);
    if (!bound) {
        cancelled = queue_.take_matching([](work *w) { return w->func != nullptr; });
        listed_.store(!queue_.empty(), seq_cst);
    }
    worker *to_wake = free_;
    for (worker *w = free_; w; w = w->next_free)
        nr_running_.fetch_add(1, seq_cst);
    free_ = nullptr;
    if (std::exchange(failed_creations_, 0))
        todo = settle_locked(false);
    return to_wake;
}

acct::action acct::create_failed(action asked, bool again, work_list &cancelled) {
    locked guard(lock_);
    nr_workers_--;
    counted_.workers_created--;
    nr_running_.fetch_sub(1, seq_cst);
    if (free_) { // one has parked meanwhile
        failed_creations_ = 0;
        return settle_locked(asked.concurrent);
    }
    again &= !exiting_; // the monitor that would try is to go
    retry_concurrent_ |= again && asked.concurrent;
    if (again && failed_creations_ && clock::now() < retry_at_)
        return {}; // of two that failed at once, one is enough to be tried again
    if (again && failed_creations_ < creation_retries) {
        failed_creations_++;
        retry_at_ = clock::now() + failed_creations_ * creation_pause;
        return {};
    }
    failed_creations_ = 0;
    retry_concurrent_ = false;
    // Where there are workers, every one is busy or asleep in its item and will come for the queue.
    if (nr_workers_ == 0)
        cancelled = take_all();
    return {};
}

work_list acct::take_all() {
    drain();
    listed_.store(false, relaxed);
    return queue_.take_all();
}

work_list acct::abandon() {
    locked guard(lock_);
    return take_all();
}

wq_counters acct::counters() {
    locked guard(lock_);
    drain(); // which counts
    wq_counters now = counted_;
    now.enqueued += hashed_.load(relaxed);
    now.chain_waits = chain_waits_.load(relaxed);
    now.nr_workers = nr_workers_;
    auto count = [](const atomic<int> &n) {
        return static_cast<unsigned>(std::max(0, n.load(relaxed)));
    };
    now.nr_running = count(nr_running_);
    now.nr_blocked = count(nr_blocked_);
    now.peak_running = static_cast<unsigned>(peak_running_.load(relaxed));
    now.peak_blocked = static_cast<unsigned>(peak_blocked_.load(relaxed));
    return now;
}

} // namespace iowq
