// SPDX-License-Identifier: MIT
// The work item: what a caller embeds in its own structure and enqueues on a wq. README.md says who
// may touch which field in which state.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace iowq {

struct work;

// Runs one item. On entry `*w` is the item; on return it is the next, linked item, or anything that
// is not (the same item, nullptr); a link must exist before its predecessor is freed, or it might
// get the same address and be taken for it. Called exactly once for each accepted enqueue, in a
// worker, or where `work_cancel` is set in the caller of cancel, of the wq's destructor, or the monitor.
using work_fn = void (*)(work **w);

// The seed's flags keep their values; those of later kernels follow.
enum work_flags : uint32_t {
    work_cancel = 1,      // set by the pool: do not do it, only complete it
    work_has_mm = 2,      // kept for the seed's interface; every thread here shares the memory
    work_hashed = 4,      // serialised by `key`
    work_needs_user = 8,  // kept for the seed's interface
    work_unbound = 16,    // may take forever: served by the unbound acct
    work_concurrent = 32, // wants a worker even while others run
    work_marker = 1 << 16 // flush's own: to be called once all that was queued before has started
};

// Exact: two different keys never share a chain. The engine packs (device, range) and inode.
struct chain_key {
    uint64_t hi = 0;
    uint64_t lo = 0;
    bool operator==(const chain_key &) const = default;
};

enum class work_state : uint8_t {
    idle,   // not in the pool (never enqueued, or its func has been called)
    queued, // enqueue has taken it
    listed  // on a list that cancel can unlink it from; set under that list's lock
};

struct work {
    work *next = nullptr;
    work *prev = nullptr;
    work_fn func = nullptr;
    uint32_t flags = 0;
    uint16_t node = 0; // where it was queued
    std::atomic<work_state> state{work_state::idle};
    chain_key key;
};

// A FIFO of items. Not thread-safe: its owner's lock guards it.
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

    // Unlinks the markers at the front, before which nothing is left, and adds them to `out`.
    void pop_markers(work_list &out) {
        while (head_ && head_->flags & work_marker)
            out.push_back(pop_front());
    }

    // Takes the whole list for cancelling: no canceller is to look for its items here any more.
    work_list take_all() {
        for (work *w = head_; w; w = w->next)
            w->state.store(work_state::idle, std::memory_order_relaxed);
        return std::exchange(*this, {});
    }

  private:
    work *head_ = nullptr;
    work *tail_ = nullptr;
};

} // namespace iowq
