// SPDX-License-Identifier: MIT
#include "issue.h"

#include "topology.h"
#include "worker.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace iowq {

namespace {

// The one place that turns -1 and errno into -errno.
int64_t or_errno(int64_t result) { return result < 0 ? -errno : result; }

int64_t read_or_write(const request &r, int flags) {
    const file &f = *r.target;
    char *buffer = static_cast<char *>(r.buffer) + r.done;
    uint64_t length = r.length - r.done;
    if (f.null)
        return static_cast<int64_t>(length);
    // Pipes, sockets and the like have no offsets: -1 stands for read and write.
    bool has_offsets = f.regular || f.block;
    off_t at = has_offsets ? static_cast<off_t>(r.offset + r.done) : -1;
    flags |= r.rw_flags;
    bool reads = r.op == opcode::read;
    if (!flags && has_offsets) // 8 % less for a cached read than the calls that take flags
        return or_errno(reads ? pread(f.fd, buffer, length, at) : pwrite(f.fd, buffer, length, at));
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

int64_t call(const request &r) {
    if (r.target->null && !r.is_rw())
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

// What had been moved before counts, whatever became of the rest: the next call will meet the error again.
void set_result(request &r, int64_t got) {
    r.cpu = this_cpu();
    auto before = static_cast<int64_t>(r.done);
    r.result = before && got < 0 ? before : before + got;
}

// A buffered read that missed the cache will block, as will all that waits for a device. A buffered
// write copies into the cache and blocks only when it is throttled.
blocking::kind how_it_blocks(const request &r) {
    bool copies = r.target->in_memory || r.op == opcode::write || r.rw_flags & RWF_NOWAIT ||
                  (r.op == opcode::read && !(r.path & path_nowait_miss));
    return copies && !r.target->direct ? blocking::may : blocking::will;
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
    direct = fcntl(fd, F_GETFL) & O_DIRECT;
    struct statfs fs;
    in_memory =
        regular && fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
    for (auto &refused : nowait_refused)
        refused.store(false, std::memory_order_relaxed);
    return 0;
}

bool nowait_worthwhile(const request &r) {
    return r.is_rw() && !(r.rw_flags & RWF_NOWAIT) && !r.target->direct && !r.target->in_memory &&
           !r.target->nowait_refused[r.op == opcode::write].load(std::memory_order_relaxed);
}

bool never_waits(const request &r) {
    return r.is_rw() && r.rw_flags & RWF_NOWAIT && !r.target->direct;
}

bool issue_nowait(request &r) {
    int64_t got = read_or_write(r, RWF_NOWAIT);
    if (got == -EOPNOTSUPP) {
        r.target->nowait_refused[r.op == opcode::write].store(true, std::memory_order_relaxed);
        r.path |= path_nowait_refused;
        return false;
    }
    // Fewer bytes than asked for need not be the end of the file: the cache may end here.
    if (got == -EAGAIN || (got > 0 && r.done + static_cast<uint64_t>(got) < r.length)) {
        r.path |= path_nowait_miss;
        r.done += got > 0 ? static_cast<uint64_t>(got) : 0;
        return false;
    }
    set_result(r, got);
    return true;
}

void issue_blocking(request &r) {
    if (r.op == opcode::nop) {
        set_result(r, 0);
        return;
    }
    int64_t got;
    {
        blocking section(how_it_blocks(r));
        do
            got = call(r);
        while (got < 0 && interrupted_in_vain(static_cast<int>(-got)));
    }
    set_result(r, got);
}

bool begun_by_trying(const request &r) {
    return r.op == opcode::read && (r.path & path_nowait_miss) &&
           (r.target->regular || r.target->block);
}

bool may_not_block(const request &r) {
    return r.is_rw() && (r.target->in_memory || nowait_worthwhile(r));
}

bool issue_without_blocking(request &r) {
    if (!r.target->in_memory)
        return issue_nowait(r);
    issue_blocking(r);
    return true;
}

} // namespace iowq
