# SPDX-License-Identifier: MIT
"""Figures as data: panels of series in bands, and where in the picture everything lies.

Nothing here knows fio, modes or gnuplot's language; gnuplot.py turns a Figure into files. All
margins and ranges are set here, so that targets() knows the position of every mark. Lengths are in
pixels of the SVG, positions from its top left corner. Where nothing else is asked for a picture is
WIDTH wide, and its text is so large that it can be read on a phone, where the picture is as wide as
the screen.
"""

from dataclasses import dataclass, field

from suite.draw.axis import LINE, OVERHANG, Axis, Rows, shortened, spread, text_width, wrapped

WIDTH = 560
EDGE, RIGHT = 12, 6
# Sizes of fonts: TEXT is 11 pixels where a picture of WIDTH is drawn 385 pixels wide.
TITLE, TEXT = 19, 16
LEAST_MARGIN, TICK_GAP, COLUMN_GAP, BESIDE_GAP, HEAD_GAP = 4, 9, 20, 6, 12
KEY_NAMES, KEY_LINE = 150, 42  # pixels for the names in a key, and for the lines before them
LABEL_NAMES, LABEL_LINE = 150, 24  # for the names at lines' ends, and for the lines to them
# Names of rows may take this share of the width.
ROW_NAMES = 0.38

SOLID, DASHED, DOTTED = 1, 2, 3
# Positions in gnuplot's colour-blind-safe sequence `podo`; INK is for marks of no series.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = range(1, 9)
INK = 0
FAINT = 9  # for what stands behind
# Scales of a Tile's colours: from the least share to the greatest; from one side to the other, with
# 0.5 in the middle.
RISING, DIVERGING = "t", "d"


@dataclass(frozen=True)
class Style:
    """`point` is one of gnuplot's point types, or two: the second is drawn inside the first."""

    colour: int
    point: int | tuple
    dash: int


@dataclass
class Mark:
    """One point. `text` is shown to a reader who points at it, `note` stands in the data file."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    text: str = ""
    note: str = ""


@dataclass
class Cell(Mark):
    """One field of a heat map: `share` from 0 to 1 gives its colour."""

    share: float = 0.0


@dataclass
class Tile(Cell):
    """A field whose colour follows the theme; `half` is half its height, `ring` surrounds it,
    `scale` says what colours there are."""

    half: float = 0.5
    ring: bool = False
    scale: str = RISING


@dataclass
class Series:
    """Marks of one style. `kind`: line (and points), points, steps, cells, tiles, rings (around
    other marks).

    `path` is the line, where it does not simply go from mark to mark; None in it is a gap. `weight`
    scales lines and points. `shift` multiplies x, so that series stand side by side on a
    logarithmic axis.
    """

    name: str
    style: Style
    marks: list
    kind: str = "line"
    path: list | None = None
    weight: float = 1.0
    shift: float = 1.0


@dataclass
class Label:
    """The name of a line whose end is at x and y; it stands to the right of the panel, with the
    line's point before it."""

    x: float
    y: float
    text: str
    style: Style


@dataclass
class Panel:
    """`sideways`: the intervals of marks lie along x. `reference`: x of a line from top to bottom.

    `ends` are the words for the sides left and right of the reference. `beside`: words to the right
    of the panel, as [(y, text)]. `names` are the Rows to its left, instead of labels of the y axis.
    `heads` are its heading, as [(text, colour's name)], side by side where there is room. `above`
    are lines over places along x, the uppermost row first: [[(x, lines)]]. `bare`: neither axes nor
    grid. `labels` stand to its right; it is at least as high as they are.
    """

    x: Axis
    y: Axis
    series: list
    height: float = 230
    sideways: bool = False
    reference: float | None = None
    ends: tuple = ()
    beside: list = field(default_factory=list)
    names: Rows | None = None
    heads: list = field(default_factory=list)
    above: list = field(default_factory=list)
    bare: bool = False
    labels: list = field(default_factory=list)

    def __post_init__(self):
        self.height = max(self.height, label_rows(self).height)


@dataclass
class Band:
    """Panels side by side, under a heading of their own."""

    panels: list
    heading: str = ""


