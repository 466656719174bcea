// SPDX-License-Identifier: MIT
#include "iowq/uring/rings.h"

#include "iowq/uring/held.h"
#include "iowq/uring/newer.h"
#include "iowq/uring/user_memory.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>

namespace iowq::uring {

// Each word in a cache line of its own, but for those that are seldom written.
struct rings::shared_words {
    alignas(64) uint32_t head;
    alignas(64) uint32_t tail;
    alignas(64) uint32_t mask;
    uint32_t entries;
    uint32_t flags;
    uint32_t lost; // SQEs dropped, or CQEs that did not fit
};

namespace {

constexpr unsigned most_entries = 32768;
constexpr size_t cq_at = 256, cqes_at = 512; // the SQ's words are the first; then the array
constexpr size_t page = 4096;

// Another word for MAP_SHARED, so that it is no mapping of a ring by the program, which is trapped.
constexpr int own_mapping = MAP_SHARED_VALIDATE;

size_t whole_pages(size_t bytes) { return (bytes + page - 1) & ~(page - 1); }

uint32_t load(uint32_t &word) { return atomic_ref(word).load(acquire); }
void store(uint32_t &word, uint32_t value) { atomic_ref(word).store(value, release); }

// How many entries the two queues get; 0 or -EINVAL.
int size_queues(unsigned entries, const io_uring_params &p, unsigned &sq, unsigned &cq) {
    bool clamp = p.flags & IORING_SETUP_CLAMP;
    if (entries == 0 || (entries > most_entries && !clamp))
        return -EINVAL;
    sq = std::bit_ceil(std::min(entries, most_entries));
    cq = 2 * sq;
    if (p.flags & IORING_SETUP_CQSIZE) {
        if (p.cq_entries == 0 || (p.cq_entries > 2 * most_entries && !clamp))
            return -EINVAL;
        cq = std::bit_ceil(std::min(p.cq_entries, 2 * most_entries));
        if (cq < sq)
            return -EINVAL;
    }
    return 0;
}

// Where the program says that its own memory is; the member has had different names.
template <class Offsets>
uint64_t user_address(const Offsets &offsets) {
    uint64_t address;
    memcpy(&address, reinterpret_cast<const char *>(&offsets + 1) - sizeof address, sizeof address);
    return address;
}
template <class Offsets>
void set_user_address(Offsets &offsets, uint64_t address) {
    memcpy(reinterpret_cast<char *>(&offsets + 1) - sizeof address, &address, sizeof address);
}

// Is so much of the program's memory there?
bool is_mapped(uint64_t address, size_t bytes) {
    char byte;
    for (size_t at = 0; at < bytes; at += page)
        if (copy_in(&byte, address + at, 1))
            return false;
    return true;
}

} // namespace

int rings::create(unsigned entries, io_uring_params &p, std::unique_ptr<rings> &out) {
    std::unique_ptr<rings> r(new (std::nothrow) rings);
    if (!r)
        return -ENOMEM;
    if (int error = size_queues(entries, p, r->sq_entries_, r->cq_entries_))
        return error;
    size_t array_at = cqes_at + r->cq_entries_ * sizeof *r->cqes_;
    r->queue_bytes_ = whole_pages(array_at + r->sq_entries_ * sizeof *r->array_);
    r->sqe_bytes_ = whole_pages(r->sq_entries_ * sizeof *r->sqes_);
    uint64_t queues = user_address(p.cq_off), sqes = user_address(p.sq_off);
    bool own = !(p.flags & setup_no_mmap);
    if (int error = own ? r->make_memory() : r->use_memory(queues, sqes))
        return error;
    char *at = reinterpret_cast<char *>(r->sq_);
    r->cq_ = reinterpret_cast<shared_words *>(at + cq_at);
    r->cqes_ = reinterpret_cast<io_uring_cqe *>(at + cqes_at);
    if (!(p.flags & setup_no_sqarray))
        r->array_ = reinterpret_cast<uint32_t *>(at + array_at);
    r->sq_->mask = r->sq_entries_ - 1;
    r->sq_->entries = p.sq_entries = r->sq_entries_;
    r->cq_->mask = r->cq_entries_ - 1;
    r->cq_->entries = p.cq_entries = r->cq_entries_;
    p.sq_off = {};
    p.sq_off.head = offsetof(shared_words, head);
    p.sq_off.tail = offsetof(shared_words, tail);
    p.sq_off.ring_mask = offsetof(shared_words, mask);
    p.sq_off.ring_entries = offsetof(shared_words, entries);
    p.sq_off.flags = offsetof(shared_words, flags);
    p.sq_off.dropped = offsetof(shared_words, lost);
    p.sq_off.array = static_cast<uint32_t>(r->array_ ? array_at : 0);
    p.cq_off = {};
    p.cq_off.head = cq_at + offsetof(shared_words, head);
    p.cq_off.tail = cq_at + offsetof(shared_words, tail);
    p.cq_off.ring_mask = cq_at + offsetof(shared_words, mask);
    p.cq_off.ring_entries = cq_at + offsetof(shared_words, entries);
    p.cq_off.flags = cq_at + offsetof(shared_words, flags);
    p.cq_off.overflow = cq_at + offsetof(shared_words, lost);
    p.cq_off.cqes = cqes_at;
    if (!own) {
        set_user_address(p.cq_off, queues);
        set_user_address(p.sq_off, sqes);
    }
    out = std::move(r);
    return 0;
}

// A program that made the file shorter would have this process killed by SIGBUS.
int rings::make_memory() {
    static_assert(sizeof(shared_words) <= cq_at);
    int fd = memfd_create("[io_uring]", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    file_ = fd < 0 ? -errno : set_aside(fd);
    if (file_ < 0)
        return file_;
    size_t bytes = queue_bytes_ + sqe_bytes_;
    if (ftruncate(file_, static_cast<off_t>(bytes)) ||
        fcntl(file_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return -errno;
    void *got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, own_mapping, file_, 0);
    if (got == MAP_FAILED)
        return -ENOMEM;
    memory_ = static_cast<char *>(got);
    sq_ = reinterpret_cast<shared_words *>(memory_);
    sqes_ = reinterpret_cast<io_uring_sqe *>(memory_ + queue_bytes_);
    return 0;
}

// The program sees to it that the memory stays as long as the ring.
int rings::use_memory(uint64_t queues, uint64_t sqes) {
    if (!queues || !sqes || (queues | sqes) % page)
        return -EINVAL;
    if (!is_mapped(queues, queue_bytes_) || !is_mapped(sqes, sqe_bytes_))
        return -EFAULT;
    sq_ = reinterpret_cast<shared_words *>(queues);
    sqes_ = reinterpret_cast<io_uring_sqe *>(sqes);
    memset(static_cast<void *>(sq_), 0, cqes_at);
    return 0;
}

rings::~rings() {
    if (memory_)
        munmap(memory_, queue_bytes_ + sqe_bytes_);
    if (file_ >= 0)
        let_go(file_);
}

int rings::map(void *&at, size_t bytes, int protection, int flags, uint64_t offset) const {
    bool sqes = offset == IORING_OFF_SQES;
    if (file_ < 0 || (!sqes && offset != IORING_OFF_SQ_RING && offset != IORING_OFF_CQ_RING) ||
        bytes > (sqes ? sqe_bytes_ : queue_bytes_))
        return -EINVAL;
    constexpr int type = MAP_SHARED | MAP_PRIVATE;
    void *got = mmap(at, bytes, protection, (flags & ~type) | own_mapping, file_,
                     static_cast<off_t>(sqes ? queue_bytes_ : 0));
    if (got == MAP_FAILED)
        return -errno;
    at = got;
    return 0;
}

unsigned rings::submitted() const { return std::min(load(sq_->tail) - sq_head_, sq_entries_); }

bool rings::take(io_uring_sqe &out) {
    uint32_t index = sq_head_++ & (sq_entries_ - 1);
    if (array_)
        index = atomic_ref(array_[index]).load(relaxed);
    if (index >= sq_entries_) {
        atomic_ref(sq_->lost).fetch_add(1, relaxed);
        return false;
    }
    memcpy(&out, &sqes_[index], sizeof out);
    return true;
}

void rings::give_back() { store(sq_->head, sq_head_); }
void rings::set_flags(unsigned flags) { atomic_ref(sq_->flags).fetch_or(flags, seq_cst); }
void rings::clear_flags(unsigned flags) { atomic_ref(sq_->flags).fetch_and(~flags, seq_cst); }

bool rings::post(uint64_t user_data, int32_t res, uint32_t flags) {
    if (cq_tail_ - cq_head_ >= cq_entries_) {
        cq_head_ = load(cq_->head); // seldom, as the program's CPU has it
        if (cq_tail_ - cq_head_ >= cq_entries_)
            return false;
    }
    io_uring_cqe &cqe = cqes_[cq_tail_ & (cq_entries_ - 1)];
    cqe.user_data = user_data;
    cqe.res = res;
    cqe.flags = flags;
    store(cq_->tail, ++cq_tail_);
    return true;
}

unsigned rings::ready() const { return load(cq_->tail) - load(cq_->head); }
void rings::count_overflow() { atomic_ref(cq_->lost).fetch_add(1, relaxed); }
bool rings::wants_events() const { return !(load(cq_->flags) & IORING_CQ_EVENTFD_DISABLED); }

} // namespace iowq::uring
