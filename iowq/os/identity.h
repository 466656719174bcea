// SPDX-License-Identifier: MIT
// What a path means to a thread: by whose rights it is looked up, and from which folder.
#pragma once

#include "iowq/os/atomic.h"

#include <sys/types.h>

namespace iowq {

struct identity {
    uid_t user = 0;          // for access to files, as is
    gid_t group = 0;         //
    bool own_folder = false; // working directory, root and umask are not the process's
    bool operator==(const identity &) const = default;

    // Three system calls. Groups and capabilities are taken to change with the user.
    [[nodiscard]] static identity of_this_thread();
    // For the calling thread, as far as it may. False: it stays another one.
    [[nodiscard]] bool take() const;
};

// The identity that several threads have: that of the thread that makes this object. Any thread.
class common_identity {
  public:
    // By each of them, before it does anything for others.
    void take() {
        if (!own_.take())
            has_strangers_.store(true, relaxed);
    }
    // Have all of them this one?
    [[nodiscard]] bool is(const identity &who) const {
        return who == own_ && !has_strangers_.load(relaxed);
    }

  private:
    const identity own_ = identity::of_this_thread();
    // Relaxed: of what had been given to them before a stranger came, nothing can be said anyway.
    atomic<bool> has_strangers_{false};
};

} // namespace iowq
