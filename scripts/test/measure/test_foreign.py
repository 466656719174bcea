# SPDX-License-Identifier: MIT
"""How much CPU others took: real processes, and every way in which one can begin or end."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from suite.measure import foreign

HOG = "while :; do :; done"


@pytest.fixture
def stranger():
    """The PID of a process that wants a CPU, and is none of this one's."""
    started = subprocess.run(["sh", "-c", f"sh -c '{HOG}' >/dev/null 2>&1 & echo $!"],
                             capture_output=True, text=True, check=True)
    pid = int(started.stdout)
    yield pid
    os.kill(pid, 9)


def needs_every_process():
    if foreign.used() is None:
        pytest.skip("/proc does not show every process here")


def test_a_stranger_counts(stranger):
    needs_every_process()
    watched = foreign.Foreign()
    while foreign.ticks_between(watched.before, foreign.used()) < 30:
        time.sleep(0.01)
    assert watched.cpus() > 0


def test_what_this_process_starts_does_not_count(stranger):
    needs_every_process()
    with subprocess.Popen(["sh", "-c", f"{HOG} & wait"]) as own:
        children = Path(f"/proc/{own.pid}/task/{own.pid}/children")
        while not (below := {int(pid) for pid in children.read_text().split()}):
            time.sleep(0.01)
        seen = {int(pid) for pid, _ in foreign.used()[1]}
        for pid in below | {own.pid}:
            os.kill(pid, 9)
    assert stranger in seen
    assert not seen & {os.getpid(), own.pid, *below}


def test_kernel_threads_do_not_count():
    needs_every_process()
    assert "2" not in {pid for pid, _ in foreign.used()[1]}  # kthreadd


@pytest.mark.parametrize(("before", "after", "ticks"), [
    pytest.param({1: (5, 0)}, {1: (9, 0)}, 4, id="goes on"),
    pytest.param({1: (5, 0)}, {1: (5, 0), 2: (3, 0)}, 3, id="begins"),
    pytest.param({1: (5, 0), 2: (3, 0)}, {1: (5, 7)}, 4, id="ends"),
    pytest.param({1: (5, 0)}, {1: (5, 6)}, 6, id="begins and ends"),
    pytest.param({1: (5, 0), 2: (3, 8)}, {1: (5, 12)}, 1, id="ends, and had children"),
    pytest.param({1: (5, 0), 2: (3, 0)}, {1: (6, 0)}, 1, id="ends, and its parent does not care"),
    pytest.param({1: (5, 2)}, {1: (5, 2)}, 0, id="sleeps"),
])
def test_processes_that_begin_and_end(before, after, ticks):
    assert foreign.ticks_between((0, before), (0, after)) == ticks
    assert foreign.ticks_between((10, before), (12, after)) == ticks + 2  # stolen


def test_in_a_container_nothing_is_claimed():
    line = ["unshare", "--pid", "--fork", "--mount-proc", "/usr/bin/python3", "-c",
            "from suite.measure.foreign import Foreign; print(Foreign().cpus())"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=foreign.__file__
                          .rpartition("/suite/")[0])
    if "unshare" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.stdout == "None\n", done.stderr
