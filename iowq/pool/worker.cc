// SPDX-License-Identifier: MIT
#include "iowq/pool/worker.h"

#include "iowq/os/assert.h"
#include "iowq/os/probe.h"
#include "iowq/pool/wq.h"

#include <cerrno>
#include <utility>

namespace iowq {

namespace {

// A turn: how many items of one chain run before its token goes back behind what is queued.
constexpr int chain_turn = 16;
// And in a helper, which has completions to look for.
constexpr int helpers_turn = 8;

// What the calling thread is to the library.
struct role {
    wq *pool = nullptr;           // whose worker, helper, monitor or end it is
    current_work *item = nullptr; // what it runs
    worker *annotated = nullptr;  // a worker whose items say when they block
    bool helps = false;           // it is the program's own thread, helping
    bool leaves = false;          // it leaves the item that it helps with to a worker
};
role &here() { return per_thread<role>(); }

// The worker's item is over.
void finish(worker &self) {
    end_interruptible(self.current, [&self] { self.home.wait_for_cancellers(); });
}

// A call that may block begins.
void enter_call(worker &self) {
    iowq_assert_all(!(self.call.load(relaxed) & worker::in_call)); // calls are not nested
    self.epoch++;
    // seq_cst: comes before watch()'s look at whether the monitor watches. The monitor says that it
    // stops first and then looks at `call`, so one of the two sees the other.
    self.call.store(self.epoch << 2 | worker::in_call, seq_cst);
    self.pool.watch();
}

// The call is over. True: the monitor found the worker asleep, and it still counts as asleep.
bool leave_call(worker &self) {
    // acq_rel: takes the monitor's verdict, if there was one.
    return self.call.exchange(0, acq_rel) & worker::asleep;
}

// Runs an item and what is linked behind it. The item may be gone once its func has been called.
void run(worker &self, work *w) {
    for (;;) {
        work *item = w;
        if (self.watched)
            enter_call(self);
        IOWQ_PROBE(start, &self.pool, item);
        item->func(&w);
        IOWQ_PROBE(finish, &self.pool, item);
        if (self.says_asleep)
            says_running();
        if (self.watched && leave_call(self))
            self.home.running_again();
        finish(self);
        if (!w || w == item)
            return;
        bool accepted =
            w->flags & work_hashed ? self.pool.enqueue(w) == 0 : self.home.publish(self, w);
        if (!accepted)
            run_cancelled(w);
        if (!accepted || w->flags & work_hashed)
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
    acct::action todo;
    if (acct *elsewhere = chains.end_turn(c, &self.home, todo))
        self.pool.act(*elsewhere, todo);
}

// The worker is about to spin for a submitter that has not slept since it last did so: it must not
// be on that one's CPU. Several workers use all of their CPUs: else they would end up on one.
void keep_off_submitter(worker &self) {
    if (!self.home.may_spin() || !self.spin.pays() || !self.pool.welcomes_help())
        return;
    unsigned sleeps = self.home.submitter_sleeps();
    bool awake = std::exchange(self.submitter_sleeps, sleeps) == sleeps;
    uint16_t cpu = awake && self.home.sleepers().only_one() ? self.home.submitter_on() : no_cpu;
    if (self.off_submitter.is_due(cpu))
        self.pool.its_threads().move_off(self, cpu);
}

// Others want the worker's CPU too, and the submitter, which sleeps, leaves its own idle: so the
// worker goes there. The scheduler sees to that only where a CPU is idle for long. Of several that
// run, none goes: they would end up on one CPU.
void come_to_submitter(worker &self) {
    uint16_t cpu = self.home.submitter_on();
    if (cpu == no_cpu || cpu == this_cpu() || self.home.sleepers().running(relaxed) > 1 ||
        !self.pool.welcomes_help() || !self.others.noticed(self.home.submitter_sleeps()))
        return;
    self.pool.its_threads().move_onto(self, cpu);
    self.others.moved();
}

// Runs an item as a helper. False: it is left to a worker, who gets it by give_back(item).
template <class GiveBack>
bool run_helped(wq &pool, current_work &helped, work *w, GiveBack give_back) {
    work *item = w;
    IOWQ_PROBE(start, &pool, item);
    item->func(&w);
    IOWQ_PROBE(finish, &pool, item);
    if (std::exchange(here().leaves, false)) {
        if (give_back(item))
            return false;
        run_cancelled(item);
        return true;
    }
    (void)helped.finish(); // nobody signals the program's own thread, so no signal is pending
    if (w && w != item && pool.enqueue(w) != 0)
        run_cancelled(w);
    return true;
}

void help_chain(acct &home, chain_table &chains, wq &pool, chain &c, bool may_sleep) {
    for (int i = 0; i < helpers_turn; i++) {
        work_list passed;
        work *w = chains.next_to_help(c, home.helped(), may_sleep, passed);
        if (!w)
            break;
        run_markers(passed);
        if (!run_helped(pool, home.helped(), w,
                        [&](work *left) { return chains.give_back(c, left, home.helped()); }))
            break;
    }
    acct::action todo;
    if (acct *its = chains.end_turn(c, nullptr, todo))
        pool.act(*its, todo);
}

void help_with_one(acct &home, wq &pool, work *w) {
    if (!run_helped(pool, home.helped(), w, [&](work *left) { return home.give_back(left); }))
        pool.act(home, home.pushed(false));
}

} // namespace

void issue_on_own_thread(current_work &current) { here().item = &current; }

void run_worker(worker &self, chain_table &chains) {
    here() = {&self.pool, &self.current, self.annotated ? &self : nullptr};
    self.pool.begins();
    for (;;) {
        work_list passed;
        work *w = self.home.take(self, passed);
        if (!w)
            w = self.pool.take_elsewhere(self, passed);
        if (w) {
            run_markers(passed);
            if (chain *c = chain_table::of(w))
                run_chain(self, chains, *c);
            else
                run(self, w);
            come_to_submitter(self);
            continue;
        }
        keep_off_submitter(self);
        if (self.home.spin_for_work(self))
            continue;
        switch (self.home.go_idle(self)) {
        case acct::idle::retry:
            continue;
        case acct::idle::leave:
            return;
        case acct::idle::parked:
            self.pool.parks();
            self.park.park();
            if (std::exchange(self.leaving, false))
                return;
            self.pool.begins();
        }
    }
}

void run_cancelled(work *w) {
    // Who cancels may be a helper, and helps with another item.
    const bool helps = std::exchange(here().helps, false);
    for (work *item = nullptr; w && w != item;) {
        item = w;
        // Atomic, as another canceller of the same item may be reading the flags.
        atomic_ref(item->flags).fetch_or(work_cancel, relaxed);
        item->func(&w);
    }
    here().helps = helps;
}

void run_markers(work_list passed) {
    while (work *w = passed.pop_front())
        w->func(&w);
}

bool help(acct &home, chain_table &chains, wq &pool, bool may_sleep) {
    work_list passed;
    work *w = home.take_to_help(may_sleep, passed);
    if (!w)
        return false;
    run_markers(passed);
    // Maybe it is another pool's worker.
    role before = std::exchange(here(), {&pool, &home.helped(), nullptr, true});
    bool sleeps_seldom = w->flags & work_may_sleep; // read first: the item may be gone afterwards
    long switches = sleeps_seldom ? voluntary_switches() : 0;
    if (chain *c = chain_table::of(w))
        help_chain(home, chains, pool, *c, may_sleep);
    else
        help_with_one(home, pool, w);
    if (sleeps_seldom && voluntary_switches() != switches)
        home.sleepers().found_asleep();
    here() = before;
    home.helper_leaves();
    return true;
}

void leave_to_worker() {
    iowq_assert(helping());
    here().leaves = true;
}

current_work *current_item() { return here().item; }

bool inside(const wq &pool) { return here().pool == &pool; }

ending::ending(wq &pool) : before_(std::exchange(here().pool, &pool)) {}
ending::~ending() { here().pool = before_; }

void become_monitor_of(wq &pool) { here().pool = &pool; }

bool helping() { return here().helps; }

bool cancel_requested() { return here().item && here().item->is_cancelled(); }

bool interrupted_in_vain(int error) {
    return error == EINTR && here().item && !here().helps && !here().item->is_cancelled();
}

void says_sleeping() {
    worker *self = here().annotated;
    if (!self || std::exchange(self->says_asleep, true))
        return;
    self->pool.act(self->home, self->home.sleeping());
}

void says_running() {
    worker *self = here().annotated;
    if (self && std::exchange(self->says_asleep, false))
        self->home.running_again();
}

blocking::blocking(kind k) : self_(here().annotated), kind_(k) {
    if (!self_)
        return;
    expected_ = kind_ == may && self_->home.sleepers().expects_sleep();
    if (kind_ == will || expected_) {
        self_->pool.act(self_->home, self_->home.sleeping());
        if (expected_)
            switches_ = voluntary_switches(); // after act, which may sleep itself
        return;
    }
    enter_call(*self_);
}

blocking::~blocking() {
    if (!self_)
        return;
    if (kind_ == will || expected_ || leave_call(*self_))
        self_->home.running_again();
    if (expected_)
        self_->home.sleepers().learn(voluntary_switches() != switches_);
}

} // namespace iowq
