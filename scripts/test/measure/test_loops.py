# SPDX-License-Identifier: MIT
"""--busy: loops on CPUs while a run is measured."""

import os

import pytest
from suite.errors import BadInput
from suite.measure.foreign import used
from suite.measure.loops import loops
from suite.request.busy import busy_cpus, busy_of


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
    assert busy_cpus(busy, cpus) == kept


@pytest.mark.parametrize("text, cpus, complaint", [
    ("two", {0, 1}, "allowed are none, one, half"),
    ("one", {3}, "only CPU 3 may be used here")])
def test_a_load_that_cannot_be_is_refused(text, cpus, complaint):
    with pytest.raises(BadInput, match=complaint):
        busy_of(text, cpus)
    assert busy_of("none", {3}) == ""
