# SPDX-License-Identifier: MIT
"""Counts that a NUMA guest left: which node ran the work, never how long it took."""

import copy
import json
import re
import subprocess

import pytest
from conftest import HANG_S, SCRIPTS
from suite.draw import numa_counts
from pictures import assert_png_with_colours, svg_text
from test_plot_figure import assert_no_two_texts_touch, drawn

PLACEMENTS = {  # {placement: the node that runs all of it}; None: each its share
    "local": lambda submitter, data: submitter, "device": lambda submitter, data: data,
    "node:0": lambda submitter, data: 0, "interleave": lambda submitter, data: None}


def ran_on(node, nodes, ios):
    return {str(n): ios // nodes for n in range(nodes)} if node is None else {str(node): ios}


def counts(nodes=2, modes=("sqwq", "punt"), data=None, **changed):
    """A guest's document; each run has I/Os of its own number, so that none is taken for another.
    """
    rows = []
    for mode in modes:
        for place, runs_at in PLACEMENTS.items():
            for submitter in range(nodes):
                for at in range(nodes) if data is None else [data]:
                    ios = nodes * (1000 + len(rows))
                    rows.append({"mode": mode, "placement": place, "submitter": submitter,
                                 "data": at, "ios": ios, "buffers_on": {str(at): 33},
                                 "ran_on": ran_on(runs_at(submitter, at), nodes, ios)})
    return {"numa_counts": 1, "emulated": True, "accelerator": "tcg", "kernel": "6.1.0-9-amd64",
            "topology": f"of-{nodes}", "distances": [[10] * nodes] * nodes, "rows": rows,
            "nodes": [{"os": n, "cpus": f"{2 * n}-{2 * n + 1}", "memory_mb": 256}
                      for n in range(nodes)]} | changed


@pytest.fixture
def plot(tmp_path):
    """Writes documents as files and runs scripts/plot on them, or on `paths`."""

    def run(*documents, paths=None, extra=()):
        named = []
        for i, document in enumerate(documents):
            named.append(tmp_path / f"counts{i}.json")
            named[-1].write_text(document if isinstance(document, str) else json.dumps(document))
        return subprocess.run(
            [str(SCRIPTS / "plot"), *map(str, paths or named), "--to", str(tmp_path / "to"),
             *extra],
            capture_output=True, text=True, timeout=HANG_S, check=False)

    return run


def read(tmp_path, document):
    path = tmp_path / "counts.json"
    path.write_text(json.dumps(document))
    return numa_counts.read(path)


def test_each_mode_has_a_picture_in_every_format_that_says_what_it_is(tmp_path, plot):
    done = plot(counts(2))
    assert done.returncode == 0, done.stderr
    names = {f"numa-counts-of-2-{mode}.{kind}" for mode in ("sqwq", "punt")
             for kind in ("svg", "png", "pdf", "gp", "dat")}
    assert {path.name for path in (tmp_path / "to").iterdir()} == names | {"numa-counts.md"}
    words = svg_text(tmp_path / "to/numa-counts-of-2-sqwq.svg")
    for expected in ("emulated: counts only", *PLACEMENTS, "node 1, data on 0", "ran on node",
                     "6.1.0-9-amd64", "tcg", "CPUs 2-3, 256 MB"):
        assert expected in words
    assert_png_with_colours(tmp_path / "to/numa-counts-of-2-sqwq.png")


def test_counts_have_no_times(tmp_path, plot):
    assert plot(counts(2)).returncode == 0
    shown = [svg_text(path) for path in (tmp_path / "to").glob("*.svg")]
    for text in (*shown, (tmp_path / "to/numa-counts.md").read_text()):
        assert not re.search(r"\d ?([nµm]?s|seconds)\b|latency|IOPS", text)


def test_a_cell_is_the_number_of_ios_and_its_colour_their_share(tmp_path):
    document = counts(2, modes=["sqwq"])
    document["rows"][0]["ran_on"] = {"0": 300, "1": 100}
    document["rows"].append(document["rows"][0] | {"placement": "none", "ran_on": {}})
    figure = numa_counts.figure(read(tmp_path, document), "sqwq")
    panels = {panel.y.title: panel.series[0].marks for band in figure.bands
              for panel in band.panels}
    assert list(panels) == list(PLACEMENTS), "what nobody counted is not drawn as 0"
    first = [cell for cell in panels["local"] if cell.y == 0]
    assert [(cell.x, cell.note, cell.share) for cell in first] == [(0, "300", 0.75),
                                                                   (1, "100", 0.25)]
    for panel, row in (("interleave", 0), ("device", 1)):
        found = [cell for cell in panels[panel] if cell.y == row]
        expected = [one for one in document["rows"] if one["placement"] == panel][row]["ran_on"]
        assert [cell.note for cell in found] == [str(expected.get(str(node), 0))
                                                 for node in (0, 1)]


def test_runs_that_have_all_in_common_are_added_up(tmp_path):
    document = counts(2, modes=["sqwq"], data=1)
    document["rows"] += copy.deepcopy(document["rows"][:1])
    figure = numa_counts.figure(read(tmp_path, document), "sqwq")
    cell = figure.bands[0].panels[0].series[0].marks[0]
    assert cell.note == str(2 * document["rows"][0]["ios"]) and cell.share == 1


@pytest.mark.parametrize("document", [
    counts(1), counts(2), counts(4), counts(8, data=3), counts(2, data=1),
    counts(3, modes=["hashed+wq_scope=process+max_bounded=4"])])
def test_no_text_touches_another(tmp_path, document):
    mode = document["rows"][0]["mode"]
    figure = numa_counts.figure(read(tmp_path, document), mode)
    assert_no_two_texts_touch(drawn(tmp_path, figure), figure)


def test_the_table_has_a_line_a_run_with_its_counts(tmp_path, plot):
    document = counts(2)
    document["rows"].append({"mode": "uring", "placement": "", "submitter": 1, "data": None,
                             "ios": 7, "ran_on": {}})
    assert plot(document).returncode == 0
    text = (tmp_path / "to/numa-counts.md").read_text()
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()
             if line.startswith("|")]
    assert len(lines) == 2 + len(document["rows"])
    assert {len(line) for line in lines} == {5 + 2 + 1}
    for line, row in zip(lines[2:-1], document["rows"]):
        assert line == [row["mode"], row["placement"], str(row["submitter"]), str(row["data"]),
                        str(row["ios"]), *(str(row["ran_on"].get(n, 0)) for n in "01"),
                        f"33 on {row['data']}"]
    assert lines[-1] == ["uring", "default", "1", "-", "7", "-", "-", "-"]
    assert "emulated: counts only" in text
    assert not (tmp_path / "to/numa-counts-of-2-uring.svg").exists(), "nobody counted where"


