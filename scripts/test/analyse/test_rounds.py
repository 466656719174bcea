# SPDX-License-Identifier: MIT
"""Rounds that other programs disturb: left out, made again, and said."""

import subprocess
from types import SimpleNamespace

import pytest
from conftest import HANG_S
from kept import kept_records
from suite.analyse import rounds
from suite.comparison import rounds_of
from suite.measure import foreign


def rows(*cpus):
    """Two runs a round; `cpus`: what others took in each round, ... for a run without it."""
    return [(SimpleNamespace(repeat=repeat), {} if one is ... else {"foreign_cpus": one}, None)
            for repeat, most in enumerate(cpus, start=1) for one in ([most, 0.0] if most else
                                                                      [most, most])]


def made(found):
    return sorted({run.repeat for run, _, _ in found})


@pytest.mark.parametrize(("cpus", "kept"), [
    ([0] * 5, [1, 2, 3, 4, 5]),
    ([0, 0.1, 0.1, 0, 0], [1, 2, 3, 4, 5]),
    ([0, 0.11, 0, 0, 0, 0], [1, 3, 4, 5, 6]),
    ([2, 0, 0, 0, 0, 0, 3], [2, 3, 4, 5, 6]),
    ([2, 0, 0, 0, 0], [1, 2, 3, 4, 5]),  # too few would be left
    ([2] * 8, list(range(1, 9))),
    ([None] * 5, [1, 2, 3, 4, 5]),
    ([...] * 5, [1, 2, 3, 4, 5]),
])
def test_what_counts(cpus, kept):
    assert made(rounds.counted(rows(*cpus))) == kept


def test_a_traced_run_disturbs_no_round():
    traced = [(SimpleNamespace(repeat=0), {"foreign_cpus": 2.0}, None)]
    assert rounds.disturbed(traced) == set()
    assert rounds.counted(traced + rows(0, 0, 0, 0, 0)) == traced + rows(0, 0, 0, 0, 0)


@pytest.mark.parametrize(("cpus", "said"), [
    ([0] * 5, ""),
    ([...] * 5, ""),
    ([None] * 5, "whether they disturbed the runs is unknown"),
    ([0, 0, 0.3, 0, 0, 0], "In round 3 of 6 other programs took up to 0.3 CPUs: left out."),
    ([1, 0, 1.5, 0, 0], "In rounds 1, 3 of 5 other programs took up to 1.5 CPUs. Too few"),
])
def test_what_is_said(cpus, said):
    assert said in " ".join(rounds.words(rows(*cpus)))
    assert bool(rounds.words(rows(*cpus))) == bool(said)


def test_a_round_in_which_the_machine_was_suspended_is_left_out():
    found = rows(*[0] * 6)
    found[4][1]["suspended_s"] = 30.0
    assert made(rounds.counted(found)) == [1, 2, 4, 5, 6]
    assert rounds.words(found) == ["In round 3 of 6 the machine was suspended: left out."]


@pytest.mark.parametrize(("pressure", "out"), [
    # Of two points, round by round; the second one's own threads wait for each other.
    ([(0.0, 0.5)] * 6, set()),
    ([(0.0, 0.5)] * 5 + [(0.4, 0.8)], {6}),
    ([(0.0, 0.5)] * 5 + [(0.4, 0.5)], {6}),  # one waits anyway
    ([(0.05, 0.45), (0.0, 0.5)] * 3, set()),
])
def test_in_a_container_rounds_are_judged_by_the_pressure_on_cpus(pressure, out):
    found = [(SimpleNamespace(repeat=repeat, point=point),
              {"foreign_cpus": None, "pressure": {"cpu": share}}, None)
             for repeat, shares in enumerate(pressure, start=1)
             for point, share in enumerate(shares)]
    assert rounds.disturbed(found) == out
    first, *others = rounds.words(found)
    assert "judged by the pressure on CPUs" in first
    assert bool(others) == bool(out)


@pytest.mark.parametrize(("cpus", "repeats", "spare", "planned"), [
    ([0, 0, 0], 3, 2, [1, 2, 3]),
    ([0, 1, 0], 3, 2, [1, 2, 3, 4]),
    ([0, 1, 0, 1], 3, 2, [1, 2, 3, 4, 5]),
    ([1, 1, 1, 1], 3, 2, [1, 2, 3, 4, 5]),
    ([1, 1, 1, 1], 3, 0, [1, 2, 3]),
])
def test_which_rounds_are_made_is_the_same_when_a_comparison_goes_on(cpus, repeats, spare, planned):
    asked = SimpleNamespace(traced=False, repeats=repeats, spare=spare, race=False)
    every = rows(*cpus, *[0] * 9)
    finished = []
    for repeat in rounds_of(asked, finished):
        finished += [row for row in every if row[0].repeat == repeat]
    assert made(finished) == planned
    assert list(rounds_of(asked, finished)) == planned


def test_beside_a_loop_more_rounds_are_made(tmp_path, job_file, command):
    if foreign.used() is None:
        pytest.skip("/proc does not show every process here")
    line = command(job_file(), "fio:psync")
    line[line.index("--spare") + 1] = "2"
    loop = subprocess.run(["sh", "-c", "sh -c 'while :; do :; done' >/dev/null 2>&1 & echo $!"],
                          capture_output=True, text=True, check=True).stdout.strip()
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=HANG_S, check=False)
    finally:
        subprocess.run(["kill", "-9", loop], check=True)
    assert done.returncode == 0, done.stderr
    assert sorted(record["run"]["repeat"] for record in kept_records(tmp_path)) == [1, 2, 3]
    assert "In rounds 1, 2, 3 of 3 other programs took up to" in done.stdout
