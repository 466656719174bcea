# SPDX-License-Identifier: MIT
"""What fio makes of a job file, asked of fio itself: its parser tells every option that it sets.

So nothing here reads fio's language a second time: units, hexadecimal, $ncpus, arithmetic, aliases,
and which of two contradicting options holds, are as this fio has them.
"""

import functools
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from suite.errors import BadInput

ASKED_S = 60


@dataclass(frozen=True)
class Option:
    """`text` is what fio read, "" where the option stands alone. `values` are the numbers that fio
    made of it, in bytes, in µs or plain; empty where the option is no number."""

    text: str
    values: tuple = ()


@dataclass(frozen=True)
class Section:
    """The options in force in a job, in the order in which fio set them, by fio's own names."""

    name: str
    options: dict
    files: tuple  # named by filename=, also in [global]: fio adds these up

    def text(self, name, default=""):
        return self.options[name].text if name in self.options else default

    def values(self, name):
        return self.options[name].values if name in self.options else ()

    def value(self, name, default=0):
        return next(iter(self.values(name)), default)


@dataclass(frozen=True)
class Reading:
    sections: tuple
    unknown: tuple  # options that fio itself does not know: an engine's, or nobody's
    complaint: str | None  # why fio would not take the file, in one line


@functools.cache
def ask(fio, text):
    """The Reading of a job file's text. Nothing is opened, laid out or run.

    Answers are cached, as fio takes a tenth of a second to start.
    """
    with tempfile.TemporaryDirectory() as empty:
        path = Path(empty, "asked.fio")
        path.write_text(text, errors="surrogateescape")
        try:
            done = subprocess.run([fio, "--parse-only", "--debug=parse,file", path.name], cwd=empty,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=ASKED_S,
                                  check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BadInput(f"{fio}: cannot be asked about a job file: {error}") from error
    said, errors = (out.decode(errors="surrogateescape") for out in (done.stdout, done.stderr))
    sections = sections_told(said)
    if done.returncode == 0 and not sections:
        raise BadInput(f"{fio}: does not say what it makes of a job file (--debug=parse)")
    return Reading(sections, tuple(re.findall(r"^Bad option <\s*([^=>\s]*)", errors, re.M)),
                   complaint(errors) if done.returncode else None)


def sections_told(said):
    """The Sections in fio's account of its parsing; a [global] counts for the jobs after it."""
    shared, found = ({}, []), []
    options, files = shared
    for kind, line in re.findall(r"^(parse|file) +\d+ +(.*)$", said, re.M):
        if kind == "file":
            files += re.findall(r"^add file (.*)", line)
        elif match := re.match(r"Parsing section \[(.*)\]$", line):
            # fio takes every section whose name begins so for one with options for all jobs.
            if match[1].startswith("global"):
                options, files = shared
            else:
                options, files = dict(shared[0]), list(shared[1])
                found.append((match[1], options, files))
        elif match := re.match(r"handle_option=(\w+), ptr=(.*)", line):
            name = match[1]
            options.pop(name, None)  # an option's place in the order is where fio last set it
            options[name] = Option("" if match[2] == "(null)" else match[2])
        elif match := re.match(r"ret=0, out=(-?\d+)$", line):
            options[name] = Option(options[name].text, (*options[name].values, int(match[1])))
    return tuple(Section(section, options, tuple(files)) for section, options, files in found)


def complaint(errors):
    """What fio refused and, if that is another line, its first one, which names the cause."""
    lines = [line.strip().removeprefix("fio: ") for line in errors.splitlines() if line.strip()]
    refused = next((line for line in lines if line.startswith("failed parsing")), None)
    return ": ".join(dict.fromkeys(line for line in (refused, *lines[:1]) if line)) or "no reason"
