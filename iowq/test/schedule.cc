// SPDX-License-Identifier: MIT
#include "iowq/test/schedule.h"

#include "iowq/pool/monitor.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <thread>
#include <unistd.h>

uint64_t test_seed() {
    static const uint64_t seed = [] {
        const char *given = getenv("IOWQ_SEED");
        uint64_t s = given ? strtoull(given, nullptr, 10) : std::random_device{}();
        printf("IOWQ_SEED=%llu\n", static_cast<unsigned long long>(s));
        return s;
    }();
    return seed;
}

unsigned stress_items(unsigned share) { return getenv("IOWQ_FULL") ? 100 * share : share; }

void jitter::maybe() {
    uint64_t r = random_();
    if (r % 64 == 0)
        std::this_thread::yield();
    else if (r % 64 < 8)
        for (unsigned i = 0; i < r / 64 % 2000; i++)
            asm volatile("");
}

std::atomic<int> failing_creations{0};
std::atomic<int> failing_monitors{0};
std::atomic<bool> holding_creations{false};
std::atomic<int> held_creations{0};

extern "C" {
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

// The linker puts this in the library's way (--wrap).
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main)(void *),
                          void *arg) {
    bool monitor = main == iowq::monitor::main;
    if (holding_creations.load() && !monitor) {
        held_creations++;
        holding_creations.wait(true);
        held_creations--;
    }
    std::atomic<int> &failing = monitor ? failing_monitors : failing_creations;
    int left = failing.load();
    while (left > 0 && !failing.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0 ? EAGAIN : __real_pthread_create(thread, attr, main, arg);
}
}

std::atomic<unsigned> fsyncs{0}, fdatasyncs{0}, held_syncs{0};
std::atomic<bool> holding_syncs{false};
std::atomic<int> failing_syncs{0};

extern "C" {
int __real_fsync(int);
int __real_fdatasync(int);

static int sync_by(int (*real)(int), int fd, std::atomic<unsigned> &counted) {
    counted++;
    held_syncs++;
    int error = failing_syncs;
    timespec moment{0, 1000000};
    while (holding_syncs && !error)
        error = nanosleep(&moment, nullptr) ? errno : 0;
    held_syncs--;
    errno = error;
    return error ? -1 : real(fd);
}
int __wrap_fsync(int fd) { return sync_by(__real_fsync, fd, fsyncs); }
int __wrap_fdatasync(int fd) { return sync_by(__real_fdatasync, fd, fdatasyncs); }
}

std::atomic<unsigned long> swap{0};

extern "C" {
int __real_sysinfo(struct sysinfo *);

int __wrap_sysinfo(struct sysinfo *machine) {
    int error = __real_sysinfo(machine);
    machine->totalswap = swap;
    return error;
}
}

void let_fail(long number, int error, std::optional<uint32_t> command) {
    auto load = [](size_t offset) {
        return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
    };
    auto skip_unless = [](uint32_t value, uint8_t insns) {
        return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, insns);
    };
    sock_filter filter[] = {
        load(offsetof(seccomp_data, nr)),
        skip_unless(static_cast<uint32_t>(number), 3),
        load(command ? offsetof(seccomp_data, args) : offsetof(seccomp_data, nr)),
        skip_unless(command.value_or(static_cast<uint32_t>(number)), 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{std::size(filter), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        _exit(1);
}
