# SPDX-License-Identifier: MIT
"""The charts: each answers one question about one load, as a Figure made from summaries."""

from dataclasses import dataclass

from suite.draw import subject as subjects
from suite.draw.depth_charts import latency, percentiles, throughput
from suite.draw.node_charts import nodes
from suite.draw.ranked_charts import cpu, ratios
from suite.draw.rate_charts import open_loop
from suite.draw.time_charts import over_time, threads
from suite.request.plan import unique_names


@dataclass(frozen=True)
class Chart:
    """`name` ends the names of its files, `question` is what it answers; `draw` makes the Figure
    of a Subject, or None where there is nothing to show. `placed`: the Subject has all placements
    of a load."""

    name: str
    question: str
    draw: object
    placed: bool = False


CHARTS = [
    Chart("throughput", "How does throughput grow with depth?", throughput),
    Chart("latency", "What does more throughput cost in latency?", latency),
    Chart("percentiles", "How long do the slowest I/Os take?", percentiles),
    Chart("ratios", "Which modes differ from the baseline, and by how much?", ratios),
    Chart("cpu", "How much CPU time does an I/O cost?", cpu),
    Chart("over-time", "Is it steady over time?", over_time),
    Chart("threads", "How many threads does it take, and when?", threads),
    Chart("open-loop", "How long does an I/O take when I/Os arrive at a given rate?", open_loop),
    Chart("nodes", "What does it cost when memory lies on another node?", nodes, placed=True),
]


def figures(plan, environment, summaries, names=None):
    """[(file name, Chart, Figure)] of every load; only the charts of `names`, if given."""
    loads = subjects.of_loads(plan, environment, summaries)
    placements = subjects.of_placements(plan, environment, summaries)
    files = unique_names([subject.title for subject in loads + placements])
    return [row for subject, placed in [(one, False) for one in loads]
            + [(one, True) for one in placements]
            for row in figures_of(subject, files[subject.title], names, placed)]


def figures_of(subject, file_name, names=None, placed=False):
    drawn = [(chart, chart.draw(subject)) for chart in CHARTS
             if chart.placed == placed and (not names or chart.name in names)]
    return [(f"{file_name}-{chart.name}", chart, figure) for chart, figure in drawn if figure]
