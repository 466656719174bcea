# SPDX-License-Identifier: MIT
import json
import os
import pty
import re
import signal
import subprocess

import pytest
from conftest import HANG_S, SCRIPTS, TINY_JOB
from kept import documents_and_records, kept_records, kept_runs, rows
from suite.analyse.summary_csv import COLUMNS
from suite.measure import cache, mounts
from suite.store.folder import Folder


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB, in memory."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)],
                             capture_output=True, text=True, timeout=HANG_S, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], timeout=HANG_S, check=True)


def test_a_comparison_leaves_everything_that_it_promises(tmp_path, job_file, compare):
    modes = "fio:psync,fio:io_uring,fio:io_uring+force_async=1,fio:libaio"
    # Long enough for the kernel's workers to be seen, also on a busy machine.
    done = compare(job_file(TINY_JOB.replace("150ms", "500ms")), modes, "--depths", "1,4")
    assert done.returncode == 0, done.stderr
    results = tmp_path / "results"
    table = rows(tmp_path)
    assert list(table[0]) == COLUMNS and len(table) == 4 * 2
    for row in table:
        assert (row["job"], row["block"], row["placement"]) == ("tiny", "4096", "none")
        assert row["flags"] in ("", "uneven"), "which it may be beside others"
        assert float(row["iops"]) > 0 and float(row["cpu_ns_per_io"]) > 0
        assert int(row["lat_p50_ns"]) <= int(row["lat_p99_ns"]) <= int(row["lat_p999_ns"])
        assert float(row["bw_bytes"]) == pytest.approx(4096 * float(row["iops"]), rel=0.01)
    assert any(s["threads_by_name"].get("iou-wrk") for s in kept_records(tmp_path))
    environment = json.loads((results / "env.json").read_text())
    assert environment["versions"]["fio"].startswith("fio-") and "commands" not in environment
    assert re.fullmatch(r"[0-9.]+\+[0-9a-f]{12}", environment["versions"]["engine"]["version"])
    assert "Not affected" not in environment["mitigations"].values()
    for kind in ("svg", "png", "gp", "dat"):
        drawn = {p.stem for p in (results / "charts").glob(f"*.{kind}") if p.stat().st_size}
        assert {f"tiny-{chart}" for chart in ("throughput", "latency", "percentiles", "ratios",
                                              "cpu")} <= drawn
    assert not list(results.rglob(".*")), "nothing unfinished is left behind"
    for mode in modes.split(","):
        assert mode in done.stdout
    assert "paired within each round" in done.stdout and "report: " in done.stdout
    assert (results / "report.html").stat().st_size > 50000


def test_figures_are_those_of_fio_and_of_the_whole_process(tmp_path, job_file, compare):
    assert compare(job_file()).returncode == 0
    (record,), (row,) = kept_records(tmp_path), rows(tmp_path)
    ((document, _),) = documents_and_records(tmp_path)
    read = document["jobs"][0]["read"]
    percentiles = read["lat_ns"]["percentile"]
    assert [int(row[f"lat_{p}_ns"]) for p in ("p50", "p99", "p999")] == \
        [percentiles[p] for p in ("50.000000", "99.000000", "99.900000")]
    assert float(row["iops"]) == pytest.approx(read["iops"])
    spent_s = record["user_s"] + record["system_s"]
    assert 0 < record["start_cpu_s"] < spent_s, "what a fio takes that does nothing"
    cpu_ns = 1e9 * (spent_s - record["start_cpu_s"])
    assert float(row["cpu_ns_per_io"]) == pytest.approx(cpu_ns / read["total_ios"], abs=0.1)


def test_all_modes_of_a_round_run_with_one_random_seed(tmp_path, job_file, compare):
    assert compare(job_file(), "fio:psync,fio:io_uring", "--repeats", "2").returncode == 0
    seeds = {}
    for kept in kept_runs(tmp_path):
        lines = kept.job_file.splitlines()
        seed = next(line for line in lines if line.startswith("randseed="))
        seeds.setdefault(kept.record["run"]["repeat"], set()).add(seed)
    assert sorted(map(len, seeds.values())) == [1, 1] and len(set.union(*seeds.values())) == 2


