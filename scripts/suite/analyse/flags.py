# SPDX-License-Identifier: MIT
"""The one list of flags: what is said against a run, or against the repeats of a point."""

FLAGS = {
    "failed": "fio or a job of it ended with an error",
    "no_result": "no I/O was done, or no JSON was written",
    "hung": "killed, as it did not end in time (--limit)",
    "path:no_evidence": "the engine wrote no counters",
    "path:other_node": "by the engine's ran_on_nodes, work that belonged on the node of "
                       "placement= ran on another",
    "path:no_iowq-run": "fio had not the library that iowq-run puts into it, so that io_uring was "
                        "the kernel's",
    "path": "the mode did not take its own path: this counter of the engine's is 0, or no thread "
            "of this name was seen",
    "mostly_helped": "the submitter did over half of the I/Os itself, as it would only have "
                     "waited, or handing over was found not to pay; with +help=0 the mode always "
                     "hands over",
    "not_warm": "by mincore, not all of the files lay in the page cache when the run started",
    "not_cold": "by mincore, some of the files lay in the page cache when the run started",
    "unchecked_cache": "other machines did the I/O: the cache state was asked for, by pre_read= or "
                       "invalidate=, and nobody has checked it",
    "hosts_differ": "the slowest host did less than 0.8 of the fastest one's IOPS",
    "cache_missed": "a warm run read more than 1 % of its bytes from the device",
    "cache_hit": "a cold run read nothing from the device",
    "implausible_latency": "p99.9 is longer than the run; fio 3.33's io_uring with sqthread_poll "
                           "is known for it (mended in 3.34 to 3.36)",
    "no_bins": "fio wrote no latency bins, so that there are no percentiles",
    "cpu_includes_ramp": "the job has a ramp_time, whose CPU time is in the figure but whose I/Os "
                         "are not",
    "more_syncs": "fio synced over a tenth more often than fsync= or fdatasync= asks for, so that "
                  "writes do not compare with those of a mode in which it did not",
    "no_syncs": "fio's io_uring engine had each sync_file_range= refused and did not say so, so "
                "that writes do not compare",
    "not_steady": "fio has not seen the steady state that was asked for (--steady)",
    "uneven": "within most runs, the last third's IOPS are over a quarter off the first third's",
    "behind": "an open loop in which less than 99 % of what was offered was done: its queue grew",
    "unstable": "the fastest run did over twice the IOPS of the slowest one",
    "drift": "the IOPS rise or fall with the repeats (by Kendall's test, at 0.5 %)",
}


# Said of a run, not against it: they carry no mark.
REMARKS = {"mostly_helped"}


def doubts(flags):
    return [flag for flag in flags if flag not in REMARKS]


def meaning(flag):
    return FLAGS.get(flag) or FLAGS[flag.partition(":")[0]]
