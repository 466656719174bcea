// SPDX-License-Identifier: MIT
// Completions: any thread pushes, one thread (the submitter, as reaper) takes. Owned by the ring's
// reaper. The cq wakes the reaper, too: only a push that finds the reaper asleep, and is the last
// that it waits for, makes a system call.
//
// Invariant: all of it is one word. The lower 56 bits are the newest request's address (user space
// has no more, even with five levels of page tables). The upper 8 bits say how many pushes are
// still to come before the sleeping reaper is to be woken, or that its event is to be told; 0 while
// it is awake. So a push is one compare-and-swap, and touches nothing of the cq afterwards: the
// reaper may have taken the request and destroyed the ring.
#pragma once

#include "iowq/os/assert.h"
#include "iowq/os/event.h"
#include "iowq/os/park.h"
#include "iowq/ring/linked_list.h"
#include "iowq/ring/request.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace iowq {

class cq {
  public:
    explicit cq(std::chrono::nanoseconds spin) : spin_(spin) {}

    // Has the address no tag in its upper byte?
    [[nodiscard]] static bool can_hold(const request &r) {
        return reinterpret_cast<uintptr_t>(&r) <= address_mask;
    }

    // Any thread. The request is the reaper's from here on. `urgent`: a sleeping reaper is woken
    // at once, however many it waits for.
    void push(request &r, bool urgent = false) {
        iowq_assert_all(can_hold(r));
        uint64_t old = head_.load(relaxed);
        uint64_t wanted, then_wanted;
        std::shared_ptr<event> to_tell; // taken before the push: after it the cq may be gone
        do {
            r.next = newest(old);
            wanted = old >> address_bits;
            if (wanted == tells_event)
                to_tell = event_;
            then_wanted = wanted == 0 || wanted == tells_event || urgent ? 0 : wanted - 1;
            // Release: publishes the request to take.
        } while (!head_.compare_exchange_weak(
            old, reinterpret_cast<uintptr_t>(&r) | then_wanted << address_bits, release, relaxed));
        if (wanted == tells_event)
            to_tell->tell();
        else if (wanted != 0 && then_wanted == 0)
            futex_wake_one(futex_word()); // uses the address only
    }

    // Reaper only. Is there nothing to take?
    [[nodiscard]] bool empty() const { return newest(head_.load(relaxed)) == nullptr; }
    // Reaper only. All that has been pushed, oldest first, linked by `next`.
    [[nodiscard]] request *take() {
        if (empty())
            return nullptr;
        return oldest_first(newest(head_.exchange(0, acquire))); // pairs with push
    }

    // Reaper only. Before anything can be pushed: what is told while the reaper is elsewhere.
    void set_event(std::shared_ptr<event> e) { event_ = std::move(e); }
    // Reaper only. From now on it is elsewhere. False: there is something to take already.
    [[nodiscard]] bool arm() {
        uint64_t seen = 0, armed = tells_event << address_bits;
        return head_.compare_exchange_strong(seen, armed, relaxed) || seen == armed;
    }
    // Reaper only. It is back. The event may have been told, or be told in a moment.
    void disarm() { head_.fetch_and(address_mask, relaxed); }

    // Reaper only. Has it slept since it was asked last?
    [[nodiscard]] bool has_slept() { return std::exchange(slept_, false); }
    // Reaper only. May it spin before it sleeps, from now on?
    void let_spin(bool may) { spins_ = may; }

    enum class waited { come, late, interrupted };
    // Reaper only. Waits until there is something to take; once it sleeps, `count` pushes (at most
    // 254) wake it. late: `until` has passed. interrupted: a signal's handler has run while it
    // slept. In both cases there may be something to take all the same.
    //
    // `slow_start`: the worker that is to push first is only being woken, which takes longer than
    // its work. So the reaper spins longer. Otherwise it would be asleep when the push comes, the
    // worker would be asleep when the next request comes, and so on.
    [[nodiscard]] waited wait(uint32_t count, deadline until, bool slow_start = false) {
        if (spins_ && spin_.until([this] { return head_.load(relaxed) != 0; },
                                  slow_start ? slow_start_patience : 1))
            return waited::come;
        uint64_t seen = 0;
        uint64_t waiting = uint64_t{std::min(count, most_wanted)} << address_bits;
        if (!head_.compare_exchange_strong(seen, waiting, relaxed))
            return waited::come;
        waited came_to = waited::come;
        slept_ = true;
        for (seen = waiting; came_to == waited::come && seen >> address_bits;
             seen = head_.load(relaxed)) {
            if (until && clock::now() >= *until)
                came_to = waited::late;
            else if (!futex_wait(futex_word(), static_cast<uint32_t>(seen >> 32), until))
                came_to = waited::interrupted;
        }
        head_.fetch_and(address_mask, relaxed); // awake
        return came_to;
    }

  private:
    static constexpr unsigned address_bits = 56;
    static constexpr uint64_t address_mask = (uint64_t{1} << address_bits) - 1;
    static constexpr uint32_t most_wanted = 0xfe;
    static constexpr uint64_t tells_event = 0xff;
    static constexpr int slow_start_patience = 5;

    static request *newest(uint64_t head) {
        return reinterpret_cast<request *>(head & address_mask);
    }

    // A futex has 32 bits: the upper half, which holds the count. It also holds a part of the
    // address, so the reaper may look once more than it must.
    atomic<uint32_t> &futex_word() {
        static_assert(std::endian::native == std::endian::little);
        return reinterpret_cast<atomic<uint32_t> *>(&head_)[1];
    }

    // atomic: pushers and the reaper
    alignas(64) atomic<uint64_t> head_{0};

    std::shared_ptr<event> event_; // set before anything is pushed

    // reaper only
    alignas(64) adaptive_spin spin_;
    bool spins_ = true;
    bool slept_ = false;
};

} // namespace iowq
