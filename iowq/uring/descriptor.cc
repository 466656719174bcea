// SPDX-License-Identifier: MIT
#include "iowq/uring/descriptor.h"

#include "iowq/os/file_io.h"
#include "iowq/uring/held.h"

#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace iowq::uring {

int find_id(int fd, file_id &out) {
    struct stat known;
    if (fstat(fd, &known))
        return -EBADF;
    out = {known.st_dev, known.st_ino};
    return 0;
}

int descriptor::create() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
        return -errno;
    read_end_ = set_aside(ends[0]);
    write_end_ = set_aside(ends[1]);
    if (read_end_ < 0 || write_end_ < 0)
        return -EMFILE;
    snprintf(path_, sizeof path_, "/proc/self/fd/%d", read_end_);
    int fd = open(path_, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : find_id(fd, id_) ? -EBADF : fd;
}

descriptor::~descriptor() {
    if (told_.exchange(false, acq_rel))
        nr_told_.fetch_sub(1, release);
    for (int fd : {read_end_, write_end_})
        if (fd >= 0)
            let_go(fd);
}

void descriptor::tell() {
    static char byte = 'c';
    locked hold(telling_);
    // First, so that who has been woken by the byte waits for the lock, and takes the byte back.
    if (!told_.exchange(true, acq_rel))
        nr_told_.fetch_add(1, release);
    if (write_file(write_end_, &byte, 1, no_place, 0) == -EAGAIN) { // it is full
        empty();
        (void)write_file(write_end_, &byte, 1, no_place, 0);
    }
}

void descriptor::take_back() {
    locked hold(telling_);
    if (told_.exchange(false, acq_rel))
        nr_told_.fetch_sub(1, release);
    empty();
}

void descriptor::empty() {
    char bytes[512]; // it may be on a signal handler's stack
    while (read_file(read_end_, bytes, sizeof bytes, no_place, 0) == sizeof bytes)
        ;
}

} // namespace iowq::uring
