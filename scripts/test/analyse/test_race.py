# SPDX-License-Identifier: MIT
"""What is clearly worse after five rounds leaves the race, and its time goes to the others."""

import random
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from suite.analyse import race, verdict
from suite.analyse.summary import summarise
from suite.comparison import rounds_of, wanted
from suite.fio.output import Figures
from suite.request.asked import Asked
from suite.request.plan import Load, Point

LOAD = Load("job", "4096")
SEED = 20261128
RECORD = {"flags": [], "reason": None, "threads_peak": 1, "user_s": 0.1, "system_s": 0.1,
          "voluntary_switches": 0, "involuntary_switches": 0, "cache_hit": None}


def asked_of(modes, repeats=8, spare=0, depths=(1,)):
    points = [Point(LOAD, mode, depth) for mode, depth in product(modes, depths)]
    return Asked([], [], points, repeats, 1, modes[0], [], spare=spare, race=True)


def measured(run, iops, foreign=0.0):
    figures = Figures(ios=1000, iops=iops, bw_bytes=4096 * iops, lat_mean_ns=500,
                      bins=Counter({1000: 1000}), errors=0, runtime_s=1, read_bytes=0, rows={})
    return run, RECORD | {"foreign_cpus": foreign}, figures


def raced(asked, levels, noise, disturbed=()):
    """A whole comparison; `noise(mode)` is what a run is multiplied by."""
    finished = []
    for repeat in rounds_of(asked, finished):
        finished += [measured(run, levels[run.point.mode] * noise(run.point.mode),
                              float(repeat in disturbed))
                     for run in wanted(asked, repeat, finished)]
    return finished


def rounds(finished):
    """{mode: the numbers of its rounds}"""
    found = {}
    for run, _, _ in finished:
        found.setdefault(run.point.mode, set()).add(run.repeat)
    return found


def a_little(seed=1):
    source = random.Random(seed)
    return lambda _: source.lognormvariate(0, 0.01)


def up_to(last):
    return set(range(1, last + 1))


@pytest.mark.parametrize(("levels", "made"), [
    # base is the baseline, and stays with whatever it is compared with.
    ({"base": 9, "a": 100, "b": 99, "c": 30}, {"base": 9, "a": 9, "b": 9, "c": 5}),
    ({"base": 100, "a": 30, "b": 20, "c": 10}, {"base": 16, "a": 5, "b": 5, "c": 5}),
    # Worse, but may be as good: nobody leaves who is near.
    ({"base": 100, "a": 93, "b": 93, "c": 93}, dict.fromkeys("abc", 8) | {"base": 8}),
    ({"base": 100, "a": 100, "b": 99, "c": 101}, dict.fromkeys("abc", 8) | {"base": 8}),
])
def test_who_leaves_and_who_gets_the_time(levels, made):
    asked = asked_of(list(levels))
    assert rounds(raced(asked, levels, a_little())) == {
        mode: up_to(last) for mode, last in made.items()}


def test_a_point_leaves_and_not_its_mode():
    asked = asked_of(["base", "a", "b"], depths=(1, 8))
    slow = {("b", 8)}
    noise, finished = a_little(), []
    for repeat in rounds_of(asked, finished):
        finished += [measured(run, (20 if (run.point.mode, run.point.depth) in slow else 100)
                              * noise("")) for run in wanted(asked, repeat, finished)]
    last = {}
    for run, _, _ in finished:
        last[run.point.mode, run.point.depth] = run.repeat
    assert last == {(m, d): 5 if (m, d) in slow else 8 for m, d in last} and len(last) == 6


def test_disturbed_rounds_are_not_looked_at_and_are_made_again():
    asked = asked_of(["base", "a", "b"], spare=2)
    levels = {"base": 100, "a": 99, "b": 30}
    found = rounds(raced(asked, levels, a_little(), disturbed={2, 4}))
    assert found["b"] == up_to(7), "five that are clean"
    assert found["a"] == found["base"] == up_to(11)  # 10 rounds of 3, of which 7 were of all


def test_without_a_race_every_round_has_every_point():
    asked = replace(asked_of(["base", "a"]), race=False)
    assert rounds(raced(asked, {"base": 100, "a": 10}, a_little())) == {
        "base": up_to(8), "a": up_to(8)}


def test_every_run_is_one_of_those_that_are_possible():
    asked = asked_of(["base", "a", "b"], spare=3)
    made = raced(asked, {"base": 100, "a": 5, "b": 4}, a_little(), disturbed={1, 3, 9})
    assert {run for run, _, _ in made} <= set(asked.possible_runs)


def test_whoever_goes_on_makes_the_same_runs():
    source = random.Random(SEED)
    asked = asked_of([f"m{i}" for i in range(6)], spare=1, depths=(1, 8))
    levels = {f"m{i}": 100 / (1 + i / 3) for i in range(6)}
    finished = raced(asked, levels, lambda _: source.lognormvariate(0, 0.1), disturbed={3})
    assert [run for run, _, _ in finished] == [
        run for repeat in rounds_of(asked, finished) for run in wanted(asked, repeat, finished)]


def test_it_is_said_who_left():
    asked = asked_of(["base", "a", "b"])
    finished = raced(asked, {"base": 100, "a": 99, "b": 30}, a_little())
    line, = race.words({"race": True, "precision": None}, summarise(finished, "base"))
    assert "After round 5, 1 of 3 points" in line and "up to round 9" in line
    assert race.words({"precision": None}, summarise(finished, "base")) == []


@pytest.mark.parametrize("spread", [0.05, 0.15])
def test_of_equal_modes_few_reports_call_one_worse_and_truly_slower_ones_are_called(spread):
    source = random.Random(SEED)
    asked = asked_of([f"m{i}" for i in range(14)])
    rules = verdict.Rules(race=True)

    def found(levels):
        finished = raced(asked, levels, lambda _: source.lognormvariate(0, spread))
        v, = verdict.verdicts(summarise(finished, "m0"), rules)
        return {one.mode for one in v.worse}, {one.mode for one in v.as_good}

    same = {f"m{i}": 100.0 for i in range(14)}
    assert sum(bool(found(same)[0]) for _ in range(40)) <= 6  # 2 are expected at the most
    half = same | {f"m{i}": 100 / 1.6 for i in range(7)}
    called = [found(half)[0] for _ in range(20)]
    assert sum(mode in worse for worse in called for mode in list(same)[:7]) >= 0.85 * 140
    assert sum(mode in worse for worse in called for mode in list(same)[7:]) <= 3
    # Those at the very limit of what is as good, beside one that is the best.
    near = dict.fromkeys(same, 89.9) | {"m13": 100.0}
    assert sum(len(found(near)[1] - {"m13"}) for _ in range(20)) <= 0.07 * 20 * 13
