/* SPDX-License-Identifier: GPL-2.0-only */
// The loop that a job's I/Os run in. In a closed loop the next I/O goes when one is done; in an
// open loop (arrival_rate=) each I/O goes at an arrival of its own. arrivals.h holds I/Os until
// they arrive. Here is fio's side of both loops: the times that an I/O is stamped with, the wait
// for its completion, and what becomes of I/Os that have not arrived when the job ends. Each job
// has one, used by the job's thread only.
#pragma once

#include "fio_abi.h"

#include "arrivals.h"
#include "options.h"

namespace engine {

class loop {
  public:
    // Over `io`, which has to outlive it. With arrival_rate=, `io` is wrapped into arrivals first.
    // 0, or -errno after having said why. May throw std::bad_alloc.
    [[nodiscard]] int start(const thread_data *td, const options &o, std::unique_ptr<backend> &io);

    // An I/O is about to be submitted.
    void submits(thread_data *td, io_u *u, job_request &r) const {
        if (arrivals_)
            r.pace = pace_of(td, u);
        else if (fio_fill_issue_time(td))
            stamp(td, u);
    }
    // An I/O has been queued.
    void enters() { in_flight_++; }
    // An I/O has been taken back, and reap() will not return it.
    void leaves() { in_flight_--; }
    // These I/Os have been sent, so a closed loop stamps them. An open loop stamps them later, with
    // the times at which arrivals sent them.
    void sent(thread_data *td, std::span<io_u *const> batch) const {
        if (!arrivals_ && fio_fill_issue_time(td))
            for (io_u *u : batch)
                io_u_queued(td, u);
    }
    // As backend::reap.
    [[nodiscard]] int reap(thread_data *td, std::span<iowq::request *> out, unsigned min,
                           iowq::deadline until) {
        return arrivals_ ? reap_open(td, out, min, until) : reap_closed(out, min, until);
    }
    // An I/O that reap() returned goes to fio.
    void completes(thread_data *td, io_u *u, const job_request &r) const {
        if (arrivals_)
            stamp_arrival(td, u, r);
    }
    // The job has ended: waits until nothing is in flight. False: the backend failed, and I/Os
    // still are. `scratch` has room for as many as can be in flight.
    [[nodiscard]] bool finish(std::span<iowq::request *> scratch);

  private:
    static void stamp(thread_data *td, io_u *u);
    [[nodiscard]] static pacing pace_of(const thread_data *td, const io_u *u);
    void stamp_arrival(thread_data *td, io_u *u, const job_request &r) const;
    [[nodiscard]] int reap_closed(std::span<iowq::request *> out, unsigned min,
                                  iowq::deadline until);
    [[nodiscard]] int reap_open(thread_data *td, std::span<iowq::request *> out, unsigned min,
                                iowq::deadline until);
    [[nodiscard]] int wait_open(thread_data *td, std::span<iowq::request *> out, unsigned min,
                                iowq::deadline until);
    void take_back(thread_data *td);

    backend *io_ = nullptr;
    arrivals *arrivals_ = nullptr; // io_, in an open loop
    unsigned in_flight_ = 0;       // queued and not reaped, whether they have arrived or not
    timespec reaped_{};            // by fio's clock, when an open loop's reap() last returned
};

// The time of issue is taken before the attempt, so that an I/O that completes in queue() has a
// completion latency. fio has looked at the clock just before; another look would cost 3 % of a
// cached read.
inline void loop::stamp(thread_data *td, io_u *u) {
    if (td->o.disable_lat || td->o.read_iolog_file)
        fio_gettime(&u->issue_time, nullptr);
    else
        u->issue_time = u->start_time;
    if (td->o.read_iolog_file) // the replay's next wait starts here
        td->last_issue = u->issue_time;
}

inline int loop::reap_closed(std::span<iowq::request *> out, unsigned min, iowq::deadline until) {
    unsigned n = 0;
    do { // a signal's handler may have ended the wait, and at a job's end fio asks only once
        int got = io_->reap(out.subspan(n), min - std::min(min, n), until);
        if (got < 0)
            return n ? static_cast<int>(n) : got;
        n += static_cast<unsigned>(got);
        in_flight_ -= static_cast<unsigned>(got);
    } while (n < min && in_flight_ && !until);
    return static_cast<int>(n);
}

} // namespace engine
