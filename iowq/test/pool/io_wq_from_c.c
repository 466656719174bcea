/* SPDX-License-Identifier: MIT
 * The C interface, from C. */
#define _GNU_SOURCE
#include "iowq/pool/io_wq.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#define ITEMS 64

struct item {
    struct io_wq_work work;
    struct item *after; /* linked behind it */
    atomic_int calls;
    bool cancelled;
    bool told;
    int fd;
    int error;
    sem_t in, go, done;
};

static void call(struct io_wq_work **work) {
    struct item *it = (struct item *)((char *)*work - offsetof(struct item, work));
    it->cancelled = it->work.flags & IO_WQ_WORK_CANCEL;
    atomic_fetch_add(&it->calls, 1);
    *work = it->after ? &it->after->work : NULL;
    sem_post(&it->done);
}

static void hold(struct io_wq_work **work) {
    struct item *it = (struct item *)*work;
    sem_post(&it->in);
    io_wq_worker_sleeping(NULL);
    while (sem_wait(&it->go))
        ;
    io_wq_worker_running(NULL);
    it->told = io_wq_cancel_requested();
    call(work);
}

static void listen(struct io_wq_work **work) {
    struct item *it = (struct item *)*work;
    char byte;
    sem_post(&it->in);
    it->error = read(it->fd, &byte, 1) < 0 ? errno : 0;
    it->told = io_wq_cancel_requested();
    call(work);
}

static struct item *make(struct item *it, void (*func)(struct io_wq_work **)) {
    INIT_IO_WORK(&it->work, func);
    it->after = NULL;
    atomic_init(&it->calls, 0);
    it->cancelled = it->told = false;
    sem_init(&it->in, 0, 0);
    sem_init(&it->go, 0, 0);
    sem_init(&it->done, 0, 0);
    return it;
}

static void wait_for(sem_t *s) {
    while (sem_wait(s))
        ;
}

/* Each returns NULL, or what is wrong. */
#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x))                                                                                  \
            return "not true: " #x;                                                                \
    } while (0)

static struct io_wq *one_worker(void) {
    struct io_wq *wq = io_wq_create(1, NULL);
    int limits[2] = {1, 1};
    if (wq)
        io_wq_max_workers(wq, limits);
    return wq;
}

const char *c_runs_and_flushes(void) {
    static struct item items[ITEMS];
    struct io_wq *wq = io_wq_create(2, NULL);
    CHECK(wq);
    for (int i = 0; i < ITEMS; i++) {
        make(&items[i], call);
        if (i % 2)
            io_wq_enqueue_hashed(wq, &items[i].work, &items[i % 3]);
        else
            io_wq_enqueue(wq, &items[i].work);
    }
    io_wq_flush(wq);
    io_wq_destroy(wq);
    for (int i = 0; i < ITEMS; i++) {
        CHECK(items[i].calls == 1);
        CHECK(!items[i].cancelled);
    }
    return NULL;
}

const char *c_runs_what_is_linked(void) {
    static struct item first, second;
    struct io_wq *wq = io_wq_create(1, NULL);
    make(&first, call)->after = make(&second, call);
    io_wq_enqueue(wq, &first.work);
    wait_for(&second.done);
    io_wq_destroy(wq);
    CHECK(first.calls == 1 && second.calls == 1);
    return NULL;
}

const char *c_makes_up_for_sleepers(void) {
    static struct item first, second;
    struct io_wq *wq = io_wq_create(1, NULL);
    io_wq_worker_sleeping(NULL); /* outside a worker: without effect */
    io_wq_enqueue(wq, &make(&first, hold)->work);
    wait_for(&first.in);
    io_wq_enqueue(wq, &make(&second, call)->work);
    wait_for(&second.done); /* while the first still sleeps */
    sem_post(&first.go);
    io_wq_worker_running(NULL);
    io_wq_destroy(wq);
    CHECK(first.calls == 1);
    return NULL;
}

static bool is_it(struct io_wq_work *work, void *it) { return work == it; }

