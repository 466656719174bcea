// SPDX-License-Identifier: MIT
// A program that uses io_uring as a library for it would: on the kernel's, or on this one.
#pragma once

#include "iowq/uring/calls.h"

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

struct which_uring {
    const char *name;
    bool kernel;

    [[nodiscard]] int setup(unsigned entries, io_uring_params *p) const {
        return kernel ? told(syscall(SYS_io_uring_setup, entries, p))
                      : iowq::uring::setup(entries, p);
    }
    [[nodiscard]] int enter(int fd, unsigned submit, unsigned min, unsigned flags,
                            const void *arg = nullptr, size_t size = 0) const {
        return kernel ? told(syscall(SYS_io_uring_enter, fd, submit, min, flags, arg, size))
                      : iowq::uring::enter(fd, submit, min, flags, arg, size);
    }
    [[nodiscard]] int reg(int fd, unsigned what, void *arg, unsigned count) const {
        return kernel ? told(syscall(SYS_io_uring_register, fd, what, arg, count))
                      : iowq::uring::do_register(fd, what, arg, count);
    }
    // As mmap(2), with room for so many bytes; MAP_FAILED where there is none.
    [[nodiscard]] void *map(int fd, size_t bytes, uint64_t offset) const {
        constexpr int access = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
        if (kernel)
            return mmap(nullptr, bytes, access, flags, fd, static_cast<off_t>(offset));
        void *at = nullptr;
        int error = iowq::uring::map(fd, at, bytes, access, flags, offset);
        return error ? MAP_FAILED : at;
    }

    // This one always is.
    [[nodiscard]] bool is_there() const {
        io_uring_params p{};
        int fd = setup(1, &p);
        return fd >= 0 ? close(fd) == 0 : !kernel;
    }

  private:
    static int told(long got) { return got < 0 ? -errno : static_cast<int>(got); }
};

inline constexpr which_uring kernel{"kernel", true}, ours{"ours", false};

class program {
  public:
    program(const which_uring &on, unsigned entries, unsigned flags = 0, unsigned cq_entries = 0)
        : on_(on) {
        p_.flags = flags | (cq_entries ? IORING_SETUP_CQSIZE : 0u);
        p_.cq_entries = cq_entries;
        fd = on_.setup(entries, &p_);
        if (fd < 0)
            return;
        sq_ = map(IORING_OFF_SQ_RING, p_.sq_off.array + p_.sq_entries * sizeof(unsigned));
        cq_ = map(IORING_OFF_CQ_RING, p_.cq_off.cqes + p_.cq_entries * sizeof(io_uring_cqe));
        sqes_ = reinterpret_cast<io_uring_sqe *>(
            map(IORING_OFF_SQES, p_.sq_entries * sizeof(io_uring_sqe)));
    }
    // ThreadSanitizer does not see that a CQE comes before what its reader does, as it is written
    // through another mapping. The call tells it.
    ~program() {
        (void)on_.enter(fd, 0, 0, IORING_ENTER_GETEVENTS);
        for (auto [at, bytes] : mapped_)
            munmap(at, bytes);
        if (fd >= 0)
            close(fd);
    }
    program(const program &) = delete;
    program &operator=(const program &) = delete;

    // The next SQE, of this operation.
    io_uring_sqe &add(uint8_t opcode, int file = -1, const void *address = nullptr,
                      unsigned length = 0, uint64_t offset = 0) {
        unsigned index = tail_++ & (p_.sq_entries - 1);
        io_uring_sqe &sqe = sqes_[index];
        memset(&sqe, 0, sizeof sqe);
        sqe.opcode = opcode;
        sqe.fd = file;
        sqe.addr = reinterpret_cast<uint64_t>(address);
        sqe.len = length;
        sqe.off = offset;
        sqe.user_data = ++last_data_;
        array()[index] = index;
        return sqe;
    }
    // Submits all that was added, and waits for so many CQEs.
    int submit(unsigned wait = 0, unsigned more_flags = 0) {
        __atomic_store_n(sq_word(p_.sq_off.tail), tail_, __ATOMIC_RELEASE);
        unsigned count = tail_ - submitted_;
        submitted_ = tail_;
        return on_.enter(fd, count, wait, (wait ? IORING_ENTER_GETEVENTS : 0u) | more_flags);
    }
    // Takes the CQEs that are there.
    std::vector<io_uring_cqe> take() {
        std::vector<io_uring_cqe> got;
        unsigned head = *cq_word(p_.cq_off.head);
        while (head != __atomic_load_n(cq_word(p_.cq_off.tail), __ATOMIC_ACQUIRE)) {
            auto *cqes = reinterpret_cast<io_uring_cqe *>(cq_ + p_.cq_off.cqes);
            got.push_back(cqes[head++ & (p_.cq_entries - 1)]);
        }
        __atomic_store_n(cq_word(p_.cq_off.head), head, __ATOMIC_RELEASE);
        return got;
    }
    // {user_data: result} of so many operations, submitted here.
    std::map<uint64_t, int> results(unsigned count) {
        std::map<uint64_t, int> found;
        EXPECT_GE(submit(), 0);
        while (found.size() < count) {
            int error = on_.enter(fd, 0, 1, IORING_ENTER_GETEVENTS);
            EXPECT_TRUE(error == 0 || error == -EINTR) << strerror(-error);
            if (error && error != -EINTR)
                break;
            for (const io_uring_cqe &cqe : take())
                found[cqe.user_data] = cqe.res;
        }
        return found;
    }
    // That of one operation.
    int result() { return results(1)[last_data_]; }
    // The user_data of the last one that was added.
    [[nodiscard]] uint64_t last() const { return last_data_; }

    unsigned *sq_word(unsigned offset) { return reinterpret_cast<unsigned *>(sq_ + offset); }
    unsigned *cq_word(unsigned offset) { return reinterpret_cast<unsigned *>(cq_ + offset); }
    unsigned *array() { return sq_word(p_.sq_off.array); }
    [[nodiscard]] const io_uring_params &params() const { return p_; }

    int fd = -1;

  private:
    char *map(uint64_t at, size_t bytes) {
        void *got = on_.map(fd, bytes, at);
        EXPECT_NE(got, MAP_FAILED);
        mapped_.emplace_back(got, bytes);
        return static_cast<char *>(got);
    }

    const which_uring &on_;
    io_uring_params p_{};
    char *sq_ = nullptr, *cq_ = nullptr;
    io_uring_sqe *sqes_ = nullptr;
    unsigned tail_ = 0, submitted_ = 0;
    uint64_t last_data_ = 0;
    std::vector<std::pair<void *, size_t>> mapped_;
};
