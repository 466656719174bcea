# SPDX-License-Identifier: MIT
"""A results folder: the names in it, whole-or-nothing writing, and reading it back."""

import json
import os
from pathlib import Path

from suite.errors import BadInput, FolderFailed
from suite.fio.documents import NotFioOutput
from suite.fio.output import figures, parse_fio
from suite.request.plan import Run

SCHEMA = 2  # of the files in a folder


class Folder:
    def __init__(self, path):
        self.path = Path(path)
        self.runs = self.path / "runs"
        self.charts = self.path / "charts"

    def create(self):
        """Makes the folder, and shows by writing that it can be written, also for root."""
        if (self.path / "plan.json").exists() or any(self.runs.glob("*")):
            raise BadInput(f"results folder {self.path}: already has runs; name a new one, or "
                           f"go on with --resume {self.path}")
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            self.charts.mkdir(exist_ok=True)
            probe = self.runs / ".probe"
            probe.write_bytes(b"x" * 4096)
            probe.unlink()
        except OSError as error:
            raise BadInput(f"results folder {self.path}: cannot be written: "
                           f"{error.strerror}") from error

    def write(self, name, content):
        """Writes a file whole or not at all, and so that it is still whole after a power cut."""
        path = self.path / name
        unfinished = path.with_name(f".{path.name}.unfinished")
        try:
            with open(unfinished, "wb") as file:
                file.write(content if isinstance(content, bytes)
                           else content.encode(errors="surrogateescape"))
                file.flush()
                os.fsync(file.fileno())
            os.rename(unfinished, path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise FolderFailed(f"results folder {self.path}: {error.strerror} at {name}") from error

    def write_json(self, name, document):
        self.write(name, json.dumps(document, indent=1) + "\n")

    def read_json(self, name):
        try:
            return json.loads((self.path / name).read_text())
        except FileNotFoundError:
            raise BadInput(f"{self.path}: has no {name}: not the folder of a comparison") from None
        except (OSError, ValueError) as error:
            raise BadInput(f"{self.path}/{name}: cannot be read: {error}") from error

    def keep(self, ran):
        """The record is written last: a run that has one is finished."""
        self.write(f"runs/{ran.run.id}.fio", ran.job_file)
        self.write(f"runs/{ran.run.id}.fio.json", ran.output)
        self.write_json(f"runs/{ran.run.id}.run.json", ran.record)

    def take_up(self):
        """finished(), after removing what was being written when a comparison was killed."""
        self.drop_unfinished()
        return self.finished()

    def read_plan(self):
        plan = self.read_json("plan.json")
        if plan.get("schema") != SCHEMA:
            raise BadInput(f"{self.path}: was made by another version of the suite, which wrote "
                           "other files")
        return plan

    def drop_unfinished(self):
        """Removes what belongs to a run without a record."""
        for path in self.path.rglob(".*.unfinished"):
            path.unlink()
        for path in self.runs.glob("*.fio"):
            if not path.with_suffix(".run.json").exists():
                path.unlink()
                path.with_suffix(".fio.json").unlink(missing_ok=True)

    def finished(self):
        """[(run, its record, its figures or None)] of all runs that have ended, in plan order."""
        found = []
        for row in self.read_plan()["runs"]:
            run = Run.from_json(row)
            if (self.runs / f"{run.id}.run.json").exists():
                record = self.read_json(f"runs/{run.id}.run.json")
                found.append((run, record, self.read_figures(run) if record["ok"] else None))
        return found

    def read_figures(self, run):
        path = self.runs / f"{run.id}.fio.json"
        try:
            return figures(parse_fio(path.read_text(errors="replace")))
        except (OSError, NotFioOutput) as error:
            raise BadInput(f"{path}: {error}") from error
