// SPDX-License-Identifier: MIT
// Cancelling, through all layers. The canceller unlinks and completes a queued item; it marks one
// that runs, and interrupts its system call.
#include "iowq/pool/wq.h"

namespace iowq {

// ---- on chains

bool chain_table::cancel(chain &c, work *w, work_list &passed) {
    place at{c.in, 0};
    locked guard(at.in.lock);
    if (!c.items.cancel(w, passed))
        return false;
    at.bucket = place_of(c.key).bucket; // only now: the chain may have been another key's
    settle(at, c, passed);
    return true;
}

work_list chain_table::cancel_matching(match_fn match, void *data, bool all, work_list &passed) {
    work_list cancelled;
    for (chain_shard &s : shards_) {
        place at{s, 0};
        locked guard(at.in.lock);
        for (at.bucket = 0; at.bucket < nr_buckets; at.bucket++) {
            for (chain *c = at.in.buckets[at.bucket], *next; c && (all || cancelled.empty());
                 c = next) {
                next = c->next_chain;
                work_list taken = c->items.cancel_matching(match, data, all, passed);
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
        // It may have run during the look at the queues, and enqueued itself again before the look
        // at what runs.
    } while (w->where.load(acquire) != work::nowhere);
    current_work *mine = current_item();
    return mine && mine->get() == w ? cancel_result::itself : cancel_result::notfound;
}

bool wq::take_back(work *w) {
    work_list passed;
    bool was_queued = !orphaned() && unqueue(w, passed);
    run_markers(passed);
    return was_queued;
}

// Takes an item off the fifo that it is on.
bool wq::unqueue(work *w, work_list &passed) {
    // Acquire: where it is on no fifo any more, the worker that runs it is seen.
    const void *where = w->where.load(acquire);
    if (where == work::nowhere)
        return false;
    if (where != work::on_its_way)
        if (chain *c = static_cast<const fifo *>(where)->of())
            return chains_.cancel(*c, w, passed);
    for (auto &a : accts_)
        if (a->with_queue([&](work_queue &q) { return q.cancel(w, passed); }))
            return true;
    return false;
}

cancel_result wq::cancel_matching(match_fn match, void *data, bool all) {
    if (orphaned())
        return cancel_result::notfound;
    work_list cancelled, passed;
    for (auto &a : accts_)
        if (all || cancelled.empty())
            cancelled.append(a->with_queue(
                [&](work_queue &q) { return q.cancel_matching(match, data, all, passed); }));
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
            any |= a->cancel_running(
                [&](current_work &, work *w) { return !match || match(w, data); }, all, signal_);
    if (any)
        monitor_.interrupt_soon();
    return any;
}

} // namespace iowq
