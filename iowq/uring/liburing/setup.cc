// SPDX-License-Identifier: MIT
// Rings are made and ended, and what is known of them.
#include "iowq/uring/liburing/ring.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

EXPORTED int io_uring_unregister_ring_fd(io_uring *ring);
EXPORTED int io_uring_register_probe(io_uring *ring, io_uring_probe *into, unsigned count);

namespace iowq::uring {

namespace {

constexpr unsigned most_entries = 32768; // of the SQ; the CQ has twice as many

// A part of the ring's memory. 0 or -errno.
int map_part(int fd, void *&at, size_t bytes, uint64_t offset) {
    constexpr int access = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
    return calls->map(fd, at, bytes, access, flags, offset);
}

size_t sqe_bytes(const io_uring_params &p, unsigned entries) {
    return size_t{entries} * sizeof(io_uring_sqe) << bool(p.flags & IORING_SETUP_SQE128);
}

size_t cqe_bytes(const io_uring_params &p, unsigned entries) {
    return size_t{entries} * sizeof(io_uring_cqe) << bool(p.flags & IORING_SETUP_CQE32);
}

void unmap(io_uring &ring) {
    if (ring.sq.ring_ptr)
        munmap(ring.sq.ring_ptr, ring.sq.ring_sz);
    if (ring.cq.ring_ptr)
        munmap(ring.cq.ring_ptr, ring.cq.ring_sz);
    if (ring.sq.sqes)
        munmap(ring.sq.sqes, size_t{ring.sq.ring_entries} * sizeof(io_uring_sqe)
                                 << bool(ring.flags & IORING_SETUP_SQE128));
}

// All of a ring's memory is mapped here. 0 or -errno.
int map(io_uring &ring, int fd, const io_uring_params &p) {
    ring.flags = p.flags;
    ring.sq.ring_entries = p.sq_entries;
    ring.sq.ring_sz = p.sq_off.array + p.sq_entries * sizeof *ring.sq.array;
    ring.cq.ring_sz = p.cq_off.cqes + cqe_bytes(p, p.cq_entries);
    void *sqes = nullptr;
    int error = map_part(fd, ring.sq.ring_ptr, ring.sq.ring_sz, IORING_OFF_SQ_RING);
    if (!error)
        error = map_part(fd, ring.cq.ring_ptr, ring.cq.ring_sz, IORING_OFF_CQ_RING);
    if (!error)
        error = map_part(fd, sqes, sqe_bytes(p, p.sq_entries), IORING_OFF_SQES);
    ring.sq.sqes = static_cast<io_uring_sqe *>(sqes);
    if (error)
        unmap(ring);
    return error;
}

uint32_t *word(void *part, unsigned at) {
    return reinterpret_cast<uint32_t *>(static_cast<char *>(part) + at);
}

void find_words(io_uring &ring, const io_uring_params &p) {
    io_uring_sq &sq = ring.sq;
    sq.khead = word(sq.ring_ptr, p.sq_off.head);
    sq.ktail = word(sq.ring_ptr, p.sq_off.tail);
    sq.kring_mask = word(sq.ring_ptr, p.sq_off.ring_mask);
    sq.kring_entries = word(sq.ring_ptr, p.sq_off.ring_entries);
    sq.kflags = word(sq.ring_ptr, p.sq_off.flags);
    sq.kdropped = word(sq.ring_ptr, p.sq_off.dropped);
    sq.array = word(sq.ring_ptr, p.sq_off.array);
    sq.ring_mask = *sq.kring_mask;
    io_uring_cq &cq = ring.cq;
    cq.khead = word(cq.ring_ptr, p.cq_off.head);
    cq.ktail = word(cq.ring_ptr, p.cq_off.tail);
    cq.kring_mask = word(cq.ring_ptr, p.cq_off.ring_mask);
    cq.kring_entries = word(cq.ring_ptr, p.cq_off.ring_entries);
    cq.kflags = word(cq.ring_ptr, p.cq_off.flags);
    cq.koverflow = word(cq.ring_ptr, p.cq_off.overflow);
    cq.cqes = reinterpret_cast<io_uring_cqe *>(word(cq.ring_ptr, p.cq_off.cqes));
    cq.ring_mask = *cq.kring_mask;
    cq.ring_entries = *cq.kring_entries;
}

size_t whole_pages(size_t bytes) {
    auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return (bytes + page - 1) / page * page;
}

// How much memory a ring has; -EINVAL: there is none such.
ssize_t memory(unsigned entries, const io_uring_params &p) {
    constexpr size_t words = 64;
    bool clamp = p.flags & IORING_SETUP_CLAMP, sized = p.flags & IORING_SETUP_CQSIZE;
    if (!entries || (entries > most_entries && !clamp))
        return -EINVAL;
    unsigned sq = std::bit_ceil(std::min(entries, most_entries)), cq = 2 * sq;
    if (sized && (!p.cq_entries || (p.cq_entries > 2 * most_entries && !clamp)))
        return -EINVAL;
    if (sized)
        cq = std::bit_ceil(std::min(p.cq_entries, 2 * most_entries));
    if (cq < sq)
        return -EINVAL;
    return static_cast<ssize_t>(whole_pages(words + cqe_bytes(p, cq) + sq * sizeof(uint32_t)) +
                                whole_pages(sqe_bytes(p, sq)));
}

} // namespace

} // namespace iowq::uring

