# SPDX-License-Identifier: MIT
"""--precision: which points are done, and which never came to it."""

from dataclasses import replace

from suite.analyse import rounds
from suite.analyse.stats import EARLY_STOP_COVERAGE, median_interval, paired_ratios
from suite.analyse.summary import COMPARED, by_point
from suite.request.plan import load_titles
from suite.units import percent

MOST_NAMED = 8


def narrow(finished, baseline, precision):
    """The points whose interval is as narrow as asked for: that of their ratio to the baseline; for
    the baseline itself, that of its figure."""
    repeats, _ = by_point(rounds.counted(finished))
    known = {point: {repeat: COMPARED[point.judged_by](record, figures)
                     for repeat, record, figures in rows if figures}
             for point, rows in repeats.items()}
    done = set()
    for point, own in known.items():
        values = list(own.values())
        against = known.get(replace(point, mode=baseline))
        if point.mode != baseline and against:
            values = paired_ratios(own, against)
        interval = median_interval(values, EARLY_STOP_COVERAGE) if values else None
        if interval and interval.coverage >= EARLY_STOP_COVERAGE \
                and interval.half_width <= precision:
            done.add(point)
    return done


def words(plan, summaries):
    """The line that says at which points the precision was not reached."""
    if not plan["precision"]:
        return []
    titles = load_titles(point.load for point in summaries)
    wide = {f"{titles[s.point.load]}, {s.point.mode}, {s.point.where}": interval.half_width
            for s in summaries.values() if (interval := s.judged or s.iops)
            and interval.half_width > plan["precision"]}
    if not wide:
        return []
    widest = sorted(wide.items(), key=lambda row: -row[1])
    named = "; ".join(f"{name}: ±{percent(width)}" for name, width in widest[:MOST_NAMED])
    more = f"; and {len(wide) - MOST_NAMED} more" if len(wide) > MOST_NAMED else ""
    return [f"{len(wide)} of {len(summaries)} points did not come to ±{percent(plan['precision'])} "
            f"within {plan['repeats']} rounds: {named}{more}."]
