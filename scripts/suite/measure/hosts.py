# SPDX-License-Identifier: MIT
"""Comparisons whose I/O other machines do: fio's client here, an `fio --server` on each host.

All hosts run each job at the same time, so their rates add up. What a machine can tell of itself
alone (its page cache, CPU time, threads, pressure) is not known of hosts, and stays out. What each
host has done is looked up in the client's output, as the client's exit status is 0 for a host that
it could not reach and for a job that could not be read.
"""

import os
import re
import socket
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from suite.errors import BadInput, FolderFailed
from suite.fio import output, over_time
from suite.measure.environment import first_line
from suite.measure.files import named
from suite.measure.process import run_limited
from suite.measure.run import doubts_of_latency, layout_options, run_options, unsteady
from suite.request.command_line import ENGINE
from suite.request.jobfile import rewritten
from suite.request.length import UNSEEN_S, Limit
from suite.request.plan import NO_PLACEMENT, Run, samples

PORT = 8765
CONNECT_S = 5
PROBE_LIMIT_S = 30
# For jobs on servers to end when their client was asked to; then the client is killed, and with it
# the only connection to jobs that go on.
GRACE_S = 10
# What a run takes beyond its own time: fio's server looks for a new connection once a second.
ASSUMED_START_S = 1.5
PROBE = "iowq-probe"
FOLDER = "iowq-"  # begins the names of the jobs' folders on the hosts
# Hosts whose IOPS differ by more are told of.
EVEN = 0.8
# fio's client passes on what every fio says, whether or not something is wrong.
USUAL = re.compile(r"> (?:\.\.\.|Starting \d.*|note: .*|.*\(g=\d+\): rw=.*|.*: Laying out IO file.*"
                   r"| *iowq: .*: offload=.*|\s*)$")
# What it says of a server in fio's normal output.
TOLD = re.compile(r"^hostname=(.*), be=\d, .*, os=(.*), arch=(.*), fio=(.*), flags=", re.M)
ABSENT = dict.fromkeys((
    "user_s", "system_s", "read_bytes", "voluntary_switches", "involuntary_switches",
    "threads_peak", "threads_by_name", "threads_over_time", "path_evidence", "cwd",
    "resident_before", "cache_hit", "pressure", "device"))


@dataclass(frozen=True)
class Host:
    """One server; `name` is what the hosts file says, in fio's own syntax."""

    name: str
    address: str
    port: int

    @property
    def key(self):
        """As in the client's JSON."""
        return self.address, self.port


@dataclass
class Hosts:
    """The hosts of a comparison; `about` is what they said of themselves when they were probed."""

    members: list
    engine: str
    scratch: str
    about: list = field(default_factory=list)

    def command(self, fio, path, form="json+", members=None):
        """The client's, without a shell. It would read a file that has the name of a host as a list
        of hosts: it is to be run in an empty folder."""
        pairs = [word for host in members or self.members
                 for word in (f"--client={host.name}", str(path))]
        return [fio, f"--output-format={form}", "--eta=never", *pairs]

    def folder(self, bench, job):
        """Not of the job's own name: fio takes a folder of that name, in the folder in which the
        server was started, for the job's file."""
        return f"{self.scratch}/{FOLDER}{bench.names[job.name]}"

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
    engine = options.host_engine or os.path.abspath(options.engine or ENGINE)
    scratch = options.host_scratch or "."
    for option, path in (("--host-engine", engine), ("--host-scratch", scratch)):
        if re.search(r"[$;:#\\'\"\s]", path):
            raise BadInput(f"{option} {path}: fio cannot take a path with spaces or any of "
                           "$ ; : # \\ or quotes")
    return Hosts(read_hosts(options.hosts), engine, scratch)


def read_hosts(path):
    try:
        lines = Path(path).read_text(errors="replace").splitlines()
    except OSError as error:
        raise BadInput(f"hosts file {path}: {error.strerror}") from error
    texts = [line.partition("#")[0].strip() for line in lines]
    try:
        hosts = [parse_host(text) for text in texts if text]
    except BadInput as error:
        raise BadInput(f"hosts file {path}: {error}") from error
    if not hosts:
        raise BadInput(f"hosts file {path}: names no host: allowed is a host a line")
    twice = [key for key, n in Counter(host.key for host in hosts).items() if n > 1]
    if twice:
        raise BadInput(f"hosts file {path}: {twice[0][0]} is named twice with port {twice[0][1]}")
    return hosts


