# SPDX-License-Identifier: MIT
"""`make doc`: one site of all documentation, read in a real browser at a phone's and a desktop's
width."""

import fcntl
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import ENGINE, HANG_S, SCRIPTS

pytest.importorskip("markdown_it", reason="no python3-markdown-it")
pytest.importorskip("pygments", reason="no python3-pygments")
from website import documents, reference
from suite.errors import BadInput

REPOSITORY = SCRIPTS.parent
WIDTHS = {"phone": 390, "desktop": 1400}
AA = 4.5  # WCAG's least contrast of text


def doc(*arguments):
    return subprocess.run([str(SCRIPTS / "doc"), *map(str, arguments)], capture_output=True,
                          text=True, timeout=HANG_S, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for what, there in (("doxygen", shutil.which("doxygen")), ("fio", shutil.which("fio")),
                        (ENGINE, ENGINE.exists())):
        if not there:
            pytest.skip(f"no {what}")
    # One for all processes of pytest-xdist.
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    with open(shared / "doc.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "doc").exists():
            done = doc("--to", shared / "making")
            assert (done.returncode, done.stdout + done.stderr) == (0, "")
            (shared / "making").rename(shared / "doc")
    return shared / "doc"


class Page(HTMLParser):
    """What a page links to, loads, and can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors, self.headings = [], [], [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        if "id" in has:
            self.anchors.append(has["id"])
            if re.fullmatch("h[1-6]", tag):
                self.headings.append(has["id"])
        if tag == "a":
            self.links.append(has["href"])
        self.loaded += [has[name] for name in ("src", "srcset", "data") if name in has]
        if tag == "link":
            self.loaded.append(has["href"])


@pytest.fixture(scope="module")
def pages(site):
    return {path.name: Page(path) for path in site.glob("*.html")}


def broken(link, name, site, pages):
    path, _, anchor = link.partition("#")
    path = path or name
    return not (site / path).is_file() or (anchor and anchor not in pages[path].anchors)


def test_every_link_and_anchor_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site, pages):
    links = [(name, link) for name, page in pages.items() for link in page.links
             if not link.startswith("https://")]
    assert len(links) > 2000
    assert [link for link in links if broken(link[1], link[0], site, pages)] == []
    loaded = {link for page in pages.values() for link in page.loaded}
    assert all(link == "data:," or (site / link).is_file() for link in loaded)
    assert {name: page.anchors for name, page in pages.items()
            if len(page.anchors) != len(set(page.anchors))} == {}


def test_every_document_is_there_with_its_headings_and_its_pictures(site, pages):
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True,
                            text=True, timeout=HANG_S, check=True).stdout.split()
    assert "iowq/README.md" in listed
    for path in listed:
        text = re.sub(r"^```.*?^```", "", (REPOSITORY / path).read_text(), flags=re.S | re.M)
        wanted = [documents.slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.M)]
        assert set(wanted) <= set(pages[documents.page_of(path)].headings), path
        for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
            assert Path(picture).name in pages[documents.page_of(path)].loaded


def test_the_options_are_those_that_the_engine_says_it_has(pages, site):
    said = subprocess.run(["fio", f"--enghelp={ENGINE}"], capture_output=True, text=True,
                          timeout=HANG_S, check=True).stdout
    names = re.findall(r"^(\w+) *: ", said, re.M)
    assert len(names) > 20 and pages["options.html"].headings[1:] == names
    text = (site / "options.html").read_text()
    said = subprocess.run(["fio", f"--enghelp={ENGINE},placement"], capture_output=True, text=True,
                          timeout=HANG_S, check=True).stdout
    values = re.findall(r"^ +(?:valid values)?: (\w+) +(.*)$", said, re.M)
    assert len(values) > 3 and "String; default: <code>punt</code>" in text
    for value, about in values:
        cells = f"<td><code>{value}</code></td><td>{about}</td>"
        assert cells.replace("'", "&#39;") in text


def test_every_class_and_every_c_function_is_described(tmp_path):
    if not shutil.which("doxygen"):
        pytest.skip("no doxygen")
    reference.doxygen(tmp_path)
    found = reference.Reference(tmp_path)
    names = {entry.name for header in found.headers for entry in header.all()}
    assert {"wq", "wq::enqueue", "ring_config::depth", "prepare_openat", "io_wq_create",
            "acall_submit", "IOWQ_AT_POSITION", "blocking", "cpu_mask"} <= names
    assert found.undescribed() == []
    declared = {entry.name: entry.declared.striptags() for header in found.headers
                for entry in header.all()}
    assert declared["wq_config::idle"] == "std::chrono::milliseconds idle{5000}"
    assert declared["work::where"] == "atomic<const void *> where{nowhere}"
    assert declared["io_wq_work::func"] == "void (*func)(struct io_wq_work **work)"
    assert declared["ring::submit"] == "submitted submit(request &r)"


def test_examples_stand_below_what_they_use(pages):
    assert any(re.fullmatch(r"source-iowq-example-sum\.cc\.html#L-\d+", link)
               for link in pages["ring.h.html"].links)
    assert "sum.cc" in pages["ring.h.html"].headings and "sum.c" in pages["io_wq.h.html"].headings
    sources = {f"source-iowq-example-{path.name}.html"
               for path in (REPOSITORY / "iowq/example").iterdir()}
    assert sources <= set(pages["examples.html"].links)


# ---- in a browser


def sized(browser, width):
    """Chromium's windows are no narrower than 500 pixels, so the page is told another width."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 850, "deviceScaleFactor": 1, "mobile": False})


def shown_pages(pages):
    """All but most of those of source files, which are alike."""
    sources = sorted(name for name in pages if name.startswith("source-"))
    return sorted(set(pages) - set(sources[1:]))


def offline(browser):
    """What a page asks a network for is an error on its console now."""
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})


