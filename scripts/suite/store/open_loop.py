# SPDX-License-Identifier: MIT
"""The results folders of scripts/capacity and scripts/map."""

from suite.errors import BadInput
from suite.request.plan import Run
from suite.store import runs_file
from suite.store.folder import Folder, figures_of


class MapFolder(Folder):
    made_by = "map"


class CapacityFolder(Folder):
    """Its plan.json has the first run of each search only: all others follow from what was found.
    """

    made_by = "capacity"

    def kept(self):
        """Every finished run as it was kept; raises BadInput for one that is there twice."""
        seen = {}
        for kept in runs_file.read(self.path):
            if kept.id in seen:
                raise BadInput(f"{kept.where}: run {kept.id} is there already, in {seen[kept.id]}")
            seen[kept.id] = kept.where
            yield kept

    def finished(self):
        """[(run, its record, its figures or None)] of all runs that have ended, as they ended."""
        return [(Run.from_json(kept.record["run"]), kept.record, figures_of(kept))
                for kept in self.kept()]
