// SPDX-License-Identifier: MIT
// The rings of this process, by the program's descriptors, and the pool and the timers that they
// share. A ring ends when the last descriptor of it is closed: that is heard of by inotify.
#pragma once

#include "iowq/os/lock.h"
#include "iowq/uring/instance.h"
#include "iowq/uring/maker.h"
#include "iowq/uring/timers.h"

#include <map>
#include <span>
#include <thread>

namespace iowq::uring {

class instances {
  public:
    [[nodiscard]] static instances &all();
    // A descriptor for the program, or -errno.
    [[nodiscard]] int create(unsigned entries, io_uring_params &p);
    // 0, or -EBADF; -EOPNOTSUPP: the descriptor is none of a ring of this process.
    [[nodiscard]] int find(int fd, std::shared_ptr<instance> &out);

    // The program polls the descriptor, or will: if it is a ring's, its completions are told.
    void begin_to_tell(int fd);
    // Is there a ring of which that is not known?
    [[nodiscard]] bool some_do_not_tell() const { return untold_.load(acquire); }
    // Before the program waits: no ring is readable of which all completions have been taken.
    void settle();

    // Is one of the descriptors a ring's? Those cannot be registered.
    [[nodiscard]] bool has_one_of(std::span<const int> fds);

    // There is no ring, and no thread of a pool.
    [[nodiscard]] bool idle();

  private:
    explicit instances(instances *of_parent) : of_parent_(of_parent) {}
    [[nodiscard]] int listen() IOWQ_REQUIRES(lock_);
    [[nodiscard]] int find_pool(std::shared_ptr<wq> &out) IOWQ_REQUIRES(lock_);
    [[nodiscard]] int find_timers(std::shared_ptr<timers> &out) IOWQ_REQUIRES(lock_);
    void hear_of_ends(int watch);

    [[maybe_unused]] instances
        *const of_parent_; // before the fork; nobody uses it, and nobody takes it apart
    maker maker_;
    mutex lock_;
    std::weak_ptr<wq> pool_ IOWQ_GUARDED_BY(lock_); // of the rings
    std::weak_ptr<timers> timers_ IOWQ_GUARDED_BY(lock_);
    atomic<unsigned> pools_{0};  // that are there, or are being taken apart
    atomic<unsigned> untold_{0}; // rings that nobody polls
    int watch_ IOWQ_GUARDED_BY(lock_) = -1;
    // Each with the number of its inotify watch, which tells the end.
    struct known {
        int watch;
        std::shared_ptr<instance> its;
    };
    std::map<file_id, known> rings_ IOWQ_GUARDED_BY(lock_);
};

// ---- IORING_REGISTER_RING_FDS: rings that a thread names by a number of its own, which saves
// looking for the descriptor. Each function acts on the calling thread.

// As io_uring_register(2): how many were done, or -errno. `arg`: so many io_uring_rsrc_update.
[[nodiscard]] int add_ring_fds(void *arg, unsigned count);
[[nodiscard]] int drop_ring_fds(const void *arg, unsigned count);

// The ring of a number, or nullptr. It stays as long as the number is the ring's.
[[nodiscard]] instance *ring_of_number(unsigned number);

// In the child of a fork, whose parent's rings are none of its own.
void forget_ring_fds();

} // namespace iowq::uring
