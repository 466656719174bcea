// SPDX-License-Identifier: MIT
#include "iowq/uring/instance.h"

#include "iowq/os/any_call.h"
#include "iowq/os/thread.h"
#include "iowq/pool/worker.h"
#include "iowq/uring/direct.h"
#include "iowq/uring/held.h"
#include "iowq/uring/inside.h"
#include "iowq/uring/instances.h"
#include "iowq/uring/maker.h"
#include "iowq/uring/opcodes.h"
#include "iowq/uring/sq_thread.h"
#include "iowq/uring/timeout.h"
#include "iowq/uring/user_memory.h"

#include <cstddef>
#include <new>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq::uring {

static_assert(offsetof(op, item) == 0, "run takes the item's address for the op's");

namespace {

constexpr unsigned slab = 64;
constexpr unsigned most_unposted = 16;

bool links(const op &o) { return o.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK); }

enum class notice { no_worker, no_call };

// What the user is told when a limit, or a seccomp filter of the program's own, keeps operations
// from being made: a line on stderr, once in a process. Any thread may call it.
void tell(notice what) {
    static constinit atomic<unsigned> told{0};
    unsigned bit = 1u << static_cast<unsigned>(what);
    if (told.fetch_or(bit, relaxed) & bit)
        return;
    std::string_view line =
        what == notice::no_worker
            ? "iowq-run: operations of io_uring were cancelled, as no thread could be created for"
              " them: is there a limit, or does a seccomp filter forbid it?\n"
            : "iowq-run: operations of io_uring came to ENOSYS: does a seccomp filter forbid their"
              " system call?\n";
    syscall(SYS_write, STDERR_FILENO, line.data(), line.size());
}

} // namespace

instance::instance(std::shared_ptr<wq> pool, std::shared_ptr<timers> its_timers)
    : pool_(std::move(pool)), timers_(std::move(its_timers)) {}

int instance::create(unsigned entries, io_uring_params &p, std::shared_ptr<wq> pool,
                     std::shared_ptr<timers> its_timers, maker &its_maker,
                     std::shared_ptr<instance> &out, int &fd) {
    std::shared_ptr<instance> i(new (std::nothrow)
                                    instance(std::move(pool), std::move(its_timers)));
    if (!i)
        return -ENOMEM;
    if (int error = i->posts_.create())
        return error;
    if (int error = rings::create(entries, p, i->rings_))
        return error;
    i->flags_ = p.flags;
    i->enabled_ = !(p.flags & IORING_SETUP_R_DISABLED);
    if (p.flags & IORING_SETUP_SQPOLL)
        if (int error = its_maker.run([&] { return sq_thread::create(*i, p, i->sq_thread_); }))
            return error;
    fd = i->descriptor_.create();
    if (fd < 0)
        return fd;
    out = std::move(i);
    return 0;
}

instance::~instance() {
    constexpr std::chrono::milliseconds again{1}; // what is about to wait may be missed
    sq_thread_.reset();
    op nobody;
    for (bool busy = true; busy;) {
        uint32_t seen = posts_.count();
        (void)cancel({.any = true, .all = true}, nobody);
        take_direct(by::guest);
        go_on(nullptr, by::guest);
        {
            locked hold(lock_);
            busy = active_ || !deferred_.empty();
        }
        if (busy)
            (void)sleep(seen, {.until = clock::now() + again});
    }
    its_direct_.reset();
    while (inside_.load(acquire))
        yield();
    for (locked hold(lock_); op *o = overflow_.pop_front();)
        forget(*o);
    (void)drop_event();
}

void instance::enable() {
    enabled_.store(true, release);
    if (sq_thread_)
        sq_thread_->wake();
}

// ---- submission

// Those that were freed are taken all at once.
op *instance::new_op() {
    if (!spare_) {
        locked hold(lock_);
        spare_ = std::exchange(free_, nullptr);
        if (!spare_) {
            std::unique_ptr<op[]> more(new (std::nothrow) op[slab]);
            if (!more)
                return nullptr;
            for (unsigned i = 0; i < slab; i++)
                more[i].next = std::exchange(spare_, &more[i]);
            slabs_.push_back(std::move(more));
        }
    }
    op *o = spare_;
    spare_ = std::exchange(o->next, nullptr);
    return o;
}