def test_plotting_again_changes_neither_table_nor_data(tmp_path, job_file, compare):
    done = compare(job_file(), "fio:psync,fio:io_uring")
    charts = tmp_path / "results/charts"
    before = {path.name: path.read_bytes() for path in charts.glob("*.[dg]*")}
    for path in charts.iterdir():
        path.unlink()
    again = subprocess.run([str(SCRIPTS / "plot"), str(tmp_path / "results")], capture_output=True,
                           text=True, timeout=HANG_S, check=True)
    assert {path.name: path.read_bytes() for path in charts.glob("*.[dg]*")} == before
    table = again.stdout.partition("picture: ")[0].strip()
    assert "fio:io_uring" in table and table in done.stdout


def test_failing_and_hanging_modes_are_recorded_and_the_rest_goes_on(tmp_path, job_file, compare):
    killer = tmp_path / "killer"
    # The job's shell is run by the job, whose parent is fio: /proc names it where there is no ps.
    killer.write_text("#!/bin/sh\nread pid name state fio rest </proc/$PPID/stat\nkill -9 $fio\n")
    killer.chmod(0o755)
    done = compare(job_file(), f"fio:psync+startdelay=100,fio:psync+exec_prerun={killer},fio:psync",
                   "--limit", "5", "--baseline", "fio:psync")
    assert done.returncode == 1
    flags = {row["mode"].partition("+")[2][:5]: (row["flags"], row["iops"])
             for row in rows(tmp_path)}
    assert flags["start"] == ("hung", "") and flags["exec_"][0] in ("failed", "no_result")
    assert flags[""][0] == "" and float(flags[""][1]) > 0
    assert "2 of 3 runs came to no result" in done.stderr and "got signal=9" in done.stdout
    assert "No result: fio:psync+startdelay=100" in \
        (tmp_path / "results/charts/tiny-latency.svg").read_text()
    assert not survivors(tmp_path)


