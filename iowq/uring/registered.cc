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
    choice_begin_ = next_choice_ = 0;
    choice_end_ = slots;
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
    choice_begin_ = choice_end_ = 0;
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
        if (fd != skip) {
            int own = fd < 0 ? -1 : hold(fd);
            if (fd < -1 || (fd >= 0 && own < 0))
                return done ? done : -EBADF;
            fill(at, own);
        }
        at++;
        done++;
    }
    return done;
}

// As the kernel chooses: on from the last slot that was filled, or the one that was emptied last.
void registered::fill(unsigned slot, int own) {
    if (files_[slot] >= 0)
        let_go(files_[slot]);
    files_[slot] = own;
    next_choice_ = own < 0 ? slot : slot + 1;
}

int registered::set_choice(unsigned first, unsigned count) {
    if (count > UINT_MAX - first)
        return -EOVERFLOW;
    if (first + count > files_.size())
        return -EINVAL;
    choice_begin_ = next_choice_ = first;
    choice_end_ = first + count;
    return 0;
}

// A slot, or -ENFILE.
int registered::choose_slot() {
    unsigned count = choice_end_ - choice_begin_;
    unsigned from = next_choice_ < choice_begin_ || next_choice_ >= choice_end_
                        ? 0
                        : next_choice_ - choice_begin_;
    for (unsigned i = 0; i < count; i++)
        if (unsigned slot = choice_begin_ + (from + i) % count; files_[slot] < 0)
            return static_cast<int>(slot);
    return -ENFILE;
}

int registered::put_file(unsigned slot, int own) {
    int chosen = slot == any_slot ? choose_slot() : 0;
    int error = chosen < 0              ? chosen
                : slot == any_slot      ? 0
                : !has_files()          ? -ENXIO
                : slot >= files_.size() ? -EINVAL
                                        : 0;
    if (error) {
        let_go(own);
        return error;
    }
    fill(slot == any_slot ? static_cast<unsigned>(chosen) : slot, own);
    return chosen;
}

int registered::drop_file(unsigned slot) {
    if (!has_files())
        return -ENXIO;
    if (slot >= files_.size())
        return -EINVAL;
    if (files_[slot] < 0)
        return -EBADF;
    fill(slot, -1);
    return 0;
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
