// SPDX-License-Identifier: MIT
// The C library's functions and the system calls that iowq/os makes, for threads of a schedule.
// Everybody else gets the system's own.
#include "iowq/explore/explore.h"
#include "iowq/explore/scheduler.h"
#include "iowq/explore/system.h"

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <linux/futex.h>
#include <map>
#include <new>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace explore;

namespace {

std::function<bool()> no_thread; // is the next thread not to be had?
std::function<unsigned()> cpu;   // the calling thread's

// A thread's number for the program; far above those of the system's.
constexpr int first_task = 1 << 24;
constexpr int first_descriptor = 1 << 20; // of what stands for /proc/self/task/N/stat

#define HERE reinterpret_cast<uintptr_t>(__builtin_return_address(0))

uintptr_t number(const volatile void *at) { return reinterpret_cast<uintptr_t>(at); }

nanoseconds in_ns(const timespec &t) { return t.tv_sec * 1'000'000'000L + t.tv_nsec; }

// ---- mutexes: their state is here, by address, and their own memory is not touched

struct lock_state {
    bool held = false;
    thread_id by = 0;
    view last;
    uint64_t history = 0; // of who had it last
};
std::map<uintptr_t, lock_state> locks;
uint64_t all_locks = 0; // as locks_state()

void change(uintptr_t at, lock_state &l, uint64_t history) {
    all_locks += mixed(at, history) - (l.history ? mixed(at, l.history) : 0);
    l.history = history;
}

int lock(uintptr_t at, bool waits, uintptr_t pc) {
    point(at, true, pc);
    for (;;) {
        lock_state &l = locks[at];
        if (!l.held) {
            caller a = by_this_thread(0);
            l.held = true;
            l.by = a.thread;
            a.now.join(l.last);
            a.past.add(l.history);
            change(at, l, a.past.number());
            return 0;
        }
        if (!waits)
            return EBUSY;
        if (l.by == this_thread())
            fail("a thread takes a mutex that it has");
        (void)wait_at(at, "waits for a mutex", INT64_MAX);
    }
}

// No point of choice: whoever is to come between comes as well before what the caller does next.
int unlock(uintptr_t at) {
    lock_state &l = locks[at];
    if (!l.held || l.by != this_thread())
        fail("a thread gives up a mutex that it does not have");
    l.held = false;
    caller a = by_this_thread(0);
    l.last = a.now;
    a.now.tick(a.thread);
    a.past.add(at);
    change(at, l, a.past.number());
    wake(at, ~0u);
    return 0;
}

// ---- gates

struct gate_state {
    bool open = false;
    view before; // of who has opened it
    uint64_t history = 0;
};
std::map<uintptr_t, gate_state> gates;

// ---- system calls

long error(int number) {
    errno = number;
    return -1;
}

long futex(uint32_t *word, int operation, uint32_t value, const timespec *until) {
    uintptr_t at = number(word);
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT_BITSET:
        point(at);
        if (*word != value)
            return error(EAGAIN);
        if (!wait_at(at, "waits on a futex", until ? in_ns(*until) : INT64_MAX, true))
            return error(ETIMEDOUT);
        return was_interrupted() ? error(EINTR) : 0;
    case FUTEX_WAKE:
        point(at);
        return wake(at, value);
    }
    fail("a futex operation that the explorer does not know");
}

bool no_more_threads() { return no_thread && no_thread(); }

thread_id of_task(long task) { return static_cast<thread_id>(task - first_task); }

} // namespace

namespace explore {

void begin_system() {
    locks.clear();
    gates.clear();
    all_locks = 0;
    begin_files();
    no_thread = {};
    cpu = {};
}
uint64_t locks_state() { return all_locks; }

gate::gate() {
    inside guard;
    gates[number(&here_)] = {};
}
void gate::open() {
    inside guard;
    uintptr_t at = number(&here_);
    point(at);
    gate_state &state = gates[at];
    caller a = by_this_thread(0);
    a.past.add(at);
    state.open = true;
    state.before.join(a.now);
    state.history = a.past.number();
    a.now.tick(a.thread);
    wake(at, ~0u);
}
void gate::wait() {
    inside guard;
    uintptr_t at = number(&here_);
    point(at);
    while (!gates[at].open)
        (void)wait_at(at, "waits at a gate", INT64_MAX);
    caller a = by_this_thread(0);
    a.now.join(gates[at].before);
    a.past.add(gates[at].history);
}

void refuse_threads(std::function<bool()> when) { no_thread = std::move(when); }
void cpus_are(std::function<unsigned()> of_this_thread) { cpu = std::move(of_this_thread); }

} // namespace explore

// ---- the C++ heap

#pragma GCC visibility push(default)

