# SPDX-License-Identifier: MIT
"""The I/O of a comparison done by several hosts: fio's client here, an `fio --server` on each.

All hosts run each job at the same time, so their rates add up. What only a machine itself can tell
(its page cache, CPU time, threads, pressure) is not known of hosts, and stays out.
"""

import os
import re
import socket
import tempfile
import time
from pathlib import Path

from suite import places
from suite.errors import BadInput, FolderFailed
from suite.fio import over_time
from suite.measure import client
from suite.measure.environment import first_line, this_machine
from suite.measure.files import named
from suite.measure.machines import Machines
from suite.measure.process import run_limited
from suite.measure.run import Ran, job_file, layout_options, run_options
from suite.request.hosts_file import parse_host, read_hosts
from suite.request.jobfile import rewritten
from suite.request.length import UNSEEN_S, Limit
from suite.request.plan import NO_PLACEMENT, Run, samples

CONNECT_S = 5
PROBE_LIMIT_S = 30
# For jobs on servers to end once their client was asked to. Then the client is killed; jobs that
# still run go on without a connection.
GRACE_S = 10
PROBE = "iowq-probe"
FOLDER = "iowq-"  # begins the names of the jobs' folders on the hosts
# What the client says of a server in fio's normal output.
TOLD = re.compile(r"^hostname=(.*), be=\d, .*, os=(.*), arch=(.*), fio=(.*), flags=", re.M)