@dataclass(frozen=True)
class Frame:
    """Where a panel's axes lie."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass
class Target:
    """Where a mark lies in the SVG, the name of its series, and its text."""

    x: float
    y: float
    series: str
    text: str


@dataclass
class Figure:
    title: str
    subtitle: str
    bands: list
    key: list = field(default_factory=list)  # [(name, Style)]
    footer: list = field(default_factory=list)
    reading: str = ""  # how it is read, below the subtitle
    # What else stands below: how the figures came about, and what must not be overlooked.
    about: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    width: float = WIDTH

    @property
    def height(self):
        return Layout(self).height

    @property
    def body_height(self):
        """How far down it goes without what stands below."""
        return Layout(self).body_height

    def targets(self):
        """Every mark that has a text, as Targets."""
        layout = Layout(self)
        found = []
        for panel, frame in layout.frames:
            for series in panel.series:
                for mark in series.marks:
                    if mark.text:
                        x = panel.x.share(mark.x * series.shift)
                        y = panel.y.share(mark.y)
                        found.append(Target(frame.left + x * (frame.right - frame.left),
                                            frame.bottom - y * (frame.bottom - frame.top),
                                            series.name, mark.text))
        return found


@dataclass(frozen=True)
class Words:
    """A line of text; `y` is its middle, and `colour` a colour's name."""

    text: str
    x: float
    y: float
    size: float
    colour: str = "ink"
    side: str = "left"


