# SPDX-License-Identifier: MIT
"""What is said of modes, on figures that are known."""

import random
from collections import Counter
from dataclasses import replace
from itertools import count

import pytest
from suite.analyse.answer import answers, render
from suite.analyse.stats import median_interval
from suite.analyse.summary import PointSummary
from suite.analyse.verdict import Rules, verdicts, words
from suite.fio.output import Figures, Row
from suite.request.judged import parse_judge
from suite.request.plan import Load, Point

LOAD = Load("job", "4096")
SEED = 20240607
COVERAGE = 0.925
LOG_WRITES, LOG_SYNCS = Row("log", "write"), Row("log", "sync")
READS = Row("readers", "read")


def figures(iops=100.0, p99=1000, rows=()):
    return Figures(ios=1000, iops=iops, bw_bytes=4096 * iops, lat_mean_ns=p99 / 2,
                   bins=Counter({p99: 1000}), errors=0, runtime_s=1, read_bytes=0, rows=dict(rows))


def summary(mode, runs, rate=0, cpu=1000.0, flags=(), depth=8):
    """A point whose runs had these Figures, or only these IOPS, in the order of the repeats."""
    by_repeat = {n: one if isinstance(one, Figures) else figures(float(one))
                 for n, one in zip(count(1), runs)}
    cpus = dict.fromkeys(by_repeat, cpu)
    iops = [one.iops for one in by_repeat.values()]
    return PointSummary(
        Point(LOAD, mode, depth, rate), runs=len(iops), iops=median_interval(iops, COVERAGE),
        cpu_ns=median_interval(list(cpus.values()), COVERAGE), figures={"cpu": cpus},
        by_repeat=by_repeat, bins=Counter({1000: 1}), flags=Counter(flags))


def told(*rows, judge=None, as_good=0.9):
    rules = Rules(tuple(parse_judge(judge)), as_good)
    return verdicts({s.point: s for s in rows}, rules)


def verdict(*rows, **rules):
    found, = told(*rows, **rules)
    return found


def text_of(v):
    return "\n".join(words(v, COVERAGE))


def modes(standings):
    return {one.mode for one in standings}


# ---- as good, worse, undecided


@pytest.mark.parametrize("rounds", [5, 8])
def test_of_equal_modes_few_are_called_worse_and_few_as_good_that_are_not(rounds):
    """Fourteen of them, the best of which is only lucky; and fourteen at 0.85 of one more."""
    source = random.Random(SEED)

    def drawn(name, level):
        return summary(name, [level * source.lognormvariate(0, 0.05) for _ in range(rounds)])

    false_worse = false_good = 0
    for _ in range(60):
        false_worse += bool(verdict(*(drawn(f"m{i}", 1) for i in range(14))).worse)
        far = verdict(drawn("best", 1), *(drawn(f"m{i}", 0.9 * 0.999) for i in range(5)))
        false_good += len(far.as_good)
    assert false_worse <= 7  # 3 are expected at the most
    assert false_good / (60 * 5) <= 0.05


def test_true_differences_are_called_though_a_fifth_of_the_rounds_is_disturbed():
    """Beside an unsteady neighbour, with some of the disturbed rounds made again."""
    source = random.Random(SEED)
    called = of = 0
    for _ in range(60):
        clean = [source.random() > 0.2 for _ in range(10)]
        rounds = 8 + min(2, 8 - sum(clean[:8]))
        kept = [r for r in range(rounds) if clean[r]]
        kept = kept if len(kept) >= 5 else range(rounds)
        rows = [summary(f"m{i}", [source.lognormvariate(0, 0.16) / (1.6 if i < 8 else 1)
                                  * (1 if clean[r] else 0.4 + 0.6 * (i % 2)) for r in kept])
                for i in range(14)]
        v = verdict(*rows)
        called += sum(mode in modes(v.worse) for mode in (f"m{i}" for i in range(8)))
        of += 8
    assert called / of >= 0.85


def test_the_best_and_those_that_are_as_good_are_named():
    v = verdict(summary("slow", [50, 51, 52, 53, 54]), summary("a", [100, 101, 99, 102, 98]),
                summary("b", [99, 102, 98, 101, 100.5]))
    assert v.best.point.mode == "b" and modes(v.as_good) == {"a"}
    slow, = v.worse
    assert slow.mode == "slow" and slow.ratio.high < 1 and slow.share == pytest.approx(0.52, 0.05)
    assert "slower: slow 0.5" in text_of(v)


def test_what_is_neither_shown_to_be_as_good_nor_worse_is_undecided_and_never_praised():
    v = verdict(summary("unsteady", [36, 150, 90, 50, 130]),
                summary("a", [100, 101, 99, 102, 98]))
    assert not v.as_good and not v.worse and modes(v.undecided) == {"unsteady"}
    assert "undecided: unsteady" in text_of(v) and "more round" in text_of(v)
    assert answers([v]) == {LOAD: "a at depth 8"}


def test_the_rounds_that_would_decide_are_about_what_it_takes():
    source = random.Random(SEED)

    def rows(rounds):
        return [summary(f"m{i}", [source.lognormvariate(0, 0.1) for _ in range(rounds)])
                for i in range(2)]

    said = [one.more for _ in range(30) for one in verdict(*rows(5)).undecided if one.more]
    assert said
    decided = sum(bool(verdict(*rows(5 + max(said))).as_good) for _ in range(30))
    assert decided >= 20


