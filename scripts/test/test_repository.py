# SPDX-License-Identifier: MIT
"""The repository is light: it is fetched in a moment, and holds no picture that nobody is shown."""

import re
import subprocess
from pathlib import Path

import pytest
from conftest import HANG_S

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_BYTES = 8 << 20
MOST_FILES = 700


def git(*arguments, check=True):
    return subprocess.run(["git", *map(str, arguments)], cwd=REPOSITORY, capture_output=True,
                          text=True, timeout=HANG_S, check=check)


@pytest.fixture(autouse=True)
def repository():
    if git("rev-parse", "HEAD", check=False).returncode != 0:
        pytest.skip("this is no git repository")


def test_a_shallow_clone_is_small(tmp_path):
    # Without the machine's template, whose sample hooks would count, too.
    git("clone", "--quiet", "--template=", "--depth", "1", f"file://{REPOSITORY}",
        tmp_path / "clone")
    files = [path for path in (tmp_path / "clone").rglob("*") if path.is_file()]
    assert 0 < len(files) < MOST_FILES
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


def test_a_picture_that_is_kept_is_shown_in_a_readme():
    tracked = git("ls-files", "*.svg", "*.png", "*.pdf").stdout.split()
    shown = {(readme.parent / link).resolve()
             for readme in map(REPOSITORY.joinpath, git("ls-files", "*.md").stdout.split())
             for link in re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme.read_text())}
    assert tracked and not [path for path in tracked if REPOSITORY / path not in shown]


def anchors(text):
    """Those that GitHub gives the headings of a Markdown file."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(readme):
    text = readme.read_text()
    found = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", re.sub(r"\n +", " ", text))
    for path, anchor in found:
        if "://" in path:
            continue
        target = readme.parent / path if path else readme
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            yield f"{path}#{anchor}" if anchor else path


def test_links_between_documents_lead_somewhere(tmp_path):
    documents = [REPOSITORY / name for name in git("ls-files", "*.md").stdout.split()]
    assert len(documents) > 8
    assert {str(path): found for path in documents if (found := list(broken_links(path)))} == {}
    (tmp_path / "a.md").write_text("# Its O_DIRECT: a heading\n"
                                   "[a](#its-o_direct-a-heading) [b](#nosuch) [c](nosuch.md)\n")
    assert list(broken_links(tmp_path / "a.md")) == ["#nosuch", "nosuch.md"]
