// SPDX-License-Identifier: MIT
// A ring's descriptor: one end of a pipe, which is readable while a byte is in it. The program has
// an open file of its own, whose last close inotify tells. Any thread may call these.
//
// An eventfd would have no last close that is heard of, nor would a socket let its bytes be taken
// back. A memfd could be mapped by the program itself, but not polled.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/lock.h"

#include <cstdint>
#include <utility>

namespace iowq::uring {

// The device and the inode of an open file, by which a descriptor is known again.
using file_id = std::pair<uint64_t, uint64_t>;
// 0, or -EBADF.
[[nodiscard]] int find_id(int fd, file_id &out);

class descriptor {
  public:
    descriptor() = default;
    ~descriptor();
    descriptor(const descriptor &) = delete;
    descriptor &operator=(const descriptor &) = delete;

    // The program's descriptor, or -errno.
    [[nodiscard]] int create();
    [[nodiscard]] file_id id() const { return id_; }
    // For inotify.
    [[nodiscard]] const char *path() const { return path_; }

    // From now on somebody polls it, so that completions are told. True: nobody did before.
    [[nodiscard]] bool begin_to_tell() { return !polled_.exchange(true, seq_cst); }
    [[nodiscard]] bool tells() const { return polled_.load(seq_cst); }
    // It is readable, and an edge for whoever waits for edges.
    void tell();
    [[nodiscard]] bool told() const { return told_.load(acquire); }
    // Is any ring of this process readable?
    [[nodiscard]] static bool any_told() { return nr_told_.load(acquire); }
    // It is not readable any more. The caller looks afterwards whether there is something to tell.
    void take_back();

  private:
    void empty() IOWQ_REQUIRES(telling_);

    file_id id_{};
    int read_end_ = -1, write_end_ = -1;
    char path_[32] = {};
    atomic<bool> polled_{false};
    mutex telling_;            // no other one is taken under it
    atomic<bool> told_{false}; // a byte is there; written under the lock
    static inline atomic<unsigned> nr_told_{0};
};

} // namespace iowq::uring
