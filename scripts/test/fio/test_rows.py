# SPDX-License-Identifier: MIT
"""What is told apart in fio's JSON: sections, directions, syncs, phases."""

import json
import subprocess

import pytest
from conftest import HANG_S
from suite.analyse import rows_csv
from suite.fio.output import Row, figures
from suite.measure.run import wrong_syncs
from suite.request.plan import Load, Point, Run

# {a job file: the rows that it has}
FILES = {
    "[a]\nrw=read\n": [Row("a", "read")],
    "[a]\nrw=randrw\n": [Row("a", "read"), Row("a", "write")],
    "[log]\nrw=write\nfdatasync=1\n[r]\nrw=randread\nnumjobs=2\n":
        [Row("log", "sync"), Row("log", "write"), Row("r", "read")],
    "[w]\nrw=write\nverify=crc32c\n": [Row("w", "read", "verify"), Row("w", "write")],
    "[first]\nrw=read\n[then]\nrw=read\nstartdelay=200ms\n":
        [Row("first", "read"), Row("then", "read", "after 0.2 s")],
    "[t]\nrw=randwrite\nend_fsync=1\n": [Row("t", "write")],
}


@pytest.mark.parametrize("text", FILES)
def test_a_run_has_a_row_for_each_section_direction_and_phase(text, tmp_path):
    (tmp_path / "x.fio").write_text("[global]\nioengine=psync\nsize=256k\nbs=4k\n" + text)
    done = subprocess.run(["fio", "--output-format=json+", "x.fio"], cwd=tmp_path, timeout=HANG_S,
                          capture_output=True, text=True, check=True)
    whole = figures(json.loads(done.stdout[done.stdout.index("{"):]))
    rows = {row: of_row for row, of_row in whole.rows.items()
            if text.find("end_fsync") < 0 or row.direction != "sync"}
    assert sorted(rows) == FILES[text]
    of_data = [of_row for row, of_row in rows.items() if row.direction != "sync"]
    assert sum(of_row.ios for of_row in of_data) == whole.ios
    assert all(of_row.bins and of_row.iops > 0 for of_row in rows.values())
    if any(row.phase for row in rows):
        # One after another: over all of the time, and not the sum of the rates.
        assert whole.iops == pytest.approx(whole.ios / max(r.end_s for r in of_data), rel=0.01)
    else:
        assert whole.iops == pytest.approx(sum(of_row.iops for of_row in of_data))


def document(*jobs):
    return {"fio version": "fio-3.33", "jobs": list(jobs)}


def job(name, options=(), sync=None, **directions):
    parts = {direction: {"total_ios": 100, "iops": 100.0, "bw_bytes": 409600, "runtime": ms,
                         "lat_ns": {"N": 100, "mean": 5.0, "bins": {"5": 100}}}
             for direction, ms in directions.items()}
    return {"jobname": name, "error": 0, "job options": dict(options), **parts,
            **({"sync": sync} if sync else {})}


def test_syncs_are_counted_by_their_latencies_where_fio_counts_none():
    sync = {"total_ios": 0, "lat_ns": {"N": 40, "mean": 7.0, "bins": {"7": 40}}}
    whole = figures(document(job("log", write=2000, sync=sync)))
    syncs = whole.rows[Row("log", "sync")]
    assert (syncs.ios, syncs.iops, syncs.bins[7]) == (40, 20.0, 40)
    assert whole.ios == 100 and whole.bins == {5: 100}, "syncs are no I/Os"


@pytest.mark.parametrize("engine, option, synced", [
    ("io_uring", "sync_file_range", False), ("io_uring", "fsync", True),
    ("psync", "sync_file_range", True)])
def test_syncs_that_fio_had_refused_are_none(engine, option, synced):
    sync = {"total_ios": 40, "lat_ns": {"N": 40, "mean": 0.3, "bins": {"300": 40}}}
    whole = document(job("log", {"ioengine": engine, option: "2"}, write=2000, sync=sync))
    assert (Row("log", "sync") in figures(whole).rows) == synced
    assert wrong_syncs(whole) == ([] if synced else ["no_syncs"])


def test_phases_have_their_own_times():
    whole = figures(document(job("w", {"rw": "write", "verify": "md5"}, write=400, read=100)))
    verify = whole.rows[Row("w", "read", "verify")]
    assert (verify.start_s, verify.end_s) == (0.4, 0.5)
    assert whole.iops == pytest.approx(200 / 0.5)
    assert whole.bw_bytes == pytest.approx((0.4 + 0.1) * 409600 / 0.5)


@pytest.mark.parametrize("text, phase", [("0", ""), ("2", "after 2 s"), ("500ms", "after 0.5 s"),
                                         ("1m", "after 60 s")])
def test_a_delay_is_a_phase(text, phase):
    whole = figures(document(job("a", {"startdelay": text}, read=1000)))
    assert list(whole.rows) == [Row("a", "read", phase)]


def test_rows_csv_has_a_line_for_each_row_of_each_run():
    sync = {"lat_ns": {"N": 40, "mean": 7.0, "bins": {"7": 40}}}
    whole = figures(document(job("log", write=2000, sync=sync), job("r", read=1000)))
    point = Point(Load("x", "4096"), "punt", 8)
    finished = [(Run("0", point, 0, 1), {}, whole), (Run("1", point, 1, 1), {}, whole),
                (Run("2", point, 2, 1), {}, None)]
    head, *lines = rows_csv.document(finished).splitlines()
    assert head.split(",") == rows_csv.COLUMNS
    assert [line.split(",")[9:14] for line in lines] == [
        ["1", "log", "sync", "", "40"], ["1", "log", "write", "", "100"],
        ["1", "r", "read", "", "100"]]
