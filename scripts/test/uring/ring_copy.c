// SPDX-License-Identifier: MIT
// ring_copy FROM TO: copies a file, each block by a read and a write that is linked to it, and says
// how many bytes. Blocks are registered buffers, both files are registered, too.
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCKS = 16, BYTES = 32 << 10 };

static void must(int done, const char *what) {
    if (done < 0) {
        fprintf(stderr, "ring_copy: %s: %d\n", what, done);
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    int files[] = {open(argv[1], O_RDONLY), open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600)};
    struct stat known;
    must(files[0], "open");
    must(files[1], "open");
    must(fstat(files[0], &known), "fstat");

    struct io_uring ring;
    must(io_uring_queue_init(2 * BLOCKS + 1, &ring, 0), "queue_init");
    must(io_uring_register_files(&ring, files, 2), "register_files");
    must(close(files[0]), "close"); // the registered ones stay
    must(close(files[1]), "close");
    struct iovec blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = (struct iovec){aligned_alloc(4096, BYTES), BYTES};
    must(io_uring_register_buffers(&ring, blocks, BLOCKS), "register_buffers");

    off_t copied = 0;
    while (copied < known.st_size) {
        unsigned submitted = 0;
        off_t at = copied;
        for (int i = 0; i < BLOCKS && at < known.st_size; i++) {
            unsigned length = known.st_size - at < BYTES ? known.st_size - at : BYTES;
            struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
            io_uring_prep_read_fixed(sqe, 0, blocks[i].iov_base, length, at, i);
            sqe->flags |= IOSQE_FIXED_FILE | IOSQE_IO_LINK;
            sqe->user_data = length;
            sqe = io_uring_get_sqe(&ring);
            io_uring_prep_write_fixed(sqe, 1, blocks[i].iov_base, length, at, i);
            sqe->flags |= IOSQE_FIXED_FILE;
            sqe->user_data = length;
            at += length;
            submitted += 2;
        }
        must(io_uring_submit(&ring), "submit");
        for (; submitted; submitted--) {
            struct io_uring_cqe *cqe;
            must(io_uring_wait_cqe(&ring, &cqe), "wait_cqe");
            must(cqe->res == (int)cqe->user_data ? 0 : cqe->res < 0 ? cqe->res : -1, "a block");
            io_uring_cqe_seen(&ring, cqe);
        }
        copied = at;
    }
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    struct io_uring_cqe *cqe;
    io_uring_prep_fsync(sqe, 1, 0);
    sqe->flags |= IOSQE_FIXED_FILE;
    must(io_uring_submit_and_wait(&ring, 1), "submit_and_wait");
    must(io_uring_peek_cqe(&ring, &cqe), "peek_cqe");
    must(cqe->res, "fsync");
    io_uring_queue_exit(&ring);
    printf("%lld bytes\n", (long long)copied);
    return 0;
}