def test_a_folder_of_several_is_drawn_whole_and_what_is_no_counts_is_left_out(tmp_path, plot):
    folder = tmp_path / "guests"
    folder.mkdir()
    for nodes in (2, 4):
        (folder / f"{nodes}.json").write_text(json.dumps(counts(nodes)))
    (folder / "fio.json").write_text('{"jobs": []}')
    done = plot(paths=[folder], extra=("--formats", "svg"))
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "to").glob("*.svg"))) == 2 * 2
    text = (tmp_path / "to/numa-counts.md").read_text()
    assert "Topology of-2" in text and "Topology of-4" in text


def test_a_real_machines_counts_are_not_called_emulated(tmp_path, plot):
    assert plot(counts(2, emulated=False, accelerator="the machine itself")).returncode == 0
    words = svg_text(tmp_path / "to/numa-counts-of-2-sqwq.svg")
    assert "(counts only)" in words and "emulated" not in words


def row_changed(**changed):
    document = counts(2)
    document["rows"][3] |= changed
    return document


def without(key, of_row=False):
    document = counts(2)
    del (document["rows"][3] if of_row else document)[key]
    return document


@pytest.mark.parametrize("document, words", [
    *((without(key), f"has no '{key}'") for key in (
        "emulated", "accelerator", "kernel", "topology", "nodes", "distances", "rows")),
    *((without(key, of_row=True), f"rows[3]: has no '{key}'") for key in (
        "mode", "placement", "submitter", "data", "ios", "ran_on")),
    (row_changed(ran_on={"0": "many"}), 'rows[3]: ran_on: "many" is no count'),
    (row_changed(ran_on={"0": -1}), "ran_on: -1 is no count"),
    (row_changed(ran_on={"0": 1.5}), "ran_on: 1.5 is no count"),
    (row_changed(ran_on={"0": True}), "ran_on: true is no count"),
    (row_changed(ran_on={"2": 1}), "ran_on: node 2 is none of the nodes listed"),
    (row_changed(ran_on=[1, 2]), "ran_on: [1, 2] is not an object"),
    (row_changed(buffers_on={"x": 1}), "buffers_on: node x is none"),
    (row_changed(submitter=2), "submitter 2 is none of the nodes listed"),
    (row_changed(submitter="0"), 'submitter: "0" is not a whole number'),
    (row_changed(data=True), "data: true is not a whole number or null"),
    (row_changed(data=5), "data 5 is none of the nodes listed"),
    (row_changed(ios=-3), "ios: -3 is no count"),
    (row_changed(mode="sq\nwq"), "mode: has characters"),
    (counts(2, numa_counts=2), "numa_counts is 2: allowed is 1"),
    (counts(2, emulated="yes"), 'emulated: "yes" is not true or false'),
    (counts(2, rows=[]), "there are none"),
    (counts(2, rows=[3]), "rows[0]: has no '"),
    (counts(2) | {"nodes": []}, "nodes"),
    (counts(2, distances=[[10, 20]]), "distances"),
    (counts(2, distances=[[10, 20], [20, "x"]]), "distances"),
    (json.dumps(counts(2))[:300], "is no whole JSON document"),
])
def test_bad_counts_are_told_in_one_line_with_the_place(tmp_path, plot, document, words):
    done = plot(document)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert words in done.stderr and "counts0.json" in done.stderr
    assert not list((tmp_path / "to").glob("*")), "nothing is half drawn"


def test_files_that_do_not_belong_together_are_refused(tmp_path, plot):
    for documents, words in (((counts(2), counts(2)), "is in two files"),
                             ((counts(2), '{"jobs": []}'), "draw them apart")):
        done = plot(*documents)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and words in done.stderr
    done = plot(counts(2), extra=("--charts", "nodes"))
    assert done.returncode == 2 and "--charts" in done.stderr


def test_only_its_own_table_is_written_over(tmp_path, plot):
    for _ in range(2):
        assert plot(counts(2)).returncode == 0
    table = tmp_path / "to/numa-counts.md"
    table.write_text("my own notes\n")
    done = plot(counts(2))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "not written over" in done.stderr
    assert table.read_text() == "my own notes\n"
