# SPDX-License-Identifier: MIT
"""Ratios and CPU time: a row a mode, the best on top, with its name beside it."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
import synthetic
from suite.analyse.summary import summarise
from suite.draw import ranked_charts, subject
from suite.draw.axis import LINEAR, Rows
from suite.draw.figure import BLUE, INK, RED, TEXT, WIDTH, Layout
from suite.draw.ranked_charts import factor, look
from test_plot import MODES
from test_plot_figure import boxes, drawn
from test_small_multiples import chart, panels_of


def ranking(panel):
    """[(mode, value)] from the top down."""
    marks = sorted(((series.marks[0].y, series.name, series.marks[0].x)
                    for series in panel.series))
    return [(name, value) for _, name, value in marks]


def test_cpu_time_is_ranked_at_each_depth_and_written_beside_its_row(tmp_path):
    modes = MODES[::-1]
    figure = chart(tmp_path, "cpu", modes)
    assert [band.heading for band in figure.bands] == [
        f"CPU time an I/O, depth {depth}" for depth in (1, 8, 32)]
    for panel in panels_of(figure):
        values = [value for _, value in ranking(panel)]
        assert values == sorted(values) and len(values) == len(modes)
        assert [y for y, _ in panel.beside] == panel.names.middles
        assert all(mark.low <= mark.x <= mark.high for s in panel.series for mark in s.marks)
    assert not figure.key


def test_the_fewest_threads_are_on_top_and_the_kernels_are_in_brackets(tmp_path):
    figure = chart(tmp_path, "threads", MODES[::-1])
    assert [band.heading for band in figure.bands] == [
        f"Most threads at once, depth {depth}" for depth in (1, 8, 32)]
    for panel in panels_of(figure):
        values = [value for _, value in ranking(panel)]
        assert values == list(range(3, 3 + len(MODES)))
        assert [words for _, words in panel.beside] == [
            f"{n + 3} ({n})" if n and n % 2 == 0 else str(n + 3) for n in range(len(MODES))]
        ticks = [label for _, label in panel.x.labelled(300, TEXT, upright=False)]
        assert len(ticks) > 2 and all(label.isdigit() for label in ticks)
    assert "the kernel's workers" in figure.reading
    alone = chart(tmp_path / "1", "threads", ["fio:psync"], depths=(8,), repeats=1)
    assert [words for _, words in panels_of(alone)[0].beside] == ["3"]
    assert "the kernel's workers" not in alone.reading


def test_threads_that_differ_from_run_to_run_have_a_line(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["punt"], (8,), repeats=3)
    path = folder.path / "runs.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row, peak in zip(rows, (20, 400, 90)):
        row["threads_peak"] = peak
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    figure = ranked_charts.threads(subject.of_loads(
        folder.read_plan(), folder.read_json("env.json"),
        summarise(folder.finished(), "punt"))[0])
    (series,) = panels_of(figure)[0].series
    assert [(mark.low, mark.x, mark.high) for mark in series.marks] == [(20, 400, 400)]
    assert panels_of(figure)[0].x.scale == LINEAR


def test_ratios_are_ranked_by_the_first_of_the_figures_and_rows_are_common(tmp_path):
    figure = chart(tmp_path, "ratios", MODES, slower={"sqwq": 0.1})
    for band in figure.bands:
        first, *others = band.panels
        values = [value for _, value in ranking(first)]
        assert values == sorted(values, reverse=True), "more IOPS are better"
        assert ranking(first)[-1][0] == "sqwq"
        assert first.names and not any(panel.names for panel in others)
        order = [mode for mode, _ in ranking(first)]
        assert all([mode for mode, _ in ranking(panel)] == order for panel in others)
    assert not figure.key


def test_names_stand_at_their_rows(tmp_path):
    modes = [mode for mode in MODES if mode != "fio:io_uring"]
    figure = chart(tmp_path, "cpu", modes, depths=(8,))
    panel, frame = Layout(figure).frames[0]
    texts = {words: (right, (top + bottom) / 2)
             for _, top, right, bottom, words in boxes(drawn(tmp_path, figure))}
    for (mode, _), y in zip(ranking(panel), panel.names.middles):
        if mode in texts:
            right, middle = texts[mode]
            assert right < frame.left and abs(middle - frame.top - y) < TEXT / 2, mode
    assert "fio:io_uring" in texts and "+force_async=1" in texts, "a name in two lines"


def test_the_colour_says_whose_a_mode_is_and_a_hollow_point_that_nothing_is_decided(tmp_path):
    assert [look(mode).colour for mode in ("punt+x=1", "uring_async", "fio:io_uring")] == [
        BLUE, RED, INK]
    figure = chart(tmp_path, "ratios", ["fio:psync", "inline", "punt", "uring"], depths=(8,))
    iops = {s.name: s.style for s in panels_of(figure)[0].series}
    assert iops == {"inline": look("inline"), "punt": look("punt"), "uring": look("uring")}
    single = chart(tmp_path / "1", "ratios", ["fio:psync", "inline"], depths=(8,), repeats=1)
    (series,) = panels_of(single)[0].series
    assert series.style == look("inline", filled=False) != look("inline")


@pytest.mark.parametrize("slower", [{}, {"sqwq": 0.0004, "punt": 900}])
def test_ticks_are_numbers_as_people_write_them(tmp_path, slower):
    figure = chart(tmp_path, "ratios", MODES[:6], slower=slower)
    root = ElementTree.parse(drawn(tmp_path, figure)).getroot()
    texts = ["".join(e.itertext()).strip() for e in root.iter() if e.tag.endswith("text")]
    assert not [text for text in texts if re.search(r"\de[+-]|\^", text)]
    assert "1" in texts
    assert [factor(value) for value in (0.1, 0.25, 2, 999.7, 5000)] == [
        "0.1", "0.25", "2", "1000", "5000"]


def test_a_row_is_as_high_as_the_lines_of_its_name():
    rows = Rows(["punt", "fio:io_uring+force_async=1", "x" * 60], TEXT, 150)
    assert [len(lines) for lines in rows.lines] == [1, 2, 5]
    assert rows.lines[1] == ["fio:io_uring", "+force_async=1"]
    assert rows.width <= 150 and rows.height == sum(rows.heights)
    ends = [(middle - height / 2, middle + height / 2)
            for middle, height in zip(rows.middles, rows.heights)]
    assert ends[0][0] == 0 and all(a[1] == pytest.approx(b[0]) for a, b in zip(ends, ends[1:]))
    assert [line for _, line in rows.words()] == sum(rows.lines, [])
    assert rows.width < WIDTH / 2
