# SPDX-License-Identifier: MIT
"""The I/O of a comparison done by this machine."""

import os
import re
import tempfile
from pathlib import Path

from suite import places
from suite.errors import BadInput, FolderFailed, meant
from suite.fio import over_time
from suite.measure import cache, environment, images, kernel_handoff
from suite.measure.bench import make_folders
from suite.measure.files import (check_cache, check_room, data_files, files_there, named,
                                 remove_new, sizes_of_all)
from suite.measure.loops import loops
from suite.measure.machines import Machines
from suite.measure.mounts import in_memory
from suite.measure.process import run_limited
from suite.measure.quota import check as check_quota
from suite.measure.quota import quota
from suite.measure.run import (Ran, cache_hit, complaint, fio_command, job_file, judge, lay_out,
                               run_options, start_cpu_s, take_evidence)
from suite.measure.safety import check_destroy, check_targets
from suite.measure.watch import Watch
from suite.request import engine_options
from suite.request.busy import kind_of
from suite.request.jobfile import rewritten
from suite.request.length import Limit
from suite.request.placement import strayed
from suite.request.plan import Run, samples


class Here(Machines):
    start_s = 0.4  # fio calibrates its clock
    seen = True
    start_cpu_s = 0.0

    def engine_at(self, options, modes):
        engine = os.path.abspath(options.engine or places.ENGINE)
        if any(mode.offload for mode in modes):
            if not os.path.isfile(engine):
                raise BadInput(f"{engine}: the engine {places.TO_BUILD}")
            if re.search(r"[$;#\\'\"\s]", engine):
                raise BadInput(f"{engine}: fio cannot load an engine from a path with spaces or "
                               "any of $ ; # \\ or quotes")
        return engine

    def iowq_run_for(self, modes):
        if not any(mode.under_iowq_run for mode in modes):
            return None
        if not os.access(places.IOWQ_RUN, os.X_OK):
            raise BadInput(f"{places.IOWQ_RUN}: {places.TO_BUILD}")
        return str(places.IOWQ_RUN)

    def check(self, asked, bench):
        jobs = jobs_in_folders(asked, bench)
        check_destroy(jobs, bench.destroy)
        for job, folder in jobs:
            check_targets(job, folder, bench.destroy)
        kernel_handoff.check(asked.modes)
        if any(kind_of(point.load.busy).quota for point in asked.points):
            check_quota()

    def prepare(self, asked, bench, again):
        images.mount(bench.file_systems, bench.scratch, {
            name: sum(sizes_of_all(jobs_in_folders(asked, bench, name)).values())
            for name in bench.folders}, again)
        make_folders(bench, [point.load for point in asked.points])
        check_room(jobs_in_folders(asked, bench))
        check_cache(jobs_in_folders(asked, bench))

    def check_options(self, asked, bench):
        for mode in asked.modes:
            engine = mode.job_options(bench.engine)["ioengine"]
            if not mode.offload and not has_engine(bench, engine):
                near = meant(engine, engine_options.all_engines(bench.fio))
                raise BadInput(f"mode {mode.name}: {bench.fio} has no engine '{engine}'{near}; "
                               "see fio --enghelp")
        check_iowq_run(asked, bench)
        for job in asked.jobs:
            names = {point.mode for point in asked.points if point.load.job == job.name}
            engine_options.check(job, [mode for mode in asked.modes if mode.name in names], bench)
        with tempfile.TemporaryDirectory() as empty:
            path = Path(empty, "check.fio")
            for point in samples(asked.points):
                job, mode = asked.job_of(point), asked.mode(point.mode)
                options = run_options(bench, job, mode, Run("check", point, 1, 1))
                path.write_text(rewritten(job, options), errors="surrogateescape")
                outcome = run_limited([bench.fio, "--parse-only", str(path)], empty, Limit(60),
                                      bench.stop)
                if outcome.status != 0 and not outcome.stopped:
                    raise BadInput(f"fio refuses {mode.name} on {job.path}: {complaint(outcome)}")

    def lay_out(self, asked, bench):
        loads = {(point.load.job, point.load.file_system): point.load for point in asked.points}
        spent_s = 0
        for load in loads.values():
            job, before = asked.job(load.job), files_there(bench.folder(load))
            outcome = lay_out(bench, job, load)
            spent_s += outcome.wall_s
            if outcome.stopped:
                break
            if outcome.status != 0:
                remove_new(bench.folder(load), before)
                raise FolderFailed(f"fio cannot lay out the files of {job.name} in "
                                   f"{bench.folder(load)}: {complaint(outcome)}")
            if job.cache == "cold" and in_memory(bench.folder(load)):
                print(f"{job.name} asks for a cold cache, which {bench.folder(load)} cannot have: "
                      "it lies in memory (tmpfs); every run of it will be flagged not_cold")
        for load in loads.values():
            # Or earlier uses of the files would decide whether they are cached in large folios.
            cache.forget(data_files(asked.job(load.job), bench.folder(load)))
        self.start_cpu_s = start_cpu_s(bench)
        return spent_s

    def command(self, bench, job, mode, path):
        return fio_command(bench, job, path, mode=mode)

    def execute(self, bench, run, job, mode):
        folder = bench.folder(run.point.load)
        take_evidence(folder)  # removes what a killed run left, which is not this run's
        window_ms = over_time.log_options(bench.length_s(job), False)["log_avg_msec"]
        over_time.remove(folder)
        text = rewritten(job, run_options(bench, job, mode, run))
        if job.operations and not all(map(os.path.exists, named(job, folder))):
            lay_out(bench, job, run.point.load)  # the run before has deleted them
        with job_file(bench, text) as path:
            command = self.command(bench, job, mode, path)
            resident, wrong_cache = cache.prepare(job.cache, data_files(job, folder), job.writes)
            if job.operations and job.cache == "cold":
                wrong_cache = cache.drop_names() or wrong_cache
            limits, cpus = kind_of(run.point.load.busy), os.sched_getaffinity(0)
            with (loops(limits.loops(cpus)), quota(limits.share_of(cpus)) as group,
                  kernel_handoff.during_run(mode.kernel_handoff)):
                watch, before = Watch(folder), files_there(folder)
                outcome = run_limited(command, folder, bench.limit(job), bench.stop, group=group,
                                      cpus=limits.only(cpus))
        machine, evidence = watch.since(), take_evidence(folder)
        logs = over_time.take(folder, window_ms)
        if outcome.stopped:
            return None
        record, figures = judge(outcome, evidence, job, mode)
        if figures is None:
            remove_new(folder, before)
        record |= {"run": run.as_json(), "command": command, "cwd": str(folder),
                   "start_cpu_s": self.start_cpu_s,
                   "cache": job.cache, "resident_before": resident,
                   "cache_hit": cache_hit(outcome, figures, job), **machine, **logs}
        record["flags"] += [wrong_cache] if wrong_cache else []
        elsewhere = figures and strayed(run.point.load.placement, mode, evidence)
        record["flags"] += [f"path:{elsewhere}"] if elsewhere else []
        if figures and over_time.uneven(logs.get("iops_over_time", [])):
            record["flags"].append("uneven")
        return Ran(run, text, outcome.stdout, record, figures)

    def about(self, bench):
        return environment.this_machine(bench)

    def as_json(self):
        return None


def jobs_in_folders(asked, bench, file_system=None):
    """[(job as a mode runs it, the folder of its files)] of one file system, or of all."""
    found = {}
    for point in asked.points:
        if file_system in (None, point.load.file_system):
            job, folder = asked.job_of(point), bench.folder(point.load)
            found[id(job), folder] = job, folder
    return list(found.values())


def check_iowq_run(asked, bench):
    """Raises BadInput where this fio cannot be run under iowq-run."""
    for mode in asked.modes:
        if mode.under_iowq_run:
            outcome = run_limited([bench.iowq_run, bench.fio, "--version"], None, Limit(60),
                                  bench.stop)
            if outcome.status != 0 and not outcome.stopped:
                raise BadInput(f"mode {mode.name}: {complaint(outcome)}")


def has_engine(bench, name):
    """Whether fio has an engine. Its exit status does not say: it is the same for an engine without
    options."""
    outcome = run_limited([bench.fio, f"--enghelp={name}"], None, Limit(60), bench.stop)
    return b"not loadable" not in outcome.stderr + outcome.stdout
