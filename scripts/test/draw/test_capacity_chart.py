# SPDX-License-Identifier: MIT
"""The chart of capacities: a row a mode, the greatest on top, with a dot for each round."""

from collections import Counter
from math import inf

import synthetic
from pictures import svg_text
from suite.analyse.capacity import Capacity, Limit, interval_of
from suite.draw import capacity_chart
from suite.draw.ranked_charts import look
from suite.request.plan import Load, Point
from test_plot_figure import assert_no_two_texts_touch, drawn

PLAN = {"seed": 1, "depths": [32], "jobs": [{"name": "tiny", "reads": True, "writes": False,
                                              "cache": "warm", "block": "4096"}]}


def capacity(mode, *rounds, flags=()):
    point = Point(Load("tiny", "4096"), mode, 32)
    return Capacity(point, interval_of(rounds) if rounds else None,
                    dict(enumerate(rounds, start=1)), 1e5, p99_ns=8e5, flags=Counter(flags))


def figure_of(*capacities):
    return capacity_chart.of_search(PLAN, synthetic.ENVIRONMENT,
                                    {one.point: one for one in capacities}, Limit(1e6, 0.4))


def test_the_greatest_is_on_top_with_its_interval_and_a_dot_for_each_round(tmp_path):
    figure = figure_of(capacity("sqwq", (40e3, 41e3), (30e3, 31e3), (35e3, 36e3)),
                       capacity("uring", (0, 250), (0, 250), (300, 310)), capacity("acall"),
                       capacity("punt", (90e3, 92e3), (91e3, inf), (80e3, 81e3), flags=["drift"]),
                       capacity("inline", (90e3, inf), (91e3, inf), (92e3, inf)))
    (panel,) = figure.bands[0].panels
    rounds, medians = panel.series[::2], panel.series[1::2]
    assert [series.name for series in medians] == ["inline", "punt", "sqwq"]
    assert [series.style for series in medians] == [look(s.name) for s in medians]
    assert [sorted(mark.x for mark in series.marks) for series in rounds] == [
        [90e3, 91e3, 92e3], [80e3, 90e3, 91e3], [30e3, 35e3, 40e3]]
    ends = [(mark.low, mark.high) for series in medians for mark in series.marks]
    assert ends == [(90e3, 92e3), (80e3, 91e3), (30e3, 41e3)], "as far as they are known"
    assert "p99 there 800 µs" in figure.targets()[-1].text
    svg = drawn(tmp_path, figure)
    assert_no_two_texts_touch(svg, figure.height)
    words = svg_text(svg)
    assert "p99 under 1 ms" in words and "punt !" in words and "! drift: punt" in words
    assert "Too few rounds found a rate: uring, acall" in words


def test_an_interval_from_no_rate_at_all_begins_at_the_end_of_the_axis():
    figure = figure_of(capacity("punt", (0, 250), (400, 410), (90e3, 91e3)))
    (panel,) = figure.bands[0].panels
    ((median,), dots) = panel.series[1].marks, panel.series[0].marks
    assert (median.low, median.high) == (panel.x.low, 91e3) and 0 < panel.x.low < 250
    assert [dot.x for dot in dots] == [400, 90e3]
    assert "[none, 91 k]" in median.text


def test_a_single_round_has_no_interval_and_nothing_is_drawn_of_nothing(tmp_path):
    figure = figure_of(capacity("punt", (1000, 1010)))
    assert [mark.low for series in figure.bands[0].panels[0].series for mark in series.marks] == [
        None, None]
    assert "One search; seed 1" in svg_text(drawn(tmp_path, figure))
    assert figure_of(capacity("uring", (0, 250)), capacity("acall")) is None
