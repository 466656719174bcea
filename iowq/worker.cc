// SPDX-License-Identifier: MIT
#include "worker.h"

#include "wq.h"

namespace iowq {

namespace {

// How many items of one chain run before its token goes back behind the others.
constexpr int chain_turn = 16;

thread_local worker *this_worker = nullptr;

// Runs an item and what is linked behind it. The item may be gone once its func has been called.
void run(worker &self, work *w) {
    for (;;) {
        work *item = w;
        item->func(&w);
        if (w && w != item && !(w->flags & work_hashed)) {
            self.home.publish(self, w);
            continue;
        }
        self.current.store(nullptr, std::memory_order_relaxed);
        if (w && w != item && self.pool.enqueue(w) != 0)
            run_cancelled(w);
        return;
    }
}

void run_chain(worker &self, chain_table &chains, chain &c) {
    for (int i = 0; i < chain_turn; i++) {
        work_list passed;
        work *w = chains.next(c, self, passed);
        if (!w)
            return;
        run_markers(passed);
        run(self, w);
        if (self.home.crowded())
            break;
    }
    chains.end_turn(c, self);
}

// Parks until woken. False: the worker has idled out.
bool wait_for_wake(worker &self, std::chrono::milliseconds idle) {
    deadline until = clock::now() + idle;
    while (!self.park.park(until)) {
        switch (self.home.timed_out(self)) {
        case acct::idle::leave:
            return false;
        case acct::idle::parked:
            until.reset();
            break;
        case acct::idle::retry:
            until = clock::now() + idle;
        }
    }
    return true;
}

} // namespace

void run_worker(worker &self, chain_table &chains, std::chrono::milliseconds idle) {
    this_worker = &self;
    self.home.started(self);
    for (;;) {
        work_list passed;
        if (work *w = self.home.take(self, passed)) {
            run_markers(passed);
            if (chain *c = chain_table::of(w))
                run_chain(self, chains, *c);
            else
                run(self, w);
            continue;
        }
        if (self.home.spin_for_work(self))
            continue;
        switch (self.home.go_idle(self)) {
        case acct::idle::retry:
            continue;
        case acct::idle::leave:
            return;
        case acct::idle::parked:
            if (!wait_for_wake(self, idle))
                return;
        }
    }
}

void run_cancelled(work *w) {
    for (;;) {
        work *item = w;
        // Atomic for another canceller of the same item, who may just be reading the flags.
        std::atomic_ref(item->flags).fetch_or(work_cancel, std::memory_order_relaxed);
        item->func(&w);
        if (!w || w == item)
            return;
    }
}

void run_markers(work_list passed) {
    while (work *w = passed.pop_front())
        w->func(&w);
}

bool on_worker_of(const wq &pool) { return this_worker && &this_worker->pool == &pool; }

blocking::blocking(kind k) : self_(this_worker), kind_(k) {
    if (!self_)
        return;
    if (kind_ == will) {
        self_->pool.act(self_->home, self_->home.sleeping());
        return;
    }
    self_->epoch++;
    // seq_cst: comes before the look at whether the monitor runs; pairs with its look at `call`
    // after it has said that it is going to stop.
    self_->call.store(self_->epoch << 2 | worker::in_call, std::memory_order_seq_cst);
    self_->pool.watch();
}

blocking::~blocking() {
    if (!self_)
        return;
    // acq_rel: takes the monitor's verdict, if there was one.
    if (kind_ == will || (self_->call.exchange(0, std::memory_order_acq_rel) & worker::asleep))
        self_->home.running_again();
}

} // namespace iowq
