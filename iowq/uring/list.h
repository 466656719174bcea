// SPDX-License-Identifier: MIT
// A list of operations, each of which is on one list at most.
#pragma once

#include "iowq/uring/op.h"

namespace iowq::uring {

class op_list {
  public:
    [[nodiscard]] bool empty() const { return !first_; }
    [[nodiscard]] op *first() const { return first_; }
    void push_back(op &o) {
        o.next = nullptr;
        o.prev = last_;
        (last_ ? last_->next : first_) = &o;
        last_ = &o;
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
