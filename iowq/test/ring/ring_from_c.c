// SPDX-License-Identifier: MIT
// What a C program does with the ring.
#define _GNU_SOURCE
#include "iowq/ring/iowq_ring.h"
#include "iowq/test/from_c.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int ring_from_c(int mode, int fd);
int ring_from_c_bad_input(void);

static void *posts(void *ring) {
    struct iowq_op op = {.opcode = IOWQ_OP_NOP, .user_data = ring};
    return iowq_ring_post(ring, &op) == 0 ? ring : NULL;
}

// Reaps as an event loop would.
static unsigned turn(struct iowq_ring *ring, struct iowq_done *out, unsigned n) {
    struct pollfd watched = {iowq_ring_event_fd(ring), POLLIN, 0};
    return poll(&watched, 1, -1) == 1 ? iowq_ring_reap(ring, out, n, 0, NULL) : 0;
}

int ring_from_c(int mode, int fd) {
    struct iowq_ring_config config = IOWQ_RING_CONFIG;
    config.mode = mode;
    config.depth = 4;
    config.flags = IOWQ_RING_EVENT_FD;
    struct iowq_ring *ring;
    EXPECT(iowq_ring_create(&config, NULL, &ring) == 0);
    struct iowq_file *file;
    EXPECT(iowq_file_create(fd, IOWQ_FILE_HOLD, &file) == 0);

    // What a log does: write, sync; then read it back.
    char text[6] = "", empty[6] = "hello";
    struct iowq_op ops[6] = {
        {.opcode = IOWQ_OP_WRITE,
         .flags = IOWQ_OP_LINK,
         .file = file,
         .buffer = empty,
         .length = 6},
        {.opcode = IOWQ_OP_FDATASYNC, .flags = IOWQ_OP_LINK, .file = file, .user_data = &ops[1]},
        {.opcode = IOWQ_OP_READ, .file = file, .buffer = text, .length = 6, .user_data = &ops[2]},
        {.opcode = IOWQ_OP_CALL, .number = SYS_getpid, .user_data = &ops[3]},
        {.opcode = IOWQ_OP_NOP, .flags = IOWQ_OP_LINK},
        {.opcode = IOWQ_OP_NOP},
    };
    EXPECT(iowq_ring_submit(ring, ops, 6) == 4); // the chain at the end needs two more
    struct iowq_done done[8];
    unsigned n = 0;
    while (n < 4)
        n += turn(ring, done + n, 8 - n);
    for (unsigned i = 0; i < n; i++)
        EXPECT(done[i].result == (done[i].user_data == &ops[3]   ? getpid()
                                  : done[i].user_data == &ops[1] ? 0
                                                                 : 6));
    EXPECT(strcmp(text, "hello") == 0);
    EXPECT(iowq_ring_submit(ring, ops + 4, 2) == 2);
    for (n = 0; n < 2;)
        n += iowq_ring_reap(ring, done, 8, 2 - n, NULL);
    EXPECT(iowq_ring_in_flight(ring) == 0);

    // From another thread.
    pthread_t other;
    void *posted;
    EXPECT(pthread_create(&other, NULL, posts, ring) == 0);
    while (turn(ring, done, 8) == 0) {
    }
    EXPECT(done[0].user_data == ring && done[0].result == 0);
    EXPECT(pthread_join(other, &posted) == 0 && posted == ring);

    // What is refused breaks its chain.
    struct iowq_op wrong[3] = {{.opcode = 99, .flags = IOWQ_OP_LINK},
                               {.opcode = IOWQ_OP_READ, .flags = IOWQ_OP_LINK},
                               {.opcode = IOWQ_OP_NOP, .flags = IOWQ_OP_LINK | IOWQ_OP_HARDLINK}};
    for (unsigned i = 0; i < 3; i++) {
        struct iowq_op bad[2] = {wrong[i], {.opcode = IOWQ_OP_NOP}};
        EXPECT(iowq_ring_submit(ring, bad, 2) == 2);
        for (n = 0; n < 2;)
            n += turn(ring, done + n, 8 - n);
        EXPECT(done[0].result == -EINVAL && done[1].result == -ECANCELED);
    }

    // One that waits for ever is cancelled; another one by the ring's end.
    int ends[2];
    char byte;
    EXPECT(pipe(ends) == 0);
    struct iowq_op waits = {.opcode = IOWQ_OP_CALL,
                            .number = SYS_read,
                            .args = {(uint64_t)ends[0], (uintptr_t)&byte, 1},
                            .user_data = &byte};
    EXPECT(iowq_ring_cancel(ring, &byte) == -ENOENT);
    if (mode != IOWQ_INLINE) {
        EXPECT(iowq_ring_submit(ring, &waits, 1) == 1);
        int taken = iowq_ring_cancel(ring, &byte);
        EXPECT(taken == 0 || taken == -EALREADY);
        if (taken) {
            EXPECT(iowq_ring_reap(ring, done, 8, 1, NULL) == 1);
            EXPECT(done[0].result == -EINTR || done[0].result == -ECANCELED);
        }
        struct timespec soon = {0, 1000000};
        EXPECT(iowq_ring_submit(ring, &waits, 1) == 1);
        EXPECT(iowq_ring_reap(ring, done, 8, 1, &soon) == 0);
        EXPECT(iowq_ring_post(ring, &waits) == 0);
    }
    iowq_ring_destroy(ring);
    iowq_file_destroy(file);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

int ring_from_c_bad_input(void) {
    struct iowq_ring *ring = NULL;
    struct iowq_ring_config config = {0, 0, 0, 0};
    EXPECT(iowq_ring_create(&config, NULL, &ring) == -EINVAL);
    EXPECT(iowq_ring_create(NULL, NULL, &ring) == -EINVAL);
    config.size = sizeof config;
    config.mode = IOWQ_HASHED + 1;
    EXPECT(iowq_ring_create(&config, NULL, &ring) == -EINVAL);
    config.mode = IOWQ_INLINE;
    config.flags = 1u << 31;
    EXPECT(iowq_ring_create(&config, NULL, &ring) == -EINVAL);
    config.flags = 0;
    config.depth = 65537;
    EXPECT(iowq_ring_create(&config, NULL, &ring) == -EINVAL && ring == NULL);
    struct iowq_file *file = NULL;
    EXPECT(iowq_file_create(-1, 0, &file) == -EBADF);
    EXPECT(iowq_file_create(0, 1u << 31, &file) == -EINVAL && file == NULL);
    iowq_ring_destroy(NULL);
    iowq_file_destroy(NULL);

    // A program that was compiled against a later header, whose config is longer.
    struct {
        struct iowq_ring_config known;
        char later[64];
    } longer = {{sizeof longer, IOWQ_INLINE, 1, 0}, ""};
    longer.later[7] = 1;
    EXPECT(iowq_ring_create(&longer.known, NULL, &ring) == -E2BIG);
    longer.later[7] = 0;
    EXPECT(iowq_ring_create(&longer.known, NULL, &ring) == 0);
    EXPECT(iowq_ring_event_fd(ring) == -ENOENT);
    struct iowq_op linked = {.opcode = IOWQ_OP_NOP, .flags = IOWQ_OP_LINK};
    EXPECT(iowq_ring_post(ring, &linked) == -EINVAL);
    iowq_ring_destroy(ring);
    return 0;
}
