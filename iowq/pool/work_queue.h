// SPDX-License-Identifier: MIT
// Queues of items. A fifo holds items in the order in which they came, and flush's markers between
// them; each acct and each chain has one. A work_queue is an acct's: a stack onto which any thread
// pushes without a lock, and the fifo into which it is drained.
#pragma once

#include "iowq/os/assert.h"
#include "iowq/os/lock.h"
#include "iowq/os/shown.h"
#include "iowq/pool/work.h"

namespace iowq {

struct chain;

// Says whether an item is meant; `data` is the caller's. Called under the queue's lock, so it may
// only look. The item may be running: if its func may free it, match must not touch it.
using match_fn = bool (*)(work *w, void *data);

// May a helper run it, or take a turn of its chain? `may_sleep`: also if that may sleep.
[[nodiscard]] inline bool may_be_helped_with(const work &w, bool may_sleep) {
    return w.flags & work_helpable && (may_sleep || !(w.flags & work_may_sleep));
}

// A list of items. Not thread-safe.
class work_list {
  public:
    [[nodiscard]] bool empty() const { return head_ == nullptr; }
    [[nodiscard]] work *front() const { return head_; }

    void push_back(work *w) {
        w->next = nullptr;
        w->prev = tail_;
        (tail_ ? tail_->next : head_) = w;
        tail_ = w;
    }

    void push_front(work *w) {
        w->next = head_;
        w->prev = nullptr;
        (head_ ? head_->prev : tail_) = w;
        head_ = w;
    }

    void remove(work *w) {
        (w->prev ? w->prev->next : head_) = w->next;
        (w->next ? w->next->prev : tail_) = w->prev;
    }

    work *pop_front() {
        work *w = head_;
        if (w)
            remove(w);
        return w;
    }

    void append(work_list more) {
        while (work *w = more.pop_front())
            push_back(w);
    }

  private:
    work *head_ = nullptr;
    work *tail_ = nullptr;
};

// Items in order, and flush's markers. Not thread-safe: its owner's lock guards it. `passed`, here
// and below, gets the markers that have nothing left before them; the caller calls those, without a
// lock.
//
// Invariant: `where` of an item on it is this fifo.
class fifo {
  public:
    // `of`: the chain whose fifo it is; nullptr: an acct's. `queued`: counts the items that are
    // here, without markers and tokens. The fifo's lock guards it too.
    explicit fifo(uint64_t &queued, chain *of = nullptr) : of_(of), queued_(queued) {}
    fifo(const fifo &) = delete;
    fifo &operator=(const fifo &) = delete;

    [[nodiscard]] chain *of() const { return of_; }
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] work *front() const { return items_.front(); }

    void push_back(work *w) {
        iowq_assert_all(w->where.load(relaxed) == work::on_its_way ||
                        (!w->func && w->where.load(relaxed) == work::nowhere));
        w->where.store(this, relaxed);
        items_.push_back(w);
        queued_ += counts(w);
    }
    void push_marker(work *marker) { items_.push_back(marker); }
    // An item that was taken from here, and published, goes back before all others.
    void push_front(work *w) {
        iowq_assert_all(w->func && w->where.load(relaxed) == work::nowhere);
        w->where.store(this, relaxed);
        items_.push_front(w);
        queued_ += counts(w);
    }

    // The oldest item that suits(), if it is among the first `most`, markers included; else
    // nullptr.
    template <class Suits>
    [[nodiscard]] work *find(Suits suits, unsigned most) const {
        work *w = items_.front();
        while (w && most && !suits(w)) {
            w = w->next;
            most--;
        }
        return most ? w : nullptr;
    }
    // Unlinks an item that is here. Its `where` is still this fifo, until published().
    void take(work *w, work_list &passed) {
        remove(w);
        pop_markers(passed);
    }
    // Takes the oldest item.
    [[nodiscard]] work *pop_front(work_list &passed) {
        work *w = items_.front();
        if (w)
            take(w, passed);
        return w;
    }
    // The taken item has been published as running. Release: a canceller who sees that it is not
    // queued sees who runs it.
    static void published(work *w) { w->where.store(work::nowhere, release); }

