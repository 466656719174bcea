// SPDX-License-Identifier: MIT
#include "iowq/uring/prepare.h"

#include "iowq/os/any_call.h"
#include "iowq/uring/user_memory.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>

namespace iowq::uring {

void calls(op &o, uint32_t number, std::initializer_list<uint64_t> args) {
    o.number = number;
    std::fill(std::copy(args.begin(), args.end(), o.args), std::end(o.args), 0);
}

char *room_for(op &o, size_t bytes) {
    if (o.kept) // one piece an op
        return nullptr;
    void *got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED)
        return nullptr;
    o.kept_bytes = bytes;
    return o.kept = static_cast<char *>(got);
}

int copy_segments(op &o, uint64_t from, unsigned count) {
    if (count > IOV_MAX)
        return -EINVAL;
    size_t bytes = count * sizeof(iovec);
    o.segments = o.few_segments.data();
    if (count > o.few_segments.size())
        o.segments = reinterpret_cast<iovec *>(room_for(o, bytes));
    o.nr_segments = count;
    return !o.segments ? -ENOMEM : count ? copy_in(o.segments, from, bytes) : 0;
}

bool is_nonblocking(int fd) {
    int status = fcntl(fd, F_GETFL);
    return status >= 0 && status & O_NONBLOCK;
}

bool is_ready(int fd, uint32_t events) {
    pollfd its{fd, static_cast<short>(events), 0};
    timespec at_once{};
    uint64_t args[6] = {as_argument(&its), 1, as_argument(&at_once)};
    return make_any_call(SYS_ppoll, args) > 0;
}

} // namespace iowq::uring
