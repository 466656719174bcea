# SPDX-License-Identifier: MIT
"""What is left of a condensed comparison says what the whole one did."""

import json
import lzma
import subprocess
from dataclasses import replace

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS
from draw.test_plot_fio_versions import VERSIONS, document
from suite.fio.output import SYNC, figures, parse_fio, percentile, value_of_bin
from suite.store import runs_file
from suite.store.condensed import BITS, bin_of, fio_text, line_of
from suite.store.folder import Folder
from suite.store.runs_file import Kept

MODES = ["fio:psync", "punt", "uring"]


def condense(folder, to):
    return subprocess.run([str(SCRIPTS / "condense"), str(folder), str(to)], capture_output=True,
                          text=True, timeout=HANG_S, check=False)


def assert_same(before, after):
    assert replace(before, bins={}, rows={}) == replace(after, bins={}, rows={})
    assert before.bins.total() == after.bins.total()
    for percent in (1, 50, 99, 99.9) if before.bins else ():
        exact = percentile(before.bins, percent)
        assert percentile(after.bins, percent) == pytest.approx(exact, rel=0.5**(BITS + 1))
    assert list(before.rows) == list(after.rows)
    for row, figures_of_row in before.rows.items():
        assert_same(figures_of_row, after.rows[row])


@pytest.mark.parametrize("total", (False, True))
@pytest.mark.parametrize("plus", (False, True))
@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_is_read_of_what_each_fio_wrote(version, plus, total):
    whole = document(version, plus, total)
    text = json.dumps(whole)
    short = fio_text(text)
    assert len(short) < len(text)
    assert_same(figures(whole), figures(parse_fio(short)))


def test_of_several_latencies_the_bins_that_are_looked_at_stay():
    whole = document("3.33", True, True)
    [job] = whole["jobs"]
    job["read"]["clat_ns"] = job["read"]["lat_ns"] | {"mean": 1.0}
    short = parse_fio(fio_text(json.dumps(whole)))["jobs"][0]["read"]
    assert "bins" in short["lat_ns"] and "bins" not in short["clat_ns"]
    # Beside a job without a total nothing but the completion can be added up.
    other = json.loads(json.dumps(job))
    del other["read"]["lat_ns"]
    whole["jobs"].append(other)
    assert fio_text(json.dumps(whole)) == json.dumps(whole)


def test_what_is_judged_by_its_latency_keeps_its_bins():
    whole = document("3.33", True, True)
    whole["jobs"][0]["sync"] = {"total_ios": 2, "lat_ns": {
        "N": 2, "mean": 1001.0, "bins": {"1001": 1, "1002": 1}}}
    text = json.dumps(whole)
    for exact in (False, True):
        before, after = figures(whole), figures(parse_fio(fio_text(text, exact)))
        assert [row for row in before.rows if before.rows[row].bins == after.rows[row].bins] == [
            row for row in before.rows if exact or row.direction == SYNC]


@pytest.mark.parametrize("text", ["", "fio: no such file\n", '{"fio version": "fio-3.33", "jobs'])
def test_what_is_no_whole_document_stays_as_it_is(text):
    assert fio_text(text) == text


def test_what_is_no_text_stays_as_it_is():
    record = {"run": {"id": "1", "rate": 0}, "ok": False, "flags": []}
    kept = Kept("", record, "[j]\n", b"\xff".decode(errors="surrogateescape"))
    assert runs_file.parsed(line_of(kept, exact=False), "").fio == kept.fio


def test_a_value_lies_in_its_bin():
    for value in [*range(3000), *(7 * 3**power for power in range(30))]:
        middle = value_of_bin(bin_of(value), BITS)
        assert abs(middle - value) <= value / (2 << BITS) and bin_of(middle) == bin_of(value)


def test_a_comparison_is_copied_without_a_figure_lost(tmp_path):
    folder = synthetic.results(tmp_path / "whole", MODES, traced=True)
    before = (folder.path / "runs.jsonl").read_bytes()
    done = condense(folder.path, tmp_path / "small")
    assert done.returncode == 0, done.stderr
    small = Folder(tmp_path / "small")
    files = sorted(path.name for path in small.path.iterdir() if path.is_file())
    assert files == ["env.json", "plan.json.xz", "runs.jsonl.xz"]
    assert small.read_plan() == folder.read_plan()
    assert (folder.path / "runs.jsonl").read_bytes() == before
    for (run, record, was), (again, less, now) in zip(folder.finished(), small.finished(),
                                                      strict=True):
        assert run == again and less.items() <= record.items()
        assert_same(was, now)
    assert b"over_time" not in lzma.decompress((small.path / "runs.jsonl.xz").read_bytes())


def test_a_folder_that_has_runs_is_not_written_to(tmp_path):
    folder = synthetic.results(tmp_path / "whole", MODES[:1])
    done = condense(folder.path, folder.path)
    assert done.returncode == 2 and "already has runs" in done.stderr
    done = condense(tmp_path / "nothing", tmp_path / "new")
    assert done.returncode == 2 and "not the folder of a comparison" in done.stderr
    assert not (tmp_path / "new").exists() and done.stderr.count("\n") == 1
