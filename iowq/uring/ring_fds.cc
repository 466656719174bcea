// SPDX-License-Identifier: MIT
#include "iowq/uring/instances.h"

#include "iowq/uring/held.h"
#include "iowq/uring/user_memory.h"

#include <array>
#include <pthread.h>

namespace iowq::uring {

namespace {

constexpr unsigned most = 16;

// The descriptor keeps the ring.
struct slot {
    int fd = -1;
    instance *its = nullptr;
};
// Plain memory of the thread's, so that a handler may use it.
thread_local std::array<slot, most> slots;

// A reference, if only for now, as the ring's end is to come after all that was done with it.
void empty(slot &s) {
    if (s.fd < 0)
        return;
    std::shared_ptr<instance> its;
    (void)instances::all().find(s.fd, its);
    let_go(s.fd);
    s = {};
}

// A thread that ends gives its slots up.
void at_the_threads_end() {
    static const pthread_key_t key = [] {
        pthread_key_t made;
        pthread_key_create(&made, [](void *its) {
            for (slot &s : *static_cast<std::array<slot, most> *>(its))
                empty(s);
        });
        return made;
    }();
    pthread_setspecific(key, &slots);
}

// The slot of a number, or any empty one. nullptr: there is none.
slot *slot_for(io_uring_rsrc_update &asked) {
    constexpr uint32_t any = -1;
    for (unsigned i = 0; asked.offset == any && i < most; i++)
        if (slots[i].fd < 0)
            asked.offset = i;
    return asked.offset < most ? &slots[asked.offset] : nullptr;
}

int add(io_uring_rsrc_update &asked) {
    bool any = asked.offset == static_cast<uint32_t>(-1);
    std::shared_ptr<instance> its;
    slot *s = slot_for(asked);
    if (asked.resv || (!s && !any))
        return -EINVAL;
    if (!s || s->fd >= 0)
        return -EBUSY;
    int fd = hold(static_cast<int>(asked.data));
    if (fd < 0)
        return fd;
    if (int error = instances::all().find(fd, its)) {
        let_go(fd);
        return error;
    }
    *s = {fd, its.get()};
    return 0;
}

} // namespace

int add_ring_fds(void *arg, unsigned count) {
    if (count == 0 || count > most)
        return -EINVAL;
    at_the_threads_end();
    int done = 0, error = 0;
    for (auto at = reinterpret_cast<uint64_t>(arg); !error && count--;
         at += sizeof(io_uring_rsrc_update)) {
        io_uring_rsrc_update asked;
        error = copy_in(&asked, at, sizeof asked);
        if (!error)
            error = add(asked);
        if (!error && copy_out(at, &asked, sizeof asked)) {
            empty(slots[asked.offset]);
            error = -EFAULT;
        }
        done += !error;
    }
    return done ? done : error;
}

int drop_ring_fds(const void *arg, unsigned count) {
    if (count == 0 || count > most)
        return -EINVAL;
    int done = 0;
    for (auto at = reinterpret_cast<uint64_t>(arg); count--; at += sizeof(io_uring_rsrc_update)) {
        io_uring_rsrc_update asked;
        int error = copy_in(&asked, at, sizeof asked);
        if (!error && (asked.resv || asked.data || asked.offset >= most))
            error = -EINVAL;
        if (error)
            return done ? done : error;
        empty(slots[asked.offset]);
        done++;
    }
    return done;
}

instance *ring_of_number(unsigned number) { return number < most ? slots[number].its : nullptr; }

// The child has none of the descriptors.
void forget_ring_fds() { slots.fill({}); }

} // namespace iowq::uring
