# SPDX-License-Identifier: MIT
"""The report in a real browser: no error on its console, tables sort, charts answer a pointer."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS
from suite.analyse.flags import FLAGS, meaning

MODES = ["fio:psync", "inline", "sqwq", "punt", "uring", "fio:libaio"]
ODD = "it's \"quoted\" $HOME `touch x` <script>alert(1)</script> & \u00e9"


def report(*folders):
    return subprocess.run([str(SCRIPTS / "report"), *(str(f) for f in folders)],
                          capture_output=True, text=True, timeout=HANG_S, check=False)


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """A browser with the report of a made-up comparison open."""
    folder = synthetic.results(tmp_path_factory.mktemp("report") / "r", MODES)
    done = report(folder.path)
    assert done.returncode == 0, done.stderr
    browser.set_window_size(1200, 900)
    browser.get(f"file://{folder.path}/report.html")
    return browser


def elements(within, selector):
    return within.find_elements("css selector", selector)


def test_it_is_read_without_an_error_and_without_a_network(page):
    assert page.get_log("browser") == []
    text = page.page_source
    assert not re.search(r"""(?:src|href)=["'](?!#)[^"']""", text.replace("xlink:href", ""))
    assert "Which offload mode" in elements(page, "h1")[0].text
    assert "as good as the best at" in elements(page, ".answer")[0].text
    headings = [h.text for h in elements(page, "h2")]
    assert headings[0] == "Verdict"
    assert {"The machine", "How to repeat it", "Method"} <= set(headings)


def column(page, number):
    return [row.find_elements("css selector", "td")[number].text
            for row in elements(page, "section table.sortable tbody tr")]


def test_a_click_on_a_columns_title_sorts_and_another_turns_it_round(page):
    heads = elements(page, "section table.sortable th button")
    rates = heads[2]
    assert rates.text == "IOPS"

    def values():
        return [float(cell.get_attribute("data-value"))
                for cell in elements(page, "section table.sortable tbody td:nth-child(3)")]

    before = values()
    rates.click()
    assert values() == sorted(before) and before != sorted(before)
    rates.click()
    assert values() == sorted(before, reverse=True)
    heads[0].click()
    assert column(page, 0) == sorted(column(page, 0), key=str.lower)
    assert len(column(page, 0)) == len(MODES) * 3


def test_pointing_at_a_mark_shows_its_figures(page):
    from selenium.webdriver import ActionChains
    chart = elements(page, ".chart")[0]
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    x, y, words = page.execute_script("return marksOf(arguments[0])[0]", chart)
    width, height = chart.size["width"], chart.size["height"]
    told = elements(page, "#told")[0]
    assert not told.is_displayed()
    ActionChains(page).move_to_element_with_offset(
        chart, round((x - 0.5) * width), round((y - 0.5) * height)).perform()
    assert told.is_displayed() and told.text.split() == words.split()
    assert any(mode in told.text for mode in MODES) and "depth" in told.text
    ActionChains(page).move_to_element(elements(page, "h2")[0]).perform()
    assert not told.is_displayed()


# Marks for which nothing is drawn within a point's breadth, where boxes are those of points and of
# each stroke of a path.
FAR = """
    const chart = arguments[0], svg = chart.querySelector("svg"), drawn = [];
    for (const use of svg.querySelectorAll("use")) {
        const box = use.getBBox();
        drawn.push([box.x, box.y, box.x + box.width, box.y + box.height]);
    }
    for (const path of svg.querySelectorAll("path")) {
        let x = 0, y = 0;
        for (const stroke of path.getAttribute("d").split("m").slice(1)) {
            const steps = stroke.match(/-?[0-9]+/g).map(Number), xs = [], ys = [];
            for (let i = 0; i < steps.length; i += 2) {
                xs.push(x += steps[i]);
                ys.push(y += steps[i + 1]);
            }
            drawn.push([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
            if (stroke.endsWith("z")) {
                [x, y] = [xs[0], ys[0]];
            }
        }
    }
    const size = svg.viewBox.baseVal;
    return marksOf(chart).filter(([sx, sy]) => {
        const x = sx * size.width, y = sy * size.height;
        return !drawn.some(([left, top, right, bottom]) => x > left - 40 && x < right + 40
                                                        && y > top - 40 && y < bottom + 40);
    });"""


def test_marks_lie_where_the_charts_points_are_drawn(page):
    for chart in elements(page, ".chart"):
        assert page.execute_script(FAR, chart) == [], chart.get_attribute("aria-label")


def test_arrow_keys_go_along_the_marks(page):
    from selenium.webdriver.common.keys import Keys
    chart = elements(page, ".chart")[1]
    chart.send_keys(Keys.ARROW_RIGHT)
    first = elements(page, "#told")[0].text
    chart.send_keys(Keys.ARROW_RIGHT)
    assert elements(page, "#told")[0].text != first != ""


def test_a_phone_need_not_scroll_sideways(page):
    page.set_window_size(500, 900)
    try:
        widths = page.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widths[0] <= widths[1]
    finally:
        page.set_window_size(1200, 900)


PHONE = {"width": 420, "height": 900, "deviceScaleFactor": 1, "mobile": True}


def test_no_text_of_a_chart_is_under_eleven_pixels_on_a_phone(page):
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        width, sizes = page.execute_script("""
            return [document.documentElement.clientWidth,
                    [...document.querySelectorAll('.chart svg text')].map(text =>
                        parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)];""")
        assert width == PHONE["width"] and len(sizes) > 100
        assert min(sizes) >= 11
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_sentence_and_the_map_of_all_come_before_every_other_picture_and_word(page):
    answer, first = elements(page, ".answer, figure, h3, details, table")[:2]
    assert answer.get_attribute("class") == "answer"
    assert elements(first, "figcaption")[0].text == "Which mode is the best, and where?"
    assert [row[2].splitlines()[0] for row in page.execute_script(
        "return marksOf(arguments[0])", elements(first, ".chart")[0])[::3]] == [
            "fio:libaio", "uring", "punt", "sqwq", "inline", "fio:psync"]


def test_a_dark_page_has_dark_charts(page):
    def colours():
        return page.execute_script("""
            return [getComputedStyle(document.documentElement).backgroundColor,
                    getComputedStyle(document.querySelector('.chart svg text')).fill];""")

    light = colours()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    try:
        assert light == ["rgb(255, 255, 255)", "rgb(26, 26, 26)"]
        assert colours() == ["rgb(21, 24, 28)", "rgb(232, 234, 237)"]
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_prints(page, tmp_path):
    printed = page.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    assert len(printed["data"]) > 10000


def test_odd_names_are_only_read(browser, tmp_path):
    folder = synthetic.results(tmp_path / "r <b>&", ["fio:psync", "inline"], job=ODD)
    assert report(folder.path).returncode == 0
    browser.get((folder.path / "report.html").as_uri())
    assert browser.get_log("browser") == []
    assert ODD in elements(browser, "section h2")[0].text
    assert len(elements(browser, "script")) == 1 + len(elements(browser, ".chart"))
    assert elements(browser, "b") == []


def test_no_column_of_a_table_is_behind_a_scrollbar_on_a_wide_screen(browser, tmp_path):
    """Not even of an open loop with flags and of modes with long names, several loads and pairs."""
    modes = ["fio:psync", "punt+max_bounded=4", "uring", "fio:io_uring+force_async=1"]
    folder = synthetic.results(tmp_path / "r", modes, depths=(8, 128), rates=(0, 20_000),
                               placements=("none", "nodes:0/1"), traced=True,
                               flags=["path:no_inline", "unstable"])
    assert report(folder.path).returncode == 0
    browser.set_window_size(1200, 900)
    browser.get(f"file://{folder.path}/report.html")
    widths = browser.execute_script("""
        document.querySelectorAll("details").forEach(one => one.open = true);
        return [...document.querySelectorAll(".wide")].map(e => [e.scrollWidth, e.clientWidth]);""")
    assert len(widths) > 5 and [pair for pair in widths if pair[0] > pair[1]] == []


class Balance(HTMLParser):
    """Notes whatever is not closed in its turn."""

    VOID = {"meta", "wbr"}

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        if len(set(names)) < len(names):
            self.wrong.append((tag, names))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_its_elements_are_balanced_and_no_attribute_is_twice(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES, flags=["path:no_inline"])
    assert report(folder.path).returncode == 0
    parser = Balance()
    parser.feed((folder.path / "report.html").read_text())
    assert parser.wrong == [] and parser.open == []


def test_two_comparisons_are_compared_point_by_point(browser, tmp_path):
    before = synthetic.results(tmp_path / "before", MODES)
    after = synthetic.results(tmp_path / "after", MODES, slower={"punt": 0.8})
    done = report(before.path, after.path)
    assert done.returncode == 0, done.stderr
    browser.get((after.path / "report-against-before.html").as_uri())
    assert browser.get_log("browser") == []
    assert elements(browser, ".answer")[0].text == \
        "Of 18 points B is better at 0, worse at 3, and at 15 no difference is shown."
    verdicts = {(row[0], row[6]) for row in (
        [cell.text for cell in line.find_elements("css selector", "td")]
        for line in elements(browser, "table.sortable tbody tr"))}
    assert ("punt", "slower") in verdicts and ("sqwq", "no difference shown") in verdicts


def test_names_may_begin_with_digits(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:2], job="4k-randread")
    done = report(folder.path)
    assert done.returncode == 0, done.stderr
    assert 'id="4k-randread"' in (folder.path / "report.html").read_text()


