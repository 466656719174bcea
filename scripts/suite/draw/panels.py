# SPDX-License-Identifier: MIT
"""Small multiples: a panel a mode, with its counterpart, the baseline, and all others behind."""

from dataclasses import dataclass, field, replace

from suite.draw.figure import (BLUE, DASHED, FAINT, INK, RED, SOLID, TEXT, Band, Panel, Series,
                               Style)

OWN, COUNTERPART = Style(BLUE, 7, SOLID), Style(RED, 7, SOLID)
OTHERS, BASELINE = Style(FAINT, 7, SOLID), Style(INK, 7, DASHED)
RUN = 0.45  # the size of a run's dot
DISTURBED = 0.5  # of a hollow one
ABREAST = 3  # panels, at the most
HEIGHTS = {1: 260, 2: 170, 3: 120}  # of panels, by how many stand side by side


@dataclass
class Line:
    """What is drawn of a mode: a mark for each of its points, the runs that they are made of, and
    those of disturbed rounds."""

    marks: list
    runs: list = field(default_factory=list)
    disturbed: list = field(default_factory=list)

    def every(self):
        return self.marks + self.runs + self.disturbed

    def path(self):
        return [(mark.x, mark.y) for mark in self.marks]


def bands(subject, lines, x, make_y, words, heading, beside=1.0):
    """Bands of panels for {label: Line}; all have the same axes. The runs of a mode stand to the
    right of its median by the factor `beside`, those of its counterpart to the left."""
    labels = shown_alone(subject, lines)
    abreast = next(n for n in (1, 2, 3) if len(labels) <= n * n or n == ABREAST)
    height = HEIGHTS[abreast]
    ends = [end for line in lines.values() for mark in line.every()
            for end in (mark.low, mark.y, mark.high) if end is not None]
    y = make_y("", ends, words)
    ticks = y.labelled(height, TEXT, upright=True)
    first, others = replace(y, ticks=ticks), replace(y, ticks=[(at, "") for at, _ in ticks])
    found = []
    for at in range(0, len(labels), abreast):
        row = labels[at:at + abreast]
        found.append(Band([Panel(x, others if i else first, series(subject, lines, label, beside),
                                 height=height, heads=heads(subject, lines, label))
                           for i, label in enumerate(row)], heading if at == 0 else ""))
    return found


def shown_alone(subject, lines):
    """The modes that have panels: all but those that stand in another's as its counterpart."""
    others = {subject.pairs.get(label) for label in lines}
    return [label for label in lines if label not in others]


def heads(subject, lines, label):
    other = subject.pairs.get(label)
    found = [(subject.shown(label), f"c{OWN.colour}")]
    return found + [(subject.shown(other), f"c{COUNTERPART.colour}")] if other in lines else found


def series(subject, lines, label, beside):
    """What a panel shows, from the back to the front."""
    behind, base = [], lines.get(subject.baseline)
    for name, line in lines.items():
        if name != subject.baseline:
            behind += [*line.path(), None]
    found = [Series("all modes", OTHERS, [], path=behind, weight=0.6)] if len(lines) > 1 else []
    if base and label != subject.baseline:
        found.append(Series(subject.baseline, BASELINE, [], path=base.path(), weight=0.8))
    other = subject.pairs.get(label)
    for name, style, shift in ((other, COUNTERPART, 1 / beside), (label, OWN, beside)):
        if name in lines:
            line = lines[name]
            if line.disturbed:
                found.append(Series(name, replace(style, point=6), line.disturbed, "points",
                                    weight=DISTURBED, shift=shift))
            found += [Series(name, style, line.runs, "points", weight=RUN, shift=shift),
                      Series(name, style, line.marks, weight=0.7)]
    return found


def runs_of(summaries, name, mark):
    """(marks of undisturbed runs, marks of disturbed ones) of all that have the figure, each made
    by mark(summary, round)."""
    found = [], []
    for s in summaries:
        for number in s.every(name) if s.runs > 1 else ():
            found[number in s.disturbed].append(mark(s, number))
    return found


def reading(subject, lines):
    """How the panels are read, in words; only of what is there, and nothing of a line alone."""
    paired = any(subject.pairs.get(label) in lines for label in lines)
    if len(lines) == 1:
        return ""
    words = ["Blue: as in the heading"]
    if paired:
        words.append("orange: the same done by the kernel")
    if any(line.runs for line in lines.values()):
        words.append("small dots: runs")
    if any(line.disturbed for line in lines.values()):
        left_out = any(any(s.left_out.values()) for rows in subject.rows.values() for s in rows)
        words.append(f"hollow: in a disturbed round{', left out' * left_out}")
    if subject.baseline in lines:
        words.append(f"dashed: {subject.baseline}")
    return "; ".join([*words, "grey: all others"]) + "."
