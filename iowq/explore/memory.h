// SPDX-License-Identifier: MIT
// Memory as C++20 defines it, for threads of which one runs at a time.
//
// An atomic location has a history of stores. A load returns the newest, or an older one where its
// memory order allows that: no store is older than one that happened before the load, than one that
// this thread (or one it has synchronised with) has read, or, for a seq_cst load, than the last
// seq_cst store. Modification order is the order of execution, so a load never sees a later store.
// An acquire load that reads a release store, or a read-modify-write behind one, synchronises.
//
// Plain accesses are checked for races by happens-before, byte for byte; so a release that is too
// weak is found even where every load returns the newest store. Freed memory must not be touched.
//
// The newest values lie in the memory itself.
#pragma once

#include "iowq/explore/view.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace explore {

// Who makes an access.
struct caller {
    thread_id thread;
    view &now;     // of the thread
    uintptr_t pc;  // where in the program
    history &past; // of the thread
};

class memory {
  public:
    memory();

    // Another schedule begins: nothing has happened.
    void begin();

    // What is wrong with an access; called at most once.
    std::function<void(const char *what, uintptr_t at, uintptr_t pc, uintptr_t other_pc,
                       thread_id other)>
        on_fault;
    // Of `n` stores older than the newest that may be read: how much older a load reads.
    std::function<unsigned(unsigned n)> how_old = [](unsigned) { return 0u; };

    void plain(const caller &by, uintptr_t at, size_t bytes, bool writes);
    // `order`: as in __ATOMIC_*.
    [[nodiscard]] uint64_t load(const caller &by, uintptr_t at, unsigned bytes, int order);
    void store(const caller &by, uintptr_t at, unsigned bytes, uint64_t value, int order);
    // Returns the old value; `change` gives the new one, or false: it is left as it is, as by a
    // load with the order `failed`.
    template <class Change>
    uint64_t modify(const caller &by, uintptr_t at, unsigned bytes, int order, int failed,
                    Change change) {
        uint64_t old = newest(at, bytes), value;
        if (!change(old, value)) {
            read(by, at, bytes, failed, 0);
            return old;
        }
        replace(by, at, bytes, value, order);
        return old;
    }

    // Memory from the heap: `freed` from now on. What is written there has to have happened before.
    void free(const caller &by, uintptr_t at, size_t bytes);

    // Does another thread's access here matter to this one, by what has been seen in any schedule
    // so far: have two threads been here, and one of them written?
    [[nodiscard]] bool is_shared(uintptr_t at, thread_id by, bool writes);
    // A location has become shared that was not, since this was set to false.
    bool found_shared = false;
    // Of all atomic locations: the same when each was last written by a thread with the same
    // history.
    [[nodiscard]] uint64_t state() const { return state_; }

  private:
    static constexpr unsigned kept = 8; // stores of a location
    struct stored {
        uint64_t value = 0;
        view published; // what whoever acquires it gets to know
        thread_id by = 0;
        uint32_t stamp = 0; // 0: before there was a second thread
        uint64_t version = 0;
    };
    struct location {
        uintptr_t at = 0;
        unsigned bytes = 0;
        int next = -1; // in the same granule
        uint64_t count = 0;
        uint64_t last_seq_cst = 0; // its number; 0: the one that was there
        std::array<stored, kept> history;
        std::array<uint64_t, most_threads> read{}; // the number of the newest that each has read
        std::array<uint32_t, most_threads> read_stamp{};
    };
    // The accesses to eight bytes that a later one may race with.
    struct past_access {
        uintptr_t pc;
        uint32_t stamp;
        thread_id by;
        uint8_t bytes; // a bit each
        bool writes, atomic;
    };
    struct granule {
        uintptr_t at = 0; // its address, divided by eight
        int first_location = -1;
        bool freed = false;
        uint8_t count = 0;
        std::array<past_access, 7> past;
    };
    // Where a granule is among them, if its entry is of this schedule.
    struct place {
        uintptr_t at = 0;
        uint32_t schedule = 0, number = 0;
    };
    struct sharers {
        uintptr_t at = 0;
        uint32_t threads = 0, writers = 0; // a bit each
        [[nodiscard]] bool matters() const { return writers && threads & (threads - 1); }
    };

    granule &at_granule(uintptr_t at);
    location &at_location(uintptr_t at, unsigned bytes);
    void note(const caller &by, uintptr_t at, size_t bytes, bool writes, bool atomic);
    void note_granule(const caller &by, granule &g, uint8_t bytes, bool writes, bool atomic);
    static uint64_t newest(uintptr_t at, unsigned bytes);
    uint64_t read(const caller &by, uintptr_t at, unsigned bytes, int order, unsigned older);
    void replace(const caller &by, uintptr_t at, unsigned bytes, uint64_t value, int order);
    void add(const caller &by, location &l, uint64_t value, const view &published, bool seq_cst);
    [[nodiscard]] uint64_t oldest_readable(const caller &by, const location &l, int order) const;

    uint32_t schedule_ = 0;
    uint64_t state_ = 0;
    std::vector<place> places_; // hashed
    std::vector<granule> granules_;
    size_t granules_used_ = 0;
    std::vector<location> locations_;
    size_t locations_used_ = 0;
    std::vector<sharers> sharers_;
};

} // namespace explore
