# SPDX-License-Identifier: MIT
import json
import subprocess
from xml.etree import ElementTree

import pytest
import synthetic
from pictures import assert_png_with_colours, svg_text
from conftest import HANG_S, SCRIPTS

MODES = ["fio:psync", "inline", "sqthread", "sqwq", "punt", "hashed", "uring", "uring_async",
         "uring_sqpoll", "fio:io_uring", "fio:io_uring+force_async=1", "fio:libaio"]


UNTRACED = {"throughput", "latency", "percentiles", "ratios", "cpu", "threads", "rounds"}
CLOSED = UNTRACED | {"over-time"}
MAP = {"winner-map"}


def plot(folder, *extra):
    return subprocess.run([str(SCRIPTS / "plot"), str(folder.path), *extra], capture_output=True,
                          text=True, timeout=HANG_S, check=False)


def charts_in(folder, kind="gp"):
    """The names of the charts drawn, without that of the load."""
    return {path.stem.removeprefix("randread-cached-") for path in folder.glob(f"*.{kind}")}


def numbers(folder, chart):
    """All figures in a chart's data, line by line."""
    text = (folder.charts / f"randread-cached-{chart}.dat").read_text()
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    return [[float(word) for word in line if word != "NaN"] for line in lines if line]


def test_charts_are_whole_pictures_that_name_every_mode_and_the_method(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES, traced=True)
    done = plot(folder, "--formats", "svg,png")
    assert done.returncode == 0, done.stderr
    assert charts_in(folder.charts) == CLOSED | MAP
    for chart in CLOSED:
        # A long name stands in several lines.
        words = svg_text(folder.charts / f"randread-cached-{chart}.svg").replace(" ", "")
        for expected in (*MODES, "randread-cached", "n=5", "seed1", "fio-3.33", "0123456789"):
            assert expected in words, chart
        assert_png_with_colours(folder.charts / f"randread-cached-{chart}.png")


def test_one_script_draws_every_format_on_light_and_on_dark(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3])
    for extra in ((), ("--dark",)):
        assert plot(folder, "--formats", "svg,png,pdf", *extra).returncode == 0
    for name in ("randread-cached-cpu", "randread-cached-cpu-dark"):
        assert_png_with_colours(folder.charts / f"{name}.png")
        assert (folder.charts / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    light, dark = ((folder.charts / f"randread-cached-cpu{end}.svg").read_text()
                   for end in ("", "-dark"))
    assert 'fill="#ffffff"' in light and 'fill="#15181c"' in dark
    assert "stroke='rgb(  0,   0,   0)'" not in dark, "black cannot be seen on dark"


def test_only_the_charts_and_formats_asked_for_are_drawn_where_asked(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3])
    done = plot(folder, "--charts", "cpu,ratios", "--formats", "svg", "--to", str(tmp_path / "to"))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "to").iterdir()} == {
        f"randread-cached-{chart}.{kind}" for chart in ("cpu", "ratios")
        for kind in ("svg", "gp", "dat")}
    assert not list(folder.charts.iterdir())
    for extra, words in ((("--charts", "nosuch"), "throughput"), (("--formats", "gif"), "svg"),
                         (("--charts", "nodes"), "nothing was measured")):
        done = plot(folder, *extra)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and words in done.stderr


def test_only_the_jobs_asked_for_are_drawn_and_judged_as_among_all(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3])
    whole, part = tmp_path / "whole", tmp_path / "part"
    assert plot(folder, "--to", whole).returncode == 0
    done = plot(folder, "--to", part, "--jobs", "rand*-cached")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in part.iterdir()} == {path.name for path in whole.iterdir()}
    done = plot(folder, "--jobs", "randread-cashed")
    assert done.returncode == 2 and "'randread-cashed' is none of randread-cached" in done.stderr


def test_the_map_is_as_wide_as_was_asked_for(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3])
    sizes = {}
    for width in (560, 1240):
        to = tmp_path / str(width)
        done = plot(folder, "--to", to, "--width", str(width), "--formats", "svg")
        assert done.returncode == 0, done.stderr
        for path in to.glob("*.svg"):
            sizes.setdefault(path.name, []).append(ElementTree.parse(path).getroot().get("width"))
    assert sizes.pop("winner-map.svg") == ["560", "1240"]
    assert sizes and all(size == ["560", "560"] for size in sizes.values())
    for width in ("559", "4001", "wide"):
        done = plot(folder, "--width", width)
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert f"--width {width}: allowed is a whole number from 560 to 4000" in done.stderr


@pytest.mark.parametrize("option, value", [("--jobs", "a"), ("--width", "1000")])
def test_what_is_of_a_results_folder_is_not_of_files(tmp_path, option, value):
    files = subprocess.run([str(SCRIPTS / "plot"), tmp_path / "a.json", option, value],
                           capture_output=True, text=True, timeout=HANG_S, check=False)
    assert files.returncode == 2 and f"{option}: is of a results folder" in files.stderr


def test_drawing_again_gives_the_same_data_and_scripts(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:4])
    drawn = []
    for _ in range(2):
        assert plot(folder).returncode == 0
        drawn.append({p.name: p.read_bytes() for p in folder.charts.glob("*.[sgd]*")})
    assert drawn[0] == drawn[1] and len(drawn[0]) == 3 * len(UNTRACED | MAP)


