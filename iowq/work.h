// SPDX-License-Identifier: MIT
// The work item: what a caller embeds in its own structure and enqueues on a wq. README.md says who
// may touch which field in which state.
#pragma once

#include <atomic>
#include <cstdint>

namespace iowq {

struct work;

// Runs one item. On entry `*w` is the item; on return it is the next, linked item, or anything that
// is not (the same item, nullptr). Called exactly once for each accepted enqueue, in a worker, or in
// the caller of cancel or of the wq's destructor when `work_cancel` is set.
using work_fn = void (*)(work **w);

// The seed's flags keep their values; those of later kernels follow.
enum work_flags : uint32_t {
    work_cancel = 1,     // set by the pool: do not do it, only complete it
    work_has_mm = 2,     // kept for the seed's interface; every thread here shares the memory
    work_hashed = 4,     // serialised by `key`
    work_needs_user = 8, // kept for the seed's interface
    work_unbound = 16,   // may take forever: served by the unbound acct
    work_concurrent = 32 // wants a worker even while others run
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

  private:
    work *head_ = nullptr;
    work *tail_ = nullptr;
};

} // namespace iowq
