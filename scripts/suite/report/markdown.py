# SPDX-License-Identifier: MIT
"""The result in Markdown, short enough for a pull request."""

from suite.analyse import verdict
from suite.analyse.answer import answers
from suite.analyse.words import machine_title
from suite.draw.winner_map import by_share, decided
from suite.request.plan import load_titles


def of_comparison(plan, about, summaries, said):
    """The answers, and the winner map as a table."""
    rules = verdict.Rules.of_plan(plan)
    found = verdict.verdicts(summaries, rules)
    titles = load_titles(point.load for point in summaries)
    told = [f"**{escaped(titles[load])}**: {escaped(sentence)}."
            for load, sentence in answers(found).items()]
    told += [f"{escaped(line)}." for line in verdict.nobody(summaries, rules)]
    lines = told or ["No two modes have runs enough to choose between them."]
    columns = decided(plan, summaries)
    if columns:
        lines = [*lines, "", "Share of the best mode; bold: as good as the best; ~: runs differ "
                 "over twofold.", "", *table(["mode", *(f"{c.group}, {c.title}" for c in columns)],
                                             [[mode, *(share(c.cells.get(mode)) for c in columns)]
                                              for mode in by_share(columns)])]
    end = [f"{machine_title(about)}; {plan['repeats']} rounds, seed {plan['seed']}.", *said]
    return "\n\n".join(["\n".join(lines), *map(escaped, end)]) + "\n"


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