def survivors(tmp_path):
    """Processes that still work in the test's scratch folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(tmp_path / "scratch")):
                found.append(pid)
        except OSError:
            pass
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_keeps_the_finished_runs(tmp_path, job_file, command, number):
    process = subprocess.Popen(command(job_file(), "fio:psync", "--repeats", "500"), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while "round 1 of 500" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        _, errors = process.communicate(timeout=HANG_S)
    finally:
        process.kill()
    assert process.returncode == 128 + number
    table = rows(tmp_path)
    assert 1 <= len(table) < 500 and len(table) == len(kept_records(tmp_path))
    assert all(float(row["iops"]) > 0 for row in table)
    assert errors.count("\n") == 1 and f"{len(table)} of 500 runs are kept" in errors
    assert f"/scripts/compare --resume {tmp_path}/results goes on" in errors
    assert not survivors(tmp_path)
    assert len(Folder(tmp_path / "results").finished()) == len(table)


def test_a_full_disk_ends_in_one_line_and_keeps_whole_runs(tmp_path, job_file, compare, small_disk):
    done = compare(job_file(), "fio:psync", "--repeats", "100", "--results", small_disk / "results")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "No space left on device" in done.stderr
    assert "of 100 runs are kept" in done.stderr
    assert f"/scripts/compare --resume {small_disk}/results goes on" in done.stderr
    finished = Folder(small_disk / "results").finished()
    assert finished and all(figures.ios for _, _, figures in finished)
    assert not list((small_disk / "results").rglob(".*"))


def test_progress_on_a_terminal_is_a_bar_that_leaves_the_table_clean(job_file, command):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command(job_file()), stdout=theirs, stderr=theirs)
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:
        pass  # the other end is closed
    assert process.wait(timeout=HANG_S) == 0
    os.close(ours)
    assert b"0/1  round 1 of 1  fio:psync depth 1" in text and b" left" in text
    assert b"\r\x1b[K\r\n" in text


def test_a_cold_job_reads_from_the_device(tmp_path, job_file, compare):
    if mounts.file_system(tmp_path)[0] in ("tmpfs", "ramfs", "overlay"):
        pytest.skip("the file system of the tests lies in memory")
    done = compare(job_file("[tiny]\nrw=randread\nsize=8m\nruntime=100ms\n"))
    assert done.returncode == 0, done.stderr
    (record,) = kept_records(tmp_path)
    assert record["resident_before"] <= cache.COLD_ENOUGH and record["read_bytes"] > 0
    assert record["flags"] == []


def test_a_cold_job_in_memory_is_told_and_flagged(tmp_path, job_file, compare, small_disk):
    done = compare(job_file("[tiny]\nrw=randread\nsize=64k\nruntime=100ms\n"), "fio:psync",
                   "--scratch", small_disk)
    assert "cannot have" in done.stdout and "not_cold" in rows(tmp_path)[0]["flags"]


def test_what_lies_in_memory_costs_nobody_else_the_cache(tmp_path, job_file, compare, small_disk):
    others = tmp_path / "others"
    others.write_bytes(bytes(1 << 20))
    os.sync()  # or its pages could not be dropped
    compare(job_file("[tiny]\nrw=randread\nsize=64k\nruntime=100ms\n"), "fio:psync",
            "--scratch", small_disk)
    assert cache.resident_share([others]) == 1


def test_writing_jobs_stay_in_the_scratch_folder(tmp_path, job_file, compare):
    text = TINY_JOB.replace("randread", "randrw") + "nrfiles=2\nfsync=8\n"
    done = compare(job_file(text), "fio:psync,fio:io_uring")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "scratch/tiny").iterdir())) == 2


def test_odd_names_do_no_harm(tmp_path, job_file, compare):
    text = TINY_JOB.replace("[tiny]", "[it's \"a\" `touch x` $HOME]")
    done = compare(job_file(text, name="it's \"odd\" $HOME `touch x`.fio"))
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path)[0]["job"] == "it's \"odd\" $HOME `touch x`"
    assert not list(tmp_path.rglob("x"))


def test_our_modes_carry_the_evidence_of_their_path(tmp_path, job_file, compare, engine):
    modes = "inline,sqthread,sqwq,punt,hashed,uring,uring_async"
    done = compare(job_file(), modes, "--engine", engine, "--depths", "8")
    assert done.returncode == 0, done.stderr
    flags = {row["mode"]: row["flags"] for row in rows(tmp_path)}
    helped = {"sqthread", "sqwq", "hashed"}  # may be, where handing over does not pay
    assert flags.keys() == set(modes.split(","))
    assert all(flag == "" or (flag == "mostly_helped" and mode in helped)
               for mode, flag in flags.items()), flags
    for record in kept_records(tmp_path):
        assert record["path_evidence"][0]["offload"] == record["run"]["mode"]
        assert record["path_evidence"][0]["read"]["issued"] > 0


def test_a_mode_off_its_path_is_flagged(tmp_path, job_file, compare, engine, small_disk):
    # tmpfs refuses RWF_NOWAIT, so that no read of punt can be made inline there.
    text = TINY_JOB.replace("size=1m", "size=64k")
    done = compare(job_file(text), "punt", "--engine", engine, "--scratch", small_disk)
    (record,) = kept_records(tmp_path)
    inline = sum(part["read"]["inline"] for part in record["path_evidence"])
    assert (rows(tmp_path)[0]["flags"] == "path:no_inline") == (inline == 0)
    assert done.returncode == 0 and ("punt !" in
           (tmp_path / "results/charts/tiny-latency.svg").read_text()) == (inline == 0)


def test_a_line_for_each_round_says_what_is_decided(job_file, compare):
    done = compare(job_file(), "fio:psync,fio:libaio", "--repeats", "5")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("round ")]
    assert [line.partition(":")[0] for line in lines] == [f"round {n} of 5" for n in range(1, 6)]
    assert re.search(r"; [01] of 1 decided(, \d disturbed)?$", lines[-1])
    assert not any("decided" in line for line in lines[:-1]), "too few rounds to decide anything"


def test_runs_that_are_there_can_be_judged_anew(tmp_path, job_file, compare):
    assert compare(job_file(), "fio:psync,fio:libaio", "--repeats", "5").returncode == 0
    before = (tmp_path / "results/runs.jsonl").read_bytes()

    def judged(what):
        return subprocess.run([SCRIPTS / "compare", "--resume", tmp_path / "results", "--judge",
                               what], capture_output=True, text=True, timeout=HANG_S, check=False)

    done = judged("tiny:read:p99")
    assert done.returncode == 0 and "depth 1, tiny reads by p99: " in done.stdout, done.stderr
    done = judged("iops,p99<1ns")
    assert done.returncode == 0 and "no mode keeps the limits" in done.stdout
    done = judged("other:iops")
    assert done.returncode == 2 and "there is no section 'other': allowed are tiny" in done.stderr
    assert (tmp_path / "results/runs.jsonl").read_bytes() == before
