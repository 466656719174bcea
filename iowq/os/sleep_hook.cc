// SPDX-License-Identifier: MIT
#include "iowq/os/sleep_hook.h"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace iowq {

int open_sleep_hook(sleep_hook_kind kind, std::unique_ptr<sleep_hook> &out, std::string &why) {
    switch (kind) {
    case sleep_hook_kind::perf:
        return open_perf_hook(out, why);
    case sleep_hook_kind::bpf:
        return open_bpf_hook(out, why);
    case sleep_hook_kind::annotate:
    case sleep_hook_kind::none:
        break;
    }
    return 0;
}

std::optional<bool> thread_sleeps(pid_t tid) {
    char path[48], stat[128];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return {};
    ssize_t got = read(fd, stat, sizeof stat - 1);
    close(fd);
    if (got <= 0)
        return {};
    stat[got] = '\0';
    // "number (name) state ...": the name may hold a ')', so the last one ends it.
    const char *name_end = strrchr(stat, ')');
    if (!name_end || name_end + 2 >= stat + got)
        return {};
    return name_end[2] == 'S' || name_end[2] == 'D';
}

} // namespace iowq