def parse_host(text):
    match = re.fullmatch(r"(?:(ip6:)|ip:|ip4:)?([\w.:%-]+)(?:,(\d{1,5}))?", text, re.ASCII)
    port = int(match[3] or PORT) if match else 0
    if not match or not 0 < port < 65536 or (":" in match[2] and not match[1]) \
            or match[2].startswith("-"):
        raise BadInput(f"'{text}': allowed are NAME, ADDRESS and ip6:ADDRESS, each with or without "
                       ",PORT")
    return Host(text, match[2], port)


def check_asked(asked, bench):
    """Raises BadInput for what cannot be done on other machines."""
    if bench.file_systems:
        raise BadInput("--file-systems: are made on this machine, and --hosts names others")
    if bench.destroy:
        raise BadInput(f"--destroy {bench.destroy[0]}: is checked on this machine, and --hosts "
                       "names others")
    placed = {point.load.placement for point in asked.points} - {NO_PLACEMENT}
    if placed:
        raise BadInput(f"--placements {min(placed)}: is checked on this machine, and --hosts names "
                       "others")
    for job in asked.jobs:
        check_names(job, bench.hosts)
        if re.search(r"\$(ncpus|mb_memory)", job.text) and any(p.rate for p in asked.points):
            raise BadInput(f"--rates: job file {job.path} has $ncpus or $mb_memory, which are "
                           "other numbers on each host, and its processes share the rate: put the "
                           "number into the file")


def check_names(job, hosts):
    """A server runs as whoever started it, so also a job that reads keeps to the hosts' scratch
    folder: without --readonly, which no client passes on, fio makes short files longer."""
    if any(section.text("opendir") for section in job.sections):
        raise BadInput(f"job file {job.path}: opendir= is not compared on hosts")
    for path in named(job, "/scratch"):
        if not os.path.normpath(path).startswith("/scratch/"):
            raise BadInput(f"job file {job.path} names '{path.removeprefix('/scratch/')}', which "
                           f"lies outside {hosts.scratch} on the hosts: refused")


def probe(bench, asked):
    """Asks the hosts what they are; raises BadInput where they cannot be compared."""
    hosts = bench.hosts
    for host in hosts.members:
        reach(host)
    with_engine = any(mode.offload for mode in asked.modes)
    asked_of = [ask(bench, host, with_engine) for host in hosts.members]
    hosts.about = [about for about, _ in asked_of]
    here = {"name": "this machine", "fio": first_line(bench.fio, "--version")}
    refuse_different("fio", [here, *hosts.about])
    for about, complaint in asked_of:
        if complaint:
            raise BadInput(f"host {about['name']}: {complaint}")
        if with_engine and not about["engine"]:
            raise BadInput(f"host {about['name']}: {hosts.engine} does not tell its version there: "
                           "build it from this source")
    refuse_different("engine", hosts.about)


def reach(host):
    try:
        socket.create_connection((host.address, host.port), CONNECT_S).close()
    except OSError as error:
        reason = error.strerror or f"no answer within {CONNECT_S} s"
        raise BadInput(f"host {host.name}: {reason} (port {host.port}); is fio --server running "
                       "there?") from error


def ask(bench, host, with_engine):
    """(what a host says of itself when it runs a tiny job, why that came to nothing or None)"""
    outcome = run_client(bench, probe_text(bench, with_engine), Limit(PROBE_LIMIT_S), "normal",
                         [host])
    text = said(outcome)
    told = TOLD.search(text)
    if outcome.stopped:
        raise BadInput(f"interrupted while host {host.name} was asked")
    if not told:
        # Between protocols the version of the other fio is not told.
        raise BadInput(f"host {host.name}: what listens at port {host.port} is no "
                       f"{first_line(bench.fio, '--version')} as here, or no fio --server"
                       f"{because(complaints(text))}")
    engine = re.search(r"^<.*iowq: .*; engine (\S+)$", text, re.M)
    ended = re.findall(rf"^{PROBE}: .*err= *(\d+)", text, re.M)
    good = len(ended) == len(bench.names) and set(ended) == {"0"}
    about = {"name": host.name, "hostname": told[1], "machine": f"{told[2]} {told[3]}",
             "fio": told[4], "engine": engine and engine[1]}
    return about, None if good else f"a first job failed{because(complaints(text))}"