def test_open_loops_have_a_chart_of_their_own(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:2], depths=(64,), rates=(20000, 200000))
    assert plot(folder, "--formats", "svg").returncode == 0
    assert charts_in(folder.charts) == {"open-loop", "rounds"} | MAP
    words = svg_text(folder.charts / "randread-cached-open-loop.svg")
    assert "offered I/Os a second (open loop)" in words
    assert "Ringed: most runs fell behind; of what was offered they did: fio:psync at 200 k" \
        in words
    assert "fio:psync at 20 k" not in words
    both = synthetic.results(tmp_path / "both", MODES[:2], depths=(64,), rates=(0, 20000))
    assert plot(both, "--formats", "svg").returncode == 0
    assert charts_in(both.charts) == {"open-loop"} | MAP | UNTRACED
    points = {tuple(row[:2]) for row in numbers(both, "throughput") if len(row) == 4}
    assert len(points) == 2, "closed loops only"


def test_placements_have_a_heat_map_that_shows_every_pair_of_nodes(tmp_path):
    placements = [f"nodes:{c}/{m}" for c in (0, 1) for m in (0, 1)]
    folder = synthetic.results(tmp_path / "r", ["punt"], depths=(1,),
                               placements=["none", *placements])
    assert plot(folder, "--formats", "svg", "--charts", "nodes").returncode == 0
    rows = numbers(folder, "nodes")
    assert len(rows) == 3 * 4, "IOPS, p50 and p99"
    assert sorted(row[:2] for row in rows[:4]) == [[0, 0], [0, 1], [1, 0], [1, 1]]
    words = svg_text(folder.charts / "randread-cached-nodes.svg")
    assert words.count("node 0") == words.count("node 1") == 1, "names of rows stand at the left"
    near, far = ([row[2] for row in rows[:4] if (row[0] == row[1]) == same]
                 for same in (True, False))
    assert min(near) != max(far), "cells differ in colour"


def test_a_machine_with_one_node_has_its_heat_map_too(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["punt"], depths=(1,), placements=["nodes:0/0"])
    assert plot(folder, "--formats", "svg", "--charts", "nodes").returncode == 0
    assert len(numbers(folder, "nodes")) == 3


def test_the_default_comparison_is_drawn(tmp_path):
    folder = synthetic.results(tmp_path / "r", [*MODES, "handoff", "uring_defer"], traced=True)
    assert plot(folder, "--formats", "svg,png").returncode == 0
    assert charts_in(folder.charts) == CLOSED | MAP


def test_a_chart_can_be_drawn_by_its_script_and_data_alone(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3])
    assert plot(folder).returncode == 0
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    for kind in ("gp", "dat"):
        name = f"randread-cached-latency.{kind}"
        (alone / name).write_bytes((folder.charts / name).read_bytes())
    subprocess.run(["gnuplot", "randread-cached-latency.gp"], cwd=alone, timeout=HANG_S, check=True)
    original = (folder.charts / "randread-cached-latency.svg").read_bytes()
    assert (alone / "randread-cached-latency.svg").read_bytes() == original


def test_data_holds_medians_intervals_and_percentiles_of_the_merged_bins(tmp_path):
    documents = [synthetic.fio_document(rate, 10 * rate) for rate in (300.0, 100.0, 200.0)]
    folder = synthetic.results(tmp_path / "r", ["fio:psync"], depths=(4,), repeats=3,
                               documents=documents)
    assert plot(folder).returncode == 0
    # Bins: half, once and four times 1000, 2000 and 3000 ns, in shares of 10, 88 and 2 %.
    assert numbers(folder, "latency") == [[300, 12000], [100, 4000], [200, 8000], [200, 8000]]
    assert numbers(folder, "throughput") == [[4, 300], [4, 100], [4, 200], [4, 200, 100, 300]]


def test_odd_names_do_no_harm_and_are_shown_as_they_are(tmp_path):
    job = "it's \"quoted\" $HOME `touch /tmp/x` <script>_{a}^b \\n %s 日本 é"
    modes = ["fio:psync", "sqwq+max_bounded=4", "sqwq+x=50%_%d:/@"]
    folder = synthetic.results(tmp_path / "r", modes, job=job)
    assert plot(folder, "--formats", "svg").returncode == 0
    for chart in ("latency", "cpu"):
        (picture,) = folder.charts.glob(f"*-{chart}.svg")
        assert all(mode in svg_text(picture).replace(" ", "") for mode in modes)
        assert "<script" not in picture.read_text()
    pictures = list(folder.charts.glob("*-latency.svg"))
    assert len(pictures) == 1
    assert "".join(job.split()) in "".join(svg_text(pictures[0]).split())


def test_one_point_of_one_mode_is_drawn(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["fio:psync"], depths=(8,), repeats=1)
    done = plot(folder)
    assert done.returncode == 0, done.stderr
    assert_png_with_colours(folder.charts / "randread-cached-throughput.png")


def test_flagged_modes_are_marked_in_the_chart_and_in_the_table(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "punt"], flags=["path:no_inline"])
    done = plot(folder)
    words = svg_text(folder.charts / "randread-cached-latency.svg")
    assert "punt !" in words and "! path:no_inline: fio:psync, punt" in words
    assert "punt, depth 8: path:no_inline in 5 of 5" in done.stdout


def test_a_folder_that_is_no_comparison_and_a_damaged_run_are_told_in_one_line(tmp_path):
    for folder, words in ((tmp_path, "no plan.json"), (None, "cut off")):
        if folder is None:
            results = synthetic.results(tmp_path / "r", ["fio:psync"])
            path = results.path / "runs.jsonl"
            first, *others = map(json.loads, path.read_text().splitlines())
            first["fio"] = first["fio"][:200]
            path.write_text("".join(json.dumps(row) + "\n" for row in (first, *others)))
            folder = results.path
        done = subprocess.run([str(SCRIPTS / "plot"), str(folder)], capture_output=True, text=True,
                              timeout=HANG_S, check=False)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and words in done.stderr
