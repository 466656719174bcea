/* SPDX-License-Identifier: MIT
 *
 * The worker pool for C, under the names of the kernel's io-wq. C programs need nothing else of the
 * library; C++ programs have wq.h. Any thread may call what is declared here, but for
 * io_wq_destroy: that is the creator's, when no other call is in progress.
 *
 * Source: io-wq.h of Linux 5.5 (io_wq_create to io_wq_worker_running), and of later kernels
 * (unbound and concurrent work, io_wq_cancel_cb, io_wq_max_workers, io_wq_cpu_affinity).
 */
#ifndef IOWQ_IO_WQ_H
#define IOWQ_IO_WQ_H

#include "iowq/os/api.h"

#include <sched.h> /* cpu_set_t: with _GNU_SOURCE */
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct io_wq;
struct mm_struct;
struct task_struct;

enum {
    IO_WQ_WORK_CANCEL = 1,     /* set by the pool: do not do it, only complete it */
    IO_WQ_WORK_HAS_MM = 2,     /* no effect: every thread of a process shares its memory */
    IO_WQ_WORK_HASHED = 4,     /* io_wq_enqueue_hashed sets it */
    IO_WQ_WORK_NEEDS_USER = 8, /* no effect, for the same reason */
    IO_WQ_WORK_UNBOUND = 16,   /* may take for ever: pipes, sockets */
    IO_WQ_WORK_CONCURRENT = 32 /* wants a worker of its own even while others run */
};

/* What a cancel came to. */
enum io_wq_cancel {
    IO_WQ_CANCEL_OK,       /* cancelled before it started; its func has been called */
    IO_WQ_CANCEL_RUNNING,  /* found running, and signalled until it ends or has asked */
    IO_WQ_CANCEL_NOTFOUND, /* neither; also an item that cancels itself */
};

/*
 * A work item: embed it in a structure of your own, which func finds again from its address. From
 * enqueue until func is called it is the pool's; from that call on the pool does not touch it
 * again. func is called exactly once for each enqueue, and may leave the next, linked item in
 * *work.
 */
struct io_wq_work {
    struct io_wq_work *list[2];             /* the pool's */
    void (*func)(struct io_wq_work **work); /* what to do */
    unsigned flags;                         /* IO_WQ_WORK_ */
    const void *reserved[3];                /* the pool's */
};

/*
 * Makes an item ready. One that is to be enqueued a second time needs its flags set anew, no more;
 * they hold what the first time has left there.
 */
#define INIT_IO_WORK(work, _func)                                                                  \
    do {                                                                                           \
        (work)->list[0] = (work)->list[1] = 0;                                                     \
        (work)->func = (_func);                                                                    \
        (work)->flags = 0;                                                                         \
        (work)->reserved[0] = (work)->reserved[1] = (work)->reserved[2] = 0;                       \
    } while (0)

/*
 * Creates a pool whose workers are made for the calling thread's CPUs. `concurrency`: how many of
 * them may be *running* on any one NUMA node; a blocked one is replaced. At least 1. `mm` is
 * NULL: the threads of a process share its memory.
 * NULL on failure, and errno says why: EINVAL, EAGAIN or ENOMEM (no thread to be had), EIO (the
 * machine's topology cannot be read), EBUSY (no real-time signal is left).
 */
IOWQ_API struct io_wq *io_wq_create(unsigned concurrency, struct mm_struct *mm);

/*
 * Runs what is queued, cancels what is queued or runs and is unbound, joins every worker, and frees
 * the pool. From inside one of its items it ends the program with a message. NULL is ignored.
 */
IOWQ_API void io_wq_destroy(struct io_wq *wq);

/*
 * Queues an item. Where the pool does not take it (it is being destroyed), its func is called here
 * with IO_WQ_WORK_CANCEL set. An item that is queued already, or has no func, is left as it is.
 */
IOWQ_API void io_wq_enqueue(struct io_wq *wq, struct io_wq_work *work);

/*
 * The same for an item that never runs at the same time as another of equal `val`, and after those
 * queued before it. Different from the kernel's, unequal values never wait for each other.
 */
IOWQ_API void io_wq_enqueue_hashed(struct io_wq *wq, struct io_wq_work *work, void *val);

/*
 * Waits until all that is queued has started (not finished). From inside an item of the pool, where
 * that might never be, it returns at once.
 */
IOWQ_API void io_wq_flush(struct io_wq *wq);

/* Cancels everything, but for the caller's own item, and does not wait for what runs. */
IOWQ_API void io_wq_cancel_all(struct io_wq *wq);

/* Cancels one item; its memory must still be there. */
IOWQ_API enum io_wq_cancel io_wq_cancel_work(struct io_wq *wq, struct io_wq_work *cwork);

/*
 * Cancels the items that match, or only the first one found. match may be called under the pool's
 * locks: it must only look, and what it looks at must stay there until this returns.
 * IO_WQ_CANCEL_RUNNING if any ran.
 */
IOWQ_API enum io_wq_cancel io_wq_cancel_cb(struct io_wq *wq,
                                           bool (*match)(struct io_wq_work *work, void *data),
                                           void *data, bool cancel_all);

/*
 * In an item: has it been cancelled since it started? A system call that it waits in returns EINTR
 * then, again and again until this has been asked.
 */
IOWQ_API bool io_wq_cancel_requested(void);

/*
 * Sets the most bound (new_count[0]) and unbound (new_count[1]) workers per node, 0 leaving one as
 * it is; both end at RLIMIT_NPROC. The old limits are left in new_count. 0, or -EINVAL for NULL.
 */
IOWQ_API int io_wq_max_workers(struct io_wq *wq, int *new_count);

#ifdef CPU_SETSIZE
/* Moves the workers to these CPUs; NULL: to those of the creator. -EINVAL: outside those, none. */
IOWQ_API int io_wq_cpu_affinity(struct io_wq *wq, const cpu_set_t *mask);
#endif

/*
 * Round a call that will sleep, in an item: the worker does not count as running meanwhile, so that
 * another one takes over what is queued. `tsk` is NULL, the calling thread. In pairs; an item that
 * returns between them runs again from then on. Elsewhere, and twice in a row, without effect.
 */
IOWQ_API void io_wq_worker_sleeping(struct task_struct *tsk);
/* The call is over: the other half of io_wq_worker_sleeping. */
IOWQ_API void io_wq_worker_running(struct task_struct *tsk);

#ifdef __cplusplus
}
#endif

#endif
