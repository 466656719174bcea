# SPDX-License-Identifier: MIT
"""plan.json: written when a comparison begins, read when it is resumed."""

import re
from pathlib import Path

from suite.errors import BadInput
from suite.measure import environment
from suite.measure.bench import make_bench
from suite.measure.here import Here
from suite.measure.hosts import Hosts
from suite.request.asked import Asked, variants_of
from suite.request.command_line import fio_at
from suite.request.file_systems import name_of
from suite.request.jobfile import job_of
from suite.request.modes import parse_mode
from suite.request.plan import Run
from suite.store.folder import SCHEMA


def begin(asked, bench, folder):
    """Writes plan.json: what is to be done, which is all that --resume needs."""
    folder.write_json("plan.json", document(asked, bench))


def document(asked, bench):
    """plan.json: all that drawing and --resume need to know beside the runs themselves."""
    return {
        "schema": SCHEMA,
        "arguments": asked.arguments,
        "seed": asked.seed,
        "baseline": asked.baseline,
        "depths": sorted({point.depth for point in asked.points}),
        "repeats": asked.repeats,
        "judge": asked.judge,
        "as_good": asked.as_good,
        "precision": asked.precision,
        **({"early_until": asked.early_until} if asked.precision else {}),
        "traced": asked.traced,
        "decided": list(asked.decided),
        "lengths_s": {job.name: bench.length_s(job) for job in asked.jobs},
        "bench": {"fio": bench.fio, "engine": bench.engine, "iowq_run": bench.iowq_run,
                  "scratch": str(bench.scratch),
                  "file_systems": list(bench.file_systems), "destroy": list(bench.destroy),
                  "runtime_s": bench.runtime_s, "limit_s": bench.limit_s, "steady": bench.steady,
                  "hosts": bench.machines.as_json()},
        "jobs": [{"name": job.name, "path": job.path, "reads": job.reads, "writes": job.writes,
                  "cache": job.cache, "block": job.block, "text": job.text,
                  "operations": list(job.operations)} for job in asked.jobs],
        "modes": [{"name": mode.name, "options": dict(mode.options)} for mode in asked.modes],
        "spare": asked.spare,
        "race": asked.race,
        "runs": [run.as_json() for run in asked.possible_runs],
    }


def taken_up(folder, more_repeats, stop):
    """(Asked, Bench) of a comparison that is resumed; `more_repeats` adds whole rounds."""
    plan = folder.read_plan()
    there, decided = plan["bench"], tuple(plan.get("decided", ["iodepth"]))
    fio = fio_at(there["fio"])
    jobs = [job_of(job["path"], job["text"], fio, decided) for job in plan["jobs"]]
    modes = [parse_mode(mode["name"]) for mode in plan["modes"]]
    runs = [Run.from_json(row) for row in plan["runs"]]
    asked = Asked(jobs, modes, list(dict.fromkeys(run.point for run in runs)),
                  plan["repeats"] + more_repeats, plan["seed"], plan["baseline"],
                  plan["arguments"], plan["precision"], plan.get("early_until", 0), plan["traced"],
                  plan.get("spare", 0), plan.get("race", False), decided, plan.get("judge"),
                  plan.get("as_good"), variants_of(jobs, modes, fio, decided))
    for text in there["file_systems"]:
        name_of(text)  # raises BadInput where a folder has gone
    bench = make_bench(
        there["fio"], there["engine"], there.get("iowq_run"), Path(there["scratch"]), jobs, stop,
        Hosts.from_json(there["hosts"]) if there["hosts"] else Here(),
        file_systems=there["file_systems"], destroy=there["destroy"],
        runtime_s=there["runtime_s"], limit_s=there["limit_s"], steady=there["steady"])
    return asked, bench


def check_same_machine(folder, bench):
    """Raises BadInput where new runs could not be compared with those that are there.

    To be called when every file system is mounted.
    """
    if not (folder.path / "env.json").exists():
        return  # the comparison was stopped before its first run
    was, now = folder.read_json("env.json"), environment.describe(bench)
    for what, of in (("kernel", lambda about: about.get("kernel")),
                     ("CPU", lambda about: about.get("cpu_model")),
                     ("hosts", lambda about: about.get("hosts")),
                     ("fio", lambda about: about["versions"]["fio"]),
                     ("engine", engine_words), ("io_uring in user space", iowq_run_words),
                     ("file systems", file_system_words)):
        if of(was) != of(now):
            raise BadInput(f"{folder.path}: was made with the {what} {of(was)}, and here is "
                           f"{of(now)}: the runs could not be compared; make a new comparison")


def engine_words(about):
    engine = about["versions"]["engine"]
    return f"{engine['version']} ({engine['sha256'][:12]})" if engine else "none"


def iowq_run_words(about):
    library = about["versions"].get("iowq_run")
    return library["sha256"][:12] if library else "none"


def file_system_words(about):
    """The file systems in words, without the numbers of our loop devices, which change."""
    return ", ".join(f"{name or 'scratch'}: {under['file_system']} on "
                     f"{re.sub(r'^/dev/loop[0-9]+$', 'an image', under['device'])}"
                     for name, under in about.get("places", {}).items())