def test_placements_have_their_charts_too(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:2],
                               placements=("nodes:0/0", "nodes:0/1", "nodes:1/0", "nodes:1/1"))
    assert report(folder.path).returncode == 0
    assert "Placements" in (folder.path / "report.html").read_text()


def test_a_report_says_what_else_was_asked_of_the_two(tmp_path):
    a, b = (synthetic.results(tmp_path / name, MODES[:2]) for name in "ab")
    plan = b.read_plan()
    plan["jobs"][0]["text"] += "numjobs=4\n"
    b.write_json("plan.json", plan)
    assert report(a.path, b.path).returncode == 0
    assert "numjobs=4" in (b.path / "report-against-a.html").read_text()


def test_what_older_folders_note_down_of_the_machine_is_read_and_is_no_difference(tmp_path):
    a, b = (synthetic.results(tmp_path / name, MODES[:2]) for name in "ab")
    about = a.read_json("env.json")
    about["mitigations"] = {"meltdown": "Not affected", "srso": "Mitigation: Safe RET"}
    b.write_json("env.json", about | {"mitigations": {"srso": "Mitigation: Safe RET"}})
    about["places"][""] |= {"path": "/elsewhere", "mount_point": "/elsewhere"}
    a.write_json("env.json", about)
    assert report(a.path, b.path).returncode == 0 and report(a.path).returncode == 0
    assert "Nothing that was noted down" in (b.path / "report-against-a.html").read_text()
    one = (a.path / "report.html").read_text()
    assert "srso: Mitigation: Safe RET" in one and "meltdown" not in one


