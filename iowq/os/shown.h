// SPDX-License-Identifier: MIT
// Where an observer outside the process finds the figures of its pools and rings. The observer
// (scripts/top) reads them where they are counted, through /proc/PID/mem. So to be observed costs a
// pool nothing: there is no thread, no system call, no file and no descriptor, and a sandbox has
// nothing to refuse.
//
// The board that lists them is in the data of whatever this is linked into, at the beginning of a
// page. There it is found by its magic, also in a stripped program. Any thread may make and destroy
// a `shown`. No lock is taken, so a fork finds none held. The child has the board too: whose
// figures they are is known by their `pid`.
//
// Invariants:
//  1. What a slot points to, and all figures named there, stay until the slot is given up.
//  2. Each time a slot is taken it has another `turn`. So an observer that finds a slot as it was
//     has read the figures of one object meanwhile.
//  3. Strings are cut to what they have room for, and end with a 0.
#pragma once

#include "iowq/os/api.h"
#include "iowq/os/atomic.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

namespace iowq {

// One figure. Counts are signed, as some dip below 0. Figures of one name and node are added up.
struct shown_figure {
    enum kinds : uint32_t {
        total, // since the object was made
        level, // at this moment
        limit, // not to be added up
        list   // the length of a linked list, which adds to the figure of its name
    };
    char name[16];
    uint64_t at;    // of the first element; of a list: of the pointer to its first item
    uint64_t end;   // of a list: an item that is not there, but only ends it
    kinds kind;     //
    int32_t node;   // its OS number; -1: of no node
    uint32_t bytes; // of an element
    uint32_t count; // of elements, which are added up
    uint32_t step;  // bytes from one to the next; of a list: where an item has the next one
    uint32_t mask;  // only the elements that have these bits in their number; of a list: where an
                    // item has a pointer that is null if the item is not counted
};

// The figures of an object. Filled in before it is shown.
class shown_figures {
  public:
    template <class Number>
    void add(const char *name, shown_figure::kinds kind, const Number &at, int node = -1) {
        add_several(name, kind, &at, 1, sizeof(Number), node);
    }
    template <class Number>
    void add_several(const char *name, shown_figure::kinds kind, const Number *first, size_t count,
                     size_t step = sizeof(Number), int node = -1, uint32_t mask = 0) {
        static_assert(sizeof(Number) == 4 || sizeof(Number) == 8);
        put(name, {.name = {},
                   .at = reinterpret_cast<uintptr_t>(first),
                   .end = 0,
                   .kind = kind,
                   .node = node,
                   .bytes = sizeof(Number),
                   .count = static_cast<uint32_t>(count),
                   .step = static_cast<uint32_t>(step),
                   .mask = mask});
    }
    template <class Item>
    void add_list(const char *name, const atomic<Item *> &first, size_t next, size_t counted,
                  const Item &end, int node) {
        static_assert(sizeof first == sizeof(Item *));
        put(name, {.name = {},
                   .at = reinterpret_cast<uintptr_t>(&first),
                   .end = reinterpret_cast<uintptr_t>(&end),
                   .kind = shown_figure::list,
                   .node = node,
                   .bytes = sizeof(Item *),
                   .count = 1,
                   .step = static_cast<uint32_t>(next),
                   .mask = static_cast<uint32_t>(counted)});
    }

  private:
    friend class shown;
    IOWQ_API void put(const char *name, shown_figure figure);

    std::vector<shown_figure> all_;
};

// One object.
struct shown_object {
    char what[32];
    uint64_t self; // which tells it from others of the process
    uint64_t of;   // the `self` of what it belongs to; 0: of nothing
    uint64_t figures;
    uint32_t nr_figures;
    int32_t pid; // of the process that made it, as that itself knows it
};

// What the observer looks for.
struct shown_board {
    static constexpr size_t page = 4096;
    static constexpr uint32_t layout = 1; // changes with any of these structures
    static constexpr size_t nr_slots = 252;

    struct slot {
        atomic<uint64_t> at{0}; // a shown_object; 0: free; 1: it is being filled in
        atomic<uint64_t> turn{0};
    };

    char magic[16];
    uint32_t version;
    uint32_t slots;
    atomic<uint64_t> left_out; // how many objects found no slot
    std::array<slot, nr_slots> slot_of;
};
static_assert(sizeof(shown_board) <= shown_board::page);
static_assert(sizeof(shown_figure) == 56 && sizeof(shown_object) == 64);

// By which an object is shown, for as long as this lives.
class shown {
  public:
    shown() = default;
    ~shown() { end(); }
    shown(const shown &) = delete;
    shown &operator=(const shown &) = delete;

    // `fill` adds the figures of the object, which must outlive this. Once. Without memory, or
    // while there are more objects than slots, it is not to be seen, which is no failure.
    template <class Fill>
    void begin(const char *what, const void *self, const void *of, Fill fill) {
        try {
            fill(figures_);
        } catch (const std::bad_alloc &) {
            return;
        }
        publish(what, self, of);
    }

  private:
    IOWQ_API void publish(const char *what, const void *self, const void *of);
    IOWQ_API void end();

    shown_figures figures_;
    shown_object object_{};
    shown_board::slot *slot_ = nullptr;
    bool left_out_ = false;
};

} // namespace iowq
