/* SPDX-License-Identifier: GPL-2.0-only */
#include "acalls.h"

#include "pool_stats.h"
#include "task_names.h"

#include <bit>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <linux/fs.h>
#include <mutex>
#include <new>
#include <sys/ioctl.h>
#include <sys/syscall.h>

namespace engine {

using iowq::opcode;
using iowq::request;

namespace {

// A thread that has just ended may still count against a limit. With calls in flight the next try
// is when one of them has ended; without any it is after a pause.
constexpr unsigned most_refusals = 100;
constexpr timespec between_refusals{0, 1000000};

// acall has one pool a process, and so one limit: the first job's holds until the last job has
// left.
struct pool_users {
    std::mutex lock;
    unsigned nr = 0;
    unsigned most = 0;
    long most_before = 0;

    [[nodiscard]] int join(unsigned wanted) {
        std::lock_guard guard(lock);
        if (nr && wanted != most)
            return -EEXIST;
        if (!nr) {
            most_before = acall_max_threads(wanted);
            if (most_before < 0)
                return static_cast<int>(most_before);
            most = wanted;
        }
        nr++;
        return 0;
    }
    void leave() {
        std::lock_guard guard(lock);
        if (--nr)
            return;
        (void)acall_max_threads(static_cast<unsigned>(most_before));
        (void)acall_end(); // its threads need not stay until they have been idle
    }
};
pool_users users;

uint64_t value_of(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }

} // namespace

int acalls::create(const acalls_config &config, std::unique_ptr<backend> &out) {
    std::unique_ptr<acalls> a(new (std::nothrow) acalls(config));
    if (!a)
        return -ENOMEM;
    if (int error = a->set_up())
        return error;
    out = std::move(a);
    return 0;
}

int acalls::set_up() {
    unsigned depth = config_.depth;
    // A power of two, so that entries still follow each other when the 32-bit head wraps to 0.
    uint32_t nr = std::bit_ceil(depth);
    slots_.reset(new (std::nothrow) slot[depth]);
    unsent_.reset(new (std::nothrow) acall_submission *[2 * size_t{depth}]);
    failed_.reset(new (std::nothrow) request *[depth]);
    ring_.reset(static_cast<acall_completion_ring *>(
        calloc(1, sizeof(acall_completion_ring) + nr * sizeof(acall_completion))));
    if (!slots_ || !unsent_ || !failed_ || !ring_)
        return -ENOMEM;
    ring_->nr = nr;
    for (unsigned i = depth; i-- > 0;) {
        slot &s = slots_[i];
        s.call.flags = config_.pooled ? ACALL_SUBMIT_THREAD_POOL : 0;
        s.call.cookie = value_of(&s);
        s.call.completion_ring_pointer = value_of(ring_.get());
        s.next_spare = spare_;
        spare_ = &s;
    }
    if (!config_.pooled)
        return 0;
    int error = users.join(config_.most);
    counted_ = !error;
    return error;
}

acalls::~acalls() {
    // Calls in flight write into the ring.
    while (in_flight_) {
        long got = wait(1, {});
        request *lost;
        while (take({&lost, 1}))
            ;
        if (got < 0 && got != -EINTR)
            nanosleep(&between_refusals, nullptr);
    }
    if (counted_)
        users.leave();
}

void acalls::prepare(slot &s, const request &r) {
    auto set = [&](long nr, auto... args) {
        s.call.nr = static_cast<uint32_t>(nr);
        uint64_t values[] = {static_cast<uint64_t>(args)...};
        std::copy(std::begin(values), std::end(values), s.call.args);
    };
    bool reads = r.op == opcode::read;
    bool has_offsets = r.target->regular || r.target->block;
    int fd = r.target->fd;
    switch (r.op) {
    case opcode::read:
    case opcode::write:
        if (r.rw_flags) { // with offset -1, preadv2 and pwritev2 work as read and write
            s.data = {r.buffer, r.length};
            set(reads ? SYS_preadv2 : SYS_pwritev2, fd, value_of(&s.data), 1,
                has_offsets ? r.offset : uint64_t(-1), 0, r.rw_flags);
        } else if (has_offsets) {
            set(reads ? SYS_pread64 : SYS_pwrite64, fd, value_of(r.buffer), r.length, r.offset);
        } else {
            set(reads ? SYS_read : SYS_write, fd, value_of(r.buffer), r.length);
        }
        break;
    case opcode::fsync:
        set(SYS_fsync, fd);
        break;
    case opcode::fdatasync:
        set(SYS_fdatasync, fd);
        break;
    case opcode::sync_file_range:
        set(SYS_sync_file_range, fd, r.offset, r.length, r.range_flags);
        break;
    case opcode::trim:
        if (r.target->block) {
            s.range[0] = r.offset;
            s.range[1] = r.length;
            set(SYS_ioctl, fd, BLKDISCARD, value_of(s.range));
        } else {
            set(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, r.offset, r.length);
        }
        break;
    case opcode::call:
        s.call.nr = r.number;
        std::copy(std::begin(r.args), std::end(r.args), s.call.args);
        break;
    case opcode::nop: // makes no call
        break;
    }
}

iowq::ring::submitted acalls::submit(request &r) {
    auto direction = iowq::ring::direction_of(r);
    issued_[direction]++;
    r.done = 0;
    r.path = 0;
    if (r.op == opcode::nop) {
        r.result = 0;
        inlined_[direction]++;
        return iowq::ring::submitted::completed;
    }
    slot &s = *spare_; // there are as many as the job has requests
    spare_ = s.next_spare;
    s.r = &r;
    prepare(s, r);
    if (first_unsent_ + nr_unsent_ == 2 * config_.depth) {
        std::copy_n(&unsent_[first_unsent_], nr_unsent_, &unsent_[0]);
        first_unsent_ = 0;
    }
    unsent_[first_unsent_ + nr_unsent_++] = &s.call;
    return iowq::ring::submitted::queued;
}

int acalls::commit() {
    send();
    return 0;
}

void acalls::send() {
    unsigned most = config_.most && !config_.pooled ? config_.most : config_.depth;
    while (nr_unsent_ && in_flight_ < most) {
        unsigned n = std::min(nr_unsent_, most - in_flight_);
        long taken = std::max(acall_submit(&unsent_[first_unsent_], n), 0L);
        if (taken)
            refusals_ = 0;
        first_unsent_ += static_cast<unsigned>(taken);
        nr_unsent_ -= static_cast<unsigned>(taken);
        in_flight_ += static_cast<unsigned>(taken);
        if (taken == n)
            continue;
        refused_++;
        long error = acall_submit_error();
        if (!worth_another_try(error))
            fail_first(error);
        else if (in_flight_)
            return;
    }
}

bool acalls::worth_another_try(long error) {
    if (error != -EAGAIN && error != -ENOMEM && error != -EBUSY)
        return false;
    if (in_flight_)
        return true;
    if (refusals_ == most_refusals)
        return false;
    refusals_++;
    nanosleep(&between_refusals, nullptr);
    return true;
}

void acalls::fail_first(long error) {
    auto *s = reinterpret_cast<slot *>(unsent_[first_unsent_]->cookie);
    first_unsent_++;
    nr_unsent_--;
    s->r->result = error;
    failed_[nr_failed_++] = s->r;
    s->next_spare = spare_;
    spare_ = s;
}

acall_completion &acalls::next_completion() const {
    return ring_->comps[(consumed_ + 1) % ring_->nr];
}

bool acalls::next_is_there() const {
    return __atomic_load_n(&next_completion().cookie, __ATOMIC_ACQUIRE) != 0;
}

unsigned acalls::take(std::span<request *> out) {
    unsigned n = 0;
    while (n < out.size() && nr_failed_)
        out[n++] = failed_[--nr_failed_];
    while (n < out.size() && next_is_there()) {
        acall_completion &c = next_completion();
        auto *s = reinterpret_cast<slot *>(c.cookie);
        s->r->result = static_cast<int64_t>(c.return_code);
        __atomic_store_n(&c.cookie, 0, __ATOMIC_RELEASE);
        consumed_++;
        in_flight_--;
        out[n++] = s->r;
        s->next_spare = spare_;
        spare_ = s;
    }
    return n;
}

long acalls::wait(uint32_t more, iowq::deadline until) const {
    timespec left{};
    if (until) {
        auto ns = std::chrono::nanoseconds(*until - iowq::clock::now()).count();
        if (ns <= 0)
            return 0;
        left = {ns / 1000000000, ns % 1000000000};
    }
    return acall_ring_pwait(ring_.get(), consumed_, more, until ? &left : nullptr, nullptr, 0);
}

int acalls::reap(std::span<request *> out, unsigned min, iowq::deadline until) {
    unsigned n = take(out);
    send(); // calls that were refused may find room now
    // send() leaves calls unsent only while others are in flight.
    while (n < min && (in_flight_ || nr_failed_)) {
        if (!nr_failed_ && !spin_.until([&] { return next_is_there(); })) {
            uint32_t more = nr_unsent_ ? 1 : std::min(min - n, in_flight_);
            long got = wait(more, until);
            if (got < 0 && got != -EINTR)
                return n ? static_cast<int>(n) : static_cast<int>(got);
            if (got >= 0 && got < more) // the time has passed
                min = n;
        }
        n += take(out.subspan(n));
        send();
    }
    return static_cast<int>(n);
}

unsigned acalls::threads() const {
    auto has_own = [](void *, pid_t, std::string_view name) { return name == "iowq-acall"; };
    auto is_pools = [](void *, pid_t, std::string_view name) {
        return name.starts_with("iowq-wrk-") && name.ends_with('u');
    };
    return count_tasks(config_.pooled ? is_pools : static_cast<match_task>(has_own), nullptr);
}

void acalls::print_stats(FILE *to) const {
    auto n = [](uint64_t v) { return static_cast<unsigned long long>(v); };
    for (unsigned d = 0; d < iowq::ring::nr_directions; d++)
        fprintf(to, "%s\"%s\": {\"issued\": %llu, \"inline\": %llu, \"acall\": %llu}",
                d ? ", " : "", direction_names[d], n(issued_[d]), n(inlined_[d]),
                n(issued_[d] - inlined_[d]));
    fprintf(to, ", \"refused\": %llu", n(refused_));
}

} // namespace engine