def probe_text(bench, with_engine):
    """A job that makes the folder of each job to come, for fio wants directory= to be there."""
    hosts = bench.hosts
    engine = [f"ioengine=external:{hosts.engine}", "offload=inline"] if with_engine else \
        ["ioengine=psync"]
    lines = ["[global]", *engine, f"directory={hosts.scratch}", "unique_filename=0", "rw=read",
             "size=4k", "unlink=1"]
    for name in bench.names.values():
        lines += [f"[{PROBE}]", f"filename={FOLDER}{name}/{PROBE}"]
    return "\n".join([*lines, ""])


def refuse_different(what, abouts):
    """Raises BadInput with one line that names who has which version."""
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
        return run_limited(bench.hosts.command(bench.fio, path, form, members), empty, limit,
                           bench.stop, GRACE_S)


def options_there(bench, job, options):
    """The options of a run here as they are for the hosts.

    What the engine would count in a file stays there, so it is not asked for. The logs of two
    servers at one address would have one name.
    """
    theirs = {name: value for name, value in options.items() if name != "pool_stats"}
    if len({host.address for host in bench.hosts.members}) < len(bench.hosts.members):
        theirs = {name: value for name, value in theirs.items() if name not in over_time.OPTIONS}
    if job.cache == "warm":
        theirs["pre_read"] = 1
    return theirs | {"directory": bench.hosts.folder(bench, job)}


def check_options(asked, bench):
    """Has the hosts read the job of every mode; files are laid out, but no I/O is done."""
    for point in samples(asked.points):
        job, mode = asked.job(point.load.job), asked.mode(point.mode)
        options = run_options(bench, job, mode, Run("check", point, 1, 1))
        wrong = laid_out(bench, job, options)
        if wrong and bench.stop.signal is None:
            raise BadInput(f"{mode.name} on {job.path}: {wrong}")


def lay_out(asked, bench):
    """Creates the files on all hosts; returns the time that fio took."""
    started = time.monotonic()
    for job in asked.jobs:
        wrong = laid_out(bench, job, layout_options(job))
        if wrong and bench.stop.signal is None:
            raise FolderFailed(f"fio cannot lay out the files of {job.name}: {wrong}")
    return time.monotonic() - started


def laid_out(bench, job, options):
    """Why it came to nothing, naming the hosts; None if it did not."""
    options = options_there(bench, job, options) | {"create_only": 1, "startdelay": 0}
    text = rewritten(job, options)
    outcome = run_client(bench, text, Limit(UNSEEN_S))
    return failures(bench.hosts, outcome, results_of(bench.hosts, read_output(outcome)), idle=True)


def execute(bench, results, run, job, mode):
    """run.execute on the hosts."""
    path = results.path / f"runs/{run.id}.fio"
    results.write(f"runs/{run.id}.fio", rewritten(
        job, options_there(bench, job, run_options(bench, job, mode, run))))
    command = bench.hosts.command(bench.fio, path.absolute())
    window_ms = over_time.log_options(bench.length_s(job), False)["log_avg_msec"]
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_limited(command, folder, bench.limit(job), bench.stop, GRACE_S)
        logs = over_time.take(Path(folder), window_ms)
    if outcome.stopped:
        path.unlink()
        return None, None
    results.write(f"runs/{run.id}.fio.json", outcome.stdout)
    record, figures = judge(bench.hosts, outcome, job)
    record |= {"run": run.as_json(), "command": command, "cache": job.cache, **logs}
    if figures and over_time.uneven(logs.get("iops_over_time", [])):
        record["flags"].append("uneven")
    results.write_json(f"runs/{run.id}.run.json", record)
    return record, figures


