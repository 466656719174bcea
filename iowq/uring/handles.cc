// SPDX-License-Identifier: MIT
#include "iowq/uring/handles.h"

#include <pthread.h>
#include <utility>

namespace iowq::uring {

// Never destroyed, as instances; nor are those of the parent in a child, whose locks others had.
handles &handles::all() {
    static handles *its = [] {
        pthread_atfork(nullptr, nullptr, [] { its = new handles(its); });
        return new handles(nullptr);
    }();
    return *its;
}

namespace {

// While the process has one thread, as instances.
[[maybe_unused]] const handles &before_any_fork = handles::all();

} // namespace

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

} // namespace iowq::uring
