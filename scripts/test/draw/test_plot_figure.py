# SPDX-License-Identifier: MIT
"""Axes and figures by themselves: where things lie, and that nothing lies on anything else."""

import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import HANG_S
import synthetic
from suite.analyse.summary import summarise
from suite.draw import charts, gnuplot
from suite.draw.axis import LOG, Axis, shortened, spread, text_width, wrapped
from suite.draw.figure import (SOLID, TEXT, WIDTH, Band, Figure, Layout, Mark, Panel, Series,
                               Style)
from suite.units import duration, rate
from test_plot import MODES

USE = re.compile(r"<use xlink:href='#gpPt\d+' transform='translate\(([\d.]+),([\d.]+)\)")
ROUND = 0.6  # a pixel of the picture, which is what a report can point at


PLACED = [f"sqwq+placement={to}" for to in ("local", "device", "interleave", "node:0", "none")]


def pairs(nodes):
    return [f"nodes:{c}/{m}" for c in range(nodes) for m in range(nodes)]


def drawn(tmp_path, figure):
    for name, content in gnuplot.files("x", figure).items():
        (tmp_path / name).write_text(content)
    (path,) = gnuplot.draw(tmp_path, ["x"], ["svg"])
    return path


def all_figures(tmp_path, modes=MODES, **more):
    folder = synthetic.results(tmp_path / "r", modes, traced=True, **more)
    plan = folder.read_json("plan.json")
    summaries = summarise(folder.finished(), plan["baseline"])
    return charts.figures(plan, folder.read_json("env.json"), summaries)


def test_shares_are_of_the_length_of_the_axis():
    assert Axis("", 0, 200).share(50) == pytest.approx(0.25)
    assert Axis("", 1, 1000, LOG).share(10) == pytest.approx(1 / 3)
    assert Axis.rows(["a", "b"]).share(0) == pytest.approx(0.75), "rows count downward"
    tail = Axis.tail("", 99.999)
    steps = [tail.share(p) for p in (90, 99, 99.9, 99.99, 99.999)]
    assert steps == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert tail.share(0) == 0


@pytest.mark.parametrize("axis", [
    Axis.from_zero("", [1234567], rate), Axis.log("", [3, 4.1], rate), Axis.log("", [1], duration),
    Axis.log("", [20, 9e9], duration), Axis.log("", [1e3, 1.01e3], rate), Axis.tail("", 99.9999),
    Axis("", 1, 70, LOG, ticks=[(n, str(n)) for n in range(1, 65)]), Axis.from_zero("", [], rate),
])
@pytest.mark.parametrize("length", [70, 200, 470])
def test_labels_of_ticks_differ_and_do_not_touch(axis, length):
    shown = [(axis.share(value) * length, label)
             for value, label in axis.labelled(length, 15, upright=False) if label]
    assert shown and len({label for _, label in shown}) == len(shown)
    for (a, left), (b, right) in zip(shown, shown[1:]):
        assert b - a > (text_width(left, 15) + text_width(right, 15)) / 2
    assert all(-1e-9 <= at <= length + 1e-9 for at, _ in shown)


def test_long_texts_are_wrapped_or_lose_their_middle_but_never_leave_the_picture():
    text = "word " * 40 + "x" * 300
    lines = wrapped(text, 12, 300)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 12) <= 300 for line in lines)
    assert shortened("short", 12, 300) == "short"
    short = shortened("a" * 50 + "b" * 50, 12, 200)
    assert text_width(short, 12) <= 200 and re.fullmatch("a+…b+", short)


@pytest.mark.parametrize("wanted, sizes, found", [
    ([], [], []), ([50], [10], [50]), ([-5], [10], [5]), ([99], [10], [95]),
    ([20, 40], [10, 10], [20, 40]), ([40, 20], [10, 10], [40, 20]),
    ([50, 50], [10, 10], [45, 55]), ([50, 52, 54], [10, 10, 10], [42, 52, 62]),
    ([98, 99], [10, 20], [75, 90]), ([10, 11, 90], [30, 10, 10], [15, 35, 90]),
])
def test_what_would_touch_is_spread_and_keeps_its_order(wanted, sizes, found):
    assert spread(wanted, sizes, 0, 100) == pytest.approx(found)


