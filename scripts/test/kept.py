# SPDX-License-Identifier: MIT
"""What a comparison of the `compare` fixture has kept."""

import csv
import json


def rows(tmp_path):
    """Of summary.csv."""
    with open(tmp_path / "results/summary.csv", newline="") as file:
        return list(csv.DictReader(file))


def kept_records(tmp_path):
    """What was seen of each run."""
    return [json.loads(path.read_text()) for path in (tmp_path / "results/runs").glob("*.run.json")]
