// SPDX-License-Identifier: MIT
#include "iowq/uring/registered.h"

#include "iowq/uring/held.h"

#include <algorithm>
#include <cerrno>
#include <new>

namespace iowq::uring {

namespace {

constexpr size_t most_files = 1 << 15, most_buffers = 1 << 14, longest_buffer = 1 << 30;

} // namespace

int registered::set_files(std::span<const int> fds, unsigned slots) {
    if (has_files())
        return -EBUSY;
    if (slots == 0)
        return -EINVAL;
    if (slots > most_files)
        return -EMFILE;
    try {
        files_.assign(slots, -1);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    int done = fds.empty() ? 0 : update_files(0, fds);
    if (done >= 0 && done == static_cast<int>(fds.size()))
        return 0;
    (void)drop_files();
    return done < 0 ? done : -EBADF;
}

int registered::drop_files() {
    if (!has_files())
        return -ENXIO;
    for (int fd : files_)
        if (fd >= 0)
            let_go(fd);
    files_.clear();
    return 0;
}

int registered::update_files(unsigned at, std::span<const int> fds) {
    constexpr int skip = -2;
    if (!has_files())
        return -ENXIO;
    if (at > files_.size() || fds.size() > files_.size() - at)
        return -EINVAL;
    int done = 0;
    for (int fd : fds) {
        int &slot = files_[at++];
        if (fd != skip) {
            int own = fd < 0 ? -1 : hold(fd);
            if (fd < -1 || (fd >= 0 && own < 0))
                return done ? done : -EBADF;
            if (slot >= 0)
                let_go(slot);
            slot = own;
        }
        done++;
    }
    return done;
}

int registered::set_buffers(std::span<const iovec> buffers) {
    if (!buffers_.empty())
        return -EBUSY;
    if (buffers.empty() || buffers.size() > most_buffers)
        return -EINVAL;
    if (std::any_of(buffers.begin(), buffers.end(), [](const iovec &each) {
            return (!each.iov_base && each.iov_len) || each.iov_len > longest_buffer;
        }))
        return -EFAULT;
    try {
        buffers_.assign(buffers.begin(), buffers.end());
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

int registered::drop_buffers() {
    if (buffers_.empty())
        return -ENXIO;
    buffers_.clear();
    return 0;
}

int registered::file(unsigned slot) const {
    return slot < files_.size() && files_[slot] >= 0 ? files_[slot] : -EBADF;
}

int registered::check_buffer(unsigned index, uint64_t address, uint64_t bytes) const {
    if (index >= buffers_.size())
        return -EFAULT;
    const iovec &known = buffers_[index];
    auto begin = reinterpret_cast<uint64_t>(known.iov_base);
    bool inside =
        address >= begin && bytes <= known.iov_len && address - begin <= known.iov_len - bytes;
    return inside ? 0 : -EFAULT;
}

} // namespace iowq::uring
