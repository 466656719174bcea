# SPDX-License-Identifier: MIT
"""Throughput and latency, a panel a mode: who stands in it, in which colours, and every run."""

import json
import re

import pytest
import synthetic
from pictures import svg_text
from suite.analyse.summary import summarise
from suite.draw import charts, fio_files, gnuplot, panels
from suite.draw.figure import BLUE, DASHED, FAINT, RED
from test_plot_figure import drawn

PAIRED = ["fio:psync", "inline", "sqwq", "hashed+max_bounded=4", "punt", "acall", "uring",
          "uring_async", "uring_defer"]


def chart(tmp_path, name, modes, **more):
    folder = synthetic.results(tmp_path / "r", modes, **more)
    plan = folder.read_plan()
    made = charts.figures(plan, folder.read_json("env.json"),
                          summarise(folder.finished(), plan["baseline"]), [name])
    return made[0][2]


def panels_of(figure):
    return [panel for band in figure.bands for panel in band.panels]


def names(panel):
    return [text for text, _ in panel.heads]


@pytest.mark.parametrize("name", ["throughput", "latency"])
def test_each_mode_has_its_panel_or_is_the_counterpart_in_anothers(tmp_path, name):
    figure = chart(tmp_path, name, PAIRED)
    assert [names(panel) for panel in panels_of(figure)] == [
        ["fio:psync"], ["inline", "uring"], ["sqwq", "uring_async"],
        ["hashed+max_bounded=4", "uring_async"], ["punt", "uring"], ["acall"], ["uring_defer"]]
    assert all(colour == f"c{wanted}" for panel in panels_of(figure)
               for (_, colour), wanted in zip(panel.heads, (BLUE, RED)))
    assert [len(band.panels) for band in figure.bands] == [3, 3, 1]
    assert not figure.key
    svg = svg_text(drawn(tmp_path, figure)).replace(" ", "")
    assert all(mode in svg for mode in PAIRED)


def test_a_counterpart_that_was_not_run_is_not_named(tmp_path):
    figure = chart(tmp_path, "throughput", ["fio:psync", "sqwq", "uring"])
    assert [names(panel) for panel in panels_of(figure)] == [["fio:psync"], ["sqwq"], ["uring"]]
    assert "kernel" not in figure.reading and "dashed: fio:psync" in figure.reading


@pytest.mark.parametrize("name", ["throughput", "latency"])
def test_every_run_is_a_dot_that_can_be_pointed_at(tmp_path, name):
    figure = chart(tmp_path, name, PAIRED, depths=(1, 8), repeats=4)
    sqwq = next(panel for panel in panels_of(figure) if names(panel)[0] == "sqwq")
    runs = {series.name: series.marks for series in sqwq.series if series.kind == "points"}
    assert {mode: len(marks) for mode, marks in runs.items()} == {"sqwq": 8, "uring_async": 8}
    texts = [mark.text for mark in runs["sqwq"]]
    assert len(set(texts)) == 8 and all("sqwq, depth" in text for text in texts)
    assert {text.rpartition(" ")[2] for text in texts} == {"1", "2", "3", "4"}, "the rounds"
    told = [target.text for target in figure.targets()]
    assert set(texts) < set(told)
    # Only the runs of blue and orange lines are drawn, and each of them is.
    shown = sum(len(series.marks) for panel in panels_of(figure) for series in panel.series)
    assert len(told) == shown == (1 + 1 + 1 + 4 * 2) * 2 * (4 + 1)


@pytest.mark.parametrize("foreign, hollow, words", [
    (None, 0, ""), ({2: 0.05}, 0, ""), ({2: 1.4}, 1, "in a disturbed round, left out"),
    ({n: 0.3 for n in range(1, 7)}, 6, "in a disturbed round;")])
