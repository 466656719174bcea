# SPDX-License-Identifier: MIT
"""runs.jsonl: what a comparison has measured, one line for each run, in the order of their ends.

A line is a JSON object: what was seen of the run, with the text of its job file as `job_file` and
what fio wrote as `fio`. Lines are only added, and each is on the disk before the next run begins.
Text after the last newline is no line: it was being written when the comparison was killed.
runs.jsonl.xz holds the same, compressed; where both are there, its lines are the earlier ones.
"""

import json
import lzma
import os
from contextlib import suppress
from dataclasses import dataclass

from suite.errors import BadInput, FolderFailed

NAME = "runs.jsonl"
COMPRESSED = NAME + ".xz"
OPENERS = {COMPRESSED: lzma.open, NAME: open}  # in the order of reading
NEEDED = {"run": dict, "ok": bool, "flags": list, "job_file": str, "fio": str}


@dataclass
class Kept:
    """A run as it was kept; `where` says in which file and line."""

    where: str
    record: dict
    job_file: str
    fio: str

    @property
    def id(self):
        return self.record["run"]["id"]


def is_there(folder):
    return any((folder / name).exists() for name in OPENERS)


def read(folder):
    """Every Kept; raises BadInput for a line that is no run of a comparison."""
    for name, opened in OPENERS.items():
        path = folder / name
        try:
            with opened(path, "rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.endswith(b"\n"):
                        yield parsed(line, f"{path}, line {number}")
        except FileNotFoundError:
            continue
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise BadInput(f"{path}: cannot be read: {error}") from error


def parsed(line, where):
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(f"{where}: is no JSON: {error}") from error
    for key, kind in NEEDED.items():
        if not isinstance(row, dict) or not isinstance(row.get(key), kind):
            raise BadInput(f"{where}: is no run of a comparison: it has no '{key}'")
    if not isinstance(row["run"].get("id"), str):
        raise BadInput(f"{where}: is no run of a comparison: its 'run' has no 'id'")
    return Kept(where, row, row.pop("job_file"), row.pop("fio"))


def line_of(record, job_file, fio):
    """A run's line. `fio` is bytes; those that are no UTF-8 come back from JSON as they were."""
    text = fio.decode(errors="surrogateescape")
    return json.dumps(record | {"job_file": job_file, "fio": text}).encode() + b"\n"


def append(folder, line):
    """Adds all of the line or nothing, and so that it is still there after a power cut."""
    path = folder / NAME
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            before = os.fstat(file).st_size
            write_all(file, line, before)
            os.fsync(file)
        finally:
            os.close(file)
        if before == 0:
            sync_folder(folder)
    except OSError as error:
        raise FolderFailed(f"results folder {folder}: {error.strerror} at {NAME}") from error


def write_all(file, line, before):
    try:
        while line:
            line = line[os.write(file, line):]
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, before)
        raise


def sync_folder(folder):
    """Sees to it that the names of new files are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drop_torn(folder):
    """Cuts off the text after the last newline, so that the next line begins there."""
    with suppress(FileNotFoundError), open(folder / NAME, "rb+") as file:
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
        if whole < os.fstat(file.fileno()).st_size:
            file.truncate(whole)
            os.fsync(file.fileno())
