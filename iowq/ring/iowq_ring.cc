// SPDX-License-Identifier: MIT
#include "iowq/ring/iowq_ring.h"

#include "iowq/os/fork.h"
#include "iowq/os/lock.h"
#include "iowq/pool/io_wq_handle.h"
#include "iowq/ring/prepare.h"
#include "iowq/ring/ring.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

using namespace iowq;

struct iowq_file {
    file about;
};

namespace {

struct op_request : request {
    bool in_use = false;
};

constexpr offload modes[] = {offload::punt,    offload::inline_, offload::sqthread,
                             offload::handoff, offload::sqwq,    offload::hashed};
static_assert(modes[IOWQ_HASHED] == offload::hashed && modes[IOWQ_SQTHREAD] == offload::sqthread);
constexpr unsigned known_flags = IOWQ_RING_EVENT_FD | IOWQ_RING_NO_HELP | IOWQ_RING_NO_MERGE;
constexpr unsigned links = IOWQ_OP_LINK | IOWQ_OP_HARDLINK;
constexpr unsigned known_op_flags = links | IOWQ_OP_DRAIN;

// What the library knows of a config; an older program's is shorter. Returns 0 or -errno.
int read_config(const iowq_ring_config *given, iowq_ring_config &out) {
    constexpr size_t first_size = offsetof(iowq_ring_config, flags) + sizeof(unsigned);
    if (!given || given->size < first_size)
        return -EINVAL;
    out = {};
    memcpy(&out, given, std::min(given->size, sizeof out));
    auto *bytes = reinterpret_cast<const char *>(given);
    if (std::any_of(bytes + std::min(given->size, sizeof out), bytes + given->size,
                    [](char c) { return c != 0; }))
        return -E2BIG;
    bool known = out.mode >= 0 && out.mode < std::ssize(modes) && !(out.flags & ~known_flags);
    return known ? 0 : -EINVAL;
}

void prepare_known(request &r, const iowq_op &op) {
    file *on = op.file ? &op.file->about : nullptr;
    auto on_file = [&](opcode what) {
        if (!on)
            return;
        r.prepare(what, *on, op.buffer, op.length, op.offset);
        r.rw_flags = op.rw_flags;
    };
    switch (op.opcode) {
    case IOWQ_OP_NOP:
        r.op = opcode::nop;
        break;
    case IOWQ_OP_READ:
        on_file(opcode::read);
        break;
    case IOWQ_OP_WRITE:
        on_file(opcode::write);
        break;
    case IOWQ_OP_FSYNC:
        on_file(opcode::fsync);
        break;
    case IOWQ_OP_FDATASYNC:
        on_file(opcode::fdatasync);
        break;
    case IOWQ_OP_CALL:
        r.prepare_call(op.number,
                       {op.args[0], op.args[1], op.args[2], op.args[3], op.args[4], op.args[5]},
                       on);
        break;
    case IOWQ_OP_LINK_TIMEOUT:
        if (op.buffer)
            prepare_link_timeout(r, *static_cast<const timespec *>(op.buffer));
        break;
    }
}

// What is wrong is left a read without a file, which the ring refuses.
void prepare(request &r, const iowq_op &op) {
    r.stands_alone();
    r.op = opcode::read;
    r.target = nullptr;
    r.user_data = op.user_data;
    if (!(op.flags & ~known_op_flags) && (op.flags & links) != links)
        prepare_known(r, op);
    r.link = op.flags & IOWQ_OP_LINK       ? linked::soft
             : op.flags & IOWQ_OP_HARDLINK ? linked::hard
                                           : linked::none;
    r.drains = op.flags & IOWQ_OP_DRAIN;
}

} // namespace

struct iowq_ring final : across_forks {
    std::unique_ptr<wq> own_pool;
    std::unique_ptr<ring> io;

    // the ring's thread only
    std::vector<op_request> requests;
    std::vector<op_request *> unused; // last in, first out

    mutex lock;
    std::vector<std::unique_ptr<request>> posted IOWQ_GUARDED_BY(lock);

    void hold_still() override IOWQ_ANNOTATE(acquire_capability(lock)) { lock.lock(); }
    void go_on() override IOWQ_ANNOTATE(release_capability(lock)) { lock.unlock(); }

    whole whole_{*this}; // last
};

