# SPDX-License-Identifier: MIT
"""Axes: which share of its length a value has, and the ticks that have room for their labels."""

import math
from dataclasses import dataclass
from statistics import mean
from unicodedata import east_asian_width

LINEAR, LOG, TAIL = "linear", "log", "tail"
# Percentiles that a TAIL axis is labelled at: each step after 90 stands for ten times fewer I/Os.
TAIL_TICKS = (0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999)
LINE = 1.25  # height of a line of text, in sizes of its font
OVERHANG = 24  # pixels that a label may stick out to the right of its axis


@dataclass
class Axis:
    """From `low` to `high`; `words` writes a value at a tick, unless `ticks` has values and words.

    A LOG axis needs positive values. A TAIL axis is of percentiles, in -log10(1 - p / 100), so that
    90, 99 and 99.9 % are equally far apart. `low` may be the greater one: rows count downward.
    """

    title: str
    low: float
    high: float
    scale: str = LINEAR
    words: object = str
    ticks: list | None = None

    @staticmethod
    def from_zero(title, values, words):
        return Axis(title, 0, 1.06 * max(values, default=0) or 1, LINEAR, words)

    @staticmethod
    def log(title, values, words):
        """A logarithmic axis that ends near the data."""
        return Axis(title, 0.85 * min(values), 1.18 * max(values), LOG, words)

    @staticmethod
    def log_if_wide(title, values, words):
        """From 0, or logarithmic where small values would otherwise be pressed to the axis."""
        wide = min(values) > 0 and max(values) > 20 * min(values)
        return (Axis.log if wide else Axis.from_zero)(title, values, words)

    @staticmethod
    def tail(title, high):
        """Percentiles from 0 to `high`, which is under 100."""
        ticks = [(p, f"{p:g}") for p in TAIL_TICKS if p <= high]
        return Axis(title, 0, high, TAIL, ticks=ticks)

    @staticmethod
    def rows(names):
        """One row a name, from the top down; row i is at i."""
        return Axis("", len(names) - 0.5, -0.5, ticks=list(enumerate(names)))

    @staticmethod
    def unlabelled(low, high):
        return Axis("", low, high, ticks=[])

    def position(self, value):
        """The value as gnuplot is given it: the same, except on TAIL axes."""
        return -math.log10(1 - value / 100) if self.scale == TAIL else value

    def share(self, value):
        """Where the value lies between the ends, 0 to 1."""
        at = math.log10 if self.scale == LOG else self.position
        return (at(value) - at(self.low)) / (at(self.high) - at(self.low))

    def labelled(self, length, size, upright):
        """[(value, label)] of ticks whose labels fit side by side into `length`.

        `upright`: the axis is vertical, so labels stand above each other.
        """
        extent = (lambda _: LINE * size) if upright else (lambda text: text_width(text, size) + 8)
        if self.ticks is not None:
            return self.thinned(self.ticks, length, extent)
        for values in self.candidates():
            ticks = [(value, self.words(value)) for value in values]
            if len({label for _, label in ticks}) == len(ticks) >= 2 and \
                    self.thinned(ticks, length, extent) == ticks:
                return ticks
        return self.thinned([(end, self.words(end)) for end in (self.low, self.high)],
                            length, extent)

    def thinned(self, ticks, length, extent):
        """The ticks, without the labels that would touch the one before or leave the picture."""
        kept, taken = [], -math.inf
        for value, label in sorted(ticks, key=lambda tick: self.share(tick[0])):
            at, half = self.share(value) * length, extent(label) / 2
            fits = at - half >= taken and at + half <= length + OVERHANG
            kept.append((value, label if fits else ""))
            taken = at + half if fits else taken
        return kept

    def candidates(self):
        """Lists of tick values, the densest first."""
        if self.scale == LOG and self.high > 5 * self.low:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for every, steps in ((1, (1, 2, 5)), (1, (1, 3)), (1, (1,)), (2, (1,)), (3, (1,))):
                ticks = [step * 10.0**d for d in decades if d % every == 0 for step in steps]
                yield [tick for tick in ticks if self.low <= tick <= self.high]
        for count in (6, 5, 4, 3, 2):
            yield round_values(*sorted((self.low, self.high)), count)


def round_values(low, high, count):
    """At most about `count` multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / count
    power = 10.0**math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def text_width(text, size):
    """About how wide a text is in a sans-serif font, in the unit of `size`; rather too wide."""
    return size * sum(letter_width(c) for c in text)


def letter_width(c):
    if east_asian_width(c) in "WF":
        return 1.05
    return 0.36 if c in " .,:;'|!ijl()[]ft" else 0.9 if c in "mwMW@%—" else \
        0.72 if c.isupper() else 0.63


def shortened(text, size, room):
    """The text, its middle left out if it is wider than `room`."""
    kept, short = len(text), text
    while text_width(short, size) > room and kept > 3:
        kept -= 1
        short = text[:kept - kept // 3] + "…" + text[-(kept // 3):]
    return short


def wrapped(text, size, room):
    """The text in lines of at most `room`; a word longer than that is broken, where it can be
    before a plus or after a hyphen."""
    lines, line = [], ""
    for word in text.split(" "):
        while text_width(word, size) > room:
            at = breaking_point(word, size, room)
            lines += [line] * bool(line) + [word[:at]]
            line, word = "", word[at:]
        if line and text_width(f"{line} {word}", size) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return lines + [line] * bool(line) or [""]


def breaking_point(word, size, room):
    """After how many letters a word that is wider than `room` is broken."""
    fits = [n for n in range(1, len(word)) if n == 1 or text_width(word[:n], size) <= room]
    return max([n for n in fits if word[n] == "+"] or [n for n in fits if word[n - 1] == "-"]
               or fits)


def spread(wanted, sizes, low, high):
    """Middles as near to those wanted as can be without an overlap, in the same order, between
    `low` and `high` if there is room."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    offsets, blocks, top = {}, [], 0
    for i in order:
        offsets[i] = top + sizes[i] / 2
        top += sizes[i]
        # What touches is one block, whose members are off by the same in the mean.
        blocks.append([wanted[i] - offsets[i]])
        while len(blocks) > 1 and mean(blocks[-2]) >= mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    tops = [max(low, min(mean(block), high - top)) for block in blocks for _ in block]
    return [tops[order.index(i)] + offsets[i] for i in range(len(wanted))]


class Rows:
    """Names below each other, in pixels from the top; one that is wider than `room` stands in
    several lines, and its row is as much higher. `gap`: between the names of two rows."""

    def __init__(self, names, size, room, gap=8):
        self.size = size
        self.lines = [wrapped(name, size, room) for name in names]
        self.heights = [gap + LINE * size * len(lines) for lines in self.lines]
        self.middles = [sum(self.heights[:i]) + height / 2
                        for i, height in enumerate(self.heights)]
        self.height = sum(self.heights)
        self.width = max((text_width(line, size) for lines in self.lines for line in lines),
                         default=0)

    def axis(self):
        return Axis.unlabelled(self.height, 0)

    def words(self):
        """[(y of its middle, line)] of every line."""
        return [(middle + (i - (len(lines) - 1) / 2) * LINE * self.size, line)
                for middle, lines in zip(self.middles, self.lines) for i, line in enumerate(lines)]
