// SPDX-License-Identifier: MIT
// ring_epoll: hears of completions by epoll on the ring's descriptor, as event loops do. Another
// thread writes into a pipe what is read by the ring, each line once the one before has come back.
#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ROUNDS = 100 };

static int there[2], back[2];

static void must(int done, const char *what) {
    if (done < 0) {
        fprintf(stderr, "ring_epoll: %s: %d\n", what, done);
        exit(1);
    }
}

static void *peer(void *unused) {
    for (char byte = 0; byte < ROUNDS; byte++) {
        char answer;
        if (write(there[1], &byte, 1) != 1 || read(back[0], &answer, 1) != 1 || answer != byte)
            return unused;
    }
    close(there[1]);
    return &there;
}

static void read_more(struct io_uring *ring, char *byte) {
    io_uring_prep_read(io_uring_get_sqe(ring), there[0], byte, 1, 0);
    must(io_uring_submit(ring), "submit");
}

int main(void) {
    struct io_uring ring;
    must(io_uring_queue_init(8, &ring, 0), "queue_init");
    must(pipe(there), "pipe");
    must(pipe(back), "pipe");
    int events = epoll_create1(0), completed = 0, woken_for_nothing = 0;
    struct epoll_event event = {.events = EPOLLIN};
    must(epoll_ctl(events, EPOLL_CTL_ADD, ring.ring_fd, &event), "epoll_ctl");
    must(epoll_wait(events, &event, 1, 0) ? -1 : 0, "nothing is there, and it says something is");

    pthread_t thread;
    void *good = NULL;
    must(-pthread_create(&thread, NULL, peer, NULL), "pthread_create");
    char byte;
    read_more(&ring, &byte);
    for (int length = 1; length;) {
        if (epoll_wait(events, &event, 1, -1) < 0 &&
            errno == EINTR) // the kernel's io_uring does so
            continue;
        struct io_uring_cqe *cqe;
        if (io_uring_peek_cqe(&ring, &cqe)) {
            woken_for_nothing++;
            continue;
        }
        length = cqe->res;
        must(length, "read");
        io_uring_cqe_seen(&ring, cqe);
        if (length && write(back[1], &byte, 1) == 1) {
            completed++;
            read_more(&ring, &byte);
        }
    }
    pthread_join(thread, &good);
    // One more wake-up for each completion is what a program has to bear.
    printf("%d heard of%s\n", completed,
           !good                               ? ", and the peer fell out"
           : woken_for_nothing > completed + 1 ? ", and more"
                                               : "");
    io_uring_queue_exit(&ring);
    return 0;
}