def test_no_page_is_wider_than_the_window_or_asks_a_network(browser, site, pages, tmp_path):
    offline(browser)
    scrolled, over = set(), []
    for name in shown_pages(pages):
        browser.get(f"file://{site}/{name}")
        for kind, width in WIDTHS.items():
            sized(browser, width)
            wide, inner = browser.execute_script(
                "return [document.documentElement.scrollWidth,"
                " [...document.querySelectorAll('pre, .wide')]"
                "     .filter((block) => block.scrollWidth > block.clientWidth).length]")
            over += [(name, kind, wide)] if wide > width else []
            scrolled |= {kind} if inner else set()
    assert over == []
    assert "phone" in scrolled  # what is wider scrolls in itself
    find(browser, site, "ring")
    assert browser.get_log("browser") == []
    (tmp_path / "asks.html").write_text('<link rel="stylesheet" href="http://127.0.0.1:9/a.css">')
    browser.get(f"file://{tmp_path}/asks.html")
    assert "127.0.0.1:9" in browser.get_log("browser")[0]["message"]


def find(browser, site, words):
    browser.get(f"file://{site}/index.html")
    box = browser.find_element("id", "wanted")
    box.send_keys(words)
    from selenium.webdriver.support.ui import WebDriverWait
    WebDriverWait(browser, HANG_S).until(
        lambda page: page.find_elements("css selector", "#found > *"))
    return box


def found(browser):
    return [link.get_attribute("href").rpartition("/")[2]
            for link in browser.find_elements("css selector", "#found a")]


def test_the_search_finds_names_options_and_words(browser, site):
    from selenium.webdriver.common.keys import Keys
    for words, first in (("iowq_ring_submit", "iowq_ring.h.html#iowq_ring_submit"),
                         ("max_running", "wq.h.html#wq_config.max_running"),
                         ("merge_syncs", "options.html#merge_syncs"),
                         ("how to read a chart", "results.html#how-to-read-a-chart")):
        find(browser, site, words)
        assert first in found(browser)[:3]
    find(browser, site, "a log, and RWF_NOWAIT nosuchword")
    assert found(browser) == []
    assert browser.find_element("id", "found").text == "Nothing found"
    find(browser, site, "iowq_ring_submit").send_keys(Keys.ENTER)
    assert browser.current_url.endswith("/iowq_ring.h.html#iowq_ring_submit")


def test_a_phone_shows_the_contents_when_asked(browser, site):
    browser.get(f"file://{site}/index.html")
    sized(browser, WIDTHS["desktop"])
    tree, button = browser.find_element("id", "tree"), browser.find_element("id", "menu")
    assert tree.is_displayed() and not button.is_displayed()
    sized(browser, WIDTHS["phone"])
    assert not tree.is_displayed()
    browser.execute_script("window.scrollTo(0, 2000)")
    button.click()
    assert tree.is_displayed() and button.get_attribute("aria-expanded") == "true"
    assert 0 < browser.execute_script("return arguments[0].getBoundingClientRect().top", tree) < 100
    labels = [link.text for link in tree.find_elements("tag name", "a")]
    assert labels == ["Start", "The answer", "Contract", "Modes", "Options", "Charts", "Jobs",
                      "io_uring in user space", "Library reference", "Contributing"]
    tree.find_element("link text", "The answer").click()
    assert not tree.is_displayed() and browser.current_url.endswith("index.html#the-answer")


def luminance(colour):
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_its_ground_in_both_schemes(browser, site):
    browser.get(f"file://{site}/contract.html")
    grounds = set()
    for scheme in ("light", "dark"):
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        paper, soft, *texts = browser.execute_script(
            "const style = getComputedStyle(document.documentElement);"
            "return ['paper', 'soft', 'ink', 'quiet', 'link', 'word', 'string', 'number']"
            "    .map((name) => style.getPropertyValue('--' + name).trim());")
        grounds.add(paper)
        assert min(contrast(text, ground) for text in texts for ground in (paper, soft)) >= AA
    assert len(grounds) == 2


# ---- what is refused


def test_without_the_engine_one_line_says_what_to_do(tmp_path):
    done = doc("--engine", tmp_path / "nosuch.so", "--to", tmp_path / "site")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "make engine" in done.stderr and not (tmp_path / "site").exists()


def test_what_is_no_engine_of_this_fio_is_refused(tmp_path):
    if not shutil.which("fio"):
        pytest.skip("no fio")
    (tmp_path / "iowq.so").write_text("not a library")
    done = doc("--engine", tmp_path / "iowq.so", "--to", tmp_path / "site")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "built for another fio" in done.stderr and not (tmp_path / "site").exists()


@pytest.mark.parametrize("link", ["nosuch.md", "../nosuch/", "nosuch.svg"])
def test_a_link_to_what_is_not_there_is_refused(link, tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text(f"# A title\n\n[a link]({link})\n")
    monkeypatch.setattr(documents, "REPOSITORY", tmp_path)
    with pytest.raises(BadInput, match="README.md: a link to .*nosuch"):
        documents.Renderer({}).page("README.md")


def test_anchors_are_those_of_github():
    anchors = documents.Anchors()
    assert [anchors.of(heading) for heading in ("Its O_DIRECT: a heading", "fio's options", "Help",
                                                "Help", "Help")] == \
        ["its-o_direct-a-heading", "fios-options", "help", "help-1", "help-2"]
