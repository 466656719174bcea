# SPDX-License-Identifier: MIT
"""What a comparison of the `compare` fixture has kept."""

import csv

from suite.fio.output import parse_fio
from suite.store import runs_file


def rows(tmp_path):
    """Of summary.csv."""
    with open(tmp_path / "results/summary.csv", newline="") as file:
        return list(csv.DictReader(file))


def kept_runs(tmp_path, results="results"):
    return list(runs_file.read(tmp_path / results))


def kept_records(tmp_path):
    """What was seen of each run."""
    return [kept.record for kept in kept_runs(tmp_path)]


def documents_and_records(tmp_path):
    """(fio's JSON, what was seen) of each run."""
    return [(parse_fio(kept.fio), kept.record) for kept in kept_runs(tmp_path)]
