// SPDX-License-Identifier: MIT
#include "iowq/ring/syscalls.h"

#include "iowq/os/topology.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace iowq {

namespace {

const auto most_at_once = static_cast<uint64_t>(INT_MAX & -sysconf(_SC_PAGESIZE));

// The one place that turns -1 and errno into -errno.
int64_t or_errno(int64_t result) { return result < 0 ? -errno : result; }

int64_t read_or_write(const request &r, int flags) {
    const file &f = *r.target;
    char *buffer = static_cast<char *>(r.buffer) + r.done;
    uint64_t length = most_bytes(r) - r.done;
    if (f.null)
        return static_cast<int64_t>(length);
    bool has_place = f.seekable && r.offset != request::at_position;
    off_t at = has_place ? static_cast<off_t>(r.offset + r.done) : -1; // which stands for none
    flags |= r.rw_flags;
    bool reads = r.op == opcode::read;
    if (!flags && has_place) // 8 % less for a cached read than the calls that take flags
        return or_errno(reads ? pread(f.fd, buffer, length, at) : pwrite(f.fd, buffer, length, at));
    if (!flags) // those drop an empty datagram
        return or_errno(reads ? read(f.fd, buffer, length) : write(f.fd, buffer, length));
    iovec rest = {buffer, length};
    return or_errno(reads ? preadv2(f.fd, &rest, 1, at, flags)
                          : pwritev2(f.fd, &rest, 1, at, flags));
}

int64_t trim(const request &r) {
    if (r.target->block) {
        uint64_t range[2] = {r.offset, r.length};
        return or_errno(ioctl(r.target->fd, BLKDISCARD, range));
    }
    return or_errno(fallocate(r.target->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              static_cast<off_t>(r.offset), static_cast<off_t>(r.length)));
}

// Does pread work on it? The mode of the file decides, before anything is read. lseek answers for
// some that have no places (eventfd, timerfd).
bool has_places(int fd) {
    return lseek(fd, 0, SEEK_CUR) >= 0 && (pread(fd, nullptr, 0, 0) >= 0 || errno != ESPIPE);
}

// Where there is swap, what is in memory may have to be fetched back.
bool may_swap() {
    struct sysinfo machine;
    return sysinfo(&machine) == 0 && machine.totalswap > 0;
}

} // namespace

int file::examine(int open_fd) {
    struct stat st;
    if (fstat(open_fd, &st))
        return -errno;
    fd = open_fd;
    regular = S_ISREG(st.st_mode);
    block = S_ISBLK(st.st_mode);
    // Device numbers have 32 bits; the other half of `hi` is left for ranges of one file.
    dev_t device = block ? st.st_rdev : st.st_dev;
    key = {uint64_t{gnu_dev_major(device)} << 20 | gnu_dev_minor(device), block ? 0 : st.st_ino};
    seekable = regular || block || has_places(fd);
    int status = fcntl(fd, F_GETFL);
    direct = status & O_DIRECT;
    appends = regular && status & O_APPEND;
    struct statfs fs;
    in_memory = regular && fstatfs(fd, &fs) == 0 &&
                (fs.f_type == RAMFS_MAGIC || (fs.f_type == TMPFS_MAGIC && !may_swap()));
    for (learner &each : nowait)
        each.forget();
    return 0;
}

int file::hold() {
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return -errno;
    fd = own;
    held_ = true;
    return 0;
}

void file::let_go() {
    if (held_)
        close(fd);
    held_ = false;
}

uint64_t most_bytes(const request &r) {
    return r.length > SSIZE_MAX ? r.length : std::min(r.length, most_at_once);
}

bool goes_on_when_short(const request &r) {
    return r.target->regular || r.target->block || r.op == opcode::write;
}

int64_t make_call(const request &r) {
    if (r.op == opcode::nop || (r.target->null && !r.is_rw()))
        return 0;
    switch (r.op) {
    case opcode::nop:
        return 0;
    case opcode::read:
    case opcode::write:
        return read_or_write(r, 0);
    case opcode::fsync:
        return or_errno(fsync(r.target->fd));
    case opcode::fdatasync:
        return or_errno(fdatasync(r.target->fd));
    case opcode::sync_file_range:
        return or_errno(sync_file_range(r.target->fd, static_cast<off_t>(r.offset),
                                        static_cast<off_t>(r.length),
                                        static_cast<unsigned>(r.range_flags)));
    case opcode::trim:
        return trim(r);
    }
    return -EINVAL;
}

// What had been moved before counts, whatever became of the rest: the next call will meet the error
// again.
void set_result(request &r, int64_t got) {
    r.cpu = this_cpu();
    auto before = static_cast<int64_t>(r.done);
    r.result = before && got < 0 ? before : before + got;
}

namespace {

// What `got` says of a call that does not wait.
tried judge(request &r, int64_t got) {
    if (got == -EOPNOTSUPP) {
        r.target->nowait[r.op == opcode::write].learn(false);
        r.path |= path_nowait_refused;
        return tried::refused;
    }
    // Fewer bytes than asked for need not be the end of the file: the cache may end here.
    bool is_short = got > 0 && r.done + static_cast<uint64_t>(got) < most_bytes(r);
    if (got == -EAGAIN || (is_short && goes_on_when_short(r))) {
        r.path |= path_nowait_miss;
        r.done += got > 0 ? static_cast<uint64_t>(got) : 0;
        return tried::missed;
    }
    return tried::done;
}

} // namespace

tried try_nowait(request &r) {
    int64_t got = read_or_write(r, RWF_NOWAIT);
    tried came_to = judge(r, got);
    if (came_to == tried::done)
        set_result(r, got);
    return came_to;
}

tried tried_by_aio(request &r, int64_t got) {
    tried came_to = r.rw_flags & RWF_NOWAIT ? tried::done : judge(r, got);
    if (came_to == tried::done) {
        r.result = got;
        r.path |= path_aio;
    }
    return came_to;
}

} // namespace iowq
