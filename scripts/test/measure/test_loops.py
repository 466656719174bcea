# SPDX-License-Identifier: MIT
"""--busy: loops on CPUs while a run is measured, and quotas."""

import os
import sys

import pytest
from suite.errors import BadInput
from suite.measure.cgroups import hierarchy
from suite.measure.foreign import used
from suite.measure.loops import loops
from suite.measure.process import Stop, run_limited
from suite.measure.quota import check, make, quota, remove
from suite.request.busy import busy_of, kind_of
from suite.request.length import Limit


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return {int(pid) for pid in file.read().split()}


def test_each_loop_is_on_its_cpu_and_gone_afterwards():
    before, cpus = children(), sorted(os.sched_getaffinity(0))[-1:]
    with loops(cpus):
        started = children() - before
        assert [os.sched_getaffinity(pid) for pid in started] == [set(cpus)]
    assert children() == before


def test_a_loop_is_no_foreign_program():
    with loops(sorted(os.sched_getaffinity(0))[-1:]):
        (pid,) = children()
        others = used()
    if others is None:
        pytest.skip("/proc does not show every process")
    assert str(pid) not in {name for name, _ in others[1]}


@pytest.mark.parametrize("busy, cpus, kept", [
    ("", {0, 1}, []), ("one", {0, 1}, [1]), ("one", {2, 3, 5}, [5]), ("half", {0, 1, 2, 3}, [2, 3]),
    ("half", {0, 1, 2}, [2])])
def test_the_last_cpus_are_kept_busy(busy, cpus, kept):
    assert kind_of(busy).loops(cpus) == kept
    assert kind_of(busy).share_of(cpus) is None


def test_a_single_cpu_is_all_that_a_run_has(tmp_path):
    cpus = os.sched_getaffinity(0)
    assert kind_of("one").only(cpus) is None
    script = "import os; print(os.sched_getaffinity(0))"
    ran = run_limited([sys.executable, "-c", script], tmp_path, Limit(60), Stop(),
                      cpus=kind_of("single").only(cpus))
    assert ran.stdout.decode().strip() == str({min(cpus)})


@pytest.fixture
def cgroups():
    try:
        check()
    except BadInput as error:
        pytest.skip(str(error))


def test_under_a_quota_a_run_is_throttled_and_the_cgroup_is_gone_afterwards(cgroups, tmp_path):
    assert kind_of("quota").share_of({0, 1, 2}) == 1.5
    script = ("while ! grep -q 'nr_throttled [1-9]' $0/cpu.stat; do :; done; "
              "cat /proc/self/cgroup")
    with quota(0.02) as group:  # less than it gets on any busy machine
        ran = run_limited(["sh", "-c", script, str(group)], tmp_path, Limit(60), Stop(),
                          group=group)
        assert group.is_dir()
    assert not group.exists()
    assert ran.status == 0 and group.name in ran.stdout.decode()


def test_a_group_that_a_killed_comparison_left_is_removed(cgroups):
    base, _ = hierarchy("cpu")
    left = base / "iowq-compare-4194305"  # no PID is so high
    left.mkdir()
    remove(make(1))
    assert not left.exists()


def test_a_cgroup_that_cannot_be_made_is_told_in_one_line(monkeypatch, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("tmpfs /sys/fs/cgroup tmpfs rw 0 0\n")
    monkeypatch.setattr("suite.measure.cgroups.MOUNTS", mounts)
    with pytest.raises(BadInput, match="--busy quota: no cgroup with a CPU quota can be made here"):
        check()


@pytest.mark.parametrize("text, cpus, complaint", [
    ("two", {0, 1}, "allowed are none, one, half, single, quota"),
    ("one", {3}, "only CPU 3 may be used here")])
def test_a_load_that_cannot_be_is_refused(text, cpus, complaint):
    with pytest.raises(BadInput, match=complaint):
        busy_of(text, cpus)
    assert busy_of("none", {3}) == ""
