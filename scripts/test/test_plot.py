# SPDX-License-Identifier: MIT
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
import zlib

import synthetic
from conftest import SCRIPTS

MODES = ["fio:psync", "inline", "sqthread", "sqwq", "punt", "hashed", "uring", "uring_async",
         "uring_sqpoll", "fio:io_uring", "fio:io_uring+force_async=1", "fio:libaio"]


def plot(folder):
    return subprocess.run([str(SCRIPTS / "plot"), str(folder.path)], capture_output=True, text=True,
                          timeout=60, check=False)


def svg_text(path):
    return " ".join("".join(e.itertext()) for e in ElementTree.parse(path).iter()
                    if e.tag.endswith("text"))


def numbers(folder, chart):
    """All figures in a chart's data, line by line."""
    text = (folder.charts / f"randread-cached-{chart}.dat").read_text()
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    return [[float(word) for word in line if word != "NaN"] for line in lines if line]


def assert_png_with_colours(path):
    """A whole PNG whose pixels are not all alike."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 600 and height > 600
    at, pixels = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        pixels += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    assert len(set(zlib.decompress(pixels))) > 20


def test_charts_are_whole_pictures_that_name_every_mode_and_the_method(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES)
    done = plot(folder)
    assert done.returncode == 0, done.stderr
    for chart in ("latency", "throughput"):
        words = svg_text(folder.charts / f"randread-cached-{chart}.svg")
        for expected in (*MODES, "randread-cached", "n = 5", "seed 1", "fio-3.33", "0123456789"):
            assert expected in words
        assert_png_with_colours(folder.charts / f"randread-cached-{chart}.png")


def test_drawing_again_gives_the_same_data_and_scripts(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:4])
    drawn = []
    for _ in range(2):
        assert plot(folder).returncode == 0
        drawn.append({p.name: p.read_bytes() for p in folder.charts.glob("*.[sgd]*")})
    assert drawn[0] == drawn[1] and len(drawn[0]) == 6


def test_a_chart_can_be_drawn_by_its_script_and_data_alone(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3])
    assert plot(folder).returncode == 0
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    for kind in ("gp", "dat"):
        name = f"randread-cached-latency.{kind}"
        (alone / name).write_bytes((folder.charts / name).read_bytes())
    subprocess.run(["gnuplot", "randread-cached-latency.gp"], cwd=alone, timeout=60, check=True)
    original = (folder.charts / "randread-cached-latency.svg").read_bytes()
    assert (alone / "randread-cached-latency.svg").read_bytes() == original


def test_data_holds_medians_intervals_and_percentiles_of_the_merged_bins(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["fio:psync"], depths=(4,), repeats=3)
    for run, rate in zip(folder.read_json("plan.json")["runs"], (300.0, 100.0, 200.0)):
        synthetic.write_fio(folder, run["id"], synthetic.fio_document(rate, 10 * rate))
    assert plot(folder).returncode == 0
    # Bins: half, once and four times 1000, 2000 and 3000 ns, in shares of 10, 88 and 2 %.
    assert numbers(folder, "latency") == [[200, 2000], [200, 8000]]
    assert numbers(folder, "throughput") == [[4, 200, 100, 300]]


def test_odd_names_do_no_harm_and_are_shown_as_they_are(tmp_path):
    job = "it's \"quoted\" $HOME `touch /tmp/x` <script>_{a}^b \\n %s"
    folder = synthetic.results(tmp_path / "r", ["fio:psync"], job=job)
    assert plot(folder).returncode == 0
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
            first = next(results.runs.glob("*.fio.json"))
            first.write_bytes(first.read_bytes()[:200])
            folder = results.path
        done = subprocess.run([str(SCRIPTS / "plot"), str(folder)], capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and words in done.stderr