@pytest.mark.parametrize("as_good, place", [(0.7, "as_good"), (0.95, "worse")])
def test_how_near_is_as_good_can_be_set(as_good, place):
    v = verdict(summary("near", [80, 80.5, 81, 79, 80]), summary("a", [100, 101, 99, 100, 100]),
                as_good=as_good)
    assert modes(getattr(v, place)) == {"near"}


def test_a_mode_with_too_few_runs_is_neither_best_nor_worse():
    steady, slow = [100, 101, 99, 100, 100], [50, 51, 50, 49, 50]
    v = verdict(summary("lucky", [9999]), summary("a", steady), summary("b", slow))
    assert v.best.point.mode == "a" and [s.point.mode for s in v.untold] == ["lucky"]
    assert modes(v.worse) == {"b"}
    assert "too few runs to say: lucky" in text_of(v)
    assert told(summary("lucky", [9999]), summary("a", steady)) == []


def test_a_flagged_mode_carries_its_mark_wherever_it_is_named():
    v = verdict(summary("a", [100, 101, 99, 100, 100], flags=["not_cold"]),
                summary("b", [50, 51, 50, 49, 50], flags=["x"]))
    assert "depth 8: a ! (" in text_of(v) and "slower: b ! 0.50" in text_of(v)
    assert answers([v]) == {LOAD: "a ! at depth 8"}


def test_the_cheapest_is_named_only_where_it_is_shown_to_be():
    rows = [summary("a", [100] * 5, cpu=1000.0), summary("b", [100, 100, 99, 100, 100], cpu=900.0)]
    assert verdict(*rows).cheaper(COVERAGE).point.mode == "b"
    rows[1].figures["cpu"] = dict(enumerate([500.0, 1500.0, 900.0, 900.0, 900.0], 1))
    assert verdict(*rows).cheaper(COVERAGE) is None


def test_points_of_one_mode_are_nothing_to_choose_from():
    assert told(summary("a", [100] * 5)) == []


# ---- what decides


def test_an_open_loop_is_judged_by_p99():
    v = verdict(summary("late", [figures(p99=p99) for p99 in (200, 201, 199, 200, 200)], rate=1000),
                summary("early", [figures(p99=p99) for p99 in (100, 101, 99, 100, 100)], rate=1000))
    assert v.best.point.mode == "early" and modes(v.worse) == {"late"}
    assert "longer p99: late 2.00" in text_of(v)


def with_rows(mode, log, syncs_p99, reads, rounds=5):
    """Runs of a log writer beside readers; the figures differ a little from round to round."""
    def run(r):
        f = 1 + 0.01 * (r % 3)
        return figures(f * (log + reads), rows={
            LOG_WRITES: figures(f * log), LOG_SYNCS: figures(f * log, round(f * syncs_p99)),
            READS: figures(f * reads)})

    return summary(mode, [run(r) for r in range(rounds)])


def log_and_readers():
    return (with_rows("sqwq", 1300, 6_000_000, 60_000),
            with_rows("uring", 3900, 1_900_000, 58_000))


def test_several_sections_and_directions_are_judged_apart():
    """Of their sum sqwq's is the greater; its log writer makes a third of uring's commits."""
    syncs, writes, reads = told(*log_and_readers())
    assert syncs.judged.row == LOG_SYNCS and modes(syncs.worse) == {"sqwq"}
    assert "log syncs by p99: uring" in text_of(syncs) and "longer p99: sqwq 3." in text_of(syncs)
    assert modes(writes.worse) == {"sqwq"} and reads.best.point.mode == "sqwq"
    assert modes(reads.as_good) == {"uring"}
    lines = "\n".join(render({s.point: s for s in log_and_readers()}, Rules()))
    assert "job: uring, as good as the best by each of 3 figures" in lines


@pytest.mark.parametrize("judge, judged", [
    ("iops", [("iops", None)]),
    ("log:sync:mean", [("mean", LOG_SYNCS)]),
    ("log:p99", [("p99", LOG_SYNCS), ("p99", LOG_WRITES)]),
    ("read:p99.9,readers:iops", [("p99.9", READS), ("iops", READS)]),
    ("cpu", [("cpu", None)]),
])
def test_the_user_can_say_what_decides(judge, judged):
    found = told(*log_and_readers(), judge=judge)
    assert [(v.judged.figure, v.judged.row) for v in found] == judged


def test_a_limit_leaves_out_whoever_does_not_keep_it():
    v = verdict(*log_and_readers(), judge="readers:iops,log:sync:p99<3ms")
    assert v.best.point.mode == "uring" and not v.as_good
    assert [s.point.mode for s, _ in v.over] == ["sqwq"]
    assert "does not keep: sqwq (log syncs p99 6.06 ms, not < 3ms)" in text_of(v)


def test_a_limit_that_nobody_keeps_is_said_with_what_each_comes_to():
    rows = {s.point: s for s in log_and_readers()}
    rules = Rules(tuple(parse_judge("iops,log:sync:p99<1us")))
    text = "\n".join(render(rows, rules))
    assert verdicts(rows, rules) == []
    assert "job, depth 8: no mode keeps the limits: sqwq (log syncs p99 6.06 ms" in text


def test_a_row_that_one_mode_alone_has_is_not_judged_between_others():
    only = replace(with_rows("uring", 3900, 1_900_000, 58_000), point=Point(LOAD, "b", 8))
    for one in only.by_repeat.values():
        del one.rows[LOG_SYNCS]
    assert [v.judged.row for v in told(log_and_readers()[0], only)] == [LOG_WRITES, READS]
