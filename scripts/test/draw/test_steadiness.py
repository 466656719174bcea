# SPDX-License-Identifier: MIT
"""Maps of rounds and of traced runs: what is a column, and what a chart shows of odd folders."""

import json

import pytest
import synthetic
from suite.analyse.summary import summarise
from suite.draw import charts, gnuplot, steadiness
from suite.draw.figure import DIVERGING, WIDTH, Layout, Tile
from suite.draw.steadiness import OTHERS
from test_plot import MODES
from test_plot_figure import assert_no_two_texts_touch, drawn
from test_small_multiples import panels_of
from test_winner_map import luminance


def figure_of(folder, name):
    plan = folder.read_plan()
    made = charts.figures(plan, folder.read_json("env.json"),
                          summarise(folder.finished(), plan["baseline"]), [name])
    return made[0][2] if made else None


def rounds(tmp_path, modes=("fio:psync", "punt"), depths=(8,), **more):
    return figure_of(synthetic.results(tmp_path / "r", list(modes), depths, **more), "rounds")


def rows_of(panel):
    """{name of a row: its tiles, from left to right}"""
    return {series.name: sorted(series.marks, key=lambda tile: tile.x) for series in panel.series}


def change(folder, what):
    """Adds to each run's record what(run) says."""
    path = folder.path / "runs.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row | what(row["run"])) + "\n" for row in rows))


@pytest.mark.parametrize("what, top, notes", [
    (lambda repeat: {"foreign_cpus": 0.0, "suspended_s": 9.0 * (repeat == 2)}, OTHERS,
     ["", "!", "", "", "", ""]),
    (lambda repeat: {"foreign_cpus": None, "pressure": {"cpu": 0.9 * (repeat == 2)}}, "disturbed",
     ["!"]),
    (lambda repeat: {"suspended_s": 9.0 * (repeat in (2, 3))}, "disturbed", ["!", "!"]),
])
def test_what_disturbs_a_round_besides_is_marked(tmp_path, what, top, notes):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "punt"], (8,), repeats=6)
    change(folder, lambda run: what(run["repeat"]))
    figure = figure_of(folder, "rounds")
    (name, tiles), *_ = rows_of(panels_of(figure)[0]).items()
    assert name == top and [tile.note for tile in tiles] == notes
    assert all("something else" in tile.text for tile in tiles if tile.note)
    assert "!: disturbed by something else." in figure.reading
    assert ("On top" in figure.reading) == (top == OTHERS)


def test_a_disturbed_round_is_a_column_and_what_others_took_stands_over_it(tmp_path):
    figure = rounds(tmp_path, MODES[:4], repeats=8, foreign={3: 1.4, 6: 0.2})
    (panel,) = panels_of(figure)
    top, *modes = rows_of(panel).items()
    assert top[0] == OTHERS and [name for name, _ in modes] == MODES[:4]
    assert [tile.note for tile in top[1]] == ["", "", "1.4", "", "", "0.2", "", ""]
    assert [tile.ring for tile in top[1]] == [n in (2, 5) for n in range(8)], "left out"
    for mode, tiles in modes:
        assert len(tiles) == 8
        assert [tile.x for tile in tiles] == [tile.x for tile in top[1]]
        assert [tile.note != "" for tile in tiles] == [n == 2 for n in range(8)]
        assert tiles[2].share < 0.1 and 45 <= int(tiles[2].note) <= 55, "half the median"
        assert tiles[2].text.endswith("disturbed: left out") and mode in tiles[2].text
        assert "left out" not in tiles[0].text
    assert "Ringed" in figure.reading and "On top" in figure.reading


@pytest.mark.parametrize("modes, more, shown", [
    (1, {"repeats": 8, "foreign": {}}, [OTHERS, "fio:psync"]),
    (2, {"repeats": 8, "foreign": {}}, [OTHERS, "fio:psync", "inline"]),
    (1, {"repeats": 1, "foreign": {}}, None),  # nothing to compare a run with
    (2, {"repeats": 2}, ["fio:psync", "inline"]),  # an older folder: nobody looked
    (2, {"repeats": 3, "foreign": {1: None, 2: None, 3: None}}, ["fio:psync", "inline"]),
    (2, {"repeats": 6, "foreign": {n: 1.2 for n in range(1, 7)}}, [OTHERS, "fio:psync", "inline"]),
    (2, {"repeats": 70}, ["fio:psync", "inline"]),
])
def test_rows_of_odd_folders(tmp_path, modes, more, shown):
    figure = rounds(tmp_path, MODES[:modes], **more)
    if shown is None:
        assert figure is None
        return
    (panel,) = panels_of(figure)
    assert list(rows_of(panel)) == shown
    assert all(len(tiles) == more["repeats"] for tiles in rows_of(panel).values())
    assert not any(tile.ring for tiles in rows_of(panel).values() for tile in tiles), "all count"
    assert "Ringed" not in figure.reading and ("On top" in figure.reading) == (OTHERS in shown)
    assert_no_two_texts_touch(drawn(tmp_path, figure), figure)