class Layout:
    """Positions of everything in a figure, from the top down."""

    def __init__(self, figure):
        self.width = figure.width
        room = self.width - 2 * EDGE
        self.words = []
        self.frames = []  # (panel, Frame)
        self.key = []  # (Style, x, y); the name stands KEY_LINE to the right
        self.leaders = []  # (Style, (x, y) of a line's end, (x, y) of its name's point)
        self.y = EDGE
        self.write_lines(wrapped(figure.title, TITLE, room), TITLE, "ink")
        for text in filter(None, (figure.subtitle, figure.reading)):
            self.write_lines(wrapped(text, TEXT, room), TEXT, "quiet")
        columns = max(len(band.panels) for band in figure.bands)
        lefts = [max(left_margin(band.panels[c]) for band in figure.bands if c < len(band.panels))
                 for c in range(columns)]
        rights = [max(right_margin(band.panels[c]) for band in figure.bands if c < len(band.panels))
                  for c in range(columns)]
        rights[-1] = max(rights[-1] + RIGHT, OVERHANG * any(not panel.bare for band in figure.bands
                                                            for panel in band.panels))
        width = (self.width - EDGE - sum(lefts + rights) - COLUMN_GAP * (columns - 1)) / columns
        for band in figure.bands:
            self.place_band(band, lefts, rights, width)
        self.y += 6
        self.place_key(figure.key, room)
        self.y += 6
        self.body_height = round(self.y)
        for line in [*figure.footer, *figure.about, *figure.warnings]:
            self.write_lines(wrapped(line, TEXT, room), TEXT, "quiet")
        self.height = round(self.y + EDGE)

    def write_lines(self, lines, size, colour):
        for line in lines:
            self.words.append(Words(line, EDGE, self.y + LINE * size / 2, size, colour))
            self.y += LINE * size

    def place_band(self, band, lefts, rights, width):
        self.y += 8
        if band.heading:
            self.write_lines(wrapped(band.heading, TEXT, self.width - 2 * EDGE), TEXT, "ink")
        titled = any(panel.y.title for panel in band.panels)
        ended = any(panel.ends for panel in band.panels)
        spans = spans_of(band.panels, lefts, rights, width)
        heads = [in_lines(panel.heads, right - left)
                 for panel, (left, right) in zip(band.panels, spans)]
        above = max(sum(LINE * TEXT * most_lines(tier) for tier in panel.above)
                    for panel in band.panels)
        top = self.y + LINE * TEXT * (titled + ended + max(map(len, heads))) + above + 8
        for panel, margin, (left, _), head in zip(band.panels, lefts, spans, heads):
            frame = Frame(left + margin, left + margin + width, top, top + panel.height)
            self.frames.append((panel, frame))
            # The title stands over the labels of the axis, not only over the panel.
            title_left = left if margin > LEAST_MARGIN and not panel.sideways else frame.left
            self.words += [
                Words(panel.y.title, title_left, self.y + LINE * TEXT / 2, TEXT),
                Words(panel.x.title, (frame.left + frame.right) / 2,
                      frame.bottom + 6 + 1.5 * LINE * TEXT, TEXT, side="center")]
            self.place_heads(head, left)
            self.place_above(panel, frame, top - above - 8)
            for y, text in panel.beside:
                at = frame.bottom - panel.y.share(y) * panel.height
                self.words.append(Words(text, frame.right + BESIDE_GAP, at, TEXT))
            self.place_labels(panel, frame)
            for y, text in panel.names.words() if panel.names else ():
                self.words.append(Words(text, frame.left - TICK_GAP, top + y, TEXT, side="right"))
        labelled = any(x_labels(panel, frame) for panel, frame in self.frames[-len(band.panels):])
        self.y = top + max(panel.height for panel in band.panels) + 6 + LINE * TEXT * labelled
        if any(panel.x.title for panel in band.panels):
            self.y += LINE * TEXT

    def place_heads(self, lines, left):
        for i, line in enumerate(lines):
            at = left
            for text, colour in line:
                self.words.append(Words(text, at, self.y + (i + 0.5) * LINE * TEXT, TEXT, colour))
                at += text_width(text, TEXT) + HEAD_GAP

    def place_labels(self, panel, frame):
        """Each as near to the end of its line as the others leave room for."""
        rows = label_rows(panel)
        ends = [frame.bottom - panel.y.share(label.y) * panel.height for label in panel.labels]
        middles = spread(ends, rows.heights, frame.top, frame.bottom)
        for label, lines, end, y in zip(panel.labels, rows.lines, ends, middles):
            x = frame.left + panel.x.share(label.x) * (frame.right - frame.left)
            self.leaders.append((label.style, (x, end), (frame.right + LABEL_LINE, y)))
            for i, line in enumerate(lines):
                self.words.append(Words(line, frame.right + LABEL_LINE + TICK_GAP,
                                        y + (i - (len(lines) - 1) / 2) * LINE * TEXT, TEXT))

    def place_above(self, panel, frame, y):
        """Lines over places along x; each row of them stands on one bottom line."""
        for tier in panel.above:
            y += LINE * TEXT * most_lines(tier)
            for x, lines in tier:
                at = frame.left + panel.x.share(x) * (frame.right - frame.left)
                for i, line in enumerate(lines):
                    self.words.append(Words(line, at, y - (len(lines) - i - 0.5) * LINE * TEXT,
                                            TEXT, side="center"))

    def place_key(self, entries, room):
        """A grid, read downward, of as many columns as the longest name leaves room for."""
        names = Rows([name for name, _ in entries], TEXT, KEY_NAMES, gap=3)
        columns = max(1, min(4, int(room // (names.width + KEY_LINE + COLUMN_GAP))))
        column, y, tallest = 0, 0, 0
        for (_, style), lines, height in zip(entries, names.lines, names.heights):
            if y + height / 2 > names.height / columns and column < columns - 1:
                column, y = column + 1, 0
            x = EDGE + column * room / columns
            middle = self.y + y + height / 2
            self.key.append((style, x, middle))
            for i, line in enumerate(lines):
                self.words.append(Words(line, x + KEY_LINE,
                                        middle + (i - (len(lines) - 1) / 2) * LINE * TEXT, TEXT))
            y += height
            tallest = max(tallest, y)
        self.y += tallest


def spans_of(panels, lefts, rights, width):
    """[(left, right)] of each panel with the labels of its y axis."""
    spans, left = [], EDGE
    for _, margin, right in zip(panels, lefts, rights):
        spans.append((left, left + margin + width))
        left += margin + width + right + COLUMN_GAP
    return spans


def in_lines(heads, room):
    """Lines of (text, colour's name): all heads in one where they fit, else each in its own."""
    if heads and sum(text_width(text, TEXT) + HEAD_GAP for text, _ in heads) - HEAD_GAP <= room:
        return [heads]
    return [[(line, colour)] for text, colour in heads for line in wrapped(text, TEXT, room)]


def most_lines(tier):
    return max((len(lines) for _, lines in tier), default=0)


def left_margin(panel):
    """Room for the labels of the y axis, or the names of rows."""
    widest = panel.names.width if panel.names else \
        max((text_width(label, TEXT) for _, label in y_labels(panel)), default=0)
    return widest + TICK_GAP if widest else LEAST_MARGIN


def right_margin(panel):
    """Room for the words beside the panel."""
    if panel.labels:
        return label_rows(panel).width + LABEL_LINE + TICK_GAP
    widest = max((text_width(text, TEXT) for _, text in panel.beside), default=0)
    return widest + BESIDE_GAP if widest else 0


def label_rows(panel):
    return Rows([label.text for label in panel.labels], TEXT, LABEL_NAMES, gap=1)


def y_labels(panel):
    ticks = panel.y.labelled(panel.height, TEXT, upright=True)
    return [(value, shortened(label, TEXT, ROW_NAMES * WIDTH)) for value, label in ticks]


def x_labels(panel, frame):
    return panel.x.labelled(frame.right - frame.left, TEXT, upright=False)
