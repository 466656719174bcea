// SPDX-License-Identifier: MIT
// What a program registers: each function is a call of io_uring_register(2).
#include "iowq/uring/liburing/ring.h"

#include <cerrno>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

namespace iowq::uring {

namespace {

// Those that Linux 6.1's header does not name yet.
enum : unsigned {
    register_pbuf_status = 26,
    register_napi,
    unregister_napi,
    register_clock,
    register_clone_buffers,
    register_send_msg_ring,
    register_zcrx_ifq,
    register_mem_region = 34,
    register_query,
    register_zcrx_ctrl,
    register_bpf_filter,
};
constexpr int no_ring = -1;

int call(const io_uring *ring, unsigned what, const void *arg, unsigned count) {
    return calls->do_register(ring->ring_fd, what, const_cast<void *>(arg), count);
}

// An argument that is counted in bytes.
template <class T>
int call_sized(const io_uring *ring, unsigned what, const T &arg) {
    return call(ring, what, &arg, sizeof arg);
}

uint64_t address(const void *p) { return reinterpret_cast<uintptr_t>(p); }

io_uring_rsrc_register table(const void *data, const uint64_t *tags, unsigned count,
                             unsigned flags) {
    return {.nr = count, .flags = flags, .resv2 = 0, .data = address(data), .tags = address(tags)};
}

io_uring_rsrc_update2 change(unsigned at, const void *data, const uint64_t *tags, unsigned count) {
    return {.offset = at,
            .resv = 0,
            .data = address(data),
            .tags = address(tags),
            .nr = count,
            .resv2 = 0};
}

// Once more with a higher limit, where it is the limit on open files that refuses so many.
template <class Call>
int with_more_files(unsigned count, Call &&make) {
    int got = make();
    rlimit limit;
    if (got != -EMFILE || getrlimit(RLIMIT_NOFILE, &limit))
        return got;
    if (limit.rlim_cur < count) {
        limit.rlim_cur += count;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return make();
}

} // namespace

} // namespace iowq::uring

using namespace iowq::uring;

// ---- buffers

EXPORTED int io_uring_register_buffers(io_uring *ring, const iovec *buffers, unsigned count) {
    return call(ring, IORING_REGISTER_BUFFERS, buffers, count);
}

EXPORTED int io_uring_register_buffers_tags(io_uring *ring, const iovec *buffers,
                                            const uint64_t *tags, unsigned count) {
    return call_sized(ring, IORING_REGISTER_BUFFERS2, table(buffers, tags, count, 0));
}

EXPORTED int io_uring_register_buffers_sparse(io_uring *ring, unsigned count) {
    return call_sized(ring, IORING_REGISTER_BUFFERS2,
                      table(nullptr, nullptr, count, IORING_RSRC_REGISTER_SPARSE));
}

EXPORTED int io_uring_register_buffers_update_tag(io_uring *ring, unsigned at, const iovec *buffers,
                                                  const uint64_t *tags, unsigned count) {
    return call_sized(ring, IORING_REGISTER_BUFFERS_UPDATE, change(at, buffers, tags, count));
}

EXPORTED int io_uring_unregister_buffers(io_uring *ring) {
    return call(ring, IORING_UNREGISTER_BUFFERS, nullptr, 0);
}

EXPORTED int __io_uring_clone_buffers_offset(io_uring *into, io_uring *from, unsigned into_at,
                                             unsigned from_at, unsigned count, unsigned flags) {
    constexpr unsigned from_registered = 1;
    struct {
        uint32_t fd, flags, from_at, into_at, count, pad[3];
    } arg{.fd = static_cast<uint32_t>(from->ring_fd),
          .flags = flags & ~from_registered,
          .from_at = from_at,
          .into_at = into_at,
          .count = count,
          .pad = {}};
    return call(into, register_clone_buffers, &arg, 1);
}

EXPORTED int io_uring_clone_buffers_offset(io_uring *into, io_uring *from, unsigned into_at,
                                           unsigned from_at, unsigned count, unsigned flags) {
    return __io_uring_clone_buffers_offset(into, from, into_at, from_at, count, flags);
}

EXPORTED int __io_uring_clone_buffers(io_uring *into, io_uring *from, unsigned flags) {
    return __io_uring_clone_buffers_offset(into, from, 0, 0, 0, flags);
}

EXPORTED int io_uring_clone_buffers(io_uring *into, io_uring *from) {
    return __io_uring_clone_buffers_offset(into, from, 0, 0, 0, 0);
}

// ---- files

EXPORTED int io_uring_register_files(io_uring *ring, const int *files, unsigned count) {
    return with_more_files(count, [&] { return call(ring, IORING_REGISTER_FILES, files, count); });
}

EXPORTED int io_uring_register_files_tags(io_uring *ring, const int *files, const uint64_t *tags,
                                          unsigned count) {
    return with_more_files(count, [&] {
        return call_sized(ring, IORING_REGISTER_FILES2, table(files, tags, count, 0));
    });
}

EXPORTED int io_uring_register_files_sparse(io_uring *ring, unsigned count) {
    return with_more_files(count, [&] {
        return call_sized(ring, IORING_REGISTER_FILES2,
                          table(nullptr, nullptr, count, IORING_RSRC_REGISTER_SPARSE));
    });
}

EXPORTED int io_uring_register_files_update(io_uring *ring, unsigned at, const int *files,
                                            unsigned count) {
    io_uring_rsrc_update arg{.offset = at, .resv = 0, .data = address(files)};
    return call(ring, IORING_REGISTER_FILES_UPDATE, &arg, count);
}

EXPORTED int io_uring_register_files_update_tag(io_uring *ring, unsigned at, const int *files,
                                                const uint64_t *tags, unsigned count) {
    return call_sized(ring, IORING_REGISTER_FILES_UPDATE2, change(at, files, tags, count));
}

EXPORTED int io_uring_unregister_files(io_uring *ring) {
    return call(ring, IORING_UNREGISTER_FILES, nullptr, 0);
}

EXPORTED int io_uring_register_file_alloc_range(io_uring *ring, unsigned at, unsigned count) {
    io_uring_file_index_range arg{.off = at, .len = count, .resv = 0};
    return call(ring, IORING_REGISTER_FILE_ALLOC_RANGE, &arg, 0);
}

// ---- events

EXPORTED int io_uring_register_eventfd(io_uring *ring, int fd) {
    return call(ring, IORING_REGISTER_EVENTFD, &fd, 1);
}

EXPORTED int io_uring_register_eventfd_async(io_uring *ring, int fd) {
    return call(ring, IORING_REGISTER_EVENTFD_ASYNC, &fd, 1);
}

EXPORTED int io_uring_unregister_eventfd(io_uring *ring) {
    return call(ring, IORING_UNREGISTER_EVENTFD, nullptr, 0);
}

// ---- the ring itself

EXPORTED int io_uring_register_ring_fd(io_uring *ring) {
    if (ring->int_flags & IORING_ENTER_REGISTERED_RING)
        return -EEXIST;
    io_uring_rsrc_update arg{
        .offset = UINT32_MAX, .resv = 0, .data = static_cast<uint32_t>(ring->ring_fd)};
    int got = call(ring, IORING_REGISTER_RING_FDS, &arg, 1);
    if (got == 1) {
        ring->enter_ring_fd = static_cast<int>(arg.offset);
        ring->int_flags |= IORING_ENTER_REGISTERED_RING;
    }
    return got;
}

EXPORTED int io_uring_unregister_ring_fd(io_uring *ring) {
    if (!(ring->int_flags & IORING_ENTER_REGISTERED_RING))
        return -EINVAL;
    io_uring_rsrc_update arg{
        .offset = static_cast<uint32_t>(ring->enter_ring_fd), .resv = 0, .data = 0};
    int got = call(ring, IORING_UNREGISTER_RING_FDS, &arg, 1);
    if (got == 1) {
        ring->enter_ring_fd = ring->ring_fd;
        ring->int_flags = 0;
    }
    return got;
}

// Calls other than io_uring_enter(2) need the descriptor, as on kernels before 6.3.
EXPORTED int io_uring_close_ring_fd(io_uring *) { return -EOPNOTSUPP; }

EXPORTED int io_uring_register_probe(io_uring *ring, io_uring_probe *into, unsigned count) {
    return call(ring, IORING_REGISTER_PROBE, into, count);
}

EXPORTED int io_uring_register_personality(io_uring *ring) {
    return call(ring, IORING_REGISTER_PERSONALITY, nullptr, 0);
}

EXPORTED int io_uring_unregister_personality(io_uring *ring, int id) {
    return call(ring, IORING_UNREGISTER_PERSONALITY, nullptr, static_cast<unsigned>(id));
}

EXPORTED int io_uring_register_restrictions(io_uring *ring, io_uring_restriction *all,
                                            unsigned count) {
    return call(ring, IORING_REGISTER_RESTRICTIONS, all, count);
}

EXPORTED int io_uring_enable_rings(io_uring *ring) {
    return call(ring, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
}

// The queues stay as large as they are, as on kernels before 6.13.
EXPORTED int io_uring_resize_rings(io_uring *, io_uring_params *) { return -EINVAL; }

// ---- workers

EXPORTED int io_uring_register_iowq_aff(io_uring *ring, size_t bytes, const cpu_set_t *cpus) {
    if (bytes > INT32_MAX)
        return -EINVAL;
    return call(ring, IORING_REGISTER_IOWQ_AFF, cpus, static_cast<unsigned>(bytes));
}

EXPORTED int io_uring_unregister_iowq_aff(io_uring *ring) {
    return call(ring, IORING_UNREGISTER_IOWQ_AFF, nullptr, 0);
}

EXPORTED int io_uring_register_iowq_max_workers(io_uring *ring, unsigned *limits) {
    return call(ring, IORING_REGISTER_IOWQ_MAX_WORKERS, limits, 2);
}

// ---- provided buffers

EXPORTED int io_uring_register_buf_ring(io_uring *ring, io_uring_buf_reg *arg, unsigned flags) {
    constexpr unsigned flags_at = 7; // padding in Linux 6.1's header
    reinterpret_cast<uint16_t *>(arg)[flags_at] |= static_cast<uint16_t>(flags);
    return call(ring, IORING_REGISTER_PBUF_RING, arg, 1);
}

EXPORTED int io_uring_unregister_buf_ring(io_uring *ring, int group) {
    io_uring_buf_reg arg{};
    arg.bgid = static_cast<uint16_t>(group);
    return call(ring, IORING_UNREGISTER_PBUF_RING, &arg, 1);
}

EXPORTED io_uring_buf_ring *io_uring_setup_buf_ring(io_uring *ring, unsigned entries, int group,
                                                    unsigned flags, int *error) {
    size_t bytes = entries * sizeof(io_uring_buf);
    void *got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) {
        *error = -errno;
        return nullptr;
    }
    io_uring_buf_reg arg{};
    arg.ring_addr = address(got);
    arg.ring_entries = entries;
    arg.bgid = static_cast<uint16_t>(group);
    *error = io_uring_register_buf_ring(ring, &arg, flags);
    if (*error) {
        munmap(got, bytes);
        return nullptr;
    }
    return static_cast<io_uring_buf_ring *>(got);
}

EXPORTED int io_uring_free_buf_ring(io_uring *ring, io_uring_buf_ring *buffers, unsigned entries,
                                    int group) {
    int error = io_uring_unregister_buf_ring(ring, group);
    if (!error)
        munmap(buffers, entries * sizeof(io_uring_buf));
    return error;
}

EXPORTED int io_uring_buf_ring_head(io_uring *ring, int group, uint16_t *head) {
    struct {
        uint32_t group, head, reserved[8];
    } arg{.group = static_cast<uint32_t>(group), .head = 0, .reserved = {}};
    int error = call(ring, register_pbuf_status, &arg, 1);
    if (!error)
        *head = static_cast<uint16_t>(arg.head);
    return error;
}

// ---- the rest

EXPORTED int io_uring_register_sync_cancel(io_uring *ring, io_uring_sync_cancel_reg *arg) {
    return call(ring, IORING_REGISTER_SYNC_CANCEL, arg, 1);
}

EXPORTED int io_uring_register_sync_msg(io_uring_sqe *sqe) {
    return calls->do_register(no_ring, register_send_msg_ring, sqe, 1);
}

EXPORTED int io_uring_register_napi(io_uring *ring, void *arg) {
    return call(ring, register_napi, arg, 1);
}

EXPORTED int io_uring_unregister_napi(io_uring *ring, void *arg) {
    return call(ring, unregister_napi, arg, 1);
}

EXPORTED int io_uring_register_clock(io_uring *ring, void *arg) {
    return call(ring, register_clock, arg, 0);
}

EXPORTED int io_uring_register_region(io_uring *ring, void *arg) {
    return call(ring, register_mem_region, arg, 1);
}

EXPORTED int io_uring_register_wait_reg(io_uring *, void *, int) { return -EINVAL; }

// Whether a wait counts as one for I/O is the kernel's to say.
EXPORTED int io_uring_set_iowait(io_uring *, bool) { return -EOPNOTSUPP; }

EXPORTED int io_uring_register_ifq(io_uring *ring, void *arg) {
    return call(ring, register_zcrx_ifq, arg, 1);
}

EXPORTED int io_uring_register_zcrx_ctrl(io_uring *ring, void *arg) {
    return call(ring, register_zcrx_ctrl, arg, 0);
}

EXPORTED int io_uring_register_bpf_filter(io_uring *ring, void *arg) {
    return call(ring, register_bpf_filter, arg, 1);
}

EXPORTED int io_uring_register_bpf_filter_task(void *arg) {
    return calls->do_register(no_ring, register_bpf_filter, arg, 1);
}

EXPORTED int io_uring_register_query(void *arg) {
    return calls->do_register(no_ring, register_query, arg, 0);
}
