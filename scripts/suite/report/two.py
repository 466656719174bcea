# SPDX-License-Identifier: MIT
"""The report of two comparisons, A and B: what has changed from the one to the other."""

from dataclasses import dataclass, replace
from functools import cached_property

from suite.analyse.criteria import deciding
from suite.analyse.stats import LEAST_COVERAGE, UNPAIRED_COVERAGE, unpaired_ratio
from suite.analyse.summary import COMPARED, SIDES, in_a_word, interval_coverage, summarise
from suite.analyse.verdict import Rules
from suite.analyse.words import UNAFFECTED, machine_title
from suite.draw import ranked_charts, subject
from suite.errors import BadInput
from suite.report import html
from suite.report.html import Cell, Table
from suite.report.page import between
from suite.report.pictures import Pictures
from suite.request.plan import load_titles, unique_names
from suite.units import percent, rate

COLUMNS = (
    ("mode", ""), ("depth", ""), ("A: IOPS", "median"), ("B: IOPS", "median"),
    ("IOPS, B : A", "the median of all ratios of a run of B to one of A"),
    ("its interval", "Hodges and Lehmann's"), ("verdict", "where the interval leaves 1 out"),
    ("p99, B : A", "above 1: longer in B"), ("p99", "verdict"),
    ("CPU/IO, B : A", "above 1: dearer in B"), ("CPU/IO", "verdict"), ("flags", "of either"))

# Members of env.json that differ between any two comparisons; older suites noted them down.
NOT_COMPARED = ("commands", "path", "mount_point")


@dataclass
class Side:
    folder: object
    plan: dict
    about: dict

    @property
    def name(self):
        return self.folder.path.resolve().name

    @cached_property
    def summaries(self):
        return summarise(self.folder.finished(), self.plan["baseline"],
                         interval_coverage(self.plan))


@dataclass
class Change:
    """A point that both have."""

    a: object
    b: object  # summaries; b's ratios are to a

    @property
    def ratio(self):
        return self.b.judged

    @property
    def verdict(self):
        return self.ratio.verdict(*SIDES[self.b.point.judged_by])


def name(a, b):
    return f"report-against-{unique_names([a.name])[a.name]}.html"


def document(a, b):
    found = changes(a, b)
    if not found:
        raise BadInput(f"{a.folder.path} and {b.folder.path} have no point in common that came to "
                       "a result in both: the same jobs, modes and depths are compared")
    titles = load_titles(change.b.point.load for change in found)
    pictures = Pictures()
    charts = drawn(pictures, a, b, found, titles)
    loads = [{"title": title, "charts": [charts[title]], "table": Table(COLUMNS, [
        row(change) for change in found if change.b.point.load == load])}
             for load, title in titles.items()]
    return html.page("two.html.j2", pictures, names=(a.name, b.name),
                     sides=[("A", described(a)), ("B", described(b))],
                     verdict=verdict(found, titles), loads=loads, missing=missing(a, b),
                     differences=differences(a, b), footer=html.footer(charts.values()),
                     least=percent(LEAST_COVERAGE))


def changes(a, b):
    """[Change] of the points that both have, in B's order."""
    found = []
    coverage = max(UNPAIRED_COVERAGE, interval_coverage(a.plan), interval_coverage(b.plan))
    for point, ours in b.summaries.items():
        theirs = a.summaries.get(point)
        if not theirs or not (ours.iops and theirs.iops):
            continue
        ratios = {figure: unpaired_ratio(list(ours.figures[figure].values()),
                                         list(theirs.figures[figure].values()), coverage)
                  for figure in COMPARED
                  if ours.figures.get(figure) and theirs.figures.get(figure)}
        if point.judged_by in ratios:
            found.append(Change(theirs, replace(ours, ratios=ratios)))
    order = [mode["name"] for mode in b.plan["modes"]]
    return sorted(found, key=lambda c: (c.b.point.load, c.b.point.depth, c.b.point.rate,
                                        order.index(c.b.point.mode)))


def described(side):
    about = side.about
    return (f"{side.name}: {machine_title(about)}, commit "
            f"{(about['git']['commit'] or 'none')[:10]}"
            + (" with changes" if about["git"]["dirty"] else ""))


