// SPDX-License-Identifier: MIT
// A mutex with clang's thread-safety annotations, so that the compiler checks who holds what
// (-Wthread-safety in the clang build; elsewhere the annotations vanish). It spins a little before
// it sleeps, as the library holds its locks for some ten ns, and a sleep takes some 10 us.
#pragma once

#include <pthread.h>

#if defined(__clang__)
#define IOWQ_ANNOTATE(x) __attribute__((x))
#else
#define IOWQ_ANNOTATE(x)
#endif

#define IOWQ_GUARDED_BY(x) IOWQ_ANNOTATE(guarded_by(x))
#define IOWQ_REQUIRES(...) IOWQ_ANNOTATE(requires_capability(__VA_ARGS__))
#define IOWQ_EXCLUDES(...) IOWQ_ANNOTATE(locks_excluded(__VA_ARGS__))

namespace iowq {

class IOWQ_ANNOTATE(capability("mutex")) mutex {
  public:
    void lock() IOWQ_ANNOTATE(acquire_capability()) { pthread_mutex_lock(&m_); }
    void unlock() IOWQ_ANNOTATE(release_capability()) { pthread_mutex_unlock(&m_); }

  private:
    pthread_mutex_t m_ = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
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
