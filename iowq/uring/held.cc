// SPDX-License-Identifier: MIT
#include "iowq/uring/held.h"

#include "iowq/os/file_io.h"
#include "iowq/os/lock.h"
#include "iowq/os/thread.h"
#include "iowq/uring/descriptor.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/resource.h>

namespace iowq::uring {

namespace {

// ---- which numbers are held: a bit each; those beyond stay open in a child

constexpr unsigned numbers = 1 << 16, bits = 64;
std::array<atomic<uint64_t>, numbers / bits> held_numbers;

uint64_t bit_of(int fd) { return uint64_t{1} << (static_cast<unsigned>(fd) % bits); }
atomic<uint64_t> &word_of(int fd) { return held_numbers[static_cast<unsigned>(fd) / bits]; }

void note(int fd) {
    if (static_cast<unsigned>(fd) < numbers)
        word_of(fd).fetch_or(bit_of(fd), relaxed);
}

// ---- which files are locked, or have been

constexpr unsigned most_locked = 64;
mutex noting;
std::array<file_id, most_locked> locked_files; // written under `noting`, before they count
// Whoever locks raises the first and then waits for the second to be 0; whoever closes raises the
// second and then looks at the first. So one of the two sees the other.
atomic<unsigned> nr_locked{0}; // most_locked: too many to be told
atomic<unsigned> closing{0};

bool is_locked(int fd) {
    unsigned count = nr_locked.load(seq_cst);
    file_id its;
    if (count == 0 || find_id(fd, its))
        return false;
    auto end = locked_files.begin() + count;
    return count == most_locked || std::find(locked_files.begin(), end, its) != end;
}

// From which number on; few programs have so many files, and the kernel's table stays small.
int lowest() {
    constexpr rlim_t usual = 1000;
    rlimit most{};
    getrlimit(RLIMIT_NOFILE, &most);
    return static_cast<int>(std::min(usual, most.rlim_cur / 2));
}

} // namespace

int hold(int fd) {
    static const int first = lowest();
    int own = fcntl(fd, F_DUPFD_CLOEXEC, first);
    if (own < 0 && errno != EBADF)
        own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return -errno;
    note(own);
    return own;
}

int set_aside(int fd) {
    int own = hold(fd);
    close_file(fd);
    return own;
}

int hold_for_a_while(int fd) {
    int own = is_locked(fd) ? -EBUSY : hold(fd);
    return own < 0 ? fd : own;
}

void let_go(int fd) {
    closing.fetch_add(1, seq_cst);
    if (!is_locked(fd)) {
        if (static_cast<unsigned>(fd) < numbers)
            word_of(fd).fetch_and(~bit_of(fd), relaxed);
        close_file(fd);
    }
    closing.fetch_sub(1, release);
}

void about_to_lock(int fd) {
    {
        locked hold_it(noting);
        unsigned count = nr_locked.load(relaxed);
        file_id its;
        if (count == most_locked || is_locked(fd) || find_id(fd, its))
            return;
        if (count < most_locked - 1)
            locked_files[count] = its;
        nr_locked.store(count + 1, seq_cst);
    }
    while (closing.load(acquire))
        yield();
}

void let_go_of_all() {
    for (unsigned i = 0; i < held_numbers.size(); i++)
        for (uint64_t word = held_numbers[i].exchange(0, relaxed); word; word &= word - 1)
            close_file(static_cast<int>(i * bits) + __builtin_ctzll(word));
}

} // namespace iowq::uring
