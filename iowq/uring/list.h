// SPDX-License-Identifier: MIT
// A list of operations, each of which is on one list at most.
#pragma once

#include "iowq/uring/op.h"

namespace iowq::uring {

class op_list {
  public:
    [[nodiscard]] bool empty() const { return !first_; }
    [[nodiscard]] op *first() const { return first_; }
    [[nodiscard]] op *last() const { return last_; }
    void push_back(op &o) { insert_after(last_, o); }
    // nullptr: before all others.
    void insert_after(op *at, op &o) {
        o.prev = at;
        o.next = at ? at->next : first_;
        (at ? at->next : first_) = &o;
        (o.next ? o.next->prev : last_) = &o;
    }
    void remove(op &o) {
        (o.prev ? o.prev->next : first_) = o.next;
        (o.next ? o.next->prev : last_) = o.prev;
        o.next = o.prev = nullptr;
    }
    op *pop_front() {
        op *o = first_;
        if (o)
            remove(*o);
        return o;
    }

  private:
    op *first_ = nullptr, *last_ = nullptr;
};

} // namespace iowq::uring
