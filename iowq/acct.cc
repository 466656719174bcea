// SPDX-License-Identifier: MIT
#include "acct.h"

#include <cerrno>

namespace iowq {

namespace {

void raise_to(std::atomic<int> &peak, int value) {
    int old = peak.load(std::memory_order_relaxed);
    while (old < value && !peak.compare_exchange_weak(old, value, std::memory_order_relaxed)) {
    }
}

} // namespace

bool acct::has_incoming(std::memory_order order) const {
    work *top = incoming_.load(order);
    return top && top != &closed_;
}

bool acct::has_work() const {
    // seq_cst: pairs with push's CAS; the caller has lowered nr_running_ before (README, orders).
    return has_incoming(std::memory_order_seq_cst) || listed_.load(std::memory_order_seq_cst);
}

int acct::push(work *w) {
    work *top = incoming_.load(std::memory_order_relaxed);
    do {
        if (top == &closed_)
            return -ESHUTDOWN;
        w->next = top;
        // seq_cst: publishes the item to drain, and comes before pushed()'s look at nr_running_.
    } while (!incoming_.compare_exchange_weak(top, w, std::memory_order_seq_cst,
                                              std::memory_order_relaxed));
    return 0;
}

acct::action acct::pushed(bool concurrent) {
    // Pairs with the fetch_sub in go_idle and sleeping: either this sees 0, or they see the item.
    if (!concurrent && nr_running_.load(std::memory_order_seq_cst) > 0)
        return {};
    return settle(concurrent);
}

acct::action acct::settle(bool concurrent) {
    locked guard(lock_);
    return settle_locked(concurrent);
}

acct::action acct::settle_locked(bool concurrent) {
    int running = nr_running_.load(std::memory_order_seq_cst);
    if ((running > 0 && !concurrent) || running >= max_running_ || !has_work())
        return {};
    action todo;
    if (free_) {
        todo = {action::wake, free_};
        free_->free = false;
        free_ = free_->next_free;
        counted_.wakes++;
    } else if (nr_workers_ < max_workers_) {
        todo = {action::create, nullptr};
        nr_workers_++;
        counted_.workers_created++;
    } else {
        return {};
    }
    raise_to(peak_running_, nr_running_.fetch_add(1, std::memory_order_seq_cst) + 1);
    return todo;
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
        oldest->state.store(work_state::listed, std::memory_order_relaxed);
        queue_.push_back(oldest);
        oldest = newer;
    }
    listed_.store(!queue_.empty(), std::memory_order_seq_cst);
}

void acct::drain() {
    // close() replaces the stack under lock_ too, so it cannot become closed in between.
    if (!has_incoming(std::memory_order_relaxed))
        return;
    // Before the exchange, so that has_work, which looks at the stack first, never sees both empty.
    listed_.store(true, std::memory_order_seq_cst);
    list(incoming_.exchange(nullptr, std::memory_order_seq_cst)); // pairs with push
}

work *acct::take(worker &self, work_list &passed) {
    locked guard(lock_);
    if (crowded() && !exiting_)
        return nullptr;
    if (queue_.empty())
        drain();
    work *w = queue_.pop_front();
    if (!w)
        return nullptr;
    queue_.pop_markers(passed);
    if (queue_.empty())
        listed_.store(false, std::memory_order_relaxed);
    w->state.store(work_state::idle, std::memory_order_relaxed);
    self.current.store(w, std::memory_order_relaxed);
    return w;
}

void acct::publish(worker &self, work *w) {
    locked guard(lock_);
    self.current.store(w, std::memory_order_relaxed);
}

void acct::requeue(work *token) {
    locked guard(lock_);
    drain(); // what was pushed before goes first
    token->state.store(work_state::listed, std::memory_order_relaxed);
    queue_.push_back(token);
    listed_.store(true, std::memory_order_seq_cst);
}

bool acct::spin_for_work(worker &self) {
    if (crowded() || spinning_.exchange(true, std::memory_order_relaxed))
        return false;
    bool found = self.spin.until([&] { return incoming_.load(std::memory_order_relaxed); });
    spinning_.store(false, std::memory_order_relaxed);
    return found && has_work();
}

acct::idle acct::go_idle(worker &self) {
    locked guard(lock_);
    int before = nr_running_.fetch_sub(1, std::memory_order_seq_cst); // pairs with pushed()
    if (has_work() && (before <= max_running_ || exiting_)) {
        nr_running_.fetch_add(1, std::memory_order_seq_cst);
        return idle::retry;
    }
    if (exiting_) {
        forget(self);
        return idle::leave;
    }
    self.free = true;
    self.next_free = free_;
    free_ = &self;
    return idle::parked;
}