def verdict(found, titles):
    """How many points became better and worse, and which; `by_chance`: if nothing had changed."""
    better, worse = ([c for c in found if c.verdict in words]
                     for words in (("faster", "shorter"), ("slower", "longer")))
    least = min(c.ratio.coverage for c in found)
    return {"points": len(found), "better": len(better), "worse": len(worse),
            "by_chance": len(found) * (1 - least),
            "lines": [f"{titles[c.b.point.load]}, {c.b.point.mode}, {c.b.point.where}: "
                      f"{'p99 ' if c.b.point.rate else ''}{c.verdict}, {c.ratio.median:.3f} of A's"
                      for c in better + worse]}


def drawn(pictures, a, b, found, titles):
    """{title: Chart}: the ratios of each load."""
    plan = b.plan | {"baseline": f"A ({a.name})"}
    summaries = {change.b.point: change.b for change in found}
    figures = {}
    for one in subject.of_loads(plan, b.about, summaries):
        one.compared = "unpaired, as A and B were measured at different times"
        figures[one.title] = ranked_charts.ratios(one)
    return html.drawn_once(pictures, "What has changed, and is it shown?", figures)


def row(change):
    a, b = change.a, change.b
    iops, p99, cpu = (b.ratios.get(figure) for figure in ("iops", "p99", "cpu"))
    return [Cell(b.point.mode), Cell(b.point.depth, b.point.depth),
            Cell(rate(a.iops.median), a.iops.median), Cell(rate(b.iops.median), b.iops.median),
            Cell(f"{iops.median:.3f}", iops.median), Cell(between(iops, "{:.3f}".format)),
            Cell(in_a_word("iops", iops)), *figure("p99", p99), *figure("cpu", cpu),
            Cell(", ".join({**a.flags, **b.flags}))]


def figure(name, ratio):
    if not ratio:
        return Cell(""), Cell("")
    return Cell(f"{ratio.median:.3f}", ratio.median), Cell(in_a_word(name, ratio))


def became_worse(a, b, by):
    """A line for each figure that decides and of which all of the interval says that it is worse in
    B by more than the share `by`."""
    rules, lines = Rules.of_plan(b.plan), []
    for point, ours in b.summaries.items():
        theirs = a.summaries.get(point)
        if not theirs or not (ours.iops and theirs.iops):
            continue
        alike = [s for s in b.summaries.values() if s.iops and s.point.load == point.load
                 and (s.point.rate > 0) == (point.rate > 0)]
        for judged in deciding(rules.criteria, alike):
            sides = [list(judged.values(s).values()) for s in (ours, theirs)]
            ratio = unpaired_ratio(*sides) if all(sides) else None
            if ratio and ratio.coverage >= LEAST_COVERAGE and (
                    ratio.high < 1 - by if judged.more_is_better else ratio.low > 1 / (1 - by)):
                what = f", {judged.words}" if judged.words else ""
                lines.append(f"{point.load.job}, {point.mode}, {point.where}{what}: "
                             f"{judged.worse}: {ratio.median:.3f} [{ratio.low:.3f}, "
                             f"{ratio.high:.3f}]")
    return lines


def missing(a, b):
    """Lines about the points that only one of them has."""
    lines = []
    for letter, one, other in (("A", a, b), ("B", b, a)):
        only = [p for p, s in one.summaries.items()
                if s.iops and not (p in other.summaries and other.summaries[p].iops)]
        lines += [f"Only in {letter}: {p.load.job}, {p.mode}, {p.where}" for p in only]
    return lines


def differences(a, b):
    """The Table of what differs between the machines and the plans; None where nothing does."""
    mine, other = ({**flat(side.about), **asked(side.plan)} for side in (a, b))
    rows = [(key, mine.get(key), other.get(key)) for key in {**mine, **other}
            if mine.get(key) != other.get(key)]
    return Table((("what", ""), ("A", ""), ("B", "")),
                 [[Cell(cell) for cell in row] for row in rows]) if rows else None


def asked(plan):
    """{name: value} of what was asked for, without the modes and depths, which are matched."""
    jobs = {f"job {job['name']}": job["text"] for job in plan["jobs"]}
    lengths = {f"length of a run of {name}": f"{length} s"
               for name, length in plan["lengths_s"].items()}
    return jobs | lengths | {name: str(plan["bench"].get(name)) for name in
                             ("steady", "file_systems", "hosts")}


def flat(about, prefix=""):
    """{dotted name: value}, without what says nothing of the machine."""
    found = {}
    for key, value in about.items():
        if key in NOT_COMPARED or value == UNAFFECTED:
            continue
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
