# SPDX-License-Identifier: GPL-2.0-only
"""engine/README.md names every job option of fio's HOWTO, every option of the engine, and tests
that exist."""

import ast
import os
import pathlib
import re

import pytest

from conftest import REPO, fio_version
from places import PLACES
from test_loads import DEVICE_LOADS, LOADS

# With each item of a list in one line.
README = re.sub(r"\n +(?=\S)", " ", (REPO / "engine/README.md").read_text())
# "- `option`, `option`: works; a note. `test`, `test`"
ITEM = re.compile(r"^- (`[^:]*`): (works|refused|does not apply)(?:; (.*?))?\."
                  r"((?:,? `test_\S+`)*)$", re.M)
NOT_OF_JOBS = {"Command line options", "Units"}


def howto():
    """Section by section, the options that the HOWTO documents."""
    path = pathlib.Path(os.environ.get("FIO_DIR") or REPO / "build/fio") / "HOWTO.rst"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    sections, title, before = {}, None, ""
    for line in path.read_text().splitlines():
        if re.fullmatch(r"[~\-]{4,}", line) and len(line) >= len(before) > 0:
            title = before
        elif line.startswith(".. option:: ") and not line.startswith(".. option:: -"):
            for form in line.removeprefix(".. option:: ").split(" : ")[0].split(", "):
                sections.setdefault(title,
                                    []).append(form.partition("=")[0].strip().removesuffix(" :"))
        before = line
    return {t: o for t, o in sections.items() if t not in NOT_OF_JOBS}


def listed():
    """The README's, section by section."""
    parts = re.split(r"^### (.*)$", README, flags=re.M)[1:]
    return {title: [name for item in ITEM.finditer(text)
                    for name in re.findall(r"`([^`]+)`", item[1])]
            for title, text in zip(parts[::2], parts[1::2])}


def test_every_option_of_fios_howto_is_listed_once():
    if fio_version() != (3, 33):
        pytest.skip("the list is of fio 3.33's options")
    ours, theirs = listed(), howto()
    assert len(theirs) >= 18 and sum(map(len, theirs.values())) > 250
    for title, options in theirs.items():
        assert sorted(ours.get(title, [])) == sorted(set(options)), title
    assert set(ours) == set(theirs)


def test_every_option_of_the_engine_is_described():
    section = README.partition("## Its options")[2].partition("\n## ")[0]
    for option in re.findall(r'\.name = "(\w+)"', (REPO / "engine/options.cc").read_text()):
        family = "cmdprio*" if option.startswith("cmdprio") else option
        assert re.search(rf"^- .*`{re.escape(family)}`", section, re.M), option


def test_every_test_that_is_named_exists():
    named = [name for item in ITEM.findall(README)
             for name in re.findall(r"`(test_\w+\.py)(?:::(\w+)|\[([\w-]+)\])`", item[3])]
    assert len(named) > 150
    for file, function, load in named:
        if load:
            assert load in LOADS or load in DEVICE_LOADS, load
        else:
            assert function in functions(REPO / "engine/test" / file), function


def functions(path):
    return [n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]


def test_every_place_is_named_and_every_test_of_one_exists():
    section = README.partition("## Where files lie")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"`test_where_files_lie\.py\[(\w+)\]`", section)) == sorted(PLACES)
    named = re.findall(r"`((?:guest/inside/)?test_\w+\.py)::(\w+)`", section)
    assert len(named) >= 9
    for file, function in named:
        folder = REPO / ("scripts" if file.startswith("guest") else "engine/test")
        assert function in functions(folder / file), function


def test_what_works_has_a_test_or_says_that_it_has_none():
    items = ITEM.findall(README)
    assert len(items) > 100
    for options, state, note, tests in items:
        assert tests or "untested" in note or state == "does not apply", options
        assert tests or note, options


def test_every_load_is_named():
    """A load that the list does not name shows nothing."""
    missing = [x for x in [*LOADS, *DEVICE_LOADS] if f"[{x}]" not in README]
    assert not missing
