# SPDX-License-Identifier: MIT
"""scripts/workers and scripts/top: real fio, with every way to observe it that works here."""

import ctypes
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
from conftest import HANG_S, SCRIPTS
from suite.workers.live import (LEVEL, LIMIT, LIST, TOTAL, Figure, Gone, Memory, Process, Shown,
                                look)
from suite.workers.live_view import document, render
from suite.workers.records import Assembly, Event, Observation, Worker, interesting, steps_of
from suite.workers.sampling import Sampler, Seen
from suite.workers.symbols import Mappings, readable
from suite.workers.tracing import Refused, Source, check_may_trace, fetched, mount_tracefs

# O_DIRECT in the pool itself: every read blocks a worker, so there are as many as the depth.
MODE, DEPTH = "sqwq+direct_by=pool", 8
DIRECT_JOB = "[direct]\nrw=randread\nbs=4k\nsize=4m\ndirect=1\ntime_based\nruntime=600ms\n"
INSTANCES = "/sys/kernel/tracing/instances"


def skip_unless(by):
    try:
        check_may_trace()
        mount_tracefs()
    except Refused as error:
        pytest.skip(str(error))
    if by == "bpftrace" and not shutil.which("bpftrace"):
        pytest.skip("no bpftrace")


@pytest.fixture(params=["bpftrace", "tracefs", "sampling"])
def by(request):
    if request.param != "sampling":
        skip_unless(request.param)
    return request.param


@pytest.fixture(params=["bpftrace", "tracefs"])
def tracer(request):
    skip_unless(request.param)
    return request.param


def command(tmp_path, *words):
    return [str(SCRIPTS / "workers"), *[str(word) for word in words],
            "--results", str(tmp_path / "results")]


@pytest.fixture
def workers(tmp_path, engine):
    """Runs the command; returns (what it did, its observations by mode)."""

    def run(*words, status=0, env=None):
        shutil.rmtree(tmp_path / "results", ignore_errors=True)
        line = command(tmp_path, *words, *([] if "--pid" in words else ["--scratch",
                                                                        tmp_path / "scratch"]))
        done = subprocess.run(line, capture_output=True, text=True, timeout=HANG_S, check=False,
                              env=os.environ | (env or {}))
        if "does not run here" in done.stderr:
            pytest.skip(done.stderr.strip())
        assert done.returncode == status, done.stderr + done.stdout
        path = tmp_path / "results/workers.json"
        found = json.loads(path.read_text())["observations"] if path.exists() else []
        return done, {row["mode"]: row for row in found}

    return run


@pytest.fixture
def idling(tmp_path, engine):
    """An fio whose workers are idle for longer than they stay, again and again. One of its two
    leaves then, alone: those that leave at once meet at the memory map's lock, and wake each other
    there."""
    fio = subprocess.Popen(
        ["fio", "--name=a", f"--ioengine=external:{engine}", "--offload=sqwq", "--direct_by=pool",
         "--idle_ms=100", f"--filename={tmp_path}/a", "--size=4m", "--rw=randread", "--bs=4k",
         "--iodepth=2", "--direct=1", "--runtime=100", "--time_based", "--thinktime=700ms",
         "--thinktime_blocks=64", "--minimal", "--output=/dev/null"], stderr=subprocess.DEVNULL)
    wait_until(lambda: "iowq-wrk" in thread_names(fio.pid))
    yield fio.pid
    fio.send_signal(signal.SIGINT)
    fio.wait(HANG_S)


def wait_until(true):
    give_up = time.monotonic() + HANG_S
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def thread_names(root):
    from suite.measure.process import Family, thread_names as names
    return " ".join(name for pid in Family(root).members() for name in names(pid))


def stacks(rows, which):
    return [" ".join(row[which]) for row in rows if row[which]]


