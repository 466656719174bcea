# SPDX-License-Identifier: MIT
"""Results folders as they were before runs.jsonl: three files for each run, in runs/.

ID.fio is its job file and ID.fio.json what fio wrote. ID.run.json is what was seen, and was written
last: a run that has one is finished. These are only read; --resume adds to runs.jsonl.
"""

import json

from suite.errors import BadInput
from suite.store.runs_file import Kept

FOLDER = "runs"
RECORD = ".run.json"


def is_there(folder):
    return any((folder / FOLDER).glob(f"*{RECORD}"))


def read(folder, ids):
    """The Kept of the ids that are finished, in their order; raises BadInput with one line."""
    for run_id in ids:
        path, fio = (folder / FOLDER / f"{run_id}{end}" for end in (RECORD, ".fio.json"))
        if not path.exists():
            continue
        try:
            record = json.loads(path.read_text())
            job_file = path.with_name(f"{run_id}.fio").read_text(errors="surrogateescape")
            written = fio.read_text(errors="surrogateescape") if fio.exists() else ""
        except (OSError, ValueError) as error:
            raise BadInput(f"{path}: cannot be read: {error}") from error
        yield Kept(str(fio), {"run": {"id": run_id}} | record, job_file, written)


def drop_unfinished(folder):
    """Removes the files of a run without a record."""
    for path in (folder / FOLDER).glob("*.fio"):
        if not path.with_suffix(RECORD).exists():
            path.unlink()
            path.with_suffix(".fio.json").unlink(missing_ok=True)