namespace {

// How many of them are linked to the first one, with it.
unsigned chain_length(std::span<const iowq_op> ops) {
    unsigned n = 1;
    while (n < ops.size() && ops[n - 1].flags & links)
        n++;
    return n;
}

int make_ring(const iowq_ring_config &config, wq *pool, iowq_ring &made) {
    ring_config wanted{.mode = modes[config.mode]};
    if (config.depth > 0)
        wanted.depth = config.depth;
    wanted.help = !(config.flags & IOWQ_RING_NO_HELP);
    wanted.merge_syncs = !(config.flags & IOWQ_RING_NO_MERGE);
    wanted.event_fd = config.flags & IOWQ_RING_EVENT_FD;
    if (!pool && needs_pool(wanted.mode)) {
        if (int error = wq::create({}, made.own_pool))
            return error;
        pool = made.own_pool.get();
    }
    if (int error = ring::create(wanted, pool, made.io))
        return error;
    made.requests = std::vector<op_request>(wanted.depth);
    made.unused.reserve(wanted.depth);
    for (op_request &r : made.requests)
        made.unused.push_back(&r);
    return 0;
}

// A request has come back, or been taken back.
void is_over(iowq_ring &its, request &r) {
    if (its.requests.data() <= &r && &r < its.requests.data() + its.requests.size()) {
        auto &own = static_cast<op_request &>(r);
        own.in_use = false;
        its.unused.push_back(&own);
        return;
    }
    locked hold(its.lock);
    std::erase_if(its.posted, [&r](const auto &each) { return each.get() == &r; });
}

// Calls of(request) for each that is taken, until it says true.
template <class Of>
bool any_taken(iowq_ring &its, Of of) {
    for (op_request &r : its.requests)
        if (r.in_use && of(r))
            return true;
    std::vector<request *> posted;
    {
        locked hold(its.lock);
        for (const auto &each : its.posted)
            posted.push_back(each.get());
    }
    return std::any_of(posted.begin(), posted.end(), [&](request *r) { return of(*r); });
}

int cancel(iowq_ring &its, request &r) {
    if (!its.io->cancel(r))
        return -EALREADY;
    is_over(its, r);
    return 0;
}

bool all_over(iowq_ring &its) {
    return !any_taken(its, [](request &) { return true; });
}

} // namespace

int iowq_ring_create(const iowq_ring_config *config, io_wq *pool, iowq_ring **out) {
    iowq_ring_config known;
    if (int error = read_config(config, known))
        return error;
    try {
        auto made = std::make_unique<iowq_ring>();
        if (int error = make_ring(known, pool ? pool->pool.get() : nullptr, *made))
            return error;
        *out = made.release();
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

void iowq_ring_destroy(iowq_ring *ring) {
    if (!ring)
        return;
    (void)any_taken(*ring, [ring](request &r) { return cancel(*ring, r) > 0; });
    iowq_done done[32];
    while (!ring->orphaned() && !all_over(*ring))
        (void)iowq_ring_reap(ring, done, 32, 1, nullptr);
    delete ring;
}

int iowq_file_create(int fd, unsigned flags, iowq_file **out) {
    if (flags & ~unsigned{IOWQ_FILE_HOLD})
        return -EINVAL;
    std::unique_ptr<iowq_file> made(new (std::nothrow) iowq_file);
    if (!made)
        return -ENOMEM;
    if (int error = made->about.examine(fd))
        return error;
    if (flags & IOWQ_FILE_HOLD)
        if (int error = made->about.hold())
            return error;
    *out = made.release();
    return 0;
}

void iowq_file_destroy(iowq_file *file) { delete file; }

unsigned iowq_ring_submit(iowq_ring *ring, const iowq_op *ops, unsigned n) {
    unsigned taken = 0;
    while (taken < n) {
        unsigned chain = chain_length({ops + taken, n - taken});
        if (chain > ring->unused.size())
            break;
        for (unsigned end = taken + chain; taken < end; taken++) {
            op_request &r = *ring->unused.back();
            ring->unused.pop_back();
            r.in_use = true;
            prepare(r, ops[taken]);
            ring->io->start(r);
        }
    }
    ring->io->commit();
    return taken;
}

int iowq_ring_post(iowq_ring *ring, const iowq_op *op) {
    try {
        auto made = std::make_unique<request>();
        prepare(*made, *op);
        locked hold(ring->lock);
        ring->posted.push_back(std::move(made));
        int error = ring->io->post(*ring->posted.back());
        if (error)
            ring->posted.pop_back();
        return error;
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
}

unsigned iowq_ring_reap(iowq_ring *ring, iowq_done *out, unsigned n, unsigned min,
                        const timespec *timeout) {
    deadline until;
    if (timeout)
        until = clock::now() + std::chrono::seconds(timeout->tv_sec) +
                std::chrono::nanoseconds(timeout->tv_nsec);
    std::array<request *, 64> done;
    unsigned all = 0, got;
    do {
        std::span<request *> some = std::span(done).first(std::min<size_t>(n - all, done.size()));
        got = ring->io->reap(some, min - std::min(all, min), until);
        for (request *r : some.first(got)) {
            out[all++] = {r->user_data, r->result};
            is_over(*ring, *r);
        }
    } while (got == done.size() && all < n);
    return all;
}

int iowq_ring_cancel(iowq_ring *ring, const void *user_data) {
    int came_to = -ENOENT;
    (void)any_taken(*ring, [&](request &r) {
        if (r.user_data != user_data)
            return false;
        came_to = cancel(*ring, r);
        return true;
    });
    return came_to;
}

int iowq_ring_event_fd(const iowq_ring *ring) {
    int fd = ring->io->event_fd();
    return fd < 0 ? -ENOENT : fd;
}

unsigned iowq_ring_in_flight(const iowq_ring *ring) { return ring->io->in_flight(); }