def test_the_pools_workers_are_those_that_the_engine_counted(workers, job_file, by):
    done, found = workers(job_file(DIRECT_JOB), "--modes", MODE, "--depth", DEPTH, "--by", by)
    row = found[MODE]
    summary = row["summary"]["pool"]
    assert row["way"] == by
    assert summary["created"] == row["counted"]["workers_created"] > 0
    assert 0 < summary["at_most"] <= summary["created"]
    assert summary["left"] == summary["created"], "every worker has an end"
    for worker in row["workers"]:
        assert 0 < worker["born_s"] <= worker["left_s"] <= row["length_s"]
        assert (worker["kind"], worker["node"]) == ("bound", 0)
    assert f"created                  {summary['created']} (the engine counted" in done.stdout
    assert f"observed by {by}" in done.stdout


def test_the_kernels_workers_are_seen(workers, job_file, by):
    _, found = workers(job_file(DIRECT_JOB), "--modes", "uring_async", "--depth", DEPTH, "--by", by)
    row = found["uring_async"]
    assert row["summary"]["kernel"]["created"] > 0
    assert row["summary"]["kernel"]["left"] == row["summary"]["kernel"]["created"]
    assert row["summary"]["kernel"]["left_why"].keys() == {"with its wq"}
    assert all(worker["name"].startswith("iou-wrk-") for worker in row["workers"])


def test_the_workers_of_io_uring_in_user_space_are_the_pools(workers, job_file, by):
    mode = "iowq:io_uring+force_async=1"
    done, found = workers(job_file(DIRECT_JOB), "--modes", mode, "--depth", DEPTH, "--by", by)
    row = found[mode]
    summary = row["summary"]["pool"]
    assert row["way"] == by and row["summary"].keys() == {"pool"}
    assert summary["left"] == summary["created"] > 0
    assert f"{mode}: this project's pool, by {by}" in done.stdout
    if by == "sampling":
        return
    created = stacks(row["workers"], "created_from")
    assert any("iowq::uring::instance" in stack for stack in created)
    assert {worker["left"] for worker in row["workers"]} == {"with its wq"}


def test_stacks_name_who_creates_a_worker_of_the_pool(workers, job_file, tracer):
    _, found = workers(job_file(DIRECT_JOB), "--modes", MODE, "--depth", DEPTH, "--by", tracer)
    rows = found[MODE]["workers"]
    created = stacks(rows, "created_from")
    assert len(created) == len(rows)
    assert all("iowq::threads::create_worker" in stack for stack in created)
    assert any("iowq::wq::enqueue" in stack and "td_io_queue" in stack for stack in created)
    assert all("iowq::threads::worker_main" in stack for stack in stacks(rows, "left_from"))
    assert {row["left"] for row in rows} == {"with its wq"}


def test_stacks_name_who_creates_a_worker_of_the_kernel(workers, job_file, tracer):
    _, found = workers(job_file(DIRECT_JOB), "--modes", "uring_async", "--depth", DEPTH,
                       "--by", tracer)
    rows = found["uring_async"]["workers"]
    created = stacks(rows, "created_from")
    assert created and all(stack.startswith("create_io_thread") for stack in created)
    assert any("io_wq_enqueue" in stack for stack in created)
    assert any("io_wq_worker" in stack for stack in stacks(rows, "left_from"))


def test_bpftrace_tells_bound_from_unbound_workers_of_the_kernel(workers, job_file):
    """A sync that io_uring has to punt goes to the bound ones, as it knows the file by then."""
    skip_unless("bpftrace")
    job = "[sync]\nrw=randwrite\nbs=4k\nsize=1m\nfsync=1\ntime_based\nruntime=300ms\n"
    _, found = workers(job_file(job), "--modes", "uring", "--depth", DEPTH, "--by", "bpftrace")
    kinds = {worker["kind"] for worker in found["uring"]["workers"]}
    if kinds == {"bound or unbound"}:
        pytest.skip("this kernel's own types are not to be had")
    assert kinds == {"bound"}


