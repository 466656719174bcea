/* SPDX-License-Identifier: GPL-2.0-only */
// The offload modes, one row each. Whatever depends on the mode is asked of its row. A further mode
// is a further row and, where no backend serves it yet, a backend with its maker.
#pragma once

#include "options.h"
#include "placement.h"

#include <memory>
#include <span>

namespace engine {

class backend;
struct wanted;

// What some modes can do and others cannot.
enum ability : unsigned {
    // target=null, which leaves out the system call: only where the mode is more than that call.
    null_target = 1u << 0,
    // hipri=, registerfiles=, fixedbufs= and cmdprio*, which only io_uring has.
    io_uring_options = 1u << 1,
    // fsync_order=drain: the backend itself makes syncs wait, and other requests wait for syncs.
    own_drain = 1u << 2,
};

struct offload_mode {
    const char *name; // as offload= takes it
    const char *help; // the line that --enghelp=…,offload shows for it
    // Makes its backend. 0, or -errno after having said why. May throw std::bad_alloc.
    int (*make)(const wanted &what, std::unique_ptr<backend> &out);
    unsigned abilities;
    placing place;
};

// As many values as fio lets an option have.
inline constexpr size_t most_modes = 32;

// In the order in which --enghelp lists them. options::offload is an index into it.
extern const std::span<const offload_mode> modes;

inline const offload_mode &mode_of(const options &o) { return modes[o.offload]; }

} // namespace engine
