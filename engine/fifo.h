/* SPDX-License-Identifier: GPL-2.0-only */
// A queue with room for as many requests as are ever in flight. Used by the job's thread only.
#pragma once

#include "iowq/ring/ring.h"

#include <memory>
#include <new>

namespace engine {

class fifo {
  public:
    // Called once, before all others. False: no memory.
    [[nodiscard]] bool reserve(unsigned depth) {
        slots_.reset(new (std::nothrow) iowq::request *[depth]);
        depth_ = depth;
        return slots_ != nullptr;
    }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] iowq::request &front() { return *at(0); }
    void push(iowq::request &r) { at(size_++) = &r; }
    iowq::request &pop() {
        iowq::request &r = front();
        first_ = (first_ + 1) % depth_;
        size_--;
        return r;
    }
    // Returns whether the request was in the queue.
    [[nodiscard]] bool remove(const iowq::request &r) {
        unsigned i = 0;
        while (i < size_ && at(i) != &r)
            i++;
        if (i == size_)
            return false;
        for (; i + 1 < size_; i++)
            at(i) = at(i + 1);
        size_--;
        return true;
    }
    // Moves as many requests as there are, and as `out` has room for. Returns how many.
    [[nodiscard]] unsigned hand_out(std::span<iowq::request *> out) {
        unsigned n = 0;
        while (size_ && n < out.size())
            out[n++] = &pop();
        return n;
    }

  private:
    iowq::request *&at(unsigned i) { return slots_[(first_ + i) % depth_]; }

    std::unique_ptr<iowq::request *[]> slots_;
    unsigned depth_ = 0, first_ = 0, size_ = 0;
};

} // namespace engine
