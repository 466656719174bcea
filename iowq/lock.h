// SPDX-License-Identifier: MIT
// std::mutex with clang's thread-safety annotations, so that the compiler checks who holds what
// (-Wthread-safety in the clang build; elsewhere the annotations vanish).
#pragma once

#include <mutex>

#if defined(__clang__)
#define IOWQ_ANNOTATE(x) __attribute__((x))
#else
#define IOWQ_ANNOTATE(x)
#endif

#define GUARDED_BY(x) IOWQ_ANNOTATE(guarded_by(x))
#define REQUIRES(...) IOWQ_ANNOTATE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) IOWQ_ANNOTATE(locks_excluded(__VA_ARGS__))

namespace iowq {

class IOWQ_ANNOTATE(capability("mutex")) mutex {
  public:
    void lock() IOWQ_ANNOTATE(acquire_capability()) { m_.lock(); }
    void unlock() IOWQ_ANNOTATE(release_capability()) { m_.unlock(); }

  private:
    std::mutex m_;
};

class IOWQ_ANNOTATE(scoped_lockable) locked {
  public:
    explicit locked(mutex &m) IOWQ_ANNOTATE(acquire_capability(m)) : m_(m) { m_.lock(); }
    ~locked() IOWQ_ANNOTATE(release_capability()) { m_.unlock(); }
    locked(const locked &) = delete;
    locked &operator=(const locked &) = delete;

  private:
    mutex &m_;
};

} // namespace iowq
