/* SPDX-License-Identifier: GPL-2.0-only */
// Preloaded: sched_getaffinity as a kernel answers it that was built for more CPUs than cpu_set_t
// has room for. FIRST_CPU= is the number that the first CPU has there.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) noexcept {
    constexpr size_t kernels = 4096 / 8;
    if (size < kernels) {
        errno = EINVAL;
        return -1;
    }
    memset(set, 0, size);
    const char *first = getenv("FIRST_CPU");
    size_t at = first ? strtoul(first, nullptr, 10) / 8 : 0;
    char *where = reinterpret_cast<char *>(set) + at;
    return syscall(SYS_sched_getaffinity, pid, size - at, where) < 0 ? -1 : 0;
}
