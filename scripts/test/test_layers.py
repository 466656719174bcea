# SPDX-License-Identifier: MIT
"""The library's folders are its layers: what is in one includes nothing of those above it."""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Lowest first. acall and ring are two faces of the pool: neither knows the other.
MAY_INCLUDE = {"os": {"os"}, "pool": {"os", "pool"}, "ring": {"os", "pool", "ring"},
               "acall": {"os", "pool", "acall"}}


def sources(layer):
    listed = subprocess.run(["git", "ls-files", f"iowq/{layer}"], cwd=REPOSITORY, capture_output=True,
                            text=True, check=True)
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