def judge(hosts, outcome, job):
    """(record, figures or None): a run is good if every host has done every job."""
    document = read_output(outcome)
    theirs = results_of(hosts, document)
    reason = failures(hosts, outcome, theirs)
    told = {name: figures_there(jobs) for name, jobs in theirs.items()}
    if reason:
        figures, flags = None, ["hung" if outcome.hung else "failed"]
    else:
        figures = output.figures(document)
        flags = doubts_of_latency(figures) + unsteady(document)
        flags += ["unchecked_cache"] if job.buffered else []
        rates = [there["iops"] for there in told.values()]
        flags += ["hosts_differ"] if min(rates) < EVEN * max(rates) else []
    return ABSENT | {
        "status": outcome.status, "hung": outcome.hung, "wall_s": outcome.wall_s,
        "stderr": outcome.stderr.decode(errors="replace")[-4000:], "ok": figures is not None,
        "reason": reason, "flags": flags, "hosts": told}, figures


def read_output(outcome):
    try:
        return output.parse_fio(outcome.stdout.decode(errors="replace"))
    except output.NotFioOutput:
        return {}


def results_of(hosts, document):
    """{host's name: what the document says of its jobs}"""
    jobs = output.jobs_of(document)
    return {host.name: [job for job in jobs if (job.get("hostname"), job.get("port")) == host.key]
            for host in hosts.members}


def figures_there(jobs):
    """One host's."""
    found = output.figures({"jobs": jobs})
    return {"ios": found.ios, "iops": found.iops, "bw_bytes": found.bw_bytes,
            "lat_p50_ns": output.percentile(found.bins, 50),
            "lat_p99_ns": output.percentile(found.bins, 99),
            "error": next((job["error"] for job in jobs if job["error"]), 0), "jobs": len(jobs)}


def failures(hosts, outcome, theirs, idle=False):
    """What is wrong with which host, in one line; None if nothing is."""
    expected = max(1, *(len(jobs) for jobs in theirs.values()))
    wrong = {name: why for name, jobs in theirs.items() if (why := failure(jobs, expected, idle))}
    lines = [f"killed after {outcome.wall_s:.0f} s without an end"] if outcome.hung else []
    lines += [f"host {about['name']}: {wrong[about['name']]}"
              f"{because(complaints_of(hosts, about, list(wrong), said(outcome)))}"
              for about in hosts.about if about["name"] in wrong]
    if not lines and outcome.status != 0:
        lines = [f"exit status {outcome.status}{because(complaints(said(outcome)))}"]
    return "; ".join(lines) or None


def failure(jobs, expected, idle):
    """What is wrong with a host's jobs, in a word."""
    if len(jobs) < expected:
        return f"{len(jobs)} of {expected} jobs came to a result" if jobs else "no result"
    for job in jobs:
        if job["error"]:
            return f"job {job['jobname']} ended with error {job['error']}"
        if not idle and not output.figures({"jobs": [job]}).ios:
            return f"job {job['jobname']} did no I/O"
    return None


def said(outcome):
    """The client's own words and those of the servers, which stand before the JSON."""
    text = outcome.stdout.decode(errors="replace")
    return "\n".join([re.split(r"^\{", text, maxsplit=1, flags=re.M)[0],
                      outcome.stderr.decode(errors="replace")])


def complaints(text):
    """The lines of servers and client that are not said in every run."""
    lines = re.findall(r"^((?:<.*?> |fio: |client).*)$", text, re.M)
    return [line for line in lines if not USUAL.search(line)]


def complaints_of(hosts, about, failed, text):
    """Those of one host. A server's lines begin with the name that its machine has for itself,
    which several may share; then they are this host's if no other has failed."""
    host = next(host for host in hosts.members if host.name == about["name"])
    same = sum(other["hostname"] == about["hostname"] for other in hosts.about)
    theirs = [line for line in complaints(text) if line.startswith(f"<{about['hostname']}> ")]
    own = rf"(host=|<|to ){re.escape(host.address)}\b"
    clients = [line for line in complaints(text) if re.match(rf"(fio: |client).*{own}", line)]
    return (theirs if same == 1 or len(failed) == 1 else []) + clients


def because(lines):
    """The first complaint names the cause of the others."""
    return ": " + re.sub(r"\bpid=\d+, ", "", lines[0].partition("> ")[2] or lines[0]).strip() \
        if lines else ""
