# SPDX-License-Identifier: MIT
"""What a comparison ends with: charts, report, table, verdict, all made from its folder."""

import json
import os

from suite.analyse import answer, beside, precision, race, rounds, same, verdict
from suite.analyse.summary import interval_coverage, summarise
from suite.draw import charts, plot
from suite.report import page, table


def summaries_of(plan, finished):
    return summarise(finished, plan["baseline"], interval_coverage(plan))


def report(folder):
    """Draws the charts, writes the report and prints the table and the verdict, from the folder."""
    plan, about = folder.read_plan(), folder.read_json("env.json")
    finished = folder.finished()
    summaries = summaries_of(plan, finished)
    made = charts.figures(plan, about, summaries)
    pictures = plot.draw(made, plot.Charts(folder), plot.USUAL_FORMATS, dark=False)
    report_path = page.write(folder, plan, about, summaries, made, said(plan, summaries, finished))
    print("\n".join(in_words(plan, summaries, finished)))
    print(f"{len(pictures)} pictures in {os.path.relpath(folder.charts)}")
    print(f"report: {os.path.relpath(report_path)}")


def in_words(plan, summaries, finished):
    """The lines that a comparison ends with."""
    return (table.render(plan, summaries) + answer.render(summaries, verdict.Rules.of_plan(plan))
            + said(plan, summaries, finished))


def said(plan, summaries, finished):
    """Lines about what a mode asks of a program, about depths, other programs, the machine while it
    was measured, and what was left out."""
    return (answer.what_to_do(summaries) + answer.always_serial(plan["jobs"])
            + beside.words(summaries) + same.words(summaries) + rounds.words(finished)
            + race.words(plan, summaries) + precision.words(plan, summaries))


def as_json(folder, status):
    """The text that --json prints: the points with their figures, and the verdicts."""
    plan = folder.read_plan()
    finished = folder.finished()
    summaries = summaries_of(plan, finished)
    return json.dumps({
        "results": str(folder.path), "status": status, "baseline": plan["baseline"],
        "seed": plan["seed"], "disturbed": sorted(rounds.disturbed(finished)),
        "points": [table.as_json(s) for s in summaries.values()],
        "verdicts": verdict.as_json(summaries, verdict.Rules.of_plan(plan))}, indent=1)
