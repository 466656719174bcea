# SPDX-License-Identifier: MIT
"""The answer for a load, in one sentence: which modes, and where."""

from suite.analyse import verdict
from suite.analyse.flags import doubts
from suite.analyse.verdict import named
from suite.request.jobfile import serial_sections
from suite.request.modes import under_iowq_run
from suite.request.plan import load_titles

MOST_NAMED = 4  # modes in one breath
MOST_GROUPS = 4  # places in one sentence


def answers(found):
    """{load: its sentence} of all verdicts."""
    loads = {}
    for v in found:
        loads.setdefault(v.load, []).append(v)
    return {load: sentence(of_load) for load, of_load in loads.items()}


def sentence(of_load):
    """`of_load`: the verdicts on it, one or several."""
    by_figure = any(v.judged.row for v in of_load)
    counted_in = f"{len(of_load)} {'figures' if by_figure else 'points'}"
    everywhere = good_everywhere(of_load)
    if everywhere and len(of_load) > 1:
        return f"{together(everywhere)}, as good as the best {'by' if by_figure else 'at'} each " \
               f"of {counted_in}"
    groups = {}
    for v in of_load:
        groups.setdefault(together([named(s) for s in v.good]), []).append(v)
    if len(groups) > MOST_GROUPS:
        return f"it depends: no mode is as good as the best {'by' if by_figure else 'at'} all of " \
               f"{counted_in}"
    points = {v.best.point.where for v in of_load}
    if by_figure and len(points) == 1:
        return f"at {points.pop()}: " + "; ".join(
            f"{modes} for {listed([v.judged.words for v in here])}"
            for modes, here in groups.items())
    return "; ".join(f"{modes} at {places([v.where for v in here])}"
                     for modes, here in groups.items())


def good_everywhere(of_load):
    """The names of the modes that are as good as the best in all verdicts."""
    flagged = {s.point.mode for v in of_load for s in v.good if doubts(s.flags)}
    first, *others = of_load
    return [mode + (" !" if mode in flagged else "") for mode in (s.point.mode for s in first.good)
            if all(mode in {s.point.mode for s in v.good} for v in others)]


def together(modes):
    return " or ".join(modes) if len(modes) <= MOST_NAMED else f"{len(modes)} modes"


def places(where):
    """`depth 1` and `depth 8` become `depths 1 and 8`."""
    numbers = [words.removeprefix("depth ") for words in where]
    if len(where) > 1 and all(number.isdigit() for number in numbers):
        return f"depths {listed(numbers)}"
    return listed(where)


def listed(words):
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def what_to_do(summaries):
    """A line on what a program does for the modes whose names do not say it; none without any."""
    found = sorted({s.point.mode for s in summaries.values()
                    if s.iops and under_iowq_run(s.point.mode)})
    return [f"{listed(found)}: io_uring in user space. Run your program, unchanged, under "
            "build/iowq-run."] if found else []


def always_serial(jobs):
    """A line on the sections whose depth is not that of their load's points; none without any."""
    found = [f"{listed(sorted(sections))} of {job['name']}" for job in jobs
             if (sections := serial_sections(job["text"]))]
    return [f"Always at depth 1: {'; '.join(found)}."] if found else []


def render(summaries, rules):
    """The lines that follow the table."""
    found, unkept = verdict.verdicts(summaries, rules), verdict.nobody(summaries, rules)
    if len({s.point.mode for s in summaries.values() if s.iops}) < 2:
        return []
    lines = ["", "Which mode for this load?"]
    if not found:
        return lines + [f"  {line}" for line in unkept or ["Too few repeats to say."]]
    titles = load_titles(s.point.load for s in summaries.values())
    for load, answer in answers(found).items():
        lines.append(f"  {titles[load]}: {answer}")
        for v in (v for v in found if v.load == load):
            lines += [f"    {line}" for line in verdict.words(v, rules.coverage)]
    return [*lines, *(f"  {line}" for line in unkept), "", *verdict.caveat(found, rules)]