def test_what_cannot_be_reported_is_told_in_one_line(tmp_path):
    a = synthetic.results(tmp_path / "a", ["fio:psync"])
    b = synthetic.results(tmp_path / "b", ["inline"])
    for done, words in ((report(tmp_path), "no plan.json"), (report(a.path, b.path), "in common"),
                        (report(a.path, b.path, a.path), "is named twice")):
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and words in done.stderr


def test_a_python_without_jinja2_is_told_in_one_line():
    done = subprocess.run([sys.executable, "-S", str(SCRIPTS / "report"), "x"],
                          capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "has no jinja2: run scripts/setup run" in done.stderr


def test_every_flag_has_a_meaning_and_the_readme_knows_it():
    readme = (SCRIPTS.parent / "results/README.md").read_text()
    assert [flag for flag in FLAGS if flag.partition(":")[0] not in readme] == []
    assert meaning("path:no_inline") == FLAGS["path"]


def test_each_mode_stands_beside_its_counterpart_in_a_table(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "punt", "inline", "uring"],
                               depths=(1, 8))
    assert report(folder.path).returncode == 0
    text = (folder.path / "report.html").read_text()
    table = text.partition('id="pairs"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2])
    cells = [[re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td.*?</td>", row)]
             for row in rows]
    assert [row[:3] for row in cells] == [[mode, "uring", f"depth {depth}"]
                                          for mode in ("punt", "inline") for depth in (1, 8)]
    assert all(0 < float(row[3]) < 1 and row[5] == "slower" for row in cells), \
        "each mode's rate is above that of the one before"


def test_without_a_counterpart_there_is_no_such_table(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "handoff"], depths=(8,))
    assert report(folder.path).returncode == 0
    assert "Beside the kernel" not in (folder.path / "report.html").read_text()


def test_the_loads_of_several_are_folded(tmp_path):
    folder = synthetic.results(tmp_path / "r", MODES[:3], depths=(8,),
                               placements=("none", "cpus:0"))
    assert report(folder.path).returncode == 0
    text = (folder.path / "report.html").read_text()
    assert text.count("<section") == 2 and text.count("<details><summary><h2>") == 2
    assert text.index("Which mode is the best, and where?") < text.index("<details>"), \
        "the map stands before all else"


def gated(tmp_path, slower, share="5%"):
    """scripts/report of two folders, in the second of which punt's rate is multiplied."""
    folders = [synthetic.results(tmp_path / name, MODES[:4], depths=(8,), repeats=8,
                                 slower=changed)
               for name, changed in (("a", {}), ("b", {"punt": slower}))]
    return subprocess.run([str(SCRIPTS / "report"), *(str(f.path) for f in folders), "--gate",
                           share], capture_output=True, text=True, timeout=HANG_S, check=False)


@pytest.mark.parametrize("slower, share, status", [
    (1, "5%", 0), (0.8, "5%", 1), (0.8, "40%", 0), (1.5, "5%", 0)])
def test_a_gate_stops_what_became_worse_by_more(tmp_path, slower, share, status):
    done = gated(tmp_path, slower, share)
    assert done.returncode == status, done.stdout + done.stderr
    worse = [line for line in done.stdout.splitlines() if line.startswith("randread-cached, ")]
    assert [line.partition(", depth")[0] for line in worse] == ["randread-cached, punt"] * status
    assert ("nothing is worse by more than" in done.stdout) == (status == 0)


@pytest.mark.parametrize("arguments, complaint", [
    (["--gate", "5%"], "--gate: is of two folders"),
    (["--gate", "5"], "--gate 5: allowed is a share")])
def test_a_gate_that_cannot_be_is_refused(tmp_path, arguments, complaint):
    folder = synthetic.results(tmp_path / "r", MODES[:2], depths=(8,))
    done = report(folder.path, *arguments)
    assert done.returncode == 2 and complaint in done.stderr and done.stderr.count("\n") == 1


def test_the_map_can_be_had_in_markdown(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "punt", "a_b"], depths=(8,))
    assert report(folder.path, "--export-markdown", tmp_path / "m.md").returncode == 0
    text = (tmp_path / "m.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[0] == "| mode | randread-cached, depth 8 |" and rows[1] == "| --- | ---: |"
    assert rows[2] == "| a\\_b | **1.00** |" and len(rows) == 5
    assert text.startswith("### Which mode?\n\n- **randread-cached**: a\\_b at depth 8.")


def test_markdown_has_our_modes_beside_the_kernels(tmp_path):
    folder = synthetic.results(tmp_path / "r", ["uring", "fio:psync", "punt"], depths=(1, 8))
    assert report(folder.path, "--export-markdown", tmp_path / "m.md").returncode == 0
    rows = [line.split(" | ") for line in (tmp_path / "m.md").read_text().splitlines()
            if line.startswith("|")]
    begin = rows.index(["| ", "punt / uring |"])
    ratios = {load.removeprefix("| "): cell.removesuffix(" |") for load, cell in rows[begin + 2:]}
    assert list(ratios) == ["randread-cached, depth 1", "randread-cached, depth 8"]
    for cell in ratios.values():
        assert cell.startswith("**") and 5 < float(cell.strip("*")) < 12, "150 k beside 30 k"
