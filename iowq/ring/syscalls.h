// SPDX-License-Identifier: MIT
// A request's system call, made in the calling thread. Knows no pool: whoever calls decides what a
// call that sleeps means.
#pragma once

#include "iowq/ring/request.h"

namespace iowq {

// How many bytes the plain call would move at most: Linux ends at 2 GiB less a page, and refuses
// what would be below 0.
[[nodiscard]] uint64_t most_bytes(const request &r);
// Does a short result leave the rest to be asked for? On a stream not: a read that is short is
// complete, as what is there is all there is. A write waits until all has gone,
// unless O_NONBLOCK says otherwise, which the next call then does.
[[nodiscard]] bool goes_on_when_short(const request &r);

// What an attempt that does not wait came to.
enum class tried : uint8_t {
    done,   // the result is set
    missed, // it would have waited for the rest of it; what was moved is in `done`
    refused // it has said nothing: not on this file system, which is remembered
};
// With RWF_NOWAIT. Only where nowait_worthwhile().
[[nodiscard]] tried try_nowait(request &r);
// What AIO made of it under RWF_NOWAIT: `got`, bytes or -errno. With the caller's own RWF_NOWAIT
// that is the result.
[[nodiscard]] tried tried_by_aio(request &r, int64_t got);

// Makes the plain call for what is left, and waits in it if it has to. Bytes or -errno.
[[nodiscard]] int64_t make_call(const request &r);
// Sets the result by what the last call came to, and by what was moved before.
void set_result(request &r, int64_t got);

} // namespace iowq
