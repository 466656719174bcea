# SPDX-License-Identifier: MIT
"""The charts: each answers one question about one load, as a Figure made from summaries; one is of
a whole comparison."""

from dataclasses import dataclass

from suite.draw import subject as subjects
from suite.draw import winner_map
from suite.draw.depth_charts import latency, percentiles, throughput
from suite.draw.figure import WIDTH
from suite.draw.node_charts import nodes
from suite.draw.ranked_charts import cpu, ratios, threads
from suite.draw.rate_charts import open_loop
from suite.draw.steadiness import over_time, rounds
from suite.request.plan import unique_names

LOAD, PLACEMENTS, COMPARISON = "load", "placements", "comparison"


@dataclass(frozen=True)
class Chart:
    """`name` ends the names of its files, `question` is what it answers; `draw` makes the Figure,
    or None where there is nothing to show.

    `of`: what is drawn. The Subject of a LOAD; one with all PLACEMENTS of a load; or a whole
    COMPARISON, of its plan, environment and summaries, of the jobs that were asked for, and as wide
    as was asked for.
    """

    name: str
    question: str
    draw: object
    of: str = LOAD


CHARTS = [
    Chart("winner-map", "Which mode is the best, and where?", winner_map.of_comparison, COMPARISON),
    Chart("throughput", "How does throughput grow with depth?", throughput),
    Chart("latency", "What does more throughput cost in latency?", latency),
    Chart("percentiles", "How long do the slowest I/Os take?", percentiles),
    Chart("ratios", "Which modes differ from the baseline, and by how much?", ratios),
    Chart("cpu", "How much CPU time does an I/O cost?", cpu),
    Chart("threads", "How many threads does it take?", threads),
    Chart("rounds", "Was the machine quiet, and is each mode steady from run to run?", rounds),
    Chart("over-time", "Is each mode steady within a run?", over_time),
    Chart("open-loop", "How long does an I/O take when I/Os arrive at a given rate?", open_loop),
    Chart("nodes", "What does it cost when memory lies on another node?", nodes, PLACEMENTS),
]


def figures(plan, environment, summaries, names=None, jobs=None, width=WIDTH):
    """[(file name, Chart, Figure)], first of the comparison, `width` wide, then of every load; only
    the charts of `names`, and of `jobs`, if given. What a map says of a job is as in the map of
    all."""
    of_jobs = {point: s for point, s in summaries.items() if not jobs or point.load.job in jobs}
    loads = subjects.of_loads(plan, environment, of_jobs)
    placements = subjects.of_placements(plan, environment, of_jobs)
    files = unique_names([subject.title for subject in loads + placements])
    whole = [(chart.name, chart, chart.draw(plan, environment, summaries, jobs, width))
             for chart in chosen(COMPARISON, names)]
    return [row for row in whole if row[2]] + [
        row for subject, of in [(one, LOAD) for one in loads]
        + [(one, PLACEMENTS) for one in placements]
        for row in figures_of(subject, files[subject.title], names, of)]


def figures_of(subject, file_name, names=None, of=LOAD):
    drawn = [(chart, chart.draw(subject)) for chart in chosen(of, names)]
    return [(f"{file_name}-{chart.name}", chart, figure) for chart, figure in drawn if figure]


def chosen(of, names):
    return [chart for chart in CHARTS if chart.of == of and (not names or chart.name in names)]
