# SPDX-License-Identifier: MIT
"""The picture of a whole comparison: shares, rings, what is unstable, and that all can be read."""

import random
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from statistics import median

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS
from pictures import svg_text
from suite.analyse.summary import summarise
from suite.draw import charts, gnuplot, winner_map
from suite.draw.figure import TEXT, WIDTH, Layout
from suite.draw.winner_map import Decided, Reached
from test_plot import MODES
from test_plot_figure import assert_no_two_texts_touch, drawn


def read(folder):
    plan = folder.read_plan()
    return (plan, folder.read_json("env.json"),
            summarise(folder.finished(), plan["baseline"]))


def columns_of(folder):
    plan, _, summaries = read(folder)
    return winner_map.decided(plan, summaries), summaries


def reached(share=0.5, as_good=False, unstable=False):
    return Reached(share, as_good, unstable)


def many(columns, modes, group="randread-cached", title="depth 1"):
    noise = random.Random(1)
    return [Decided(title, {mode: reached(noise.random(), noise.random() < 0.3,
                                           noise.random() < 0.5) for mode in modes}, group)
            for _ in range(columns)]


def test_a_column_holds_each_modes_share_of_the_best_medians(tmp_path):
    columns, summaries = columns_of(synthetic.results(tmp_path / "r", MODES))
    assert [(c.group, c.title) for c in columns] == [
        ("randread-cached", f"depth {depth}") for depth in (1, 8, 32)]
    for column, depth in zip(columns, (1, 8, 32)):
        medians = {s.point.mode: median(s.figures["iops"].values())
                   for s in summaries.values() if s.point.depth == depth}
        assert {mode: s.share for mode, s in column.cells.items()} == pytest.approx(
            {mode: iops / max(medians.values()) for mode, iops in medians.items()})
        best = max(medians, key=medians.get)
        assert column.cells[best].share == 1 and column.cells[best].as_good
        assert not column.cells["fio:psync"].as_good, "far behind, in every round"
        assert not any(s.unstable for s in column.cells.values())


def test_a_map_of_some_jobs_has_their_columns_alone(tmp_path, monkeypatch):
    compared = read(synthetic.results(tmp_path / "r", MODES[:2]))
    monkeypatch.setattr(winner_map, "decided", lambda *_: [
        *many(2, MODES[:2], "one"), *many(1, MODES[:2], "other")])
    for jobs, columns in ((None, 3), (["one", "other"], 3), (["other"], 1)):
        assert len(winner_map.of_comparison(*compared, jobs).targets()) == 2 * columns
    assert winner_map.of_comparison(*compared, ["third"]) is None


def test_a_latencys_share_is_its_inverse(tmp_path):
    columns, summaries = columns_of(synthetic.results(tmp_path / "r", MODES[:4], depths=(64,),
                                                      rates=(20000,)))
    (column,) = columns
    assert column.title == "depth 64, 20k/s, p99"
    p99 = {s.point.mode: median(s.figures["p99"].values()) for s in summaries.values()}
    assert {mode: s.share for mode, s in column.cells.items()} == pytest.approx(
        {mode: min(p99.values()) / ns for mode, ns in p99.items()})
    assert max(s.share for s in column.cells.values()) == 1


@pytest.mark.parametrize("least, unstable", [(49, True), (51, False)])
def test_a_point_whose_runs_differ_over_twofold_is_unstable(tmp_path, least, unstable):
    rates = [100.0, 90.0, float(least), 95.0, 97.0]
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "inline"], depths=(8,))
    plan, environment, summaries = read(folder)
    for summary in summaries.values():
        if summary.point.mode == "inline":
            for figures, iops in zip(summary.by_repeat.values(), rates):
                figures.iops = iops
    (column,) = winner_map.decided(plan, summaries)
    assert column.cells["inline"].unstable == unstable
    assert not column.cells["fio:psync"].unstable
    figure = winner_map.of_comparison(plan, environment, summaries)
    assert ("~" in svg_text(drawn(tmp_path, figure)).partition("inline")[2]) == unstable


def test_rows_are_modes_with_the_best_median_of_shares_on_top():
    columns = [Decided("1", {"a": reached(0.1), "b": reached(1.0), "c": reached(0.7)}),
               Decided("2", {"a": reached(1.0), "b": reached(0.2), "c": reached(0.8)}),
               Decided("3", {"b": reached(0.9), "c": reached(0.6), "d": reached(0.95)})]
    figure = winner_map.winner_map("t", columns, [])
    assert [" ".join(lines) for lines in figure.bands[0].panels[0].names.lines] == [
        "d", "b", "c", "a"]


def test_cells_show_what_is_known_of_them(tmp_path):
    columns = [Decided("ext4, depth 1", {"a": reached(1, True), "b": reached(0.333, False, True)},
                       "load"),
               Decided("ext4, depth 8", {"a": reached(0.875, True)}, "load")]
    figure = winner_map.winner_map("title", columns, ["the footer"])
    svg = drawn(tmp_path, figure)
    words = svg_text(svg)
    assert all(word in words for word in ("1.00", "0.33~", "0.88", "title", "the footer"))
    assert words.count("0.") == 2, "where there is no result the cell is empty"
    assert [t.text.splitlines() for t in figure.targets()] == [
        ["a", "load, ext4, depth 1", "1.000 of the best", "as good as the best"],
        ["a", "load, ext4, depth 8", "0.875 of the best", "as good as the best"],
        ["b", "load, ext4, depth 1", "0.333 of the best", "unstable: runs differ over 2-fold"]]
    marked = [(tile.ring, tile.note) for series in figure.bands[0].panels[0].series
              for tile in series.marks]
    assert marked == [(True, "1.00"), (True, "0.88"), (False, "0.33~")]


