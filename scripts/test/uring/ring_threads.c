// SPDX-License-Identifier: MIT
// ring_threads FILE: threads with all signals blocked, as servers' pools have them, each with a
// ring of its own, and one that all share under a lock. Each reads FILE from its beginning to its
// end by one ring and by the other, and tells its sum.
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 8, BYTES = 4096 };

static struct io_uring shared;
static pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;
static int file;

static void must(int done, const char *what) {
    if (done < 0) {
        fprintf(stderr, "ring_threads: %s: %d\n", what, done);
        exit(1);
    }
}

static int read_by(struct io_uring *ring, unsigned char *into, off_t at) {
    struct io_uring_cqe *cqe;
    io_uring_prep_read(io_uring_get_sqe(ring), file, into, BYTES, at);
    must(io_uring_submit_and_wait(ring, 1), "submit_and_wait");
    must(io_uring_peek_cqe(ring, &cqe), "peek_cqe");
    int got = cqe->res;
    must(got, "read");
    io_uring_cqe_seen(ring, cqe);
    return got;
}

static void *reads(void *sums) {
    struct io_uring own;
    sigset_t all;
    sigfillset(&all);
    must(-pthread_sigmask(SIG_SETMASK, &all, NULL), "pthread_sigmask");
    must(sigprocmask(SIG_BLOCK, &all, NULL), "sigprocmask");
    must(io_uring_queue_init(4, &own, 0), "queue_init");
    unsigned char bytes[BYTES];
    for (int by = 0; by < 2; by++) {
        unsigned long sum = 0;
        for (off_t at = 0, got = 1; got; at += got) {
            if (by)
                pthread_mutex_lock(&hold);
            got = read_by(by ? &shared : &own, bytes, at);
            if (by)
                pthread_mutex_unlock(&hold);
            for (int i = 0; i < got; i++)
                sum = sum * 31 + bytes[i];
        }
        ((unsigned long *)sums)[by] = sum;
    }
    io_uring_queue_exit(&own);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    file = open(argv[1], O_RDONLY);
    must(file, "open");
    must(io_uring_queue_init(4, &shared, 0), "queue_init");
    pthread_t threads[THREADS];
    unsigned long sums[THREADS][2];
    for (int i = 0; i < THREADS; i++)
        must(-pthread_create(&threads[i], NULL, reads, sums[i]), "pthread_create");
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        printf("%lx %lx\n", sums[i][0], sums[i][1]);
    }
    io_uring_queue_exit(&shared);
    return 0;
}