int instance::submit(unsigned count) {
    unsigned taken = 0;
    op *first = nullptr, *last = nullptr; // of a chain whose end is still to come
    op_list made;                         // without CQEs so far
    unsigned nr_made = 0;
    {
        locked hold(submitting_);
        count = std::min(count, rings_->submitted());
        posted_before_ = counted_.load(relaxed);
        if (counting_)
            hold_counts(true);
        while (taken < count) {
            op *o = new_op();
            io_uring_sqe sqe;
            if (!o || !rings_->take(sqe)) {
                if (o)
                    o->next = std::exchange(spare_, o);
                break;
            }
            taken++;
            o->of = this;
            {
                locked hold_too(registering_);
                prepare(*o, sqe, registered_);
            }
            if (!o->refused && is_limit(*o) && (!last || is_limit(*last))) {
                o->refused = true;
                o->result = -EINVAL;
            }
            if (!first && made_alone(*o)) {
                made.push_back(*o);
                if (++nr_made % most_unposted == 0)
                    post_all(made);
                continue;
            }
            if (!first && sent_alone(*o))
                continue;
            bool stop = o->refused && !links(*o) && !(flags_ & IORING_SETUP_SUBMIT_ALL);
            (last ? last->linked : first) = o;
            last = o;
            if (!links(*o)) {
                send_gathered();
                post_all(made);
                begin(*std::exchange(first, nullptr));
                last = nullptr;
            }
            if (stop)
                break;
        }
        rings_->give_back();
        send_gathered();
        post_all(made);
        if (first)
            begin(*first);
        if (counting_) {
            hold_counts(false);
            go_on(nullptr, by::submitter);
        }
    }
    take_direct(by::submitter); // what has come back at once needs its file
    return static_cast<int>(taken);
}

// Most operations wait for nothing, nothing waits for them, and they are made at once. Such a one
// needs no lock until its CQE is posted, together with others: but for one that may take long, for
// which the others are not to wait. False: it is to be begun.
bool instance::made_alone(op &o) {
    if (o.refused || o.finds_file || links(o) || o.flags & IOSQE_IO_DRAIN ||
        barred_.load(acquire) || o.row->ends_others || !(o.row->own || o.row->by == way::tried))
        return false;
    return issue_at_once(o, by::submitter);
}

void instance::post_all(op_list &made) {
    if (made.empty())
        return;
    {
        locked hold(lock_);
        while (op *o = made.pop_front())
            answer(*o);
    }
    posted(by::submitter);
}

// Begins a chain, of one operation or more, unless it has to wait for what drains.
void instance::begin(op &first) {
    bool refused = false, drains = false;
    unsigned count = 0;
    for (op *o = &first; o; o = o->linked, count++) {
        refused |= o->refused;
        drains |= (o->flags & IOSQE_IO_DRAIN) != 0;
    }
    if (drains) // all of the chain does
        first.flags |= IOSQE_IO_DRAIN;
    if (refused) {
        refuse(first);
        return;
    }
    bool may_wait;
    {
        locked hold(lock_);
        may_wait = has_to_wait(drains);
    }
    // Before another thread may have it.
    for (op *o = may_wait ? &first : first.linked; o; o = o->linked)
        if (int error = keep(*o)) {
            o->refused = true;
            o->result = error;
        }
    {
        locked hold(lock_);
        if (may_wait && has_to_wait(drains)) {
            deferred_.push_back(first);
            barred_.store(true, relaxed);
            return;
        }
        draining_ = drains;
        barred_.store(drains, relaxed);
        active_ += count;
    }
    if (is_timeout(first) && timeout_of(first).counts())
        count_from_submission(first);
    go_on(&first, by::submitter);
}

// Nothing of it is made.
void instance::refuse(op &first) {
    {
        locked hold(lock_);
        for (op *o = &first; o; o = o->linked)
            active_++;
        op *rest = std::exchange(first.linked, nullptr);
        bool silent = first.flags & IOSQE_CQE_SKIP_SUCCESS;
        break_off(&first, false);
        break_off(rest, silent);
    }
    posted(by::submitter);
}

// While one thread submits, this turns from true to false only.
bool instance::has_to_wait(bool drains) const {
    return draining_ || !deferred_.empty() || (drains && active_);
}

// Makes operations, as far as this thread may: a chain, and what has ended or may now begin as it
// was made.
void instance::go_on(op *o, by whom) {
    for (op *ended;;) {
        while (o)
            o = make(*o, whom);
        {
            locked hold(lock_);
            o = next_deferred();
            ended = o ? nullptr : next_ended();
        }
        if (ended)
            o = finish(*ended, whom);
        else if (!o)
            return;
    }
}