def test_a_ring_is_drawn_around_as_many_cells_as_are_as_good(tmp_path):
    red, green, blue = bytes.fromhex(gnuplot.COLOURS["c7"][0][1:])
    counts = []
    for good in (1, 3):
        columns = [Decided(str(n), {"a": reached(0.5, n < good), "b": reached(0.2)})
                   for n in range(3)]
        svg = drawn(tmp_path, winner_map.winner_map("t", columns, [])).read_text()
        counts.append(svg.count(f"<path stroke='rgb({red:3}, {green:3}, {blue:3})'"))
    assert counts == [1, 3]


@pytest.mark.parametrize("columns", [
    many(1, MODES), many(3, MODES), many(7, MODES[:2]), many(30, [*MODES, "acall"]),
    sum((many(1, MODES[:4], f"a-very-long-name-of-a-job-{n}") for n in range(9)), []),
    sum((many(2, MODES[:4], f"rw{n}", "tmpfs, nodes:0/1, 70% reads, depth 128") for n in range(4)),
        []),
    many(4, ["x" * 60, "fio:io_uring+force_async=1+hipri=1+fixedbufs=1"], "y" * 80, "z" * 30),
])
def test_whatever_the_columns_are_all_can_be_read(tmp_path, columns):
    figure = winner_map.winner_map("title", columns, ["footer " * 30])
    svg = drawn(tmp_path, figure)
    assert_no_two_texts_touch(svg, figure)
    sizes = [float(e.get("font-size")) for e in ElementTree.parse(svg).iter() if e.get("font-size")]
    assert min(sizes) >= TEXT
    assert not re.search(r"translate\([^()]*\) rotate", svg.read_text()), "no text is upright"
    shown = sum(len(series.marks) for panel, _ in Layout(figure).frames for series in panel.series)
    assert shown == sum(len(column.cells) for column in columns)
    widest = max(frame.right for _, frame in Layout(figure).frames)
    assert widest <= WIDTH and all(t.x < WIDTH for t in figure.targets())


def test_a_wide_map_has_more_columns_abreast(tmp_path):
    columns = many(12, MODES)
    bands = [len(winner_map.winner_map("t", columns, [], width).bands) for width in (WIDTH, 1240)]
    assert bands == [2, 1]
    wide = winner_map.winner_map("t", columns, [], 1240)
    assert_no_two_texts_touch(drawn(tmp_path, wide), wide)
    assert WIDTH < max(frame.right for _, frame in Layout(wide).frames) <= 1240


def test_columns_of_a_load_stand_under_its_title_once():
    figure = winner_map.winner_map("t", many(2, MODES, "read") + many(3, MODES, "write"), [])
    ((groups, titles),) = [panel.above for panel, _ in Layout(figure).frames]
    assert [lines for _, lines in groups] == [["read"], ["write"]] and len(titles) == 5
    at = [x for x, _ in titles]
    assert groups[0][0] == pytest.approx(sum(at[:2]) / 2)
    assert groups[1][0] == pytest.approx(at[3])
    assert at[2] - at[1] > at[1] - at[0], "a gap between loads"


def luminance(colour):
    parts = [part / 255 for part in bytes.fromhex(colour[1:])]
    parts = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055)**2.4 for p in parts]
    return sum(p * weight for p, weight in zip(parts, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("theme", [0, 1])
def test_letters_stand_out_on_every_tile_of_both_themes(theme):
    for share in (0, 0.13, 0.26, 0.4, 0.5, 0.7, 0.8, 1):
        tile = winner_map.tile("m", 0, 0, 1, Decided("c", {"m": reached(share)}))
        pair = [luminance(gnuplot.COLOURS[key][theme])
                for key in (gnuplot.tile_colour(tile), gnuplot.letters(tile))]
        assert (max(pair) + 0.05) / (min(pair) + 0.05) >= 4.5, share


def test_more_is_further_from_the_paper_in_both_themes():
    for theme, direction in ((0, -1), (1, 1)):
        steps = [direction * luminance(gnuplot.COLOURS[f"t{n}"][theme])
                 for n in range(8)]
        assert steps == sorted(steps)


def test_it_is_the_first_of_all_pictures_and_left_out_where_nothing_can_be_said(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3])
    made = charts.figures(*read(folder))
    assert [name for name, _, _ in made][0] == "winner-map"
    assert sum(chart.of == charts.COMPARISON for _, chart, _ in made) == 1
    done = subprocess.run([str(SCRIPTS / "plot"), str(folder.path), "--formats", "svg"], text=True,
                          capture_output=True, timeout=HANG_S, check=False)
    pictures = [line for line in done.stdout.splitlines() if line.startswith("picture: ")]
    assert pictures[0].endswith("charts/winner-map.svg")
    once = synthetic.results(tmp_path / "once", MODES[:3], repeats=1)
    assert "winner-map" not in [name for name, _, _ in charts.figures(*read(once))]
