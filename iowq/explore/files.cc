// SPDX-License-Identifier: MIT
// Files that are not there, for requests to be on: what is read of one is nothing, but that takes
// its time as from a device, and a pipe waits for its other end.
#include "iowq/explore/explore.h"
#include "iowq/explore/scheduler.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include "iowq/explore/system.h"

namespace explore {

namespace {

constexpr int first_file = 1 << 21;

struct model_file {
    kind what;
    size_t in_pipe = 0;
};
std::vector<model_file> files;

model_file *file_of(int fd) {
    auto n = static_cast<size_t>(fd - first_file);
    return fd >= first_file && n < files.size() ? &files[n] : nullptr;
}

ssize_t error(int number) {
    errno = number;
    return -1;
}

// The kernel writes into memory, or reads it, for the calling thread.
void touch(const iovec *parts, int count, bool writes) {
    for (int i = 0; i < count; i++) {
        auto at = reinterpret_cast<uintptr_t>(parts[i].iov_base);
        if (parts[i].iov_len && may_race(at))
            the_memory().plain(by_this_thread(0), at, parts[i].iov_len, writes);
    }
}

ssize_t length(const iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    return static_cast<ssize_t>(bytes);
}

ssize_t read_pipe(model_file &f, const iovec *parts, int count, int flags) {
    point(reinterpret_cast<uintptr_t>(&f));
    while (f.in_pipe == 0) {
        if (flags & RWF_NOWAIT)
            return error(EAGAIN);
        (void)wait_at(reinterpret_cast<uintptr_t>(&f), "reads from an empty pipe", INT64_MAX, true);
        if (was_interrupted())
            return error(EINTR);
    }
    auto got = std::min(f.in_pipe, static_cast<size_t>(length(parts, count)));
    f.in_pipe -= got;
    by_this_thread(0).past.add(f.in_pipe);
    touch(parts, count, true);
    return static_cast<ssize_t>(got);
}

// ---- Linux AIO: a device that is a thread of its own. Whoever gets a completion sees what was
// done before it was sent, as the kernel takes locks in between.

struct device {
    struct sent {
        uint64_t data, bytes;
        view before; // of who sent it
    };
    // What the kernel maps; see iowq/os/aio.h.
    struct ring {
        unsigned id, nr, head, tail, magic, compatible, incompatible, header_length;
        io_event events[];
    };
    ring *completed;
    std::deque<sent> queue;
    bool stops = false;
    thread_id thread{};

    [[nodiscard]] uintptr_t at() const { return reinterpret_cast<uintptr_t>(completed); }
    [[nodiscard]] unsigned count() const {
        return (completed->tail + completed->nr - completed->head) % completed->nr;
    }
    void serve();
};
std::deque<device> devices;

void device::serve() {
    for (;;) {
        while (queue.empty() && !stops)
            (void)wait_at(at() + 1, "is a device without requests", INT64_MAX);
        if (queue.empty())
            return;
        sent s = queue.front();
        queue.pop_front();
        by_this_thread(0).past.add(s.data);
        takes_time("is a device");
        completed->events[completed->tail] = {s.data, 0, static_cast<int64_t>(s.bytes), 0};
        auto tail = reinterpret_cast<uintptr_t>(&completed->tail);
        point(tail);
        caller by = by_this_thread(0);
        by.now.join(s.before);
        the_memory().store(by, tail, sizeof completed->tail, (completed->tail + 1) % completed->nr,
                           __ATOMIC_RELEASE);
        wake(at(), ~0u);
    }
}

device &device_of(long context) {
    for (device &d : devices)
        if (d.at() == static_cast<uintptr_t>(context))
            return d;
    fail("an AIO context that there is not");
}

long setup(unsigned depth, uint64_t *context) {
    device &d = devices.emplace_back();
    unsigned nr = depth + 1;
    size_t bytes = sizeof(device::ring) + nr * sizeof(io_event);
    d.completed = static_cast<device::ring *>(allocate(bytes, 4096, true, 0));
    d.completed->nr = nr;
    d.completed->magic = 0xa10a10a1;
    d.completed->header_length = sizeof(device::ring);
    d.thread = create_thread(
        [](void *of) -> void * {
            inside guard;
            name_thread("device");
            static_cast<device *>(of)->serve();
            return nullptr;
        },
        &d);
    *context = d.at();
    return 0;
}

long submit(device &d, long nr, iocb **batch) {
    point(d.at() + 1);
    caller by = by_this_thread(0);
    for (long i = 0; i < nr; i++)
        d.queue.push_back({batch[i]->aio_data, batch[i]->aio_nbytes, by.now});
    by.now.tick(by.thread);
    by.past.add(d.queue.size());
    wake(d.at() + 1, ~0u);
    return nr;
}

long getevents(device &d, long min, long most, io_event *out, const timespec *left) {
    nanoseconds until = left ? now() + left->tv_sec * 1'000'000'000 + left->tv_nsec : INT64_MAX;
    point(d.at());
    while (d.count() < static_cast<unsigned>(min))
        if (!wait_at(d.at(), "waits for AIO", until, true) || was_interrupted())
            break;
    if (d.count() == 0 && was_interrupted())
        return error(EINTR);
    long n = 0;
    auto head = reinterpret_cast<uintptr_t>(&d.completed->head);
    for (; n < most && d.count() > 0; n++) {
        out[n] = d.completed->events[d.completed->head];
        caller by = by_this_thread(0);
        by.now.join(view_of(d.thread));
        by.past.add(out[n].data);
        the_memory().store(by, head, sizeof d.completed->head,
                           (d.completed->head + 1) % d.completed->nr, __ATOMIC_RELEASE);
    }
    return n;
}

long destroy(device &d) {
    d.stops = true;
    wake(d.at() + 1, ~0u);
    join_thread(d.thread);
    (void)release(d.completed, 0);
    d.completed = nullptr;
    return 0;
}

} // namespace

void begin_files() {
    files.clear();
    files.reserve(16);
    devices.clear();
}

int open_file(kind what) {
    inside guard;
    files.push_back({what});
    return first_file + static_cast<int>(files.size()) - 1;
}

void write_to_pipe(int fd, size_t bytes) {
    inside guard;
    model_file &f = *file_of(fd);
    point(reinterpret_cast<uintptr_t>(&f));
    f.in_pipe += bytes;
    by_this_thread(0).past.add(f.in_pipe);
    wake(reinterpret_cast<uintptr_t>(&f), ~0u);
}

int wait_for_pipe(int fd, nanoseconds until) {
    model_file &f = *file_of(fd);
    point(reinterpret_cast<uintptr_t>(&f));
    while (f.in_pipe == 0) {
        if (!wait_at(reinterpret_cast<uintptr_t>(&f), "polls", until, true))
            return 0;
        if (was_interrupted())
            return static_cast<int>(error(EINTR));
    }
    return 1;
}

std::optional<long> aio_call(long call, const long (&a)[6]) {
    switch (call) {
    case SYS_io_setup:
        return setup(static_cast<unsigned>(a[0]), reinterpret_cast<uint64_t *>(a[1]));
    case SYS_io_submit:
        return submit(device_of(a[0]), a[1], reinterpret_cast<iocb **>(a[2]));
    case SYS_io_getevents:
        return getevents(device_of(a[0]), a[1], a[2], reinterpret_cast<io_event *>(a[3]),
                         reinterpret_cast<const timespec *>(a[4]));
    case SYS_io_destroy:
        return destroy(device_of(a[0]));
    }
    return {};
}

namespace {

ssize_t transfer(model_file &f, const iovec *parts, int count, int flags, bool reads) {
    if (f.what == kind::pipe && reads)
        return read_pipe(f, parts, count, flags);
    bool cached = f.what == kind::cached || (f.what == kind::any && choose(2) == 0);
    if (flags & RWF_NOWAIT && !cached)
        return error(EAGAIN);
    if (!cached) {
        if (f.what == kind::slow)
            (void)wait_at(1, "reads or writes", now() + 10'000'000, true);
        else
            takes_time("reads or writes", true);
        if (was_interrupted())
            return error(EINTR);
    }
    touch(parts, count, reads);
    return length(parts, count);
}

} // namespace

} // namespace explore

