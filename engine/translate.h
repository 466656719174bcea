/* SPDX-License-Identifier: GPL-2.0-only */
// From fio's io_u to a request, and from a request's result back to the io_u. Used by the job's
// thread only.
#pragma once

#include "job.h"

namespace engine {

#if FIO_IOOPS_VERSION < 36
constexpr int rwf_atomic = 0; // atomic= is a flag of open, which Linux ignores
#else
constexpr int rwf_atomic = 0x40;
#endif

void fill_sync(const thread_data *td, const io_u *u, iowq::request &r);

inline void fill(thread_data *td, job &j, io_u *u, job_request &r) {
    if (j.prio.mode != CMDPRIO_MODE_NONE && ddir_rw(u->ddir))
        (void)fio_cmdprio_set_ioprio(td, &j.prio, u);
    r.target = static_cast<job_file *>(FILE_ENG_DATA(u->file));
    r.ioprio = u->ioprio;
    r.buffer = u->xfer_buf;
    r.offset = u->offset;
    r.length = u->xfer_buflen;
    if (u->ddir == DDIR_READ)
        r.op = iowq::opcode::read;
    else if (u->ddir == DDIR_WRITE)
        r.op = iowq::opcode::write;
    else if (u->ddir == DDIR_TRIM)
        r.op = iowq::opcode::trim;
    else
        fill_sync(td, u, r);
    r.rw_flags = j.rw_flags | (u->ddir == DDIR_WRITE && td->o.oatomic ? rwf_atomic : 0);
}

// Sets the io_u's error, or how much was not done. The one place where -errno becomes fio's errno.
void give_result(const thread_data *td, job &j, io_u *u, const iowq::request &r);

} // namespace engine
