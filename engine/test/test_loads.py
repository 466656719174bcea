# SPDX-License-Identifier: GPL-2.0-only
"""A table: a set of fio's options runs without an error, does its amount of I/O, and verifies."""

import os

import pytest

from conftest import KERNELS, MODES, OURS, fio_version

# Name: options, then what fio must have done, in KiB (rw: reads and writes together; ios: in I/Os;
# None: something). Each load is at depth 8 on 1 MiB in blocks of 4 KiB, unless it says otherwise.
# In the options None stands for one without a value. A list of options stands for runs one after
# another, of which the last is looked at. What fio 3.33 cannot do at a depth, with any engine, is
# not here (engine/README.md has it).
MIB = 1024
SAME = {"filename": "data"}
LOADS = {
    # ---- I/O type
    "random_read": ({"rw": "randread"}, {"read": MIB}),
    "random_write": ({"rw": "randwrite", "verify": "crc32c"}, {"write": MIB, "read": MIB}),
    "sequential_read": ({"rw": "read"}, {"read": MIB}),
    "sequential_write": ({"rw": "write", "verify": "crc32c"}, {"write": MIB, "read": MIB}),
    "mixed": ({"rw": "rw", "rwmixwrite": 30}, {"rw": MIB}),
    "random_mixed": ({"rw": "randrw", "rwmixread": 70}, {"rw": MIB}),
    "random_with_runs": ({"rw": "randread:4", "rw_sequencer": "sequential"}, {"read": MIB}),
    "sequencer_identical": ({"rw": "randwrite:2", "rw_sequencer": "identical", "norandommap": None},
                            {"write": MIB}),
    "with_holes": ({"rw": "write:4k", "io_size": "512k", "verify": "crc32c"}, {"write": 512}),
    "reported_together": ({"rw": "randrw", "unified_rw_reporting": "both"},
                          {"rw": MIB, "mixed": MIB}),
    "another_order_each_time": ({"rw": "randwrite", "randrepeat": 0, "verify": "md5"},
                                {"write": MIB, "read": MIB}),
    "all_random_repeat": ({"rw": "randwrite", "allrandrepeat": 1, "randseed": 7, "verify": "md5"},
                          {"write": MIB, "read": MIB}),
    "fallocate_none": ({"rw": "randwrite", "fallocate": "none", "verify": "crc32c"},
                       {"write": MIB, "read": MIB}),
    "fallocate_truncate": ({"rw": "write", "fallocate": "truncate"}, {"write": MIB}),
    "hints": ({"rw": "randread", "fadvise_hint": "random", "write_hint": "short"}, {"read": MIB}),
    "offset": ({"rw": "randrw", "offset": "256k", "filesize": "2m", "offset_align": "8k",
                "verify": "crc32c"},
               {"write": MIB}),
    "offset_increment": ({"rw": "write", "numjobs": 3, "offset_increment": "1m", "filesize": "4m",
                          "group_reporting": None, "verify": "crc32c"},
                         {"write": 3 * MIB, "read": 3 * MIB}),
    "number_ios": ({"rw": "randread", "number_ios": 64}, {"read": 256}),
    "end_fsync": ({"rw": "write", "end_fsync": 1, "fsync_on_close": 1, "verify": "crc32c"},
                  {"write": MIB, "read": MIB}),
    "write_barrier": ({"rw": "write", "write_barrier": 8}, {"write": MIB}),
    "overwrite": ({"rw": "randwrite", "overwrite": 1, "verify": "crc32c"},
                  {"write": MIB, "read": MIB}),
    "zipf": ({"rw": "randread", "random_distribution": "zipf:1.2"}, {"read": MIB}),
    "pareto": ({"rw": "randwrite", "random_distribution": "pareto:0.9"}, {"write": MIB}),
    "normal": ({"rw": "randread", "random_distribution": "normal:30"}, {"read": MIB}),
    "zoned_distribution": ({"rw": "randrw", "random_distribution": "zoned:60/10:30/20:10/70"},
                           {"rw": MIB}),
    "partly_random": ({"rw": "randwrite", "percentage_random": 50}, {"write": MIB}),
    "no_random_map": ({"rw": "randwrite", "norandommap": None}, {"write": MIB}),
    "soft_random_map": ({"rw": "randread", "softrandommap": 1, "random_generator": "lfsr"},
                        {"read": MIB}),
    "tausworthe64": ({"rw": "randwrite", "random_generator": "tausworthe64", "verify": "crc32c"},
                     {"write": MIB, "read": MIB}),
    "direct": ({"rw": "randrw", "direct": 1, "verify": "crc32c"}, {"write": MIB}),
    "buffered_beside_direct": ({"rw": "randread", "direct": 1, "size": "512k",
                                "jobs": ["--name=buffered", "--rw=randwrite", "--buffered=1",
                                         "--offset=512k", "--size=512k", "--filesize=1m",
                                         "--verify=crc32c"]},
                               {"read": MIB, "write": 512}),
    "atomic": ({"rw": "randrw", "atomic": 1, "verify": "crc32c"}, {"write": MIB}),  # fio: O_DIRECT
    "trim_of_a_file": ({"rw": "trim"}, {"trim": MIB}),
    # ---- target file
    "several_files": ({"rw": "randrw", "nrfiles": 4, "filename": False, "verify": "crc32c"},
                      {"write": MIB}),
    "fewer_open_than_files": ({"rw": "randwrite", "nrfiles": 8, "openfiles": 2, "filename": False,
                               "file_service_type": "random", "verify": "crc32c"},
                              {"write": MIB, "read": MIB}),
    "files_one_after_another": ({"rw": "write", "nrfiles": 4, "filename": False, "openfiles": 1,
                                 "file_service_type": "sequential", "verify": "crc32c"},
                                {"write": MIB, "read": MIB}),
    "files_in_turn": ({"rw": "randread", "nrfiles": 4, "filename": False,
                       "file_service_type": "roundrobin:8"},
                      {"read": MIB}),
    "files_by_zipf": ({"rw": "randread", "nrfiles": 4, "filename": False,
                       "file_service_type": "zipf:1.2", "norandommap": None}, {"read": MIB}),
    "made_when_opened": ({"rw": "write", "create_on_open": 1, "nrfiles": 4, "openfiles": 1,
                          "filename": False, "verify": "crc32c"}, {"write": MIB}),
    "names": ({"rw": "write", "filename": False, "directory": ".",
               "filename_format": "f.$jobnum.$filenum", "nrfiles": 2, "unique_filename": 0,
               "unlink": 1}, {"write": MIB}),
    "locked_files": ({"rw": "randrw", "lockfile": "readwrite", "verify": "crc32c", "iodepth": 1},
                     {"write": MIB}),
    "created_plainly": ({"rw": "write", "create_serialize": 0, "create_fsync": 0,
                         "allow_file_create": 1, "unlink": 1}, {"write": MIB}),
    "created_only": ([{"rw": "read", "create_only": 1}, {"rw": "read", "allow_file_create": 0}],
                     {"read": MIB}),
    "pre_read": ({"rw": "randread", "pre_read": 1, "invalidate": 0}, {"read": MIB}),
    "unlinked_each_loop": ({"rw": "write", "loops": 3, "unlink_each_loop": 1, "unlink": 1},
                           {"write": 3 * MIB}),
    "strided": ({"rw": "write", "zonemode": "strided", "zonesize": "64k", "zonerange": "128k",
                 "zoneskip": "128k", "io_size": "256k"}, {"write": 256}),
    "strided_random": ({"rw": "randread", "zonemode": "strided", "zonesize": "64k",
                        "zoneskip": "64k", "io_size": "256k"}, {"read": 256}),
    "strided_verified": ({"rw": "randwrite", "zonemode": "strided", "zonesize": "128k",
                          "zonerange": "128k", "zoneskip": "0", "verify": "crc32c"},
                         {"write": MIB}),
    "opened_by_two_jobs": ({"rw": "randread", "thread": None, "numjobs": 2,
                            "group_reporting": None},
                           {"read": 2 * MIB}),
    # ---- block size
    "blocks": ({"rw": "randrw", "bs": "8k,16k"}, {"rw": None}),
    "block_range": ({"rw": "randrw", "bs": False, "bsrange": "4k-64k", "verify": "crc32c"},
                    {"write": None}),
    "block_split": ({"rw": "randwrite", "bs": False, "bssplit": "4k/50:12k/30:64k/20",
                     "verify": "crc32c"},
                    {"write": MIB, "read": MIB}),
    "blocks_unaligned": ({"rw": "randwrite", "bs": False, "bsrange": "1k-9k", "bs_unaligned": None},
                         {"write": None}),
    "blocks_by_order": ({"rw": "randrw", "bs": "4k,16k", "bs_is_seq_rand": 1,
                         "percentage_random": 50}, {"rw": None}),
    "block_align": ({"rw": "randread", "blockalign": "16k"}, {"read": None}),
    "blocks_of_512": ({"rw": "randrw", "bs": 512, "direct": 1, "size": "128k", "verify": "crc32c"},
                      {"write": 128}),
    "one_block": ({"rw": "write", "bs": "1m", "verify": "crc32c"}, {"write": MIB, "read": MIB}),
    # ---- buffers and memory
    "zero_buffers": ({"rw": "write", "zero_buffers": None}, {"write": MIB}),
    "refilled": ({"rw": "write", "refill_buffers": None, "scramble_buffers": 0}, {"write": MIB}),
    "compressible": ({"rw": "write", "buffer_compress_percentage": 50,
                      "buffer_compress_chunk": 512}, {"write": MIB}),
    "pattern": ({"rw": "write", "buffer_pattern": "0xdeadbeef"}, {"write": MIB}),
    "dedupe": ({"rw": "write", "dedupe_percentage": 50, "dedupe_mode": "working_set",
                "dedupe_working_set_percentage": 20}, {"write": MIB}),
    "dedupe_global": ({"rw": "write", "dedupe_percentage": 30, "dedupe_mode": "working_set",
                       "dedupe_global": 1},
                      {"write": MIB}),
    "synchronous": ({"rw": "write", "sync": "sync", "size": "128k"}, {"write": 128}),
    "data_synchronous": ({"rw": "write", "sync": "dsync", "size": "128k"}, {"write": 128}),
    "memory_shm": ({"rw": "randrw", "mem": "shm", "verify": "crc32c"}, {"write": MIB}),
    "memory_mmap": ({"rw": "randrw", "mem": "mmap", "verify": "crc32c", "lockmem": "1m"},
                    {"write": MIB}),
    "memory_mmap_file": ({"rw": "randrw", "mem": "mmap:{}/memory", "verify": "crc32c"},
                         {"write": MIB}),
    "memory_shared": ({"rw": "randrw", "iomem": "mmapshared", "iomem_align": 8192, "direct": 1,
                       "verify": "crc32c"},
                      {"write": MIB}),
    # ---- I/O size
    "half_of_it": ({"rw": "read", "size": "50%", "filesize": "2m"}, {"read": MIB}),
    "less_than_the_file": ({"rw": "randwrite", "io_size": "512k"}, {"write": 512}),
    "more_than_the_file": ({"rw": "randread", "io_size": "3m"}, {"read": 3 * MIB}),
    "file_sizes": ({"rw": "write", "size": False, "filesize": "128k-256k", "nrfiles": 4,
                    "filename": False, "verify": "crc32c"}, {"write": None}),
    "appended": ([{"rw": "write"}, {"rw": "write", "file_append": 1}], {"write": MIB}),
    # ---- I/O depth
    "depth_1": ({"rw": "randrw", "iodepth": 1, "verify": "crc32c"}, {"write": MIB}),
    "depth_512": ({"rw": "randrw", "iodepth": 512, "verify": "crc32c"}, {"write": MIB}),
    "batches": ({"rw": "randrw", "iodepth": 32, "iodepth_batch_submit": 8,
                 "iodepth_batch_complete_min": 4, "iodepth_batch_complete_max": 16,
                 "iodepth_low": 8, "verify": "crc32c"}, {"write": MIB}),
    "batches_of_the_whole_depth": ({"rw": "randread", "iodepth": 16, "iodepth_batch": 0,
                                    "iodepth_batch_complete": 16}, {"read": MIB}),
    "overlaps_serialised": ({"rw": "randwrite", "norandommap": None, "serialize_overlap": 1,
                             "verify": "crc32c", "bs": False, "bsrange": "4k-32k"},
                            {"write": None}),
    # ---- I/O rate and latency
    "think": ({"rw": "randread", "thinktime": 100, "thinktime_blocks": 64,
               "thinktime_blocks_type": "issue"}, {"read": MIB}),
    "think_by_time": ({"rw": "randread", "thinktime": "1ms", "thinktime_iotime": "1ms"},
                      {"read": MIB}),
    "rate": ({"rw": "randrw", "rate": "20m,20m", "rate_ignore_thinktime": 1, "rate_cycle": 100},
             {"rw": MIB}),
    "rate_iops": ({"rw": "randread", "rate_iops": 5000}, {"read": MIB}),
    "rate_poisson": ({"rw": "randread", "rate_iops": 5000, "rate_process": "poisson"},
                     {"read": MIB}),
    "latency_target": ({"rw": "randread", "latency_target": "1s", "latency_window": "10ms",
                        "latency_percentile": 99, "latency_run": 0, "time_based": None,
                        "runtime": "300ms"}, {"read": None}),
    "max_latency": ({"rw": "randrw", "max_latency": "30s"}, {"rw": MIB}),
    # ---- time
    "by_time": ({"rw": "randrw", "time_based": None, "runtime": "200ms", "ramp_time": "50ms"},
                {"rw": None}),
    "loops": ({"rw": "write", "loops": 3, "verify": "crc32c"}, {"write": 3 * MIB}),
    "delayed": ({"rw": "read", "startdelay": "10ms", "runtime": "20s"}, {"read": MIB}),
    "clock_and_few_looks_at_it": ({"rw": "randread", "clocksource": "clock_gettime",
                                   "gtod_reduce": 1}, {"read": MIB}),
    # ---- replay, in I/Os: at a depth fio leaves the last bytes out of its sums, with any engine
    "replay": ([{"rw": "randrw", "write_iolog": "log"},
                {"rw": False, "read_iolog": "log", "size": False,
                                                         "filename": False}], {"ios": 256}),
    "replay_in_chunks": ([{"rw": "randread", "write_iolog": "log"},
                          {"rw": False, "read_iolog": "log", "read_iolog_chunked": 1,
                           "replay_no_stall": 1, "size": False, "filename": False}], {"ios": 256}),
    "replay_elsewhere": ([{"rw": "write", "write_iolog": "log"},
                          {"rw": False, "read_iolog": "log", "replay_redirect": "data2",
                           "replay_time_scale": 50, "size": "1m", "filename": False}],
                         {"ios": 256}),
    # ---- processes
    "threads": ({"rw": "randrw", "thread": None, "numjobs": 3, "filename": False,
                 "verify": "crc32c", "group_reporting": None}, {"write": 3 * MIB}),
    "processes": ({"rw": "randrw", "numjobs": 3, "filename": False, "verify": "crc32c",
                   "group_reporting": None},
                  {"write": 3 * MIB}),
    "one_after_another": ({"rw": "write", "jobs": ["--name=second", "--stonewall", "--rw=read",
                                                   "--size=1m", "--filename=data"]},
                          {"write": MIB, "read": MIB}),
    "waits_for_another": ({"rw": "write", "jobs": ["--name=second", "--wait_for=t", "--rw=read",
                                                   "--size=1m", "--filename=data", "--new_group"]},
                          {"write": MIB, "read": MIB}),
    "flows": ({"rw": "randread", "flow": 1, "flow_id": 1,
               "jobs": ["--name=second", "--rw=randread", "--flow=-1", "--flow_id=1",
                        "--size=1m", "--filename=data"]}, {"read": None}),
    "nice_and_priority": ({"rw": "randrw", "nice": 5, "prio": 4, "prioclass": 2,
                           "verify": "crc32c"}, {"write": MIB}),
    "on_one_cpu": ({"rw": "randrw", "cpus_allowed": 0, "cpus_allowed_policy": "shared",
                    "verify": "crc32c"},
                   {"write": MIB}),
    "cpus_split": ({"rw": "randread", "numjobs": 2, "cpus_allowed": "0-1",
                    "cpus_allowed_policy": "split", "group_reporting": None}, {"read": 2 * MIB}),
    "cpu_mask": ({"rw": "randread", "cpumask": 1}, {"read": MIB}),
    "numa": ({"rw": "randread", "numa_cpu_nodes": 0, "numa_mem_policy": "bind:0"}, {"read": MIB}),
    "run_before_and_after": ({"rw": "read", "exec_prerun": "true", "exec_postrun": "true",
                              "exitall": None},
                             {"read": MIB}),
    "another_engine_on_the_same_file": (
        {"rw": "randwrite", "verify": "crc32c",
         "jobs": ["--name=psync", "--ioengine=psync", "--rw=randwrite", "--offset=1m", "--size=1m",
                  "--filename=data", "--verify=md5"]}, {"write": 2 * MIB, "read": 2 * MIB}),
    # ---- verification
    "verify_pattern": ({"rw": "randwrite", "verify": "pattern", "verify_pattern": "%o"},
                       {"write": MIB, "read": MIB}),
    "verify_meta": ({"rw": "randwrite", "verify": "meta", "verify_interval": 1024},
                    {"write": MIB, "read": MIB}),
    "verify_interval": ({"rw": "randwrite", "bs": "16k", "verify": "xxhash",
                         "verify_interval": 4096, "verify_offset": 64},
                        {"write": MIB, "read": MIB}),
    "verify_meta_pattern": ({"rw": "randwrite", "verify": "crc64", "verify_pattern": "0xa5"},
                            {"write": MIB, "read": MIB}),
    "verify_backlog": ({"rw": "randwrite", "verify": "crc32c", "verify_backlog": 32,
                        "verify_backlog_batch": 16},
                       {"write": MIB, "read": MIB}),
    "verify_async": ({"rw": "randwrite", "verify": "sha256", "verify_async": 2,
                      "verify_async_cpus": "0"},
                     {"write": MIB, "read": MIB}),
    "verify_later": ([{"rw": "randwrite", "verify": "crc32c", "do_verify": 0},
                      {"rw": "randwrite", "verify": "crc32c", "verify_only": None}], {}),
    "verify_when_reading": ([{"rw": "write", "verify": "crc32c", "do_verify": 0},
                             {"rw": "read", "verify": "crc32c", "verify_fatal": 1}], {"read": MIB}),
    "verify_state": ([{"rw": "randwrite", "verify": "crc32c", "do_verify": 0,
                       "verify_state_save": 1, "number_ios": 99},
                      {"rw": "randwrite", "verify": "crc32c", "verify_only": None,
                       "verify_state_load": 1, "number_ios": 99}], {}),
    "experimental_verify": ({"rw": "randwrite", "verify": "crc32c", "experimental_verify": 1},
                            {"write": MIB}),
    # ---- measurements and errors
    "logs": ({"rw": "randrw", "write_bw_log": "l", "write_lat_log": "l", "write_iops_log": "l",
              "write_hist_log": "l", "log_hist_msec": 10, "log_hist_coarseness": 2, "log_offset": 1,
              "log_entries": 2048, "per_job_logs": 1, "log_unix_epoch": 1, "bwavgtime": 100,
              "iopsavgtime": 100}, {"rw": MIB}),
    "averaged_logs": ({"rw": "randrw", "write_lat_log": "l", "log_avg_msec": 10, "log_max_value": 1,
                       "log_alternate_epoch": 0, "log_alternate_epoch_clock_id": 0}, {"rw": MIB}),
    "percentiles": ({"rw": "randrw", "slat_percentiles": 1, "lat_percentiles": 1,
                     "percentile_list": "50:99.9", "clat_percentiles": 0, "significant_figures": 6},
                    {"rw": MIB}),
    "measured_less": ({"rw": "randrw", "disable_lat": 1, "disable_clat": 1, "disable_slat": 1,
                       "disable_bw": 1, "disk_util": 0, "stats": 1}, {"rw": MIB}),
    "goes_on_after_errors": ({"rw": "randrw", "continue_on_error": "io", "error_dump": 1,
                              "exitall_on_error": None, "verify": "crc32c"}, {"write": MIB}),
}
LOADS.update({f"verify_{how}": ({"rw": "randrw", "verify": how}, {"write": MIB})
              for how in ("md5", "crc7", "crc16", "crc32", "crc32c-intel", "sha1", "sha512",
                          "sha3-256", "xxhash")})

