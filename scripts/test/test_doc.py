# SPDX-License-Identifier: MIT
"""`make doc`: the library's reference, made without a warning; what is public has a page."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import HANG_S

REPOSITORY = Path(__file__).resolve().parents[2]
DOXYFILE = REPOSITORY / "iowq/Doxyfile"


def doxygen(tmp_path, extra=""):
    if not shutil.which("doxygen"):
        pytest.skip("no doxygen")
    settings = f"{DOXYFILE.read_text()}\nOUTPUT_DIRECTORY = {tmp_path}\n{extra}"
    return subprocess.run(["doxygen", "-"], input=settings, cwd=REPOSITORY, capture_output=True,
                          text=True, timeout=HANG_S)


def test_there_is_no_warning_and_a_page_for_each_class_and_header(tmp_path):
    done = doxygen(tmp_path)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    pages = {"classiowq_1_1" + name for name in ("wq", "ring", "blocking", "cpu__mask", "topology")}
    pages |= {"structiowq_1_1" + name for name in ("work", "request", "file", "wq__config")}
    pages |= {name + "_8h" for name in ("io__wq", "iowq__ring", "acall", "wq", "ring", "work",
                                        "route")}
    assert pages <= {page.stem for page in tmp_path.glob("*.html")}


def test_every_class_and_every_c_function_is_described(tmp_path):
    done = doxygen(tmp_path, "WARN_IF_UNDOCUMENTED = YES\nWARN_AS_ERROR = NO\n")
    missing = [line for line in done.stderr.splitlines()
               if "Compound" in line or re.search(r"of file (io_wq|iowq_ring|acall)\.h", line)]
    assert missing == []