class Hosts(Machines):
    """`about_hosts` is what the hosts said of themselves when they were probed."""

    start_s = 1.5  # fio's server looks for a new connection once a second
    seen = False

    def __init__(self, members, engine, scratch):
        self.members, self.engine, self.scratch = members, engine, scratch
        self.about_hosts = []

    def engine_at(self, options, modes):
        return self.engine

    def iowq_run_for(self, modes):
        for mode in modes:
            if mode.under_iowq_run:
                raise BadInput(f"mode {mode.name}: on hosts it is the server that iowq-run is for: "
                               f"start it as iowq-run fio --server, and fio:io_uring is in user "
                               "space there")
        return None

    def check(self, asked, bench):
        if any(point.load.busy for point in asked.points):
            raise BadInput("--busy: CPUs of this machine, and --hosts names others")
        if bench.file_systems:
            raise BadInput("--file-systems: are made on this machine, and --hosts names others")
        if bench.destroy:
            raise BadInput(f"--destroy {bench.destroy[0]}: is checked on this machine, and --hosts "
                           "names others")
        placed = {point.load.placement for point in asked.points} - {NO_PLACEMENT}
        if placed:
            raise BadInput(f"--placements {min(placed)}: is checked on this machine, and --hosts "
                           "names others")
        for job in asked.jobs:
            check_names(job, self.scratch)
            if re.search(r"\$(ncpus|mb_memory)", job.text) and any(p.rate for p in asked.points):
                raise BadInput(f"--rates: job file {job.path} has $ncpus or $mb_memory, which are "
                               "other numbers on each host, and its processes share the rate: put "
                               "the number into the file")

    def prepare(self, asked, bench, again):
        """Asks the hosts what they are; raises BadInput where they cannot be compared."""
        for host in self.members:
            reach(host)
        with_engine = any(mode.offload for mode in asked.modes)
        asked_of = [ask(bench, host, with_engine) for host in self.members]
        self.about_hosts = [about for about, _ in asked_of]
        here = {"name": "this machine", "fio": first_line(bench.fio, "--version")}
        refuse_different("fio", [here, *self.about_hosts])
        for about, complaint in asked_of:
            if complaint:
                raise BadInput(f"host {about['name']}: {complaint}")
            if with_engine and not about["engine"]:
                raise BadInput(f"host {about['name']}: {self.engine} does not tell its version "
                               "there: build it from this source")
        refuse_different("engine", self.about_hosts)

    def check_options(self, asked, bench):
        """Has the hosts lay out files, without I/O, for a point of each mode and each job."""
        for point in samples(asked.points):
            job, mode = asked.job(point.load.job), asked.mode(point.mode)
            options = run_options(bench, job, mode, Run("check", point, 1, 1))
            wrong = self.laid_out(bench, job, options)
            if wrong and bench.stop.signal is None:
                raise BadInput(f"{mode.name} on {job.path}: {wrong}")

    def lay_out(self, asked, bench):
        started = time.monotonic()
        for job in asked.jobs:
            wrong = self.laid_out(bench, job, layout_options(job))
            if wrong and bench.stop.signal is None:
                raise FolderFailed(f"fio cannot lay out the files of {job.name}: {wrong}")
        return time.monotonic() - started

    def laid_out(self, bench, job, options):
        """Why laying out failed, and on which hosts; None if it did not."""
        options = self.options_there(bench, job, options) | {"create_only": 1, "startdelay": 0}
        outcome = run_client(bench, rewritten(job, options), Limit(UNSEEN_S))
        return client.failures(self, outcome,
                               client.results_of(self, client.read_output(outcome)), idle=True)

    def command(self, bench, job, mode, path):
        return self.client_command(bench.fio, path)

    def client_command(self, fio, path, form="json+", members=None):
        """fio's client, without a shell. It would take a file that has a host's name for a list of
        hosts, so it is to be run in an empty folder."""
        pairs = [word for host in members or self.members
                 for word in (f"--client={host.name}", str(path))]
        return [fio, f"--output-format={form}", "--eta=never", *pairs]

    def execute(self, bench, run, job, mode):
        text = rewritten(job, self.options_there(bench, job, run_options(bench, job, mode, run)))
        window_ms = over_time.log_options(bench.length_s(job), False)["log_avg_msec"]
        with tempfile.TemporaryDirectory() as folder, job_file(bench, text) as path:
            command = self.command(bench, job, mode, path)
            outcome = run_limited(command, folder, bench.limit(job), bench.stop, GRACE_S)
            logs = over_time.take(Path(folder), window_ms)
        if outcome.stopped:
            return None
        record, figures = client.judge(self, outcome, job)
        record |= {"run": run.as_json(), "command": command, "cache": job.cache, **logs}
        if figures and over_time.uneven(logs.get("iops_over_time", [])):
            record["flags"].append("uneven")
        return Ran(run, text, outcome.stdout, record, figures)

    def folder(self, bench, job):
        """The folder of the job's files on the hosts. It has not the job's name: fio would take a
        folder of that name, where the server was started, for the job's file."""
        return f"{self.scratch}/{FOLDER}{bench.names[job.name]}"

    def options_there(self, bench, job, options):
        """The options of a run here as they are for the hosts.

        The engine's counters would stay in a file on the host, so they are not asked for. Neither
        are logs where two servers share an address, as these would have one name.
        """
        theirs = {name: value for name, value in options.items() if name != "pool_stats"}
        if len({host.address for host in self.members}) < len(self.members):
            theirs = {name: value for name, value in theirs.items()
                      if name not in over_time.OPTIONS}
        if job.cache == "warm":
            theirs["pre_read"] = 1
        return theirs | {"directory": self.folder(bench, job)}

    def about(self, bench):
        """The hosts, and this machine as their client."""
        return {"hosts": self.about_hosts, "client": this_machine(bench)}

    def as_json(self):
        return {"names": [host.name for host in self.members], "engine": self.engine,
                "scratch": self.scratch}

    @staticmethod
    def from_json(row):
        return Hosts([parse_host(name) for name in row["names"]], row["engine"], row["scratch"])


