# SPDX-License-Identifier: MIT
"""The report of more than two comparisons, in the order in which they were made: how did it go?"""

import time
from dataclasses import dataclass
from statistics import median

from suite import places
from suite.analyse.criteria import Judged, deciding, figure_name, row_words
from suite.analyse.stats import UNPAIRED_COVERAGE, Interval, unpaired_ratio
from suite.analyse.summary import interval_coverage
from suite.analyse.verdict import Rules
from suite.analyse.words import load_words
from suite.draw import course_charts
from suite.errors import BadInput
from suite.fio.output import parse_fio
from suite.report import html
from suite.report.html import Cell, Table
from suite.report.page import between
from suite.report.pictures import Pictures
from suite.report.two import described
from suite.request.judged import MORE_IS_BETTER
from suite.request.plan import load_titles
from suite.units import duration, rate

NAME = "report-of-several.html"


@dataclass
class Course:
    """What decides at a point, in all comparisons: `values` has a list of runs' figures for each,
    which is empty where it has none."""

    point: object
    judged: Judged
    values: list
    coverage: float

    @property
    def where(self):
        """The depth, and what is judged."""
        return ", ".join(filter(None, (self.point.where, self.what)))

    @property
    def what(self):
        row = [row_words(self.judged.row)] if self.judged.row else []
        return " ".join([*row, figure_name(self.judged)])

    @property
    def there(self):
        """The numbers of the comparisons that have it."""
        return [i for i, values in enumerate(self.values) if values]

    @property
    def whole(self):
        """The last's ratio to the first."""
        return self.ratio(self.there[-1], self.there[0])

    def ratio(self, later, earlier):
        return unpaired_ratio(self.values[later], self.values[earlier], self.coverage)

    def to_first(self):
        """The ratio of each comparison to the first that has it; None where one has it not."""
        first = self.there[0]
        return [self.ratio(i, first) if i > first and values else
                Interval(1, 1, 1, 1, len(values)) if i == first else None
                for i, values in enumerate(self.values)]

    def steps(self):
        """[(the number of a comparison, its ratio to the one before that has it)]"""
        return [(later, self.ratio(later, earlier))
                for earlier, later in zip(self.there, self.there[1:])]

    def word(self, ratio):
        return ratio.verdict(*self.judged.sides)

    def better(self, ratio):
        """Whether it is shown to be better; None where no difference is shown."""
        word = self.word(ratio)
        return (word == self.judged.sides[0]) == (self.judged.figure in MORE_IS_BETTER) \
            if word else None

    def shown(self, value):
        return (rate if self.judged.figure in MORE_IS_BETTER else duration)(value)


def in_order(sides):
    """The sides as they were measured; those of which fio did not say when, as they were given."""
    return sorted(sides, key=lambda side: measured_at(side.folder) or 0)


def measured_at(folder):
    """When the first run ended that came to a result, in seconds since 1970; None if fio did not
    say."""
    first = next((kept for kept in folder.kept() if kept.record["ok"]), None)
    return parse_fio(first.fio).get("timestamp") if first else None


def document(sides):
    """`sides`: in_order()."""
    check(sides)
    found = courses(sides)
    titles = load_titles(dict.fromkeys(course.point.load for course in found))
    pictures = Pictures()
    numbered = [f"{i}: {side.name}" for i, side in enumerate(sides, 1)]
    charts = drawn(pictures, sides, numbered, found, titles)
    loads = [{"title": title, "charts": [charts[title]], "table": table(sides, [
        course for course in found if course.point.load == load])}
             for load, title in titles.items()]
    steps = [(course, *step) for course in found for step in course.steps()]
    return html.page(
        "many.html.j2", pictures, count=len(sides), loads=loads,
        sides=[(i, f"{when(side)}{described(side)}") for i, side in enumerate(sides, 1)],
        whole=verdict(titles, [(course, course.whole) for course in found]),
        steps=[(f"{number}, {side.name}", verdict(titles, [
            (course, ratio) for course, at, ratio in steps if at == number - 1]))
               for number, side in list(enumerate(sides, 1))[1:]])


