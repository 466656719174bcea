// SPDX-License-Identifier: MIT
#include "iowq/pool/acct.h"

#include "iowq/os/assert.h"
#include "iowq/os/probe.h"

#include <cerrno>

namespace iowq {

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

// ---- a worker that is wanted

acct::action acct::pushed(bool concurrent) {
    // Pairs with go_idle and sleeping: either this sees that nobody runs, or the worker that stops
    // sees the item.
    if (!concurrent && sleepers_.running() > 0)
        return {};
    locked guard(queue_.lock);
    return settle(concurrent);
}

acct::action acct::settle(bool concurrent) {
    const int most = max_running();
    int running = sleepers_.running();
    if (concurrent && running >= most) {
        // Raised before the second look at who runs. sleeping() stops running first and then looks
        // here, so one of the two sees the other.
        sleepers_.concurrent_waits_more();
        running = sleepers_.running();
        if (running < most)
            sleepers_.concurrent_waits_less();
    }
    if ((running > 0 && !concurrent) || running >= most || !has_work())
        return {};
    action todo = employ(concurrent);
    if (todo.what == action::elsewhere && concurrent && workers_.waits_for_retry())
        workers_.retry_wants_concurrent();
    return todo;
}

acct::action acct::employ(bool concurrent) {
    action todo = workers_.employ(concurrent);
    if (todo.what != action::elsewhere)
        sleepers_.starts_running();
    return todo;
}

acct::action acct::called() {
    locked guard(queue_.lock);
    if (workers_.exiting())
        return {};
    // seq_cst: comes before the look at who runs. sleeping() and go_idle() stop running first and
    // then look at called_, so one of the two sees the other.
    called_.store(true, seq_cst);
    return sleepers_.running() > 0 ? action{} : employ(false);
}

acct::action acct::create_failed(action asked, bool again, work_list &cancelled) {
    locked guard(queue_.lock);
    sleepers_.stops_running();
    bool one_parked = workers_.any_free();
    if (workers_.creation_failed(asked, again))
        return one_parked ? settle(asked.concurrent) : action{};
    // If there are workers, each is busy, or asleep in its item, and will come to the queue.
    if (workers_.count() == 0)
        cancelled = queue_.take_all();
    return {};
}

acct::action acct::retry_creation(clock::time_point now, deadline &due) {
    locked guard(queue_.lock);
    auto again = workers_.take_retry(now, due);
    if (!again)
        return {};
    action todo = settle(again->concurrent);
    if (todo.what == action::create)
        workers_.retries(*again);
    return todo;
}

unsigned acct::set_max_workers(unsigned most, action &todo, worker *&to_leave) {
    locked guard(queue_.lock);
    unsigned old = workers_.set_max(most, to_leave);
    if (most)
        todo = settle(false); // what waited for a worker at the old limit
    return old;
}

void acct::set_pace(unsigned max_running, bool spins) {
    max_running_.store(static_cast<int>(max_running), relaxed);
    spins_.store(spins, relaxed);
}

acct::action acct::more_may_run() {
    locked guard(queue_.lock);
    if (workers_.exiting() || sleepers_.concurrent_waits() <= 0 ||
        sleepers_.running() >= max_running())
        return {};
    sleepers_.concurrent_waits_less();
    return settle(true);
}

// ---- items

work *acct::take(worker &self, work_list &passed) {
    locked guard(queue_.lock);
    return crowded() && !workers_.exiting() ? nullptr : take_locked(self, passed);
}

work *acct::take_away(worker &other, work_list &passed) {
    if (other.home.crowded() || !queue_.has_work())
        return nullptr;
    locked guard(queue_.lock);
    return take_locked(other, passed);
}

work *acct::take_locked(worker &by, work_list &passed) {
    work *w = queue_.take(passed);
    if (!w)
        return nullptr;
    if (queue_.is_drained())
        sleepers_.no_concurrent_waits();
    if (w->func) // not a token, which nobody cancels
        by.current.publish(w);
    iowq_assert_all(!w->func || by.current.get() == w);
    fifo::published(w);
    return w;
}

work *acct::take_to_help(bool may_sleep, work_list &passed) {
    locked guard(queue_.lock);
    if (has_helper_.load(acquire) || workers_.exiting()) // pairs with helper_leaves
        return nullptr;
    may_sleep = may_sleep && !sleepers_.expects_sleep();
    work *w = queue_.take_if_others_wait(
        [may_sleep](const work *it) { return may_be_helped_with(*it, may_sleep); }, passed);
    if (!w)
        return nullptr;
    has_helper_.store(true, relaxed);
    if (w->func)
        helped_.publish(w);
    iowq_assert(w->flags & work_helpable);
    fifo::published(w);
    return w;
}

bool acct::give_back(work *w) {
    locked guard(queue_.lock);
    if (helped_.finish())
        return false;
    w->flags &= ~static_cast<uint32_t>(work_helpable);
    queue_.give_back(w);
    return true;
}

bool acct::publish(worker &self, work *w) {
    locked guard(queue_.lock);
    if (workers_.exiting() && w->flags & work_unbound)
        return false;
    self.current.publish(w);
    return true;
}

void acct::count_hashed(bool waits) {
    hashed_.fetch_add(1, relaxed);
    if (waits)
        chain_waits_.fetch_add(1, relaxed);
}

// ---- a worker that runs out of work, or sleeps

bool acct::spin_for_work(worker &self) {
    if (!may_spin() || crowded() || spinning_.exchange(true, relaxed))
        return false;
    bool found = self.spin.until([this] { return queue_.was_pushed(); });
    spinning_.store(false, relaxed);
    return found && queue_.has_work();
}

acct::idle acct::go_idle(worker &self) {
    locked guard(queue_.lock);
    int others = sleepers_.stops_running(); // pairs with pushed()
    bool may_stay = others < max_running() || workers_.exiting();
    if (may_stay && (queue_.has_work() || called_.exchange(false, seq_cst))) {
        sleepers_.resumes_running();
        return idle::retry;
    }
    if (workers_.exiting() || workers_.above_limit()) {
        workers_.forget(self);
        return idle::leave;
    }
    workers_.park(self);
    return idle::parked;
}

acct::action acct::sleeping() {
    int others = sleepers_.falls_asleep(); // pairs with pushed()
    IOWQ_PROBE(sleep, node, bound, others);
    bool waits = sleepers_.concurrent_waits() > 0; // pairs with settle
    if ((others > 0 && !waits) || !has_work())
        return {};
    locked guard(queue_.lock);
    waits = sleepers_.concurrent_waits() > 0;
    if (waits)
        sleepers_.concurrent_waits_less();
    return settle(waits);
}

acct::action acct::found_asleep(const worker_set::suspect &s) {
    // The record lives as long as the wq, and a call's number comes back only after 2^30 others.
    uint32_t call = s.call;
    if (!s.who->call.compare_exchange_strong(call, call | worker::asleep, acq_rel))
        return {};
    sleepers_.found_asleep();
    return sleeping();
}

void acct::found_running(const worker_set::suspect &s) {
    uint32_t call = s.call;
    // As the worker's exchange in leave_call: whoever takes `asleep` away counts it as running.
    if (s.who->call.compare_exchange_strong(call, call & ~worker::asleep, acq_rel))
        running_again();
}

// ---- the end, and how it was

worker *acct::close(work_list &cancelled, action &todo) {
    locked guard(queue_.lock);
    workers_.start_exit();
    cancelled = queue_.close(!bound);
    worker *to_wake = workers_.take_free();
    for (worker *w = to_wake; w; w = w->next_free)
        sleepers_.resumes_running();
    (void)workers_.stop_waiting_for_retry();
    // Whoever has pushed what is queued now may be only about to ask for a worker, and would ask
    // after the end.
    todo = settle(false);
    return to_wake;
}

wq_counters acct::counters() {
    locked guard(queue_.lock);
    wq_counters now;
    now.enqueued = queue_.enqueued() + hashed_.load(relaxed);
    now.chain_waits = chain_waits_.load(relaxed);
    now.wakes = workers_.counted().wakes;
    now.workers_created = workers_.counted().created;
    now.workers_reaped = workers_.counted().reaped;
    now.nr_workers = workers_.count();
    sleep_accounting::figures sleep = sleepers_.now();
    now.nr_running = sleep.running;
    now.nr_blocked = sleep.blocked;
    now.peak_running = sleep.peak_running;
    now.peak_blocked = sleep.peak_blocked;
    return now;
}

void acct::show(shown_figures &to, int os_node) {
    locked guard(queue_.lock);
    sleepers_.show(to, os_node);
    queue_.show(to, os_node);
    workers_.show(to, os_node);
    to.add("enqueued", shown_figure::total, hashed_, os_node);
    to.add("chain waits", shown_figure::total, chain_waits_, os_node);
    to.add("max running", shown_figure::limit, max_running_, os_node);
}

} // namespace iowq
