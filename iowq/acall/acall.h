// SPDX-License-Identifier: MIT
// acall: any system call, asynchronously. A call is made by a thread of its own, or by a pool; its
// result arrives in a completion, in a ring, or is waited for by id. For C and C++. There is one
// acall for the process, with no object to create. Any thread may call it; signal handlers may not.
//
// Every function returns 0, a count, or -errno; errno is not used.
//
// Source: the interface of the acall patches for Linux, with its structures as they are. What their
// author's talk called unfinished is done here. Deliberate differences:
//  1. An error is not lost when only some submissions were taken: acall_submit stops at the first
//     one that it refuses, and acall_submit_error says why.
//  2. Calls for the pool are queued when all its threads are busy.
//  3. The pool has a limit: acall_max_threads.
//  4. An entry of a ring that has not been consumed is never overwritten: a submission for whose
//     completion there may be no place is refused with -EBUSY.
//  5. Threads of the pool lag behind the submitter's state, as in the patches: see
//     ACALL_SUBMIT_THREAD_POOL.
//  6. acall_cancel interrupts a call, and kills nothing.
//  7. An id stays good for waiting after its call is done, so nobody has to wait for it.
//  8. A ring belongs to one process.
#pragma once

#include "iowq/os/api.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/select.h> // sigset_t, even where only ISO C is asked for
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

// In acall_submission's flags: the call is made by the pool, not by a new thread.
//
// A new thread inherits from the submitter what Linux keeps for each thread: CPU affinity,
// scheduling and I/O priority, capabilities, namespaces. A thread of the pool inherits that from
// the thread that created it, an earlier submitter or one of the pool's; its CPUs are those of the
// thread that used the pool first. A call that changes such things changes them for the calls that
// this thread makes later. A thread of the pool leaves after 200 to 400 ms with nothing to do.
//
// In both, every signal is blocked but the library's own.
#define ACALL_SUBMIT_THREAD_POOL 1u

// One call. Copied when acall_submit takes it. Each pointer may be 0.
struct acall_submission {
    uint32_t nr;     // of the system call (SYS_read), for this machine's native ABI
    uint32_t flags;  // ACALL_SUBMIT_THREAD_POOL, or 0
    uint64_t cookie; // tells completions apart; not 0 if a ring is given
    uint64_t completion_ring_pointer; // struct acall_completion_ring *
    uint64_t completion_pointer;      // struct acall_completion *
    uint64_t id_pointer;              // struct acall_id *, to be written
    uint64_t args[6];                 // what they point to must stay until the call is done
};

// Names a call, within the process. Of all zeros: no call.
struct acall_id {
    unsigned char opaque[16];
};

// Set `cookie` to 0 before. Once it is not 0 (load it with __ATOMIC_ACQUIRE), return_code is valid
// and the library does not touch the completion any more.
struct acall_completion {
    uint64_t return_code; // the system call's result, or -errno, as an int64_t
    uint64_t cookie;      // the submission's
};

// All zeros at first, except nr. For each completion the library raises `head`, then fills
// comps[head % nr]; so the first is comps[1 % nr]. An entry is valid once its cookie is not 0 (load
// it with __ATOMIC_ACQUIRE). Its consumer sets the cookie to 0 (store it with __ATOMIC_RELEASE),
// which makes room; entries may be consumed in any order. While a call for the ring is outstanding,
// the ring must stay, and the program must not change head and nr.
struct acall_completion_ring {
    uint32_t head;                                 // completions so far, modulo 2^32
    uint32_t nr;                                   // of comps; 1 to 2^31 - 1
    __extension__ struct acall_completion comps[]; // standard in C, an extension in C++
};