def check(sides):
    """Raises BadInput where the sides cannot be compared."""
    last = sides[-1]
    paths = [side.folder.path.resolve() for side in sides]
    for side, path in zip(sides, paths):
        if paths.count(path) > 1:
            raise BadInput(f"{side.folder.path}: is named twice")
        if side.plan.get("judge") != last.plan.get("judge"):
            raise BadInput(f"{side.folder.path} is judged by {judged_by(side)}, "
                           f"{last.folder.path} by {judged_by(last)}: only what is judged by the "
                           f"same is compared ({places.called('compare')} --resume FOLDER --judge "
                           "LIST)")
        if side is not last and not results(side) & results(last):
            raise BadInput(f"{side.folder.path} and {last.folder.path} have no point in common that"
                           " came to a result in both: the same jobs, modes and depths are compared"
                           )


def judged_by(side):
    return side.plan.get("judge") or "the usual figures"


def results(side):
    return {point for point, summary in side.summaries.items() if summary.iops}


def courses(sides):
    """[Course] of what decides in the last comparison, where another has it too."""
    last = sides[-1]
    coverage = max(UNPAIRED_COVERAGE, *(interval_coverage(side.plan) for side in sides))
    rules, found = Rules.of_plan(last.plan), []
    for point in results(last):
        alike = [last.summaries[other] for other in results(last) if other.load == point.load
                 and (other.rate > 0) == (point.rate > 0)]
        for judged in deciding(rules.criteria, alike):
            values = [list(judged.values(side.summaries[point]).values())
                      if point in results(side) else [] for side in sides]
            if values[-1] and any(values[:-1]):
                found.append(Course(point, judged, values, coverage))
    order = [mode["name"] for mode in last.plan["modes"]]
    jobs = [job["name"] for job in last.plan["jobs"]]
    return sorted(found, key=lambda course: (
        jobs.index(course.point.load.job), course.point.load, order.index(course.point.mode),
        course.point.depth, course.point.rate, course.what))


def when(side):
    at = measured_at(side.folder)
    return time.strftime("%Y-%m-%d %H:%M UTC, ", time.gmtime(at)) if at else ""


def verdict(titles, rows):
    """How many became better and worse of [(Course, ratio)], and which."""
    better, worse = ([(course, ratio) for course, ratio in rows if course.better(ratio) is wanted]
                     for wanted in (True, False))
    return {"points": len(rows), "better": len(better), "worse": len(worse),
            "by_chance": sum(1 - ratio.coverage for _, ratio in rows),
            "lines": [f"{titles[course.point.load]}, {course.point.mode}, {course.where}: "
                      f"{course.word(ratio)}, {ratio.median:.3f} of what it was"
                      for course, ratio in worse + better]}


def drawn(pictures, sides, numbered, found, titles):
    """{title of a load: Chart}"""
    last, figures = sides[-1], {}
    jobs = {job["name"]: job for job in last.plan["jobs"]}
    for load, title in titles.items():
        rows = {}
        for course in found:
            if course.point.load == load:
                rows.setdefault(course.point.mode, {})[course.where] = course.to_first()
        figures[title] = course_charts.courses(title, load_words(jobs[load.job], load), numbered,
                                               rows)
    return html.drawn_once(pictures, "How did each mode go over the comparisons?", figures)


def table(sides, found):
    heads = [("mode", ""), ("point", "depth, and what is judged of it"),
             *((str(i), f"{side.name}: median") for i, side in enumerate(sides, 1)),
             ("last : first", "the median of all ratios of a run of the last to one of the first"),
             ("its interval", "Hodges and Lehmann's"), ("verdict", "where it leaves 1 out"),
             ("changed in", "comparisons that differ from the one before")]
    return Table(heads, [row(course) for course in found])


def row(course):
    medians = [median(values) if values else None for values in course.values]
    whole = course.whole
    changed = [f"{later + 1}: {course.word(ratio)} ({ratio.median:.2f})"
               for later, ratio in course.steps() if course.word(ratio)]
    return [Cell(course.point.mode), Cell(course.where, course.point.depth),
            *(Cell("") if value is None else Cell(course.shown(value), value)
              for value in medians),
            Cell(f"{whole.median:.3f}", whole.median), Cell(between(whole, "{:.3f}".format)),
            Cell(course.word(whole) or "no difference shown"), Cell(", ".join(changed))]
