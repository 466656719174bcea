# SPDX-License-Identifier: MIT
"""The table a comparison ends with, in plain text."""

from dataclasses import asdict
from itertools import groupby

from suite.analyse.flags import doubts, meaning
from suite.analyse.criteria import SECTION_FIGURES, row_words, rows_of, section_figures
from suite.analyse.stats import LEAST_COVERAGE
from suite.analyse.summary import in_a_word
from suite.analyse.words import load_words
from suite.request.plan import load_titles
from suite.units import duration, percent, rate


def render(plan, summaries):
    """The lines for all loads, depth by depth, so that the modes that are compared stand together.
    An open loop has a table of its own."""
    lines = []
    titles = load_titles(s.point.load for s in summaries.values())
    jobs = {job["name"]: job for job in plan["jobs"]}
    for load in sorted(titles, key=lambda load: (list(jobs).index(load.job), load)):
        rows = [s for s in summaries.values() if s.point.load == load]
        for part in parts(rows):
            lines += ["", f"{titles[load]}: {load_words(jobs[load.job], load)}"
                      + (", open loop" if open_loop(part) else ""), *render_part(plan, part)]
    return lines + legend(summaries)


def parts(rows):
    """The summaries of closed loops and those of open loops; a part that is empty is left out."""
    return [part for part in ([s for s in rows if not s.point.rate],
                              [s for s in rows if s.point.rate]) if part]


def render_part(plan, rows):
    width = max(len("mode"), *(len(s.point.mode) for s in rows))
    n = {s.iops.n for s in rows if s.iops} or {0}
    usual = max((s.judged.coverage for s in rows if s.judged), default=0)
    runs = f"{max(n)} {'run' if max(n) == 1 else 'runs'}"
    ratio_words = (f"; ratio of {'p99' if open_loop(rows) else 'IOPS'} to {plan['baseline']} at "
                   "the same depth, paired within each round, with its "
                   f"{percent(usual)} interval") if any(s.judged for s in rows) else ""
    together = ", all sections and directions together" if len(rows_of(rows)) > 1 else ""
    lines = [f"Medians of {runs if len(n) == 1 else f'{min(n)} to {runs}'}{together}{ratio_words}",
             ""]
    lines.append(f"{'mode':{width}} depth{'   offered' if open_loop(rows) else ''}      IOPS"
                 "       p50       p99    CPU/IO  threads"
                 f"{'  helped' if helped(rows) else ''}  ratio")
    order = [mode["name"] for mode in plan["modes"]]
    rows = sorted(rows, key=lambda s: (s.point.depth, s.point.rate, order.index(s.point.mode)))
    for _, here in groupby(rows, lambda s: (s.point.depth, s.point.rate)):
        lines += [row(s, width, usual, plan["baseline"], helped(rows)) for s in here] + [""]
    return lines[:-1] + sections(rows, width) + hosts(rows, width)


def open_loop(rows):
    return any(s.point.rate for s in rows)


def point_words(point, width):
    return f"{point.mode:{width}} {point.depth:5}" + (f" {rate(point.rate):>9}" if point.rate
                                                      else "")


def helped(rows):
    """Did the submitter do any of what these modes hand over?"""
    return any(s.helped for s in rows)


def share_words(share):
    return "-" if share is None else f"{100 * share:.0f} %"


def row(summary, width, usual, baseline, with_helped):
    point = summary.point
    mark = " !" if doubts(summary.flags) else ""
    name = point_words(point, width)
    if not summary.iops:
        return f"{name}  no result{mark}"
    share = f" {share_words(summary.helped):>7}" if with_helped else ""
    return (f"{name} {rate(summary.iops.median):>9} {duration(summary.latency_ns(50)):>9}"
            f" {duration(summary.latency_ns(99)):>9}"
            f" {duration(summary.cpu_ns and summary.cpu_ns.median):>9}"
            f" {'-' if summary.threads_peak is None else summary.threads_peak:>8}{share}"
            f"  {ratio(summary, usual, baseline)}{mark}")


def sections(rows, width):
    """A line for each section and direction of each row; none where there is only one."""
    if len(rows_of(rows)) < 2:
        return []
    named = max(len("section"), *(len(row_words(row)) for s in rows for row in s.rows))
    heads = "".join(f" {name:>9}" for name in SECTION_FIGURES)
    lines = ["", "By section and direction, medians of the same runs", "",
             f"{'mode':{width}} depth{'   offered' if open_loop(rows) else ''}  "
             f"{'section':{named}} {heads}"]
    for s in rows:
        for row, found in section_figures(s).items():
            figures = "".join(f" {rate(value) if name == 'IOPS' else duration(value):>9}"
                              for name, value in found.items())
            lines.append(f"{point_words(s.point, width)}  {row_words(row):{named}} {figures}")
    return lines


