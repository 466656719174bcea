// SPDX-License-Identifier: MIT
// Cancelling, through all layers: a queued item is unlinked and completed by the canceller, one that
// runs is marked and its system call interrupted.
#include "iowq/pool/wq.h"

namespace iowq {

// ---- on an acct

bool acct::cancel(work *w, work_list &passed) {
    locked guard(lock_);
    drain();
    if (w->where.load(relaxed) != this)
        return false;
    queue_.remove(w);
    queue_.pop_markers(passed);
    listed_.store(!queue_.empty(), relaxed);
    w->where.store(work::nowhere, relaxed);
    return true;
}

work_list acct::cancel_matching(match_fn match, void *data, bool all, work_list &passed) {
    locked guard(lock_);
    drain();
    work_list cancelled = queue_.take_matching(
        [&](work *w) { return w->func && !(w->flags & work_marker) && (!match || match(w, data)); },
        all);
    queue_.pop_markers(passed);
    listed_.store(!queue_.empty(), relaxed);
    return cancelled;
}

template <class Meant>
bool acct::interrupt(Meant meant, bool all, const interrupt_signal &signal) {
    bool any = false;
    for (worker *k = known_; k && (all || !any); k = k->next_known) {
        work *w = k->current.get();
        bool first = false;
        if (!w || &k->current == current_item() || !meant(k->current, w) ||
            !k->current.cancel(w, first))
            continue;
        any = true;
        if (first) // else the monitor repeats it, so that many cancellers are not as many signals
            signal.send(k->tid);
    }
    work *w = helped_.get();
    if (w && &helped_ != current_item() && (all || !any) && meant(helped_, w)) {
        bool first;
        any |= helped_.cancel(w, first);
    }
    return any;
}

bool acct::cancel_running(match_fn match, void *data, bool all, const interrupt_signal &signal) {
    locked guard(lock_);
    return interrupt([&](current_work &, work *w) { return !match || match(w, data); }, all,
                     signal);
}

bool acct::cancel_unbound(const interrupt_signal &signal) {
    locked guard(lock_);
    return interrupt([](current_work &c, work *) { return c.is_unbound(); }, true, signal);
}

bool acct::interrupt_again(const interrupt_signal &signal) {
    locked guard(lock_);
    bool any = false;
    for (worker *w = known_; w; w = w->next_known) {
        if (w->current.unacknowledged()) {
            signal.send(w->tid);
            any = true;
        }
    }
    return any;
}

// ---- on chains

bool chain_table::cancel(work *w, const void *where, work_list &passed) {
    for (shard &s : shards_) {
        if (&s != where)
            continue;
        place at{s, 0};
        locked guard(at.in.lock);
        if (w->where.load(relaxed) != &s)
            return false;
        at.bucket = place_of(w->key).bucket; // only now: its func might change the key
        chain *c = find(at, w->key);
        c->fifo.remove(w);
        settle(at, *c, passed);
        w->where.store(work::nowhere, relaxed);
        return true;
    }
    return false;
}

work_list chain_table::cancel_matching(match_fn match, void *data, bool all, work_list &passed) {
    work_list cancelled;
    auto meant = [&](work *w) { return !(w->flags & work_marker) && (!match || match(w, data)); };
    for (shard &s : shards_) {
        place at{s, 0};
        locked guard(at.in.lock);
        for (at.bucket = 0; at.bucket < nr_buckets; at.bucket++) {
            for (chain *c = at.in.buckets[at.bucket], *next; c && (all || cancelled.empty());
                 c = next) {
                next = c->next;
                work_list taken = c->fifo.take_matching(meant, all);
                if (!taken.empty())
                    settle(at, *c, passed);
                cancelled.append(taken);
            }
        }
    }
    return cancelled;
}

// ---- in the pool

cancel_result wq::cancel(work *w) {
    if (orphaned())
        return cancel_result::notfound;
    match_fn is_it = [](work *other, void *it) { return other == it; };
    do {
        work_list passed;
        if (unqueue(w, passed)) {
            run_markers(passed);
            run_cancelled(w);
            return cancel_result::ok;
        }
        if (cancel_running(is_it, w, true))
            return cancel_result::running;
        // It may have run when it was looked for in the queues, and enqueued itself before it was looked
        // for among those that run.
    } while (w->where.load(acquire) != work::nowhere);
    current_work *mine = current_item();
    return mine && mine->get() == w ? cancel_result::itself : cancel_result::notfound;
}

// Takes an item off the list that it is on.
bool wq::unqueue(work *w, work_list &passed) {
    // Acquire: if it is on none any more, its worker is seen to run it.
    const void *where = w->where.load(acquire);
    if (where == work::nowhere)
        return false;
    if (chains_.cancel(w, where, passed))
        return true;
    for (auto &a : accts_)
        if (a->cancel(w, passed))
            return true;
    return false;
}

cancel_result wq::cancel_matching(match_fn match, void *data, bool all) {
    if (orphaned())
        return cancel_result::notfound;
    work_list cancelled, passed;
    for (auto &a : accts_)
        if (all || cancelled.empty())
            cancelled.append(a->cancel_matching(match, data, all, passed));
    if (all || cancelled.empty())
        cancelled.append(chains_.cancel_matching(match, data, all, passed));
    bool any_queued = !cancelled.empty();
    bool any_running = (all || !any_queued) && cancel_running(match, data, all);
    run_markers(passed);
    while (work *w = cancelled.pop_front())
        run_cancelled(w);
    return any_running  ? cancel_result::running
           : any_queued ? cancel_result::ok
                        : cancel_result::notfound;
}

bool wq::cancel_running(match_fn match, void *data, bool all) {
    bool any = false;
    for (auto &a : accts_)
        if (all || !any)
            any |= a->cancel_running(match, data, all, signal_);
    if (any)
        monitor_.interrupt_soon();
    return any;
}

} // namespace iowq
