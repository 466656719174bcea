# SPDX-License-Identifier: MIT
"""The table a comparison ends with, in plain text."""

from suite.stats import LEAST_COVERAGE
from suite.units import duration, percent, rate


def render(plan, summaries):
    """The lines for all jobs; depth by depth, so that what is compared stands together."""
    lines = []
    for job in plan["jobs"]:
        rows = [s for s in summaries.values() if s.point.load.job == job["name"]]
        if rows:
            lines += render_job(plan, job, rows)
    return lines + legend(summaries)


def render_job(plan, job, rows):
    width = max(len("mode"), *(len(s.point.mode) for s in rows))
    n = max((s.iops.n for s in rows if s.iops), default=0)
    usual = max((s.ratios["iops"].coverage for s in rows if s.ratios), default=0)
    lines = ["", f"{job['name']}: {describe(job)}",
             f"Medians of {n} {'run' if n == 1 else 'runs'}; ratio of IOPS to {plan['baseline']} "
             f"at the same depth, paired within each block, with its {percent(usual)} interval", ""]
    lines.append(f"{'mode':{width}} depth      IOPS       p50       p99    CPU/IO  threads  ratio")
    order = [mode["name"] for mode in plan["modes"]]
    for depth in plan["depths"]:
        here = [s for s in rows if s.point.depth == depth]
        here.sort(key=lambda s: order.index(s.point.mode))
        lines += [row(s, width, usual) for s in here] + [""]
    return lines[:-1]


def describe(job):
    kind = "reads and writes" if job["reads"] and job["writes"] else \
        "reads" if job["reads"] else "writes"
    size = f"{job['block']} bytes" if job["block"].isdigit() else job["block"]
    state = {"direct": "O_DIRECT", "mixed": "some O_DIRECT, some buffered, page cache warm"}.get(
        job["cache"], f"buffered, page cache {job['cache']}")
    return f"{kind} of {size}, {state}"


def row(summary, width, usual):
    point = summary.point
    mark = " !" if summary.flags else ""
    name = f"{point.mode:{width}} {point.depth:5}"
    if not summary.iops:
        return f"{name}  no result{mark}"
    return (f"{name} {rate(summary.iops.median):>9} {duration(summary.latency_ns(50)):>9}"
            f" {duration(summary.latency_ns(99)):>9} {duration(summary.cpu_ns.median):>9}"
            f" {summary.threads_peak:8}  {ratio(summary, usual)}{mark}")


def ratio(summary, usual):
    """The ratio, its interval, the coverage where a failed run made it another, the verdict."""
    if not summary.ratios:
        return "(baseline)" if summary.iops else ""
    r = summary.ratios["iops"]
    if r.n == 1:
        return f"{r.median:.3f}"
    words = [f"{r.median:.3f} [{r.low:.3f}, {r.high:.3f}]", r.verdict()]
    if r.coverage != usual:
        words.insert(1, f"({percent(r.coverage)})")
    return " ".join(word for word in words if word)


def flag_words(summary):
    return ", ".join(f"{flag} in {n} of {summary.runs}" for flag, n in summary.flags.items())


def reasons(summary):
    return f" ({'; '.join(summary.reasons)})" if summary.reasons else ""


def legend(summaries):
    """What the marks mean; a difference that cannot be shown for want of repeats is said so."""
    lines = [""]
    ratios = [s.ratios["iops"] for s in summaries.values() if s.ratios]
    widest = max((r.coverage for r in ratios), default=1)
    if widest < LEAST_COVERAGE:
        lines.append("Too few repeats to call a difference: the interval holds the true median in "
                     f"{percent(widest)} of cases, and {percent(LEAST_COVERAGE)} are asked for "
                     "(5 repeats).")
    elif ratios:
        lines.append("faster and slower stand only where the interval of the ratio leaves 1 out.")
    marked = [s for s in summaries.values() if s.flags]
    if marked:
        lines.append("! flagged, look before believing (results/README.md explains each flag):")
    return lines + [f"  {s.point.load.job}, {s.point.mode}, depth {s.point.depth}: {flag_words(s)}"
                    f"{reasons(s)}" for s in marked]
