# SPDX-License-Identifier: MIT
"""scripts/capacity and scripts/map: their results folders, and what both do from their command line
to their first run."""

import time

from suite import places
from suite.errors import BadInput
from suite.measure.bench import bench_of, hold, lock
from suite.measure.here import Here
from suite.request.command_line import whole
from suite.request.plan import Run, unique_names
from suite.store import planned, runs_file
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


def start(options, asked, folder_of, more, stop, dry_run):
    """A new one, up to its first run; None after a dry run. `more` is what plan.json has beside
    what it has of a comparison; `dry_run` prints what would be done."""
    bench = bench_of(options, asked.jobs, asked.modes, stop, Here())
    bench.machines.check(asked, bench)
    if options.dry_run:
        bench.machines.check_options(asked, bench)
        dry_run(asked, bench)
        return None
    stop.listen()
    hold(bench)
    bench.machines.prepare(asked, bench, again=False)
    bench.machines.check_options(asked, bench)
    folder = folder_of(options.results or default_results(folder_of.made_by, asked))
    folder.create()
    begin(asked, bench, folder, more)
    return asked, bench, folder


def default_results(command, asked):
    name = asked.jobs[0].name
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return places.RESULTS / f"{stamp}-{command}-{unique_names([name])[name]}"


def begin(asked, bench, folder, more):
    folder.write_json("plan.json", planned.document(asked, bench) | {"made_by": folder.made_by}
                      | more)


def resume(options, folder, own, stop):
    """One that is resumed, up to its first run; `own` is the key of its part of plan.json."""
    more = whole("--add-rounds", options.add_rounds or "0", 0, 1000)
    part = folder.read_plan().get(own)
    if part is None:
        raise BadInput(f"{folder.path}/plan.json: has no '{own}'")
    asked, bench = planned.taken_up(folder, more, stop)
    bench.machines.check(asked, bench)
    stop.listen()
    lock(folder.path, "results folder")
    hold(bench)
    bench.machines.prepare(asked, bench, again=True)
    planned.check_same_machine(folder, bench)
    if more:
        begin(asked, bench, folder, {own: part})
    return asked, bench, folder