# On a loop device.
DEVICE_LOADS = {
    "trim": ({"rw": "trim", "bs": "64k"}, {"trim": MIB}),
    "random_trim": ({"rw": "randtrim", "bs": "64k"}, {"trim": MIB}),
    "zones_reset": ({"rw": "trim", "bs": "256k", "zonemode": "zbd", "zonesize": "256k",
                     "direct": 1}, {"trim": MIB}),
    "trim_then_write": ({"rw": "trimwrite", "bs": "64k"}, {"trim": None, "write": None}),
    "trims_while_verifying": ({"rw": "randtrimwrite", "iodepth": 1, "verify": "crc32c",
                               "trim_percentage": 20, "trim_verify_zero": 1, "trim_backlog": 16,
                               "trim_backlog_batch": 4}, {"write": None, "trim": None}),
    "device_of_its_own_size": ({"rw": "write", "bs": "256k", "size": False, "verify": "crc32c"},
                               {"write": 16 * MIB, "read": 16 * MIB}),
    "device_direct": ({"rw": "randrw", "direct": 1, "verify": "crc32c"}, {"write": MIB}),
    "device_filled": ({"rw": "write", "bs": "1m", "fill_device": 1, "size": False},
                      {"write": 16 * MIB}),
}


def rotation(loads):
    """One of our modes and one of the kernel's for each load, another pair for the next; or all."""
    for i, name in enumerate(loads):
        both = [OURS[i % len(OURS)], KERNELS[i % len(KERNELS)]]
        for mode in MODES if os.environ.get("IOWQ_FULL") else both:
            yield pytest.param(name, mode, id=f"{name}-{mode}")


