# SPDX-License-Identifier: MIT
"""A results folder: the names in it, whole-or-nothing writing, and reading it back."""

import json
import lzma
import os
from itertools import chain
from pathlib import Path

from suite import places
from suite.errors import BadInput, FolderFailed
from suite.fio.documents import NotFioOutput
from suite.fio.output import figures, parse_fio
from suite.request.plan import Run
from suite.store import run_files, runs_file

SCHEMA = 3  # of the files in a folder
READ = (2, 3)  # 2 had three files a run


def holds_plan(path):
    """Is it a folder of a comparison? Its plan may have been compressed since."""
    return (path / "plan.json").exists() or (path / "plan.json.xz").exists()


class Folder:
    made_by = "compare"  # the command

    def __init__(self, path):
        self.path = Path(path)
        self.charts = self.path / "charts"

    def create(self):
        """Makes the folder, and tries to write: permissions do not tell of a full disk, or root."""
        if holds_plan(self.path) or runs_file.is_there(self.path) \
                or run_files.is_there(self.path):
            raise BadInput(f"results folder {self.path}: already has runs; name a new one, or "
                           f"go on with --resume {self.path}")
        try:
            self.charts.mkdir(parents=True, exist_ok=True)
            probe = self.path / ".probe"
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
        path, compressed = self.path / name, self.path / f"{name}.xz"
        try:
            return json.loads(lzma.decompress(compressed.read_bytes())
                              if compressed.exists() and not path.exists() else path.read_bytes())
        except FileNotFoundError:
            raise BadInput(f"{self.path}: has no {name}: not the folder of a comparison") from None
        except (OSError, ValueError, lzma.LZMAError) as error:
            raise BadInput(f"{self.path}/{name}: cannot be read: {error}") from error

    def read_plan(self):
        plan = self.read_json("plan.json")
        if plan.get("schema") not in READ:
            raise BadInput(f"{self.path}: was made by another version of the suite, which wrote "
                           "other files")
        if (by := plan.get("made_by", Folder.made_by)) != self.made_by:
            raise BadInput(f"{self.path}: was made by {places.called(by)}, which goes on with it, "
                           "and draws it again, with --resume")
        return plan

    def keep(self, ran):
        """A run is finished as soon as its line is on the disk."""
        runs_file.append(self.path, runs_file.line_of(ran.record, ran.job_file, ran.output))

    def kept(self):
        """Every finished run as it was kept; raises BadInput for one that is not this comparison's,
        or is there twice."""
        seen = dict.fromkeys(row["id"] for row in self.read_plan()["runs"])
        for kept in chain(run_files.read(self.path, list(seen)), runs_file.read(self.path)):
            if kept.id not in seen:
                raise BadInput(f"{kept.where}: run {kept.id} is not in plan.json")
            if seen[kept.id]:
                raise BadInput(f"{kept.where}: run {kept.id} is there already, in {seen[kept.id]}")
            seen[kept.id] = kept.where
            yield kept

    def finished(self):
        """[(run, its record, its figures or None)] of all runs that have ended, in plan order."""
        found = {kept.id: (kept.record, figures_of(kept)) for kept in self.kept()}
        return [(Run.from_json(row), *found[row["id"]]) for row in self.read_plan()["runs"]
                if row["id"] in found]

    def documents(self):
        """{run's id: fio's JSON} of the runs that came to a result."""
        return {kept.id: document_of(kept) for kept in self.kept() if kept.record["ok"]}

    def take_up(self):
        """finished(), after removing what the comparison was writing when it was killed."""
        self.drop_unfinished()
        return self.finished()

    def drop_unfinished(self):
        for path in self.path.rglob(".*.unfinished"):
            path.unlink()
        run_files.drop_unfinished(self.path)
        runs_file.drop_torn(self.path)


def figures_of(kept):
    """The run's figures; None if it came to no result."""
    return figures(document_of(kept)) if kept.record["ok"] else None


def document_of(kept):
    """fio's JSON."""
    try:
        return parse_fio(kept.fio)
    except NotFioOutput as error:
        raise BadInput(f"{kept.where}: {error}") from error