using namespace iowq::uring;

EXPORTED int io_uring_queue_mmap(int fd, io_uring_params *p, io_uring *ring) {
    *ring = {};
    if (int error = map(*ring, fd, *p))
        return error;
    find_words(*ring, *p);
    ring->features = p->features;
    ring->ring_fd = ring->enter_ring_fd = fd;
    return 0;
}

EXPORTED int io_uring_queue_init_params(unsigned entries, io_uring *ring, io_uring_params *p) {
    *ring = {};
    int fd = calls->setup(entries, p);
    if (fd < 0)
        return fd;
    if (int error = io_uring_queue_mmap(fd, p, ring)) {
        close(fd);
        return error;
    }
    for (unsigned i = 0; i < ring->sq.ring_entries; i++)
        ring->sq.array[i] = i;
    ring->handle = calls->open_handle(fd);
    return 0;
}

EXPORTED int io_uring_queue_init(unsigned entries, io_uring *ring, unsigned flags) {
    io_uring_params p{};
    p.flags = flags;
    return io_uring_queue_init_params(entries, ring, &p);
}

// A ring in the program's own memory, which older kernels do not know either.
EXPORTED int io_uring_queue_init_mem(unsigned, io_uring *, io_uring_params *, void *, size_t) {
    return -EINVAL;
}

EXPORTED void io_uring_queue_exit(io_uring *ring) {
    unmap(*ring);
    calls->close_handle(ring->handle);
    if (ring->int_flags & IORING_ENTER_REGISTERED_RING)
        (void)io_uring_unregister_ring_fd(ring);
    if (ring->ring_fd >= 0)
        close(ring->ring_fd);
}

EXPORTED int io_uring_ring_dontfork(io_uring *ring) {
    const io_uring_sq &sq = ring->sq;
    const io_uring_cq &cq = ring->cq;
    if (!sq.ring_ptr || !sq.sqes || !cq.ring_ptr)
        return -EINVAL;
    io_uring_params p{};
    p.flags = ring->flags;
    if (madvise(sq.sqes, sqe_bytes(p, sq.ring_entries), MADV_DONTFORK) ||
        madvise(sq.ring_ptr, sq.ring_sz, MADV_DONTFORK) ||
        madvise(cq.ring_ptr, cq.ring_sz, MADV_DONTFORK))
        return -errno;
    return 0;
}

// ---- what there is

EXPORTED io_uring_probe *io_uring_get_probe_ring(io_uring *ring) {
    constexpr unsigned most = 256;
    void *room = calloc(1, sizeof(io_uring_probe) + most * sizeof(io_uring_probe_op));
    auto *probe = static_cast<io_uring_probe *>(room);
    if (probe && io_uring_register_probe(ring, probe, most) < 0) {
        free(room);
        return nullptr;
    }
    return probe;
}

EXPORTED io_uring_probe *io_uring_get_probe() {
    io_uring ring;
    if (io_uring_queue_init(2, &ring, 0))
        return nullptr;
    io_uring_probe *probe = io_uring_get_probe_ring(&ring);
    io_uring_queue_exit(&ring);
    return probe;
}

EXPORTED void io_uring_free_probe(io_uring_probe *probe) { free(probe); }

EXPORTED ssize_t io_uring_memory_size_params(unsigned entries, io_uring_params *p) {
    return memory(entries, *p);
}

EXPORTED ssize_t io_uring_memory_size(unsigned entries, unsigned flags) {
    io_uring_params p{};
    p.flags = flags;
    return memory(entries, p);
}

// None of it is locked.
EXPORTED ssize_t io_uring_mlock_size_params(unsigned entries, io_uring_params *p) {
    return std::min<ssize_t>(memory(entries, *p), 0);
}

EXPORTED ssize_t io_uring_mlock_size(unsigned entries, unsigned flags) {
    return std::min<ssize_t>(io_uring_memory_size(entries, flags), 0);
}

// The last version whose names are all here.
constexpr int major = 2, minor = 15;

EXPORTED int io_uring_major_version() { return major; }
EXPORTED int io_uring_minor_version() { return minor; }

// Is this older than that?
EXPORTED bool io_uring_check_version(int that_major, int that_minor) {
    return that_major > major || (that_major == major && that_minor > minor);
}
