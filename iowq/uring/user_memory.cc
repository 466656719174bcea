// SPDX-License-Identifier: MIT
#include "iowq/uring/user_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

namespace iowq::uring {

namespace {

constexpr size_t page = 4096;

// How many bytes; -1: none, as nothing is mapped there. Some containers forbid the system calls
// that tell: there an address where nothing is ends the program.
ssize_t moved(bool in, void *here, uint64_t there, size_t bytes) {
    auto *program = reinterpret_cast<void *>(there);
    iovec local{here, bytes}, remote{program, bytes};
    ssize_t got = (in ? process_vm_readv : process_vm_writev)(getpid(), &local, 1, &remote, 1, 0);
    if (got >= 0 || errno == EFAULT)
        return got;
    memcpy(in ? here : program, in ? program : here, bytes);
    return static_cast<ssize_t>(bytes);
}

} // namespace

int copy_in(void *into, uint64_t from, size_t bytes) {
    return moved(true, into, from, bytes) == static_cast<ssize_t>(bytes) ? 0 : -EFAULT;
}

int copy_out(uint64_t into, const void *from, size_t bytes) {
    return moved(false, const_cast<void *>(from), into, bytes) == static_cast<ssize_t>(bytes)
               ? 0
               : -EFAULT;
}

int64_t copy_string(char *into, uint64_t from, size_t room) {
    for (size_t n = 0; n < room;) {
        // Up to the page's end: the next one may not be there.
        size_t piece = std::min(room - n, page - (from + n) % page);
        if (moved(true, into + n, from + n, piece) != static_cast<ssize_t>(piece))
            return -EFAULT;
        if (auto *end = static_cast<char *>(memchr(into + n, 0, piece)))
            return end - into;
        n += piece;
    }
    return -ENAMETOOLONG;
}

} // namespace iowq::uring