@pytest.mark.parametrize("name", ["throughput", "latency"])
def test_disturbed_runs_are_hollow_whether_they_count_or_not(tmp_path, name, foreign, hollow,
                                                             words):
    figure = chart(tmp_path, name, PAIRED[:2], depths=(8,), repeats=6, foreign=foreign)
    for panel in panels_of(figure):
        dots = [series for series in panel.series if series.kind == "points"]
        assert sum(len(one.marks) for one in dots) == 6
        assert sum(len(one.marks) for one in dots if one.style.point == 6) == hollow
    assert words in figure.reading and ("hollow" in figure.reading) == bool(hollow)


def test_the_baseline_is_dashed_and_all_others_are_behind(tmp_path):
    figure = chart(tmp_path, "throughput", PAIRED)
    for panel in panels_of(figure):
        own = names(panel)[0]
        grey = panel.series[0]
        assert grey.style.colour == FAINT and not grey.marks
        assert grey.path.count(None) == len(PAIRED) - 1, "a line for each mode but the baseline"
        dashed = [series.name for series in panel.series if series.style.dash == DASHED]
        assert dashed == ([] if own == "fio:psync" else ["fio:psync"])
        assert panel.series[-1].name == own, "in front"


def test_panels_share_their_axes_and_what_is_behind_is_written_once(tmp_path):
    figure = chart(tmp_path, "throughput", PAIRED)
    ends = {(panel.x.low, panel.x.high, panel.y.low, panel.y.high, panel.y.scale)
            for panel in panels_of(figure)}
    assert len(ends) == 1
    labelled = [[any(label for _, label in panel.y.ticks) for panel in band.panels]
                for band in figure.bands]
    assert labelled == [[True, False, False], [True, False, False], [True]]
    data = gnuplot.files("x", figure)["x.dat"]
    assert data.count("# all modes, its line: x y") == 1
    behind = data.partition("# all modes, its line: x y\n")[2].partition("\n\n\n")[0]
    assert len(re.split(r"\n\n", behind.strip())) == len(PAIRED) - 1, "gaps between the lines"


@pytest.mark.parametrize("modes, abreast", [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (14, 3)])
def test_as_many_panels_stand_side_by_side_as_are_legible(tmp_path, modes, abreast):
    figure = chart(tmp_path, "throughput", [f"fio:e{n}" for n in range(modes)], repeats=1)
    widths = [len(band.panels) for band in figure.bands]
    assert max(widths) == abreast and sum(widths) == modes
    assert bool(figure.reading) == (modes > 1)


def test_without_a_p99_the_median_is_drawn(tmp_path):
    def document(engine, percentiles):
        table = {f"{p}.000000": ns for p, ns in percentiles.items()}
        return {"fio version": "fio-3.33", "jobs": [{
            "jobname": "j", "error": 0, "job options": {"ioengine": engine}, "read": {
                "total_ios": 9, "iops": 7.0, "bw_bytes": 9, "runtime": 9, "io_bytes": 9,
                "lat_ns": {"N": 9, "mean": 5.0, "percentile": table}}}]}

    for percentiles, words in (({50: 5, 99: 9}, "p99 latency"), ({50: 5}, "p50 latency")):
        paths = [tmp_path / f"{engine}.json" for engine in ("libaio", "psync")]
        for path in paths:
            path.write_text(json.dumps(document(path.stem, percentiles)))
        figure = charts.latency(fio_files.subject(paths))
        assert figure.bands[0].heading.startswith(words)
        assert [len(names(panel)) for panel in panels_of(figure)] == [1, 1], "no pairs"
        assert all(len(panel.series[0].path) == 4 for panel in panels_of(figure)), "grey, both"


def test_a_line_is_drawn_in_front_of_its_counterpart():
    line = panels.Line([], [])
    subject = type("", (), {"pairs": {"a": "b"}, "baseline": None})
    found = panels.series(subject, {"a": line, "b": line}, "a", 1.1)
    assert [series.name for series in found] == ["all modes", "b", "b", "a", "a"]
    assert panels.shown_alone(subject, {"a": line, "b": line}) == ["a"]
