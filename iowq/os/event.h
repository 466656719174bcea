// SPDX-License-Identifier: MIT
// A descriptor that an event loop watches: an eventfd. Whoever tells it may outlive its owner, so
// it is shared, and is closed when nobody has it any more.
#pragma once

#include <cerrno>
#include <memory>
#include <new>
#include <sys/eventfd.h>
#include <unistd.h>

namespace iowq {

class event {
  public:
    // 0 or -errno of eventfd(2); -ENOMEM.
    [[nodiscard]] static int create(std::shared_ptr<event> &out) {
        try {
            out = std::make_shared<event>(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        } catch (const std::bad_alloc &) {
            return -ENOMEM;
        }
        return out->fd_ < 0 ? -errno : 0;
    }
    explicit event(int fd) : fd_(fd) {}
    event(const event &) = delete;
    event &operator=(const event &) = delete;
    ~event() {
        if (fd_ >= 0)
            close(fd_);
    }

    [[nodiscard]] int fd() const { return fd_; }
    // Any thread. It is readable until it is heard.
    void tell() { (void)eventfd_write(fd_, 1); }
    void hear() {
        eventfd_t told;
        (void)eventfd_read(fd_, &told);
    }

  private:
    const int fd_;
};

} // namespace iowq