def test_a_run_without_a_result_is_an_empty_field(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "punt"], (8,), repeats=3)
    change(folder, lambda run: {"ok": False, "flags": ["failed"], "reason": "no"}
           if (run["mode"], run["repeat"]) == ("punt", 2) else {})
    found = rows_of(panels_of(figure_of(folder, "rounds"))[0])
    assert [tile.x for tile in found["punt"]] == [0.5, 2.5]
    assert len(found["fio:psync"]) == 3


def test_an_open_loop_is_shown_by_its_p99_and_longer_is_orange(tmp_path):
    figure = rounds(tmp_path, ["punt"], rates=(0, 200000), repeats=6, foreign={2: 1.0})
    closed, offered = (band.heading for band in figure.bands)
    assert closed == "IOPS in each round, depth 8"
    assert offered == "p99 latency in each round, depth 8, 200 k I/Os/s offered"
    for panel in panels_of(figure):
        assert rows_of(panel)["punt"][1].share < 0.3
    assert int(rows_of(panels_of(figure)[1])["punt"][1].note) > 150


@pytest.mark.parametrize("repeats, written", [(5, True), (10, True), (40, False)])
def test_figures_are_written_where_they_have_room(tmp_path, repeats, written):
    figure = rounds(tmp_path, repeats=repeats, foreign={3: 1.4})
    (panel,) = panels_of(figure)
    assert ("Figures" in figure.reading) == written
    assert any(tile.note for tiles in rows_of(panel).values() for tile in tiles) == written
    ((titles,),) = (panel.above,)
    assert titles[0][1] == ["1"] and (len(titles) == repeats) == written


def test_the_traced_run_is_shown_against_its_own_median(tmp_path):
    figure = figure_of(synthetic.results(tmp_path / "r", MODES, traced=True), "over-time")
    (band,) = figure.bands
    assert band.heading == "Mean latency over time, depth 32", "where runs are traced"
    (panel,) = band.panels
    assert list(rows_of(panel)) == MODES
    assert [words for _, words in panel.beside] == ["1 µs"] * len(MODES)
    for mode, tiles in rows_of(panel).items():
        assert [tile.x for tile in tiles] == [n - 0.5 for n in range(1, 20)], "not the last"
        assert [tile.share < 0.5 for tile in tiles] == [n in (9, 10) for n in range(1, 20)]
        assert tiles[8].text.splitlines() == [mode, "until 450 ms: 8 µs"]
    assert panel.x.words(10) == "500 ms"


@pytest.mark.parametrize("course, columns", [
    (None, None), ([], None), ([[50, 1]], None), ([[50, 1], [100, 2]], None),
    ([[50, 10], [100, 0], [150, 10], [200, 10], [250, 9]], 4),
    ([[50 * n, 10] for n in range(1, 42)], 40), ([[50 * n, 10] for n in range(1, 202)], 40),
])
def test_long_runs_have_wider_columns_and_short_ones_no_map(course, columns):
    summary = type("", (), {"traced": course and {"latency_over_time": course}})
    logged = steadiness.windows(summary)
    if columns is None:
        assert len(logged) < 2
        return
    subject = type("", (), {"shown": staticmethod(str)})
    (panel,) = steadiness.within_runs(subject, 1, {"m": summary}).panels
    assert panel.x.high == columns
    assert {tile.share for tile in panel.series[0].marks} == {0.5}


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("step", range(9))
def test_letters_stand_out_on_every_tile_of_both_sides(theme, step):
    tile = Tile(0, 0, share=(step + 0.5) / 9, scale=DIVERGING)
    assert gnuplot.tile_colour(tile) == f"d{step}"
    pair = [luminance(gnuplot.COLOURS[key][theme])
            for key in (gnuplot.tile_colour(tile), gnuplot.letters(tile))]
    assert (max(pair) + 0.05) / (min(pair) + 0.05) >= 4.5


def test_every_colour_has_one_name():
    light = [pair[0] for pair in gnuplot.COLOURS.values()]
    assert len(set(light)) == len(light), "a page knows a colour's name by the colour"


def test_maps_are_as_wide_as_the_picture_leaves_room_for(tmp_path):
    for _, frame in Layout(rounds(tmp_path, repeats=8)).frames:
        assert WIDTH - 30 < frame.right <= WIDTH
