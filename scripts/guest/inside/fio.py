# SPDX-License-Identifier: MIT
"""Runs the guest's small fio with the engine: many jobs in one run, as its start takes 0.7 s."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress

import machine

ENGINE = "/lib/iowq.so"
OURS = ["inline", "sqthread", "handoff", "sqwq", "punt", "hashed", "acall", "acall_pool"]
KERNELS = ["uring", "uring_async", "uring_sqpoll", "uring_defer"]
MODES = OURS + KERNELS
AT_ONCE = 4  # jobs; one after another they take 0.3 s longer each, all at once overload a guest


class Result:
    """What one fio left: its exit status, its output, and for each job fio's JSON and pool_stats.
    """

    def __init__(self, status, said, jobs, stats):
        self.status, self.said, self.jobs, self.stats = status, said, jobs, stats


def job_text(common, jobs):
    """`common` and each job are dictionaries of fio's options; None: an option without a value."""
    sections = {"global": {"ioengine": f"external:{ENGINE}", "thread": None, **common}, **jobs}
    lines = []
    for name, options in sections.items():
        lines.append(f"[{name}]")
        lines += [key if value is None else f"{key}={value}" for key, value in options.items()]
    return "\n".join(lines) + "\n"


def on_node(topology, node):
    """Options that keep a job on a node's CPUs. libnuma knows no nodes without memory."""
    if topology.nodes[node].megabytes:
        return {"numa_cpu_nodes": node}
    return {"cpus_allowed": ",".join(map(str, topology.cpus_of(node)))}


def a_few_at_once(jobs):
    """The jobs, in groups of AT_ONCE that wait for those before them."""
    return {name: options if number % AT_ONCE else {"stonewall": None, **options}
            for number, (name, options) in enumerate(jobs.items())}


def in_every_mode(options_of):
    """A job for each mode, with the options that options_of(number) gives it."""
    return a_few_at_once({mode: {"offload": mode, **options_of(number)}
                          for number, mode in enumerate(MODES)})


def read_json(text):
    """The JSON in fio's output, which has notes before it."""
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    return json.loads(text[start:]) if text[start:start + 1] == "{" else {"jobs": []}


class Running:
    """A fio that runs in `folder`."""

    def __init__(self, folder, common, jobs):
        self.folder = folder
        (folder / "job.fio").write_text(job_text({"pool_stats": folder / "stats", **common}, jobs))
        with open(folder / "said", "w", encoding="utf-8") as said:
            self.process = subprocess.Popen(
                ["fio", "--output-format=json", f"--output={folder}/out.json", "job.fio"],
                cwd=folder, stdout=said, stderr=said, start_new_session=True)

    def threads(self, name=""):
        """fio's threads whose names begin with `name`."""
        return [t for t in machine.threads(self.process.pid) if t.name.startswith(name)]

    def wait_until(self, condition):
        """Waits for a condition; fio's end fails the test, and the test's limit ends the wait."""
        while not condition():
            assert self.process.poll() is None, self.said()
            time.sleep(0.02)

    def stats(self):
        """{job: its pool_stats} of the jobs that have ended."""
        every = [json.loads(path.read_text()) for path in self.folder.glob("stats.*.json")]
        return {one["job"]: one for one in every}

    def said(self):
        return "".join(path.read_text() for path in (self.folder / "said", self.folder / "out.json")
                       if path.exists())

    def result(self):
        """Waits for fio's end, within the test's limit."""
        status = self.process.wait()
        said = read_json((self.folder / "out.json").read_text())
        jobs = {job["jobname"]: job for job in said["jobs"]}
        return Result(status, self.said(), jobs, self.stats())


@contextmanager
def started(folder, common, jobs):
    """A fio that is killed at the end of the block, if it does not end before."""
    running = Running(folder, common, jobs)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGKILL)
            # fio may wait in I/O that only ends when the test takes its device away.
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(1)


def run(folder, common, jobs):
    with started(folder, common, jobs) as running:
        return running.result()
