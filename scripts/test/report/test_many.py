# SPDX-License-Identifier: MIT
"""The report of more than two comparisons: what became better and worse from one to the next."""

import subprocess

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS

MODES = ["fio:psync", "inline", "punt", "sqwq"]


def report(*words):
    return subprocess.run([str(SCRIPTS / "report"), *map(str, words)], capture_output=True,
                          text=True, timeout=HANG_S, check=False)


def results(path, modes=MODES, **wanted):
    return synthetic.results(path, modes, **{"depths": (1, 8), "repeats": 8} | wanted).path


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Comparisons named by when they were made: punt gets slower, then faster than it was; sqwq is
    new in the second."""
    path = tmp_path_factory.mktemp("many")
    return [results(path / "monday", MODES[:-1], measured_at=1e9),
            results(path / "tuesday", slower={"punt": 0.7}, measured_at=1e9 + 86400),
            results(path / "friday", slower={"punt": 1.5}, measured_at=1e9 + 4 * 86400)]


def test_the_page_says_what_changed_and_when(browser, three):
    monday, tuesday, friday = three
    done = report(friday, monday, tuesday)
    assert done.returncode == 0, done.stderr
    browser.set_window_size(1200, 900)
    browser.get((friday / "report-of-several.html").as_uri())
    assert browser.get_log("browser") == []

    def texts(selector):
        return [one.text for one in browser.find_elements("css selector", selector)]

    assert [row.partition(": ")[0] for row in texts("table.facts tr")] == [
        "1 2001-09-09 01:46 UTC, monday", "2 2001-09-10 01:46 UTC, tuesday",
        "3 2001-09-13 01:46 UTC, friday"]
    assert texts(".answer")[0].startswith("Of 8 points ")
    assert "randread-cached, punt, depth 8, IOPS: faster, 1.5" in texts("ul")[0]
    rows = [[cell.text for cell in row.find_elements("css selector", "td")]
            for row in browser.find_elements("css selector", "table.sortable tbody tr")]
    punt = next(row for row in rows if row[:2] == ["punt", "depth 8, IOPS"])
    assert punt[7] == "faster" and punt[8].split(" (")[0] == "2: slower" \
        and ", 3: faster (2.1" in punt[8]
    sqwq = next(row for row in rows if row[0] == "sqwq")
    assert sqwq[2] == "" and sqwq[3] == sqwq[4] and sqwq[7:] == ["no difference shown", ""]
    marks = browser.execute_script("return marksOf(document.querySelector('.chart'))")
    assert len(marks) == 2 * (3 * 3 + 2)
    assert any("punt, depth 8, IOPS\n3: friday: 1.5" in words for _, _, words in marks)


def test_the_order_is_that_of_the_command_line_where_fio_said_no_time(tmp_path):
    paths = [results(tmp_path / name, depths=(8,)) for name in "cab"]
    assert report(*paths).returncode == 0
    text = (paths[-1] / "report-of-several.html").read_text()
    assert text.index(">c: ") < text.index(">a: ") < text.index(">b: ")


def test_syncs_have_a_course_of_their_own(tmp_path):
    """What decides is shown: of several rows each."""
    def judged(name):
        path = results(tmp_path / name, depths=(8,))
        folder = synthetic.Folder(path)
        folder.write_json("plan.json", folder.read_plan() | {"judge": "p99,iops"})
        return path

    paths = [judged(name) for name in "abc"]
    assert report(*paths).returncode == 0
    text = (paths[-1] / "report-of-several.html").read_text()
    assert "depth 8, p99" in text and "depth 8, IOPS" in text


@pytest.mark.parametrize("changed, status", [((0.7, 1), 0), ((1, 0.7), 1), ((0.5, 0.7), 0)])
def test_the_gate_is_between_the_last_and_the_one_before(tmp_path, changed, status):
    paths = [results(tmp_path / str(i), depths=(8,), slower={"punt": factor}, measured_at=i + 1)
             for i, factor in enumerate((1, *changed))]
    done = report(paths[2], *paths[:2], "--gate", "5%")
    assert done.returncode == status, done.stdout + done.stderr


def test_what_cannot_be_compared_is_told_in_one_line(tmp_path):
    first, other, judged, second = (
        results(tmp_path / name, modes, depths=(8,), measured_at=i)
        for i, (name, modes) in enumerate((("first", MODES), ("other", ["handoff"]),
                                           ("judged", MODES), ("second", MODES)), 1))
    folder = synthetic.Folder(judged)
    folder.write_json("plan.json", folder.read_plan() | {"judge": "p99"})
    for folders, words in (
            ((first, other, second), "have no point in common that came to a result in both"),
            ((first, judged, second), "judged is judged by p99, "),
            ((first, second, first), "first: is named twice"),
            ((first, second, tmp_path / "none"), "has no plan.json")):
        done = report(*folders)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert words in done.stderr
    assert not list(tmp_path.glob("*/*.html"))