def test_a_process_that_runs_is_observed_while_its_workers_come_and_go(workers, idling, by):
    woken = []
    for _ in range(3):  # a waking can be lost, or be followed by another one before the thread ends
        done, found = workers("--pid", idling, "--seconds", 3, "--by", by)
        (row,) = found.values()
        summary = row["summary"]["pool"]
        assert summary["created"] > 0 and summary["left"] > 0, done.stdout
        assert summary["at_most"] <= 2
        if by != "sampling":
            assert set(summary["left_why"]) == {"idle"}
        woken += stacks(row["workers"], "woken_from")
        if by != "bpftrace" or any("monitor::reap" in stack for stack in woken):
            return
    pytest.fail(f"none was woken by the monitor: {woken}")


def test_what_one_way_refuses_another_does(workers, job_file, tmp_path):
    """Without bpftrace in the path; where tracing is refused altogether, by sampling."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("fio", "gnuplot", "sh", "mount"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "python3").symlink_to(sys.executable)
    job = job_file(DIRECT_JOB)
    done, found = workers(job, "--modes", MODE, "--depth", DEPTH, env={"PATH": str(tools)})
    assert found[MODE]["way"] in ("tracefs", "sampling")
    assert done.stdout.count("observed by") == 1 and "bpftrace: " in done.stdout
    done, _ = workers(job, "--by", "bpftrace", status=2, env={"PATH": str(tools)})
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("workers: --by bpftrace: ")


def test_both_sides_are_drawn_side_by_side(workers, job_file, tmp_path):
    done, found = workers(job_file(DIRECT_JOB, "odd 'name' %d.fio"), "--depth", DEPTH,
                          "--modes", "sqwq,uring_async,inline", "--by", "sampling")
    assert list(found) == ["sqwq", "uring_async", "inline"]
    assert "inline: no workers" in done.stdout and "no stacks" in done.stdout
    for kind in ("svg", "png", "pdf"):
        assert (tmp_path / f"results/charts/workers.{kind}").stat().st_size > 0
    assert "sqwq: workers" in (tmp_path / "results/charts/workers.svg").read_text()
    assert not list((tmp_path / "results").rglob(".*")), "nothing unfinished is left behind"


def test_hundreds_of_workers_of_several_jobs(workers, job_file):
    job = DIRECT_JOB.replace("[direct]", "[direct]\nnumjobs=2")
    done, found = workers(job_file(job), "--modes", MODE, "--depth", 128)
    row = found[MODE]
    summary, counted = row["summary"]["pool"], row["counted"]["workers_created"]
    # A tracer's room may be too small for them, and without one some come and go unseen.
    if row["way"] == "sampling" or "events: figures may be too low" in done.stdout:
        assert 2 <= summary["created"] <= counted, done.stdout
    else:
        assert summary["created"] == counted == summary["left"], done.stdout
    assert len({worker["process"] for worker in row["workers"]}) == 2


def test_a_run_that_fails_is_told_in_one_line(workers, job_file):
    done, found = workers(job_file(DIRECT_JOB), "--modes", "sqwq+nosuchoption=1,sqwq", "--by",
                          "sampling", status=1)
    assert "nosuchoption" in done.stderr and done.stderr.count("\n") == 1
    assert found["sqwq"]["summary"]["pool"]["created"] > 0, "the other mode has run"


def test_an_interrupted_run_leaves_no_trace(tmp_path, job_file, engine, by):
    job = job_file(DIRECT_JOB.replace("600ms", "60"))
    running = subprocess.Popen(
        command(tmp_path, job, "--by", by, "--scratch", tmp_path / "scratch"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "observed by" in running.stdout.readline() or pytest.skip(running.stderr.read())
    wait_until(lambda: "iowq-wrk" in thread_names(running.pid))
    running.send_signal(signal.SIGINT)
    told, complaint = running.communicate(timeout=HANG_S)
    assert running.returncode == 130 and "interrupted" in complaint
    assert "sqwq" in told and "Traceback" not in complaint
    leftovers = os.listdir(INSTANCES) if os.path.isdir(INSTANCES) and by == "tracefs" else []
    assert not [name for name in leftovers if name.endswith(f"_{running.pid}")]
    probes = "/sys/kernel/tracing/uprobe_events"
    if by == "tracefs" and os.path.exists(probes):
        with open(probes, encoding="ascii") as file:
            assert f"_{running.pid}/" not in file.read()


@pytest.mark.parametrize("words, complaint", [
    ([], "either a job file or --pid"),
    (["JOB", "--pid", "1"], "either a job file or --pid"),
    (["--pid", "0"], "--pid 0: allowed is"),
    (["--pid", "4194303"], "no such process"),
    (["--pid", "1", "--modes", "sqwq"], "--modes goes with a job file"),
    (["JOB", "--seconds", "1"], "--seconds goes with --pid"),
    (["JOB", "--depth", "none"], "--depth none: allowed is"),
    (["JOB", "--by", "magic"], "invalid choice"),
    (["JOB", "--modes", "nosuch"], "unknown mode 'nosuch'"),
    (["/nosuch.fio"], "No such file"),
])
def test_bad_input_is_told_in_one_line(tmp_path, job_file, words, complaint):
    words = [str(job_file(DIRECT_JOB)) if word == "JOB" else word for word in words]
    done = subprocess.run(command(tmp_path, *words), capture_output=True, text=True, timeout=HANG_S,
                          check=False)
    assert done.returncode == 2 and complaint in done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("workers: ")
    assert not (tmp_path / "results/workers.json").exists()


# ---- scripts/top


@pytest.fixture
def reading(tmp_path, engine):
    """Starts an fio that reads until it is stopped; returns it when each job has what it needs."""
    started = []

    def run(*options, by=(), library=engine, jobs=1):
        fio = subprocess.Popen(
            [*by, "fio", "--name=a", f"--filename={tmp_path}/a", "--size=1m", "--rw=randread",
             "--bs=4k", "--iodepth=8", "--runtime=200", "--time_based", f"--numjobs={jobs}",
             *([] if by else [f"--ioengine=external:{library}", "--offload=sqwq"]), *options,
             "--minimal", "--output=/dev/null"], stderr=subprocess.DEVNULL)
        started.append(fio)
        kinds = ["pool"] if by else ["pool", "ring "]  # io_uring in user space has no ring to show

        def has_all():
            found = look(fio.pid)
            if any(process.refused for process in found):
                pytest.skip("this user may not read the memory of processes that it has started")
            return "iowq-wrk" in thread_names(fio.pid) and all(
                sum(len(process.of_kind(kind)) for process in found) >= jobs for kind in kinds)

        wait_until(has_all)
        return fio

    yield run
    for fio in started:
        fio.send_signal(signal.SIGINT)
        fio.wait(HANG_S)


def top(*words, status=0, **how):
    done = subprocess.run([str(SCRIPTS / "top"), *[str(word) for word in words]], text=True,
                          capture_output=True, timeout=HANG_S, check=False, **how)
    assert done.returncode == status, done.stderr + done.stdout
    return done


def seen(fio):
    found = json.loads(top(fio.pid, "--once", "--json", "--interval", "50ms").stdout)
    assert found["pid"] == fio.pid and found["interval_s"] > 0
    return found, [process for process in found["processes"] if process["pools"]]


def test_top_sees_each_job_of_fio(reading):
    fio, looks = reading(jobs=2), []
    wait_until(lambda: looks.append(seen(fio)) or looks[-1][0]["a_second"]["issued"] > 0)
    found, (one, two) = looks[-1]
    assert found["pid"] not in (one["pid"], two["pid"]), "fio forks its jobs"
    for process in (one, two):
        (pool,), (ring,) = process["pools"], process["rings"]
        assert pool["nodes"]["0"]["now"]["workers"] == pool["now"]["workers"] > 0
        assert pool["max_running"] > 0
        assert (ring["mode"], ring["pool"]) == ("sqwq", 0) and 0 <= ring["now"]["in_flight"] <= 8
        taken = ring["in_all"]
        assert taken["issued"] == taken["pooled"] + taken["helped"] + taken["inline"] > 0
        assert pool["in_all"]["enqueued"] > 0
    rates = [process["rings"][0]["a_second"]["issued"] for process in (one, two)]
    assert found["a_second"]["issued"] == pytest.approx(sum(rates), abs=1)


def test_top_sees_several_pools_of_one_process(reading):
    _, (process,) = seen(reading("--thread", jobs=3))
    assert len(process["pools"]) == len(process["rings"]) == 3
    assert sorted(ring["pool"] for ring in process["rings"]) == [0, 1, 2]


def test_top_sees_what_is_blocked_and_merged(reading):
    fio = reading("--rw=randwrite", "--fsync=1", "--direct_by=pool")
    blocked = []

    def both():
        found, (process,) = seen(fio)
        blocked.append(found["now"]["blocked"])
        return max(blocked) > 0 and process["rings"][0]["in_all"]["merged"] > 0

    wait_until(both)


def test_top_sees_io_uring_in_user_space(reading):
    run = SCRIPTS.parent / "build/iowq-run"
    if not run.exists():
        pytest.skip(f"{run} is not built")
    _, (process,) = seen(reading("--ioengine=io_uring", "--force_async=1", by=[str(run)]))
    (pool,) = process["pools"]
    assert pool["in_all"]["enqueued"] > 0 and pool["now"]["workers"] > 0


def test_top_needs_no_symbols(reading, engine, tmp_path):
    stripped = tmp_path / "stripped.so"
    subprocess.run(["strip", "--strip-all", "-o", stripped, engine], check=True)
    _, (process,) = seen(reading(library=stripped))
    assert process["pools"] and process["rings"]


def test_top_is_refused_what_is_not_the_users(reading):
    fio = reading()
    if os.geteuid():
        who, pid = {}, 1
        if os.stat("/proc/1").st_uid == os.geteuid():
            pytest.skip("all processes are this user's")
    else:
        who, pid = {"user": 65534, "group": 65534, "extra_groups": []}, fio.pid
        try:
            subprocess.run([SCRIPTS / "top", "--help"], capture_output=True, check=True, **who)
        except (PermissionError, subprocess.CalledProcessError):
            pytest.skip("other users cannot run what is here")
    told = top(pid, "--once", status=2, **who).stderr
    assert told.startswith(f"top: {pid}: ") and "allowed is root" in told and told.count("\n") == 1


@pytest.mark.parametrize("words, complaint", [
    ([], "the following arguments are required: PID"),
    (["0"], "PID 0: allowed is"),
    (["4194303"], "no such process"),
    (["SLEEP"], "no pool of iowq's"),
    (["SLEEP", "--interval", "0"], "--interval 0: allowed is"),
])
def test_top_tells_bad_input_in_one_line(words, complaint):
    with subprocess.Popen(["sleep", "1000"]) as sleep:
        try:
            told = top(*[sleep.pid if word == "SLEEP" else word for word in words], status=2).stderr
        finally:
            sleep.kill()
    assert told.startswith("top: ") and complaint in told and told.count("\n") == 1


class Terminal:
    """A real one, of a size, with scripts/top in it."""

    def __init__(self, width, height, *words):
        self.told, self.ends = "", False
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.read(0, 1)  # by when it has its size
            os.execv(SCRIPTS / "top", [str(word) for word in ("top", *words)])
        self.resize(width, height)
        self.as_it_was = termios.tcgetattr(self.master)
        os.write(self.master, b"\n")

    def resize(self, width, height):
        self.width, self.height = width, height
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read_until(self, true):
        give_up = time.monotonic() + HANG_S
        while not true():
            ready = select.select([self.master], [], [], give_up - time.monotonic())[0]
            assert ready, self.told
            try:
                self.told += os.read(self.master, 65536).decode()
            except OSError:  # nobody has it open any more
                self.ends = True
                assert true(), self.told
        return self

    def frames(self):
        """The lines of each view that is complete."""
        drawn = self.told.partition("\x1b[?1049l")[0].split("\x1b[H")[1:]
        return [frame.replace("\x1b[K", "").removesuffix("\x1b[J").split("\r\n")
                for frame in drawn if frame.endswith("\x1b[J")]

    def fits(self, frame):
        return len(frame) <= self.height and max(map(len, frame)) <= self.width

    def end(self):
        """(what is on the usual screen, the exit status); it is a terminal as before."""
        self.read_until(lambda: self.ends)
        _, status = os.waitpid(self.pid, 0)
        assert termios.tcgetattr(self.master) == self.as_it_was
        os.close(self.master)
        assert self.told.count("\x1b[?1049h") == self.told.count("\x1b[?1049l") == 1
        assert self.told.rfind("\x1b[?25h") > self.told.rfind("\x1b[?25l"), "there is a cursor"
        return self.told.partition("\x1b[?1049l")[2], os.waitstatus_to_exitcode(status)


def test_top_redraws_in_a_terminal_of_any_size(reading):
    fio = reading(jobs=2)
    terminal = Terminal(80, 24, fio.pid, "--interval", "50ms")
    terminal.read_until(lambda: len(terminal.frames()) >= 3)
    frame = terminal.frames()[2]
    assert terminal.fits(frame) and "2 pools, 2 rings (sqwq)" in frame[1]
    assert frame[4].split() == ["running", "blocked", "queued", "workers", "items", "I/Os",
                                "handed", "helped", "merged"]
    assert [line.split()[0] for line in frame[5:]] == ["all", *[
        word for line in frame[6::3] for word in (line.split()[0], "pool", "ring")]]
    assert len(frame) == 12
    terminal.resize(45, 7)
    terminal.read_until(lambda: terminal.frames() and terminal.fits(terminal.frames()[-1]))
    frame = terminal.frames()[-1]
    assert frame[4].split() == ["running", "blocked", "queued", "workers"]
    assert frame[-1] == "and 6 lines more, which --once prints"
    os.write(terminal.master, b"\x03")
    left, status = terminal.end()
    assert status == 0 and left.startswith(f"iowq top: {fio.pid} fio")


def test_top_ends_with_the_process(reading):
    fio = reading()
    terminal = Terminal(100, 30, fio.pid, "--interval", "1h")
    terminal.read_until(terminal.frames)
    fio.send_signal(signal.SIGINT)
    left, status = terminal.end()
    assert status == 0 and left.endswith(f"top: {fio.pid} has ended\r\n")


def test_top_without_a_terminal_prints_a_block_an_interval(reading):
    fio = reading()
    with subprocess.Popen([SCRIPTS / "top", str(fio.pid), "--interval", "10ms"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as blocks:
        told = [blocks.stdout.readline() for _ in range(20)]
        blocks.send_signal(signal.SIGTERM)
        rest, complaint = blocks.communicate(timeout=HANG_S)
    assert blocks.returncode == 128 + signal.SIGTERM and not complaint
    assert len([line for line in told if line.startswith("iowq top: ")]) >= 2
    assert "\x1b" not in "".join(told) + rest


# ---- without fio


def test_a_number_that_is_used_again_is_another_worker():
    assembly = Assembly({10: [10]}, Mappings(), exit_is_seen=True)
    for at in (1.0, 2.0):
        assembly.add(Event("new", at, 10, child=11, kernel=("copy_process", "create_io_thread")))
        assembly.add(Event("exit", at + 0.5, 11, name="iou-wrk-10", kernel=("do_exit",)))
    assembly.add(Event("new", 3.0, 99, child=11))  # another program's
    assembly.add(Event("exit", 3.5, 11, name="iou-wrk-99"))
    found = assembly.workers(NobodySeen())
    assert [(w.born_s, w.left_s) for w in found] == [(1.0, 1.5), (2.0, 2.5)]
    assert {w.left for w in found} == {"idle"} and found[0].created_from == ("create_io_thread",)


class NobodySeen:
    def owner_of(self, worker):
        return None

    def name_of(self, worker):
        return None

    def not_among(self, traced):
        return []


def test_a_fork_belongs_to_the_family_and_others_do_not():
    assembly = Assembly({10: [10]}, Mappings(), exit_is_seen=True)
    assembly.add(Event("new", 1.0, 10, child=20, thread=False))
    assembly.add(Event("new", 1.1, 20, child=21))
    assembly.add(Event("new", 1.1, 30, child=31))
    for tid in (21, 31):
        assembly.add(Event("exit", 2.0, tid, name="iowq-wrk-1u"))
    (worker,) = assembly.workers(NobodySeen())
    assert (worker.tid, worker.process, worker.kind, worker.node) == (21, 20, "unbound", 1)


def test_workers_that_end_with_their_process_were_not_idle():
    """A program need not end its wq before it ends itself."""
    assembly = Assembly({10: [10]}, Mappings(), exit_is_seen=True)
    for child in (11, 12):
        assembly.add(Event("new", 1.0, 10, child=child))
    assembly.add(Event("exit", 2.0, 11, name="iowq-wrk-0b"))
    assembly.add(Event("ending", 3.0, 10, thread=False))
    assembly.add(Event("exit", 3.1, 12, name="iowq-wrk-0b"))
    found = assembly.workers(NobodySeen())
    assert [(w.tid, w.left) for w in found] == [(11, "idle"), (12, "with its wq")]


@pytest.mark.parametrize("owner, left_s, why", [
    (7, 5.0, "with its wq"), (7, 1.0, "idle"), (8, 2.0, "with its wq"), (8, 1.0, "idle"),
    (4711, 5.0, "with its wq"), (4711, 2.0, "unknown why")])
def test_a_kernels_worker_ends_with_the_thread_that_its_name_has(owner, left_s, why):
    """In a PID namespace a name has a number from outside, and only the process is known."""
    sampler = Sampler(7, Mappings(), needs_mappings=False)
    sampler.over = [Seen(7, 7, 0.0, 5.0, gone_s=5.0), Seen(8, 7, 0.0, 2.0, gone_s=2.0),
                    Seen(9, 7, 0.0, left_s, name=f"iou-wrk-{owner}", worker=True, gone_s=left_s)]
    assembly = Assembly({}, Mappings(), exit_is_seen=False)
    assert [(w.tid, w.left) for w in assembly.workers(sampler)] == [(9, why)]


def test_the_number_of_workers_is_that_of_lives_begun_and_not_ended():
    lives = [(0.0, 3.0), (1.0, 2.0), (1.0, None), (None, 2.0)]
    found = [Worker(i, 1, "pool", "bound", 0, "x", *life) for i, life in enumerate(lives)]
    assert steps_of(found) == [(0.0, 2), (1.0, 4), (2.0, 2), (3.0, 1)]
    summary = Observation("m", "sampling", found, 4.0).summary("pool")
    assert (summary["at_most"], summary["at_most_at_s"]) == (4, 1.0)
    assert (summary["created"], summary["before"], summary["left"]) == (3, 1, 3)
    assert summary["lifetime_median_s"] == 2.0


def test_what_all_stacks_have_in_common_is_left_out():
    assert interesting(("__traceiter_task_newtask", "copy_process", "create_io_thread",
                        "io_wq_enqueue", "do_syscall_64")) == ("create_io_thread", "io_wq_enqueue")


class Item(ctypes.Structure):
    _fields_ = [("counts", ctypes.c_uint64), ("next", ctypes.c_uint64)]


def test_figures_are_read_where_they_lie():
    """In this process's own memory: parts of an array, and a list that is not all items."""
    items = (Item * 4)()
    for at, item in enumerate(items):
        item.counts = at != 1
        item.next = ctypes.addressof(items[at + 1]) if at < 3 else 0
    head, ways = ctypes.c_uint64(ctypes.addressof(items)), (ctypes.c_uint64 * 4)(1, 10, 100, 1000)
    below_0, last = ctypes.c_int32(-1), ctypes.addressof(items[3])

    def value(kind, of, *, end=0, width=8, count=1, step=8, mask=0):
        figure = Figure("any", ctypes.addressof(of), end, kind, 0, width, count, step, mask)
        return figure.value(memory, {})

    with Memory(os.getpid()) as memory:
        assert value(LIST, head) == 3 and value(LIST, head, end=last) == 2
        assert value(LIST, ctypes.c_uint64(0)) == value(LIST, ctypes.c_uint64(last), end=last) == 0
        assert [value(TOTAL, ways, count=4, mask=m) for m in range(4)] == [1111, 1010, 1100, 1000]
        assert value(LEVEL, below_0, width=4, step=4) == -1
        with pytest.raises(Gone):
            memory.read(0, 8)