// The next one of its chain; nullptr: there is none, or not yet.
op *instance::make(op &o, by whom) {
    {
        locked hold(lock_);
        in_flight_.push_back(o);
    }
    if (o.finds_file && !o.refused) {
        o.result = with_registered([&](registered &its) { return find_file(o, its); });
        o.refused = o.result < 0;
    }
    if (issue_at_once(o, whom))
        return finish(o, whom);
    op *limit = take_limit(o); // before another thread has it
    if (is_timeout(o))
        start_timeout(o);
    else if (!wait_for_file(o) && !(whom != by::guest && !limit && to_device(o)) && !to_pool(o))
        return finish(o, whom);
    if (limit)
        start_limit(*limit, whom);
    return nullptr;
}

// False: it might wait, or its SQE asks for a worker.
bool instance::issue_at_once(op &o, by whom) {
    if (o.refused)
        return true;
    if (o.was_tried)
        return false;
    if (o.row->own) {
        o.result = o.row->own(*this, o);
        return true;
    }
    bool tries = o.row->by == way::tried && !(o.flags & IOSQE_ASYNC);
    if ((o.row->by != way::at_once && !tries) || whom == by::guest)
        return false;
    int64_t got = tries ? try_call(o) : call(o);
    o.was_tried = tries && got == -EAGAIN && !o.tried_enough;
    if (o.was_tried)
        return false;
    o.result = static_cast<int32_t>(got);
    return true;
}

// False: no worker is to be had, and the result says so.
bool instance::to_pool(op &o) {
    pool_needs needs = needs_of(o);
    o.item.func = run;
    o.item.flags = needs.for_others ? uint32_t{work_unbound} : 0;
    if (needs.serialised) {
        o.item.flags |= work_hashed;
        o.item.key = {reinterpret_cast<uintptr_t>(this), static_cast<uint64_t>(o.fd)};
    }
    {
        locked hold(lock_);
        o.for_others = needs.for_others;
        o.on_pool = true;
    }
    int error = keep(o);
    if (!error) {
        if (o.file.fd < 0 && o.files[0] < 0)
            hold_files(o);
        error = pool_->enqueue(&o.item);
    }
    if (!error)
        return true;
    o.result = error == -ESHUTDOWN ? -ECANCELED : error;
    return false;
}

void instance::run(work **w) {
    op &o = *reinterpret_cast<op *>(*w);
    instance &its = *o.of;
    its.inside_.fetch_add(1, relaxed);
    bool cancelled = o.item.flags & work_cancel;
    by whom = cancelled ? by::guest : by::worker;
    tried came_to = cancelled           ? tried::done
                    : is_to_be_tried(o) ? its.try_in_worker(o)
                                        : tried::needs_a_worker;
    if (cancelled) {
        o.result = -ECANCELED;
        if (!o.asked_to_end.load(relaxed)) // the pool has no worker, and gets none
            tell(notice::no_worker);
    } else if (came_to == tried::needs_a_worker) {
        blocking section(o.sleeps ? blocking::will : blocking::may);
        o.result = static_cast<int32_t>(call(o));
    }
    if (came_to != tried::waits) {
        if (o.result == -ENOSYS)
            tell(notice::no_call);
        its.go_on(its.finish(o, whom), whom);
    }
    its.inside_.fetch_sub(1, release); // from here on it may be gone
}

// ---- what operations ask of it

int32_t instance::update_files(unsigned at, uint64_t fds, unsigned count) {
    constexpr unsigned most = 1 << 15;
    if (count > most)
        return -EINVAL;
    std::vector<int> wanted(count);
    if (int error = copy_in(wanted.data(), fds, count * sizeof(int)))
        return error;
    if (!with_registered([](registered &its) { return its.has_files(); }))
        return -ENXIO;
    if (instances::all().has_one_of(wanted))
        return -EBADF;
    if (at != registered::any_slot)
        return with_registered([&](registered &its) { return its.update_files(at, wanted); });
    int32_t done = 0, error = 0;
    for (int fd : wanted) {
        int own = hold(fd);
        int slot =
            own < 0 ? own : with_registered([&](registered &its) { return its.put_file(at, own); });
        error = slot < 0 ? slot : copy_out(fds + done * sizeof slot, &slot, sizeof slot);
        if (error)
            break;
        done++;
    }
    return done ? done : error;
}

atomic<instance::hint> &instance::hint_of(int fd, bool writes) {
    return hints_[static_cast<unsigned>(fd) % hints + writes * hints];
}

move_by instance::known_moves(int fd, bool writes) {
    auto &known = hint_of(fd, writes);
    hint now = known.load(relaxed);
    if (!now.left)
        return move_by::unknown;
    now.left--;
    known.store(now, relaxed);
    return now.how;
}

void instance::learn_moves(int fd, bool writes, move_by how) {
    constexpr uint8_t calls = 32;
    hint_of(fd, writes).store({how, calls}, relaxed);
}

} // namespace iowq::uring
