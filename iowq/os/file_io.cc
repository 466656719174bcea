// SPDX-License-Identifier: MIT
#include "iowq/os/file_io.h"

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

bool lies_in_memory(int fd) {
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 &&
           (fs.f_type == RAMFS_MAGIC || (fs.f_type == TMPFS_MAGIC && !may_swap()));
}

} // namespace

int look_at(int fd, file_facts &out) {
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    out.regular = S_ISREG(st.st_mode);
    out.block = S_ISBLK(st.st_mode);
    dev_t device = out.block ? st.st_rdev : st.st_dev;
    out.device = uint64_t{gnu_dev_major(device)} << 20 | gnu_dev_minor(device);
    out.inode = out.block ? 0 : st.st_ino;
    out.seekable = out.regular || out.block || has_places(fd);
    int status = fcntl(fd, F_GETFL);
    out.direct = status & O_DIRECT;
    out.appends = out.regular && status & O_APPEND;
    out.flushes = status & O_DSYNC; // O_SYNC has this bit too
    out.in_memory = out.regular && lies_in_memory(fd);
    return 0;
}

int duplicate(int fd) { return static_cast<int>(or_errno(fcntl(fd, F_DUPFD_CLOEXEC, 0))); }

void close_file(int fd) { close(fd); }

int64_t sync_range(int fd, uint64_t at, uint64_t bytes, int flags) {
    return or_errno(sync_file_range(fd, static_cast<off_t>(at), static_cast<off_t>(bytes),
                                    static_cast<unsigned>(flags)));
}

int64_t discard(int fd, uint64_t at, uint64_t bytes) {
    uint64_t range[2] = {at, bytes};
    return or_errno(ioctl(fd, BLKDISCARD, range));
}

int64_t punch_hole(int fd, uint64_t at, uint64_t bytes) {
    return or_errno(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              static_cast<off_t>(at), static_cast<off_t>(bytes)));
}

} // namespace iowq
