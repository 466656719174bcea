// SPDX-License-Identifier: MIT
// What a function that takes another's place calls in the end: the next library's of its name. It
// may be called before this library's constructors have run.
#pragma once

#include "iowq/os/atomic.h"

#include <dlfcn.h>

#define IOWQ_EXPORTED extern "C" __attribute__((visibility("default")))

namespace iowq::uring {

// Some of those functions are deprecated. Programs call them still.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

// `Taken` is the one whose place is taken.
template <auto *Taken>
class next_function {
  public:
    explicit constexpr next_function(const char *name) : name_(name) {}

    // To be called while the process has one thread, as dlsym takes locks: after that the function
    // may be called in a signal handler, and in the child of a vfork.
    auto find() {
        void *known = found_.load(relaxed);
        if (!known) {
            known = dlsym(RTLD_NEXT, name_);
            found_.store(known, relaxed);
        }
        return reinterpret_cast<decltype(Taken)>(known);
    }
    template <class... Arguments>
    auto operator()(Arguments... arguments) {
        return find()(arguments...);
    }

  private:
    const char *const name_;
    atomic<void *> found_{nullptr};
};

#pragma GCC diagnostic pop

} // namespace iowq::uring
