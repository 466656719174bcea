# SPDX-License-Identifier: MIT
"""No line that somebody reads is over 100 columns: sources, comments and Markdown alike."""

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MOST = 100
SUFFIXES = {".c", ".cc", ".h", ".py", ".md", ".sh", ".fio", ".toml", ".j2"}
INTERPRETERS = {"sh", "bash", "python3"}
GENERATED = "results/reference/"


def is_read(path):
    """Is it C++, Markdown, Python, a Makefile, a shell script or a job file, and not generated?"""
    if path.startswith(GENERATED):
        return False
    name = Path(path)
    if name.suffix:
        return name.suffix in SUFFIXES
    first, _, _ = (REPOSITORY / path).read_bytes().partition(b"\n")
    return name.name == "Makefile" or (
        first.startswith(b"#!") and set(first.decode().split("/")[-1].split()) & INTERPRETERS)


def lines_over(text):
    """The numbers of the lines with more characters (not bytes) than that."""
    return [number for number, line in enumerate(text.splitlines(), 1) if len(line) > MOST]


def files_over():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True,
                            text=True, check=True)
    paths = [path for path in listed.stdout.split("\0") if path and (REPOSITORY / path).is_file()]
    over = {path: lines_over((REPOSITORY / path).read_text()) for path in paths if is_read(path)}
    return {path: lines for path, lines in over.items() if lines}


def test_no_line_is_over_100_columns():
    assert files_over() == {}


@pytest.mark.parametrize("text, over", [
    ("x" * 100, []), ("short\n" + "x" * 101 + "\n", [2]), ("µ" * 100, []), ("→" * 101, [1])])
def test_characters_are_counted(text, over):
    assert lines_over(text) == over


@pytest.mark.parametrize("path", ["Makefile", "README.md", ".github/CHANGELOG.md", "iowq/pool/wq.h",
                                  "scripts/check", "scripts/fetch", "scripts/iowq", ".ci/run",
                                  "scripts/guest/inside/init", "jobs/reference.toml"])
def test_what_is_written_by_hand_is_looked_at(path):
    assert is_read(path)


@pytest.mark.parametrize("path", ["results/reference/numa/numa-counts.md", "LICENSE",
                                  "results/reference/env.json"])
def test_what_is_not_is_left_out(path):
    assert not is_read(path)
