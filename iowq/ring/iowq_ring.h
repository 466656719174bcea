/* SPDX-License-Identifier: MIT
 *
 * The ring for C: requests in, completions out, in the modes of ring.h. For those who know
 * liburing: an iowq_op is a submission entry, an iowq_done a completion entry. A C program needs
 * this header, and io_wq.h where several rings are to share a pool.
 *
 * What is declared here keeps its binary interface: handles are opaque, configs say their size, and
 * reserved fields are 0. (The C++ classes do not: their layout may change with each release.)
 *
 * A ring is used by one thread, except iowq_ring_post. Functions that can fail return a negative
 * errno, and leave everything as it was.
 */
#ifndef IOWQ_RING_H
#define IOWQ_RING_H

#include "iowq/os/api.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct io_wq;
struct iowq_ring;
struct iowq_file;

/* Where requests are issued (ring.h, offload). */
enum iowq_mode {
    IOWQ_PUNT,     /* by the submitter with RWF_NOWAIT; what would block goes to the pool */
    IOWQ_INLINE,   /* by the submitter */
    IOWQ_SQTHREAD, /* by a submission thread */
    IOWQ_HANDOFF,  /* the same, but the thread is replaced before it blocks */
    IOWQ_SQWQ,     /* on the pool */
    IOWQ_HASHED    /* on the pool; buffered writes to one file one after another */
};

enum {
    IOWQ_RING_EVENT_FD = 1, /* completions are told to a descriptor: iowq_ring_event_fd */
    IOWQ_RING_NO_HELP = 2,  /* the submitter does none of the work that it hands over */
    IOWQ_RING_NO_MERGE = 4  /* each sync is a call of its own */
};

/* What a ring is made with. What is 0 has its default. */
struct iowq_ring_config {
    size_t size;    /* of this struct, as the program was compiled: IOWQ_RING_CONFIG sets it */
    int mode;       /* enum iowq_mode */
    unsigned depth; /* the most requests in flight; 1 to 65536. Default: 128 */
    unsigned flags; /* IOWQ_RING_ */
};
/* What a config begins as: all has its default. */
#define IOWQ_RING_CONFIG                                                                           \
    { sizeof(struct iowq_ring_config), 0, 0, 0 }

/*
 * Makes a ring, in *out. `pool`: of which punt, sqwq and hashed use workers, and which must outlive
 * the ring. NULL: the ring has a pool of its own, if its mode needs one.
 * 0. -EINVAL: no size, a mode or a flag that this library does not know, or a depth out of range.
 * -E2BIG: a later library's field is set. -ENOMEM, -EAGAIN (no thread is to be had), -EMFILE (no
 * descriptor), and the errors of io_wq_create.
 */
IOWQ_API int iowq_ring_create(const struct iowq_ring_config *config, struct io_wq *pool,
                              struct iowq_ring **out);

/*
 * Ends a ring. What is in flight is cancelled, and waited for: buffers must be there until this
 * returns. NULL is ignored.
 */
IOWQ_API void iowq_ring_destroy(struct iowq_ring *ring);

enum {
    IOWQ_FILE_HOLD = 1 /* requests use a descriptor of the file's own, so `fd` may be closed */
};

/*
 * Looks at an open file once, so that each request need not. Any number of rings may use it.
 * Without IOWQ_FILE_HOLD `fd` must stay open until its requests are reaped.
 * 0, or the errors of fstat(2) and fcntl(2); -EINVAL: an unknown flag; -ENOMEM.
 */
IOWQ_API int iowq_file_create(int fd, unsigned flags, struct iowq_file **out);

/* No request on it may be in flight. NULL is ignored. */
IOWQ_API void iowq_file_destroy(struct iowq_file *file);

/* What an operation does. */
enum iowq_opcode {
    IOWQ_OP_NOP,
    IOWQ_OP_READ,
    IOWQ_OP_WRITE,
    IOWQ_OP_FSYNC,
    IOWQ_OP_FDATASYNC,
    IOWQ_OP_CALL,        /* the system call `number` with `args` */
    IOWQ_OP_LINK_TIMEOUT /* the time limit of the operation before it, which is linked to it;
                            `buffer`: a struct timespec, from when that one starts */
};

enum {
    IOWQ_OP_LINK = 1,     /* the next one starts when this is done, and is cancelled if it fails */
    IOWQ_OP_HARDLINK = 2, /* the next one starts when this is over */
    IOWQ_OP_DRAIN = 4     /* starts when all before it are over; those after it wait for it */
};

#define IOWQ_AT_POSITION UINT64_MAX /* an offset: at the file's position, which moves on */

/* One operation. It is copied by submit; what it points to must stay until it is reaped. */
struct iowq_op {
    uint32_t opcode;        /* enum iowq_opcode */
    uint32_t flags;         /* IOWQ_OP_LINK to IOWQ_OP_DRAIN */
    struct iowq_file *file; /* of a call: its file, or the folder of its path, or NULL */
    void *buffer;
    uint64_t length;   /* bytes */
    uint64_t offset;   /* bytes */
    int32_t rw_flags;  /* RWF_ */
    uint32_t number;   /* SYS_ */
    uint64_t args[6];  /* of the call */
    void *user_data;   /* comes back with the result */
    void *reserved[4]; /* 0 */
};

/* What came of one. */
struct iowq_done {
    void *user_data;
    int64_t result; /* bytes, or what the call returns, or -errno */
};

/*
 * Takes `n` operations in order, and sends them. Each comes back by iowq_ring_reap, also if it is
 * completed at once, or refused (with -EINVAL as its result). A link at the end links to nothing.
 * How many have been taken: fewer than n where the ring has no room for more; 0 to n. A chain of
 * linked operations is taken whole or not at all.
 */
IOWQ_API unsigned iowq_ring_submit(struct iowq_ring *ring, const struct iowq_op *ops, unsigned n);

/*
 * The same of one operation that is not linked, by any thread: the ring's own thread issues it, and
 * is woken for it if it is in iowq_ring_reap or watches the event fd. If the ring has no room, it
 * waits for some.
 * 0. -EINVAL: it is linked to a next one. -ENOMEM. -ESHUTDOWN: in the child of a fork.
 */
IOWQ_API int iowq_ring_post(struct iowq_ring *ring, const struct iowq_op *op);

/*
 * Waits for `min` completions, but for no more than are in flight. NULL as `timeout`: without a
 * limit. It ends early when a signal's handler without SA_RESTART has run while it slept.
 * How many of them are in `out`: up to n.
 */
IOWQ_API unsigned iowq_ring_reap(struct iowq_ring *ring, struct iowq_done *out, unsigned n,
                                 unsigned min, const struct timespec *timeout);

/*
 * Cancels the operation with this user_data; of several, one.
 * 0: it had not started, and does not come back. -EALREADY: it comes back, if its call can be
 * interrupted with -EINTR. -ENOENT: there is none in flight.
 */
IOWQ_API int iowq_ring_cancel(struct iowq_ring *ring, const void *user_data);

/*
 * The descriptor to watch with poll(2) or epoll(7): readable while there is something to reap, and
 * now and then when there is nothing any more. It is the ring's: do not read or close it. Reap with
 * a `min` of 0 when it is readable.
 * -ENOENT: the ring was made without IOWQ_RING_EVENT_FD.
 */
IOWQ_API int iowq_ring_event_fd(const struct iowq_ring *ring);

/* How many are taken and not reaped, without those that have been posted and not been issued. */
IOWQ_API unsigned iowq_ring_in_flight(const struct iowq_ring *ring);

#ifdef __cplusplus
}
#endif

#endif
