# SPDX-License-Identifier: MIT
"""What fio's client tells of each host: its results, or why there are none.

Each host's part is looked up in the client's output, as the client's exit status is 0 for a host
that it could not reach and for a job that could not be read.
"""

import re

from suite.fio import output
from suite.measure.run import doubts_of_latency, unsteady

# Where the slowest host has less than this share of the fastest one's IOPS, the run is flagged.
EVEN = 0.8
# Lines that fio's client passes on in every run, whether or not something is wrong.
USUAL = re.compile(r"> (?:\.\.\.|Starting \d.*|note: .*|.*\(g=\d+\): rw=.*|.*: Laying out IO file.*"
                   r"| *iowq: .*: offload=.*|\s*)$")
ABSENT = dict.fromkeys((
    "user_s", "system_s", "read_bytes", "voluntary_switches", "involuntary_switches",
    "threads_peak", "threads_by_name", "threads_over_time", "uring_in_user_space",
    "path_evidence", "cwd", "resident_before", "cache_hit", "pressure", "device"))


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
    """One host's figures, from its jobs."""
    found = output.figures({"jobs": jobs})
    return {"ios": found.ios, "iops": found.iops, "bw_bytes": found.bw_bytes,
            "lat_p50_ns": output.percentile(found.bins, 50),
            "lat_p99_ns": output.percentile(found.bins, 99),
            "error": next((job["error"] for job in jobs if job["error"]), 0), "jobs": len(jobs)}


def failures(hosts, outcome, theirs, idle=False):
    """Which hosts failed, and why, in one line; None if none has."""
    expected = max(1, *(len(jobs) for jobs in theirs.values()))
    wrong = {name: why for name, jobs in theirs.items() if (why := failure(jobs, expected, idle))}
    lines = [f"killed after {outcome.wall_s:.0f} s without an end"] if outcome.hung else []
    lines += [f"host {about['name']}: {wrong[about['name']]}"
              f"{because(complaints_of(hosts, about, list(wrong), said(outcome)))}"
              for about in hosts.about_hosts if about["name"] in wrong]
    if not lines and outcome.status != 0:
        lines = [f"exit status {outcome.status}{because(complaints(said(outcome)))}"]
    return "; ".join(lines) or None


def failure(jobs, expected, idle):
    """What is wrong with a host's jobs, in a few words; None if nothing is."""
    if len(jobs) < expected:
        return f"{len(jobs)} of {expected} jobs came to a result" if jobs else "no result"
    for job in jobs:
        if job["error"]:
            return f"job {job['jobname']} ended with error {job['error']}"
        if not idle and not output.figures({"jobs": [job]}).ios:
            return f"job {job['jobname']} did no I/O"
    return None


def said(outcome):
    """What the client and the servers said, which stands before the JSON."""
    text = outcome.stdout.decode(errors="replace")
    return "\n".join([re.split(r"^\{", text, maxsplit=1, flags=re.M)[0],
                      outcome.stderr.decode(errors="replace")])


def complaints(text):
    """The lines of servers and client that not every run has."""
    lines = re.findall(r"^((?:<.*?> |fio: |client).*)$", text, re.M)
    return [line for line in lines if not USUAL.search(line)]


def complaints_of(hosts, about, failed, text):
    """One host's complaints. A server's lines begin with its machine's own name, which several
    machines may share; then the lines are this host's only if no other host has failed."""
    host = next(host for host in hosts.members if host.name == about["name"])
    same = sum(other["hostname"] == about["hostname"] for other in hosts.about_hosts)
    theirs = [line for line in complaints(text) if line.startswith(f"<{about['hostname']}> ")]
    own = rf"(host=|<|to ){re.escape(host.address)}\b"
    clients = [line for line in complaints(text) if re.match(rf"(fio: |client).*{own}", line)]
    return (theirs if same == 1 or len(failed) == 1 else []) + clients


def because(lines):
    """The first complaint, which names the cause of the others, to stand behind a failure."""
    return ": " + re.sub(r"\bpid=\d+, ", "", lines[0].partition("> ")[2] or lines[0]).strip() \
        if lines else ""