def hosts_of(options):
    """The Hosts that the options name, or None; raises BadInput."""
    if not options.hosts:
        for name in ("host_engine", "host_scratch"):
            if getattr(options, name):
                raise BadInput(f"--{name.replace('_', '-')}: of which hosts? Name them with "
                               "--hosts")
        return None
    engine = options.host_engine or os.path.abspath(options.engine or places.ENGINE)
    scratch = options.host_scratch or "."
    for option, path in (("--host-engine", engine), ("--host-scratch", scratch)):
        if re.search(r"[$;:#\\'\"\s]", path):
            raise BadInput(f"{option} {path}: fio cannot take a path with spaces or any of "
                           "$ ; : # \\ or quotes")
    return Hosts(read_hosts(options.hosts), engine, scratch)


def check_names(job, scratch):
    """Raises BadInput for a job, even one that only reads, that names files outside the hosts'
    scratch folder: without --readonly, which the client does not pass on, fio would make short
    files longer."""
    if any(section.text("opendir") for section in job.sections):
        raise BadInput(f"job file {job.path}: opendir= is not compared on hosts")
    for path in named(job, "/scratch"):
        if not os.path.normpath(path).startswith("/scratch/"):
            raise BadInput(f"job file {job.path} names '{path.removeprefix('/scratch/')}', which "
                           f"lies outside {scratch} on the hosts: refused")


def reach(host):
    try:
        socket.create_connection((host.address, host.port), CONNECT_S).close()
    except OSError as error:
        reason = error.strerror or f"no answer within {CONNECT_S} s"
        raise BadInput(f"host {host.name}: {reason} (port {host.port}); is fio --server running "
                       "there?") from error


def ask(bench, host, with_engine):
    """(what a host says of itself when it runs a tiny job, why that failed or None)"""
    outcome = run_client(bench, probe_text(bench, with_engine), Limit(PROBE_LIMIT_S), "normal",
                         [host])
    text = client.said(outcome)
    told = TOLD.search(text)
    if outcome.stopped:
        raise BadInput(f"interrupted while host {host.name} was asked")
    if not told:
        # A fio with another protocol does not tell its version.
        raise BadInput(f"host {host.name}: what listens at port {host.port} is no "
                       f"{first_line(bench.fio, '--version')} as here, or no fio --server"
                       f"{client.because(client.complaints(text))}")
    engine = re.search(r"^<.*iowq: .*; engine (\S+)$", text, re.M)
    ended = re.findall(rf"^{PROBE}: .*err= *(\d+)", text, re.M)
    good = len(ended) == len(bench.names) and set(ended) == {"0"}
    about = {"name": host.name, "hostname": told[1], "machine": f"{told[2]} {told[3]}",
             "fio": told[4], "engine": engine and engine[1]}
    return about, None if good else f"a first job failed{client.because(client.complaints(text))}"


def probe_text(bench, with_engine):
    """A job file that makes the folder of each job, as fio wants directory= to be there."""
    hosts = bench.machines
    engine = [f"ioengine=external:{hosts.engine}", "offload=inline"] if with_engine else \
        ["ioengine=psync"]
    lines = ["[global]", *engine, f"directory={hosts.scratch}", "unique_filename=0", "rw=read",
             "size=4k", "unlink=1"]
    for name in bench.names.values():
        lines += [f"[{PROBE}]", f"filename={FOLDER}{name}/{PROBE}"]
    return "\n".join([*lines, ""])


def refuse_different(what, abouts):
    """Raises BadInput with one line that says which machines have which version."""
    versions = {}
    for about in abouts:
        versions.setdefault(about[what], []).append(about["name"])
    if len(versions) > 1:
        told = "; ".join(f"{version} on {', '.join(names)}" for version, names in versions.items())
        raise BadInput(f"--hosts: machines with different versions of the {what} cannot be "
                       f"compared: {told}")


def run_client(bench, text, limit, form="json+", members=None):
    with tempfile.TemporaryDirectory() as outside, tempfile.TemporaryDirectory() as empty:
        path = Path(outside, "job.fio")
        path.write_text(text, errors="surrogateescape")
        command = bench.machines.client_command(bench.fio, path, form, members)
        return run_limited(command, empty, limit, bench.stop, GRACE_S)