@pytest.mark.parametrize("name", ["percentiles", "open-loop"])
def test_a_name_stands_at_the_end_of_its_line(tmp_path, name):
    modes = [*MODES, *(f"fio:e{n}" for n in range(8))]
    (figure,) = [figure for _, chart, figure in all_figures(
        tmp_path, modes, depths=(8,), rates=(0, 20000), repeats=1) if chart.name == name]
    assert not figure.key and "Filled points" in " ".join(figure.footer)
    layout = Layout(figure)
    for panel, frame in layout.frames:
        named = {label.text.removesuffix(" !"): label for label in panel.labels}
        lines = {one.name: one for one in panel.series if one.kind == "line"}
        assert named.keys() == lines.keys() == set(modes)
        for mode, line in lines.items():
            end = (line.path or [(mark.x, mark.y) for mark in line.marks])[-1]
            assert (named[mode].x, named[mode].y) == end and named[mode].style == line.style
        assert frame.right < WIDTH - 100, "the names have their room"
    ends = [(name[1], end[1]) for _, end, name in layout.leaders]
    first = sorted(ends[:len(modes)])
    assert [end for _, end in first] == sorted(end for _, end in first), "no two change places"


@pytest.mark.parametrize("x, y", [
    (Axis("", 0, 10), Axis.log("", [1, 100], str)),
    (Axis.tail("", 99.99), Axis("", 0, 100)),
    (Axis("", 10, 0), Axis("", 1, 1000, LOG)),
])
def test_targets_lie_where_gnuplot_draws_the_points(tmp_path, x, y):
    marks = [Mark(1, 2, text="a"), Mark(9.5, 90, text="b\nc"), Mark(5, 50, 40, 60)]
    panel = Panel(x, y, [Series("s", Style(1, 7, SOLID), marks, shift=1.01)])
    figure = Figure("title", "subtitle", [Band([panel, panel]), Band([panel])])
    if x.scale != "linear":
        panel.series[0].shift = 1
    points = {(float(a), float(b)) for a, b in USE.findall(drawn(tmp_path, figure).read_text())}
    targets = figure.targets()
    assert [t.text for t in targets] == ["a", "b\nc"] * 3
    for target in targets:
        assert any(abs(target.x - a) < ROUND and abs(target.y - b) < ROUND for a, b in points)


def test_a_panel_for_which_nothing_was_measured_is_empty(tmp_path):
    """Such as ratios of CPU time where the baseline's was too short to be seen."""
    axis = Axis.log("", [1, 4], rate)
    full = Panel(axis, axis, [Series("s", Style(1, 7, SOLID), [Mark(2, 2)])])
    empty = Panel(axis, axis, [], reference=1, ends=("less", "more"))
    path = drawn(tmp_path, Figure("title", "subtitle", [Band([full, empty]), Band([empty])]))
    assert len(USE.findall(path.read_text())) == 1


def test_every_mark_of_every_chart_can_be_pointed_at(tmp_path):
    for name, _, figure in all_figures(tmp_path):
        targets = figure.targets()
        assert targets, name
        assert all(0 <= t.x <= WIDTH and 0 <= t.y <= figure.height for t in targets), name
        assert all(t.series in MODES and t.series in t.text for t in targets), name


def node_maps(tmp_path, nodes, modes, **more):
    (figure,) = [figure for _, chart, figure in all_figures(
        tmp_path, modes, placements=pairs(nodes), depths=(8,), **more)
        if chart.of == charts.PLACEMENTS]
    return figure


@pytest.mark.parametrize("nodes, titles", [
    (1, {"IOPS", "p50 latency", "p99 latency"}), (2, {"IOPS", "p50 latency", "p99 latency"}),
    (4, {"IOPS", "p99 latency"}), (8, {"IOPS", "p99 latency"})])
def test_node_maps_show_throughput_and_latency_of_each_placement_as_room_allows(tmp_path, nodes,
                                                                               titles):
    figure = node_maps(tmp_path, nodes, PLACED, repeats=1)
    headings = [band.heading for band in figure.bands if band.heading]
    assert headings == [f"{mode}, depth 8" for mode in PLACED]
    panels = [panel for band in figure.bands for panel in band.panels]
    assert {panel.y.title for panel in panels} == titles and len(panels) == 5 * len(titles)
    assert all(len(panel.series[0].marks) == nodes**2 for panel in panels)
    targets = figure.targets()
    assert len(targets) == 5 * len(titles) * nodes**2
    assert any("placement=node:0, depth 8\nsubmitter on node 0, buffers on 0\nIOPS: " in t.text
               for t in targets)


