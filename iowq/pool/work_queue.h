// SPDX-License-Identifier: MIT
// Queues of items. A fifo holds items in the order in which they came, and flush's markers between
// them; accts and chains have one each, and cancelling what is queued is written here, once. A
// work_queue is an acct's: what is pushed without a lock, and the fifo that it goes to.
#pragma once

#include "iowq/os/assert.h"
#include "iowq/os/lock.h"
#include "iowq/pool/work.h"

namespace iowq {

struct chain;

// Says whether an item is meant; `data` is the caller's. Called with the queue's lock held: it may
// only look. The item may be running: where its func may free it, match must not touch it.
using match_fn = bool (*)(work *w, void *data);

// Linked items, of nobody's queue. Not thread-safe.
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

// Invariant: an item on it is `where` this fifo. Not thread-safe: its owner's lock guards it.
// `passed` gets markers that have nothing left before them: the caller calls them, without a lock.
class fifo {
  public:
    // `of`: the chain that it is of, or nullptr, of an acct.
    explicit fifo(chain *of = nullptr) : of_(of) {}
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
    }
    void push_marker(work *marker) { items_.push_back(marker); }

    // Unlinks the oldest item. It is still `where` this fifo: published() says when it is not.
    [[nodiscard]] work *pop_front(work_list &passed) {
        work *w = items_.pop_front();
        if (w)
            pop_markers(passed);
        return w;
    }
    // An item that has been unlinked is published as running, so it is queued no more. Release: a
    // canceller who sees that it is not queued sees who runs it.
    static void published(work *w) { w->where.store(work::nowhere, release); }

    // Unlinks an item that is queued here. False: it is not, or no more.
    [[nodiscard]] bool cancel(work *w, work_list &passed);
    // Unlinks those queued here that match, or only the first one. nullptr matches every item.
    [[nodiscard]] work_list cancel_matching(match_fn match, void *data, bool all,
                                            work_list &passed);
    // Unlinks all, markers too; but for tokens, if they are to stay.
    [[nodiscard]] work_list take_all(bool tokens_stay);

  private:
    // Unlinks the markers at the front, before which nothing is left.
    void pop_markers(work_list &passed) {
        while (items_.front() && items_.front()->flags & work_marker)
            passed.push_back(items_.pop_front());
    }
    template <class Match>
    work_list take_matching(Match match, bool all);

    chain *const of_;
    work_list items_;
};

// An acct's queue.
//
// Invariants:
//  1. An item on the incoming stack is `on_its_way`, one in the fifo is `where` that is.
//  2. Whoever asks has_work() never sees an item neither on the stack nor listed while it goes from
//     one to the other.
class work_queue {
  public:
    // ---- any thread, without a lock ----

    // Pushes an item that is `on_its_way`. -ESHUTDOWN once closed.
    [[nodiscard]] int push(work *w);
    // seq_cst: pairs with push's CAS, for who has said before that it does not run (README,
    // orders).
    [[nodiscard]] bool has_work() const { return has_incoming(seq_cst) || listed_.load(seq_cst); }
    // For who spins, a hint: something was pushed, or it was closed.
    [[nodiscard]] bool was_pushed() const { return incoming_.load(relaxed); }

    // ---- under the acct's lock ----

    // The oldest item, as fifo::pop_front; nullptr: there is none.
    [[nodiscard]] work *take(work_list &passed);
    [[nodiscard]] bool is_drained() const { return fifo_.empty() && !has_incoming(relaxed); }
    // The oldest, if `suits` it and it is not the only one.
    template <class Suits>
    [[nodiscard]] work *take_if_others_wait(Suits suits, work_list &passed) {
        drain();
        work *w = fifo_.front();
        if (!w || !suits(w) || !another_behind(w))
            return nullptr;
        return fifo_.pop_front(passed);
    }
    // Puts a chain's token behind what has been pushed before, even once closed.
    void put_back(work *token);
    [[nodiscard]] bool cancel(work *w, work_list &passed);
    [[nodiscard]] work_list cancel_matching(match_fn match, void *data, bool all,
                                            work_list &passed);
    // Puts a marker behind what is queued. False: nothing is, so it is not needed.
    [[nodiscard]] bool mark(work *marker);
    // No more pushes. With `cancels`, gives back what is queued, but for tokens.
    [[nodiscard]] work_list close(bool cancels);
    [[nodiscard]] work_list take_all();
    // How many items have come so far.
    [[nodiscard]] uint64_t enqueued();

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
    // The acct's: guards what follows, and what the acct says.
    alignas(64) mutex lock;

  private:
    // under the lock, and in its cache line
    fifo fifo_;
    uint64_t enqueued_ = 0;
    // Whether the fifo holds something, or is about to; read without the lock.
    atomic<bool> listed_{false};

    static inline work closed_;
};

} // namespace iowq