def hosts(rows, width):
    """A line for each host of each row; none where this machine did the I/O."""
    names = [name for s in rows for name in s.hosts]
    if not names:
        return []
    named = max(len("host"), *map(len, names))
    lines = ["", "By host, medians of the same runs", "",
             f"{'mode':{width}} depth{'   offered' if open_loop(rows) else ''}  {'host':{named}}"
             "      IOPS       p50       p99"]
    return lines + [
        f"{point_words(s.point, width)}  {name:{named}} {rate(figures['iops']):>9}"
        f" {duration(figures['lat_p50_ns']):>9} {duration(figures['lat_p99_ns']):>9}"
        for s in rows for name, figures in s.hosts.items()]


def ratio(summary, usual, baseline):
    """The ratio, its interval, its coverage where failed runs made that unusual, the verdict."""
    r = summary.judged
    if not r:
        return "(baseline)" if summary.point.mode == baseline else "(no baseline)"
    if r.n == 1:
        return f"{r.median:.3f}"
    words = [f"{r.median:.3f} [{r.low:.3f}, {r.high:.3f}]",
             in_a_word(summary.point.judged_by, r)]
    if r.coverage != usual:
        words.insert(1, f"({percent(r.coverage)})")
    return " ".join(word for word in words if word)


def flag_words(summary):
    return ", ".join(f"{flag} in {n} of {summary.runs}" for flag, n in summary.flags.items()
                     if flag in doubts(summary.flags))


def reasons(summary):
    return f" ({'; '.join(summary.reasons)})" if summary.reasons else ""


def legend(summaries):
    """The lines that explain the marks, and say so if repeats are too few to show a difference."""
    lines = [""]
    ratios = [s.judged for s in summaries.values() if s.judged]
    widest = max((r.coverage for r in ratios), default=1)
    if widest < LEAST_COVERAGE:
        lines.append("Too few repeats to call a difference: the interval holds the true median in "
                     f"{percent(widest)} of cases, and {percent(LEAST_COVERAGE)} are asked for "
                     "(5 repeats).")
    elif ratios:
        lines.append("faster and slower stand only where the interval of the ratio leaves 1 out; "
                     "no difference shown: it does not, which is no proof that there is none.")
    if helped(summaries.values()):
        lines.append("helped: the share of the I/Os that the submitter did itself, as handing them "
                     "over was found not to pay; with +help=0 a mode always hands over.")
    marked = [s for s in summaries.values() if doubts(s.flags)]
    if not marked:
        return lines
    lines.append("! flagged, look before believing:")
    titles = load_titles(s.point.load for s in summaries.values())
    lines += [f"  {titles[s.point.load]}, {s.point.mode}, {s.point.where}: {flag_words(s)}"
              f"{reasons(s)}" for s in marked]
    seen = dict.fromkeys(flag for s in marked for flag in doubts(s.flags))
    return lines + [f"  {flag}: {meaning(flag)}" for flag in seen]


def as_json(summary):
    """A point's figures, for machines: ns, I/Os a second, intervals as [low, median, high]."""
    def shown(interval):
        return [interval.low, interval.median, interval.high] if interval else None

    point = summary.point
    return {**asdict(point.load), "mode": point.mode, "depth": point.depth, "rate": point.rate,
            "runs": summary.runs, "iops": shown(summary.iops),
            "lat_p50_ns": summary.latency_ns(50), "lat_p99_ns": summary.latency_ns(99),
            "lat_p999_ns": summary.latency_ns(99.9), "cpu_ns_per_io": shown(summary.cpu_ns),
            "switches_per_io": summary.switches, "helped": summary.helped,
            "cache_hit": summary.cache_hit, "threads_peak": summary.threads_peak,
            "hosts": summary.hosts,
            "ratios": {name: shown(r) for name, r in summary.ratios.items()},
            "coverage": summary.judged.coverage if summary.judged else None,
            "rows": [asdict(row) | figures for row, figures in section_figures(summary).items()],
            "flags": dict(summary.flags), "reasons": summary.reasons}
