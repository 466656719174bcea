# SPDX-License-Identifier: MIT
"""Measurements of the same thing, which a comparison of several depths makes anyway."""

import pytest
from suite.analyse import same
from test_verdict import summary


def psync(depth, runs, mode="fio:psync"):
    return summary(mode, runs, depth=depth)


def of(*rows):
    return {s.point: s for s in rows}


def test_pairs_of_one_round_are_compared():
    rows = of(psync(1, [100, 100, 100]), psync(8, [110, 100, 100]), psync(32, [100, 100, 80]))
    assert sorted(same.apart(rows)) == pytest.approx([0] * 5 + [0.1, 0.1, 0.25, 0.25])
    line, = same.words(rows)
    assert "fio:psync" in line and "0 % in the median, 25 % at most" in line


@pytest.mark.parametrize("rows", [
    of(psync(1, [100] * 9)),
    of(psync(1, [100] * 4), psync(8, [100] * 4)),
    of(psync(1, [100] * 9, "punt"), psync(8, [50] * 9, "punt"))],
    ids=["one depth", "too few", "a mode that depends on depth"])
def test_where_nothing_was_measured_twice_nothing_is_said(rows):
    assert same.words(rows) == []
