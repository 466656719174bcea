// SPDX-License-Identifier: MIT
#include "iowq/uring/calls.h"

#include "iowq/os/file_io.h"
#include "iowq/uring/inside.h"
#include "iowq/uring/instances.h"
#include "iowq/uring/masked.h"
#include "iowq/uring/newer.h"
#include "iowq/uring/opcodes.h"
#include "iowq/uring/sq_thread.h"
#include "iowq/uring/user_memory.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>
#include <sys/syscall.h>

namespace iowq::uring {

namespace {

constexpr unsigned setup_flags =
    IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
    IORING_SETUP_ATTACH_WQ | IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL |
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SINGLE_ISSUER |
    IORING_SETUP_DEFER_TASKRUN | setup_no_mmap | setup_no_sqarray;
constexpr unsigned enter_flags = IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP |
                                 IORING_ENTER_SQ_WAIT | IORING_ENTER_EXT_ARG |
                                 IORING_ENTER_REGISTERED_RING;
constexpr unsigned features =
    IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE |
    IORING_FEAT_RW_CUR_POS | IORING_FEAT_CUR_PERSONALITY | IORING_FEAT_FAST_POLL |
    IORING_FEAT_POLL_32BITS | IORING_FEAT_SQPOLL_NONFIXED | IORING_FEAT_EXT_ARG |
    IORING_FEAT_NATIVE_WORKERS | IORING_FEAT_CQE_SKIP | feature_reg_reg_ring;

// Flags that only make sense together.
bool flags_fit(const io_uring_params &p) {
    bool polls = p.flags & IORING_SETUP_SQPOLL;
    bool runs_itself = p.flags & (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                                  IORING_SETUP_DEFER_TASKRUN);
    bool flag_of_none = p.flags & IORING_SETUP_TASKRUN_FLAG &&
                        !(p.flags & (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_DEFER_TASKRUN));
    bool deferred_by_several =
        p.flags & IORING_SETUP_DEFER_TASKRUN && !(p.flags & IORING_SETUP_SINGLE_ISSUER);
    return !(p.flags & ~setup_flags) && !(p.flags & IORING_SETUP_SQ_AFF && !polls) &&
           !(polls && runs_itself) && !flag_of_none && !deferred_by_several &&
           std::all_of(std::begin(p.resv), std::end(p.resv), [](auto word) { return !word; });
}

// The ring of a descriptor, or of a number of the thread's. 0 or -errno.
int find_ring(int fd, bool by_number, std::shared_ptr<instance> &out) {
    if (!by_number)
        return instances::all().find(fd, out);
    instance *its = ring_of_number(static_cast<unsigned>(fd));
    out = {std::shared_ptr<instance>(), its}; // whoever registered it keeps it
    return its ? 0 : -EBADF;
}

// How it waits, by the argument of IORING_ENTER_GETEVENTS. 0 or -errno.
int read_waiting(unsigned flags, const void *arg, size_t size, sigset_t &own, waiting &out) {
    uint64_t mask = reinterpret_cast<uint64_t>(arg), mask_size = size, until = 0;
    if (flags & IORING_ENTER_EXT_ARG) {
        io_uring_getevents_arg known;
        if (size != sizeof known)
            return -EINVAL;
        if (int error = copy_in(&known, reinterpret_cast<uint64_t>(arg), sizeof known))
            return error;
        mask = known.sigmask;
        mask_size = known.sigmask_sz;
        until = known.ts;
    }
    if (mask) {
        if (mask_size != _NSIG / CHAR_BIT)
            return -EINVAL;
        sigemptyset(&own);
        if (int error = copy_in(&own, mask, mask_size))
            return error;
        out.mask = &own;
    }
    if (until) {
        timespec most;
        if (int error = copy_in(&most, until, sizeof most))
            return error;
        constexpr std::chrono::hours longest{24 * 365 * 100};
        auto time = std::chrono::seconds(most.tv_sec) < longest
                        ? std::chrono::seconds(most.tv_sec) + std::chrono::nanoseconds(most.tv_nsec)
                        : std::chrono::nanoseconds(longest);
        out.until = clock::now() + time;
    }
    return 0;
}

int tell_operations(void *arg, unsigned count) {
    if (count > 256)
        return -EINVAL;
    count = std::min(count, nr_opcodes);
    size_t bytes = sizeof(io_uring_probe) + count * sizeof(io_uring_probe_op);
    alignas(io_uring_probe)
        std::array<char, sizeof(io_uring_probe) + nr_opcodes * sizeof(io_uring_probe_op)>
            own{};
    auto *probe = reinterpret_cast<io_uring_probe *>(own.data());
    probe->last_op = nr_opcodes - 1;
    probe->ops_len = static_cast<uint8_t>(count);
    for (unsigned i = 0; i < count; i++) {
        probe->ops[i].op = static_cast<uint8_t>(i);
        probe->ops[i].flags = row_of(i) ? IO_URING_OP_SUPPORTED : 0;
    }
    return copy_out(reinterpret_cast<uint64_t>(arg), probe, bytes);
}

// The program's array. 0 or -errno.
template <class T>
int copy_array(std::vector<T> &into, const void *from, size_t count) {
    constexpr size_t most = 1 << 16;
    if (count > most)
        return -EINVAL;
    try {
        into.resize(count);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return copy_in(into.data(), reinterpret_cast<uint64_t>(from), count * sizeof(T));
}

template <class T>
int copy_one(T &into, const void *from) {
    return copy_in(&into, reinterpret_cast<uint64_t>(from), sizeof into);
}

int set_files(instance &its, const void *fds, unsigned count) {
    std::vector<int> wanted;
    if (int error = copy_array(wanted, fds, count))
        return error;
    if (instances::all().has_one_of(wanted))
        return -EBADF;
    return its.with_registered([&](registered &known) { return known.set_files(wanted, count); });
}

int set_files_extended(instance &its, const void *arg, unsigned size) {
    io_uring_rsrc_register asked;
    if (size != sizeof asked)
        return -EINVAL;
    if (int error = copy_one(asked, arg))
        return error;
    if (asked.tags || asked.resv2 || asked.flags & ~IORING_RSRC_REGISTER_SPARSE)
        return -EINVAL;
    if (asked.flags & IORING_RSRC_REGISTER_SPARSE)
        return its.with_registered(
            [&](registered &known) { return known.set_files({}, asked.nr); });
    return set_files(its, reinterpret_cast<void *>(asked.data), asked.nr);
}

int update_files(instance &its, const void *arg, unsigned count) {
    io_uring_files_update asked;
    if (int error = copy_one(asked, arg))
        return error;
    return !count || asked.resv ? -EINVAL : its.update_files(asked.offset, asked.fds, count);
}

int set_choice(instance &its, const void *arg, unsigned count) {
    io_uring_file_index_range asked;
    if (count)
        return -EINVAL;
    if (int error = copy_one(asked, arg))
        return error;
    return asked.resv ? -EINVAL : its.with_registered([&](registered &known) {
        return known.set_choice(asked.off, asked.len);
    });
}

int set_buffers(instance &its, const void *arg, unsigned count) {
    std::vector<iovec> buffers;
    if (int error = copy_array(buffers, arg, count))
        return error;
    return its.with_registered([&](registered &known) { return known.set_buffers(buffers); });
}

int set_event(instance &its, const void *arg, unsigned count, bool async_only) {
    int fd;
    if (count != 1)
        return -EINVAL;
    int error = copy_one(fd, arg);
    return error ? error : its.set_event(fd, async_only);
}

int register_workers(instance &its, void *arg, unsigned count) {
    std::array<unsigned, 2> limits;
    if (!arg || count != limits.size())
        return -EINVAL;
    if (int error = copy_one(limits, arg))
        return error;
    worker_limits before = its.pool().max_workers({.bound = limits[0], .unbound = limits[1]});
    limits = {before.bound, before.unbound};
    return copy_out(reinterpret_cast<uint64_t>(arg), &limits, sizeof limits);
}

// `bytes` of a CPU set, which may be shorter or longer than the C library's.
int set_worker_cpus(instance &its, const void *arg, unsigned bytes) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    if (!arg || !bytes)
        return -EINVAL;
    size_t known = std::min<size_t>(bytes, sizeof cpus);
    if (int error = copy_in(&cpus, reinterpret_cast<uint64_t>(arg), known))
        return error;
    return its.pool().set_affinity(cpu_mask(cpus));
}

} // namespace

int setup(unsigned entries, io_uring_params *p) {
    io_uring_params own;
    if (copy_in(&own, reinterpret_cast<uint64_t>(p), sizeof own))
        return -EFAULT;
    if (!flags_fit(own))
        return -EINVAL;
    if (own.flags & IORING_SETUP_ATTACH_WQ) {
        std::shared_ptr<instance> other;
        int error = instances::all().find(static_cast<int>(own.wq_fd), other);
        if (error)
            return error == -EBADF ? -ENXIO : -EINVAL;
    }
    own.features = features;
    int fd = instances::all().create(entries, own);
    if (fd >= 0 && copy_out(reinterpret_cast<uint64_t>(p), &own, sizeof own)) {
        close_file(fd);
        return -EFAULT;
    }
    return fd;
}

int enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags, const void *arg,
          size_t size, const sigset_t *mask) {
    if (flags & ~enter_flags)
        return -EINVAL;
    std::shared_ptr<instance> its;
    int error = find_ring(fd, flags & IORING_ENTER_REGISTERED_RING, its);
    return error ? error : enter(*its, to_submit, min_complete, flags, arg, size, mask);
}

