/* SPDX-License-Identifier: GPL-2.0-only */
#include "fio_abi.h"

#include "create.h"

#include "drain.h"
#include "makers.h"
#include "metadata.h"
#include "modes.h"

namespace engine {

namespace {

// fio reads a number below 0 as a large one, and lets it pass where the smallest allowed is 0.
bool within_limits(const options &o) {
    for (const fio_option *entry = option_table; entry->name; entry++) {
        if (entry->type != FIO_OPT_INT)
            continue;
        for (unsigned at : {entry->off1, entry->off2}) { // off2 is 0 where there is one value
            unsigned value;
            memcpy(&value, reinterpret_cast<const char *>(&o) + at, sizeof value);
            if (at && value > entry->maxval) {
                log_err("iowq: %s: must be between %d and %llu\n", entry->name, entry->minval,
                        entry->maxval);
                return false;
            }
        }
    }
    return true;
}

// Does the job ask for what `uring` issues by a plain system call (beyond_io_uring)? The kernel
// cannot keep that in order.
bool issues_beside_io_uring(const thread_data *td) {
    return td_trim(td) || td->o.trim_percentage || td->o.sync_file_range;
}

// The first option given that only io_uring can honour, or null.
const char *of_io_uring_only(const options &o) {
    if (o.hipri)
        return "hipri";
    if (o.registerfiles)
        return "registerfiles";
    if (o.fixedbufs)
        return "fixedbufs";
    if (o.cmdprio_bssplit)
        return "cmdprio_bssplit";
    for (int i = 0; i < 2; i++) {
        if (o.cmdprio_percentage[i])
            return "cmdprio_percentage";
        if (o.cmdprio_class[i])
            return "cmdprio_class";
        if (o.cmdprio[i])
            return "cmdprio";
    }
    return nullptr;
}

// The modes that have the ability, as "a, b and c".
std::string names_with(ability wanted) {
    std::vector<const char *> names;
    for (const offload_mode &mode : modes)
        if (mode.abilities & wanted)
            names.push_back(mode.name);
    std::string listed;
    for (size_t i = 0; i < names.size(); i++)
        listed += std::string(i == 0 ? "" : i + 1 < names.size() ? ", " : " and ") + names[i];
    return listed;
}

bool syncs(const thread_options &o) {
    return o.fsync_blocks || o.fdatasync_blocks || o.barrier_blocks || o.sync_file_range ||
           o.end_fsync || o.fsync_on_close;
}

// False, after having said why, where an option asks for what the mode cannot do.
bool mode_can(const thread_data *td, const options &o, const offload_mode &mode) {
    const char *asked = of_io_uring_only(o);
    if (asked && !(mode.abilities & io_uring_options)) {
        log_err("iowq: offload=%s: system calls cannot do %s; allowed with offload=%s\n", mode.name,
                asked, names_with(io_uring_options).c_str());
        return false;
    }
    if (o.target == target_null && !(mode.abilities & null_target)) {
        log_err(
            "iowq: offload=%s: is about making system calls, so target=null would leave nothing\n",
            mode.name);
        return false;
    }
    if (o.metadata != metadata_none && (td->o.verify || td_trim(td) || syncs(td->o))) {
        log_err("iowq: metadata: reads and writes nothing, so it goes neither with verify nor with "
                "trims or syncs\n");
        return false;
    }
    if (o.hipri && !td->o.odirect) {
        log_err("iowq: hipri: only I/O past the cache can be polled for: it needs direct=1\n");
        return false;
    }
    return true;
}

// The first of fio's options given that makes a job wait for something other than arrivals, or
// null.
const char *other_pace(const thread_data *td) {
    for (int d = 0; d < DDIR_RWDIR_CNT; d++) {
        if (td->o.rate_iops[d])
            return "rate_iops";
        if (td->o.rate[d])
            return "rate";
    }
    return td->o.thinktime                    ? "thinktime"
           : td->o.latency_target             ? "latency_target"
           : td->o.flow                       ? "flow"
           : td->o.read_iolog_file            ? "read_iolog"
           : td->o.zone_mode == ZONE_MODE_ZBD ? "zonemode=zbd"
                                              : nullptr;
}

bool may_arrive(const thread_data *td, const options &o) {
    const char *other = o.arrival_rate ? other_pace(td) : nullptr;
    if (other)
        log_err("iowq: arrival_rate=%u: says when the job's I/Os come, and so does %s: one of them "
                "only\n",
                o.arrival_rate, other);
    return !other;
}

} // namespace

int create_backend(const thread_data *td, const options &o, std::unique_ptr<backend> &out,
                   placed &at) {
    const offload_mode &mode = mode_of(o);
    if (!within_limits(o) || !mode_can(td, o, mode) || !may_arrive(td, o))
        return -EINVAL;
    if (int error = place(td, o, mode.name, mode.place, at))
        return error;
    bool drains = o.fsync_order == fsync_drains;
    bool itself = drains && (mode.abilities & own_drain) && !issues_beside_io_uring(td);
    if (int error = mode.make({td, o, mode.name, at, itself}, out))
        return error;
    if (!drains || itself)
        return 0;
    int error = drain::create(td->o.iodepth, out);
    if (error)
        log_err("iowq: fsync_order=drain: %s\n", strerror(-error));
    return error;
}

} // namespace engine
