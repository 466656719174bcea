// SPDX-License-Identifier: MIT
#include "iowq/uring/instances.h"

#include "iowq/os/file_io.h"
#include "iowq/os/thread.h"
#include "iowq/uring/held.h"

#include <algorithm>
#include <csignal>
#include <new>
#include <sys/inotify.h>
#include <system_error>

namespace iowq::uring {

// Never destroyed: threads of the program may use rings until the process is gone. A child begins
// without any: it has none of the threads that those of its parent have.
instances &instances::all() {
    static instances *its = [] {
        pthread_atfork(nullptr, nullptr, [] {
            forget_ring_fds();
            let_go_of_all();
            its = new instances(its);
        });
        return new instances(nullptr);
    }();
    return *its;
}

namespace {

// While the process has one thread: a child that is forked while another thread makes it here would
// wait for that for ever.
[[maybe_unused]] const instances &before_any_fork = instances::all();

// A pool needs a signal that its creator has not blocked, and the maker has blocked all.
int create_pool(const thread_config &threads, std::unique_ptr<wq> &out) {
    sigset_t none, own;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, &own);
    int error = wq::create({.threads = threads}, out);
    pthread_sigmask(SIG_SETMASK, &own, nullptr);
    return error;
}

} // namespace

// The pool that there is, or a new one. 0 or -errno.
int instances::find_pool(std::shared_ptr<wq> &out) {
    out = pool_.lock();
    if (out)
        return 0;
    thread_config threads;
    threads.create = [this](int (*make)(void *), void *arg) { return maker_.run(make, arg); };
    std::unique_ptr<wq> fresh;
    if (int error = maker_.run([&] { return create_pool(threads, fresh); }))
        return error;
    pools_.fetch_add(1, relaxed);
    out = std::shared_ptr<wq>(fresh.release(), [this](wq *old) {
        delete old;
        pools_.fetch_sub(1, acq_rel);
    });
    pool_ = out;
    return 0;
}

// The timers that there are, or new ones. 0 or -errno.
int instances::find_timers(std::shared_ptr<timers> &out) {
    out = timers_.lock();
    if (out)
        return 0;
    std::unique_ptr<timers> fresh;
    if (int error = maker_.run([&] { return timers::create(fresh); }))
        return error;
    timers_ = out = std::move(fresh);
    return 0;
}

// Begins to hear of the ends of rings. 0 or -errno.
int instances::listen() {
    if (watch_ >= 0)
        return 0;
    int watch = inotify_init1(IN_CLOEXEC);
    watch = watch < 0 ? -errno : set_aside(watch);
    if (watch < 0)
        return watch;
    int error = maker_.run([&] {
        try {
            std::thread(&instances::hear_of_ends, this, watch).detach();
        } catch (const std::system_error &e) {
            return -e.code().value();
        }
        return 0;
    });
    if (error)
        let_go(watch);
    else
        watch_ = watch;
    return error;
}

int instances::create(unsigned entries, io_uring_params &p) {
    locked hold(lock_);
    std::shared_ptr<wq> pool;
    std::shared_ptr<timers> its_timers;
    std::shared_ptr<instance> its;
    int fd, error = maker_.start();
    if (!error)
        error = listen();
    if (!error)
        error = find_pool(pool);
    if (!error)
        error = find_timers(its_timers);
    if (!error)
        error =
            instance::create(entries, p, std::move(pool), std::move(its_timers), maker_, its, fd);
    if (error)
        return error;
    const descriptor &its_fd = its->its_descriptor();
    int watch = inotify_add_watch(watch_, its_fd.path(), IN_CLOSE);
    if (watch < 0) {
        error = -errno;
        close_file(fd);
        return error;
    }
    rings_[its_fd.id()] = {watch, its};
    untold_.fetch_add(1, release);
    return fd;
}

bool instances::idle() {
    locked hold(lock_);
    return rings_.empty() && pools_.load(acquire) == 0;
}

int instances::find(int fd, std::shared_ptr<instance> &out) {
    file_id id;
    if (int error = find_id(fd, id))
        return error;
    locked hold(lock_);
    auto it = rings_.find(id);
    if (it == rings_.end())
        return -EOPNOTSUPP;
    out = it->second.its;
    return 0;
}

void instances::begin_to_tell(int fd) {
    file_id id;
    if (find_id(fd, id))
        return;
    locked hold(lock_); // whoever ends a ring counts it, too
    auto it = rings_.find(id);
    if (it != rings_.end() && it->second.its->begin_to_tell())
        untold_.fetch_sub(1, release);
}

void instances::settle() {
    locked hold(lock_);
    for (auto &[id, ring] : rings_)
        ring.its->settle();
}

bool instances::has_one_of(std::span<const int> fds) {
    return std::any_of(fds.begin(), fds.end(), [&](int fd) {
        file_id id;
        if (fd < 0 || find_id(fd, id))
            return false;
        locked hold(lock_);
        return rings_.contains(id);
    });
}

void instances::hear_of_ends(int watch) {
    name_this_thread("iowq-ends");
    for (alignas(inotify_event) char events[4096];;) {
        ssize_t got = read(watch, events, sizeof events);
        for (char *at = events; at < events + got;) {
            auto *one = reinterpret_cast<inotify_event *>(at);
            at += sizeof *one + one->len;
            std::shared_ptr<instance> ended; // destroyed without the lock
            locked hold(lock_);
            auto it = std::find_if(rings_.begin(), rings_.end(),
                                   [&](auto &each) { return each.second.watch == one->wd; });
            if (it != rings_.end() && one->mask & IN_CLOSE) {
                ended = std::move(it->second.its);
                if (!ended->its_descriptor().tells())
                    untold_.fetch_sub(1, release);
                rings_.erase(it);
                (void)inotify_rm_watch(watch, one->wd);
            }
        }
    }
}

} // namespace iowq::uring