int enter(instance &its, unsigned to_submit, unsigned min_complete, unsigned flags, const void *arg,
          size_t size, const sigset_t *mask) {
    if (flags & ~enter_flags)
        return -EINVAL;
    if (!its.enabled())
        return -EBADFD;
    int taken = static_cast<int>(to_submit);
    if (its.submitter()) {
        if (flags & IORING_ENTER_SQ_WAKEUP)
            its.submitter()->wake();
        if (flags & IORING_ENTER_SQ_WAIT)
            its.wait_for_room();
    } else if (to_submit) {
        taken = its.submit(to_submit);
    }
    if (!(flags & IORING_ENTER_GETEVENTS))
        return taken;
    sigset_t own;
    waiting how{.until = {}, .mask = mask};
    int error = read_waiting(flags, arg, size, own, how);
    if (!error)
        error = its.wait(min_complete, how);
    return taken ? taken : error;
}

int do_register(int fd, unsigned what, void *arg, unsigned count) {
    std::shared_ptr<instance> its;
    if (int error = find_ring(fd, what & register_by_number, its))
        return error;
    switch (what & ~register_by_number) {
    case IORING_REGISTER_BUFFERS:
        return set_buffers(*its, arg, count);
    case IORING_UNREGISTER_BUFFERS:
        return arg || count ? -EINVAL
                            : its->with_registered([](registered &r) { return r.drop_buffers(); });
    case IORING_REGISTER_FILES:
        return set_files(*its, arg, count);
    case IORING_REGISTER_FILES2:
        return set_files_extended(*its, arg, count);
    case IORING_REGISTER_FILES_UPDATE:
        return update_files(*its, arg, count);
    case IORING_REGISTER_FILE_ALLOC_RANGE:
        return arg ? set_choice(*its, arg, count) : -EINVAL;
    case IORING_UNREGISTER_FILES:
        return arg || count ? -EINVAL
                            : its->with_registered([](registered &r) { return r.drop_files(); });
    case IORING_REGISTER_EVENTFD:
    case IORING_REGISTER_EVENTFD_ASYNC:
        return set_event(*its, arg, count, what == IORING_REGISTER_EVENTFD_ASYNC);
    case IORING_UNREGISTER_EVENTFD:
        return arg || count ? -EINVAL : its->drop_event();
    case IORING_REGISTER_PROBE:
        return arg ? tell_operations(arg, count) : -EINVAL;
    case IORING_REGISTER_ENABLE_RINGS:
        if (its->enabled())
            return -EBADFD;
        its->enable();
        return 0;
    case IORING_REGISTER_RING_FDS:
        return add_ring_fds(arg, count);
    case IORING_UNREGISTER_RING_FDS:
        return drop_ring_fds(arg, count);
    case IORING_REGISTER_IOWQ_AFF:
        return set_worker_cpus(*its, arg, count);
    case IORING_UNREGISTER_IOWQ_AFF:
        return arg || count ? -EINVAL : its->pool().set_affinity({});
    case IORING_REGISTER_IOWQ_MAX_WORKERS:
        return register_workers(*its, arg, count);
    default:
        return -EINVAL;
    }
}

