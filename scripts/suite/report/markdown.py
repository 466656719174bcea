# SPDX-License-Identifier: MIT
"""The result in Markdown, short enough for a pull request."""

from dataclasses import replace

from suite.analyse import verdict
from suite.analyse.answer import answers
from suite.analyse.stats import median_interval, paired_ratios
from suite.analyse.words import machine_title
from suite.draw.winner_map import by_share, decided
from suite.request.modes import counterpart
from suite.request.plan import load_titles


def of_comparison(plan, about, summaries, said):
    """The answers, and as tables the winner map and our modes beside the kernel's."""
    rules = verdict.Rules.of_plan(plan)
    found = verdict.verdicts(summaries, rules)
    titles = load_titles(point.load for point in summaries)
    told = [f"- **{escaped(titles[load])}**: {escaped(sentence)}."
            for load, sentence in answers(found).items()]
    told += [f"- {escaped(line)}." for line in verdict.nobody(summaries, rules)]
    lines = ["### Which mode?", ""]
    if any(" !" in line for line in told):
        lines += ["!: its runs are flagged, look before believing.", ""]
    lines += told or ["No two modes have runs enough to choose between them."]
    columns = decided(plan, summaries)
    if columns:
        lines = [*lines, *in_shares(columns),
                 *beside_the_kernels(plan, summaries, found, columns, rules.coverage)]
    end = [f"{machine_title(about)}; {plan['repeats']} rounds, seed {plan['seed']}.", *said]
    return "\n\n".join(["\n".join(lines), *map(escaped, end)]) + "\n"


def in_shares(columns):
    """The lines of the winner map as a table, which is longer than it is wide."""
    modes = by_share(columns)
    rows = [["mode", *map(where, columns)],
            *([mode, *(share(column.cells.get(mode)) for column in columns)] for mode in modes)]
    if len(columns) > len(modes):
        rows = [["", *modes], *list(zip(*rows))[1:]]
    return ["", "### Share of the best mode", "",
            "Bold: as good as the best. ~: runs differ over twofold. Of a latency the inverse, so "
            "that more is better.", "", *table(rows[0], rows[1:])]


def where(column):
    return f"{column.group}, {column.title}"


def beside_the_kernels(plan, summaries, found, columns, coverage):
    """The lines of a table: a row where something is decided, a column a mode of ours that was
    measured beside its counterpart."""
    modes = [mode["name"] for mode in plan["modes"]]
    pairs = [(mode, counterpart(mode)) for mode in modes if counterpart(mode) in modes]
    rows = []
    for v, column in zip(found, columns):
        point = v.best.point
        sides = [[summaries.get(replace(point, mode=mode)) for mode in pair] for pair in pairs]
        cells = [ratio(*side, v.judged, coverage) if all(side) else "" for side in sides]
        if any(cells):
            rows.append([where(column), *cells])
    if not rows:
        return []
    return ["", "### Our modes beside the kernel's own", "",
            "How many times as much, or of a latency as short: over 1 is better. Bold: the "
            "interval leaves 1 out.", "",
            *table(["", *(f"{mode} / {other}" for mode, other in pairs)], rows)]


def ratio(ours, theirs, judged, coverage):
    sides = judged.values(ours), judged.values(theirs)
    ratios = paired_ratios(*(sides if judged.more_is_better else sides[::-1]))
    if not ratios:
        return ""
    found = median_interval(ratios, coverage)
    words = f"{found.median:.2f}"
    return f"**{words}**" if found.verdict("over", "under") else words


def share(reached):
    if reached is None:
        return ""
    words = f"{reached.share:.2f}{'~' if reached.unstable else ''}"
    return f"**{words}**" if reached.as_good else words


def table(heads, rows):
    """The lines of a table whose first column is text, and the others are figures."""
    return [line(map(escaped, heads)), line(["---", *["---:"] * (len(heads) - 1)]),
            *(line([escaped(row[0]), *row[1:]]) for row in rows)]


def line(cells):
    return f"| {' | '.join(cells)} |"


def escaped(text):
    """Text from outside, which is not to be taken for Markdown or HTML."""
    for character in "\\`*_[]<>|":
        text = text.replace(character, "\\" + character)
    return text
