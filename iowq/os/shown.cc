// SPDX-License-Identifier: MIT
#include "iowq/os/shown.h"

#include <cstring>
#include <unistd.h>

namespace iowq {

namespace {

// Its first words are not 0, so it lies in the data that the file has, and not among the memory
// that has no name in /proc/PID/maps.
alignas(shown_board::page) constinit shown_board board{
    {'i', 'o', 'w', 'q', ':', ' ', 's', 'h', 'o', 'w', 'n', ' ', 'h', 'e', 'r', 'e'},
    shown_board::layout,
    shown_board::nr_slots,
    {0},
    {}};

constexpr uint64_t being_filled = 1;

template <size_t Room>
void copy(char (&to)[Room], const char *from) {
    strncpy(to, from, Room - 1); // which fills up with zeros
    to[Room - 1] = 0;
}

} // namespace

void shown_figures::put(const char *name, shown_figure figure) {
    copy(figure.name, name);
    all_.push_back(figure);
}

void shown::publish(const char *what, const void *self, const void *of) {
#ifdef IOWQ_EXPLORE // nobody observes a schedule, and the board would outlive it
    (void)what, (void)self, (void)of;
#else
    copy(object_.what, what);
    object_.self = reinterpret_cast<uintptr_t>(self);
    object_.of = reinterpret_cast<uintptr_t>(of);
    object_.figures = reinterpret_cast<uintptr_t>(figures_.all_.data());
    object_.nr_figures = static_cast<uint32_t>(figures_.all_.size());
    object_.pid = getpid();
    for (shown_board::slot &s : board.slot_of) {
        uint64_t free = 0;
        // Acquire: pairs with end, after which the slot's turn is the next one's to change.
        if (s.at.load(relaxed) ||
            !s.at.compare_exchange_strong(free, being_filled, acquire, relaxed))
            continue;
        s.turn.store(s.turn.load(relaxed) + 1, relaxed);
        // Release: who sees the object there sees its figures, and the slot's turn.
        s.at.store(reinterpret_cast<uintptr_t>(&object_), release);
        slot_ = &s;
        return;
    }
    board.left_out.fetch_add(1, relaxed);
    left_out_ = true;
#endif
}

void shown::end() {
    // acq_rel: what is freed after this is freed after it is given up, also for who reads it.
    if (slot_)
        slot_->at.exchange(0, acq_rel);
    if (left_out_)
        board.left_out.fetch_sub(1, relaxed);
}

} // namespace iowq