// Takes up to `nr` submissions, in order, until it refuses one. The id is written before the call
// starts. Returns how many were taken; the others are untouched, and may be submitted again. If the
// very first is refused, returns why. -EFAULT: a null pointer. -EINVAL: an unknown flag; a
// completion or a ring that is not aligned to 8 bytes; a ring with nr out of range, or without a
// cookie; a system call that cannot be made for somebody else: one that ends, doubles or replaces
// its caller (exit, exit_group, fork, vfork, clone, clone3, execve, execveat), or that takes from a
// thread what its C library or this one keeps for it (rt_sigreturn, rt_sigprocmask,
// set_tid_address, set_robust_list, rseq, arch_prctl, set_thread_area). -EBUSY: no place in the
// ring, or no real-time signal left to interrupt calls with. -EAGAIN: no thread to be had, or 2^20
// calls are outstanding. -ENOMEM. -EIO: the pool cannot find out about the machine's CPUs.
//
// An unknown system call is taken, and completes with the kernel's -ENOSYS. A call that the pool
// gets no thread for completes with -EAGAIN, after some tries.
IOWQ_API long acall_submit(struct acall_submission **submissions, unsigned long nr);

// Why the calling thread's last acall_submit did not take all that it was given: 0 if it did, or
// the -errno of the first that it refused.
IOWQ_API long acall_submit_error(void);

// Waits until at least one of `nr` calls is done: at most for *utime, or for ever if utime is NULL.
// While it waits the thread has the signal mask *sigmask, unless sigmask is NULL, swapped as by
// ppoll; sigsetsize is the size of the kernel's mask, 8. The ids must not change meanwhile.
// Returns 1 if one is done, 0 if the time has passed. -EINTR: a signal was handled first. -EINVAL:
// nr is 0, an id was never given out, *utime is not a time, or sigsetsize is wrong. -EFAULT: a null
// pointer. -EMFILE, -ENFILE, -ENOMEM: no eventfd to wait with.
IOWQ_API long acall_comp_pwait(struct acall_id **ids, unsigned long nr, struct timespec *utime,
                               const sigset_t *sigmask, size_t sigsetsize);

// Waits until `min` completions have come after the one that raised the ring's head to `tail`. Then
// their entries are valid, unless consumed already. utime, sigmask, sigsetsize: acall_comp_pwait.
// Returns how many have come since, fewer than `min` if the time has passed. Errors: those of
// acall_comp_pwait. -EINVAL also: the ring's nr out of range, `min` above it, `tail` not reached
// yet.
IOWQ_API long acall_ring_pwait(struct acall_completion_ring *ring, uint32_t tail, uint32_t min,
                               struct timespec *utime, const sigset_t *sigmask, size_t sigsetsize);

// Cancels a call. One that has not started completes with -ECANCELED. To one that runs the
// library's signal is sent until its system call has ended: with -EINTR, with what it has done so
// far, or as usual if nothing interrupts it. Returns 0 without waiting for that. -ESRCH: the system
// call has returned. -EFAULT: null. -EINVAL: an id that was never given out. -EAGAIN: no timer to
// signal with, or the program has given the signal another handler; then nothing was done.
IOWQ_API long acall_cancel(struct acall_id *id);

// Sets how many threads the pool may have on each NUMA node; at first 256, or RLIMIT_NPROC where
// that is less. 0 leaves the limit as it is; above RLIMIT_NPROC counts as RLIMIT_NPROC. Threads
// above a lowered limit leave when they have nothing to do. Returns the old limit. Errors: those of
// acall_submit that concern the pool.
IOWQ_API long acall_max_threads(unsigned most);

// Ends the pool's threads and gives the signal back. The next call starts a new pool, with the
// limit as at first. Only a program that unloads the library, or looks for threads left over, needs
// it. -EBUSY: a call is outstanding, or being cancelled.
IOWQ_API long acall_end(void);

// fork: in the child no call is outstanding. The parent's calls count as done there, though nothing
// is written into their completions and rings. The child may use acall. None of this holds after
// vfork and raw clone.

#ifdef __cplusplus
}
#endif
