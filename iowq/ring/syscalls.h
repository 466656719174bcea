// SPDX-License-Identifier: MIT
// A request's system call, made in the calling thread. Knows no pool: what a call that sleeps means
// is the caller's to say.
#pragma once

#include "iowq/ring/request.h"

namespace iowq {

// How many bytes the plain call would move at most: Linux moves 2 GiB less a page, and refuses a
// length that is negative as ssize_t.
[[nodiscard]] uint64_t most_bytes(const request &r);
// Of a read or a write: all that it is to move; else 0.
[[nodiscard]] uint64_t whole(const request &r);
// Is the rest to be asked for after a short result? Not after a read of a stream: what is there is
// all there is. A write of a stream goes on until all is written, as the plain call would; with
// O_NONBLOCK the next call ends that.
[[nodiscard]] bool goes_on_when_short(const request &r);

// What an attempt that does not wait came to.
enum class tried : uint8_t {
    done,   // the result is set
    missed, // it would have waited for the rest of it; what was moved is in `done`
    refused // the file does not support RWF_NOWAIT, which is remembered (file::nowait)
};
// With RWF_NOWAIT. Only where nowait_worthwhile().
[[nodiscard]] tried try_nowait(request &r);
// Judges `got`, bytes or -errno, by which AIO has ended an attempt with RWF_NOWAIT. If the caller
// asked for RWF_NOWAIT, `got` is the result.
[[nodiscard]] tried tried_by_aio(request &r, int64_t got);

// Makes the plain call for what is left, and waits in it if it has to. Bytes or -errno.
[[nodiscard]] int64_t make_call(const request &r);
// Sets the result from `got`, of the last call, and the bytes that were moved before it.
void set_result(request &r, int64_t got);

} // namespace iowq
