// SPDX-License-Identifier: MIT
#include "iowq/uring/plain_calls.h"

#include "iowq/os/lock.h"
#include "iowq/uring/calls.h"
#include "iowq/uring/inside.h"
#include "iowq/uring/instances.h"
#include "iowq/uring/masked.h"

#include <array>
#include <cerrno>
#include <memory>
#include <pthread.h>
#include <utility>

namespace iowq::uring {

namespace {

// Rings by numbers of this library's own, for who says when a ring is no longer used: to look a
// descriptor up takes a system call. A number that was closed, or comes from before a fork, is
// known to be none. Any thread may call all of it.
class handles {
  public:
    [[nodiscard]] static handles &all();
    // 0: there are too many.
    [[nodiscard]] unsigned open(std::shared_ptr<instance> its);
    // nullptr: it is none.
    [[nodiscard]] std::shared_ptr<instance> find(unsigned handle);
    void close(unsigned handle);

  private:
    explicit handles(const handles *of_parent);

    [[maybe_unused]] const handles *const of_parent_; // nobody uses it, nor takes it apart

    // The handle is the slot's number, and above it the generation, which is never 0.
    static constexpr unsigned most = 256;
    struct slot {
        mutex lock;
        uint16_t generation IOWQ_GUARDED_BY(lock) = 0;
        std::shared_ptr<instance> its IOWQ_GUARDED_BY(lock);
    };
    std::array<slot, most> slots_;
};

// Never destroyed, as instances; nor are those of the parent in a child, whose locks others had.
handles &handles::all() {
    static handles *its = [] {
        pthread_atfork(nullptr, nullptr, [] { its = new handles(its); });
        return new handles(nullptr);
    }();
    return *its;
}

// While the process has one thread, as instances.
[[maybe_unused]] const handles &before_any_fork = handles::all();

// No handle of the parent is one of the child.
handles::handles(const handles *of_parent) : of_parent_(of_parent) {
    for (unsigned i = 0; of_parent && i < most; i++)
        slots_[i].generation = of_parent->slots_[i].generation;
}

unsigned handles::open(std::shared_ptr<instance> its) {
    for (unsigned i = 0; i < most; i++) {
        slot &s = slots_[i];
        locked hold(s.lock);
        if (s.its)
            continue;
        s.its = std::move(its);
        if (++s.generation == 0)
            s.generation = 1;
        return unsigned{s.generation} << 16 | i;
    }
    return 0;
}

std::shared_ptr<instance> handles::find(unsigned handle) {
    slot &s = slots_[handle % most];
    locked hold(s.lock);
    return handle && s.generation == handle >> 16 ? s.its : nullptr;
}

void handles::close(unsigned handle) {
    std::shared_ptr<instance> closed; // destroyed without the lock
    slot &s = slots_[handle % most];
    locked hold(s.lock);
    if (handle && s.generation == handle >> 16)
        closed = std::move(s.its);
}

template <class Call>
int made(Call &&call) {
    if (inside::now())
        return -EBUSY;
    int before = errno;
    inside a_call(true);
    int result = call();
    errno = before;
    return result;
}

int setup_plainly(unsigned entries, io_uring_params *p) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return setup(entries, p);
    });
}

int register_plainly(int fd, unsigned what, void *arg, unsigned count) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return do_register(fd, what, arg, count);
    });
}

int map_plainly(int fd, void *&at, size_t bytes, int protection, int flags, uint64_t offset) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return map(fd, at, bytes, protection, flags, offset);
    });
}

int enter_plainly(int fd, unsigned handle, unsigned to_submit, unsigned min_complete,
                  unsigned flags, const void *arg, size_t size) {
    return made([&] {
        std::shared_ptr<instance> its = handles::all().find(handle);
        return its ? enter(*its, to_submit, min_complete, flags, arg, size)
                   : enter(fd, to_submit, min_complete, flags, arg, size);
    });
}

unsigned open_handle(int fd) {
    std::shared_ptr<instance> its;
    return instances::all().find(fd, its) ? 0 : handles::all().open(std::move(its));
}

void close_handle(unsigned handle) {
    masked signals(&every_signal());
    handles::all().close(handle);
}

} // namespace

const plain_calls calls_here = {.setup = setup_plainly,
                                .do_register = register_plainly,
                                .map = map_plainly,
                                .enter = enter_plainly,
                                .open_handle = open_handle,
                                .close_handle = close_handle};

} // namespace iowq::uring
