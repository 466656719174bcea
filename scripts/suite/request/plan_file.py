# SPDX-License-Identifier: MIT
"""Plan files: one matrix or several, and how they are measured, as TOML."""

from pathlib import Path

from suite.errors import BadInput, meant
from suite.request.asked import DIMENSIONS
from suite.request.toml_file import read_toml

# The other keys of a plan file, which mean the same as the options of these names.
SETTINGS = ("repeats", "spare", "judge", "as-good", "precision", "seed", "baseline", "runtime",
            "limit", "steady", "scratch", "hosts", "host-engine", "host-scratch", "leave-out")
PARTS = "compare"


def read_plan_file(path):
    """(settings, [dimensions of each part]) of a plan file; raises BadInput."""
    document = read_toml(path)
    parts = document.pop(PARTS, [{}])
    if not isinstance(parts, list) or not parts or not all(isinstance(p, dict) for p in parts):
        raise BadInput(f"plan file {path}: {PARTS} is not a list of [[{PARTS}]] tables")
    for table, known in ((document, (*DIMENSIONS, *SETTINGS)),
                         *((part, tuple(DIMENSIONS)) for part in parts)):
        odd = sorted(set(table) - set(known))
        if odd:
            words = ", ".join(f"{key}{meant(key, known)}" for key in odd)
            raise BadInput(f"plan file {path}: unknown: {words}; allowed are {', '.join(known)}")
    texts = [{key: listed(path, key, value) for key, value in (document | part).items()
              if key in DIMENSIONS} for part in parts]
    for part in texts:
        if "jobs" in part:
            # Relative to the plan file, wherever it is read from.
            part["jobs"] = [str(Path(path).parent / job) for job in part["jobs"]]
    if len({bool(part.get("jobs")) for part in texts}) > 1:
        raise BadInput(f"plan file {path}: some [[{PARTS}]] tables have jobs, and some have none")
    settings = {key: str(value) for key, value in document.items() if key in SETTINGS}
    return settings, texts


def listed(path, key, value):
    """A TOML array, or one text with commas, as the texts of its members."""
    values = value.split(",") if isinstance(value, str) else value
    values = values if isinstance(values, list) else [values]
    if not all(isinstance(v, str | int) and not isinstance(v, bool) for v in values):
        raise BadInput(f"plan file {path}: {key}: allowed is a list of texts or whole numbers")
    return [str(v).strip() for v in values]
