// SPDX-License-Identifier: MIT
#include "iowq/uring/rings.h"

#include "iowq/os/file_io.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>

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
constexpr size_t entries_at = 256; // of the array and of the CQEs, behind the words

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

// A part of the file, for this process; nullptr where there is no memory. Mapped with another word
// for MAP_SHARED, so that it is no program's own mapping of a ring.
void *map_part(int fd, uint64_t at, size_t bytes) {
    void *got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE, fd,
                     static_cast<off_t>(at));
    return got == MAP_FAILED ? nullptr : got;
}

std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

} // namespace

int rings::create(unsigned entries, io_uring_params &p, std::unique_ptr<rings> &out, int &fd) {
    std::unique_ptr<rings> r(new (std::nothrow) rings);
    if (!r)
        return -ENOMEM;
    if (int error = size_queues(entries, p, r->sq_entries_, r->cq_entries_))
        return error;
    int own = memfd_create("[io_uring]", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (own < 0)
        return -errno;
    int error = r->map(own);
    // The program's is another open file: its last close is heard of, and what is mapped here does
    // not keep it open.
    fd = error ? error : open(path_of(own).c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0 && !error)
        error = -errno;
    close_file(own);
    if (error)
        return error;
    p.sq_entries = r->sq_entries_;
    p.cq_entries = r->cq_entries_;
    p.sq_off = {.head = offsetof(shared_words, head),
                .tail = offsetof(shared_words, tail),
                .ring_mask = offsetof(shared_words, mask),
                .ring_entries = offsetof(shared_words, entries),
                .flags = offsetof(shared_words, flags),
                .dropped = offsetof(shared_words, lost),
                .array = entries_at,
                .resv1 = 0,
                .resv2 = 0};
    p.cq_off = {.head = offsetof(shared_words, head),
                .tail = offsetof(shared_words, tail),
                .ring_mask = offsetof(shared_words, mask),
                .ring_entries = offsetof(shared_words, entries),
                .overflow = offsetof(shared_words, lost),
                .cqes = entries_at,
                .flags = offsetof(shared_words, flags),
                .resv1 = 0,
                .resv2 = 0};
    out = std::move(r);
    return 0;
}

// A program that made the file shorter would have this process killed by SIGBUS.
int rings::map(int fd) {
    static_assert(sizeof(shared_words) <= entries_at);
    size_t sqes = sq_entries_ * sizeof *sqes_;
    if (ftruncate(fd, static_cast<off_t>(IORING_OFF_SQES + sqes)) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return -errno;
    struct stat known;
    if (fstat(fd, &known))
        return -errno;
    id_ = {known.st_dev, known.st_ino};
    char *sq = static_cast<char *>(
        map_part(fd, IORING_OFF_SQ_RING, entries_at + sq_entries_ * sizeof *array_));
    char *cq = static_cast<char *>(
        map_part(fd, IORING_OFF_CQ_RING, entries_at + cq_entries_ * sizeof *cqes_));
    sq_ = reinterpret_cast<shared_words *>(sq);
    cq_ = reinterpret_cast<shared_words *>(cq);
    sqes_ = static_cast<io_uring_sqe *>(map_part(fd, IORING_OFF_SQES, sqes));
    if (!sq || !cq || !sqes_)
        return -ENOMEM;
    array_ = reinterpret_cast<uint32_t *>(sq + entries_at);
    cqes_ = reinterpret_cast<io_uring_cqe *>(cq + entries_at);
    sq_->mask = sq_entries_ - 1;
    sq_->entries = sq_entries_;
    cq_->mask = cq_entries_ - 1;
    cq_->entries = cq_entries_;
    return 0;
}

rings::~rings() {
    if (sq_)
        munmap(sq_, entries_at + sq_entries_ * sizeof *array_);
    if (cq_)
        munmap(cq_, entries_at + cq_entries_ * sizeof *cqes_);
    if (sqes_)
        munmap(sqes_, sq_entries_ * sizeof *sqes_);
}

unsigned rings::submitted() const { return std::min(load(sq_->tail) - sq_head_, sq_entries_); }

bool rings::take(io_uring_sqe &out) {
    uint32_t index = atomic_ref(array_[sq_head_++ & (sq_entries_ - 1)]).load(relaxed);
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
    if (cq_tail_ - load(cq_->head) >= cq_entries_)
        return false;
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
