/* SPDX-License-Identifier: GPL-2.0-only */
#include "task_names.h"

#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace engine {

namespace {

// Empty: the thread has ended.
std::string_view read_name(int tasks, const char *tid, char (&buffer)[32]) {
    char path[32];
    snprintf(path, sizeof path, "%.20s/comm", tid);
    int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return {};
    ssize_t got = read(fd, buffer, sizeof buffer);
    close(fd);
    return got > 0 ? std::string_view(buffer, static_cast<size_t>(got) - 1) : std::string_view{};
}

} // namespace

unsigned count_tasks(match_task match, void *data) {
    int tasks = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tasks < 0)
        return 0;
    unsigned n = 0;
    alignas(dirent64) char entries[4096];
    long got;
    // getdents64, as readdir would allocate.
    while ((got = syscall(SYS_getdents64, tasks, entries, sizeof entries)) > 0) {
        for (long at = 0; at < got;) {
            auto *entry = reinterpret_cast<dirent64 *>(entries + at);
            at += entry->d_reclen;
            char buffer[32];
            pid_t tid = atoi(entry->d_name); // 0: "." and ".."
            if (tid > 0 && match(data, tid, read_name(tasks, entry->d_name, buffer)))
                n++;
        }
    }
    close(tasks);
    return n;
}

} // namespace engine
