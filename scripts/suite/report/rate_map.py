# SPDX-License-Identifier: MIT
"""What scripts/map ends with: a table, the picture, a page, or JSON."""

import json
import os

from suite.analyse import rounds
from suite.analyse.flags import meaning
from suite.analyse.interference import flags_of, off, pairs
from suite.analyse.words import load_words
from suite.draw import plot, rate_map
from suite.report import short_page
from suite.report.html import Cell, Table
from suite.units import duration, rate

HEADS = (("mode", "as given to --modes"), ("reads/s", "offered"), ("writes/s", "offered"),
         ("p99 of reads", "median of the rounds"), ("its interval", "by order statistics"),
         ("reads made", "a second, median"), ("writes made", "a second, median"),
         ("not reached", "runs that fell behind, of all"))


def report(folder, grid, sides):
    """Draws the picture, writes the page and prints the tables, from the folder; `sides` are the
    rates of reads and of writes."""
    plan, about, finished = folder.read_plan(), folder.read_json("env.json"), folder.finished()
    found, flagged = pairs(grid, finished), flags_of(finished)
    told = [*said(found), *rounds.words(finished)]
    print("\n".join([*tables(plan, found, *sides), "", *told, *flag_lines(flagged)]))
    figure = rate_map.of_grid(plan, about, found, *sides, flagged)
    drawn = [(rate_map.NAME, rate_map.QUESTION, figure)] if figure else []
    plot.draw(drawn, plot.Charts(folder), plot.USUAL_FORMATS, dark=False)
    page = short_page.write(
        folder, "How long do reads take beside writes?", plan, about, answers=[], drawn=drawn,
        table=Table(HEADS, [page_row(key, one) for key, one in found.items()]),
        flags=dict.fromkeys(flag for flags in flagged.values() for flag in flags), said=told)
    print(f"report: {os.path.relpath(page)}")


def tables(plan, found, reads, writes):
    """A table a mode: a row a rate of reads, a column a rate of writes."""
    job = plan["jobs"][0]
    n = max(one.runs for one in found.values())
    lines = ["", f"{job['name']}: {load_words(job)}",
             f"p99 of reads, {f'medians of {n} rounds' if n > 1 else 'one round'}; "
             "down: reads a second, right: writes a second"]
    for mode in dict.fromkeys(mode for mode, _, _ in found):
        lines += ["", mode, " " * 9 + "".join(f"{rate(w):>10} " for w in writes)]
        lines += [f"{rate(r):>9}" + "".join(f"{cell(found[mode, r, w]):>11}" for w in writes)
                  for r in reads]
    if any(one.overloaded for one in found.values()):
        lines += ["", "*: that load was not reached, so latency grew for as long as the run."]
    return lines


def cell(one):
    return "no result" if one.p99_ns is None else \
        duration(one.p99_ns.median) + ("*" if one.overloaded else " ")


def said(found):
    """Lines about the rates that were not quite those asked for."""
    lines = [f"{mode}, {rate(r)} reads/s and {rate(w)} writes/s: made {rate(one.reads)} and "
             f"{rate(one.writes)}" for (mode, r, w), one in off(found)]
    return [f"fio mixes in whole percents, and by chance: {'; '.join(lines)}."] * bool(lines)


def flag_lines(flagged):
    seen = dict.fromkeys(flag for flags in flagged.values() for flag in flags)
    words = "; ".join(f"{mode}: {', '.join(f'{flag} in {n}' for flag, n in flags.items())}"
                      for mode, flags in flagged.items())
    return [f"! flagged, look before believing: {words}"] * bool(seen) + \
        [f"  {flag}: {meaning(flag)}" for flag in seen]


def page_row(key, one):
    mode, reads, writes = key
    start = [Cell(mode), Cell(rate(reads), reads), Cell(rate(writes), writes)]
    if one.p99_ns is None:
        return start + [Cell("no result")] + [Cell("")] * 4
    p99 = one.p99_ns
    between = f"{duration(p99.low)} to {duration(p99.high)}" if p99.n > 1 else ""
    return start + [Cell(duration(p99.median), p99.median), Cell(between),
                    Cell(rate(one.reads), one.reads), Cell(rate(one.writes), one.writes),
                    Cell(f"{one.behind} of {one.runs}" if one.behind else "", one.behind)]


def as_json(folder, grid, status):
    """The text that --json prints."""
    plan, finished = folder.read_plan(), folder.finished()
    return json.dumps({
        "results": str(folder.path), "status": status, "seed": plan["seed"],
        "disturbed": sorted(rounds.disturbed(finished)),
        "pairs": [{
            "mode": mode, "reads": reads, "writes": writes,
            "depth": grid[mode, reads, writes].depth, "reads_made": one.reads,
            "writes_made": one.writes, "runs": one.runs, "behind": one.behind,
            "read_p99_ns": one.p99_ns and [one.p99_ns.low, one.p99_ns.median, one.p99_ns.high],
            "coverage": one.p99_ns and one.p99_ns.coverage,
        } for (mode, reads, writes), one in pairs(grid, finished).items()],
        "flags": {mode: dict(flags) for mode, flags in flags_of(finished).items()}}, indent=1)
