# SPDX-License-Identifier: MIT
"""What a report says in words: loads, the one sentence for each, and how far figures are to be
trusted."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import synthetic
from suite.analyse import beside, precision, same
from suite.analyse.answer import always_serial, answers
from suite.analyse.words import load_words
from suite.report.conclusion import summaries_of
from suite.request.plan import Load
from test_verdict import summary


@pytest.mark.parametrize("block, words", [
    ("4096", "reads and writes of 4 KiB, O_DIRECT"),
    ("4096 8192", "reads and writes of 4 KiB and 8 KiB, O_DIRECT"),
    ("1048576 2097152 4096", "reads and writes of 4 KiB, 1 MiB and 2 MiB, O_DIRECT"),
    ("512 1073741824", "reads and writes of 512 bytes and 1 GiB, O_DIRECT"),
    ("4000", "reads and writes of 4000 bytes, O_DIRECT"),
    ("4k-16k", "reads and writes of 4k-16k, O_DIRECT"),
    ("8192 4k/50:64k/50", "reads and writes of 4k/50:64k/50 and 8 KiB, O_DIRECT"),
    ("", "reads and writes, O_DIRECT"),
])
def test_sizes_are_told_with_units_and_from_the_smallest(block, words):
    job = {"reads": True, "writes": True, "cache": "direct", "block": block}
    assert load_words(job) == words
    assert load_words(job | {"block": "1"}, Load("j", block)) == words


def test_operations_are_named_in_place_of_reads_and_writes():
    job = {"reads": True, "writes": False, "cache": "warm", "block": "4096"}
    assert load_words(job | {"operations": ["stat"]}, Load("j", "4096")) == "stat, caches warm"
    assert load_words(job | {"operations": []}) == "reads of 4 KiB, buffered, page cache warm"


def verdict(point, *good, row="", flags=()):
    best, *others = [SimpleNamespace(point=SimpleNamespace(mode=mode, where=point),
                                     flags=["x"] * (mode in flags)) for mode in good]
    return SimpleNamespace(load="load", where=", ".join(filter(None, [point, row])), best=best,
                           judged=SimpleNamespace(row=row, words=row), good=[best, *others])


@pytest.mark.parametrize(("verdicts", "sentence"), [
    ([verdict("depth 8", "a")], "a at depth 8"),
    ([verdict("depth 8", "a", "b", flags="b")], "a or b ! at depth 8"),
    ([verdict("depth 8", *"abcde")], "5 modes at depth 8"),
    ([verdict("depth 1", "a", "b"), verdict("depth 8", "b")],
     "b, as good as the best at each of 2 points"),
    ([verdict("depth 1", "a", flags="a"), verdict("depth 8", "a")],
     "a !, as good as the best at each of 2 points"),
    ([verdict("depth 1", "a"), verdict("depth 8", "b"), verdict("depth 32", "b")],
     "a at depth 1; b at depths 8 and 32"),
    ([verdict("depth 1, 10 k I/Os/s offered", "a"), verdict("depth 1, 20 k I/Os/s offered", "b"),
      verdict("depth 8", "a")],
     "a at depth 1, 10 k I/Os/s offered and depth 8; b at depth 1, 20 k I/Os/s offered"),
    ([verdict("depth 8", "a", row="log syncs by p99"),
      verdict("depth 8", "b", row="reads by IOPS"), verdict("depth 8", "b", row="writes by IOPS")],
     "at depth 8: a for log syncs by p99; b for reads by IOPS and writes by IOPS"),
    ([verdict("depth 8", "a", row="log syncs by p99"), verdict("depth 8", "a", row="b by IOPS")],
     "a, as good as the best by each of 2 figures"),
    ([verdict("depth 1", "a", row="log syncs by p99"), verdict("depth 8", "b", row="b by IOPS")],
     "a at depth 1, log syncs by p99; b at depth 8, b by IOPS"),
    ([verdict(f"depth {n}", mode) for n, mode in enumerate("abcde")],
     "it depends: no mode is as good as the best at all of 5 points"),
])
def test_the_sentence(verdicts, sentence):
    assert answers(verdicts) == {"load": sentence}


@pytest.mark.parametrize("texts, lines", [
    (["[log]\niodepth=1\n[readers]\niodepth=8\n", "[j]\nrw=read\n"],
     ["Always at depth 1: log of a."]),
    (["[b]\niodepth=1\n[a]\niodepth=1\n[c]\niodepth=2\n", "[x]\niodepth=1\n[y]\niodepth=4\n"],
     ["Always at depth 1: a and b of a; x of b."]),
    (["[j]\niodepth=1\n"], []),
])
def test_sections_that_stay_at_depth_1_are_named(texts, lines):
    assert always_serial([{"name": name, "text": text}
                          for name, text in zip("ab", texts)]) == lines


# ---- modes beside a load of other programs


def by_point(*rows):
    return {s.point: s for s in rows}


def measured(mode, runs, busy=""):
    s = summary(mode, runs)
    return replace(s, point=replace(s.point, load=replace(s.point.load, busy=busy)))


def test_a_mode_is_compared_with_itself_in_the_same_rounds():
    rows = [measured("punt", [100, 200, 100]), measured("punt", [90, 180, 90], "one"),
            measured("sqthread", [100, 100, 100]), measured("sqthread", [20, 30, 10], "one"),
            measured("alone", [1, 1, 1], "one")]
    line, = beside.words(by_point(*rows))
    assert line == ("job, one CPU busy, depth 8: of what it does on a quiet machine, each "
                    "mode does: punt 0.90, sqthread 0.20.")


def test_without_a_load_nothing_is_said():
    rows = [measured("punt", [100] * 3), measured("sqthread", [100] * 3)]
    assert beside.words(by_point(*rows)) == []


# ---- the same thing measured twice, as a comparison of several depths does anyway


def psync(depth, runs, mode="fio:psync"):
    return summary(mode, runs, depth=depth)


def test_pairs_of_one_round_are_compared():
    rows = by_point(psync(1, [100, 100, 100]), psync(8, [110, 100, 100]), psync(32, [100, 100, 80]))
    assert sorted(same.apart(rows)) == pytest.approx([0] * 5 + [0.1, 0.1, 0.25, 0.25])
    line, = same.words(rows)
    assert "fio:psync" in line and "0 % in the median, 25 % at most" in line


@pytest.mark.parametrize("rows", [
    by_point(psync(1, [100] * 9)),
    by_point(psync(1, [100] * 4), psync(8, [100] * 4)),
    by_point(psync(1, [100] * 9, "punt"), psync(8, [50] * 9, "punt"))],
    ids=["one depth", "too few", "a mode that depends on depth"])
def test_where_nothing_was_measured_twice_nothing_is_said(rows):
    assert same.words(rows) == []


# ---- a comparison that did not come to the precision that was asked for


@pytest.mark.parametrize(("share", "said"), [(None, ""), (0.5, ""), (0.001, "4 of 4 points")])
def test_points_that_stayed_wide_are_named(tmp_path, share, said):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "inline"], depths=(1, 8), repeats=9)
    plan = folder.read_plan() | {"precision": share}
    lines = precision.words(plan, summaries_of(plan, folder.finished()))
    assert bool(lines) == bool(said)
    if said:
        assert said in lines[0] and "did not come to ±0.1 % within 9 rounds" in lines[0]
        assert "inline, depth 8: ±" in lines[0]
