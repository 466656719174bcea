// SPDX-License-Identifier: MIT
// Put into a program: the C library's calls that poll. A ring's descriptor is made readable only
// once somebody polls it, as that costs a call for each completion; and no longer when the program
// has taken its completions, of which nobody hears. Programs that make these system calls
// themselves poll in vain.
#include "iowq/uring/calls.h"
#include "iowq/uring/masked.h"
#include "iowq/uring/next_function.h"

#include <array>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <utility>

using iowq::uring::about_to_poll;
using iowq::uring::about_to_wait;
using iowq::uring::next_function;
using iowq::uring::without_sigsys;

// What a program that is compiled with _FORTIFY_SOURCE calls in place of poll and ppoll.
extern "C" int __poll_chk(pollfd *fds, nfds_t count, int timeout, size_t room);
extern "C" int __ppoll_chk(pollfd *fds, nfds_t count, const timespec *timeout, const sigset_t *mask,
                           size_t room);

namespace {

constinit next_function<&epoll_ctl> real_epoll_ctl("epoll_ctl");
constinit next_function<&epoll_wait> real_epoll_wait("epoll_wait");
constinit next_function<&epoll_pwait> real_epoll_pwait("epoll_pwait");
constinit next_function<&epoll_pwait2> real_epoll_pwait2("epoll_pwait2");
constinit next_function<&poll> real_poll("poll");
constinit next_function<&ppoll> real_ppoll("ppoll");
constinit next_function<&__poll_chk> real___poll_chk("__poll_chk");
constinit next_function<&__ppoll_chk> real___ppoll_chk("__ppoll_chk");
constinit next_function<&select> real_select("select");
constinit next_function<&pselect> real_pselect("pselect");

// So that a handler need not look for them.
__attribute__((constructor)) void find_all() {
    (void)real_epoll_ctl.find();
    (void)real_epoll_wait.find();
    (void)real_epoll_pwait.find();
    (void)real_epoll_pwait2.find();
    (void)real_poll.find();
    (void)real_ppoll.find();
    (void)real___poll_chk.find();
    (void)real___ppoll_chk.find();
    (void)real_select.find();
    (void)real_pselect.find();
}

// A few at a time, as there is no memory to be had in a signal handler.
class found_fds {
  public:
    void add(int fd) {
        fds_[count_++] = fd;
        if (count_ == fds_.size())
            tell();
    }
    ~found_fds() { tell(); }

  private:
    void tell() { about_to_poll({fds_.data(), std::exchange(count_, 0)}); }
    std::array<int, 16> fds_;
    size_t count_ = 0;
};

void about_to_poll_all(const pollfd *fds, nfds_t count) {
    {
        found_fds found;
        for (nfds_t i = 0; i < count; i++)
            if (fds[i].fd >= 0)
                found.add(fds[i].fd);
    }
    about_to_wait();
}

void about_to_select(int count, const fd_set *reads) {
    {
        found_fds found;
        for (int fd = 0; reads && fd < count; fd++)
            if (FD_ISSET(fd, reads))
                found.add(fd);
    }
    about_to_wait();
}

} // namespace

IOWQ_EXPORTED int epoll_ctl(int epoll, int what, int fd, epoll_event *event) noexcept {
    if (what != EPOLL_CTL_DEL)
        about_to_poll({&fd, 1});
    return real_epoll_ctl(epoll, what, fd, event);
}

IOWQ_EXPORTED int epoll_wait(int epoll, epoll_event *events, int most, int timeout) {
    about_to_wait();
    return real_epoll_wait(epoll, events, most, timeout);
}

IOWQ_EXPORTED int epoll_pwait(int epoll, epoll_event *events, int most, int timeout,
                              const sigset_t *mask) {
    about_to_wait();
    sigset_t own;
    return real_epoll_pwait(epoll, events, most, timeout, without_sigsys(mask, own));
}

IOWQ_EXPORTED int epoll_pwait2(int epoll, epoll_event *events, int most, const timespec *timeout,
                               const sigset_t *mask) {
    about_to_wait();
    sigset_t own;
    return real_epoll_pwait2(epoll, events, most, timeout, without_sigsys(mask, own));
}

#if !defined(__clang__) // g++ goes by the C library, by which poll writes to them only
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
IOWQ_EXPORTED int poll(pollfd *fds, nfds_t count, int timeout) {
    about_to_poll_all(fds, count);
    return real_poll(fds, count, timeout);
}

IOWQ_EXPORTED int ppoll(pollfd *fds, nfds_t count, const timespec *timeout, const sigset_t *mask) {
    about_to_poll_all(fds, count);
    sigset_t own;
    return real_ppoll(fds, count, timeout, without_sigsys(mask, own));
}

IOWQ_EXPORTED int __poll_chk(pollfd *fds, nfds_t count, int timeout, size_t room) {
    about_to_poll_all(fds, count);
    return real___poll_chk(fds, count, timeout, room);
}

IOWQ_EXPORTED int __ppoll_chk(pollfd *fds, nfds_t count, const timespec *timeout,
                              const sigset_t *mask, size_t room) {
    about_to_poll_all(fds, count);
    sigset_t own;
    return real___ppoll_chk(fds, count, timeout, without_sigsys(mask, own), room);
}

IOWQ_EXPORTED int select(int count, fd_set *reads, fd_set *writes, fd_set *others,
                         timeval *timeout) {
    about_to_select(count, reads);
    return real_select(count, reads, writes, others, timeout);
}

IOWQ_EXPORTED int pselect(int count, fd_set *reads, fd_set *writes, fd_set *others,
                          const timespec *timeout, const sigset_t *mask) {
    about_to_select(count, reads);
    sigset_t own;
    return real_pselect(count, reads, writes, others, timeout, without_sigsys(mask, own));
}
