# SPDX-License-Identifier: MIT
"""The probes: iowq/README.md's one-liners, as they stand there, on the engine under a real fio."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import HANG_S

REPOSITORY = Path(__file__).resolve().parents[2]
# A question, and the command behind it, which ends at a line's end with its quotes.
ONE_LINERS = dict(re.findall(r'^    # (.*)\n    (bpftrace (?:.*\n)*?.*")$',
                             (REPOSITORY / "iowq/README.md").read_text(), re.M))
ITEMS = 2000


@pytest.fixture(scope="module", autouse=True)
def tracefs():
    """Both tools want it mounted."""
    if os.geteuid() != 0:
        pytest.skip("probes need root")
    if not Path("/sys/kernel/tracing/events").exists():
        mounted = subprocess.run(["mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing"],
                                 check=False)
        if mounted.returncode:
            pytest.skip("tracefs cannot be mounted here")


@pytest.fixture
def load(engine, tmp_path):
    return ["fio", "--name=a", f"--ioengine=external:{engine}", "--offload=sqwq",
            f"--filename={tmp_path}/a", "--size=1m", "--rw=randwrite", "--bs=4k", "--iodepth=8",
            f"--number_ios={ITEMS}", "--loops=100", "--fsync=16", "--minimal", "--output=/dev/null"]


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=HANG_S)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def traced(one_liner, load, engine):
    """What the one-liner prints about the load."""
    if not shutil.which("bpftrace"):
        pytest.skip("no bpftrace")
    line = one_liner.replace('bpftrace -e "',
                             'exec bpftrace -e "BEGIN { printf(\\"ready\\n\\"); } ')
    tracer = subprocess.Popen(["bash", "-c", line], env=os.environ | {"LIB": str(engine)},
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    told = ""
    try:
        while "ready" not in told:
            said = tracer.stdout.readline()
            if not said:
                reason = tracer.stderr.read()
                if "not permitted" in reason or "BTF" in reason:
                    pytest.skip(f"bpftrace does not run here: {reason.strip().splitlines()[-1]}")
                pytest.fail(reason)
            told += said
        run(load)
        if "interval" in one_liner:
            while not re.search(r"^@workers: ", told, re.M):
                told += tracer.stdout.readline()
        rest, problems = end(tracer)
    finally:
        tracer.kill()
    assert "ERROR: Error" not in problems
    return told + rest


def end(tracer):
    """bpftrace now and then does not notice the signal."""
    for _ in range(15):
        tracer.send_signal(signal.SIGINT)
        try:
            return tracer.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            pass
    pytest.fail("bpftrace does not end")


def counted(histogram):
    return sum(int(n) for n in re.findall(r"^[\[(].*?[)\]]\s+(\d+) \|", histogram, re.M))


def test_the_readme_answers_five_questions():
    assert len(ONE_LINERS) == 5


def test_workers_are_counted_up_and_down(load, engine):
    told = traced(ONE_LINERS["how many workers are there?"], load, engine)
    assert re.findall(r"^@workers: (-?\d+)", told, re.M)[-1] == "0", "all have left with fio"


def test_those_that_leave_are_told(load, engine):
    told = traced(ONE_LINERS["when do they leave?"], load, engine)
    assert re.search(r"^\d\d:\d\d:\d\d a worker of node 0 left$", told, re.M)


@pytest.mark.parametrize("question", ["how long are items queued, in us?",
                                      "how long do they run, in us?"])
def test_every_item_is_in_the_histogram(question, load, engine):
    assert counted(traced(ONE_LINERS[question], load, engine)) >= ITEMS


def test_workers_that_sleep_are_seen(load, engine):
    question = "how many workers run when one goes to sleep?"
    assert counted(traced(ONE_LINERS[question], load, engine)) > 0


def test_perf_tells_from_where_a_worker_was_created(load, engine, tmp_path):
    if not shutil.which("perf"):
        pytest.skip("no perf")
    perf = ["perf", "--buildid-dir", tmp_path / "debug"]
    run([*perf, "buildid-cache", "--add", engine])
    added = subprocess.run([*perf, "probe", "-q", "sdt_iowq:create"], capture_output=True,
                           text=True, timeout=HANG_S)
    if added.returncode:
        pytest.skip(f"perf adds no probes here: {added.stderr.strip()}")
    try:
        run([*perf, "record", "-q", "-o", tmp_path / "data", "-e", "sdt_iowq:create", "-g",
             "--", *load])
        told = run([*perf, "script", "-i", tmp_path / "data"])
    finally:
        subprocess.run([*perf, "probe", "-q", "-d", "sdt_iowq:*"], capture_output=True,
                       timeout=HANG_S)
    assert "iowq::ring::" in told
