// SPDX-License-Identifier: MIT
// acall: any system call, asynchronously. A call is handed to a thread of its own, or to a pool;
// its result arrives in a completion, in a ring, or is waited for by id. For C and C++. There is
// one acall for the process, with no object to create; any thread may call it, signal handlers may
// not.
//
// Every function returns 0, a count, or -errno; errno is not used.
//
// Source: the seed's acall interface, with its structures as they are. What its author's talk
// called unfinished, and other deliberate differences:
//  1. An error is not lost when only some submissions were taken: acall_submit stops at the first
//     one that it refuses, and acall_submit_error says why.
//  2. Calls for the pool are queued when all its threads are busy.
//  3. The pool has a limit: acall_max_threads.
//  4. An entry of a ring that has not been consumed is never overwritten: a submission for whose
//     completion there may be no place is refused with -EBUSY.
//  5. Threads of the pool lag behind the submitter's state, as the seed's do: see the flag.
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

// In acall_submission's flags: by the pool, not by a new thread.
//
// A new thread inherits from the submitter what Linux keeps for each thread: CPU affinity,
// scheduling and I/O priority, capabilities, namespaces. A thread of the pool has what the thread
// had that created it, be it an earlier submitter or the pool (its CPUs: those of whoever used the
// pool first), and a call that changes such things changes them for later calls. All of them leave
// after 200 to 400 ms with nothing to do.
//
// In both, every signal is blocked but the library's own.
#define ACALL_SUBMIT_THREAD_POOL 1u

// One call. Copied when it is taken. Each pointer may be 0.
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

// All zeros at first, but for nr. For each completion the library raises `head`, then fills
// comps[head % nr], so the first is comps[1 % nr]; an entry is valid once its cookie is not 0 (load
// it with __ATOMIC_ACQUIRE). Whoever has consumed an entry sets its cookie to 0 (store it with
// __ATOMIC_RELEASE), which makes room; in which order does not matter. While a call for it is
// outstanding, the ring must stay, and nobody else may change head and nr.
struct acall_completion_ring {
    uint32_t head;                                 // completions so far, modulo 2^32
    uint32_t nr;                                   // of comps; 1 to 2^31 - 1
    __extension__ struct acall_completion comps[]; // standard in C, an extension in C++
};

// Takes up to `nr` submissions, in that order, until it refuses one. The id is there before the
// call starts. Returns how many were taken; what follows is untouched, and may be submitted again.
// If the very first is refused, why: -EFAULT: a null pointer. -EINVAL: an unknown flag; a
// completion or a ring that is not aligned to 8 bytes; a ring with nr out of range, or without a
// cookie; a system call that cannot be made for somebody else: one that ends, doubles or replaces
// its caller (exit, exit_group, fork, vfork, clone, clone3, execve, execveat), or that takes from a
// thread what its C library or this one keeps for it (rt_sigreturn, rt_sigprocmask,
// set_tid_address, set_robust_list, rseq, arch_prctl, set_thread_area). -EBUSY: no place in the
// ring, or no real-time signal left to interrupt calls with. -EAGAIN: no thread to be had, or 2^20
// calls are outstanding. -ENOMEM. -EIO: the pool cannot find out about the machine's CPUs.
//
// An unknown system call is taken, and completes with the kernel's -ENOSYS. A call for the pool for
// which no thread is to be had completes with -EAGAIN, after some tries.
IOWQ_API long acall_submit(struct acall_submission **submissions, unsigned long nr);

// Why the calling thread's last acall_submit did not take all that it was given: 0 if it did, or
// the -errno of the first that it refused.
IOWQ_API long acall_submit_error(void);

// Waits until at least one of `nr` calls is done: for as long as *utime, or for ever if that is
// NULL. While it waits the thread has the signal mask *sigmask, unless that is NULL, swapped at
// once as by ppoll; sigsetsize is the kernel's size of it, 8. The ids must not change meanwhile.
// Returns 1 if one is done, 0 if the time has passed. -EINTR: a signal was handled before. -EINVAL:
// nr is 0, an id was never given out, a time that is none, sigsetsize. -EFAULT: a null pointer.
// -EMFILE, -ENFILE, -ENOMEM: no eventfd to wait with.
IOWQ_API long acall_comp_pwait(struct acall_id **ids, unsigned long nr, struct timespec *utime,
                               const sigset_t *sigmask, size_t sigsetsize);

// Waits until `min` completions have come after the one that raised the ring's head to `tail`.
// Their entries are valid then, those that nobody has consumed yet. The rest as acall_comp_pwait.
// Returns how many have come since, fewer than `min` if the time has passed. Errors: those of
// acall_comp_pwait. -EINVAL also: the ring's nr out of range, `min` above it, `tail` not reached
// yet.
IOWQ_API long acall_ring_pwait(struct acall_completion_ring *ring, uint32_t tail, uint32_t min,
                               struct timespec *utime, const sigset_t *sigmask, size_t sigsetsize);

// Cancels a call. One that has not started completes with -ECANCELED. One that runs is sent the
// library's signal until its system call has ended: with -EINTR, or with what it has done so far,
// or as ever if nothing interrupts it. Returns 0 without waiting for that. -ESRCH: the call is
// done, or as good as done. -EFAULT: null. -EINVAL: an id that was never given out. -EAGAIN: no
// timer to signal with, or the program has put a handler of its own in the place of the library's;
// nothing has happened.
IOWQ_API long acall_cancel(struct acall_id *id);

// Sets how many threads the pool may have on each NUMA node; at first 256, or RLIMIT_NPROC where
// that is less. 0 leaves it; what is above RLIMIT_NPROC means that. Above a lowered limit threads
// leave when they have nothing to do. Returns the limit before. Errors: those of acall_submit that
// concern the pool.
IOWQ_API long acall_max_threads(unsigned most);

// Ends the pool's threads and gives the signal back; the next call starts anew, with the limit as
// at first. Only a program that unloads the library, or looks for threads left over, needs it.
// -EBUSY: a call is outstanding, or being cancelled.
IOWQ_API long acall_end(void);

// fork: in the child no call is outstanding, and those of the parent count as done without having
// left anything there; the child may use acall. Not so after vfork and raw clone.

#ifdef __cplusplus
}
#endif
