# SPDX-License-Identifier: MIT
"""The charts of open loops. Capacities: a row a mode, the greatest on top, with a dot for each
round. Interference: a panel a mode, rows of reads, columns of writes, one scale of colours."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from math import inf

import pytest
import synthetic
from pictures import svg_text
from suite.analyse.capacity import Capacity, Limit, interval_of
from suite.analyse.interference import Pair
from suite.analyse.stats import median_interval
from suite.draw import capacity_chart, rate_map
from suite.draw.figure import TEXT, WIDTH, Layout
from suite.draw.ranked_charts import look
from suite.request.plan import Load, Point
from test_plot_figure import assert_no_two_texts_touch, drawn

PLAN = {"seed": 1, "depths": [32], "jobs": [{"name": "tiny", "reads": True, "writes": False,
                                              "cache": "warm", "block": "4096"}]}


def capacity(mode, *rounds, flags=()):
    point = Point(Load("tiny", "4096"), mode, 32)
    return Capacity(point, interval_of(rounds) if rounds else None,
                    dict(enumerate(rounds, start=1)), 1e5, p99_ns=8e5, flags=Counter(flags))


def chart_of(*capacities):
    return capacity_chart.of_search(PLAN, synthetic.ENVIRONMENT,
                                    {one.point: one for one in capacities}, Limit(1e6, 0.4))


def test_the_greatest_is_on_top_with_its_interval_and_a_dot_for_each_round(tmp_path):
    figure = chart_of(capacity("sqwq", (40e3, 41e3), (30e3, 31e3), (35e3, 36e3)),
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
    assert_no_two_texts_touch(svg, figure)
    words = svg_text(svg)
    assert "p99 under 1 ms" in words and "punt !" in words and "! drift: punt" in words
    assert "Too few rounds found a rate: uring, acall" in words


def test_an_interval_from_no_rate_at_all_begins_at_the_end_of_the_axis():
    figure = chart_of(capacity("punt", (0, 250), (400, 410), (90e3, 91e3)))
    (panel,) = figure.bands[0].panels
    ((median,), dots) = panel.series[1].marks, panel.series[0].marks
    assert (median.low, median.high) == (panel.x.low, 91e3) and 0 < panel.x.low < 250
    assert [dot.x for dot in dots] == [400, 90e3]
    assert "[none, 91 k]" in median.text


def test_a_single_round_has_no_interval_and_nothing_is_drawn_of_nothing(tmp_path):
    figure = chart_of(capacity("punt", (1000, 1010)))
    assert [mark.low for series in figure.bands[0].panels[0].series for mark in series.marks] == [
        None, None]
    assert "One search; seed 1" in svg_text(drawn(tmp_path, figure))
    assert chart_of(capacity("uring", (0, 250)), capacity("acall")) is None


# ---- interference


def pair(ns, reads=1e3, writes=1e3, behind=0):
    return Pair(3, median_interval([ns, ns, ns * 1.1]) if ns else None, reads, writes, behind)


def map_of(modes, reads, writes, made=None):
    plan = {"seed": 1, "depths": [32], "modes": [{"name": mode} for mode in modes],
            "jobs": [{"name": "mixed", "reads": True, "writes": True, "cache": "warm",
                      "block": "4096"}]}
    found = {(m, r, w): pair(1e3 * (1 + i) * r * (1 + w), r, w)
             for i, m in enumerate(modes) for r in reads for w in writes} | (made or {})
    return rate_map.of_grid(plan, synthetic.ENVIRONMENT, found, reads, writes, {})


def tiles(figure):
    """[(mode, words, tile)]"""
    return [(series.name, tile.note, tile) for panel, _ in Layout(figure).frames
            for series in panel.series for tile in series.marks]


def test_the_colour_is_that_of_the_latency_in_all_panels_on_a_logarithmic_scale(tmp_path):
    figure = map_of(["punt", "uring"], [1, 10], [0, 9], {
        ("uring", 10, 9): pair(1e6, 9.7, 6, behind=2), ("punt", 10, 9): pair(None)})
    found = tiles(figure)
    shares = {(mode, words): tile.share for mode, words, tile in found}
    assert shares["punt", "1 µs"] == 0 and shares["uring", "1 ms"] == 1
    assert shares["punt", "10 µs"] == pytest.approx(1 / 3)
    assert len(found) == 7, "where there is no result the cell is empty"
    assert [(mode, words) for mode, words, tile in found if tile.ring] == [("uring", "1 ms")]
    text = next(t.text for t in figure.targets() if "not reached" in t.text)
    assert "offered 10 reads/s, 9 writes/s" in text and "made 9.7 reads/s, 6 writes/s" in text
    words = svg_text(drawn(tmp_path, figure))
    assert "punt" in words and "mixed" in words and "Outlined" in words


def test_rows_are_reads_from_the_top_down_and_columns_are_writes_to_the_right():
    (panel, _), *_ = Layout(map_of(["punt"], [1, 5], [0, 2, 7])).frames
    assert panel.names.lines == [["1"], ["5"]]
    assert [(x, lines) for x, lines in panel.above[0]] == [(0.5, ["0"]), (1.5, ["2"]), (2.5, ["7"])]
    at = {(tile.x, tile.y): tile.share for tile in panel.series[0].marks}
    (first, second) = panel.names.middles
    assert at[2.5, second] == 1 and at[0.5, first] == 0


@pytest.mark.parametrize("modes, reads, writes", [
    (["punt"], [1000], [0]), (["a", "b", "c"], [1, 2], [1, 2]),
    (["a" * 40, "fio+placement=interleave+max_bounded=4"], [999999, 123456], [0, 1, 2]),
    (["a", "b"], list(range(1000, 12000, 1000)), list(range(1000, 19000, 1000)))])
def test_whatever_the_rates_are_all_can_be_read(tmp_path, modes, reads, writes):
    figure = map_of(modes, reads, writes)
    svg = drawn(tmp_path, figure)
    assert_no_two_texts_touch(svg, figure)
    sizes = [float(e.get("font-size")) for e in ElementTree.parse(svg).iter() if e.get("font-size")]
    assert min(sizes) >= 0.95 * TEXT
    shown = sum(len(series.marks) for panel, _ in Layout(figure).frames for series in panel.series)
    assert shown == len(modes) * len(reads) * len(writes)
    assert max(frame.right for _, frame in Layout(figure).frames) <= WIDTH


def test_no_map_is_drawn_of_nothing():
    made = {("punt", 1, 1): pair(None)}
    assert map_of(["punt"], [1], [1], made) is None


def test_one_latency_everywhere_has_one_colour():
    assert [tile.share for _, _, tile in tiles(map_of(["punt"], [1], [1]))] == [0.0]
