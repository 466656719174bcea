# SPDX-License-Identifier: MIT
"""Results folders whose figures are known, without running fio."""

import json
import random

from suite.measure.run import Ran
from suite.request.plan import TRACED, Load, Point, plan_runs, plan_traced
from suite.store.folder import SCHEMA, Folder

ENVIRONMENT = {
    "kernel": "Linux 6.1.0 #1", "machine": "x86_64", "cpu_model": "a CPU", "cpus": 2,
    "cpus_allowed": [0, 1], "governor": None, "mitigations": {}, "memory_bytes": 2**30,
    "numa_nodes": [{"node": 0, "cpus": "0-1", "distances": "10"}],
    "topology": ["Machine"],
    "places": {"": {"file_system": "ext4", "device": "/dev/x", "mount_options": "rw",
                    "scheduler": None}},
    "versions": {"fio": "fio-3.33", "gnuplot": "gnuplot 5.4 patchlevel 4", "engine": None,
                 "liburing": "2.3", "hwloc": "2.9.0"},
    "git": {"commit": "0123456789abcdef", "dirty": False},
}
FAR = ("nodes:0/1", "nodes:1/0")


def fio_document(iops, latency_ns, samples=1000):
    """fio's JSON, as far as it is read, with latencies from half to four times the one given."""
    values = {round(latency_ns * factor): count for factor, count in
              ((0.5, samples // 10), (1, samples - samples // 10 - samples // 50),
               (4, samples // 50))}
    mean = sum(ns * n for ns, n in values.items()) / samples
    part = {"total_ios": samples, "io_bytes": 4096 * samples, "iops": iops, "bw_bytes": 4096 * iops,
            "runtime": 1000, "lat_ns": {"N": samples, "mean": mean,
                                        "bins": {str(ns): n for ns, n in values.items()}}}
    return {"fio version": "fio-3.33", "jobs": [{"jobname": "j", "error": 0, "read": part}]}


def keep(folder, run, document, record):
    output = "note: fio says this first\n" + json.dumps(document)
    folder.keep(Ran(run, f"[j]\niodepth={run.point.depth}\n", output.encode(),
                    {"run": run.as_json(), "command": ["fio", "x.fio"]} | record, None))


def as_run_files(folder):
    """The same folder as it was kept until runs.jsonl: three files a run."""
    (folder.path / "runs").mkdir()
    for kept in list(folder.kept()):
        for end, content in (("fio", kept.job_file), ("fio.json", kept.fio),
                             ("run.json", json.dumps(kept.record, indent=1) + "\n")):
            folder.write(f"runs/{kept.id}.{end}", content)
    (folder.path / "runs.jsonl").unlink()
    folder.write_json("plan.json", folder.read_json("plan.json") | {"schema": 2})


def results(path, modes, depths=(1, 8, 32), repeats=5, job="randread-cached", flags=(),
            placements=("none",), rates=(0,), traced=False, slower=None, documents=(),
            measured_at=0, foreign=None):
    """A finished comparison; every mode's rate differs, and grows with depth.

    Of an open loop, what is offered is achieved up to the mode's rate at that depth. `traced`:
    with traced runs. `slower`: {mode: what its rate is multiplied by}. `documents`:
    fio's, in the order of the runs, where they are not made up; these say that they were
    `measured_at`. `foreign`: {round: CPUs that others took}, 0 in all others; from 1 on that halves
    what is done.
    """
    folder = Folder(path)
    folder.create()
    points = [Point(Load(job, "4096", placement=placement), mode, depth, rate)
              for placement in placements for mode in modes for depth in depths for rate in rates]
    runs = plan_traced(points, seed=1) * traced + plan_runs(points, repeats, seed=1)
    folder.write_json("plan.json", {
        "schema": SCHEMA, "arguments": [], "seed": 1, "baseline": modes[0], "depths": list(depths),
        "bench": {}, "precision": None, "repeats": repeats, "lengths_s": {job: 1.0},
        "jobs": [{"name": job, "path": "x.fio", "reads": True, "writes": False, "cache": "warm",
                  "block": "4096", "text": "# Question: how fast is it?\n[j]\nrw=randread\n"}],
        "modes": [{"name": mode, "options": {}} for mode in modes],
        "runs": [run.as_json() for run in runs]})
    folder.write_json("env.json", ENVIRONMENT)
    noise, given = random.Random(2), iter(documents)
    for run in runs:
        if run.repeat == TRACED:
            trace(folder, run)
            continue
        rank = modes.index(run.point.mode)
        most = (30e3 + 60e3 * rank) * (1 + 0.2 * rank % 3 * run.point.depth**0.3) \
            * noise.uniform(0.95, 1.05) * (0.7 if run.point.load.placement in FAR else 1)
        most *= (slower or {}).get(run.point.mode, 1)
        taken = (foreign or {}).get(run.repeat, 0.0)
        most *= 0.5 if (taken or 0) >= 1 else 1
        iops = min(run.point.rate or most, most)
        latency_ns = 1e9 * run.point.depth / (1.1 * most - iops if run.point.rate else iops)
        keep(folder, run, next(given, None)
             or fio_document(iops, latency_ns) | {"timestamp": measured_at}, {
            "ok": True, "reason": None, "threads_peak": 3 + rank,
            "flags": [*flags, *(["behind"] if run.point.rate > most else [])],
            "user_s": 0.001, "system_s": 0.002 * noise.uniform(0.9, 1.1) * (1 + rank),
            "voluntary_switches": 10, "involuntary_switches": 2, "cache_hit": 1.0,
            **({} if foreign is None else {"foreign_cpus": taken}),
            "threads_by_name": {"fio": 3, ("iou-wrk", "iowq")[rank % 2]: rank}})
    return folder


def trace(folder, run):
    """Keeps a traced run of one second, in which latency is eight times as long for 100 ms."""
    course = [[ms, 8000 if ms in (450, 500) else 1000] for ms in range(50, 1001, 50)]
    keep(folder, run, fio_document(1000, 1000), {
        "ok": True, "reason": None, "flags": [], "latency_over_time": course})
