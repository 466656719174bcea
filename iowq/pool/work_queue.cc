// SPDX-License-Identifier: MIT
#include "iowq/pool/work_queue.h"

#include <cerrno>
#include <cstddef>

namespace iowq {

// ---- fifo

template <class Match>
work_list fifo::take_matching(Match match, bool all) {
    work_list taken;
    for (work *w = items_.front(), *next; w && (all || taken.empty()); w = next) {
        next = w->next;
        if (match(w)) {
            remove(w);
            w->where.store(work::nowhere, relaxed);
            taken.push_back(w);
        }
    }
    return taken;
}

bool fifo::cancel(work *w, work_list &passed) {
    if (w->where.load(relaxed) != this)
        return false;
    remove(w);
    pop_markers(passed);
    w->where.store(work::nowhere, relaxed);
    return true;
}

work_list fifo::cancel_matching(match_fn match, void *data, bool all, work_list &passed) {
    work_list cancelled = take_matching(
        [&](work *w) { return w->func && !(w->flags & work_marker) && (!match || match(w, data)); },
        all);
    pop_markers(passed);
    return cancelled;
}

work_list fifo::take_all(bool tokens_stay) {
    return take_matching([&](work *w) { return w->func || !tokens_stay; }, true);
}

// ---- work_queue

int work_queue::push(work *w) {
    work *top = incoming_.load(relaxed);
    do {
        if (top == &closed_)
            return -ESHUTDOWN;
        w->next = top;
        // seq_cst: publishes the item to drain(), and comes before acct::pushed's look at who runs.
    } while (!incoming_.compare_exchange_weak(top, w, seq_cst, relaxed));
    return 0;
}

void work_queue::list(work *top) {
    // The stack is newest first, the fifo oldest first.
    work *oldest = nullptr;
    while (top) {
        work *older = top->next;
        top->next = oldest;
        oldest = top;
        top = older;
    }
    while (oldest) {
        work *newer = oldest->next;
        enqueued_ += oldest->func != nullptr; // not tokens: count_hashed counts a chain's items
        fifo_.push_back(oldest);
        oldest = newer;
    }
    listed_is_what_there_is(seq_cst);
}

void work_queue::drain() {
    // close() replaces the stack under the lock too, so it cannot become closed in between.
    if (!has_incoming(relaxed))
        return;
    // Before the exchange: has_work looks at the stack first, so it never sees both empty.
    listed_.store(true, seq_cst);
    list(incoming_.exchange(nullptr, seq_cst)); // pairs with push
}

work *work_queue::take(work_list &passed) {
    if (fifo_.empty())
        drain();
    work *w = fifo_.pop_front(passed);
    if (w && fifo_.empty())
        listed_.store(false, relaxed);
    return w;
}

bool work_queue::another_behind(const work *w) {
    do
        w = w->next;
    while (w && w->flags & work_marker);
    return w;
}

void work_queue::put_back(work *token) {
    drain();
    fifo_.push_back(token);
    listed_.store(true, seq_cst);
}

void work_queue::give_back(work *w) {
    fifo_.push_front(w);
    listed_.store(true, seq_cst);
}

bool work_queue::cancel(work *w, work_list &passed) {
    drain();
    bool was_here = fifo_.cancel(w, passed);
    if (was_here)
        listed_is_what_there_is(relaxed);
    return was_here;
}

work_list work_queue::cancel_matching(match_fn match, void *data, bool all, work_list &passed) {
    drain();
    work_list cancelled = fifo_.cancel_matching(match, data, all, passed);
    listed_is_what_there_is(relaxed);
    return cancelled;
}

bool work_queue::mark(work *marker) {
    drain();
    if (fifo_.empty())
        return false;
    fifo_.push_marker(marker);
    return true;
}

work_list work_queue::close(bool cancels) {
    listed_.store(true, seq_cst); // as in drain
    work *top = incoming_.exchange(&closed_, seq_cst);
    list(top == &closed_ ? nullptr : top);
    work_list cancelled;
    if (cancels) {
        cancelled = fifo_.take_all(true);
        listed_is_what_there_is(seq_cst);
    }
    return cancelled;
}

work_list work_queue::take_all() {
    drain();
    listed_.store(false, relaxed);
    return fifo_.take_all(false);
}

uint64_t work_queue::enqueued() {
    drain(); // which counts
    return enqueued_;
}

void work_queue::show(shown_figures &to, int node) const {
    to.add("queued", shown_figure::level, queued_, node);
    to.add_list("queued", incoming_, offsetof(work, next), offsetof(work, func), closed_, node);
    to.add("enqueued", shown_figure::total, enqueued_, node);
    to.add_list("enqueued", incoming_, offsetof(work, next), offsetof(work, func), closed_, node);
}

} // namespace iowq
