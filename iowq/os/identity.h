// SPDX-License-Identifier: MIT
// What a path means to a thread: by whose rights it is looked up, and from which folder.
#pragma once

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

} // namespace iowq