@pytest.mark.parametrize("nodes", range(1, 9))
def test_every_cell_of_a_node_map_is_legible_at_half_a_pages_width(tmp_path, nodes):
    figure = node_maps(tmp_path, nodes, PLACED[:2], repeats=1)
    picture = ElementTree.parse(drawn(tmp_path, figure))
    sizes = [float(group.get("font-size")) for group in picture.iter() if group.get("font-size")]
    assert min(sizes) >= 0.9 * TEXT


def shares(figure, title):
    """{mode: shares of its cells} of the panels with that title."""
    return {panel.series[0].name: [cell.share for cell in panel.series[0].marks]
            for band in figure.bands for panel in band.panels if panel.y.title == title}


def test_placements_of_one_mode_share_a_scale_of_colours_and_modes_do_not(tmp_path):
    modes = ["sqwq+placement=local", "sqwq+placement=none", "punt"]
    found = shares(node_maps(tmp_path, 2, modes, slower={"sqwq+placement=local": 0.1}), "IOPS")
    assert max(found["sqwq+placement=local"]) < 0.2 and min(found["sqwq+placement=local"]) == 0
    assert max(found["sqwq+placement=none"]) == 1 == max(found["punt"])
    assert min(found["punt"]) == 0


def test_a_small_difference_between_nodes_has_no_strong_colours(tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic, "FAR", ())
    assert 0 < max(shares(node_maps(tmp_path, 2, ["punt"]), "IOPS")["punt"]) < 0.9


def boxes(svg):
    """Left, top, right and bottom of every text of an SVG, and the text."""
    for group in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}g"):
        place = re.match(r"translate\(([\d.]+),([\d.]+)\)", group.get("transform", ""))
        words = "".join(group.itertext()).strip()
        if place and words:
            x, y, size = float(place[1]), float(place[2]), float(group.get("font-size"))
            # The estimate is rather too wide; no letter is higher than 3/4 of its font.
            width = 0.9 * text_width(words, size)
            left = x - width * {"start": 0, "middle": 0.5, "end": 1}[group.get("text-anchor")]
            yield left, y - 0.75 * size, left + width, y, words


def assert_no_two_texts_touch(svg, figure):
    found = list(boxes(svg))
    assert len(found) > 10
    for i, (left, top, right, bottom, words) in enumerate(found):
        assert left >= 0 and right <= figure.width, (svg, words)
        assert top >= 0 and bottom <= figure.height, (svg, words)
        for other in found[i + 1:]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (svg, words, other[4])


@pytest.mark.parametrize("more", [
    {}, {"depths": (1,)}, {"depths": (1, 2, 3, 4, 6, 8, 12, 16, 24, 32), "repeats": 1},
    {"depths": (8,), "rates": (0, 20000, 100000, 900000)},
    {"depths": (8,), "placements": pairs(8), "repeats": 1, "modes": ["punt"]},
    *({"depths": (1, 32), "placements": pairs(nodes), "repeats": 1, "modes": PLACED}
      for nodes in (1, 2, 4)),
    {"modes": ["fio:psync"] + [f"fio:io_uring+{'x' * 40}={n}" for n in range(11)]},
])
def test_no_text_touches_another_with_twelve_modes(tmp_path, more):
    for _, chart, figure in all_figures(tmp_path, **more):
        if chart.of == charts.PLACEMENTS or not more.get("placements"):
            assert_no_two_texts_touch(drawn(tmp_path, figure), figure)


def test_a_script_needs_nothing_but_its_data(tmp_path):
    for name, _, figure in all_figures(tmp_path, MODES[:2], depths=(1, 2)):
        alone = tmp_path / name
        alone.mkdir()
        for file, content in gnuplot.files(name, figure).items():
            (alone / file).write_text(content)
        done = subprocess.run(["gnuplot", f"{name}.gp"], cwd=alone, timeout=HANG_S, check=True,
                              capture_output=True, text=True)
        assert done.stderr == ""
        assert {path.suffix for path in alone.iterdir()} == {".dat", ".gp", ".svg", ".png", ".pdf"}
