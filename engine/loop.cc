/* SPDX-License-Identifier: GPL-2.0-only */
#include "loop.h"

namespace engine {

using iowq::request;

// The schedule's seed is the one that fio's own Poisson process would have.
int loop::start(const thread_data *td, const options &o, std::unique_ptr<backend> &io) {
    if (o.arrival_rate) {
        arrivals_config config{.per_second = o.arrival_rate,
                               .seed = td->rand_seeds[FIO_RAND_POISSON_OFF],
                               .job = td->thread_number,
                               .depth = td->o.iodepth};
        if (int error = arrivals::create(config, io, arrivals_)) {
            log_err("iowq: arrival_rate=%u: %s\n", o.arrival_rate, strerror(-error));
            return error;
        }
    }
    io_ = io.get();
    return 0;
}

bool loop::finish(std::span<request *> scratch) {
    if (!in_flight_)
        return true;
    while (arrivals_ && arrivals_->take_back())
        in_flight_--;
    (void)io_->commit();
    while (in_flight_) {
        int got = io_->reap(scratch, in_flight_, {});
        if (got < 0)
            return false;
        in_flight_ -= static_cast<unsigned>(got);
    }
    return true;
}

// ---- the open loop

// A sync belongs to the write before it, so it has no arrival of its own. A read that verifies what
// the job has written is no part of the load.
pacing loop::pace_of(const thread_data *td, const io_u *u) {
    if (!ddir_rw(u->ddir))
        return pacing::follows;
    bool verifies = u->flags & IO_U_F_VER_LIST || (td->runstate == TD_VERIFYING && td_write(td));
    return verifies                      ? pacing::verifies
           : u->xfer_buflen != u->buflen ? pacing::goes_on
                                         : pacing::arrives;
}

namespace {

timespec before(const timespec &t, std::chrono::nanoseconds ago) {
    constexpr int64_t second = 1000000000;
    int64_t ns = t.tv_sec * second + t.tv_nsec - ago.count();
    return {ns / second, ns % second};
}

} // namespace

// fio takes an I/O to be done when getevents returns. Where the I/O was done earlier than that, its
// start is put later by the same time, so that its latencies are right.
void loop::stamp_arrival(thread_data *td, io_u *u, const job_request &r) const {
    u->start_time = before(reaped_, r.done - r.due);
    u->issue_time = before(reaped_, r.done - r.sent);
    if (fio_fill_issue_time(td))
        io_u_queued(td, u);
}

namespace {

// Is the run over? fio's own loop, which would find out, does not run while this one waits for an
// arrival.
template <class Td>
bool is_over(Td *td) {
    if (td->terminate || td->error)
        return true;
    bool in_ramp;
    if constexpr (requires { in_ramp_period(td); }) // since 3.42
        in_ramp = in_ramp_period(td);
    else
        in_ramp = in_ramp_time(td);
    if (!td->o.timeout || in_ramp || utime_since_now(&td->epoch) < td->o.timeout)
        return false;
    fio_mark_td_terminate(td);
    return true;
}

// In fio's distribution of depths, the last I/Os to be queued count in the deepest class.
void unmark_depth(thread_stat &ts) {
    for (unsigned i = FIO_IO_U_MAP_NR; i-- > 0;)
        if (ts.io_u_map[i]) {
            ts.io_u_map[i]--;
            return;
        }
}

// Undoes what fio has counted when it queued the I/O.
void unqueue(thread_data *td, io_u *u) {
    unmark_depth(td->ts);
    if (ddir_rw(u->ddir) && !(u->flags & IO_U_F_VER_LIST)) {
        td->io_issues[acct_ddir(u)]--;
        td->io_issue_bytes[acct_ddir(u)] -= u->xfer_buflen;
    }
    int counted = ddir_sync(u->ddir) ? DDIR_SYNC : u->ddir;
    if (td->ts.total_io_u[counted]) // the end of the ramp time may have cleared it
        td->ts.total_io_u[counted]--;
    if (td->io_u_in_flight)
        td->io_u_in_flight--;
    if (u->ddir == DDIR_WRITE && u->ipo)
        unlog_io_piece(td, u);
#if FIO_IOOPS_VERSION >= 39
    invalidate_inflight(td, u);
#endif
    clear_io_u(td, u);
}

} // namespace

// When the run is over, fio gets back the I/Os that have not arrived.
void loop::take_back(thread_data *td) {
    while (request *r = arrivals_->take_back()) {
        unqueue(td, static_cast<io_u *>(r->user_data));
        in_flight_--;
    }
}

int loop::reap_open(thread_data *td, std::span<request *> out, unsigned min, iowq::deadline until) {
    int got = wait_open(td, out, min, until);
    fio_gettime(&reaped_, nullptr);
    return got;
}

// Waits in pieces, to notice when the run is over.
int loop::wait_open(thread_data *td, std::span<request *> out, unsigned min, iowq::deadline until) {
    constexpr std::chrono::milliseconds piece{10};
    unsigned n = 0;
    for (;;) {
        if (min && !arrivals_->all_have_come() && is_over(td))
            take_back(td);
        min = std::min(min, n + in_flight_);
        iowq::deadline look = until;
        if (!arrivals_->all_have_come())
            look = std::min(until.value_or(iowq::clock::time_point::max()),
                            iowq::clock::now() + piece);
        int got = io_->reap(out.subspan(n), min - n, look);
        if (got < 0)
            return n ? static_cast<int>(n) : got;
        n += static_cast<unsigned>(got);
        in_flight_ -= static_cast<unsigned>(got);
        if (n >= min || (until && iowq::clock::now() >= *until))
            return static_cast<int>(n);
    }
}

} // namespace engine
