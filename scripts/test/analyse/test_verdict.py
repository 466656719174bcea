# SPDX-License-Identifier: MIT
"""What is said of modes, on figures that are known."""

import random
from collections import Counter

import pytest
from suite.analyse.stats import median_interval
from suite.analyse.summary import PointSummary
from suite.analyse.verdict import always_good, judge, verdicts, words
from suite.request.plan import Load, Point

LOAD = Load("job", "4096")
SEED = 20240607
COVERAGE = 0.95


def summary(mode, values, figure="iops", rate=0, cpu=1000.0, flags=()):
    """A point whose runs had these figures, in the order of the repeats."""
    by_repeat = dict(enumerate(values, 1))
    cpus = dict.fromkeys(by_repeat, cpu)
    return PointSummary(
        Point(LOAD, mode, 8, rate), runs=len(values), iops=median_interval(list(values), COVERAGE),
        cpu_ns=median_interval(list(cpus.values()), COVERAGE),
        figures={figure: by_repeat, "cpu": cpus}, bins=Counter({1000: 1}), flags=Counter(flags))


def verdict(*rows):
    return judge(LOAD, 8, rows[0].point.rate, list(rows), COVERAGE)


def modes(rows):
    return {s.point.mode for s in rows}


@pytest.mark.parametrize("n", [5, 7, 10])
def test_equal_modes_are_called_worse_no_more_often_than_is_said(n):
    """Sixteen of them, the best of which is only lucky."""
    source = random.Random(SEED)
    calls = 0
    for _ in range(200):
        rows = [summary(f"m{i}", [source.lognormvariate(0, 0.03) for _ in range(n)])
                for i in range(16)]
        calls += len(verdict(*rows).worse)
    assert calls / (200 * 16) <= (0.0625 if n == 5 else 0.05)


def test_a_mode_that_is_5_percent_behind_ten_others_is_found_at_10_rounds():
    source = random.Random(SEED)
    found = 0
    for _ in range(100):
        drift = [source.uniform(0.5, 2) for _ in range(10)]
        rows = [summary(f"m{i}", [d * (0.95 if i == 3 else 1) * source.lognormvariate(0, 0.015)
                                  for d in drift]) for i in range(10)]
        found += "m3" in modes(s for s, _ in verdict(*rows).worse)
    assert found >= 95


def test_the_best_and_those_that_are_no_worse_are_named():
    v = verdict(summary("slow", [50, 51, 52, 53, 54]), summary("a", [100, 101, 99, 102, 98]),
                summary("b", [99, 102, 98, 101, 100.5]))
    assert v.best.point.mode == "b" and modes(v.as_good) == {"a"}
    (slow, ratio), = v.worse
    assert slow.point.mode == "slow" and ratio.high < 1
    assert "slower: slow 0.5" in "\n".join(words(v, COVERAGE))


def test_a_mode_with_too_few_runs_is_neither_best_nor_worse():
    v = verdict(summary("lucky", [9999]), summary("a", [100] * 5), summary("b", [50] * 5))
    assert v.best.point.mode == "a" and modes(v.undecided) == {"lucky"}
    assert [s.point.mode for s, _ in v.worse] == ["b"]
    assert "too few runs to say: lucky" in "\n".join(words(v, COVERAGE))
    assert verdict(summary("lucky", [9999]), summary("a", [100] * 5)) is None


def test_a_flagged_mode_carries_its_mark_wherever_it_is_named():
    v = verdict(summary("a", [100] * 5, flags=["not_cold"]), summary("b", [50] * 5, flags=["x"]))
    text = "\n".join(words(v, COVERAGE))
    assert "depth 8: a ! (" in text and "slower: b ! 0.50" in text
    assert always_good([v])[LOAD] == (["a !"], 1, 1)


def test_an_open_loop_is_judged_by_p99():
    v = verdict(summary("late", [200] * 5, "p99", 1000), summary("early", [100] * 5, "p99", 1000))
    assert v.best.point.mode == "early" and modes(s for s, _ in v.worse) == {"late"}
    assert "longer p99: late 2.00" in "\n".join(words(v, COVERAGE))


def test_the_cheapest_is_named_only_where_it_is_shown_to_be():
    rows = [summary("a", [100] * 5, cpu=1000.0), summary("b", [100, 100, 99, 100, 100], cpu=900.0)]
    assert verdict(*rows).cheaper(COVERAGE).point.mode == "b"
    rows[1].figures["cpu"] = dict(enumerate([500.0, 1500.0, 900.0, 900.0, 900.0], 1))
    assert verdict(*rows).cheaper(COVERAGE) is None


def test_points_of_one_mode_are_nothing_to_choose_from():
    s = summary("a", [100] * 5)
    assert verdicts({s.point: s}, COVERAGE) == []
