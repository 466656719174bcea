# SPDX-License-Identifier: MIT
"""Figures as data: panels of series in bands, and where in the picture everything lies.

Nothing here knows fio, modes or gnuplot's language; gnuplot.py turns a Figure into files. All
margins and ranges are set here, so that targets() knows the position of every mark. Lengths are in
pixels of the SVG, positions from its top left corner. A picture is WIDTH wide, and its text is so
large that axes can be read when it is printed 8 cm wide.
"""

from dataclasses import dataclass, field

from suite.draw.axis import LINE, OVERHANG, Axis, shortened, text_width, wrapped

WIDTH = 560
EDGE = 12
TITLE, TEXT, KEY, ROW_NAME, SMALL = 19, 15, 13, 12, 11.5  # sizes of fonts
LEAST_MARGIN, TICK_GAP, COLUMN_GAP, BESIDE_GAP = 4, 9, 20, 6
# Names of rows may take this share of the width.
ROW_NAMES = 0.38

SOLID, DASHED, DOTTED = 1, 2, 3
# Positions in gnuplot's colour-blind-safe sequence `podo`; INK is for marks of no series.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = range(1, 9)
INK = 0


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
class Series:
    """Marks of one style. `kind`: line (and points), points, steps, bars (from x = 0), cells, rings
    (around other marks).

    `path` is the line, where it does not simply go from mark to mark. `weight` scales lines and
    points. `shift` multiplies x, so that series stand side by side on a logarithmic axis.
    """

    name: str
    style: Style
    marks: list
    kind: str = "line"
    path: list | None = None
    weight: float = 1.0
    shift: float = 1.0


@dataclass
class Panel:
    """`sideways`: the intervals of marks lie along x. `reference`: x of a line from top to bottom.

    `ends` are the words for the sides left and right of the reference. `beside`: words to the right
    of the panel, as [(y, text)].
    """

    x: Axis
    y: Axis
    series: list
    height: float = 230
    sideways: bool = False
    reference: float | None = None
    ends: tuple = ()
    beside: list = field(default_factory=list)


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

    @property
    def height(self):
        return Layout(self).height

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
        room = WIDTH - 2 * EDGE
        self.words = []
        self.frames = []  # (panel, Frame)
        self.key = []  # (name, Style, x, y)
        self.y = EDGE
        self.write_lines(wrapped(figure.title, TITLE, room), TITLE, "ink")
        self.write_lines(wrapped(figure.subtitle, SMALL, room), SMALL, "quiet")
        columns = max(len(band.panels) for band in figure.bands)
        lefts = [max(left_margin(band.panels[c]) for band in figure.bands if c < len(band.panels))
                 for c in range(columns)]
        rights = [max(right_margin(band.panels[c]) for band in figure.bands if c < len(band.panels))
                  for c in range(columns)]
        rights[-1] = max(rights[-1] + EDGE / 2, OVERHANG)
        width = (WIDTH - EDGE - sum(lefts + rights) - COLUMN_GAP * (columns - 1)) / columns
        for band in figure.bands:
            self.place_band(band, lefts, rights, width)
        self.y += 6
        self.place_key(figure.key, room)
        self.y += 6
        for line in figure.footer:
            self.write_lines(wrapped(line, SMALL, room), SMALL, "quiet")
        self.height = round(self.y + EDGE)

    def write_lines(self, lines, size, colour):
        for line in lines:
            self.words.append(Words(line, EDGE, self.y + LINE * size / 2, size, colour))
            self.y += LINE * size

    def place_band(self, band, lefts, rights, width):
        self.y += 8
        if band.heading:
            self.write_lines(wrapped(band.heading, TEXT, WIDTH - 2 * EDGE), TEXT, "ink")
        titled = any(panel.y.title for panel in band.panels)
        ended = any(panel.ends for panel in band.panels)
        top = self.y + LINE * TEXT * titled + LINE * SMALL * ended + 8
        left = EDGE
        for panel, margin, right in zip(band.panels, lefts, rights):
            frame = Frame(left + margin, left + margin + width, top, top + panel.height)
            self.frames.append((panel, frame))
            # The title stands over the labels of the axis, not only over the panel.
            title_left = left if margin > LEAST_MARGIN and not panel.sideways else frame.left
            self.words += [
                Words(panel.y.title, title_left, self.y + LINE * TEXT / 2, TEXT),
                Words(panel.x.title, (frame.left + frame.right) / 2,
                      frame.bottom + 6 + 1.5 * LINE * TEXT, TEXT, side="center")]
            for y, text in panel.beside:
                at = frame.bottom - panel.y.share(y) * panel.height
                self.words.append(Words(text, frame.right + BESIDE_GAP, at, KEY))
            left = frame.right + right + COLUMN_GAP
        self.y = top + max(panel.height for panel in band.panels) + 6 + LINE * TEXT
        if any(panel.x.title for panel in band.panels):
            self.y += LINE * TEXT

    def place_key(self, entries, room):
        """A grid, read downward, of as many columns as the longest name leaves room for."""
        if not entries:
            return
        widest = max(text_width(name, KEY) for name, _ in entries) + 52
        columns = max(1, min(4, int(room // widest)))
        rows = -(-len(entries) // columns)
        for i, (name, style) in enumerate(entries):
            x = EDGE + i // rows * room / columns
            y = self.y + (i % rows + 0.5) * 1.45 * KEY
            self.key.append((shortened(name, KEY, room / columns - 46), style, x, y))
        self.y += rows * 1.45 * KEY


def label_size(panel):
    """The size of the y axis's labels: smaller for names of rows, which are longer than numbers."""
    return ROW_NAME if panel.sideways else TEXT


def left_margin(panel):
    """Room for the labels of the y axis."""
    size = label_size(panel)
    widest = max((text_width(label, size) for _, label in y_labels(panel)), default=0)
    return widest + TICK_GAP if widest else LEAST_MARGIN


def right_margin(panel):
    """Room for the words beside the panel."""
    widest = max((text_width(text, KEY) for _, text in panel.beside), default=0)
    return widest + BESIDE_GAP if widest else 0


def y_labels(panel):
    size = label_size(panel)
    ticks = panel.y.labelled(panel.height, size, upright=True)
    return [(value, shortened(label, size, ROW_NAMES * WIDTH)) for value, label in ticks]


def x_labels(panel, frame):
    return panel.x.labelled(frame.right - frame.left, TEXT, upright=False)
