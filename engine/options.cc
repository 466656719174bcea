/* SPDX-License-Identifier: GPL-2.0-only */
#include "fio_abi.h"

#include "options.h"

#include "metadata.h"
#include "modes.h"

#include "iowq/ring/ring.h"

namespace engine {

namespace {

using iowq::sleep_hook_kind;

static_assert(placement_device - placement_local == static_cast<int>(iowq::placement::device) &&
              placement_none - placement_local == static_cast<int>(iowq::placement::none));

template <class Enum>
constexpr unsigned long long value_of(Enum value) {
    return static_cast<unsigned long long>(value);
}

int set_sqthread_cpu(void *data, long long *value) {
    auto *o = static_cast<options *>(data);
    o->sqthread_cpu = static_cast<unsigned>(*value);
    o->sqthread_cpu_given = 1;
    return 0;
}

int set_sqthread_idle(void *data, long long *value) {
    auto *o = static_cast<options *>(data);
    o->sqthread_idle_ms = static_cast<unsigned>(*value);
    o->sqthread_idle_given = 1;
    return 0;
}

// fio has set `placement` by the name before the colon.
int set_placement(void *data, const char *value) {
    auto *o = static_cast<options *>(data);
    bool takes_number = o->placement == placement_node;
    const char *colon = strchr(value, ':');
    if (!colon && !takes_number)
        return 0;
    const char *end = value + strlen(value);
    if (takes_number && colon) {
        auto [rest, error] = std::from_chars(colon + 1, end, o->placement_node);
        if (error == std::errc() && rest == end)
            return 0;
    }
    log_err("iowq: placement=%s: allowed: local, device, interleave, node:N, none\n", value);
    return 1;
}

// An option whose values are the modes, by the numbers of their rows.
fio_option one_of_the_modes(fio_option option) {
    static_assert(most_modes <= PARSE_MAX_VP);
    for (size_t i = 0; i < modes.size(); i++)
        option.posval[i] = {modes[i].name, i, modes[i].help, 0, nullptr};
    return option;
}

} // namespace

// Members stand in the order of fio's declaration. A maxval keeps fio from cutting a number to 32
// bits.
fio_option option_table[] = {
    one_of_the_modes({
        .name = "offload",
        .lname = "Offload mode",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, offload),
        .help = "Who makes the system calls",
        .def = "punt",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    }),
    {
        .name = "max_bounded",
        .lname = "Running workers",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, max_bounded),
        .maxval = 65536,
        .minval = 1,
        .help = "Most workers running at a time, for regular files and block devices. A worker "
                "that blocks gets a substitute, up to iodepth. For uring*: the kernel's limit of "
                "bounded workers, blocked ones included. Default: min(iodepth, 2 x CPUs). For "
                "acall: the most threads (default: iodepth); for acall_pool: those of the process "
                "on each NUMA node (default: 256)",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "max_unbounded",
        .lname = "Unbounded workers",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, max_unbounded),
        .maxval = 1048576,
        .minval = 1,
        .help = "Most workers for pipes and the like. Default: RLIMIT_NPROC",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "idle_ms",
        .lname = "Idle time of workers",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, idle_ms),
        .maxval = 86400000,
        .help = "Milliseconds after which an idle worker leaves; one stays",
        .def = "5000",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "spin_us",
        .lname = "Spinning before sleep",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, spin_us),
        .maxval = 1000000,
        .help = "Microseconds for which a worker, or the job waiting for completions, looks for "
                "more before it sleeps. Stops by itself where it does not pay; 0: never",
        .def = "10",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "sqthread_cpu",
        .lname = "CPU of the submission thread",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, sqthread_cpu),
        .maxval = 1023,
        .cb = reinterpret_cast<void *>(set_sqthread_cpu),
        .help = "Pin the submission thread (sqthread, uring_sqpoll) to this CPU. Default: any of "
                "the job's",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "sqthread_idle_ms",
        .lname = "Idle time of the submission thread",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, sqthread_idle_ms),
        .maxval = 86400000,
        .cb = reinterpret_cast<void *>(set_sqthread_idle),
        .help = "Milliseconds for which an idle submission thread spins before it sleeps. Default: "
                "as long as that pays; the kernel's 1000",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "worker_cpus",
        .lname = "CPUs of the workers",
        .type = FIO_OPT_STR_STORE,
        .off1 = offsetof(options, worker_cpus),
        .help = "Run the workers on these CPUs (for example 0-3,8), all of them among the job's. "
                "Default: all of the job's, and the submitter helps with cached reads "
                "while it waits. Not for acall*",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "sleep_hook",
        .lname = "Who says that a worker sleeps",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, sleep_hook),
        .help = "How the pool knows that a worker sleeps and needs a substitute. Not for acall*",
        .def = "annotate",
        .posval =
            {
                {"annotate", value_of(sleep_hook_kind::annotate),
                 "the engine itself, which knows what it calls", 0, nullptr},
                {"perf", value_of(sleep_hook_kind::perf), "perf's context-switch records", 0,
                 nullptr},
                {"bpf", value_of(sleep_hook_kind::bpf), "a BPF program on sched_switch", 0,
                 nullptr},
                {"none", value_of(sleep_hook_kind::none), "nobody: none gets a substitute", 0,
                 nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "direct_by",
        .lname = "O_DIRECT by",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, direct_by),
        .help = "What punt, sqwq and hashed do with O_DIRECT reads and writes. Default: aio where "
                "it is to be had, else pool",
        .posval =
            {
                {"aio", value_of(iowq::direct_by::aio),
                 "Linux AIO, sent by a worker; with punt by the job, but for what would block", 0,
                 nullptr},
                {"pool", value_of(iowq::direct_by::pool), "workers that wait for them", 0, nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "help",
        .lname = "May the job do the work itself",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, help),
        .help = "Whether the job issues itself what does not block, where sqthread, handoff, sqwq "
                "and hashed hand it over: while it would only wait, and while handing over is "
                "found not to pay. 0 measures handing over alone",
        .def = "auto",
        .posval =
            {
                {"auto", value_of(help_auto), "where it pays", 0, nullptr},
                {"0", value_of(help_never), "never", 0, nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "merge_syncs",
        .lname = "May one call do several syncs",
        .type = FIO_OPT_BOOL,
        .off1 = offsetof(options, merge_syncs),
        .maxval = 1,
        .help = "Whether one call does all fsyncs and fdatasyncs of a file that are queued when it "
                "begins, in sqwq, punt and hashed. Each file that a job has opened is its own",
        .def = "1",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "wq_scope",
        .lname = "Who shares the pool",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, wq_scope),
        .help = "Whose pool sqwq, punt and hashed use",
        .def = "job",
        .posval =
            {
                {"job", scope_job, "one for each job", 0, nullptr},
                {"process", scope_process,
                 "one for all jobs of the process, which takes thread; as processes each has its "
                 "own",
                 0, nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "placement",
        .lname = "NUMA node of the work",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, placement),
        .cb = reinterpret_cast<void *>(set_placement),
        .help = "On which NUMA node sqwq, punt and hashed have their work done. Default: local",
        .posval =
            {
                {"local", placement_local, "the job's own, wherever that is at the moment", 0,
                 nullptr},
                {"device", placement_device, "that of the file's device; local if it has none", 0,
                 nullptr},
                {"interleave", placement_interleave, "each in turn", 0, nullptr},
                {"node", placement_node, "node:N, always that one", 0, nullptr},
                {"none", placement_none, "the machine is as one node", 0, nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "target",
        .lname = "What is read and written",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, target),
        .help = "What reads and writes are made on. null shows what the mode itself costs",
        .def = "file",
        .posval =
            {
                {"file", target_file, "the job's files", 0, nullptr},
                {"null", target_null,
                 "nothing: each goes its way as if it were cached, but the system call is left out",
                 0, nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "metadata",
        .lname = "Operations in place of reads and writes",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, metadata),
        .help = "Each read or write is this operation instead, on the file that it would have been "
                "on. Not with verify or trims. Default: none",
        .def = "none",
        .posval =
            {
                {"none", metadata_none, "reads and writes", 0, nullptr},
                {"stat", metadata_stat, "statx", 0, nullptr},
                {"open", metadata_open, "openat, and close by the job", 0, nullptr},
                {"create", metadata_create,
                 "openat of a new file beside it; the job closes and removes that", 0, nullptr},
                {"unlink", metadata_unlink, "unlinkat of a file that the job has made before", 0,
                 nullptr},
                {"rename", metadata_rename, "renameat2 of such a file, over the job's", 0, nullptr},
                {"fsync", metadata_fsync, "fsync, after the job has written a byte", 0, nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "pool_stats",
        .lname = "Path evidence",
        .type = FIO_OPT_STR_STORE,
        .off1 = offsetof(options, pool_stats),
        .help = "Write which way the I/Os took, and how many threads there were when, to "
                "PATH.<job>.<number>.json when the job ends",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "nowait",
        .lname = "RWF_NOWAIT",
        .type = FIO_OPT_BOOL,
        .off1 = offsetof(options, nowait),
        .maxval = 1,
        .help = "Every read and write with RWF_NOWAIT; its EAGAIN goes to the job "
                "(ignore_error=EAGAIN)",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "uncached",
        .lname = "Uncached",
        .type = FIO_OPT_BOOL,
        .off1 = offsetof(options, uncached),
        .maxval = 1,
        .help = "Buffered reads and writes with RWF_DONTCACHE (Linux 6.14), which leaves no cache "
                "behind",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "fsync_order",
        .lname = "Order of syncs",
        .type = FIO_OPT_STR,
        .off1 = offsetof(options, fsync_order),
        .help = "What a sync waits for",
        .def = "none",
        .posval =
            {
                {"none", fsync_unordered, "nothing", 0, nullptr},
                {"drain", fsync_drains,
                 "all that came before it; and all that comes after waits for it", 0, nullptr},
            },
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "arrival_rate",
        .lname = "Arrivals a second",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, arrival_rate),
        .maxval = 10000000,
        .help = "An open loop: so many reads, writes and trims a second arrive by a schedule of "
                "their own (a Poisson process, the same for the same randseed), and total latency "
                "counts from the arrival, however late the I/O could be issued. iodepth is the "
                "most under way. Polls for the last 50 us before an arrival, which is CPU time of "
                "the job's. Not to be compared with a closed loop's figures. 0: a closed loop",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "hipri",
        .lname = "Polled completions",
        .type = FIO_OPT_STR_SET,
        .off1 = offsetof(options, hipri),
        .help = "uring*: poll the device for completions (IORING_SETUP_IOPOLL); needs direct=1 and "
                "a device with poll queues",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "registerfiles",
        .lname = "Registered files",
        .type = FIO_OPT_STR_SET,
        .off1 = offsetof(options, registerfiles),
        .help = "uring*: register the files",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "fixedbufs",
        .lname = "Registered buffers",
        .type = FIO_OPT_STR_SET,
        .off1 = offsetof(options, fixedbufs),
        .help = "uring*: register the buffers",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "nonvectored",
        .lname = "Non-vectored",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, nonvectored),
        .maxval = 1,
        .help = "uring*: 0: with READV and WRITEV instead of READ and WRITE",
        .def = "1",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "cmdprio_percentage",
        .lname = "Percentage with a priority",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, cmdprio_percentage[0]),
        .off2 = offsetof(options, cmdprio_percentage[1]),
        .maxval = 100,
        .minval = 0,
        .help = "uring*: this part of the reads (and, after a comma, writes) gets cmdprio",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "cmdprio_class",
        .lname = "Class of that priority",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, cmdprio_class[0]),
        .off2 = offsetof(options, cmdprio_class[1]),
        .maxval = IOPRIO_MAX_PRIO_CLASS,
        .minval = IOPRIO_MIN_PRIO_CLASS + 1,
        .help = "uring*: 1 realtime (the default), 2 best effort, 3 idle",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "cmdprio",
        .lname = "Level of that priority",
        .type = FIO_OPT_INT,
        .off1 = offsetof(options, cmdprio[0]),
        .off2 = offsetof(options, cmdprio[1]),
        .maxval = IOPRIO_MAX_PRIO,
        .minval = IOPRIO_MIN_PRIO,
        .help = "uring*: 0, the highest (the default), to 7",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "cmdprio_bssplit",
        .lname = "Priorities by block size",
        .type = FIO_OPT_STR_STORE,
        .off1 = offsetof(options, cmdprio_bssplit),
        .help = "uring*: as in fio's io_uring",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {},
};

} // namespace engine
