# SPDX-License-Identifier: MIT
"""Where the project's parts are, and what its commands are called: in the source folder, or as
`make install` has put them, with a note beside scripts/ and jobs/."""

import json
import os
import re
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
NOTE = Path(os.environ.get("IOWQ_INSTALLED", HOME / "installed.json"))  # set by `make install`
INSTALLED = NOTE.exists()

if INSTALLED:
    # Nothing is written but in the current folder, and what --results and --scratch name.
    note = json.loads(NOTE.read_text())
    JOBS = Path(note["jobs"])
    ENGINE, IOWQ_RUN = Path(note["engine"]), Path(note["iowq_run"])
    SCRATCH, RESULTS = Path("iowq-scratch"), Path("results")
    TO_SET_UP, TO_BUILD = "install it", "is not installed"
else:
    JOBS = HOME / "jobs"
    ENGINE, IOWQ_RUN = HOME / "build/engine/iowq.so", HOME / "build/iowq-run"
    SCRATCH, RESULTS = HOME / "build/scratch", HOME / "results"
    TO_SET_UP, TO_BUILD = "run scripts/setup run", "is not built: run make all"


def version():
    """The project's."""
    if INSTALLED:
        return note["version"]
    return re.search(r"^VERSION := (.*)$", (HOME / "Makefile").read_text(), re.M)[1]


def shown(path):
    """One of these paths, as texts name it."""
    return str(path if INSTALLED else path.relative_to(HOME))


def called(command):
    """A command of the suite, as texts name it."""
    return f"iowq {command}" if INSTALLED else f"scripts/{command}"


def words_of(command):
    """A command of the suite, as it can be started in any folder."""
    return ["iowq", command] if INSTALLED else [str(HOME / "scripts" / command)]
