// SPDX-License-Identifier: MIT
#include "iowq/uring/poller.h"

#include "iowq/os/assert.h"
#include "iowq/uring/held.h"

#include <array>
#include <cerrno>
#include <span>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq::uring {

namespace {

epoll_event as_event(polled &p, uint32_t events) {
    epoll_event its{};
    its.events = events | (p.repeats ? EPOLLET : EPOLLONESHOT);
    its.data.ptr = &p;
    return its;
}

// The plain calls (prepare.h), as the C library's take locks that come before this one's.
bool control(int epoll, int how, int fd, epoll_event &its) {
    return syscall(SYS_epoll_ctl, epoll, how, fd, &its) == 0;
}
int take_ready(int epoll, std::span<epoll_event> out) {
    return static_cast<int>(syscall(SYS_epoll_pwait, epoll, out.data(), out.size(), 0, nullptr, 0));
}

} // namespace

int poller::open() {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    fd_ = fd < 0 ? -errno : set_aside(fd);
    return fd_ < 0 ? fd_ : 0;
}

poller::~poller() {
    if (fd_ >= 0)
        let_go(fd_);
}

int poller::arm(polled &p, int file, uint32_t events) {
    int own = hold_for_a_while(file);
    if (own == file)
        return -EBUSY;
    locked hold(lock_);
    iowq_assert(p.state == polled::nowhere);
    epoll_event its = as_event(p, events);
    if (!control(fd_, EPOLL_CTL_ADD, own, its)) {
        int error = -errno;
        let_go(own);
        return error;
    }
    p.fd = own;
    p.state = polled::armed;
    return 0;
}

// Of what is there, so it does not fail.
void poller::change(polled &p, int how, uint32_t events) {
    epoll_event its = as_event(p, events);
    (void)control(fd_, how, p.fd, its);
    p.state = how == EPOLL_CTL_DEL ? polled::nowhere : polled::armed;
}

bool poller::update(polled &p, uint32_t events) {
    locked hold(lock_);
    if (p.state != polled::armed)
        return false;
    change(p, EPOLL_CTL_MOD, events);
    return true;
}

bool poller::disarm(polled &p) {
    locked hold(lock_);
    if (p.state != polled::armed)
        return false;
    change(p, EPOLL_CTL_DEL, 0);
    return true;
}

// One that repeats is armed still: setting its events anew would tell what was told before.
void poller::arm_again(polled &p, uint32_t events) {
    locked hold(lock_);
    iowq_assert(p.state == polled::passing);
    if (p.repeats)
        p.state = polled::armed;
    else
        change(p, EPOLL_CTL_MOD, events);
}

void poller::drop(polled &p) {
    locked hold(lock_);
    iowq_assert(p.state == polled::passing);
    change(p, EPOLL_CTL_DEL, 0);
}

void poller::pass() {
    std::array<epoll_event, 16> events;
    int count;
    {
        // With the lock, so that none of these is disarmed before it is known to pass.
        locked hold(lock_);
        count = take_ready(fd_, events);
        for (int i = 0; i < count; i++)
            static_cast<polled *>(events[static_cast<size_t>(i)].data.ptr)->state = polled::passing;
    }
    for (int i = 0; i < count; i++) {
        epoll_event &its = events[static_cast<size_t>(i)];
        auto *p = static_cast<polled *>(its.data.ptr);
        p->ready(p->whose, its.events);
    }
}

} // namespace iowq::uring
