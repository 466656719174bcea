# SPDX-License-Identifier: MIT
"""What scripts/capacity ends with: a table, the picture, a page, or JSON."""

import json
import os
from math import inf

from suite.analyse import rounds, verdict
from suite.analyse.capacity import capacities, summaries
from suite.analyse.words import load_words
from suite.draw import capacity_chart, plot
from suite.report import short_page
from suite.report.html import Cell, Table
from suite.report.table import legend
from suite.units import duration, percent, rate

HEADS = (("mode", "as given to --modes"), ("I/Os/s", "the most that keep the limit, median"),
         ("its interval", "by order statistics of the rounds"),
         ("closed loop", "what it does when each I/O waits for another"),
         ("share", "of what it does in a closed loop"),
         ("p99 there", "median of the runs at the greatest rates that kept the limit"),
         ("flags", "explained below"))


def report(folder, asked, limit):
    """Draws the picture, writes the page and prints the table, from the folder."""
    plan, about, finished = folder.read_plan(), folder.read_json("env.json"), folder.finished()
    found = capacities(asked, finished, limit)
    print("\n".join(table(plan, found, limit) + rounds.words(finished)))
    figure = capacity_chart.of_search(plan, about, found, limit)
    drawn = [(capacity_chart.NAME, capacity_chart.QUESTION, figure)] if figure else []
    plot.draw(drawn, plot.Charts(folder), plot.USUAL_FORMATS, dark=False)
    page = short_page.write(
        folder, f"How much load, with p99 under {duration(limit.p99_ns)}?", plan, about,
        answers=answers(found)[:1], drawn=drawn, table=Table(HEADS, page_rows(found)),
        flags=dict.fromkeys(flag for one in found.values() for flag in one.flags),
        said=[*answers(found)[1:], *missed(found, limit), *caveat(found), *rounds.words(finished)])
    print(f"report: {os.path.relpath(page)}")


def ranked(found):
    """Those with a rate first, the greatest on top."""
    return sorted(found.values(),
                  key=lambda one: -one.interval.median if one.interval else inf)


def table(plan, found, limit):
    """The lines that the search ends with."""
    job = plan["jobs"][0]
    width = max(len("mode"), *(len(one.mode) for one in found.values()))
    shown = [one for one in ranked(found) if one.interval and not one.none]
    n = max((one.interval.n for one in shown), default=0)
    cover = f", with their {percent(shown[0].interval.coverage)} interval" if n > 1 else ""
    lines = ["", f"{job['name']}: {load_words(job)}; the most load with p99 under "
                 f"{duration(limit.p99_ns)}",
             f"Medians of {n} {'round' if n == 1 else 'rounds'}{cover}; at most "
             f"{plan['depths'][0]} in flight", "",
             f"{'mode':{width}}    I/Os/s  {'interval':19}  closed loop  share  p99 there"] \
        if shown else [""]
    lines += [f"{one.mode:{width}} {rate(one.interval.median):>9}  {between(one):19} "
              f"{rate(one.closed):>12} {one.interval.median / one.closed:6.2f} "
              f"{duration(one.p99_ns):>10}{' !' * bool(one.flags)}" for one in shown]
    more = [*missed(found, limit), *answers(found), *caveat(found)]
    return lines + [""] * bool(shown) + more + legend(summaries(found))


def between(one):
    """The interval in words, empty of a single round."""
    low, high = one.interval.low, one.interval.high
    if one.interval.n == 1:
        return ""
    return f"[{rate(low) if low else 'none'}, {'no end' if high == inf else rate(high)}]"


def missed(found, limit):
    """A line for each mode without a rate."""
    lines = []
    for one in found.values():
        if one.none:
            lowest, p99_ns = one.lowest
            words = "it was " + duration(p99_ns) if p99_ns < inf else "there was no p99"
            times = sum(low == 0 for low, _ in one.rounds.values())
            lines.append(f"{one.mode}: in {times} of {one.interval.n} rounds no rate from "
                         f"{rate(lowest)} I/Os/s up keeps p99 under {duration(limit.p99_ns)}; at "
                         f"the lowest that was tried {words}.")
        elif one.too_slow:
            lines.append(f"{one.mode}: does {rate(one.closed)} I/Os/s in a closed loop, too few "
                         f"for a p99 in {limit.length_s:g} s: a longer --runtime would tell.")
        elif one.interval is None:
            lines.append(f"{one.mode}: no search came to an end.")
    return lines


def answers(found):
    """Which mode takes the most load, in sentences."""
    lines = []
    for v in verdict.verdicts(summaries(found), verdict.Rules()):
        best = found[v.best.point]
        lines = [f"{verdict.named(v.best)} takes the most load: {rate(best.interval.median)} "
                 "I/Os/s."]
        if v.as_good:
            lines.append(f"As good: {', '.join(verdict.named(one.summary) for one in v.as_good)}.")
        if v.worse:
            less = ", ".join(f"{verdict.named(one.summary)} {one.ratio.median:.2f}"
                             for one in v.worse)
            lines.append(f"Less: {less}.")
        if v.undecided:
            lines.append(f"Undecided: {', '.join(map(verdict.undecided, v.undecided))}.")
    return lines


def caveat(found):
    endless = [one.mode for one in found.values() if one.interval and one.interval.high == inf]
    return [f"No end: nothing that was tried was too much ({', '.join(endless)})."] if endless \
        else []


def page_rows(found):
    rows = []
    for one in ranked(found):
        flags = Cell(", ".join(one.flags))
        closed = Cell(rate(one.closed), one.closed) if one.closed else Cell("")
        if one.interval is None or one.none:
            rows.append([Cell(one.mode), Cell("none"), Cell(""), closed, Cell(""), Cell(""), flags])
            continue
        most, share = one.interval.median, one.interval.median / one.closed
        rows.append([Cell(one.mode), Cell(rate(most), most), Cell(between(one)), closed,
                     Cell(f"{share:.2f}", share), Cell(duration(one.p99_ns), one.p99_ns), flags])
    return rows


def as_json(folder, asked, limit, status):
    """The text that --json prints."""
    finished = folder.finished()
    found = capacities(asked, finished, limit)

    def shown(end):
        return None if end == inf else end

    return json.dumps({
        "results": str(folder.path), "status": status, "seed": asked.seed,
        "limit_p99_ns": limit.p99_ns, "disturbed": sorted(rounds.disturbed(finished)),
        "modes": [{
            "mode": one.mode, "depth": one.point.depth,
            "capacity": one.interval and [one.interval.low, one.interval.median,
                                          shown(one.interval.high)],
            "coverage": one.interval and one.interval.coverage,
            "rounds": {repeat: [low, shown(high)] for repeat, (low, high) in one.rounds.items()},
            "closed_loop": one.closed, "p99_ns": one.p99_ns, "runs": one.tries,
            "lowest_tried": one.lowest[0] if one.lowest else None,
            "p99_at_lowest_ns": shown(one.lowest[1]) if one.lowest else None,
            "failed_searches": one.failed, "flags": dict(one.flags), "reasons": one.reasons,
        } for one in found.values()],
        "verdicts": verdict.as_json(summaries(found), verdict.Rules())}, indent=1)