void *operator new(size_t bytes, std::align_val_t alignment) {
    if (exploring()) {
        inside guard;
        return allocate(bytes, static_cast<size_t>(alignment), false, HERE);
    }
    void *at = nullptr;
    if (posix_memalign(&at, std::max(sizeof(void *), static_cast<size_t>(alignment)), bytes))
        throw std::bad_alloc();
    return at;
}
void *operator new(size_t bytes) {
    if (exploring()) {
        inside guard;
        return allocate(bytes, 16, false, HERE);
    }
    void *at = malloc(bytes ? bytes : 1);
    if (!at)
        throw std::bad_alloc();
    return at;
}
void operator delete(void *at) noexcept {
    if (!at)
        return;
    {
        inside guard;
        if (release(at, HERE))
            return;
    }
    free(at);
}
void *operator new[](size_t bytes) { return operator new(bytes); }
void *operator new[](size_t bytes, std::align_val_t a) { return operator new(bytes, a); }
void *operator new(size_t bytes, const std::nothrow_t &) noexcept { return operator new(bytes); }
void *operator new[](size_t bytes, const std::nothrow_t &) noexcept { return operator new(bytes); }
void operator delete[](void *at) noexcept { operator delete(at); }
void operator delete(void *at, size_t) noexcept { operator delete(at); }
void operator delete[](void *at, size_t) noexcept { operator delete(at); }
void operator delete(void *at, std::align_val_t) noexcept { operator delete(at); }
void operator delete[](void *at, std::align_val_t) noexcept { operator delete(at); }
void operator delete(void *at, size_t, std::align_val_t) noexcept { operator delete(at); }
void operator delete[](void *at, size_t, std::align_val_t) noexcept { operator delete(at); }
void operator delete(void *at, const std::nothrow_t &) noexcept { operator delete(at); }
void operator delete[](void *at, const std::nothrow_t &) noexcept { operator delete(at); }

namespace iowq {
void cpu_relax() {
    if (!exploring())
        return;
    inside guard;
    yield();
}
} // namespace iowq

extern "C" {

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) noexcept {
    if (!exploring() || fd >= 0)
        return SYSTEMS(mmap)(at, bytes, protection, flags, fd, offset);
    inside guard;
    return allocate(bytes, 4096, true, HERE);
}
int munmap(void *at, size_t bytes) noexcept {
    {
        inside guard;
        if (release(at, HERE))
            return 0;
    }
    return SYSTEMS(munmap)(at, bytes);
}

// ---- threads

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) noexcept {
    if (!exploring())
        return SYSTEMS(pthread_create)(thread, attributes, start, argument);
    inside guard;
    if (no_more_threads())
        return EAGAIN;
    *thread = static_cast<pthread_t>(first_task + create_thread(start, argument));
    return 0;
}
int pthread_join(pthread_t thread, void **result) {
    if (!exploring())
        return SYSTEMS(pthread_join)(thread, result);
    inside guard;
    join_thread(of_task(static_cast<long>(thread)));
    return 0;
}
int pthread_atfork(void (*)(), void (*)(), void (*)()) noexcept { return 0; } // nobody forks
int pthread_detach(pthread_t thread) noexcept {
    return exploring() ? 0 : SYSTEMS(pthread_detach)(thread);
}
int pthread_setname_np(pthread_t thread, const char *name) noexcept {
    if (!exploring())
        return SYSTEMS(pthread_setname_np)(thread, name);
    inside guard;
    name_thread(name);
    return 0;
}
int pthread_setaffinity_np(pthread_t thread, size_t bytes, const cpu_set_t *cpus) noexcept {
    return exploring() ? 0 : SYSTEMS(pthread_setaffinity_np)(thread, bytes, cpus);
}
int pthread_getattr_np(pthread_t thread, pthread_attr_t *out) noexcept {
    return exploring() ? ENOSYS : SYSTEMS(pthread_getattr_np)(thread, out);
}
int sched_setaffinity(pid_t task, size_t bytes, const cpu_set_t *cpus) noexcept {
    return exploring() ? 0 : SYSTEMS(sched_setaffinity)(task, bytes, cpus);
}
int sched_getcpu() noexcept {
    if (!exploring())
        return SYSTEMS(sched_getcpu)();
    inside guard;
    return cpu ? static_cast<int>(cpu()) : 0;
}
pid_t gettid() noexcept {
    if (!exploring())
        return SYSTEMS(gettid)();
    inside guard;
    return first_task + this_thread();
}
int sched_yield() noexcept {
    if (!exploring())
        return SYSTEMS(sched_yield)();
    inside guard;
    yield();
    return 0;
}
int getrusage(__rusage_who_t who, rusage *out) noexcept {
    if (!exploring())
        return SYSTEMS(getrusage)(who, out);
    inside guard;
    memset(out, 0, sizeof *out);
    out->ru_nvcsw = sleeps_so_far();
    return 0;
}
int prctl(int, ...) noexcept { return 0; }

int pthread_mutex_lock(pthread_mutex_t *m) noexcept {
    if (!exploring())
        return SYSTEMS(pthread_mutex_lock)(m);
    inside guard;
    return lock(number(m), true, HERE);
}
int pthread_mutex_trylock(pthread_mutex_t *m) noexcept {
    if (!exploring())
        return SYSTEMS(pthread_mutex_trylock)(m);
    inside guard;
    return lock(number(m), false, HERE);
}
int pthread_mutex_unlock(pthread_mutex_t *m) noexcept {
    if (!exploring())
        return SYSTEMS(pthread_mutex_unlock)(m);
    inside guard;
    return unlock(number(m));
}

