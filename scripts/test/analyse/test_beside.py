# SPDX-License-Identifier: MIT
"""What is said of modes beside a load of other programs."""

from dataclasses import replace

from suite.analyse import beside
from test_verdict import summary


def of(mode, runs, busy=""):
    s = summary(mode, runs)
    return replace(s, point=replace(s.point, load=replace(s.point.load, busy=busy)))


def test_a_mode_is_compared_with_itself_in_the_same_rounds():
    rows = [of("punt", [100, 200, 100]), of("punt", [90, 180, 90], "one"),
            of("sqthread", [100, 100, 100]), of("sqthread", [20, 30, 10], "one"),
            of("alone", [1, 1, 1], "one")]
    line, = beside.words({s.point: s for s in rows})
    assert line == ("job, beside one busy CPU, depth 8: of what it does beside nothing else, each "
                    "mode does: punt 0.90, sqthread 0.20.")


def test_without_a_load_nothing_is_said():
    rows = [of("punt", [100] * 3), of("sqthread", [100] * 3)]
    assert beside.words({s.point: s for s in rows}) == []
