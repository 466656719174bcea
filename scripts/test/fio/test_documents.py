# SPDX-License-Identifier: MIT
"""fio's documents are found in whatever stands around them, and what is cut off is said."""

import json
import subprocess

import pytest
from conftest import HANG_S, SCRIPTS
from suite.draw import fio_files
from suite.errors import BadInput
from suite.fio import output


def document(*rates, **more):
    """As fio lays it out; a job a rate."""
    jobs = [{"jobname": f"j{i}", "error": 0, "job options": {"iodepth": "8"},
             "read": {"total_ios": 10, "iops": float(iops)}} for i, iops in enumerate(rates)]
    return json.dumps({"fio version": "fio-3.33", **more, "jobs": jobs}, indent=2)


ONE, TWO, BOTH = document(1000), document(2000), document(1000, 2000)
CUT_NOTE = "verify: bad magic header 0, wanted acca at file z offset 0, lengt"
CUT_IN_FIRST, CUT_IN_SECOND = ONE[:-20], BOTH[:-20]
LAST_OF_TWO, CUT_OFF = "has 2 documents, of which the last is drawn", "is cut off or broken"

FOUND = {  # what is in the file: (IOPS of what is drawn, what is said of it)
    "nothing else": (ONE, [1000], []),
    "a note before": (f"fio: a note\n{ONE}", [1000], []),
    "half a line before": (CUT_NOTE + ONE, [1000], []),
    "a brace in a note": (f"fio: {{of one kind}}\n{ONE}\n", [1000], []),
    "an open brace in a note": (f"fio: {{ and {{{{\n{ONE}", [1000], []),
    "a note that begins with a brace": (f"{{of one kind\n{ONE}", [1000], []),
    "an object in a note": (f'<host> {{"a": 1}}\n{ONE}', [1000], []),
    "the beginning of an object in a note": (f'fio: {{"a": {ONE}', [1000], []),
    "notes behind": (f'{ONE}\nfio: {{ "bad": }}\nRun status group 0:\n', [1000], []),
    "notes on both sides": (f"{CUT_NOTE}{ONE}{CUT_NOTE}\n", [1000], []),
    "a byte order mark": ("\ufeff" + ONE, [1000], []),
    "UTF-16": (ONE.encode("utf-16"), [1000], []),
    "carriage returns": (ONE.replace("\n", "\r\n"), [1000], []),
    "NUL bytes before": ("\0" * 4096 + ONE, [1000], []),
    "NUL bytes behind": (f"{ONE}\n" + "\0" * 4096, [1000], []),
    "bytes that are no text": (b"\xfd \x80 " + ONE.encode(), [1000], []),
    "a tab and an escape in a name": (ONE.replace('"j0"', '"j\t\x1b0"'), [1000], []),
    "what is no number": (ONE.replace('"error"', '"bw_agg" : -nan,\n"x" : inf, "error"'),
                          [1000], []),
    "on one line": (json.dumps(json.loads(ONE)), [1000], []),
    "in order of the alphabet": (json.dumps(json.loads(ONE), sort_keys=True), [1000], []),
    "within another document": (f'{{"host": "h", "fio": {ONE}}}', [1000], []),
    "within a list": (f"[{ONE}]", [1000], []),
    "a client's": (ONE.replace('"jobs"', '"client_stats"'), [1000], []),
    "two documents": (f"{ONE}\n{TWO}\n", [2000], [LAST_OF_TWO]),
    "two documents on a line": (f"{ONE}{TWO}", [2000], [LAST_OF_TWO]),
    "two documents and half lines": (f"{CUT_NOTE}{ONE}\n{CUT_NOTE}{TWO}", [2000], [LAST_OF_TWO]),
    "a whole one and a part": (f"{TWO}\n{CUT_IN_SECOND}", [2000], [CUT_OFF]),
    "two whole ones and a part": (f"{ONE}{TWO}{CUT_IN_FIRST}", [2000], [LAST_OF_TWO, CUT_OFF]),
    "a part and a whole one": (f"{CUT_IN_SECOND}\n{TWO}", [2000], []),
    "cut off in the second job": (CUT_IN_SECOND, [1000], [CUT_OFF]),
    "cut off behind half a line": (CUT_NOTE + CUT_IN_SECOND, [1000], [CUT_OFF]),
    "cut off behind the second job": (BOTH[:BOTH.rindex("]")], [1000, 2000], [CUT_OFF]),
    "cut off within another document": (f'{{"fio": {CUT_IN_SECOND}', [1000], [CUT_OFF]),
    "a hole in the second job": (BOTH.replace('"j1"', "\0" * 40), [1000], [CUT_OFF]),
}
NOT_FOUND = {
    "empty": ("", "no JSON"),
    "notes alone": (f"{CUT_NOTE}\nfio: {{of one kind}}\n", "no JSON"),
    "an object of another kind": ('{"a": {"b": 1}}', "no JSON with 'jobs'"),
    "cut off in the first job": (CUT_IN_FIRST, CUT_OFF),
    "cut off in its options": (document(1000, **{"global options": {"bs": "4k"}})[:60], CUT_OFF),
    "cut off in the order of the alphabet": (
        json.dumps(json.loads(ONE), sort_keys=True, indent=0)[:-20], CUT_OFF),
    "a number with a hole": (ONE.replace("1000.0", "10\0\0.0"), CUT_OFF),
    "very deep": ('{"a":' * 100_000, CUT_OFF),
    "very many braces": ("{" * 100_000, "no JSON"),
}


def written(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", FOUND)
def test_a_document_is_found_wherever_it_begins(tmp_path, name):
    content, rates, words = FOUND[name]
    subject = fio_files.subject([written(tmp_path, content)])
    drawn = [row.iops.median for rows in subject.rows.values() for row in rows]
    assert drawn == rates
    said = [warning for warning in subject.warnings if "a.json" in warning]
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said)), said


@pytest.mark.parametrize("name", NOT_FOUND)
def test_what_holds_no_whole_job_is_said_in_one_line(tmp_path, name):
    content, words = NOT_FOUND[name]
    with pytest.raises(BadInput) as refused:
        fio_files.subject([written(tmp_path, content)])
    assert words in str(refused.value) and "--output-format=json" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", [n for n, row in FOUND.items() if isinstance(row[0], str)])
def test_a_comparison_takes_no_document_for_a_result_that_another_broken_one_follows(name):
    content, rates, words = FOUND[name]
    if CUT_OFF in words:
        with pytest.raises(output.NotFioOutput, match="cut off"):
            output.parse_fio(content)
    else:
        assert output.figures(output.parse_fio(content)).iops == sum(rates)


def test_the_note_is_printed_and_stands_in_the_picture(tmp_path):
    path = written(tmp_path, f"{ONE}\n{TWO}\n")
    done = subprocess.run([SCRIPTS / "plot", path, "--formats", "svg"], cwd=tmp_path, text=True,
                          capture_output=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    assert f"note: a.json {LAST_OF_TWO}\n" in done.stdout
    assert "of which the last is drawn" in (tmp_path / "a-throughput.svg").read_text()
