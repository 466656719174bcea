/* SPDX-License-Identifier: MIT
 *
 * The worker pool for C, under the names of the kernel's io-wq. C programs need nothing else of the
 * library; C++ programs have wq.h. Any thread may call what is declared here, except
 * io_wq_destroy: only the creator calls that, when no other call is in progress.
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
    IO_WQ_CANCEL_RUNNING,  /* found running; signalled until it has noticed, or is over */
    IO_WQ_CANCEL_NOTFOUND, /* neither; also an item that cancels itself */
};

/*
 * A work item: embed it in a structure of your own, which func finds again from the item's address.
 * From enqueue until func is called the item is the pool's; from that call on the pool does not
 * touch it. func is called exactly once for each enqueue, and may leave the next, linked item in
 * *work.
 */
struct io_wq_work {
    struct io_wq_work *list[2];             /* the pool's */
    void (*func)(struct io_wq_work **work); /* what to do */
    unsigned flags;                         /* IO_WQ_WORK_ */
    const void *reserved[3];                /* the pool's */
};

/*
 * Makes an item ready. Before an item is enqueued a second time only its flags must be set anew, as
 * the pool may have changed them.
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
 * NULL on failure, and errno says why: EINVAL, ENOMEM, EIO (the machine's topology cannot be read),
 * EBUSY (no real-time signal is left).
 */
IOWQ_API struct io_wq *io_wq_create(unsigned concurrency, struct mm_struct *mm);

/*
 * Runs the bound items that are queued, cancels the unbound ones (queued or running), joins every
 * worker, and frees the pool. Called from inside one of its items it ends the program with a
 * message. NULL is ignored.
 */
IOWQ_API void io_wq_destroy(struct io_wq *wq);

/*
 * Queues an item. Where the pool does not take it (it is being destroyed), its func is called here
 * with IO_WQ_WORK_CANCEL set. An item that is queued already, or has no func, is left as it is.
 */
IOWQ_API void io_wq_enqueue(struct io_wq *wq, struct io_wq_work *work);

/*
 * The same for an item that runs after those of equal `val` that were queued before it, and never
 * at the same time as one of them. Other than in the kernel, items of unequal values never wait for
 * each other.
 */
IOWQ_API void io_wq_enqueue_hashed(struct io_wq *wq, struct io_wq_work *work, void *val);

/*
 * Waits until all that is queued has started (not finished). Called from inside an item of the
 * pool, which might wait for itself, it returns at once, with errno EDEADLK. Where it has waited
 * for a part only, errno is ENOMEM.
 */
IOWQ_API void io_wq_flush(struct io_wq *wq);

/* Cancels everything except the caller's own item. Does not wait for what runs. */
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
 * In an item: has it been cancelled since it started? Then a system call that it waits in returns
 * EINTR, again and again until this has been called.
 */
IOWQ_API bool io_wq_cancel_requested(void);

/*
 * Sets the most bound (new_count[0]) and unbound (new_count[1]) workers per node, at most
 * RLIMIT_NPROC; 0 leaves a limit as it is. The old limits are left in new_count. 0, or -EINVAL for
 * NULL or a number below 0.
 */
IOWQ_API int io_wq_max_workers(struct io_wq *wq, int *new_count);

#ifdef CPU_SETSIZE
/* Moves the workers to these CPUs; NULL: to the creator's. -EINVAL: no CPU, or not a creator's. */
IOWQ_API int io_wq_cpu_affinity(struct io_wq *wq, const cpu_set_t *mask);
#endif

/*
 * Around a call that will sleep, in an item: meanwhile the worker does not count as running, so
 * another one takes over what is queued. `tsk` is NULL, the calling thread. To be called in pairs;
 * if the item returns between the two, its worker counts as running from then on. A second call in
 * a row has no effect, nor has a call outside an item.
 */
IOWQ_API void io_wq_worker_sleeping(struct task_struct *tsk);
/* The call is over: the other half of io_wq_worker_sleeping. */
IOWQ_API void io_wq_worker_running(struct task_struct *tsk);

#ifdef __cplusplus
}
#endif

#endif
