# SPDX-License-Identifier: MIT
"""gnuplot's pictures as parts of a page, in a tenth of the bytes and with the same look.

gnuplot says of each line and each word how it looks, and brings all shapes of points along. Here
looks and shapes are written once a page, a line is steps in tenths of a pixel, and one that several
panels show is drawn once. Colours of the theme are named, so that they follow the reader's.
"""

from math import hypot

from markupsafe import Markup, escape

from suite.draw.figure import TEXT, WIDTH
from suite.report.svg import HREF, UNITS, Again, Points, name_of, read, units

NEAR = 2  # units that a point may lie beside the line without it, which is then drawn
DOT, DOT_SIZE = "gpPt6", 2.167  # gnuplot's filled circle, and its breadth at scale 1


class Pictures:
    """What the pictures of a page have in common."""

    def __init__(self):
        self.looks = {}  # {CSS declarations: name of a class}
        self.shapes = {}  # {(gnuplot's name of a shape of points, scale): id}
        self.elements = {}  # {gnuplot's name: element}
        self.repeated = 0  # lines that are drawn again

    def add(self, svg, height):
        """The markup of gnuplot's SVG down to `height`; words further down are left out."""
        picture = read(svg)
        self.elements |= picture.points
        again = {}
        for shape in picture.shapes:
            if isinstance(shape, Again) and id(shape.line) not in again:
                self.repeated += 1
                again[id(shape.line)] = f"l{self.repeated}"
        shapes = [self.shape(shape, again) for shape in picture.grid + picture.shapes]
        words = [self.words(look, rows, height) for look, rows in picture.words.items()]
        return Markup(f'<svg viewBox="0 0 {UNITS * WIDTH} {UNITS * height}">'
                      f"{''.join(shapes + words)}</svg>")

    def shape(self, shape, again):
        """`again`: {id of a Line: its name}"""
        if isinstance(shape, Again):
            return use(again[id(shape.line)], *shape.by)
        if isinstance(shape, Points):
            return self.points(shape)
        name = f' id="{again[id(shape)]}"' if id(shape) in again else ""
        return f'<path{name}{self.looking(shape.look)} d="{commands(shape.strokes)}"/>'

    def points(self, points):
        """Dots are ends of lines without length, as there are so many of them."""
        name, scale = points.shape
        if name == DOT:
            look = self.looking(f"stroke:{points.colour};stroke-linecap:round;"
                                f"stroke-width:{units(DOT_SIZE * scale)}")
            dots = commands([([place, place], False) for place in points.places])
            return f'<path{look} d="{dots}"/>'
        name = self.shapes.setdefault(points.shape, f"p{len(self.shapes)}")
        return f'<g{self.looking(f"fill:none;color:{points.colour}")}>' + "".join(
            use(name, x, y) for x, y in points.places) + "</g>"

    def words(self, look, rows, height):
        return f"<g{self.looking(look)}>" + "".join(
            f'<text x="{units(x)}" y="{units(y)}">{escape(text)}</text>'
            for x, y, text in rows if y < height) + "</g>"

    def looking(self, look):
        """An attribute."""
        return f' class="{self.looks.setdefault(look, f"g{len(self.looks)}")}"'

    def style(self):
        """The rules of all looks."""
        return Markup(f".chart svg{{font:{UNITS * TEXT}px sans-serif}}" + "".join(
            f".{name}{{{look}}}" for look, name in self.looks.items()))

    def definitions(self):
        """The shapes of all points, in an element that is not to be seen."""
        scaled = "".join(f'<g id="{name}" transform="scale({UNITS * scale:g})">'
                         f'<use href="#{shape}"/></g>'
                         for (shape, scale), name in self.shapes.items())
        return Markup(f'<svg class="shapes" aria-hidden="true"><defs>'
                      f"{''.join(map(element, self.elements.values()))}{scaled}</defs></svg>")


def element(shape):
    """A shape of points as gnuplot has it."""
    attributes = {"href" if key == HREF else key: value for key, value in shape.items()}
    return f"<{name_of(shape)}" + "".join(
        f' {key}="{escape(value)}"' for key, value in attributes.items()) + "/>"


def use(name, x, y):
    return f'<use href="#{name}" x="{units(x)}" y="{units(y)}"/>'


def commands(strokes):
    """A path's data: steps from point to point."""
    words, x, y = [], 0, 0
    for stroke, closed in strokes:
        places = thinned([(units(a), units(b)) for a, b in stroke])
        words.append("m")
        for a, b in places:
            words.append(f"{a - x:+d}{b - y:+d}")
            x, y = a, b
        if closed:
            words.append("z")
            x, y = places[0]
    return "".join(words).replace("m+", "m").replace("+", " ")


def thinned(places):
    """Without the points that lie on the line between the others."""
    kept, parts = {0, len(places) - 1}, [(0, len(places) - 1)]
    while parts:
        first, last = parts.pop()
        far, at = max(((beside(places[i], places[first], places[last]), i)
                       for i in range(first + 1, last)), default=(0, 0))
        if far > NEAR:
            kept.add(at)
            parts += [(first, at), (at, last)]
    return [place for i, place in enumerate(places) if i in kept]


def beside(place, a, b):
    """How far a place lies from the line from a to b."""
    x, y, dx, dy = place[0] - a[0], place[1] - a[1], b[0] - a[0], b[1] - a[1]
    length = hypot(dx, dy)
    along = (x * dx + y * dy) / length if length else 0
    return hypot(x, y) if not 0 <= along <= length or not length else abs(x * dy - y * dx) / length