acct::idle acct::timed_out(worker &self) {
    locked guard(lock_);
    if (!self.free || nr_workers_ == 1)
        return idle::parked;
    if (known_ == &self && !self.next_known)
        return idle::retry; // the others are still to be created, and may not come to be
    for (worker **link = &free_; *link; link = &(*link)->next_free) {
        if (*link == &self) {
            *link = self.next_free;
            break;
        }
    }
    counted_.workers_reaped++;
    forget(self);
    return idle::leave;
}

void acct::started(worker &self) {
    locked guard(lock_);
    self.next_known = known_;
    known_ = &self;
}

void acct::forget(worker &self) {
    nr_workers_--;
    for (worker **link = &known_; *link; link = &(*link)->next_known) {
        if (*link == &self) {
            *link = self.next_known;
            return;
        }
    }
}

acct::action acct::sleeping() {
    raise_to(peak_blocked_, nr_blocked_.fetch_add(1, std::memory_order_relaxed) + 1);
    // Pairs with pushed().
    if (nr_running_.fetch_sub(1, std::memory_order_seq_cst) > 1 || !has_work())
        return {};
    return settle(false);
}

void acct::running_again() {
    nr_blocked_.fetch_sub(1, std::memory_order_relaxed);
    raise_to(peak_running_, nr_running_.fetch_add(1, std::memory_order_seq_cst) + 1);
}

acct::action acct::look_for_sleepers(bool &in_call, bool &found) {
    locked guard(lock_);
    action todo;
    for (worker *w = known_; w && todo.what == action::nothing; w = w->next_known) {
        uint32_t call = w->call.load(std::memory_order_seq_cst); // pairs with blocking's store
        if (!(call & worker::in_call))
            continue;
        in_call = true;
        bool again = call == w->seen_call;
        w->seen_call = call;
        if (!again || (call & worker::asleep) || !has_work())
            continue;
        // Fails when the call has just ended.
        if (!w->call.compare_exchange_strong(call, call | worker::asleep,
                                             std::memory_order_acq_rel))
            continue;
        found = true;
        raise_to(peak_blocked_, nr_blocked_.fetch_add(1, std::memory_order_relaxed) + 1);
        nr_running_.fetch_sub(1, std::memory_order_seq_cst);
        todo = settle_locked(false);
    }
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

bool acct::cancel(work *w, work_list &passed) {
    locked guard(lock_);
    drain();
    if (w->state.load(std::memory_order_relaxed) != work_state::listed)
        return false;
    queue_.remove(w);
    queue_.pop_markers(passed);
    listed_.store(!queue_.empty(), std::memory_order_relaxed);
    w->state.store(work_state::idle, std::memory_order_relaxed);
    return true;
}

bool acct::runs(const work *w) {
    locked guard(lock_);
    for (worker *k = known_; k; k = k->next_known)
        if (k->current.load(std::memory_order_relaxed) == w)
            return true;
    return false;
}

worker *acct::close(work_list &cancelled) {
    locked guard(lock_);
    exiting_ = true;
    listed_.store(true, std::memory_order_seq_cst); // as in drain
    work *top = incoming_.exchange(&closed_, std::memory_order_seq_cst);
    list(top == &closed_ ? nullptr : top);
    if (!bound) {
        work_list all = queue_.take_all();
        while (work *w = all.pop_front()) {
            if (w->func) {
                cancelled.push_back(w);
            } else {
                w->state.store(work_state::listed, std::memory_order_relaxed);
                queue_.push_back(w);
            }
        }
        listed_.store(!queue_.empty(), std::memory_order_seq_cst);
    }
    worker *to_wake = free_;
    for (worker *w = free_; w; w = w->next_free) {
        w->free = false;
        nr_running_.fetch_add(1, std::memory_order_seq_cst);
    }
    free_ = nullptr;
    return to_wake;
}

acct::action acct::create_failed(work_list &cancelled) {
    locked guard(lock_);
    nr_workers_--;
    counted_.workers_created--;
    nr_running_.fetch_sub(1, std::memory_order_seq_cst);
    if (nr_workers_ > 0) {
        // One of them may have parked meanwhile. If none has, every one is busy or asleep in its
        // item and will come for the queue: asking for yet another thread would be refused too.
        return free_ ? settle_locked(false) : action{};
    }
    drain();
    cancelled = queue_.take_all();
    listed_.store(false, std::memory_order_relaxed);
    return {};
}

acct_counters acct::counters() {
    locked guard(lock_);
    acct_counters now = counted_;
    now.nr_workers = nr_workers_;
    now.peak_running = static_cast<unsigned>(peak_running_.load(std::memory_order_relaxed));
    now.peak_blocked = static_cast<unsigned>(peak_blocked_.load(std::memory_order_relaxed));
    return now;
}

} // namespace iowq
