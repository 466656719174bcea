# SPDX-License-Identifier: MIT
"""No line that somebody reads is over 100 columns: sources, comments and Markdown alike."""

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MOST = 100
SUFFIXES = {".c", ".cc", ".h", ".py", ".md", ".sh", ".fio", ".toml"}
INTERPRETERS = ("sh", "bash", "python3")
GENERATED = "results/reference/"

# Files that still have such lines, and how many at most. An entry goes with the last of them.
STILL_OVER = {
    "README.md": 2,  # of the examples
    "engine/test/conftest.py": 1,
    "iowq/acall/acall.cc": 1,
    "iowq/acall/acall.h": 21,
    "iowq/acall/acall_calls.cc": 3,
    "iowq/acall/acall_calls.h": 3,
    "iowq/bench/cases.h": 2,
    "iowq/bench/hooks_bench.cc": 3,
    "iowq/bench/kernel_side.cc": 1,
    "iowq/bench/measure.cc": 1,
    "iowq/os/assert.h": 1,
    "iowq/os/learner.h": 1,
    "iowq/os/lock.h": 2,
    "iowq/os/node_memory.cc": 2,
    "iowq/os/node_memory.h": 5,
    "iowq/os/park.h": 1,
    "iowq/os/probe.h": 1,
    "iowq/os/sleep_hook.h": 5,
    "iowq/os/sleep_hook_bpf.cc": 3,
    "iowq/os/sleep_hook_perf.cc": 2,
    "iowq/os/topology.cc": 1,
    "iowq/os/topology.h": 8,
    "iowq/pool/acct.h": 4,
    "iowq/pool/cancel.cc": 2,
    "iowq/pool/chain.h": 1,
    "iowq/pool/current_work.h": 3,
    "iowq/pool/io_wq.h": 4,
    "iowq/pool/monitor.cc": 2,
    "iowq/pool/monitor.h": 2,
    "iowq/pool/sleep_accounting.h": 1,
    "iowq/pool/work.h": 3,
    "iowq/pool/work_queue.h": 1,
    "iowq/pool/worker.h": 3,
    "iowq/pool/worker_set.h": 2,
    "iowq/pool/wq.cc": 2,
    "iowq/pool/wq.h": 22,
    "iowq/ring/begun_reads.h": 1,
    "iowq/ring/issue.h": 1,
    "iowq/ring/linux_aio.h": 4,
    "iowq/ring/pooled.cc": 1,
    "iowq/ring/reaper.cc": 2,
    "iowq/ring/reaper.h": 1,
    "iowq/ring/request.h": 3,
    "iowq/ring/ring.h": 3,
    "iowq/ring/route.h": 4,
    "iowq/ring/sqthread.cc": 3,
    "iowq/ring/sqthread.h": 9,
    "iowq/ring/syscalls.h": 1,
    "iowq/test/nodes.h": 1,
    "iowq/test/os/sleep_hook_test.cc": 2,
    "iowq/test/os/topology_test.cc": 1,
    "iowq/test/pool/creation_test.cc": 1,
    "iowq/test/pool/exit_test.cc": 1,
    "iowq/test/pool/kernel_mistakes_test.cc": 7,
    "iowq/test/pool/placement_test.cc": 2,
    "iowq/test/pool/wq_test.cc": 2,
    "iowq/test/ring/begun_test.cc": 2,
    "iowq/test/schedule.h": 3,
    "scripts/suite/hosts.py": 1,
    "scripts/suite/modes.py": 1,
    "scripts/suite/report/two.py": 1,
    "scripts/suite/safety.py": 1,
    "scripts/suite/table.py": 1,
    "scripts/suite/verdict.py": 2,
    "scripts/test/conftest.py": 1,
    "scripts/test/synthetic.py": 1,
    "scripts/test/test_bench.py": 4,
    "scripts/test/test_doc.py": 2,
    "scripts/test/test_hosts.py": 4,
    "scripts/test/test_install.py": 14,
    "scripts/test/test_layers.py": 2,
    "scripts/test/test_modes.py": 2,
    "scripts/test/test_numa.py": 2,
    "scripts/test/test_plan.py": 1,
    "scripts/test/test_probes.py": 11,
    "scripts/test/test_safety.py": 1,
    "scripts/test/test_setup.py": 7,
    "scripts/test/test_targets.py": 1,
    "scripts/test/test_workers.py": 2,
}


def is_read(path):
    """Is it C++, Markdown, Python, a Makefile, a shell script or a job file, and not generated?"""
    if path.startswith(GENERATED):
        return False
    name = Path(path)
    if name.suffix:
        return name.suffix in SUFFIXES
    first, _, _ = (REPOSITORY / path).read_bytes().partition(b"\n")
    return name.name == "Makefile" or (
        first.startswith(b"#!") and first.decode().split("/")[-1].split()[-1] in INTERPRETERS)


def lines_over(text):
    """The numbers of the lines with more characters (not bytes) than that."""
    return [number for number, line in enumerate(text.splitlines(), 1) if len(line) > MOST]


def files_over():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True,
                            text=True, check=True)
    paths = [path for path in listed.stdout.split("\0") if path and (REPOSITORY / path).is_file()]
    over = {path: lines_over((REPOSITORY / path).read_text()) for path in paths if is_read(path)}
    return {path: lines for path, lines in over.items() if lines}


def test_no_line_is_over_100_columns():
    over = files_over()
    assert {path: lines for path, lines in over.items()
            if len(lines) > STILL_OVER.get(path, 0)} == {}
    assert STILL_OVER.keys() - over.keys() == set(), "these are not needed any more"


@pytest.mark.parametrize("text, over", [
    ("x" * 100, []), ("short\n" + "x" * 101 + "\n", [2]), ("µ" * 100, []), ("→" * 101, [1])])
def test_characters_are_counted(text, over):
    assert lines_over(text) == over


@pytest.mark.parametrize("path", ["Makefile", "README.md", ".github/CHANGELOG.md", "iowq/pool/wq.h",
                                  "scripts/check", "scripts/fetch-fio", ".ci/run",
                                  "scripts/guest/inside/init", "jobs/reference.toml"])
def test_what_is_written_by_hand_is_looked_at(path):
    assert is_read(path)


@pytest.mark.parametrize("path", ["results/reference/numa/numa-counts.md", "LICENSE",
                                  "results/reference/summary.csv"])
def test_what_is_not_is_left_out(path):
    assert not is_read(path)