const char *c_cancels(void) {
    static struct item runs, queued, other, last;
    struct io_wq *wq = one_worker();
    io_wq_enqueue(wq, &make(&runs, hold)->work);
    wait_for(&runs.in);
    io_wq_enqueue(wq, &make(&queued, call)->work);
    io_wq_enqueue_hashed(wq, &make(&other, call)->work, wq);
    io_wq_enqueue(wq, &make(&last, call)->work);
    io_wq_enqueue(wq, &queued.work);                 /* queued already: left as it is */
    io_wq_enqueue_hashed(wq, &queued.work, &queued); /* the same */
    CHECK(io_wq_cancel_work(wq, &queued.work) == IO_WQ_CANCEL_OK);
    CHECK(queued.calls == 1 && queued.cancelled);
    CHECK(io_wq_cancel_work(wq, &queued.work) == IO_WQ_CANCEL_NOTFOUND);
    CHECK(io_wq_cancel_cb(wq, is_it, &other.work, false) == IO_WQ_CANCEL_OK);
    CHECK(other.calls == 1 && other.cancelled);
    CHECK(io_wq_cancel_work(wq, &runs.work) == IO_WQ_CANCEL_RUNNING);
    io_wq_cancel_all(wq);
    CHECK(last.calls == 1 && last.cancelled);
    sem_post(&runs.go);
    wait_for(&runs.done);
    CHECK(runs.told && !runs.cancelled);
    io_wq_destroy(wq);
    return NULL;
}

const char *c_interrupts_a_read(void) {
    static struct item it;
    int quiet[2];
    CHECK(pipe(quiet) == 0);
    struct io_wq *wq = io_wq_create(1, NULL);
    make(&it, listen)->work.flags = IO_WQ_WORK_UNBOUND;
    it.fd = quiet[0];
    io_wq_enqueue(wq, &it.work);
    wait_for(&it.in);
    CHECK(io_wq_cancel_cb(wq, NULL, NULL, true) == IO_WQ_CANCEL_RUNNING);
    wait_for(&it.done);
    CHECK(it.error == EINTR && it.told);
    io_wq_destroy(wq);
    close(quiet[0]);
    close(quiet[1]);
    return NULL;
}

static struct io_wq *ending;
static void enqueue_late(struct io_wq_work **work) {
    struct item *it = (struct item *)*work;
    sem_post(&it->in);
    while (!io_wq_cancel_requested()) /* it is unbound: the end has begun */
        ;
    io_wq_enqueue(ending, &it->after->work);
    it->after = NULL;
    call(work);
}

const char *c_completes_what_comes_too_late(void) {
    static struct item runs, late;
    ending = io_wq_create(1, NULL);
    make(&runs, enqueue_late)->work.flags = IO_WQ_WORK_UNBOUND;
    runs.after = make(&late, call);
    io_wq_enqueue(ending, &runs.work);
    wait_for(&runs.in);
    io_wq_destroy(ending);
    CHECK(runs.calls == 1);
    CHECK(late.calls == 1 && late.cancelled);
    return NULL;
}

const char *c_refuses_bad_input(void) {
    errno = 0;
    CHECK(!io_wq_create(0, NULL) && errno == EINVAL);
    errno = 0;
    CHECK(!io_wq_create(1, (struct mm_struct *)&errno) && errno == EINVAL);
    io_wq_destroy(NULL);
    struct io_wq *wq = io_wq_create(1, NULL);
    CHECK(io_wq_max_workers(wq, NULL) == -EINVAL);
    int limits[2] = {-1, 0};
    CHECK(io_wq_max_workers(wq, limits) == -EINVAL);
    limits[0] = 3;
    CHECK(io_wq_max_workers(wq, limits) == 0);
    CHECK(limits[0] > 0 && limits[1] > 0); /* the old ones */
    limits[0] = limits[1] = 0;
    CHECK(io_wq_max_workers(wq, limits) == 0 && limits[0] == 3);
    cpu_set_t none;
    CPU_ZERO(&none);
    CHECK(io_wq_cpu_affinity(wq, &none) == -EINVAL);
    CHECK(io_wq_cpu_affinity(wq, NULL) == 0);
    static struct item empty;
    make(&empty, NULL);
    io_wq_enqueue(wq, NULL);
    io_wq_enqueue(wq, &empty.work);
    io_wq_enqueue_hashed(wq, NULL, NULL);
    io_wq_enqueue_hashed(wq, &empty.work, NULL);
    io_wq_destroy(wq);
    return NULL;
}
