/* SPDX-License-Identifier: GPL-2.0-only */
// What the engine has for a job from fio's init to its cleanup, and what begins and ends it. Used
// by the job's thread only.
#pragma once

#include "fio_abi.h"

#include "loop.h"
#include "metadata.h"
#include "options.h"
#include "placement.h"
#include "sampler.h"

namespace engine {

struct job {
    unsigned depth = 0;
    std::unique_ptr<job_request[]> requests;   // by io_u->index
    std::unique_ptr<iowq::request *[]> events; // what getevents reaped, for event()
    std::unique_ptr<io_u *[]> unsent;          // queued since the last commit
    unsigned nr_unsent = 0;
    bool ended = false;         // end_job has been called
    int rw_flags = 0;           // of every read and write
    bool lacked_thread = false; // an I/O got no thread, and the job has said so
    metadata operations;        // in place of reads and writes
    cmdprio_options prio_options{};
    struct cmdprio prio {};
    std::unique_ptr<backend> io; // destroyed before the above, which its workers use
    engine::loop loop;           // over io
    placed at;
    std::string buffers;              // on which nodes they lay at the end, for pool_stats=
    std::unique_ptr<sampler> threads; // of io, while pool_stats= wants it
};

inline job &job_of(thread_data *td) { return *static_cast<job *>(td->io_ops_data); }

// 0, and td has its job; or another number after having said why. May throw std::bad_alloc.
[[nodiscard]] int begin_job(thread_data *td);

// Before fio frees the buffers: waits for what is in flight, and notes where the buffers lie.
void end_job(const thread_data *td, job &j);

// Writes what pool_stats= asks for, and the job's line into fio's normal output.
void report_job(const thread_data *td, job &j);

} // namespace engine