    // Unlinks an item that is queued here. False: it is not here, or not any more.
    [[nodiscard]] bool cancel(work *w, work_list &passed);
    // Unlinks the items that match, or only the first one. nullptr matches every item.
    [[nodiscard]] work_list cancel_matching(match_fn match, void *data, bool all,
                                            work_list &passed);
    // Unlinks everything, markers too; tokens stay if `tokens_stay`.
    [[nodiscard]] work_list take_all(bool tokens_stay);

  private:
    // Is it an item, and no token?
    [[nodiscard]] static bool counts(const work *w) { return w->func != nullptr; }
    void remove(work *w) {
        items_.remove(w);
        queued_ -= counts(w);
    }
    // Unlinks the markers at the front, before which nothing is left.
    void pop_markers(work_list &passed) {
        while (items_.front() && items_.front()->flags & work_marker)
            passed.push_back(items_.pop_front());
    }
    template <class Match>
    work_list take_matching(Match match, bool all);

    work_list items_;
    chain *const of_;
    uint64_t &queued_;
};

// An acct's queue.
//
// Invariants:
//  1. `where` of an item on the incoming stack is `on_its_way`; of one in the fifo, the fifo.
//  2. has_work() is true also while items go from the stack to the fifo.
class work_queue {
  public:
    // ---- any thread, without a lock ----

    // Pushes an item that is `on_its_way`. -ESHUTDOWN once closed.
    [[nodiscard]] int push(work *w);
    // seq_cst: a worker stops running first and then asks; pairs with push's CAS (README, orders).
    [[nodiscard]] bool has_work() const { return has_incoming(seq_cst) || listed_.load(seq_cst); }
    // A hint for a spinning worker: something was pushed, or the queue was closed.
    [[nodiscard]] bool was_pushed() const { return incoming_.load(relaxed); }

    // ---- under the acct's lock ----

    // The oldest item, as fifo::pop_front; nullptr: there is none.
    [[nodiscard]] work *take(work_list &passed);
    [[nodiscard]] bool is_drained() const { return fifo_.empty() && !has_incoming(relaxed); }
    // How far down the queue a helper looks.
    static constexpr unsigned helper_looks = 32;
    // The oldest item that suits(), if it is one of the first and not the only one; else nullptr.
    template <class Suits>
    [[nodiscard]] work *take_if_others_wait(Suits suits, work_list &passed) {
        drain();
        work *w = fifo_.find(suits, helper_looks);
        if (!w || (w == fifo_.front() && !another_behind(w)))
            return nullptr;
        fifo_.take(w, passed);
        return w;
    }
    // Puts a chain's token behind what has been pushed before, even once closed.
    void put_back(work *token);
    // Puts an item that was taken from here back where it was, even once closed.
    void give_back(work *w);
    [[nodiscard]] bool cancel(work *w, work_list &passed);
    [[nodiscard]] work_list cancel_matching(match_fn match, void *data, bool all,
                                            work_list &passed);
    // Puts a marker behind what is queued. False: nothing is queued, so none is needed.
    [[nodiscard]] bool mark(work *marker);
    // No more pushes. With `cancels`, gives back what is queued, except tokens.
    [[nodiscard]] work_list close(bool cancels);
    [[nodiscard]] work_list take_all();
    // How many items have come so far.
    [[nodiscard]] uint64_t enqueued();
    // Shows how many are queued and have come, on the node with that OS number.
    void show(shown_figures &to, int node) const;

  private:
    [[nodiscard]] bool has_incoming(memory_order order) const {
        work *top = incoming_.load(order);
        return top && top != &closed_;
    }
    void drain();
    void list(work *top);
    void listed_is_what_there_is(memory_order order) { listed_.store(!fifo_.empty(), order); }
    [[nodiscard]] static bool another_behind(const work *w);

    // atomic: written by producers
    // The newest pushed item, linked to the older ones; `closed_` after close.
    alignas(64) atomic<work *> incoming_{nullptr};

  public:
    // The acct's lock: guards what follows, and the acct's worker_set.
    alignas(64) mutex lock;

  private:
    // under the lock, and in its cache line
    uint64_t queued_ = 0; // in the fifo
    fifo fifo_{queued_};
    uint64_t enqueued_ = 0;
    // Does the fifo hold something, or is it about to? Read without the lock.
    atomic<bool> listed_{false};

    static inline work closed_;
};

} // namespace iowq