long make_call(int number, const uint64_t (&args)[6], const sigset_t &mask) {
    auto word = [&](unsigned i) { return static_cast<unsigned>(args[i]); };
    auto pointer = [&](unsigned i) { return reinterpret_cast<void *>(args[i]); };
    auto fd = static_cast<int>(args[0]);
    if (inside::now())
        return -EBUSY;
    switch (number) {
    case SYS_io_uring_setup:
        return setup(word(0), static_cast<io_uring_params *>(pointer(1)));
    case SYS_io_uring_enter: // while it waits, the program's handlers run
        return enter(fd, word(1), word(2), word(3), pointer(4), args[5], &mask);
    case SYS_io_uring_register:
        return do_register(fd, word(1), pointer(2), word(3));
    default:
        return -ENOSYS;
    }
}

int map(int fd, void *&at, size_t bytes, int protection, int flags, uint64_t offset) {
    std::shared_ptr<instance> its;
    int error = instances::all().find(fd, its);
    return error ? error : its->map(at, bytes, protection, flags, offset);
}

// ---- polling
// A handler of the program's that interrupted these, and made a call, would find the locks held. So
// would these in a handler that has interrupted a call: it may be woken for nothing, or not at all.

void about_to_poll(std::span<const int> fds) {
    instances &its = instances::all();
    if (!its.some_do_not_tell() || inside::now())
        return;
    masked all(&every_signal());
    for (int fd : fds)
        its.begin_to_tell(fd);
}

void about_to_wait() {
    if (!descriptor::any_told() || inside::now())
        return;
    masked all(&every_signal());
    instances::all().settle();
}

} // namespace iowq::uring