def test_top_has_a_line_for_each_node():
    def pool(at_s, items):
        kinds = {"running": LEVEL, "queued": LEVEL, "enqueued": TOTAL, "max running": LIMIT}
        values = {node: {"running": 1 + node, "enqueued": items, "max running": 4}
                  for node in (0, 1)}
        return Shown((1, 1), "pool", 7, 0, kinds, values | {-1: {"queued": 5}}, at_s)

    before, now = [Process(9, "x", 3, cpu_s, at_s, 1, shown=[pool(at_s, items)])
                   for cpu_s, at_s, items in ((1.0, 10.0, 100), (4.0, 12.0, 500))]
    found = document([now], [before])
    (told,) = found["processes"][0]["pools"]
    assert told["max_running"] == 4 and found["cpus"] == 1.5
    assert told["now"] == {"running": 3, "queued": 5} and told["a_second"] == {"enqueued": 400.0}
    assert told["nodes"]["1"] == {"now": {"running": 2}, "a_second": {"enqueued": 200.0},
                                  "in_all": {"enqueued": 500}}
    assert [line.split() for line in render(found)[5:]] == [
        ["all", "3", "5", "400"], ["9", "(the", "same", "command)"], ["pool", "3", "5", "400"],
        ["node", "0", "1", "200"], ["node", "1", "2", "200"]]


@pytest.mark.parametrize("mangled, name", [
    ("_ZN4iowq2wq4exitEv", "iowq::wq::exit"),
    ("_ZN6engine12_GLOBAL__N_15queueEP11thread_dataP4io_u", "engine::queue"),
    ("_ZN4iowq2wq13create_threadERNS_4acctE.cold", "iowq::wq::create_thread"),
    ("td_io_queue@@BASE", "td_io_queue"),
])
def test_names_are_shown_without_arguments(mangled, name):
    assert readable(mangled) == name


@pytest.mark.parametrize("told, asked", [
    ("8@%rbx 4@4(%r13)", " wq=%bx:u64"), ("8@(%rbx) 4@4(%rax)", " wq=+0(%bx):u64"),
    ("8@-16(%r12)", " wq=-16(%r12):u64"), ("8@[x19, 8]", ""),
])
def test_a_probes_argument_in_the_words_of_tracefs(told, asked):
    assert fetched(told) == asked


def test_the_engine_has_the_probes(engine):
    names = [name for name, _ in Source(engine).for_bpftrace()]
    assert len(names) >= 3 and any(name.startswith("uprobe:") for name in names)
