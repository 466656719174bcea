# SPDX-License-Identifier: MIT
"""runs.jsonl keeps every run that has ended, whole and once, whatever ended the comparison."""

import json
import lzma
import resource
import subprocess

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS
from suite.errors import BadInput, FolderFailed
from suite.store import runs_file
from suite.store.folder import Folder

MODES = ["fio:psync", "inline"]


@pytest.fixture
def folder(tmp_path):
    """Four runs, without fio: two modes, two rounds."""
    return synthetic.results(tmp_path / "r", MODES, depths=(1,), repeats=2)


def lines(folder):
    return (folder.path / runs_file.NAME).read_bytes().splitlines(keepends=True)


def write(folder, lines, name=runs_file.NAME):
    (folder.path / name).write_bytes(b"".join(lines))


def ids(folder):
    return [kept.id for kept in folder.kept()]


TORN = {
    "nothing of it": lambda line: b"",
    "its first byte": lambda line: line[:1],
    "half of it": lambda line: line[:len(line) // 2],
    "all but its end": lambda line: line[:-2],
    "all but the newline": lambda line: line[:-1],
    "room that nothing was written to": lambda line: b"\0" * len(line),
    "a piece of a page, then nothing": lambda line: line[:100] + b"\0" * 100,
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
def test_a_torn_last_line_is_no_run_and_the_file_goes_on_after_the_line_before(folder, torn):
    *whole, last = lines(folder)
    before = ids(folder)
    write(folder, [*whole, torn(last)])
    assert ids(folder) == before[:-1]
    assert len(folder.take_up()) == len(whole) and lines(folder) == whole
    runs_file.append(folder.path, last)
    assert ids(folder) == before and lines(folder) == [*whole, last]


def test_a_file_of_whole_lines_is_taken_up_as_it_is(folder):
    before = lines(folder)
    assert len(folder.take_up()) == 4 and lines(folder) == before


def of_another_comparison(line):
    row = json.loads(line)
    row["run"]["id"] = "001-other-d1"
    return json.dumps(row).encode() + b"\n"


def without(key):
    def changed(line):
        row = json.loads(line)
        del row[key]
        return json.dumps(row).encode() + b"\n"

    return changed


BAD = {
    "text": (lambda line: b"fio: out of memory\n", "is no JSON"),
    "empty": (lambda line: b"\n", "is no JSON"),
    "torn, and gone on with": (lambda line: line[:50] + line, "is no JSON"),
    "no text": (lambda line: b"\xff\xfe\n", "is no JSON"),
    "a list": (lambda line: b"[]\n", "is no run"),
    "a number": (lambda line: b"1\n", "is no run"),
    "no run": (without("run"), "has no 'run'"),
    "no output": (without("fio"), "has no 'fio'"),
    "no job file": (without("job_file"), "has no 'job_file'"),
    "a run without a name": (lambda line: b'{"run": {}, "ok": true, "flags": [], "job_file": "", '
                                          b'"fio": ""}\n', "has no 'id'"),
    "another comparison's run": (of_another_comparison, "is not in plan.json"),
}


@pytest.mark.parametrize("bad, words", BAD.values(), ids=BAD)
def test_a_bad_line_is_told_with_its_file_and_number(folder, bad, words):
    first, second, *others = lines(folder)
    write(folder, [first, bad(second), *others])
    for command in ("plot", "report"):
        done = subprocess.run([str(SCRIPTS / command), str(folder.path)], capture_output=True,
                              text=True, timeout=HANG_S, check=False)
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert f"{folder.path}/runs.jsonl, line 2: " in done.stderr and words in done.stderr


@pytest.mark.parametrize("compressed", [False, True])
def test_a_run_that_is_there_twice_is_told(folder, compressed):
    first, *others = lines(folder)
    if compressed:
        write(folder, [lzma.compress(first)], runs_file.COMPRESSED)
    else:
        write(folder, [first, *others, first])
    where = "line 1: .*runs.jsonl.xz, line 1" if compressed else "line 5: .*runs.jsonl, line 1"
    with pytest.raises(BadInput, match=where):
        ids(folder)


def test_compressed_lines_are_read_before_those_that_came_later(folder):
    before, finished = ids(folder), folder.finished()
    first, second, *later = lines(folder)
    # Two streams, as xz itself makes of files that are put one behind the other.
    write(folder, [lzma.compress(first), lzma.compress(second)], runs_file.COMPRESSED)
    write(folder, later)
    assert ids(folder) == before and folder.finished() == finished
    write(folder, [lzma.compress(b"".join([first, second, *later]))], runs_file.COMPRESSED)
    (folder.path / runs_file.NAME).unlink()
    assert ids(folder) == before and folder.finished() == finished


@pytest.mark.parametrize("damaged", [lambda xz: xz[:-20], lambda xz: b"no xz" + xz,
                                     lambda xz: xz[:60] + b"\1\2\3" + xz[63:]])
def test_a_damaged_compressed_file_is_told_in_one_line(folder, damaged):
    write(folder, [damaged(lzma.compress(b"".join(lines(folder))))], runs_file.COMPRESSED)
    (folder.path / runs_file.NAME).unlink()
    with pytest.raises(BadInput, match="runs.jsonl.xz: cannot be read") as told:
        ids(folder)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("written", [b"", b"{}", b"fio: a note\n{\n\t\"jobs\": []\n}\n",
                                     "µ ◂".encode(), b"\xff\0 no UTF-8 \xc3", b"\r\n\x85\n"])
def test_what_fio_wrote_comes_back_as_it_was(tmp_path, written):
    record = {"run": {"id": "a"}, "ok": False, "flags": []}
    runs_file.append(tmp_path, runs_file.line_of(record, "[a]\n", written))
    (kept,) = runs_file.read(tmp_path)
    assert kept.fio.encode(errors="surrogateescape") == written
    assert (kept.record, kept.job_file) == (record, "[a]\n")


def test_a_line_that_does_not_fit_leaves_nothing(folder):
    before = lines(folder)
    size = sum(map(len, before))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + len(before[0]) // 2, hard))
    try:
        with pytest.raises(FolderFailed, match="File too large at runs.jsonl"):
            runs_file.append(folder.path, before[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert lines(folder) == before


def report_of(folder):
    return (folder.path / "report.html").read_text()


def test_a_folder_of_three_files_a_run_is_read_and_drawn_as_before(tmp_path):
    shown = []
    for name in ("lines", "files"):
        folder = synthetic.results(tmp_path / name / "r", MODES, traced=True, depths=(1, 8))
        if name == "files":
            synthetic.as_run_files(folder)
            assert len(list((folder.path / "runs").iterdir())) == 3 * len(ids(folder))
        told = [subprocess.run([str(SCRIPTS / command), folder.path.name, *extra], text=True,
                               cwd=folder.path.parent, capture_output=True, timeout=HANG_S,
                               check=True).stdout
                for command, *extra in (("plot", "--formats", "svg"), ("report",))]
        shown.append((told, {path.name: path.read_bytes() for path in folder.charts.iterdir()},
                      report_of(folder).replace(str(folder.path), "FOLDER"), folder.finished()))
    assert shown[0] == shown[1] and shown[0][1]


def test_a_damaged_file_of_a_run_is_told_in_one_line(folder):
    synthetic.as_run_files(folder)
    record = next((folder.path / "runs").glob("*.run.json"))
    record.write_text(record.read_text()[:40])
    with pytest.raises(BadInput, match=f"{record.name}: cannot be read") as told:
        ids(folder)
    assert "\n" not in str(told.value)


def test_a_folder_of_another_version_is_not_guessed_at(folder):
    folder.write_json("plan.json", folder.read_json("plan.json") | {"schema": 99})
    with pytest.raises(BadInput, match="another version"):
        Folder(folder.path).finished()