using namespace explore;

#define OF_MODEL(fd) (exploring() ? file_of(fd) : nullptr)

#pragma GCC visibility push(default)
extern "C" {

int fstat(int fd, struct stat *out) noexcept {
    model_file *f = OF_MODEL(fd);
    if (!f)
        return SYSTEMS(fstat)(fd, out);
    memset(out, 0, sizeof *out);
    out->st_mode = f->what == kind::pipe ? S_IFIFO : S_IFREG;
    out->st_ino = static_cast<ino_t>(fd);
    out->st_dev = 1;
    return 0;
}
int fstatfs(int fd, struct statfs *out) noexcept {
    if (!OF_MODEL(fd))
        return SYSTEMS(fstatfs)(fd, out);
    memset(out, 0, sizeof *out);
    return 0;
}
int fcntl(int fd, int command, ...) {
    va_list list;
    va_start(list, command);
    long argument = va_arg(list, long);
    va_end(list);
    model_file *f = OF_MODEL(fd);
    if (!f)
        return SYSTEMS(fcntl)(fd, command, argument);
    return f->what == kind::direct ? O_RDWR | O_DIRECT : O_RDWR;
}
off_t lseek(int fd, off_t to, int from) noexcept {
    model_file *f = OF_MODEL(fd);
    if (!f)
        return SYSTEMS(lseek)(fd, to, from);
    return f->what == kind::pipe ? error(ESPIPE) : 0;
}
ssize_t pread(int fd, void *into, size_t bytes, off_t at) {
    model_file *f = OF_MODEL(fd);
    if (!f)
        return SYSTEMS(pread)(fd, into, bytes, at);
    inside guard;
    iovec all = {into, bytes};
    return transfer(*f, &all, 1, 0, true);
}
ssize_t pwrite(int fd, const void *from, size_t bytes, off_t at) {
    model_file *f = OF_MODEL(fd);
    if (!f)
        return SYSTEMS(pwrite)(fd, from, bytes, at);
    inside guard;
    iovec all = {const_cast<void *>(from), bytes};
    return transfer(*f, &all, 1, 0, false);
}
ssize_t preadv2(int fd, const iovec *parts, int count, off_t at, int flags) {
    model_file *f = OF_MODEL(fd);
    if (!f)
        return SYSTEMS(preadv2)(fd, parts, count, at, flags);
    inside guard;
    return transfer(*f, parts, count, flags, true);
}
ssize_t pwritev2(int fd, const iovec *parts, int count, off_t at, int flags) {
    model_file *f = OF_MODEL(fd);
    if (!f)
        return SYSTEMS(pwritev2)(fd, parts, count, at, flags);
    inside guard;
    return transfer(*f, parts, count, flags, false);
}
int fsync(int fd) {
    if (!OF_MODEL(fd))
        return SYSTEMS(fsync)(fd);
    inside guard;
    takes_time("syncs", true);
    return was_interrupted() ? static_cast<int>(error(EINTR)) : 0;
}
int fdatasync(int fd) { return exploring() ? fsync(fd) : SYSTEMS(fdatasync)(fd); }

} // extern "C"
#pragma GCC visibility pop
