// SPDX-License-Identifier: MIT
#include "iowq/explore/memory.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace explore {

namespace {

constexpr size_t places = size_t{1} << 16; // of which half are used
constexpr size_t shared_places = size_t{1} << 16;

bool acquires(int order) {
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}
bool releases(int order) {
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

size_t hashed(uintptr_t key, size_t among) {
    return (key * 0x9e3779b97f4a7c15) >> 20 & (among - 1);
}

void out_of_room(const char *what) {
    fprintf(stderr, "explore: no room for more %s in one schedule\n", what);
    exit(2);
}

} // namespace

memory::memory()
    : places_(places), granules_(places / 2), locations_(1024), sharers_(shared_places) {}

void memory::begin() {
    schedule_++;
    granules_used_ = locations_used_ = 0;
    state_ = 0;
}

memory::granule &memory::at_granule(uintptr_t at) {
    uintptr_t key = at >> 3;
    for (size_t i = hashed(key, places);; i = (i + 1) & (places - 1)) {
        place &p = places_[i];
        if (p.schedule == schedule_ && p.at == key)
            return granules_[p.number];
        if (p.schedule == schedule_)
            continue;
        if (granules_used_ == granules_.size())
            out_of_room("memory");
        p = {key, schedule_, static_cast<uint32_t>(granules_used_)};
        granule &g = granules_[granules_used_++];
        g.at = key;
        g.first_location = -1;
        g.freed = false;
        g.count = 0;
        return g;
    }
}

memory::location &memory::at_location(uintptr_t at, unsigned bytes) {
    granule &g = at_granule(at);
    for (int i = g.first_location; i >= 0; i = locations_[i].next)
        if (locations_[i].at == at)
            return locations_[i];
    if (locations_used_ == locations_.size())
        locations_.resize(2 * locations_used_);
    location &l = locations_[locations_used_];
    l.at = at;
    l.bytes = bytes;
    l.next = g.first_location;
    l.count = l.last_seq_cst = 0;
    l.history[0] = {newest(at, bytes), {}, 0, 0, at};
    l.read.fill(0);
    l.read_stamp.fill(0);
    g.first_location = static_cast<int>(locations_used_++);
    return l;
}

// ---- races

void memory::note_granule(const caller &by, granule &g, uint8_t bytes, bool writes, bool atomic) {
    if (g.freed) {
        on_fault("freed memory is used", g.at << 3, by.pc, g.past[0].pc, g.past[0].by);
        return;
    }
    unsigned kept_ones = 0;
    bool merged = false;
    for (unsigned i = 0; i < g.count; i++) {
        past_access &p = g.past[i];
        bool before = by.now.has(p.by, p.stamp);
        if (!before && p.bytes & bytes && (p.writes || writes) && !(p.atomic && atomic)) {
            on_fault(p.writes == writes ? "a race of two writes"
                     : writes           ? "a race of a write with an earlier read"
                                        : "a race of a read with an earlier write",
                     g.at << 3, by.pc, p.pc, p.by);
            return;
        }
        // Whoever races with an earlier one that this covers races with this one too.
        if (before && (bytes & p.bytes) == p.bytes && (writes || !p.writes) &&
            (p.atomic || !atomic)) {
            if (merged)
                continue;
            merged = true;
            p = {by.pc, by.now.of(by.thread), by.thread, bytes, writes, atomic};
        }
        g.past[kept_ones++] = p;
    }
    g.count = static_cast<uint8_t>(kept_ones);
    if (merged)
        return;
    if (g.count == g.past.size()) { // forgets the oldest
        std::move(g.past.begin() + 1, g.past.end(), g.past.begin());
        g.count--;
    }
    g.past[g.count++] = {by.pc, by.now.of(by.thread), by.thread, bytes, writes, atomic};
}

void memory::note(const caller &by, uintptr_t at, size_t bytes, bool writes, bool atomic) {
    for (uintptr_t end = at + bytes; at < end;) {
        unsigned first = at & 7;
        auto n = static_cast<unsigned>(std::min<size_t>(8 - first, end - at));
        granule &g = at_granule(at);
        note_granule(by, g, static_cast<uint8_t>(((1u << n) - 1) << first), writes, atomic);
        if (writes && !atomic) // a new object: it has no history
            g.first_location = -1;
        at += n;
    }
}

void memory::plain(const caller &by, uintptr_t at, size_t bytes, bool writes) {
    note(by, at, bytes, writes, false);
}

void memory::free(const caller &by, uintptr_t at, size_t bytes) {
    for (uintptr_t end = at + bytes; at < end; at += 8) {
        granule &g = at_granule(at);
        note_granule(by, g, 0xff, true, false);
        g.freed = true;
        g.first_location = -1;
        g.count = 1;
        g.past[0] = {by.pc, by.now.of(by.thread), by.thread, 0xff, true, false};
    }
}

// ---- atomics

uint64_t memory::newest(uintptr_t at, unsigned bytes) {
    uint64_t value = 0;
    memcpy(&value, reinterpret_cast<const void *>(at), bytes);
    return value;
}

uint64_t memory::oldest_readable(const caller &by, const location &l, int order) const {
    uint64_t oldest = l.count >= kept ? l.count - kept + 1 : 0;
    if (order == __ATOMIC_SEQ_CST)
        oldest = std::max(oldest, l.last_seq_cst);
    for (unsigned t = 0; t < most_threads; t++)
        if (by.now.has(static_cast<thread_id>(t), l.read_stamp[t]))
            oldest = std::max(oldest, l.read[t]);
    for (uint64_t i = l.count; i > oldest; i--) {
        const stored &s = l.history[i % kept];
        if (by.now.has(s.by, s.stamp))
            return i;
    }
    return oldest;
}

uint64_t memory::read(const caller &by, uintptr_t at, unsigned bytes, int order, unsigned older) {
    note(by, at, bytes, false, true);
    location &l = at_location(at, bytes);
    uint64_t number = l.count - older;
    const stored &s = l.history[number % kept];
    by.past.add(s.version);
    if (acquires(order))
        by.now.join(s.published);
    l.read[by.thread] = number;
    l.read_stamp[by.thread] = by.now.of(by.thread);
    return s.value;
}

uint64_t memory::load(const caller &by, uintptr_t at, unsigned bytes, int order) {
    location &l = at_location(at, bytes);
    uint64_t oldest = oldest_readable(by, l, order);
    unsigned older = l.count > oldest ? how_old(static_cast<unsigned>(l.count - oldest)) : 0;
    return read(by, at, bytes, order, older);
}

void memory::add(const caller &by, location &l, uint64_t value, const view &published,
                 bool seq_cst) {
    uint64_t before = l.count ? mixed(l.at, l.history[l.count % kept].version) : 0;
    by.past.add(l.at);
    l.count++;
    l.history[l.count % kept] = {value, published, by.thread, by.now.of(by.thread),
                                 by.past.number()};
    state_ += mixed(l.at, by.past.number()) - before;
    if (seq_cst)
        l.last_seq_cst = l.count;
    l.read[by.thread] = l.count;
    l.read_stamp[by.thread] = by.now.of(by.thread);
    memcpy(reinterpret_cast<void *>(l.at), &value, l.bytes);
}

void memory::store(const caller &by, uintptr_t at, unsigned bytes, uint64_t value, int order) {
    note(by, at, bytes, true, true);
    location &l = at_location(at, bytes);
    add(by, l, value, releases(order) ? by.now : view{}, order == __ATOMIC_SEQ_CST);
}

void memory::replace(const caller &by, uintptr_t at, unsigned bytes, uint64_t value, int order) {
    note(by, at, bytes, true, true);
    location &l = at_location(at, bytes);
    view published = l.history[l.count % kept].published; // goes on, as in a release sequence
    by.past.add(l.history[l.count % kept].version);
    if (acquires(order))
        by.now.join(published);
    if (releases(order))
        published.join(by.now);
    add(by, l, value, published, order == __ATOMIC_SEQ_CST);
}

bool memory::is_shared(uintptr_t at, thread_id by, bool writes) {
    for (size_t i = hashed(at, shared_places);; i = (i + 1) & (shared_places - 1)) {
        sharers &s = sharers_[i];
        if (s.at == at || !s.at) {
            s.at = at;
            bool did = s.matters();
            s.threads |= 1u << by;
            if (writes)
                s.writers |= 1u << by;
            found_shared |= s.matters() && !did;
            return s.matters();
        }
    }
}

} // namespace explore