def amount(result, way):
    jobs = result.data["jobs"]
    if way == "rw":
        return amount(result, "read") + amount(result, "write")
    if way == "ios":
        return sum(job[w]["total_ios"] for job in jobs for w in ("read", "write", "trim"))
    return sum(job[way]["io_bytes"] for job in jobs) / 1024


def run_load(fio, mode, tmp_path, load, **base):
    runs, done = load
    for given in runs if isinstance(runs, list) else [runs]:
        options = {"size": "1m", "iodepth": 8, **base, **given}
        jobs = options.pop("jobs", [])
        result = fio(mode, *jobs, **{k: v.format(tmp_path) if isinstance(v, str) else v
                                     for k, v in options.items()})
        assert result.status == 0, result.said
        assert [job["error"] for job in result.data["jobs"]] == [0] * len(result.data["jobs"])
        assert "iowq:" not in result.said
    for way, kib in done.items():
        verified = way == "write" and "verify" in options and options["rw"] in ("randrw", "rw")
        got = amount(result, way)
        if verified:  # what was written is read back: no more reads are asked for
            assert got > 0 and amount(result, "rw") >= kib if kib else got > 0
        elif kib is None:
            assert got > 0
        else:
            assert got == kib, result.data


@pytest.mark.parametrize("name,mode", rotation(LOADS))
def test_load(fio, tmp_path, name, mode):
    if name == "atomic" and fio_version() >= (3, 38):
        pytest.skip("this fio asks the device for atomic writes, which those here do not know")
    run_load(fio, mode, tmp_path, LOADS[name], **SAME)


@pytest.mark.parametrize("name,mode", rotation(DEVICE_LOADS))
def test_load_of_a_device(fio, tmp_path, loop_device, name, mode):
    run_load(fio, mode, tmp_path, DEVICE_LOADS[name], filename=loop_device)
