// SPDX-License-Identifier: MIT
// Things that somebody keeps for a while, linked by their `next`: no memory of its own is needed.
#pragma once

#include <utility>

namespace iowq {

// First in, first out.
template <class T>
class linked_list {
  public:
    [[nodiscard]] bool empty() const { return !oldest_; }
    [[nodiscard]] T *oldest() const { return oldest_; } // nullptr: empty
    [[nodiscard]] bool has_several() const { return oldest_ && oldest_ != newest_; }

    void push_back(T &t) {
        t.next = nullptr;
        (oldest_ ? newest_->next : oldest_) = &t;
        newest_ = &t;
    }
    void push_front(T &t) {
        t.next = oldest_;
        if (!oldest_)
            newest_ = &t;
        oldest_ = &t;
    }
    [[nodiscard]] T *pop_front() { // nullptr: empty
        return oldest_ ? std::exchange(oldest_, oldest_->next) : nullptr;
    }
    // False: it is not here.
    [[nodiscard]] bool remove(const T &t) {
        T *before = nullptr;
        for (T *here = oldest_; here; before = here, here = here->next) {
            if (here != &t)
                continue;
            (before ? before->next : oldest_) = here->next;
            if (newest_ == here)
                newest_ = before;
            return true;
        }
        return false;
    }
    // All of them, oldest first.
    [[nodiscard]] T *take_all() { return std::exchange(oldest_, nullptr); }

  private:
    T *oldest_ = nullptr;
    T *newest_ = nullptr; // if there is an oldest
};

// A stack turned round: each is linked to the one that was pushed before it, and then to the one
// after.
template <class T>
[[nodiscard]] T *oldest_first(T *newest) {
    T *oldest = nullptr;
    while (newest) {
        T *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

} // namespace iowq
