// SPDX-License-Identifier: MIT
#include "iowq/os/fork.h"

#include <pthread.h>

namespace iowq {

namespace {

// Never destroyed, as pools may be destroyed when the process ends.
constinit mutex lock;
across_forks *all IOWQ_GUARDED_BY(lock) = nullptr;

} // namespace

struct fork_handlers {
    static void before() IOWQ_ANNOTATE(acquire_capability(lock)) {
        lock.lock();
        for (across_forks *a = all; a; a = a->next_)
            if (a->whole_)
                a->hold_still();
    }
    static void in_parent() IOWQ_ANNOTATE(release_capability(lock)) {
        for (across_forks *a = all; a; a = a->next_)
            if (a->whole_)
                a->go_on();
        lock.unlock();
    }
    static void in_child() IOWQ_ANNOTATE(release_capability(lock)) {
        for (across_forks *a = all; a; a = a->next_) {
            a->orphaned_.store(true, std::memory_order_relaxed);
            if (a->whole_)
                a->go_on();
        }
        lock.unlock();
    }
};

namespace {

// Called before any other handler is registered. `before` handlers run in the reverse order of
// registration, the others in order: so this one runs last before the fork and first after it.
void watch_forks() {
    // It fails only without memory; then a child must not touch what it has inherited.
    static const int registered [[maybe_unused]] =
        pthread_atfork(fork_handlers::before, fork_handlers::in_parent, fork_handlers::in_child);
}

} // namespace

int at_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) {
    watch_forks();
    return -pthread_atfork(before, in_parent, in_child);
}

across_forks::across_forks() {
    watch_forks();
    locked guard(lock);
    next_ = all;
    if (next_)
        next_->before_ = this;
    all = this;
}

across_forks::~across_forks() {
    locked guard(lock);
    (before_ ? before_->next_ : all) = next_;
    if (next_)
        next_->before_ = before_;
}

across_forks::whole::whole(across_forks &of) : of_(of) {
    locked guard(lock);
    of_.whole_ = true;
}

across_forks::whole::~whole() {
    locked guard(lock);
    of_.whole_ = false;
}

} // namespace iowq
