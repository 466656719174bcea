# SPDX-License-Identifier: MIT
"""The folders of the library and of the suite are layers: what is in one knows nothing of those
above it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Lowest first. acall and ring are two faces of the pool: neither knows the other.
MAY_INCLUDE = {"os": {"os"}, "pool": {"os", "pool"}, "ring": {"os", "pool", "ring"},
               "acall": {"os", "pool", "acall"}}


def sources(layer):
    listed = subprocess.run(["git", "ls-files", f"iowq/{layer}"], cwd=REPOSITORY,
                            capture_output=True, text=True, check=True)
    return listed.stdout.split()


def upward_includes(layer, text):
    included = re.findall(r'^#include [<"](?:iowq/)?((?:\w+/)*\w+\.h)[>"]', text, re.MULTILINE)
    own = [name.rpartition("/") for name in included]
    return [f"{folder}/{name}" for folder, _, name in own
            if folder in MAY_INCLUDE and folder not in MAY_INCLUDE[layer]]


@pytest.mark.parametrize("layer", MAY_INCLUDE)
def test_includes_run_downward(layer):
    found = {source: upward for source in sources(layer)
             if (upward := upward_includes(layer, (REPOSITORY / source).read_text()))}
    assert sources(layer) and not found


def test_every_source_is_in_a_layer():
    outside = {"test", "bench", "example"}
    folders = {Path(s).parts[1] for s in sources("") if s.endswith((".cc", ".h"))}
    assert folders - outside == set(MAY_INCLUDE)


def test_an_upward_include_is_found():
    text = '#include "iowq/ring/cq.h"\n#include <sys/uio.h>\n#include "iowq/os/park.h"\n'
    assert upward_includes("pool", text) == ["ring/cq.h"]
    assert upward_includes("ring", text) == []


# ---- the suite's folders, each a step

# Two ways that meet in comparison.py, which may import all: what is asked for is measured and kept,
# and what was kept is analysed, drawn and told. errors.py and units.py are below all folders.
MAY_IMPORT = {
    "fio": {"fio"},
    "request": {"fio", "request"},
    "measure": {"fio", "request", "measure"},
    "store": {"fio", "request", "measure", "store"},
    "analyse": {"fio", "request", "analyse"},
    "draw": {"fio", "request", "analyse", "draw"},
    "report": {"fio", "request", "analyse", "draw", "report"},
    "workers": {"fio", "request", "measure", "draw", "workers"},
}
SUITE = REPOSITORY / "scripts/suite"
LOWEST = ("errors", "units")


def imported(text):
    """The suite's folders, and the modules beside these, that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module != "suite" else \
                [f"suite.{name.name}" for name in node.names]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("suite.")}
    return found


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_run_one_way(folder):
    modules = list((SUITE / folder).rglob("*.py"))
    found = {module.name: wrong for module in modules
             if (wrong := imported(module.read_text()) - MAY_IMPORT[folder] - set(LOWEST))}
    assert modules and not found


@pytest.mark.parametrize("module", LOWEST)
def test_what_all_import_imports_none_of_them(module):
    assert imported((SUITE / f"{module}.py").read_text()) <= set(LOWEST)


def test_every_module_is_in_a_folder():
    beside = {path.stem for path in SUITE.glob("*.py")}
    assert beside == {"__init__", "comparison", *LOWEST}
    assert {path.parent.name for path in SUITE.glob("*/*.py")} == set(MAY_IMPORT)


@pytest.mark.parametrize("text, folders", [
    ("from suite.draw.axis import LOG", {"draw"}), ("from suite import comparison", {"comparison"}),
    ("import suite.store.folder\nimport os", {"store"}), ("from pathlib import Path", set())])
def test_an_import_is_found_however_it_is_written(text, folders):
    assert imported(text) == folders
