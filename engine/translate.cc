/* SPDX-License-Identifier: GPL-2.0-only */
#include "translate.h"

#include "makers.h"
#include "modes.h"

namespace engine {

using iowq::opcode;
using iowq::request;

void fill_sync(const thread_data *td, const io_u *u, request &r) {
    const fio_file *f = u->file;
    if (u->ddir == DDIR_SYNC) {
        r.op = opcode::fsync;
    } else if (u->ddir == DDIR_DATASYNC) {
        r.op = opcode::fdatasync;
    } else if (f->first_write == f->last_write) {
        r.op = opcode::nop; // sync_file_range with nothing written since the last one
    } else {
        r.op = opcode::sync_file_range;
        r.offset = f->first_write;
        r.length = f->last_write - f->first_write;
        r.range_flags = static_cast<int>(td->o.sync_file_range);
    }
}

namespace {

// Has the I/O failed because no thread was to be had? fio cancels nothing that it waits for, and a
// call that may wait does not say EAGAIN.
bool lacked_thread(const request &r) {
    return r.result == -ECANCELED || (r.result == -EAGAIN && !(r.rw_flags & RWF_NOWAIT));
}

} // namespace

void give_result(const thread_data *td, job &j, io_u *u, const request &r) {
    if (lacked_thread(r) && !std::exchange(j.lacked_thread, true))
        say_no_thread(mode_of(*static_cast<options *>(td->eo)).name);
    if (r.result < 0)
        u->error = static_cast<unsigned>(-r.result);
    else if (r.is_rw() && static_cast<uint64_t>(r.result) < u->xfer_buflen)
        u->resid = u->xfer_buflen - static_cast<uint64_t>(r.result);
}

} // namespace engine