// ---- time

int clock_gettime(clockid_t clock, timespec *out) noexcept {
    if (!exploring())
        return SYSTEMS(clock_gettime)(clock, out);
    inside guard;
    nanoseconds t = now();
    *out = {t / 1'000'000'000, t % 1'000'000'000};
    return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec *t, timespec *left) {
    if (!exploring())
        return SYSTEMS(clock_nanosleep)(clock, flags, t, left);
    inside guard;
    (void)wait_at(1, "sleeps", in_ns(*t) + (flags & TIMER_ABSTIME ? 0 : now()));
    return 0;
}
int nanosleep(const timespec *t, timespec *left) {
    return exploring() ? clock_nanosleep(CLOCK_MONOTONIC, 0, t, left) : SYSTEMS(nanosleep)(t, left);
}

// ---- what else the program asks of the kernel

long syscall(long call, ...) noexcept {
    va_list list;
    va_start(list, call);
    long a[6];
    for (long &each : a)
        each = va_arg(list, long);
    va_end(list);
    if (!exploring())
        return SYSTEMS(syscall)(call, a[0], a[1], a[2], a[3], a[4], a[5]);
    inside guard;
    if (auto result = aio_call(call, a))
        return *result;
    switch (call) {
    case SYS_futex:
        return futex(reinterpret_cast<uint32_t *>(a[0]), static_cast<int>(a[1]),
                     static_cast<uint32_t>(a[2]), reinterpret_cast<const timespec *>(a[3]));
    case SYS_tgkill: // what a thread sends to itself has come when the call returns
        if (of_task(a[1]) == this_thread())
            return 0;
        crossing();
        interrupt(of_task(a[1]));
        return 0;
    case SYS_gettid:
        return first_task + this_thread();
    case SYS_set_mempolicy:
    case SYS_get_mempolicy:
    case SYS_mbind:
    case SYS_move_pages:
        return error(ENOSYS);
    default:
        takes_time("makes a system call", true);
        return was_interrupted() ? error(EINTR)
                                 : SYSTEMS(syscall)(call, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

// ---- an event that a thread waits for, and a timer that sends signals

int eventfd(unsigned value, int flags) noexcept {
    if (!exploring())
        return SYSTEMS(eventfd)(value, flags);
    inside guard;
    return open_file(kind::pipe);
}
int eventfd_write(int fd, eventfd_t value) {
    if (!exploring())
        return SYSTEMS(eventfd_write)(fd, value);
    write_to_pipe(fd, 1);
    return 0;
}
int ppoll(pollfd *fds, nfds_t count, const timespec *most, const sigset_t *mask) {
    if (!exploring())
        return SYSTEMS(ppoll)(fds, count, most, mask);
    inside guard;
    return wait_for_pipe(fds[0].fd, most ? now() + in_ns(*most) : INT64_MAX);
}
int timer_create(clockid_t clock, sigevent *how, timer_t *out) noexcept {
    if (!exploring())
        return SYSTEMS(timer_create)(clock, how, out);
    inside guard;
    *out = reinterpret_cast<timer_t>(static_cast<uintptr_t>(how->_sigev_un._tid));
    return 0;
}
int timer_settime(timer_t timer, int flags, const itimerspec *when, itimerspec *old) noexcept {
    if (!exploring())
        return SYSTEMS(timer_settime)(timer, flags, when, old);
    inside guard;
    interrupt(of_task(static_cast<long>(number(timer)))); // once, and no more: the thread's call is
    return 0;                                             // short, and ends without
}
int timer_delete(timer_t timer) noexcept { return exploring() ? 0 : SYSTEMS(timer_delete)(timer); }

// The state of a thread, which is all that the library reads in /proc.
int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    auto mode = va_arg(list, mode_t);
    va_end(list);
    int task;
    if (exploring() && sscanf(path, "/proc/self/task/%d/stat", &task) == 1)
        return first_descriptor + of_task(task);
    return SYSTEMS(open)(path, flags, mode);
}
ssize_t read(int fd, void *into, size_t bytes) {
    if (!exploring() || fd < first_descriptor)
        return SYSTEMS(read)(fd, into, bytes);
    inside guard;
    int task = fd - first_descriptor;
    crossing();
    bool asleep = sleeps(static_cast<thread_id>(task));
    by_this_thread(0).past.add(asleep);
    return snprintf(static_cast<char *>(into), bytes, "%d (x) %c", first_task + task,
                    asleep ? 'S' : 'R');
}
int close(int fd) { return exploring() && fd >= first_descriptor ? 0 : SYSTEMS(close)(fd); }

void abort() noexcept {
    if (exploring()) {
        inside guard;
        fail("an assertion of the program's (see above)");
    }
    SYSTEMS(abort)();
    _exit(134);
}

} // extern "C"
#pragma GCC visibility pop
