# SPDX-License-Identifier: MIT
"""What a picture of gnuplot's consists of: lines, points and words, each with its look."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

from suite.draw.figure import TEXT
from suite.draw.gnuplot import COLOURS
from suite.errors import FolderFailed

UNITS = 10  # to a pixel of gnuplot's, so that whole numbers do
SAME = 0.03  # pixels by which lines that are the same in two panels may differ
LONG = 12  # points of a line that is worth being looked for in other panels
HREF = "{http://www.w3.org/1999/xlink}href"
LIGHT = {tuple(int(light[i:i + 2], 16) for i in (1, 3, 5)): name
         for name, (light, _) in COLOURS.items()}
INHERITED = ("fill", "stroke", "color", "stroke-width", "stroke-dasharray", "font-size",
             "text-anchor", "shape-rendering")


def units(pixels):
    return round(UNITS * float(pixels))


@dataclass
class Line:
    """One or several strokes, as [([(x, y)], whether it is closed)]; filled if its look says so."""

    look: str
    strokes: list

    @property
    def length(self):
        return sum(len(stroke) for stroke, _ in self.strokes)


@dataclass
class Again:
    """A line that was drawn before, elsewhere."""

    line: Line
    by: tuple


@dataclass
class Points:
    """Points of one shape: gnuplot's name of it, and its scale."""

    colour: str
    shape: tuple
    places: list


@dataclass
class Picture:
    """From the back to the front: grid, shapes, words. Looks are CSS declarations."""

    grid: list = field(default_factory=list)  # [Line]
    shapes: list = field(default_factory=list)
    words: dict = field(default_factory=dict)  # {look: [(x, y, text)]}
    points: dict = field(default_factory=dict)  # {name: element}, of all shapes of points

    def add_words(self, leaf):
        text = "".join(leaf.element.itertext())
        if text.strip():
            self.words.setdefault(leaf.look_of_words(), []).append((*leaf.at, text))

    def add_point(self, leaf):
        placed = leaf.element.get("transform")
        x, y, scale = map(float, re.findall(r"-?[\d.]+", placed) if placed else
                          (leaf.element.get("x"), leaf.element.get("y"), 1))
        found = Points(leaf.colour("color"), (leaf.element.get(HREF)[1:], scale), [(x, y)])
        last = self.shapes[-1] if self.shapes else None
        if isinstance(last, Points) and (last.colour, last.shape) == (found.colour, found.shape):
            last.places += found.places
        else:
            self.shapes.append(found)

    def add_line(self, leaf):
        """A line of several strokes is one with the line before it, if both look the same."""
        line = Line(leaf.look_of_line(), strokes(leaf.element))
        shapes = self.grid if leaf.element.get("class") == "gridline" else self.shapes
        last = shapes[-1] if shapes else None
        if line.length >= LONG:
            shapes.append(self.drawn_before(line) or line)
        elif isinstance(last, Line) and last.look == line.look:
            last.strokes += line.strokes
        else:
            shapes.append(line)

    def drawn_before(self, line):
        for earlier in self.shapes:
            by = apart(earlier, line) if isinstance(earlier, Line) else None
            if by:
                return Again(earlier, by)
        return None


@dataclass
class Leaf:
    """An element that is drawn, with all that it inherits."""

    element: object
    inherited: dict
    at: tuple

    def colour(self, what):
        """By its name, if it is the light theme's."""
        word = self.inherited.get(what, "none")
        return self.colour("color") if word == "currentColor" else themed(word)

    def look_of_line(self):
        stroke, dash = self.colour("stroke"), self.inherited.get("stroke-dasharray")
        rules = [f"fill:{self.colour('fill')}"]
        if stroke != "none":
            rules.append(f"stroke:{stroke};stroke-width:{units(self.inherited['stroke-width'])}")
        if dash and stroke != "none":
            lengths = " ".join(str(units(length)) for length in dash.split(","))
            rules.append(f"stroke-dasharray:{lengths}")
        if "shape-rendering" in self.inherited:
            rules.append(f"shape-rendering:{self.inherited['shape-rendering']}")
        return ";".join(rules)

    def look_of_words(self):
        size, anchor = float(self.inherited["font-size"]), self.inherited["text-anchor"]
        return ";".join([f"fill:{self.colour('fill')}",
                         *[f"font-size:{units(size)}px"] * (size != TEXT),
                         *[f"text-anchor:{anchor}"] * (anchor != "start")])


def read(svg):
    """The Picture of gnuplot's SVG. Its paper is left out, as a page has its own."""
    picture, root = Picture(), ElementTree.fromstring(svg)
    add = {"text": picture.add_words, "use": picture.add_point, "path": picture.add_line,
           "polygon": picture.add_line, "rect": lambda paper: None}
    for leaf in leaves(root, {}, (0.0, 0.0)):
        tag = name_of(leaf.element)
        if tag not in add:
            raise FolderFailed(f"gnuplot drew a <{tag}>, which reports do not know")
        add[tag](leaf)
    for defs in root.iter(root.tag[:-len("svg")] + "defs"):
        picture.points |= {shape.get("id"): shape for shape in defs if shape.get("id")[:2] == "gp"}
    return picture


def name_of(element):
    return element.tag.rpartition("}")[2]


def leaves(element, inherited, at):
    """The elements that are drawn, in their order."""
    for child in element:
        if name_of(child) in ("title", "desc", "defs"):
            continue
        here = inherited | {key: child.get(key) for key in INHERITED if key in child.attrib}
        if name_of(child) == "g":
            moved = re.match(r"translate\(([-\d.]+),([-\d.]+)\)", child.get("transform", ""))
            yield from leaves(child, here, tuple(map(float, moved.groups())) if moved else at)
        else:
            yield Leaf(child, here, at)


def themed(colour):
    parts = [int(colour[i:i + 2], 16) for i in (1, 3, 5)] if colour.startswith("#") else \
        [int(part) for part in re.findall(r"\d+", colour)]
    return f"var(--{LIGHT[tuple(parts)]})" if tuple(parts) in LIGHT else colour


def strokes(element):
    """[([(x, y)], whether it is closed)] of a path or polygon."""
    if name_of(element) == "polygon":
        return [(pairs(element.get("points")), True)]
    return [(pairs(stroke), stroke.rstrip()[-1:] in ("Z", "z"))
            for stroke in element.get("d").split("M")[1:]]


def pairs(words):
    numbers = list(map(float, re.findall(r"-?[\d.]+", words)))
    return list(zip(numbers[::2], numbers[1::2]))


def apart(one, other):
    """How far `other` lies from `one`, if it looks the same; else None."""
    sides = [[len(stroke) for stroke, _ in line.strokes] for line in (one, other)]
    if one.look != other.look or sides[0] != sides[1]:
        return None
    ways = [(b[0] - a[0], b[1] - a[1])
            for (first, _), (second, _) in zip(one.strokes, other.strokes)
            for a, b in zip(first, second)]
    x, y = ways[0]
    alike = all(abs(dx - x) <= SAME and abs(dy - y) <= SAME for dx, dy in ways)
    return (x, y) if alike else None
